#include "service/sspr/flow.hpp"

#include <algorithm>

namespace wb::service::sspr {
namespace {

using protocol::Code;

bool has(const std::vector<Method>& list, Method method) { return std::find(list.begin(), list.end(), method) != list.end(); }

Step refuse(Reason why, std::optional<UnixSeconds> until = std::nullopt, std::string detail = {}) { return Step{why, std::move(detail), until, {}}; }

Step end(Session& s, Reason why, std::optional<UnixSeconds> until = std::nullopt, std::string detail = {}) {
  s.phase = Phase::over;
  s.end = why;
  s.current.reset();
  return Step{why, std::move(detail), until, {Do::forget}};
}

Step done(std::vector<Do> actions = {}) { return Step{Reason::none, {}, std::nullopt, std::move(actions)}; }

bool too_young(const Session& s, UnixSeconds now) { return s.account.change_from && now < *s.account.change_from; }

// What the person must hear before going on, now that one method is proven.
std::optional<Step> barrier(Session& s, const FlowRules& rules, UnixSeconds now) {
  if (s.account.barrier != Reason::none) return end(s, s.account.barrier, s.account.until, s.account.detail);
  if (too_young(s, now) && !(rules.allow_unlock && s.account.locked)) return end(s, Reason::too_young, s.account.change_from);
  std::vector<Method> usable = s.passed;
  for (const auto method : rules.methods)
    if (has(s.account.registered, method) && !has(usable, method)) usable.push_back(method);
  if (static_cast<int>(usable.size()) < needed(s, rules)) return end(s, Reason::not_registered);
  return std::nullopt;
}

Step on(Session& s, const FlowRules& rules, const event::Choose& e, UnixSeconds now) {
  if (s.phase != Phase::proving) return refuse(Reason::wrong_step);
  if (!has(rules.methods, e.method) || has(s.passed, e.method)) return refuse(Reason::method_unavailable);
  const bool theirs = has(s.account.registered, e.method);
  std::vector<Do> actions;
  if (e.method == Method::email) {
    if (now < s.resend_from) return refuse(Reason::too_soon, s.resend_from);
    if (s.codes >= rules.codes_max) return refuse(Reason::too_many_codes);
    ++s.codes;  // also where none is sent: it must not show
    s.code_until = now + rules.code.count();
    s.resend_from = now + rules.resend.count();
    if (theirs) actions.push_back(Do::send_code);
  }
  if (e.method == Method::questions) actions.push_back(Do::ask_questions);  // of a stranger too: some that look like any
  s.current = e.method;
  return done(std::move(actions));
}

Step on(Session& s, const FlowRules& rules, const event::Answer& e, UnixSeconds now) {
  if (s.phase != Phase::proving || !s.current) return refuse(Reason::wrong_step);
  const auto method = *s.current;
  if (method == Method::email && now >= s.code_until) return refuse(Reason::code_expired);
  const auto proven = e.proves.value_or(method);
  if (!e.right || !has(s.account.registered, proven) || has(s.passed, proven)) {
    if (++s.wrong >= rules.answers_max) return end(s, Reason::too_many_tries);
    auto again = refuse(Reason::wrong_answer);
    if (method == Method::questions) again.actions.push_back(Do::ask_questions);  // others: these are not to be hammered
    return again;
  }
  s.passed.push_back(proven);
  s.current.reset();
  s.code_until = 0;
  if (auto stands = barrier(s, rules, now)) return std::move(*stands);
  if (static_cast<int>(s.passed.size()) >= needed(s, rules)) s.phase = rules.allow_unlock ? Phase::choosing : Phase::new_password;
  return done({Do::forget});
}

Step on(Session& s, const FlowRules& rules, const event::Pick& e, UnixSeconds now) {
  // Who was about to choose a password may think of the other again.
  if (s.phase != Phase::choosing && !(s.phase == Phase::new_password && rules.allow_unlock)) return refuse(Reason::wrong_step);
  if (!e.unlock) {
    if (too_young(s, now)) return refuse(Reason::too_young, s.account.change_from);
    s.phase = Phase::new_password;
    return done();
  }
  if (!rules.allow_unlock) return refuse(Reason::unlock_not_allowed);
  if (s.writes >= rules.writes_max) return end(s, Reason::passwords_spent);
  ++s.writes;
  s.unlock = true;
  s.phase = Phase::writing;
  return done({Do::write});
}

Step on(Session& s, const FlowRules& rules, const event::Submit&, UnixSeconds) {
  if (s.phase != Phase::new_password) return refuse(Reason::wrong_step);
  if (s.passwords >= rules.passwords_max || s.writes >= rules.writes_max) return end(s, Reason::passwords_spent);
  ++s.passwords;
  ++s.writes;
  s.unlock = false;
  s.phase = Phase::writing;
  return done({Do::write});
}

Step on(Session& s, const FlowRules& rules, const event::Settled& e, UnixSeconds) {
  if (s.phase != Phase::writing) return refuse(Reason::wrong_step);
  const auto back = s.unlock ? Phase::choosing : Phase::new_password;
  switch (effect_of(e.code, e.reason)) {
    case Effect::applied:
      s.phase = Phase::done;
      return done({Do::notify, Do::forget});
    case Effect::refused:
      if (s.passwords >= rules.passwords_max) return end(s, Reason::passwords_spent, e.retry_after, e.reason);
      s.phase = back;
      return refuse(Reason::password_refused, e.retry_after, e.reason);
    case Effect::untouched:
      if (s.writes >= rules.writes_max) return end(s, Reason::write_failed, e.retry_after, e.reason);
      if (!s.unlock) --s.passwords;
      s.phase = back;
      return refuse(Reason::try_again, e.retry_after, e.reason);
    case Effect::doubtful: return end(s, Reason::in_doubt, e.retry_after, e.reason);
    case Effect::failed: return end(s, Reason::write_failed, e.retry_after, e.reason);
  }
  return end(s, Reason::in_doubt);
}

Step on(Session& s, const FlowRules&, const event::Block& e, UnixSeconds) { return end(s, Reason::blocked, e.until); }

Step on(Session& s, const FlowRules&, const event::Cancel&, UnixSeconds) {
  if (s.phase == Phase::writing) return refuse(Reason::wrong_step);  // it is on its way
  return end(s, Reason::cancelled);
}

Step on(Session& s, const FlowRules&, const event::Lost&, UnixSeconds) { return end(s, Reason::unreachable); }

// Whoever has proven nothing is told after the first passed method, as of any other barrier. What is on its way can't be called
// back; it is over after that.
Step on(Session& s, const FlowRules&, const event::Freeze&, UnixSeconds) {
  if (s.account.barrier == Reason::none) s.account.barrier = Reason::frozen, s.account.detail.clear(), s.account.until.reset();
  if (s.passed.empty() || s.phase == Phase::writing) return done();
  return end(s, Reason::frozen);
}

Step on(Session&, const FlowRules&, const event::Tick&, UnixSeconds) { return done(); }

}  // namespace

bool Step::did(Do what) const { return std::find(actions.begin(), actions.end(), what) != actions.end(); }

Session begin(const FlowRules& rules, Account account, UnixSeconds now) {
  Session session;
  session.expires = now + rules.session.count();
  session.account = std::move(account);
  return session;
}

Step step(Session& session, const FlowRules& rules, const FlowEvent& event, UnixSeconds now) {
  if (session.phase == Phase::over) return refuse(session.end);
  if (session.phase == Phase::done) return refuse(Reason::wrong_step);
  // A job that is on its way is waited for: its end is told even when the time is up.
  if (now >= session.expires && session.phase != Phase::writing) return end(session, Reason::session_expired);
  return std::visit([&](const auto& e) { return on(session, rules, e, now); }, event);
}

Effect effect_of(Code code, std::string_view reason) {
  switch (code) {
    case Code::ok:
    case Code::applied:
    case Code::applied_but: return Effect::applied;
    case Code::rejected: return Effect::refused;
    case Code::reprobe:
    case Code::busy: return Effect::untouched;
    case Code::failed: return reason == "dc_unavailable" || reason == "dc_busy" || reason == "void" ? Effect::untouched : Effect::failed;
    case Code::superseded:  // somebody else changed it meanwhile: the person looks again
    case Code::invalid: return Effect::untouched;
    case Code::in_doubt:
    case Code::unknown: return Effect::doubtful;
    case Code::denied: return Effect::failed;
  }
  return Effect::doubtful;
}

int needed(const Session& session, const FlowRules& rules) {
  const bool questions_only = !rules.questions_alone && session.passed == std::vector{Method::questions};
  const bool two = (session.account.administrator && !session.passed.empty()) || questions_only;
  return two ? std::max(2, rules.required) : rules.required;
}

std::vector<Method> offered(const Session& session, const FlowRules& rules) {
  std::vector<Method> out;
  for (const auto method : rules.methods)
    if (!has(session.passed, method)) out.push_back(method);
  return out;
}

}  // namespace wb::service::sspr
