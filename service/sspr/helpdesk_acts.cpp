#include "service/sspr/helpdesk_acts.hpp"

#include <algorithm>

#include "core/ids.hpp"
#include "service/api.hpp"
#include "service/language.hpp"
#include "service/methods/pass.hpp"
#include "service/methods/sealed_methods.hpp"
#include "service/sspr/account.hpp"
#include "service/sspr/shapes.hpp"
#include "service/told_job.hpp"
#include "service/told_verdict.hpp"
#include "service/unblock.hpp"

namespace wb::service::sspr {
namespace {

using protocol::Members;
}  // namespace

std::vector<Endpoint> HelpdeskActs::endpoints() {
  const auto to = [this](Work work) {
    return [this, work](HttpCall call) -> Reply {
      auto caller = std::move(call.caller);
      return (this->*work)(std::move(caller), std::move(call));
    };
  };
  const auto scope = service::Scope::helpdesk;
  return {
      {"POST", "/api/v1/people", scope, to(&HelpdeskActs::look_up)},
      {"POST", "/api/v1/people/{sub}/pass", scope, to(&HelpdeskActs::give_pass)},
      {"DELETE", "/api/v1/people/{sub}/pass", scope, to(&HelpdeskActs::take_pass)},
      {"POST", "/api/v1/people/{sub}/reset-link", scope, to(&HelpdeskActs::send_link)},
      {"POST", "/api/v1/people/{sub}/temporary-password/seal", scope, to(&HelpdeskActs::seal)},
      {"POST", "/api/v1/people/{sub}/temporary-password", scope, to(&HelpdeskActs::set_password)},
  };
}

// Somebody who has never come: from now on they are known.
Reply HelpdeskActs::look_up(Caller caller, HttpCall call) {
  std::string name;
  auto body = protocol::parse_json(call.request.body);
  const bool read = body && Members(*body, Members::Unknown::refused).text("name", name).finish();
  if (!read || name.empty() || name.size() > name_bytes_max) co_return sspr::told(self_, call.request, 400, "malformed_request", "name: 1 to 256 bytes");
  auto rules = self_.rules.current(caller.domain);
  if (!rules) co_return refuse_for(rules.error());
  ProbeRequest request{caller.domain, std::string(own_client), "", name, {"groups", "contacts"}};
  request.groups = named_groups(rules->settings);
  auto probing = self_.dispatch.probe(std::move(request));
  auto outcome = co_await std::move(probing);
  if (!outcome) co_return refuse_for(outcome.error());
  if (!outcome->answer) {
    const auto language = language_of(self_, call.request);
    if (nobody_answered(outcome->outcome, outcome->reason)) co_return told_problem(self_, language, 503, "unreachable");
    if (outcome->outcome != "denied") co_return told_problem(self_, language, 404, "not_found");
    co_return problem(403, "account_refused", told_verdict(self_.catalogue, language, protocol::Code::denied, outcome->reason), {{"directory", json::object{{"code", outcome->outcome}, {"reason", outcome->reason}}}});
  }
  const auto person = person_of(caller.domain, name, *outcome->answer, unix_now());
  if (auto saw = self_.people.saw(person); !saw) co_return refuse_for(saw.error());
  auto known = self_.people.find(caller.domain, person.sub);
  if (!known) co_return refuse_for(known.error());
  co_return answer(200, shown(known->value_or(person)));
}

HelpdeskActs::Helped HelpdeskActs::helped(const Caller& caller, const HttpCall& call) {
  Helped out;
  auto rules = self_.rules.current(caller.domain);
  auto who = self_.people.find(caller.domain, lowered(call.path.front()));
  if (!rules || !who) {
    out.refused = refuse_for(rules ? who.error() : rules.error());
    return out;
  }
  out.rules = std::move(rules->settings), out.person = std::move(*who);
  if (!out.person) out.refused = sspr::told(self_, call.request, 404, "not_found");
  else if (standing(out.rules, out.person->groups, {}).administrator) out.refused = sspr::told(self_, call.request, 403, "person_is_administrator");
  else if (out.person->frozen != 0) out.refused = sspr::told(self_, call.request, 403, "person_is_frozen");
  return out;
}

std::optional<link::HttpResponse> HelpdeskActs::not_allowed(const HttpCall& call, const Settings& rules, std::initializer_list<Method> methods) const {
  for (const auto method : methods)
    if (!allows(rules, method)) return sspr::told(self_, call.request, 403, "method_not_allowed");
  return std::nullopt;
}

// ---- a temporary access pass --------------------------------------------------------------------------------
Reply HelpdeskActs::give_pass(Caller caller, HttpCall call) {
  int minutes = pass_minutes_otherwise;
  auto body = protocol::parse_json(call.request.body.empty() ? "{}" : call.request.body);
  bool read = body && body->is_object();
  if (read && !body->as_object().empty()) read = Members(*body, Members::Unknown::refused).number("minutes", minutes).finish().operator bool();
  if (!read || minutes < pass_minutes_least || minutes > pass_minutes_most) co_return sspr::told(self_, call.request, 400, "malformed_request", "minutes: 10 to 1440");
  auto who = helped(caller, call);
  if (who.refused) co_return std::move(*who.refused);
  if (auto no = not_allowed(call, who.rules, {Method::pass})) co_return std::move(*no);
  auto pass = issue_pass(self_, *who.person, minutes, false, caller.actor, call.request.peer);
  if (!pass) co_return refuse_for(pass.error());
  if (!*pass) co_return refuse(Refusal::busy, "too many passes, links and sign-ins are open", 5'000);
  Occasion occasion{Notice::method_added, caller.domain, who.person->sub, who.person->name, who.person->language};
  occasion.method = to_string(Method::pass), occasion.address = call.request.peer, occasion.at = unix_now();
  self_.notify(std::move(occasion));
  auto kinds = self_.people.methods(caller.domain, who.person->sub);
  if (!kinds) co_return refuse_for(kinds.error());
  auto registered = kinds_of(who.rules, *kinds);
  registered.push_back(Method::pass);
  const auto barrier = standing(who.rules, who.person->groups, registered).barrier;
  auto shown = pass_offer((*pass)->text, (*pass)->expires);
  shown["barrier"] = barrier == Reason::none ? json::value(nullptr) : json::value(to_string(barrier));
  auto response = answer(201, shown);
  response.headers["Cache-Control"] = "no-store";
  co_return response;
}

Reply HelpdeskActs::take_pass(Caller caller, HttpCall call) {
  auto who = self_.people.find(caller.domain, lowered(call.path.front()));
  if (!who) co_return refuse_for(who.error());
  if (!*who) co_return sspr::told(self_, call.request, 404, "not_found");
  auto taken = self_.tickets.drop_all(caller.domain, (*who)->sub, Purpose::pass);
  if (!taken) co_return refuse_for(taken.error());
  if (*taken > 0) {
    AuditEntry entry;
    entry.activity = Activity::security_info_deleted, entry.actor = caller.actor, entry.domain = caller.domain, entry.target = (*who)->sub, entry.address = call.request.peer;
    entry.details = {{DetailKey::method, std::string(to_string(Method::pass))}};
    self_.write_down(entry);
  }
  co_return answer(200, {{"removed", *taken}});
}

// ---- a link by mail -----------------------------------------------------------------------------------------
// Outside the organisation: whoever is locked out can't read the mailbox there.
Result<std::vector<EmailAddress>> HelpdeskActs::mailboxes(const Person& person) const {
  std::vector<EmailAddress> out;
  auto methods = self_.people.methods(person.domain, person.sub);
  if (!methods) return methods.error();
  for (const auto& method : *methods) {
    if (method.kind != Method::email) continue;
    auto address = address_of(self_.vault, person.domain, person.sub, method);
    if (!address) return address.error();
    out.push_back(std::move(*address));
  }
  return out;
}

Reply HelpdeskActs::send_link(Caller caller, HttpCall call) {
  auto who = helped(caller, call);
  if (who.refused) co_return std::move(*who.refused);
  if (auto no = not_allowed(call, who.rules, {Method::pass, Method::email})) co_return std::move(*no);
  const auto& person = *who.person;
  auto to = mailboxes(person);
  if (!to) co_return refuse_for(to.error());
  if (to->empty()) co_return sspr::told(self_, call.request, 409, "no_mailbox");
  for (const auto& address : *to) {
    auto limited = self_.limits.take(mail_claims(self_.settings.tenant, limit_key(address), limits_account(person.domain, person.sub)), unix_now_ms());
    if (!limited) co_return refuse_for(limited.error());
    if (*limited) co_return sspr::told(self_, call.request, 429, "too_many_codes");
  }
  auto pass = issue_pass(self_, person, pass_minutes_otherwise, true, caller.actor, call.request.peer);
  if (!pass) co_return refuse_for(pass.error());
  if (!*pass) co_return refuse(Refusal::busy, "too many passes, links and sign-ins are open", 5'000);
  const auto language = fitting(person.language, self_.catalogue.languages()).value_or("en");
  const auto minutes = std::to_string(pass_minutes_otherwise);
  const auto* roster = self_.rosters.find(person.domain);
  const LinkLetter about{self_.settings.public_url, roster ? std::string_view(roster->dr) : std::string_view(), person.name, organisation_of(who.rules, person.domain), who.rules.helpdesk, minutes};
  const auto wording = self_.letters.wording(person.domain, language, Notice::reset_link);
  std::int64_t sent = 0;
  for (const auto& address : *to)
    if (self_.mail(address, link_letter(wording, (*pass)->text, about), (*pass)->expires)) ++sent;
  if (sent == 0) co_return sspr::told(self_, call.request, 503, "not_sent");
  co_return answer(200, {{"sent", sent}, {"expires", (*pass)->expires}});
}

// ---- a temporary password -----------------------------------------------------------------------------------
Reply HelpdeskActs::seal(Caller caller, HttpCall call) {
  auto who = helped(caller, call);
  if (who.refused) co_return std::move(*who.refused);
  auto sealing = passwords_.seal(std::move(*who.person), std::move(who.rules), caller.actor, call.request.peer);
  auto offer = co_await std::move(sealing);
  if (!offer) co_return refuse_for(offer.error());
  if (!*offer) co_return sspr::told(self_, call.request, 503, "no_agent_ready");
  co_return answer(200, **offer);
}

Reply HelpdeskActs::set_password(Caller caller, HttpCall call) {
  std::string probe, sealed;
  auto body = protocol::parse_json(call.request.body);
  auto read = body ? Members(*body, Members::Unknown::refused).text("probe", probe).text("sealed", sealed).finish() : Result<void>(body.error());
  if (!read) co_return sspr::told(self_, call.request, 400, "malformed_request", read.error().detail);
  auto who = helped(caller, call);
  if (who.refused) co_return std::move(*who.refused);
  if (!who.rules.write_back) co_return sspr::told(self_, call.request, 403, "writeback_off");
  TemporaryPassword::Asked asked{caller.actor, call.request.peer, language_of(self_, call.request)};
  auto setting = passwords_.set(std::move(*who.person), std::move(asked), std::move(probe), std::move(sealed));
  auto ended = co_await std::move(setting);
  if (!ended) co_return refuse_for(ended.error());
  co_return told(call, *ended);
}

link::HttpResponse HelpdeskActs::told(const HttpCall& call, const TemporaryPassword::Ended& ended) const {
  if (ended.refused) return *ended.refused;
  if (!ended.job) return sspr::told(self_, call.request, 404, "not_found");
  const auto& job = *ended.job;
  json::object shown{{"jti", job.jti}, {"correlation_id", job.correlation_id}};
  if (!service::told(job)) {
    shown["code"] = "writing";
    return answer(202, shown);
  }
  const auto [code, reason] = ending_of(job);
  const auto language = language_of(self_, call.request);
  const auto text = told_job(self_.catalogue, self_.store, language, job);
  shown["code"] = protocol::to_string(code), shown["reason"] = reason, shown["text"] = text;
  json::object more{{"directory", json::object{{"code", protocol::to_string(code)}, {"reason", reason}}}, {"correlation_id", job.correlation_id}};
  if (job.retry_after) {
    auto undated = job;
    undated.retry_after.reset();
    more["until"] = *job.retry_after, more["undated"] = told_job(self_.catalogue, self_.store, language, undated);
  }
  switch (effect_of(code, reason)) {
    case Effect::applied: return answer(200, shown);
    case Effect::doubtful: return answer(202, shown);
    case Effect::refused: return problem(422, "password_refused", text, std::move(more));
    case Effect::untouched: return problem(503, "try_again", text, std::move(more));
    case Effect::failed: break;
  }
  return problem(403, "write_failed", text, std::move(more));
}

}  // namespace wb::service::sspr
