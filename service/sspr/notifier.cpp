#include "service/sspr/notifier.hpp"

#include <algorithm>

#include "core/ids.hpp"
#include "service/language.hpp"
#include "service/methods/sealed_methods.hpp"
#include "service/sspr/account.hpp"
#include "service/told_verdict.hpp"
#include "service/unblock.hpp"

namespace wb::service::sspr {
namespace {

constexpr std::int64_t useful_s = 24 * 3'600;  // a letter that late would only confuse
constexpr int page = 100;

enum class Audience { person,
  administrators,
  nobody };
Audience audience_of(Notice notice) {
  switch (notice) {
    case Notice::password_reset:
    case Notice::password_changed:
    case Notice::account_unlocked:
    case Notice::method_added:
    case Notice::method_removed:
    case Notice::method_changed: return Audience::person;
    case Notice::administrator_reset:
    case Notice::frozen:
    case Notice::help_wanted: return Audience::administrators;
    case Notice::verification_code:
    case Notice::registration_code:
    case Notice::second_proof_code:
    case Notice::reset_link:
    case Notice::invitation:
    case Notice::reminder: return Audience::nobody;
  }
  return Audience::nobody;
}

template <class List> void add_once(List& list, EmailAddress address, const std::string& language) {
  const auto key = limit_key(address);
  if (std::none_of(list.begin(), list.end(), [&](const auto& one) { return limit_key(one.address) == key; })) list.push_back({std::move(address), language});
}

}  // namespace

// ---- who ----------------------------------------------------------------------------------------------------
std::string Notifier::spoken(const std::string& directory, const std::string& otherwise) const {
  const auto available = self_.catalogue.languages();
  // preferredLanguage may be a whole list with weights (RFC 2798 section 2.7).
  return negotiated({}, directory, available, fitting(otherwise, available).value_or("en"));
}

// Whom we have never seen (they may have no method, and have changed their password alone) the agent knows. They are kept: else "this
// wasn't me" had nobody to freeze.
Awaitable<Result<std::optional<Person>>> Notifier::person(const Occasion& occasion) {
  auto known = self_.people.find(occasion.domain, occasion.sub);
  if (!known || *known) co_return known;
  ProbeRequest request{occasion.domain, std::string(own_client), occasion.sub, std::nullopt, {"groups", "contacts"}};
  request.trace.correlation_id = occasion.correlation_id;
  auto probing = self_.dispatch.probe(std::move(request));
  auto outcome = co_await std::move(probing);
  if (!outcome) co_return outcome.error();
  if (!outcome->answer || outcome->answer->sub != occasion.sub) co_return std::optional<Person>();
  auto person = person_of(occasion.domain, occasion.name, *outcome->answer, unix_now());
  if (auto kept = self_.people.saw(person); !kept) co_return kept.error();
  co_return std::optional(std::move(person));
}

Result<std::vector<Notifier::To>> Notifier::addresses(const Occasion& occasion, const Person& person) const {
  std::vector<To> out;
  const auto language = spoken(person.language, occasion.language);
  if (auto primary = read_email(person.mail)) add_once(out, std::move(*primary), language);
  auto methods = self_.people.methods(occasion.domain, occasion.sub);
  if (!methods) return methods.error();
  for (const auto& method : *methods) {
    if (method.kind != Method::email) continue;
    auto address = address_of(self_.vault, occasion.domain, occasion.sub, method);
    if (address) add_once(out, std::move(*address), language);
    else log::fault("notify.failed", address.error());  // the others are told all the same
  }
  for (const auto& former : occasion.also) add_once(out, former, language);
  return out;
}

Awaitable<Result<std::vector<Notifier::To>>> Notifier::administrators(const Occasion& occasion, const Settings& rules, bool* complete) {
  std::vector<To> out;
  std::string after;
  *complete = true;
  if (rules.administrator_groups.empty()) co_return out;
  for (int looked = 0; looked < administrators_looked_max; looked += page) {
    auto some = self_.people.with_groups(occasion.domain, after, page);
    if (!some) co_return some.error();
    for (const auto& one : *some) {
      if (one.sub == occasion.sub || !standing(rules, one.groups, {}).administrator) continue;
      auto address = read_email(one.mail);
      if (address && out.size() < administrators_told_max) add_once(out, std::move(*address), spoken(one.language, {}));
      else if (address) *complete = false;
    }
    if (static_cast<int>(some->size()) < page) co_return out;
    after = some->back().sub;
    const bool go_on = co_await sleep_for(std::chrono::milliseconds(1));  // people are waiting on this thread
    if (!go_on) break;
  }
  *complete = false;
  co_return out;
}

// ---- what ---------------------------------------------------------------------------------------------------
std::string Notifier::link(const Occasion& occasion) {
  Ticket ticket;
  ticket.domain = occasion.domain, ticket.sub = occasion.sub, ticket.purpose = Purpose::not_me;
  ticket.state = json::serialize(json::object{{"occasion", to_string(occasion.notice)}, {"at", occasion.at}, {"correlation_id", occasion.correlation_id}});
  ticket.expires = unix_now() + std::chrono::duration_cast<std::chrono::seconds>(not_me_life).count();
  auto added = self_.tickets.add(ticket);
  if (!added) log::fault("notify.failed", added.error());
  else if (!*added) log::warn("notify.no_link", log::field("domain", occasion.domain));
  if (!added || !*added) return {};
  const auto* roster = self_.rosters.find(occasion.domain);
  const auto look = roster ? "&dr=" + roster->dr : std::string();  // whose the page has
  return self_.settings.public_url + "/not-me#" + **added + look;  // behind the #: no server's log, no Referer
}

void Notifier::send(const Occasion& occasion, const Settings& rules, std::vector<To> to, bool with_link) {
  Count count;
  const auto account = limits_account(occasion.domain, occasion.sub);
  const auto limited = [&](const To& one) {
    auto taken = self_.limits.take(notice_claims(to_string(occasion.notice), account, limit_key(one.address)), unix_now_ms());
    if (!taken) log::fault("limits.failed", taken.error());  // and it is sent: news of misuse must not be lost for that
    return taken && *taken;
  };
  count.limited = static_cast<std::int64_t>(std::erase_if(to, limited));
  // Not for letters that nobody gets: each new link takes the place of the oldest.
  const auto url = with_link && !to.empty() ? link(occasion) : std::string();
  for (const auto& one : to) {
    const auto time = told_happened(self_.catalogue, one.language, occasion.at);
    const auto method = occasion.method.empty() ? std::string() : self_.catalogue.text(one.language, "method." + occasion.method);
    auto letter = letter_of(self_.letters.wording(occasion.domain, one.language, occasion.notice),
        {{"account", occasion.name}, {"organisation", organisation_of(rules, occasion.domain)}, {"helpdesk", rules.helpdesk}, {"time", time}, {"method", method}, {"link", url}});
    ++(self_.mail(one.address, std::move(letter), unix_now() + useful_s) ? count.sent : count.refused);
  }
  say(occasion, count);
}

void Notifier::say(const Occasion& occasion, const Count& count) {
  const auto row = [&](bool success, StatusReason reason, std::int64_t letters, const std::string& cause) {
    AuditEntry entry;
    entry.activity = Activity::notified, entry.success = success, entry.reason = reason;
    entry.domain = occasion.domain, entry.target = occasion.sub, entry.correlation_id = occasion.correlation_id;
    entry.details = {{DetailKey::op, std::string(to_string(occasion.notice))}, {DetailKey::counters, letters}};
    if (!occasion.method.empty()) entry.details.push_back({DetailKey::method, occasion.method});
    if (!cause.empty()) entry.details.push_back({DetailKey::cause, cause});
    self_.write_down(entry);
  };
  if (count.sent > 0) row(true, StatusReason::none, count.sent, {});
  if (count.limited > 0) row(false, StatusReason::blocked_destination, count.limited, {});
  if (count.refused > 0) row(false, StatusReason::none, count.refused, "no_mail");
  if (!count.cause.empty()) row(false, StatusReason::none, 0, count.cause);
}

// ---- when ---------------------------------------------------------------------------------------------------
void Notifier::tell(Occasion occasion) {
  if (occasion.at == 0) occasion.at = unix_now();
  if (*going_ >= going_max) return say(occasion, {.cause = "busy"});
  self_.tasks.start("sspr.notify", go(this, std::move(occasion)));
}

Awaitable<> Notifier::go(Notifier* notifier, Occasion occasion) {
  const InUse going(notifier->going_);
  auto rules = notifier->self_.rules.current(occasion.domain);
  if (!rules) {
    log::fault("notify.failed", rules.error());
    co_return notifier->say(occasion, {.cause = "failed"});
  }
  const auto& settings = rules->settings;
  if (occasion.name.empty())
    if (auto known = notifier->self_.people.find(occasion.domain, occasion.sub); known && *known) occasion.name = (*known)->name;
  switch (audience_of(occasion.notice)) {
    case Audience::nobody: co_return;
    case Audience::administrators:
      if (occasion.notice != Notice::administrator_reset || settings.notify_administrators) {
        auto telling = notifier->tell_administrators(occasion, settings);
        co_await std::move(telling);
      }
      co_return;
    case Audience::person: break;
  }
  if (settings.notify_user) {
    auto telling = notifier->tell_person(occasion, settings);
    co_await std::move(telling);
  }
  if (occasion.notice != Notice::password_reset || !occasion.administrator || !settings.notify_administrators) co_return;
  occasion.notice = Notice::administrator_reset;
  const auto cancelled = co_await asio::this_coro::cancellation_state;
  if (cancelled.cancelled() != asio::cancellation_type::none) co_return notifier->say(occasion, {.cause = "failed"});
  auto telling = notifier->tell_administrators(occasion, settings);
  co_await std::move(telling);
}

Awaitable<> Notifier::tell_person(const Occasion& occasion, const Settings& rules) {
  auto finding = person(occasion);
  auto found = co_await std::move(finding);
  if (!found) log::fault("notify.failed", found.error());
  const bool known = found && *found;  // who is not has nothing that a link could freeze
  auto to = addresses(occasion, known ? **found : Person());
  if (!to) log::fault("notify.failed", to.error());
  if (!to || to->empty()) co_return say(occasion, {.cause = found && to ? "no_address" : "failed"});
  send(occasion, rules, std::move(*to), known);
}

Awaitable<> Notifier::tell_administrators(const Occasion& occasion, const Settings& rules) {
  bool complete = false;
  auto finding = administrators(occasion, rules, &complete);
  auto to = co_await std::move(finding);
  if (!to) log::fault("notify.failed", to.error());
  else if (!complete) log::warn("notify.administrators_not_all", log::field("domain", occasion.domain));
  if (to && to->empty() && complete) log::warn("notify.no_administrator", log::field("domain", occasion.domain), log::field("occasion", to_string(occasion.notice)));
  if (!to || to->empty()) co_return say(occasion, {.cause = to ? "no_address" : "failed"});
  send(occasion, rules, std::move(*to), false);
}

}  // namespace wb::service::sspr
