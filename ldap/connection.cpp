#include "ldap/connection.hpp"

#include <ldap.h>
#include <openldap.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "core/failpoint.hpp"
#include "core/ids.hpp"
#include "ldap/diagnose.hpp"
#include "ldap/password_file.hpp"
#include "ldap/tls_probe.hpp"

namespace wb::ldap {
namespace {

using Clock = std::chrono::steady_clock;
// libldap's own waits end at the deadline; the watchdog is for what it cannot time out, and comes right after.
constexpr std::chrono::milliseconds bite_after{100};
constexpr std::array<std::string_view, 2> hints_oids{"1.2.840.113556.1.4.2239", "1.2.840.113556.1.4.2066"};  // current, deprecated

bool same_name(std::string_view a, std::string_view b) { return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0; }

timeval time_left(Deadline deadline) {
  const auto left = std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::microseconds>(deadline - Clock::now()).count());
  return {static_cast<time_t>(left / 1'000'000), static_cast<suseconds_t>(left % 1'000'000)};
}

struct MessageFree {
  void operator()(LDAPMessage* message) const { ldap_msgfree(message); }
};
using Message = std::unique_ptr<LDAPMessage, MessageFree>;
struct Status {
  int code = LDAP_OTHER;
  std::string text;
  std::vector<Control> controls;
};

// The result part of an answer; its memory is libldap's.
Status status_of(::ldap* ld, LDAPMessage* message) {
  Status status;
  char* text = nullptr;
  LDAPControl** controls = nullptr;
  const int parsed = ldap_parse_result(ld, message, &status.code, nullptr, &text, nullptr, &controls, 0);
  if (parsed != LDAP_SUCCESS) status.code = parsed;
  if (text) status.text = text;
  ldap_memfree(text);
  for (auto** one = controls; one && *one; ++one) {
    const auto& value = (*one)->ldctl_value;
    status.controls.push_back({(*one)->ldctl_oid, value.bv_val ? std::string(value.bv_val, value.bv_len) : std::string(), (*one)->ldctl_iscritical != 0});
  }
  if (controls) ldap_controls_free(controls);
  return status;
}

Entry entry_of(::ldap* ld, LDAPMessage* message) {
  Entry entry;
  if (char* dn = ldap_get_dn(ld, message)) {
    entry.dn = dn;
    ldap_memfree(dn);
  }
  BerElement* at = nullptr;
  for (char* name = ldap_first_attribute(ld, message, &at); name; name = ldap_next_attribute(ld, message, at)) {
    auto& [attribute, values] = entry.attributes.emplace_back(name, std::vector<std::string>());
    if (berval** found = ldap_get_values_len(ld, message, name)) {
      for (berval** value = found; *value; ++value) values.emplace_back((*value)->bv_val, (*value)->bv_len);
      ldap_value_free_len(found);
    }
    ldap_memfree(name);
  }
  if (at) ber_free(at, 0);
  return entry;
}

// Controls as libldap takes them: an array of pointers with a null at its end, all living here while it is used.
class Controls {
 public:
  explicit Controls(const std::vector<Control>& from) : sent_(from.size()) {
    for (std::size_t i = 0; i < from.size(); ++i) {
      const auto& [oid, value, critical] = from[i];
      sent_[i] = {const_cast<char*>(oid.c_str()), {value.size(), value.empty() ? nullptr : const_cast<char*>(value.data())}, static_cast<char>(critical)};
      pointers_.push_back(&sent_[i]);
    }
    pointers_.push_back(nullptr);
  }
  Controls(const Controls&) = delete;
  Controls& operator=(const Controls&) = delete;
  LDAPControl** get() { return pointers_.data(); }

 private:
  std::vector<LDAPControl> sent_;
  std::vector<LDAPControl*> pointers_;
};

// A Modify as libldap takes it: arrays of pointers to arrays of pointers, all living here until it is encoded.
class Request {
  struct Encoded {
    berval value{};
    std::array<berval*, 2> values{};
    LDAPMod mod{};
  };

 public:
  Request(const std::vector<Modification>& mods, const std::vector<Control>& controls) : encoded_(mods.size()), controls_(controls) {
    for (std::size_t i = 0; i < mods.size(); ++i) {
      mods_.push_back(&encoded_[i].mod);
      encode(mods[i], encoded_[i]);
    }
    mods_.push_back(nullptr);
  }
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;
  LDAPMod** mods() { return mods_.data(); }
  LDAPControl** controls() { return controls_.get(); }

 private:
  static int operation(Modification::Op op) {
    switch (op) {
      case Modification::Op::add: return LDAP_MOD_ADD;
      case Modification::Op::remove: return LDAP_MOD_DELETE;
      case Modification::Op::replace:
      case Modification::Op::clear: break;
    }
    return LDAP_MOD_REPLACE;  // by nothing: removes what is there, and nothing there is no mistake (RFC 4511 section 4.6)
  }
  static void encode(const Modification& from, Encoded& to) {
    auto point_at = [&](std::string_view bytes) { to.value = {bytes.size(), const_cast<char*>(bytes.data())}; };
    if (from.secret) from.secret->expose(point_at);
    else point_at(from.value);
    to.values = {from.op == Modification::Op::clear ? nullptr : &to.value, nullptr};
    to.mod.mod_op = LDAP_MOD_BVALUES | operation(from.op);
    to.mod.mod_type = const_cast<char*>(from.attribute.c_str());
    to.mod.mod_bvalues = to.values.data();
  }

  std::vector<Encoded> encoded_;
  std::vector<LDAPMod*> mods_;
  Controls controls_;
};

}  // namespace

Control dacl_only() { return {"1.2.840.113556.1.4.801", std::string("\x30\x03\x02\x01\x04", 5)}; }

const std::vector<std::string>& Entry::values(std::string_view name) const {
  static const std::vector<std::string> none;
  for (const auto& [attribute, found] : attributes)
    if (same_name(attribute, name)) return found;
  return none;
}

std::string Entry::first(std::string_view name) const {
  const auto& found = values(name);
  return found.empty() ? std::string() : found.front();
}

Connection::~Connection() {
  if (broken_) ::shutdown(socket_, SHUT_RDWR);  // or the unbind request could wait for a dead peer
  ldap_unbind_ext(ld_, nullptr, nullptr);
}

Fault Connection::fail(Fault::Kind kind, const char* where, std::string detail) {
  broken_ = true;
  return fault(kind, where, std::move(detail));
}

bool Connection::quiet() const {
  pollfd socket{socket_, POLLIN | POLLRDHUP, 0};
  return !broken_ && ::poll(&socket, 1, 0) == 0;
}

Result<std::unique_ptr<Connection>> Connection::connect(const Settings& settings, const Endpoint& endpoint, Deadline deadline, Watchdog& dog) {
  auto socket = dial(endpoint, deadline, settings.operation_timeout);
  if (!socket) return std::move(socket).error();
  ::ldap* handle = nullptr;
  if (const int code = ldap_init_fd(socket->get(), LDAP_PROTO_TCP, endpoint.uri.c_str(), &handle); code != LDAP_SUCCESS) {
    return fault(Fault::Kind::internal, "ldap.init", ldap_err2string(code));
  }
  const int descriptor = socket->release();
  std::unique_ptr<Connection> made(new Connection(handle, descriptor, endpoint.uri, dog));
  if (auto done = made->start_tls_layer(settings, endpoint, deadline); !done) return std::move(done).error();
  return made;
}

Result<std::unique_ptr<Connection>> Connection::open(const Settings& settings, const Endpoint& endpoint, Deadline deadline, Watchdog& dog) {
  auto made = connect(settings, endpoint, deadline, dog);
  if (!made) return made;
  if (auto done = (*made)->bind_service(settings, deadline); !done) return std::move(done).error();
  if (auto done = (*made)->read_root(settings.type, endpoint, deadline); !done) return std::move(done).error();
  if (settings.type == DirectoryType::active_directory)
    if (auto done = (*made)->read_roles(deadline); !done) return std::move(done).error();
  return made;
}

Result<std::unique_ptr<Connection>> Connection::open_unbound(const Settings& settings, const Endpoint& endpoint, Deadline deadline, Watchdog& dog) {
  auto made = connect(settings, endpoint, deadline, dog);
  if (!made) return made;
  if (auto done = (*made)->read_root(settings.type, endpoint, deadline); !done) return std::move(done).error();
  return made;
}

Result<void> Connection::start_tls_layer(const Settings& settings, const Endpoint& endpoint, Deadline deadline) {
  const int version = LDAP_VERSION3, demand = LDAP_OPT_X_TLS_DEMAND, least = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2, client = 0;
  ber_len_t largest_answer = 4 * 1024 * 1024;
  const std::string authorities = certificate_authorities(settings.ca_file);
  Sockbuf* buffer = nullptr;
  auto set = [&](int option, const void* value) { return ldap_set_option(ld_, option, value) == LDAP_OPT_SUCCESS; };
  const bool prepared = set(LDAP_OPT_PROTOCOL_VERSION, &version) && set(LDAP_OPT_REFERRALS, LDAP_OPT_OFF) && set(LDAP_OPT_RESTART, LDAP_OPT_OFF) && set(LDAP_OPT_X_TLS_REQUIRE_CERT, &demand) && set(LDAP_OPT_X_TLS_PROTOCOL_MIN, &least) && set(LDAP_OPT_X_TLS_CACERTFILE, authorities.c_str()) && ldap_get_option(ld_, LDAP_OPT_SOCKBUF, &buffer) == LDAP_OPT_SUCCESS && ber_sockbuf_ctrl(buffer, LBER_SB_OPT_SET_MAX_INCOMING, &largest_answer) > 0;
  if (!prepared) return fail(Fault::Kind::internal, "ldap.init", "libldap does not take its options");
  // The context reads the CA file: last, after every option that goes into it.
  if (!set(LDAP_OPT_X_TLS_NEWCTX, &client)) return fail(Fault::Kind::refused, "ldap.tls", "cannot read the CA certificates in " + authorities);

  int code = 0;
  bool bitten = false;
  {
    const Watchdog::Watch watch(dog_, socket_, deadline);
    code = ldap_install_tls(ld_);
    bitten = watch.bitten();
  }
  if (bitten) return fail(Fault::Kind::timed_out, "ldap.tls", endpoint.host + ": no answer to the TLS handshake");
  if (code == LDAP_SUCCESS && ldap_tls_inplace(ld_)) return {};
  // GnuTLS' libldap does not say what is wrong with a certificate: look again, for the operator.
  return fail(Fault::Kind::refused, "ldap.tls", endpoint.host + ": " + why_not_trusted(endpoint, authorities, deadline));
}

Result<Bound> Connection::bind(const std::string& name, const Secret& password, const std::vector<Control>& controls, Deadline deadline) {
  // An empty name or password would make this an anonymous or unauthenticated bind, which succeeds (RFC 4513 5.1).
  if (name.empty()) return fail(Fault::Kind::refused, "ldap.bind", "the name is empty");
  if (password.empty()) return fail(Fault::Kind::refused, "ldap.bind", "the password is empty");
  const Watchdog::Watch watch(dog_, socket_, deadline + bite_after);
  Controls sent_controls(controls);
  int id = -1;
  const int sent = password.expose([&](std::string_view text) {
    const berval credentials{text.size(), const_cast<char*>(text.data())};
    return ldap_sasl_bind(ld_, name.c_str(), LDAP_SASL_SIMPLE, const_cast<berval*>(&credentials), sent_controls.get(), nullptr, &id);
  });
  if (sent != LDAP_SUCCESS) return fail(Fault::Kind::lost, "ldap.bind", ldap_err2string(sent));
  failpoint("bind_sent", name);
  LDAPMessage* raw = nullptr;
  auto left = time_left(deadline);
  const int type = ldap_result(ld_, id, LDAP_MSG_ALL, &left, &raw);
  const Message message(raw);
  if (type == 0 || watch.bitten()) return fail(Fault::Kind::timed_out, "ldap.bind", "no answer to the bind");
  if (type < 0) return fail(Fault::Kind::lost, "ldap.bind", "the connection was closed");
  auto status = status_of(ld_, message.get());
  if (status.code == LDAP_BUSY || status.code == LDAP_UNAVAILABLE) return fail(Fault::Kind::unreachable, "ldap.bind", "the DC is busy or going down");
  return Bound{status.code, std::move(status.text), std::move(status.controls)};
}

Result<void> Connection::bind_service(const Settings& settings, Deadline deadline) {
  auto password = read_password_file(settings.bind_password_file);
  if (!password) {
    broken_ = true;
    return std::move(password).error();
  }
  auto bound = bind(settings.bind_dn, *password, {}, deadline);
  if (!bound) return bound.error().kind == Fault::Kind::lost ? fault(Fault::Kind::unreachable, "ldap.bind", bound.error().detail) : std::move(bound).error();
  if (bound->code != LDAP_SUCCESS) return fail(Fault::Kind::refused, "ldap.bind", bind_refusal(bound->code, bound->text));
  return {};
}

Result<void> Connection::take_open_ldap_root(const Entry& root, const Endpoint& endpoint) {
  root_.dc = endpoint.host + (endpoint.port == 636 ? "" : ":" + std::to_string(endpoint.port));
  root_.suffixes = root.values("namingContexts");
  if (root_.suffixes.empty()) return fail(Fault::Kind::refused, "ldap.root", "namingContexts is not readable");
  root_.base = root_.suffixes.front();
  for (const auto& oid : root.values("supportedControl")) {
    root_.asserts |= oid == LDAP_CONTROL_ASSERT;
    root_.has_policy |= oid == LDAP_CONTROL_PASSWORDPOLICYREQUEST;
  }
  return {};
}

Result<void> Connection::read_root(DirectoryType type, const Endpoint& endpoint, Deadline deadline) {
  const bool open_ldap = type == DirectoryType::openldap;
  Search search;
  search.attributes = {"dnsHostName", "defaultNamingContext", "configurationNamingContext", "dsServiceName", "supportedControl"};
  if (open_ldap) search.attributes = {"namingContexts", "supportedControl"};
  auto found = this->search(search, deadline);
  if (!found) return fail(found.error().kind == Fault::Kind::timed_out ? Fault::Kind::timed_out : Fault::Kind::unreachable, "ldap.root",
      found.error().detail);
  if (found->entries.size() != 1) return fail(Fault::Kind::refused, "ldap.root", "no rootDSE");
  const auto& root = found->entries.front();
  if (open_ldap) return take_open_ldap_root(root, endpoint);
  root_.dc = lowered(root.first("dnsHostName"));
  root_.base = root.first("defaultNamingContext");
  root_.configuration = root.first("configurationNamingContext");
  root_.server = root.first("dsServiceName");
  if (root_.dc.empty() || root_.base.empty()) return fail(Fault::Kind::refused, "ldap.root", "this is not an Active Directory domain controller");
  const auto& controls = root.values("supportedControl");
  for (const auto oid : hints_oids) {
    if (root_.hints_oid.empty() && std::find(controls.begin(), controls.end(), oid) != controls.end()) root_.hints_oid = oid;
  }
  return {};
}

bool Connection::is_pdc(const Entry& head) const { return !root_.server.empty() && same_name(head.first("fSMORoleOwner"), root_.server); }

// An RODC's nTDSDSA object is an nTDSDSARO (MS-ADTS 6.1.1.2.2.1.2.1.2). What is not readable is not known, and not the case.
Result<void> Connection::read_roles(Deadline deadline) {
  Search search;
  search.base = root_.base;
  search.attributes = {"fSMORoleOwner"};
  auto head = this->search(search, deadline);
  if (!head) return std::move(head).error();
  if (head->entries.size() == 1) root_.pdc = is_pdc(head->entries.front());
  search.base = root_.server;
  search.attributes = {"objectClass"};
  auto itself = this->search(search, deadline);
  if (!itself) return std::move(itself).error();
  if (itself->entries.size() != 1) return {};
  const auto& classes = itself->entries.front().values("objectClass");
  root_.read_only = std::any_of(classes.begin(), classes.end(), [](const std::string& one) { return same_name(one, "nTDSDSARO"); });
  return {};
}

Result<int> Connection::send(const Search& search, const char* where) {
  std::vector<char*> names;
  for (const auto& name : search.attributes) names.push_back(const_cast<char*>(name.c_str()));
  names.push_back(nullptr);
  int id = -1;
  const int scope = search.subtree ? LDAP_SCOPE_SUBTREE : LDAP_SCOPE_BASE;
  std::vector<Control> wanted;
  if (search.control) wanted.push_back(*search.control);
  Controls controls(wanted);
  const int code = ldap_search_ext(ld_, search.base.c_str(), scope, search.filter.c_str(), names.data(), 0,
      controls.get(), nullptr, nullptr, search.entries_max, &id);
  if (code == LDAP_SUCCESS) return id;
  return fail(code == LDAP_SERVER_DOWN ? Fault::Kind::lost : Fault::Kind::internal, where, ldap_err2string(code));
}

Result<Found> Connection::collect(int id, Deadline deadline, const char* where) {
  LDAPMessage* raw = nullptr;
  auto left = time_left(deadline);
  const int type = ldap_result(ld_, id, LDAP_MSG_ALL, &left, &raw);
  const Message message(raw);
  if (type == 0 || (type < 0 && Clock::now() >= deadline)) return fail(Fault::Kind::timed_out, where, "no answer in time");
  if (type < 0) return fail(Fault::Kind::lost, where, "the connection was lost");
  Found found;
  for (auto* one = ldap_first_message(ld_, raw); one; one = ldap_next_message(ld_, one)) {
    const int kind = ldap_msgtype(one);
    if (kind == LDAP_RES_SEARCH_ENTRY) found.entries.push_back(entry_of(ld_, one));
    if (kind != LDAP_RES_SEARCH_ENTRY && kind != LDAP_RES_SEARCH_REFERENCE) {
      auto status = status_of(ld_, one);
      found.code = status.code;
      found.text = std::move(status.text);
      found.controls = std::move(status.controls);
    }
  }
  return found;
}

Result<Found> Connection::search(const Search& search, Deadline deadline) {
  const Watchdog::Watch watch(dog_, socket_, deadline + bite_after);
  auto id = send(search, "ldap.search");
  if (!id) return std::move(id).error();
  auto found = collect(*id, deadline, "ldap.search");
  if (found && (found->code == LDAP_BUSY || found->code == LDAP_UNAVAILABLE)) return fault(Fault::Kind::unreachable, "ldap.search", "the DC is busy or going down");
  return found;
}

Result<Control> Connection::assertion(const std::string& filter) const {
  berval value{};
  const int code = ldap_create_assertion_control_value(ld_, const_cast<char*>(filter.c_str()), &value);
  if (code != LDAP_SUCCESS) return fault(Fault::Kind::internal, "ldap.assertion", ldap_err2string(code));
  Control control{LDAP_CONTROL_ASSERT, std::string(value.bv_val, value.bv_len)};
  ber_memfree(value.bv_val);
  return control;
}

Result<Modified> Connection::modify(const std::string& dn, const std::vector<Modification>& mods, const std::vector<Control>& controls,
    const Search* read_back, Deadline deadline) {
  Request request(mods, controls);
  const Watchdog::Watch watch(dog_, socket_, deadline + bite_after);
  int id = -1;
  const int code = ldap_modify_ext(ld_, dn.c_str(), request.mods(), request.controls(), nullptr, &id);
  if (code == LDAP_SERVER_DOWN) return fail(Fault::Kind::lost, "ldap.modify", "the connection was lost");
  if (code != LDAP_SUCCESS) return fail(Fault::Kind::internal, "ldap.modify", ldap_err2string(code));
  std::optional<Result<int>> behind;
  if (read_back) behind = send(*read_back, "ldap.read_back");
  failpoint("modify_sent");
  auto answer = collect(id, deadline, "ldap.modify");
  if (!answer) return std::move(answer).error();
  Modified modified{answer->code, std::move(answer->text), std::nullopt, std::move(answer->controls)};
  if (behind && *behind) {
    if (auto found = collect(**behind, deadline, "ldap.read_back")) modified.after = std::move(*found);
  }
  return modified;
}

}  // namespace wb::ldap
