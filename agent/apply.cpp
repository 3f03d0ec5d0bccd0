#include "agent/apply.hpp"

#include <type_traits>

#include "core/failpoint.hpp"
#include "core/log.hpp"
#include "crypto/jwe.hpp"
#include "protocol/password.hpp"

namespace wb::agent {
namespace {
using protocol::Code;
using protocol::Op;

constexpr std::string_view password_restriction = "0000052D";  // Windows' whole answer, whichever rule it was

// The person's password may be mended; a plaintext that is not the contract's may not.
const Say malformed{Code::invalid, "malformed", {}};
Say not_a_password(const Fault& fault) {
  for (const auto problem : {protocol::PasswordProblem::empty, protocol::PasswordProblem::too_long, protocol::PasswordProblem::not_unicode})
    if (fault.detail == protocol::reason_of(problem)) return {Code::rejected, fault.detail, {}};
  return malformed;
}

class Hands {
 public:
  Hands(const Attempt& attempt, const Means& means) : attempt_(attempt), job_(attempt.job), means_(means) {}

  Ending carry_out() {
    AttemptMachine machine(attempt_);
    for (Action action = machine.start();;) {
      std::optional<Event> event;
      if (std::holds_alternative<Read>(action)) event = read();
      else if (std::holds_alternative<Write>(action)) event = write();
      else if (std::holds_alternative<TrySignIn>(action)) event = sign_in();
      else if (const auto* text = std::get_if<Void>(&action)) event = void_with(text->marker);
      else return end(std::move(action));
      action = machine.on(*event);
    }
  }

 private:
  log::About about() const { return protocol::about(job_.jti, attempt_.trace); }
  // On which DC; an unlock takes any.
  std::string where() const { return job_.op == Op::unlock ? std::string() : job_.pre->dc; }

  Event read() {
    const Timed timed(ending_, Phase::read);
    const bool whole = shows_password(attempt_);
    auto account = means_.directory.read(job_.sub, where(), whole ? ldap::Depth::full : ldap::Depth::write);
    if (!account) return unread(std::move(account).error());
    if (*account) ending_.decision = policy::decide(means_.rules, subject_of(**account));
    if (!ending_.decision.audited.empty()) log::info("job.audited", about(), log::field("why", ending_.decision.audited));
    ending_.account = *account;
    ReadDone done{std::move(*account), ending_.decision.denial, std::nullopt, unix_now()};
    if (!whole || !done.account || done.denial != policy::Denial::none) return done;
    auto policy = means_.directory.policy_of(*done.account);
    if (!policy) return unread(std::move(policy).error());
    means_.passwords.remember(job_.sub, *policy, done.now);
    done.policy = std::move(*policy);
    return done;
  }

  ReadFailed unread(Fault why) const {
    log::fault("job.unread", about(), why);
    return {std::move(why)};
  }

  // What was sealed, or why it is of no use for this operation.
  std::variant<crypto::SealedPasswords, Say> open() const {
    const auto plain = crypto::open_sealed(means_.sealed, means_.ae);
    if (!plain) return Say{Code::invalid, "decrypt", {}};
    auto passwords = crypto::read_passwords(*plain);
    if (!passwords) return not_a_password(passwords.error());
    if (passwords->old.has_value() != (job_.op == Op::change)) return malformed;
    return std::move(*passwords);
  }

  Event write() {
    if (job_.op == Op::unlock) return modify("before_modify", [this] { return means_.directory.unlock(job_.sub); });
    auto opened = during(Phase::open, [this] { return open(); });
    if (auto* no = std::get_if<Say>(&opened)) return NotAPassword{std::move(*no)};
    const auto& passwords = std::get<crypto::SealedPasswords>(opened);
    auto judged = during(Phase::open, [&] { return means_.passwords.judge(about(), passwords.pw, *ending_.account, unix_now()); });
    facts_ = judged.facts;
    if (judged.no) return NotAPassword{std::move(*judged.no)};
    ldap::WriteOrder order;
    order.sub = job_.sub;
    order.pre = *job_.pre;
    if (attempt_.marker) order.marker = marker_text(job_.jti, job_.fence);
    order.unlock = job_.opts.unlock;
    order.must_change = job_.opts.must_change;
    order.enforce_history = job_.opts.enforce_history;
    const auto* old = passwords.old ? &*passwords.old : nullptr;
    return modify("before_modify", [&] { return means_.directory.write_password(order, passwords.pw, old); });
  }

  Event sign_in() {
    auto opened = during(Phase::open, [this] { return open(); });
    if (auto* no = std::get_if<Say>(&opened)) return NotAPassword{std::move(*no)};
    if (auto no = not_now("before_sign_in")) return *no;
    const Timed timed(ending_, Phase::write);
    auto answer = means_.directory.authenticate(*ending_.account, std::get<crypto::SealedPasswords>(opened).pw);
    failpoint("answered", protocol::to_string(job_.op));
    if (!answer) {
      log::fault("job.unanswered", about(), answer.error());
      return Unanswered{std::move(answer).error(), std::nullopt};
    }
    ending_.detail = std::move(answer->detail);
    return SignedIn{answer->sign_in};
  }

  Event void_with(const std::string& marker) {
    return modify("before_void", [&] { return means_.directory.write_marker(job_.sub, *job_.pre, marker); });
  }

  // Right before something is sent: is its intent on the disk, and may it still be?
  std::optional<Event> not_now(std::string_view name) {
    if (!said_ && !during(Phase::journal, means_.recorded)) return Cancelled{};
    if (!said_) means_.sending();
    said_ = true;
    failpoint(name, protocol::to_string(job_.op));
    const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(BootClock::now() - means_.received);
    return before_sending(means_.limits, unix_now() + means_.clock_offset_s, age, means_.cancelled);
  }

  template <class Modify> Event modify(std::string_view name, Modify send) {
    if (auto no = not_now(name)) return *no;
    const Timed timed(ending_, Phase::write);
    auto answer = send();
    failpoint("answered", protocol::to_string(job_.op));
    if (answer) {
      if (!answer->detail.empty()) ending_.detail = answer->detail, ending_.said = answer->said;
      if (answer->after) ending_.account = answer->after;
      hints_used_ = answer->hints_used;
      return Answered{std::move(*answer)};
    }
    log::fault("job.unanswered", about(), answer.error());
    std::optional<ldap::Account> reread;
    if (answer.error().kind != Fault::Kind::unreachable)  // sent, or maybe sent: look once
      if (auto again = means_.directory.read(job_.sub, where())) reread = std::move(*again);
    if (reread) ending_.account = reread;
    return Unanswered{std::move(answer).error(), std::move(reread)};
  }

  Ending end(Action action) {
    auto* say = std::get_if<Say>(&action);
    const bool written = say && (say->code == Code::applied || say->code == Code::applied_but);
    if (ending_.decision.denial != policy::Denial::none && !written) ending_.account.reset();  // a denied account is not talked about
    const bool unnamed = say && say->code == Code::rejected && say->reason == "policy" && facts_ && ending_.detail.find(password_restriction) != std::string::npos;
    if (say && say->code == Code::rejected && (unnamed || say->reason == "too_short" || say->reason == "too_young" || say->reason == "in_history") && ending_.account) {
      const Timed timed(ending_, Phase::read);
      if (auto policy = means_.directory.policy_of(*ending_.account)) ending_.policy = *policy;
    }
    if (unnamed) say->reason = explained(ending_.policy, *facts_, hints_used_, unix_now());
    if (say && say->reason == "not_complex" && facts_) ending_.kinds = facts_->categories;
    ending_.action = std::move(action);
    return std::move(ending_);
  }

  struct Timed {
    Timed(Ending& ending_, Phase phase_) : ending(ending_), phase(phase_) {}
    Timed(const Timed&) = delete;
    Timed& operator=(const Timed&) = delete;
    ~Timed() { ending.phases[phase] += watch.ms(); }
    Ending& ending;
    const Phase phase;
    Stopwatch watch;
  };
  template <class Work> std::invoke_result_t<const Work&> during(Phase phase, const Work& work) {
    const Timed timed(ending_, phase);
    return work();
  }

  const Attempt& attempt_;
  const protocol::Job& job_;
  const Means& means_;
  Ending ending_;
  std::optional<policy::PasswordFacts> facts_;  // of the password that was sent
  bool said_ = false, hints_used_ = false;
};

}  // namespace

policy::Subject subject_of(const ldap::Account& a) {
  policy::Subject subject{a.dn, a.sid, a.group_sids, a.group_dns, a.admin_count};
  subject.sam = a.sam, subject.upn = a.upn, subject.disabled = a.state.disabled;
  subject.sam_account_type = a.account_type;
  if (a.user_account_control != 0) subject.user_account_control = a.user_account_control;  // 0: a directory without it
  return subject;
}

Ending carry_out(const Attempt& attempt, const Means& means) { return Hands(attempt, means).carry_out(); }

}  // namespace wb::agent
