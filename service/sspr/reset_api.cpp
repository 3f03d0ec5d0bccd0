#include "service/sspr/reset_api.hpp"

#include <algorithm>
#include <chrono>

#include "service/api.hpp"
#include "service/device_token.hpp"
#include "service/language.hpp"
#include "service/sspr/brand.hpp"
#include "service/sspr/may_begin.hpp"
#include "service/sspr/reset_view.hpp"

namespace wb::service::sspr {
namespace {

using protocol::Members;
constexpr std::string_view reset_purpose = "reset";

}  // namespace

std::vector<Endpoint> ResetApi::endpoints() {
  const auto to = [this](Work work) { return [this, work](HttpCall call) { return in_session(std::move(call), work); }; };
  return {
      {"GET", "/api/v1/sspr/captcha", {}, [this](HttpCall call) { return challenge(std::move(call)); }},
      {"GET", "/api/v1/sspr/brand", {}, [this](HttpCall call) { return look(std::move(call)); }},
      {"POST", "/api/v1/sspr/sessions", {}, [this](HttpCall call) { return begin(std::move(call)); }},
      {"GET", "/api/v1/sspr/session", {}, to(&ResetApi::show)},
      {"POST", "/api/v1/sspr/session/method", {}, to(&ResetApi::choose)},
      {"POST", "/api/v1/sspr/session/answer", {}, to(&ResetApi::answer)},
      {"POST", "/api/v1/sspr/session/choice", {}, to(&ResetApi::pick)},
      {"POST", "/api/v1/sspr/session/seal", {}, to(&ResetApi::seal)},
      {"POST", "/api/v1/sspr/session/password", {}, to(&ResetApi::submit)},
      {"POST", "/api/v1/sspr/session/help", {}, to(&ResetApi::help)},
      {"DELETE", "/api/v1/sspr/session", {}, to(&ResetApi::cancel)},
  };
}

// ---- before a session ---------------------------------------------------------------------------------------
Reply ResetApi::challenge(HttpCall call) {
  link::HttpResponse response;
  const auto wanted = call.request.query.find("for");
  const bool sign_in = wanted != call.request.query.end() && wanted->second == "sign_in";
  response.body = self_.captcha.challenge(sign_in ? "sign_in" : reset_purpose, call.request.peer, unix_now());
  response.headers["Cache-Control"] = "no-store";
  co_return response;
}

Reply ResetApi::look(HttpCall call) {
  auto response = first_look(self_, call.request);
  if (!response) co_return refuse_for(response.error());
  co_return std::move(*response);
}

Reply ResetApi::begin(HttpCall call) {
  auto asked = may_begin(self_, call.request, reset_purpose);
  if (!asked) co_return refuse_for(asked.error());
  if (asked->refused) co_return std::move(*asked->refused);
  const auto domain = asked->domain;
  ResetDesk::Opening opening{std::move(asked->domain), std::move(asked->name), asked->language, call.request.peer, device_token_of(call.request.cookie), std::move(asked->rules)};
  auto begun = desk_.begin(std::move(opening));
  if (!begun) co_return refuse_for(begun.error());
  if (!*begun) {
    say_refused(self_, call.request, reset_purpose, domain, StatusReason::blocked_tenant);
    co_return refuse(Refusal::busy, "too many sessions are open", 5'000);
  }
  auto response = service::answer(201, {{"token", (*begun)->bearer}, {"session", view_of(self_.catalogue, (*begun)->kept, (*begun)->rules)}, {"brand", brand_of((*begun)->rules)}});
  response.headers["Content-Language"] = asked->language;
  co_return response;
}

// ---- within one ---------------------------------------------------------------------------------------------
Awaitable<ResetApi::Entered> ResetApi::enter(const link::HttpRequest& request) {
  const auto language = language_of(self_, request);
  Entered entered;
  auto credential = bearer(request, "wbs1");
  if (!credential) {
    entered.refused = told_problem(self_, language, 401, "no_session");
    co_return entered;
  }
  bool busy = false;
  const auto mkt = request.query.find("mkt");
  auto spoken = mkt == request.query.end() ? std::nullopt : fitting(mkt->second, self_.catalogue.languages());
  auto entering = desk_.enter(std::move(*credential), std::move(spoken), &busy);
  auto visit = co_await std::move(entering);
  if (!visit) entered.refused = refuse_for(visit.error());
  else if (busy) entered.refused = refuse(Refusal::busy, "an earlier request of this session is still being answered", 1'000);
  else if (!*visit) entered.refused = told_problem(self_, language, 401, "no_session");
  else entered.visit.emplace(std::move(**visit));
  co_return entered;
}

// Until somebody has proven something, the time of an answer says nothing of the account: it is given at the end of a step, counted
// from when this request had its turn. From its coming, whoever sends two at once would choose where the step of the second ends.
Reply ResetApi::in_session(HttpCall call, Work work) {
  auto entering = enter(call.request);
  auto entered = co_await std::move(entering);
  if (!entered.visit) co_return std::move(entered.refused);
  entered.visit->traceparent = call.request.traceparent;
  const bool stranger = entered.visit->kept.flow.passed.empty();
  const auto since = entered.visit->since;
  auto work_of_it = (this->*work)(entered.visit, call);
  auto reply = co_await std::move(work_of_it);
  if (!stranger) co_return reply;
  const bool on = co_await until_step_ends(self_.settings, since);
  if (!on) co_return refuse_for(fault(Fault::Kind::cancelled, "sspr.answer", "the service is stopping"));
  co_return reply;
}

std::optional<std::string> ResetApi::one_text(const link::HttpRequest& request, std::string_view member) const {
  auto body = protocol::parse_json(request.body);
  std::string text;
  if (!body || !Members(*body, Members::Unknown::refused).text(member, text).finish()) return std::nullopt;
  return text;
}

link::HttpResponse ResetApi::malformed(const Visit& visit) const { return told_problem(self_, visit.kept.language, 400, "malformed"); }

link::HttpResponse ResetApi::told(const Visit& visit, const Step& step, int status, json::object more) const {
  auto response = answer_of(self_.catalogue, visit.kept, visit.rules, step, status, std::move(more));
  if (visit.kept.flow.phase == Phase::done) response.headers["Set-Cookie"] = device_cookie(desk_.device_token(visit.kept));
  return response;
}

Awaitable<link::HttpResponse> ResetApi::wait_for_end(std::optional<Visit>& visit, std::chrono::milliseconds wait) {
  auto settling = desk_.settled(visit, wait);
  auto taken = co_await std::move(settling);
  if (!taken) co_return refuse_for(taken.error());
  co_return told(*visit, *taken, visit->kept.flow.phase == Phase::writing ? 202 : 200);
}

Reply ResetApi::show(std::optional<Visit>& visit, HttpCall& call) {
  const auto wait = wait_of(call.request, self_.settings.settle_wait);
  if (!wait) co_return malformed(*visit);
  if (visit->kept.flow.phase != Phase::writing) {
    json::object look{{"brand", brand_of(visit->rules)}};
    co_return told(*visit, Step{}, 200, std::move(look));
  }
  auto waiting = wait_for_end(visit, *wait);
  co_return co_await std::move(waiting);
}

Reply ResetApi::choose(std::optional<Visit>& visit, HttpCall& call) {
  const auto word = one_text(call.request, "method");
  const auto method = word ? method_from(*word) : std::nullopt;
  if (!method) co_return malformed(*visit);
  auto taken = desk_.choose(*visit, *method);
  if (!taken) co_return refuse_for(taken.error());
  co_return told(*visit, *taken);
}

Reply ResetApi::answer(std::optional<Visit>& visit, HttpCall& call) {
  auto proof = proof_from(call.request.body, visit->kept.flow.current.value_or(Method::app_code));
  cleanse(call.request.body.data(), call.request.body.size());
  if (!proof) co_return malformed(*visit);
  auto answering = desk_.answer(*visit, std::move(*proof));
  auto taken = co_await std::move(answering);
  if (!taken) co_return refuse_for(taken.error());
  co_return told(*visit, *taken);
}

Reply ResetApi::pick(std::optional<Visit>& visit, HttpCall& call) {
  const auto word = one_text(call.request, "choice");
  if (!word || (*word != "reset" && *word != "unlock")) co_return malformed(*visit);
  auto picking = desk_.pick(*visit, *word == "unlock");
  auto taken = co_await std::move(picking);
  if (!taken) co_return refuse_for(taken.error());
  if (visit->kept.flow.phase != Phase::writing || taken->refused != Reason::none) co_return told(*visit, *taken);
  auto waiting = wait_for_end(visit, self_.settings.settle_wait);
  co_return co_await std::move(waiting);
}

Reply ResetApi::seal(std::optional<Visit>& visit, HttpCall&) {
  if (visit->kept.flow.phase != Phase::new_password) co_return told(*visit, Step{visit->kept.flow.phase == Phase::over ? visit->kept.flow.end : Reason::wrong_step, {}, {}, {}});
  auto sealing = desk_.seal(*visit);
  auto offer = co_await std::move(sealing);
  if (!offer) co_return refuse_for(offer.error());
  if (!*offer) co_return told_problem(self_, visit->kept.language, 503, "no_agent_ready");
  co_return service::answer(200, **offer);
}

Reply ResetApi::submit(std::optional<Visit>& visit, HttpCall& call) {
  std::string probe, sealed;
  auto body = protocol::parse_json(call.request.body);
  if (!body || !Members(*body, Members::Unknown::refused).text("probe", probe).text("sealed", sealed).finish()) co_return malformed(*visit);
  auto sent = desk_.submit(*visit, probe, sealed);
  if (!sent) co_return refuse_for(sent.error());
  if (sent->refused) co_return std::move(*sent->refused);
  if (sent->step.refused != Reason::none) co_return told(*visit, sent->step);
  auto waiting = wait_for_end(visit, self_.settings.settle_wait);
  co_return co_await std::move(waiting);
}

Reply ResetApi::help(std::optional<Visit>& visit, HttpCall&) {
  auto asked = desk_.ask_for_help(*visit);
  if (!asked) co_return refuse_for(asked.error());
  const auto& language = visit->kept.language;
  if (*asked == ResetDesk::Helped::limited) co_return told_problem(self_, language, 429, "help_limited");
  const auto& link = visit->rules.helpdesk;
  const auto word = *asked == ResetDesk::Helped::before ? "told.help.before" : "told.help";
  auto response = service::answer(200, {{"asked", true}, {"text", self_.catalogue.text(language, word)}, {"helpdesk", link.empty() ? json::value(nullptr) : json::value(link)}});
  response.headers["Content-Language"] = language;
  co_return response;
}

Reply ResetApi::cancel(std::optional<Visit>& visit, HttpCall&) {
  auto taken = desk_.cancel(*visit);
  if (taken.refused == Reason::cancelled) taken.refused = Reason::none;  // it is what was asked for
  co_return told(*visit, taken);
}

}  // namespace wb::service::sspr
