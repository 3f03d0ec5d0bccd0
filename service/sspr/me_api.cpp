#include "service/sspr/me_api.hpp"

#include "service/device_token.hpp"
#include "service/sspr/brand.hpp"
#include "service/sspr/may_begin.hpp"
#include "service/told_verdict.hpp"

namespace wb::service::sspr {
namespace {

using protocol::Members;
using protocol::Op;

// A person learns what to do when their password is right, or the directory can't be asked; else the same for everybody.
bool says_more(const SignInDesk::Tried& tried, Op op, int level) {
  if (op == Op::change || level > 0) return true;
  return tried.code == protocol::Code::failed && tried.reason != "locked" && tried.reason != "not_found";
}

}  // namespace

std::vector<Endpoint> MeApi::endpoints() {
  const auto signing_in = [this](Work work) { return [this, work](HttpCall call) { return as_guest(std::move(call), 0, work); }; };
  const auto signed_in = [this](Work work) { return [this, work](HttpCall call) { return as_guest(std::move(call), 1, work); }; };
  return {
      {"POST", "/api/v1/sspr/sign-ins", {}, [this](HttpCall call) { return begin(std::move(call)); }},
      {"POST", "/api/v1/sspr/sign-in/seal", {}, signing_in(&MeApi::seal)},
      {"POST", "/api/v1/sspr/sign-in/password", {}, signing_in(&MeApi::sign_in)},
      {"POST", "/api/v1/sspr/sign-in/change", {}, signing_in(&MeApi::change)},
      {"GET", "/api/v1/me", {}, signed_in(&MeApi::show)},
      {"DELETE", "/api/v1/me/sign-in", {}, signing_in(&MeApi::sign_out)},
      {"POST", "/api/v1/me/second", {}, signed_in(&MeApi::second)},
      {"POST", "/api/v1/me/second/code", {}, signed_in(&MeApi::begin_second)},
      {"POST", "/api/v1/me/app", {}, signed_in(&MeApi::begin_app)},
      {"POST", "/api/v1/me/email", {}, signed_in(&MeApi::begin_email)},
      {"POST", "/api/v1/me/questions", {}, signed_in(&MeApi::answers)},
      {"POST", "/api/v1/me/proof", {}, signed_in(&MeApi::prove)},
      {"DELETE", "/api/v1/me/methods/{id}", {}, signed_in(&MeApi::remove)},
      {"POST", "/api/v1/me/confirm", {}, signed_in(&MeApi::confirm)},
  };
}

// ---- signing in ---------------------------------------------------------------------------------------------
Reply MeApi::begin(HttpCall call) {
  auto asked = may_begin(self_, call.request, "sign_in");
  if (!asked) co_return refuse_for(asked.error());
  if (asked->refused) co_return std::move(*asked->refused);
  SignedIn state;
  state.name = std::move(asked->name), state.language = asked->language, state.address = call.request.peer, state.device = device_token_of(call.request.cookie);
  auto look = brand_of(asked->rules.settings);
  const auto domain = asked->domain;
  auto token = desk_.begin(std::move(asked->domain), std::move(state));
  if (!token) co_return refuse_for(token.error());
  if (!*token) say_refused(self_, call.request, "sign_in", domain, StatusReason::blocked_tenant);
  if (!*token) co_return refuse(Refusal::busy, "too many people are signing in", 5'000);
  co_return answer(201, {{"token", **token}, {"expires", unix_now() + SignInDesk::opening.count()}, {"brand", std::move(look)}});
}

Awaitable<MeApi::Entered> MeApi::enter(const link::HttpRequest& request) {
  Entered entered;
  const auto language = language_of(self_, request);
  entered.refused = told_problem(self_, language, 401, "no_session");
  auto token = bearer_text(request);
  if (!token) co_return entered;
  bool busy = false;
  auto entering = desk_.enter(std::move(*token), &busy);
  auto guest = co_await std::move(entering);
  if (!guest && guest.error().kind == Fault::Kind::unreachable) entered.refused = told_problem(self_, language, 503, "unreachable");
  else if (!guest) entered.refused = refuse_for(guest.error());
  else if (busy) entered.refused = refuse(Refusal::busy, "an earlier request of this sign-in is still being answered", 1'000);
  else if (*guest) entered.guest.emplace(std::move(**guest));
  if (entered.guest && request.query.contains("mkt")) entered.guest->state.language = language;
  co_return entered;
}

Reply MeApi::as_guest(HttpCall call, int level, Work work) {
  auto entering = enter(call.request);
  auto entered = co_await std::move(entering);
  if (!entered.guest) co_return std::move(entered.refused);
  auto& guest = *entered.guest;
  const bool stranger = !guest.state.proven;
  auto response = std::move(entered.refused);
  if (guest.state.level >= level) {
    auto reply = (this->*work)(guest, call);
    response = co_await std::move(reply);
  }
  if (!stranger) co_return response;
  auto waiting = desk_.until_told(guest);
  const bool on = co_await std::move(waiting);
  if (!on) co_return refuse_for(fault(Fault::Kind::cancelled, "sspr.sign_in", "the service is stopping"));
  co_return response;
}

link::HttpResponse MeApi::malformed(const Guest& guest) const { return told_problem(self_, guest.state.language, 400, "malformed"); }

Reply MeApi::seal(Guest& guest, HttpCall&) {
  auto sealing = desk_.seal(guest);
  auto offer = co_await std::move(sealing);
  if (!offer) co_return refuse_for(offer.error());
  if (!*offer) co_return told_problem(self_, guest.state.language, 503, "no_agent_ready");
  co_return answer(200, **offer);
}

Reply MeApi::sign_in(Guest& guest, HttpCall& call) { return try_password(guest, call, Op::authenticate); }
Reply MeApi::change(Guest& guest, HttpCall& call) { return try_password(guest, call, Op::change); }

Reply MeApi::try_password(Guest& guest, HttpCall& call, Op op) {
  std::string probe, sealed;
  auto body = protocol::parse_json(call.request.body);
  if (!body || !Members(*body, Members::Unknown::refused).text("probe", probe).text("sealed", sealed).finish()) co_return malformed(guest);
  auto trying = desk_.password(guest, std::move(probe), std::move(sealed), op);
  auto tried = co_await std::move(trying);
  if (!tried) co_return refuse_for(tried.error());
  co_return told(guest, *tried, op);
}

link::HttpResponse MeApi::told(const Guest& guest, const SignInDesk::Tried& tried, Op op) {
  const auto& language = guest.state.language;
  if (tried.refused) return *tried.refused;
  if (tried.blocked) return told_problem_until(self_, language, 429, "blocked", *tried.blocked);
  policy::Details details;
  details.op = op, details.retry_after = tried.retry_after;
  const bool good = tried.code == protocol::Code::ok || tried.code == protocol::Code::applied || tried.code == protocol::Code::applied_but;
  const auto text = told_verdict(self_.catalogue, language, tried.code, tried.reason, details);
  if (good) {
    auto response = answer(200, {{"signed_in", guest.state.level > 0}, {"code", protocol::to_string(tried.code)}, {"text", text}, {"expires", guest.ticket.expires}});
    know(guest, response);
    return response;
  }
  const bool nobody_said = tried.code == protocol::Code::busy || tried.code == protocol::Code::reprobe || tried.code == protocol::Code::in_doubt || tried.code == protocol::Code::unknown;
  if (op == Op::authenticate && nobody_said) return told_problem(self_, language, 503, "try_again");
  if (!says_more(tried, op, guest.state.level)) return told_problem(self_, language, 422, "sign_in_failed");
  json::object more{{"directory", json::object{{"code", protocol::to_string(tried.code)}, {"reason", tried.reason}}}};
  if (tried.retry_after) {
    details.retry_after.reset();
    more["until"] = *tried.retry_after, more["undated"] = told_verdict(self_.catalogue, language, tried.code, tried.reason, details);
  }
  auto response = problem(422, op == Op::change ? "password_refused" : "sign_in_failed", text, std::move(more));
  response.headers["Content-Language"] = language;
  return response;
}

// Not for an administrator's password alone: whoever has stolen it would get new tries at the second proof with each sign-in.
void MeApi::know(const Guest& guest, link::HttpResponse& response) const {
  if (!guest.state.administrator || guest.state.level == 2) response.headers["Set-Cookie"] = device_cookie(desk_.device_token(guest));
}

Reply MeApi::sign_out(Guest& guest, HttpCall&) {
  if (auto gone = self_.tickets.drop(guest.ticket.id); !gone) co_return refuse_for(gone.error());
  co_return answer(200, {{"signed_in", false}});
}

// ---- one's own methods --------------------------------------------------------------------------------------
link::HttpResponse MeApi::shown(Guest& guest, int status, json::object more) {
  auto me = own_.show(guest);
  if (!me) return refuse_for(me.error());
  for (auto& [name, value] : more) (*me)[name] = std::move(value);
  auto response = answer(status, *me);
  response.headers["Content-Language"] = guest.state.language;
  return response;
}

link::HttpResponse MeApi::told(const Guest& guest, Not why) const {
  const int status = [why] {
    switch (why) {
      case Not::allowed:
      case Not::second_needed:
      case Not::app_first:
      case Not::second_by_app:
      case Not::frozen: return 403;
      case Not::too_many:
      case Not::pending: return 409;
      case Not::wrong_answer:
      case Not::email:
      case Not::email_inside: return 422;
      case Not::too_many_codes: return 429;
      case Not::not_sent: return 503;
      case Not::not_found: return 404;
    }
    return 409;
  }();
  return told_problem(self_, guest.state.language, status, to_string(why));
}

// What was done is kept, tries that were wrong too, and told.
link::HttpResponse MeApi::done(Guest& guest, Result<std::optional<Not>> outcome, json::object body) {
  if (!outcome) return refuse_for(outcome.error());
  if (auto kept = desk_.keep(guest); !kept) return refuse_for(kept.error());
  if (*outcome) return told(guest, **outcome);
  return body.empty() ? shown(guest) : answer(200, body);
}

Reply MeApi::show(Guest& guest, HttpCall&) {
  auto rules = self_.rules.current(guest.ticket.domain);
  if (!rules) co_return refuse_for(rules.error());
  json::object look{{"brand", brand_of(rules->settings)}};
  co_return shown(guest, 200, std::move(look));
}

Reply MeApi::second(Guest& guest, HttpCall& call) {
  auto code = code_from_body(call.request.body);
  if (!code) co_return malformed(guest);
  auto response = done(guest, own_.second(guest, *code));
  if (response.status == 200) know(guest, response);
  co_return response;
}

Reply MeApi::begin_second(Guest& guest, HttpCall&) {
  json::object body;
  auto outcome = own_.begin_second(guest, body);
  co_return done(guest, std::move(outcome), std::move(body));
}

Reply MeApi::begin_app(Guest& guest, HttpCall&) {
  json::object body;
  auto outcome = own_.begin_app(guest, body);
  co_return done(guest, std::move(outcome), std::move(body));
}

Reply MeApi::begin_email(Guest& guest, HttpCall& call) {
  std::string address;
  auto parsed = protocol::parse_json(call.request.body);
  const bool read = parsed && Members(*parsed, Members::Unknown::refused).text("address", address).finish();
  if (!read || address.size() > address_bytes_max) co_return malformed(guest);
  json::object body;
  auto outcome = own_.begin_email(guest, address, body);
  co_return done(guest, std::move(outcome), std::move(body));
}

Reply MeApi::prove(Guest& guest, HttpCall& call) {
  auto code = code_from_body(call.request.body);
  if (!code) co_return malformed(guest);
  co_return done(guest, own_.prove(guest, *code));
}

Reply MeApi::answers(Guest& guest, HttpCall& call) {
  auto proof = proof_from(call.request.body, Method::questions);
  cleanse(call.request.body.data(), call.request.body.size());
  if (!proof) co_return malformed(guest);
  std::optional<OwnMethods::Problem> problem;
  auto answering = own_.answers(guest, std::move(proof->answers), problem);
  auto outcome = co_await std::move(answering);
  if (problem) {
    auto rules = self_.rules.current(guest.ticket.domain);
    const auto count = rules ? std::to_string(rules->settings.questions_to_register) : std::string("3");
    co_return told_problem(self_, guest.state.language, 422, problem->code, {{"count", count}}, {{"at", problem->at}});
  }
  co_return done(guest, std::move(outcome));
}

Reply MeApi::remove(Guest& guest, HttpCall& call) {
  co_return done(guest, own_.remove(guest, call.path.front()));
}

Reply MeApi::confirm(Guest& guest, HttpCall&) {
  co_return done(guest, own_.confirm(guest));
}

}  // namespace wb::service::sspr
