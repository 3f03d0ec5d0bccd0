#include "agent/attempt_machine.hpp"

namespace wb::agent {
namespace {
using ldap::Refusal;
using protocol::Code;
using protocol::Op;
using protocol::Pre;

bool moved(const Pre& was, const Pre& is) {
  const bool versions = was.ver >= 0 && is.ver >= 0 && was.ver != is.ver;  // -1: the directory keeps none
  return versions || was.pls != is.pls;
}

bool ours(const Attempt& a, const ldap::Account& account) { return is_our_marker(account.pre.mk, a.job.jti); }

// What is different from what was asked, read from the account as it is now.
Say applied(const Attempt& a, const std::optional<ldap::Account>& account) {
  std::vector<std::string> also;
  if (!account) return {Code::applied_but, {}, {"read_back_failed"}};
  if (account->state.locked) also.emplace_back("still_locked");
  if (a.job.op == Op::reset && a.job.opts.must_change && account->state.never_expires) also.emplace_back("must_change_moot");
  if (account->state.disabled) also.emplace_back("account_disabled");
  const auto code = also.empty() ? Code::applied : Code::applied_but;
  return {code, {}, std::move(also)};
}

// Somebody changed the password since the probe: was it somebody else?
Say when_moved(const Attempt& a, const ldap::Account& account) {
  if (!a.second) return {Code::superseded, {}, {}};  // nothing of ours was ever sent
  const bool untouched = account.pre.mk == a.job.pre->mk;
  if (a.marker && untouched) return {Code::superseded, {}, {}};
  return {Code::unknown, {}, {}};
}

Say when_not_sent(const Attempt& a) {
  if (a.second) return {Code::in_doubt, {}, {}};  // an earlier attempt may have been
  return {Code::reprobe, {}, {}};
}

// A right that is missing is told from a DC that is not there: an administrator mends them differently.
std::string_view why_unreadable(const Fault& fault) {
  if (fault.kind == Fault::Kind::malformed) return "directory_error";
  return fault.where == "ldap.groups" || fault.where == "ldap.policy" ? "no_rights" : "dc_unavailable";
}

Say not_readable(const Attempt& a, const Fault& fault) {
  using Kind = Fault::Kind;
  if (a.second) return {Code::in_doubt, {}, {}};
  if (fault.kind == Kind::malformed) return {Code::failed, "directory_error", {}};
  if (fault.kind == Kind::refused || fault.kind == Kind::internal) return {Code::failed, std::string(why_unreadable(fault)), {}};
  return {Code::reprobe, {}, {}};
}

Say refused(Refusal refusal) {
  switch (refusal) {
    case Refusal::too_short: return {Code::rejected, "too_short", {}};
    case Refusal::not_complex: return {Code::rejected, "not_complex", {}};
    case Refusal::in_history: return {Code::rejected, "in_history", {}};
    case Refusal::too_young: return {Code::rejected, "too_young", {}};
    case Refusal::policy: return {Code::rejected, "policy", {}};
    case Refusal::refused_by_filter: return {Code::rejected, "refused_by_filter", {}};
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
  if (fault.kind == Fault::Kind::unreachable) return {Code::reprobe, {}, {}};
  return {Code::in_doubt, {}, {}};  // it may still arrive; doing it again is harmless
}

}  // namespace

std::string marker_text(std::string_view jti, std::int64_t fence) {
  return "wb1;" + std::string(jti) + ";" + std::to_string(fence) + ";A";
}

bool is_our_marker(const std::optional<std::string>& marker, std::string_view jti) {
  return marker && marker->starts_with("wb1;" + std::string(jti) + ";") && marker->ends_with(";A");
}

bool is_open(Code code) { return code == Code::in_doubt || code == Code::unknown || code == Code::busy; }

Say after_probe_fault(const Fault& fault) {
  if (fault.kind == Fault::Kind::refused && fault.detail == "ambiguous") return {Code::failed, "ambiguous", {}};
  return {Code::failed, std::string(why_unreadable(fault)), {}};
}

Step after_read(const Attempt& a, const std::optional<ldap::Account>& account, policy::Denial denial) {
  if (!account) return Say{Code::failed, "not_found", {}};
  const bool reset = a.job.op == Op::reset;
  if (reset && ours(a, *account)) return applied(a, account);  // the truth first, even where a guardrail has changed since
  if (denial == policy::Denial::protected_account) return Say{Code::denied, "protected", {}};
  if (denial == policy::Denial::out_of_scope) return Say{Code::denied, "out_of_scope", {}};
  if (!reset) return Write{};  // an unlock depends on nothing and may be done twice
  const Pre& pre = *a.job.pre;
  if (account->pre.dc != pre.dc) return when_not_sent(a);  // this is not the pinned DC: its word settles nothing
  if (moved(pre, account->pre)) return when_moved(a, *account);
  if (account->pre.mk == pre.mk) return Write{};
  if (a.second) return Say{Code::unknown, {}, {}};  // never a write over a foreign marker
  return Say{Code::reprobe, {}, {}};                // the swap could only fail; nothing was sent
}

Say after_read_fault(const Attempt& a, const Fault& fault) {
  if (a.job.op == Op::unlock) {
    const bool down = fault.worth_retrying();
    return down ? Say{Code::reprobe, {}, {}} : Say{Code::failed, std::string(why_unreadable(fault)), {}};
  }
  return not_readable(a, fault);
}

Say after_write(const Attempt& a, const ldap::WriteAnswer& answer) {
  if (answer.refusal == Refusal::none) return applied(a, answer.after);
  if (a.job.op == Op::unlock) return refused(answer.refusal);
  const auto& after = answer.after;
  if (after && ours(a, *after)) return applied(a, after);  // an earlier attempt landed
  if (answer.refusal == Refusal::swap_failed) {
    if (!after) return a.second ? Say{Code::unknown, {}, {}} : Say{Code::superseded, {}, {}};
    if (moved(a.job.pre.value(), after->pre)) return when_moved(a, *after);
    if (after->pre.mk != a.job.pre->mk) return a.second ? Say{Code::unknown, {}, {}} : Say{Code::reprobe, {}, {}};
    return a.second ? Say{Code::in_doubt, {}, {}} : Say{Code::failed, "directory_error", {}};
  }
  // A refusal says nothing of an earlier attempt. Where the account moved, or can't be read, that one is not settled.
  if (a.second && !after) return {Code::in_doubt, {}, {}};
  if (a.second && moved(*a.job.pre, after->pre)) return when_moved(a, *after);
  return refused(answer.refusal);
}

Say after_write_fault(const Attempt& a, const Fault& fault, const std::optional<ldap::Account>& reread) {
  using Kind = Fault::Kind;
  if (a.job.op == Op::unlock) return unlock_fault(fault, reread);
  const bool sent = fault.kind == Kind::lost || fault.kind == Kind::timed_out || fault.kind == Kind::internal;
  if (!sent) return not_readable(a, fault);
  if (!reread || reread->pre.dc != a.job.pre->dc) return {Code::in_doubt, {}, {}};
  if (ours(a, *reread)) return applied(a, reread);
  if (!moved(*a.job.pre, reread->pre)) return {Code::in_doubt, {}, {}};  // untouched so far: the swap may still land
  Attempt was_sent = a;
  was_sent.second = true;
  return when_moved(was_sent, *reread);
}

}  // namespace wb::agent
