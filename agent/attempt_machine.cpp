#include "agent/attempt_machine.hpp"

#include <algorithm>

#include "policy/lockout.hpp"

namespace wb::agent {
namespace {
using ldap::Refusal;
using protocol::Code;
using protocol::Op;
using protocol::Pre;

constexpr UnixSeconds clocks_apart_max_s = 300;
constexpr UnixSeconds resolving_max_s = 86'400;  // after a job's `exp`

bool moved(const Pre& was, const Pre& is) {
  const bool versions = was.ver >= 0 && is.ver >= 0 && was.ver != is.ver;  // -1: the directory keeps none
  return versions || was.pls != is.pls;
}

// A resolve has an `iat` of its own; where nobody here knows the job's, the longest that resolving may take is assumed.
UnixSeconds probed_at_the_earliest(const Attempt& a) {
  if (a.first_exp) return *a.first_exp - protocol::seal_seconds_max;
  if (a.work == Work::resolve || a.job.op == Op::resolve) return a.job.iat - resolving_max_s - protocol::seal_seconds_max;
  return std::min(a.job.iat, a.job.exp - protocol::seal_seconds_max);
}

// A marker that was cleared, or written anew with the old value, looks untouched; its metadata remembers.
bool untouched_since_the_probe(const Attempt& a, const ldap::Account& account) {
  return account.pre.mk == a.job.pre->mk && account.marker_changed && *account.marker_changed < probed_at_the_earliest(a) - clocks_apart_max_s;
}

enum class Standing {
  elsewhere,   // not the pinned DC: its word settles nothing
  applied,     // this very job's marker
  voided,      // this very job's void marker
  as_probed,   // the swap can succeed
  remarked,    // the password as probed, the marker not: the swap can only fail
  superseded,  // somebody else's password, surely
  unclear,     // another password, and nobody knows whose
};

Standing standing(const Attempt& a, const ldap::Account& account) {
  const Pre& pre = *a.job.pre;
  if (account.pre.dc != pre.dc) return Standing::elsewhere;
  const auto marker = read_marker(account.pre.mk, a.job.jti);
  if (marker == Marker::applied) return Standing::applied;
  if (marker == Marker::voided) return Standing::voided;
  if (!moved(pre, account.pre)) return account.pre.mk == pre.mk ? Standing::as_probed : Standing::remarked;
  if (!a.second) return Standing::superseded;  // nothing of ours was ever sent
  return a.marker && untouched_since_the_probe(a, account) ? Standing::superseded : Standing::unclear;
}

const Say in_doubt{Code::in_doubt, {}, {}}, unknown{Code::unknown, {}, {}}, superseded{Code::superseded, {}, {}}, reprobe{Code::reprobe, {}, {}},
    gone_void{Code::failed, "void", {}};

// What is different from what was asked, read from the account as it is now.
Say applied(const Attempt& a, const std::optional<ldap::Account>& account) {
  std::vector<std::string> also;
  if (!account) return {Code::applied_but, {}, {"read_back_failed"}};
  if (account->state.locked) also.emplace_back("still_locked");
  if (a.job.op == Op::reset && a.job.opts.must_change && account->state.never_expires && !account->state.must_change) also.emplace_back("must_change_moot");
  if (account->state.disabled) also.emplace_back("account_disabled");
  const auto code = also.empty() ? Code::applied : Code::applied_but;
  return {code, {}, std::move(also)};
}

// A right that is missing is told from a DC that is not there: an administrator mends them differently.
std::string_view why_unreadable(const Fault& fault) {
  if (fault.kind == Fault::Kind::malformed) return "directory_error";
  if (fault.where == "kerberos.clock") return "clock_skew";
  if (ldap::is_busy(fault)) return "dc_busy";
  return fault.where == "ldap.groups" || fault.where == "ldap.policy" ? "no_rights" : "dc_unavailable";
}

// Nothing was sent by this attempt, and the directory could not be asked.
Say not_readable(const Attempt& a, const Fault& fault) {
  using Kind = Fault::Kind;
  if (a.job.op == Op::unlock) return fault.worth_retrying() ? reprobe : Say{Code::failed, std::string(why_unreadable(fault)), {}};
  if (a.second) return in_doubt;  // an earlier attempt may have been
  if (fault.kind == Kind::malformed) return {Code::failed, "directory_error", {}};
  if (fault.kind == Kind::refused || fault.kind == Kind::internal) return {Code::failed, std::string(why_unreadable(fault)), {}};
  return reprobe;
}

Say refused(Refusal refusal) {
  switch (refusal) {
    case Refusal::too_short: return {Code::rejected, "too_short", {}};
    case Refusal::not_complex: return {Code::rejected, "not_complex", {}};
    case Refusal::in_history: return {Code::rejected, "in_history", {}};
    case Refusal::too_young: return {Code::rejected, "too_young", {}};
    case Refusal::policy: return {Code::rejected, "policy", {}};
    case Refusal::refused_by_filter: return {Code::rejected, "refused_by_filter", {}};
    case Refusal::old_password_wrong: return {Code::rejected, "old_password_wrong", {}};
    case Refusal::cannot_change: return {Code::failed, "cannot_change", {}};
    case Refusal::locked: return {Code::failed, "locked", {}};
    case Refusal::read_only: return {Code::failed, "read_only", {}};
    case Refusal::not_found: return {Code::failed, "not_found", {}};
    case Refusal::no_rights: return {Code::failed, "no_rights", {}};
    case Refusal::not_encrypted: return {Code::failed, "not_encrypted", {}};
    case Refusal::none:
    case Refusal::swap_failed:
    case Refusal::directory_error: break;
  }
  return {Code::failed, "directory_error", {}};
}

Say unlock_fault(const Fault& fault, const std::optional<ldap::Account>& reread) {
  if (reread && !reread->state.locked) return {Code::applied, {}, {}};
  if (fault.kind == Fault::Kind::unreachable) return reprobe;
  return in_doubt;  // it may still arrive; doing it again is harmless
}

Say told(ldap::SignIn verdict) {
  using ldap::SignIn;
  switch (verdict) {
    case SignIn::accepted: return {Code::ok, {}, {}};
    case SignIn::wrong_password: return {Code::rejected, "old_password_wrong", {}};
    case SignIn::locked:
    case SignIn::must_change:
    case SignIn::password_expired:
    case SignIn::account_expired:
    case SignIn::disabled:
    case SignIn::logon_hours:
    case SignIn::workstation: break;
  }
  return {Code::failed, std::string(to_string(verdict)), {}};
}

// Why the person's own password is not even shown to the directory.
std::optional<Say> barred(Op op, const ReadDone& seen) {
  const auto& state = seen.account->state;
  const bool change = op == Op::change;
  if (change && state.account_expired) return Say{Code::failed, "account_expired", {}};
  if (state.locked) return Say{Code::failed, "locked", {}};
  if (change && state.cannot_change) return Say{Code::failed, "cannot_change", {}};
  if (!seen.policy) return Say{Code::failed, "directory_error", {}};  // nobody knows how near the lock is
  const auto lock = policy::near_lockout(*seen.policy, {seen.account->wrong_passwords, seen.account->last_wrong_password}, seen.now);
  if (lock.near) return Say{Code::denied, "lockout_near", {}, lock.retry_after};
  return std::nullopt;
}

std::string text_of(std::string_view jti, std::int64_t fence, char what) {
  return "wb1;" + std::string(jti) + ";" + std::to_string(fence) + ";" + what;
}

}  // namespace

Say denied(policy::Denial denial) { return {Code::denied, std::string(policy::reason_of(denial)), {}}; }

std::string marker_text(std::string_view jti, std::int64_t fence) { return text_of(jti, fence, 'A'); }
std::string void_text(std::string_view jti, std::int64_t fence) { return text_of(jti, fence, 'V'); }

Marker read_marker(const std::optional<std::string>& marker, std::string_view jti) {
  if (!marker || !marker->starts_with("wb1;" + std::string(jti) + ";")) return Marker::none_of_ours;
  if (marker->ends_with(";A")) return Marker::applied;
  return marker->ends_with(";V") ? Marker::voided : Marker::none_of_ours;
}

bool shows_password(const Attempt& a) {
  return a.work == Work::attempt && !a.second && (a.job.op == Op::change || a.job.op == Op::authenticate);
}

bool lasts(Op op, Code code) { return code == Code::applied || code == Code::applied_but || (op == Op::authenticate && !is_open(code)); }

bool is_open(Code code) { return code == Code::in_doubt || code == Code::unknown || code == Code::busy; }

Say after_probe_fault(const Fault& fault) {
  if (fault.kind == Fault::Kind::refused && fault.detail == "ambiguous") return {Code::failed, "ambiguous", {}};
  return {Code::failed, std::string(why_unreadable(fault)), {}};
}

std::optional<Event> before_sending(const Limits& limits, UnixSeconds now, std::chrono::milliseconds age, bool cancelled) {
  if (cancelled) return Cancelled{};
  if (now >= limits.exp || age > limits.ttl) return TooLate{};
  return std::nullopt;
}

// ---- the machine --------------------------------------------------------------------------------------------
AttemptMachine::AttemptMachine(Attempt attempt) : a_(std::move(attempt)) {
  if (a_.work != Work::attempt) a_.second = true;
}

Action AttemptMachine::start() const {
  if (a_.job.op == Op::authenticate && a_.second) return unknown;  // the directory keeps no trace of a sign-in that we could read
  return Read{};
}

Action AttemptMachine::on(const Event& event) {
  if (const auto* done = std::get_if<ReadDone>(&event)) return read(*done);
  if (const auto* failed = std::get_if<ReadFailed>(&event)) {
    if (a_.work == Work::look && failed->fault.worth_retrying()) return Again{};
    return not_readable(a_, failed->fault);
  }
  if (const auto* answered = std::get_if<Answered>(&event)) return voiding_ ? voided(answered->answer) : written(answered->answer);
  if (const auto* signed_in = std::get_if<SignedIn>(&event)) return told(signed_in->verdict);
  if (const auto* lost = std::get_if<Unanswered>(&event)) return voiding_ ? void_lost(*lost) : write_lost(*lost);
  if (const auto* no = std::get_if<NotAPassword>(&event)) return refuse(no->why);
  if (std::holds_alternative<Cancelled>(event)) return Nothing{};
  return a_.second ? in_doubt : Say{Code::invalid, "expired", {}};
}

Action AttemptMachine::read(const ReadDone& event) {
  const bool attempting = a_.work == Work::attempt;
  if (!event.account) return attempting ? Say{Code::failed, "not_found", {}} : unknown;
  const auto& account = *event.account;
  if (a_.job.op == Op::unlock) {  // depends on nothing and may be done twice
    if (event.denial != policy::Denial::none) return denied(event.denial);
    return Write{};
  }
  if (a_.job.op == Op::authenticate) {  // of `pre` it needs the DC alone: what was changed since has its password, too
    if (event.denial != policy::Denial::none) return denied(event.denial);
    if (account.pre.dc != a_.job.pre->dc) return reprobe;
    if (auto no = barred(Op::authenticate, event)) return std::move(*no);
    return TrySignIn{};
  }
  seen_ = account.pre;
  const auto stands = standing(a_, account);
  if (stands == Standing::applied) return applied(a_, account);  // the truth first, even where a guardrail has changed since
  if (stands == Standing::voided) return gone_void;
  // Forbidden now: nothing of ours is written there, a void neither. Only who never sent anything may say that nothing was.
  if (event.denial != policy::Denial::none && a_.work != Work::look) return a_.second ? unknown : denied(event.denial);
  switch (stands) {
    case Standing::elsewhere: return a_.second ? in_doubt : reprobe;
    case Standing::as_probed:
      if (shows_password(a_)) {
        if (auto no = barred(a_.job.op, event)) return std::move(*no);
        return Write{};
      }
      if (attempting && a_.job.op != Op::change) return Write{};
      if (a_.work != Work::look && a_.marker) return void_first(gone_void);
      return in_doubt;                                              // nothing to see so far: a write may still land
    case Standing::remarked: return a_.second ? unknown : reprobe;  // never a write over a foreign marker
    case Standing::superseded: return when_superseded();
    case Standing::unclear: return unknown;  // never a void: the next reader would take it for proof that nothing was done
    case Standing::applied:
    case Standing::voided: break;
  }
  return unknown;
}

Action AttemptMachine::written(const ldap::WriteAnswer& answer) {
  const auto& after = answer.after;
  if (answer.refusal == Refusal::none) return applied(a_, after);
  if (a_.job.op == Op::unlock) return refused(answer.refusal);
  const bool swap_failed = answer.refusal == Refusal::swap_failed;
  if (!after) {
    if (a_.second) return in_doubt;  // an earlier attempt may have landed
    return swap_failed ? superseded : refused(answer.refusal);
  }
  seen_ = after->pre;
  switch (standing(a_, *after)) {
    case Standing::applied: return applied(a_, after);  // an earlier attempt landed
    case Standing::voided: return gone_void;
    case Standing::as_probed:
      if (!swap_failed) return refuse(refused(answer.refusal));
      return a_.second ? in_doubt : Say{Code::failed, "directory_error", {}};
    case Standing::remarked:
      if (a_.second) return unknown;
      return swap_failed ? reprobe : refused(answer.refusal);
    case Standing::superseded:
      // An old password that is wrong now may have been right when it was typed.
      if (!a_.second && !swap_failed && answer.refusal != Refusal::old_password_wrong) return refused(answer.refusal);
      return when_superseded();
    case Standing::unclear: return unknown;
    case Standing::elsewhere: break;
  }
  if (a_.second) return in_doubt;
  return swap_failed ? superseded : refused(answer.refusal);
}

Action AttemptMachine::write_lost(const Unanswered& event) {
  using Kind = Fault::Kind;
  const auto kind = event.fault.kind;
  if (a_.job.op == Op::unlock) return unlock_fault(event.fault, event.reread);
  if (a_.job.op == Op::authenticate) return sign_in_lost(event.fault);
  const bool sent = kind == Kind::lost || kind == Kind::timed_out || kind == Kind::internal;
  if (!sent) return not_readable(a_, event.fault);
  a_.second = true;  // from here on something may have been sent
  if (!event.reread) return in_doubt;
  seen_ = event.reread->pre;
  switch (standing(a_, *event.reread)) {
    case Standing::applied: return applied(a_, event.reread);
    case Standing::voided: return gone_void;
    case Standing::elsewhere:
    case Standing::as_probed: return in_doubt;  // the swap may still land
    case Standing::superseded: return when_superseded();
    case Standing::remarked:
    case Standing::unclear: break;
  }
  return unknown;
}

// It may have been counted, and is not tried again.
Action AttemptMachine::sign_in_lost(const Fault& fault) const {
  using Kind = Fault::Kind;
  if (fault.kind == Kind::lost || fault.kind == Kind::timed_out || fault.kind == Kind::internal) return unknown;
  if (fault.where == "ldap.sign_in") return Say{Code::failed, "directory_error", {}};  // an answer that says nothing of the password
  return not_readable(a_, fault);
}

// ---- void ---------------------------------------------------------------------------------------------------
Action AttemptMachine::refuse(Say why) {
  if (!a_.second) return why;
  // Without a marker a late write of an earlier attempt can't be kept out. It has the same password, which is refused
  // again; of any other refusal nobody can say that.
  if (!a_.marker && why.code != Code::rejected) return in_doubt;
  return void_first(std::move(why));
}

Action AttemptMachine::when_superseded() {
  if (!a_.second) return superseded;
  if (a_.work != Work::look) return void_first(superseded);
  // A look may not void, and pwdLastSet that did not move (0 over 0) keeps no late write out.
  return seen_->pls == a_.job.pre->pls ? in_doubt : superseded;
}

// pwdLastSet that moved keeps a late write out, unless it moves back (0 over a change over 0): the void does not.
Action AttemptMachine::void_first(Say then) {
  if (!a_.marker || !seen_ || seen_->mk != a_.job.pre->mk) return then;
  voiding_ = true;
  then_ = std::move(then);
  return Void{void_text(a_.job.jti, a_.job.fence)};
}

Action AttemptMachine::void_stands(const std::optional<ldap::Account>& account) const {
  if (account && moved(*seen_, account->pre)) return unknown;  // what we were about to say was of another password
  return then_;
}

Action AttemptMachine::voided(const ldap::WriteAnswer& answer) const {
  if (answer.refusal == Refusal::none) return void_stands(answer.after);
  return void_unproven(answer.after);
}

Action AttemptMachine::void_lost(const Unanswered& event) const { return void_unproven(event.reread); }

Action AttemptMachine::void_unproven(const std::optional<ldap::Account>& account) const {
  if (!account || account->pre.dc != a_.job.pre->dc) return in_doubt;
  const auto marker = read_marker(account->pre.mk, a_.job.jti);
  if (marker == Marker::applied) return applied(a_, account);
  if (marker == Marker::voided) return void_stands(account);
  return account->pre.mk == a_.job.pre->mk ? in_doubt : unknown;
}

}  // namespace wb::agent
