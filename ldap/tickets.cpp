#include "ldap/tickets.hpp"

#include <krb5.h>

#include <algorithm>
#include <cstdlib>

#include "ldap/kdc.hpp"
#include "ldap/kerberos_fault.hpp"

namespace wb::ldap {
namespace {

constexpr int kdc_rounds_max = 16;
constexpr std::int64_t skew_max_s = 300;  // what KDCs allow (RFC 4120 section 8.2)

template <class Free> class Finally {
 public:
  explicit Finally(Free free) : free_(std::move(free)) {}
  ~Finally() { free_(); }
  Finally(const Finally&) = delete;
  Finally& operator=(const Finally&) = delete;

 private:
  Free free_;
};

struct FreeContext {
  void operator()(krb5_context context) const { krb5_free_context(context); }
};
using Context = std::unique_ptr<_krb5_context, FreeContext>;

Result<Context> new_context() {
  krb5_context raw = nullptr;
  if (krb5_init_context(&raw) != 0) return fault(Fault::Kind::internal, "kerberos.init", "/etc/krb5.conf can't be read");
  return Context(raw);
}

Fault failed(krb5_context context, krb5_error_code code, const std::string& host) {
  const char* said = krb5_get_error_message(context, code);
  auto why = kerberos_fault(code, said, host);
  krb5_free_error_message(context, said);
  return why;
}

// An exchange with a file that is no keytab would end as if the KDC had refused the key.
krb5_error_code look_into(krb5_context context, krb5_keytab keytab) {
  krb5_kt_cursor cursor = nullptr;
  const auto code = krb5_kt_start_seq_get(context, keytab, &cursor);
  return code != 0 ? code : krb5_kt_end_seq_get(context, keytab, &cursor);
}

std::string realm_of(const std::string& principal) { return principal.substr(principal.find('@') + 1); }
std::string text_of(const krb5_data& data) { return data.data ? std::string(data.data, data.length) : std::string(); }

// Carries one of libkrb5's exchanges: `step` says what to ask next, and we do the asking.
template <class Step> Result<void> carry(krb5_context context, const std::string& realm, const std::string& host, Deadline deadline, Step step) {
  std::string answer;
  for (int round = 0; round < kdc_rounds_max; ++round) {
    krb5_data in{0, static_cast<unsigned>(answer.size()), answer.data()}, out{}, asked{};
    unsigned flags = 0;
    const auto code = step(&in, &out, &asked, &flags);
    const auto request = text_of(out), to = text_of(asked);
    krb5_free_data_contents(context, &out);
    krb5_free_data_contents(context, &asked);
    if (code != 0 && code != KRB5KRB_ERR_RESPONSE_TOO_BIG) return failed(context, code, host);  // too big for UDP, which we don't use
    if ((flags & KRB5_INIT_CREDS_STEP_FLAG_CONTINUE) == 0) return {};
    if (to != realm) return fault(Fault::Kind::refused, "kerberos.realm", host + ": the domain points to another realm for this account or controller");
    auto said = ask_kdc(host, request, deadline);
    if (!said) return std::move(said).error();
    answer = std::move(*said);
  }
  return fault(Fault::Kind::malformed, "kerberos.kdc", host + ": the KDC goes on and on");
}

// Tickets end by the wall clock, also while a machine sleeps.
std::int64_t life_of(const krb5_ticket_times& times) { return times.endtime - std::max(times.starttime, times.authtime); }
UnixSeconds good_until(const krb5_ticket_times& times) { return times.endtime - life_of(times) / 8; }

}  // namespace

struct TicketCache {
  TicketCache(Context own, krb5_ccache made) : context(std::move(own)), handle(made) {}
  TicketCache(const TicketCache&) = delete;
  TicketCache& operator=(const TicketCache&) = delete;
  ~TicketCache() { krb5_cc_destroy(context.get(), handle); }
  Context context;  // for the making and the end alone: a context is one thread's
  krb5_ccache handle;
  std::string name;
  KeytabStamp keytab{};
  UnixSeconds renew_at = 0, good_until = 0;
  std::int64_t pause_s = 0;  // after a renewal that failed
};

// The ticket-granting ticket, in a cache of its own: those who still use the old one keep it.
Result<Tickets::Cache> Tickets::log_in_anew(const KeytabStamp& stamp, const std::string& host, Deadline deadline) {
  auto made = new_context();
  if (!made) return std::move(made).error();
  const auto context = made->get();
  krb5_principal client = nullptr;
  krb5_keytab keytab = nullptr;
  krb5_get_init_creds_opt* options = nullptr;
  krb5_init_creds_context exchange = nullptr;
  krb5_creds creds{};
  const Finally end([&] {
    krb5_free_cred_contents(context, &creds);
    if (exchange) krb5_init_creds_free(context, exchange);
    krb5_get_init_creds_opt_free(context, options);
    if (keytab) krb5_kt_close(context, keytab);
    krb5_free_principal(context, client);
  });
  auto code = krb5_parse_name(context, settings_.principal.c_str(), &client);
  if (code == 0) code = krb5_kt_resolve(context, ("FILE:" + settings_.keytab_file.string()).c_str(), &keytab);
  if (code == 0) code = look_into(context, keytab);
  if (code == 0) code = krb5_get_init_creds_opt_alloc(context, &options);
  if (code == 0 && settings_.ticket_life.count() > 0) krb5_get_init_creds_opt_set_tkt_life(options, static_cast<krb5_deltat>(settings_.ticket_life.count()));
  if (code == 0) code = krb5_init_creds_init(context, client, nullptr, nullptr, 0, options, &exchange);
  if (code == 0) code = krb5_init_creds_set_keytab(context, exchange, keytab);
  if (code != 0) return failed(context, code, settings_.keytab_file.string());
  auto carried = carry(context, realm_of(settings_.principal), host, deadline,
      [&](krb5_data* in, krb5_data* out, krb5_data* realm, unsigned* flags) { return krb5_init_creds_step(context, exchange, in, out, realm, flags); });
  if (!carried) return std::move(carried).error();
  if (code = krb5_init_creds_get_creds(context, exchange, &creds); code != 0) return failed(context, code, host);
  // libkrb5 would make up for it silently. We say it: nothing that the agent signs or lets expire is right on such a clock.
  if (const auto skew = std::abs(creds.times.authtime - unix_now()); skew > skew_max_s)
    return fault(Fault::Kind::refused, "kerberos.clock", host + ": clock_skew: this machine's clock and the controller's differ by " + std::to_string(skew) + " s: mend NTP");

  krb5_ccache handle = nullptr;
  if (code = krb5_cc_new_unique(context, "MEMORY", nullptr, &handle); code != 0) return failed(context, code, host);
  auto own = new_context();
  if (!own) return std::move(own).error();
  auto cache = std::make_shared<TicketCache>(std::move(*own), handle);
  char* name = nullptr;
  code = krb5_cc_initialize(context, handle, client);
  if (code == 0) code = krb5_cc_store_cred(context, handle, &creds);
  if (code == 0) code = krb5_cc_get_full_name(context, handle, &name);
  if (code != 0) return failed(context, code, host);
  cache->name = name;
  krb5_free_string(context, name);
  cache->keytab = stamp;
  cache->good_until = good_until(creds.times);
  cache->renew_at = cache->good_until - life_of(creds.times) / 8;
  cache->pause_s = std::min<std::int64_t>(60, life_of(creds.times) / 16);
  return Cache(std::move(cache));
}

Result<Tickets::Cache> Tickets::login(const std::string& host, Deadline deadline) {
  auto stamp = check_keytab(settings_.keytab_file);
  if (!stamp) return std::move(stamp).error();
  const auto now = unix_now();
  Cache held;
  {
    const std::lock_guard lock(mutex_);
    if (cache_ && cache_->keytab == *stamp && now < cache_->good_until) held = cache_;
    if (held && (now < held->renew_at || now < next_try_)) return held;
    if (held) next_try_ = now + held->pause_s;  // one is enough, the others go on
  }
  auto fresh = log_in_anew(*stamp, host, deadline);
  if (!fresh && held) return held;
  if (!fresh) return fresh;
  const std::lock_guard lock(mutex_);
  cache_ = *fresh;
  next_try_ = 0;
  return fresh;
}

Result<Ticket> Tickets::ticket_for(const std::string& host, Deadline deadline) {
  auto cache = login(host, deadline);
  if (!cache) return std::move(cache).error();
  auto made = new_context();
  if (!made) return std::move(made).error();
  const auto context = made->get();
  const auto realm = realm_of(settings_.principal);
  krb5_ccache handle = nullptr;
  krb5_creds wanted{};
  krb5_tkt_creds_context exchange = nullptr;
  const Finally end([&] {
    if (exchange) krb5_tkt_creds_free(context, exchange);
    krb5_free_cred_contents(context, &wanted);
    if (handle) krb5_cc_close(context, handle);
  });
  auto code = krb5_cc_resolve(context, (*cache)->name.c_str(), &handle);
  if (code == 0) code = krb5_cc_get_principal(context, handle, &wanted.client);
  if (code == 0) code = krb5_build_principal(context, &wanted.server, static_cast<unsigned>(realm.size()), realm.c_str(), "ldap", host.c_str(), nullptr);
  if (code == 0) code = krb5_tkt_creds_init(context, handle, &wanted, 0, &exchange);
  if (code != 0) return failed(context, code, host);
  auto carried = carry(context, realm, host, deadline,
      [&](krb5_data* in, krb5_data* out, krb5_data* asked, unsigned* flags) { return krb5_tkt_creds_step(context, exchange, in, out, asked, flags); });
  if (!carried) return std::move(carried).error();
  krb5_ticket_times times{};
  if (code = krb5_tkt_creds_get_times(context, exchange, &times); code != 0) return failed(context, code, host);
  return Ticket{*cache, (*cache)->name, "ldap/" + host + "@" + realm, good_until(times)};
}

void Tickets::forget(const Ticket& ticket) {
  const std::lock_guard lock(mutex_);
  if (cache_ == ticket.cache) cache_.reset();
}

}  // namespace wb::ldap
