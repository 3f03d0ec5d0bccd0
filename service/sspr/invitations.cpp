#include "service/sspr/invitations.hpp"

#include "core/ids.hpp"
#include "service/language.hpp"
#include "service/sspr/account.hpp"
#include "service/unblock.hpp"

namespace wb::service::sspr {
namespace {

using protocol::Members;
constexpr int letters_at_once = 20, people_of_a_call = 200;
constexpr std::int64_t useful_s = 86'400;

}  // namespace

std::vector<Endpoint> Invitations::endpoints() {
  const auto scope = service::Scope::helpdesk;
  return {
      {"POST", "/api/v1/people/{sub}/invite", scope, [this](HttpCall call) { return invite(std::move(call)); }},
      {"POST", "/api/v1/invitations", scope, [this](HttpCall call) { return invite_missing(std::move(call)); }},
  };
}

// Somebody who is meant by name is written to again, however lately it was.
Reply Invitations::invite(HttpCall call) {
  auto rules = self_.rules.current(call.caller.domain);
  if (!rules) co_return refuse_for(rules.error());
  auto who = self_.people.find(call.caller.domain, lowered(call.path.front()));
  if (!who) co_return refuse_for(who.error());
  if (!*who) co_return told(self_, call.request, 404, "not_found");
  auto no = book_.order(rules->settings, **who, call.caller.actor, unix_now(), true);
  if (!no) co_return refuse_for(no.error());
  if (*no) co_return told(self_, call.request, 409, to_string(**no));
  co_return answer(200, {{"ordered", 1}, {"next", nullptr}});
}

Reply Invitations::invite_missing(HttpCall call) {
  std::optional<std::string> after;
  auto body = protocol::parse_json(call.request.body);
  auto read = body ? Members(*body, Members::Unknown::refused).text("after", after).finish() : Result<void>(body.error());
  if (!read || (after && after->size() > sub_bytes_max)) co_return told(self_, call.request, 400, "malformed_request", read ? "after: at most 64 bytes" : read.error().detail);
  auto rules = self_.rules.current(call.caller.domain);
  if (!rules) co_return refuse_for(rules.error());
  auto page = book_.order_missing(rules->settings, call.caller.domain, lowered(after.value_or("")), people_of_a_call, call.caller.actor, unix_now());
  if (!page) co_return refuse_for(page.error());
  co_return answer(200, {{"ordered", page->ordered}, {"next", page->next.empty() ? json::value(nullptr) : json::value(page->next)}});
}

// ---- the letters --------------------------------------------------------------------------------------------
void Invitations::write_some() {
  auto orders = book_.waiting(letters_at_once);
  if (!orders) return log::fault("store.failed", orders.error());
  const auto now = unix_now();
  const auto relaxed = self_.store.database().unsynced();  // a power cut may cost somebody a second letter
  for (const auto& order : *orders) {
    auto written = write(order, now);
    if (!written) return log::fault("store.failed", written.error());
    if (auto done = book_.settle(order, *written, now); !done) return log::fault("store.failed", done.error());
  }
}

// Who registered meanwhile, or is not meant any more, gets none.
Result<bool> Invitations::write(const Invited& order, UnixSeconds now) {
  auto rules = self_.rules.current(order.domain);
  if (!rules) return rules.error();
  auto person = self_.people.find(order.domain, order.sub);
  if (!person) return person.error();
  auto methods = self_.people.methods(order.domain, order.sub);
  if (!methods) return methods.error();
  const auto notice = order.written == 0 ? Notice::invitation : Notice::reminder;
  const auto& settings = rules->settings;
  if (!*person || not_invited(settings, **person, kinds_of(settings, *methods), std::nullopt, now, true)) return false;
  const auto address = read_email((*person)->mail);
  if (!address) {
    say(order, to_string(notice), StatusReason::none, "no_address");
    return false;
  }
  auto limited = self_.limits.take(notice_claims(to_string(notice), limits_account(order.domain, order.sub), limit_key(*address)), unix_now_ms());
  if (!limited) return limited.error();
  if (*limited) {
    say(order, to_string(notice), StatusReason::blocked_destination, {});
    return false;
  }
  const auto link = registration_link(self_, order.domain);
  const auto language = negotiated({}, (*person)->language, self_.catalogue.languages());
  const auto wording = self_.letters.wording(order.domain, language, notice);
  auto letter = letter_of(wording, {{"account", (*person)->name}, {"organisation", organisation_of(settings, order.domain)}, {"helpdesk", settings.helpdesk}, {"link", link}});
  const bool sent = self_.mail(*address, std::move(letter), now + useful_s);
  say(order, to_string(notice), StatusReason::none, sent ? "" : "no_mail");
  return sent;
}

void Invitations::say(const Invited& order, std::string_view notice, StatusReason reason, std::string_view cause) {
  AuditEntry entry;
  entry.activity = Activity::notified, entry.success = cause.empty() && reason == StatusReason::none, entry.reason = reason;
  entry.domain = order.domain, entry.target = order.sub;
  entry.details = {{DetailKey::op, std::string(notice)}};
  if (!cause.empty()) entry.details.push_back({DetailKey::cause, std::string(cause)});
  self_.write_down(entry);
}

}  // namespace wb::service::sspr
