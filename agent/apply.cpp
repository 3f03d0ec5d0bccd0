#include "agent/apply.hpp"

#include "core/clock.hpp"
#include "core/failpoint.hpp"
#include "crypto/jwe.hpp"
#include "protocol/password.hpp"

namespace wb::agent {
namespace {
using protocol::Code;

Applied settle(Result<ldap::WriteAnswer> written, const Attempt& attempt, ldap::Directory& directory, const Stopwatch& watch) {
  failpoint("answered", protocol::to_string(attempt.job.op));
  if (written) return {std::move(*written), watch.ms()};
  std::optional<ldap::Account> reread;
  if (written.error().kind != Fault::Kind::unreachable)  // sent, or maybe sent: look once
    if (auto again = directory.read(attempt.job.sub)) reread = std::move(*again);
  return {Applied::Unanswered{written.error(), std::move(reread)}, watch.ms()};
}

// The person's password may be mended; a plaintext that is not the contract's may not.
Say not_a_password(const Fault& fault) {
  for (const auto problem : {protocol::PasswordProblem::empty, protocol::PasswordProblem::too_long, protocol::PasswordProblem::not_unicode})
    if (fault.detail == protocol::reason_of(problem)) return {Code::rejected, fault.detail, {}};
  return {Code::invalid, "malformed", {}};
}

}  // namespace

Applied apply_reset(const Attempt& attempt, const std::string& sealed, const crypto::PrivateKey& ae, ldap::Directory& directory, const std::atomic<bool>& cancelled) {
  const auto& job = attempt.job;
  const auto plain = crypto::open_sealed(sealed, ae);
  if (!plain) return {Say{Code::invalid, "decrypt", {}}};
  const auto passwords = crypto::read_passwords(*plain);
  if (!passwords) return {not_a_password(passwords.error())};

  ldap::WriteOrder order;
  order.sub = job.sub;
  order.pre = *job.pre;
  if (attempt.marker) order.marker = marker_text(job.jti, job.fence);
  order.unlock = job.opts.unlock;
  order.must_change = job.opts.must_change;
  order.enforce_history = job.opts.enforce_history;
  failpoint("before_modify", protocol::to_string(job.op));
  if (cancelled) return {Applied::Cancelled{}};
  const Stopwatch watch;
  return settle(directory.write_password(order, passwords->pw), attempt, directory, watch);
}

Applied apply_unlock(const Attempt& attempt, ldap::Directory& directory, const std::atomic<bool>& cancelled) {
  failpoint("before_modify", protocol::to_string(attempt.job.op));
  if (cancelled) return {Applied::Cancelled{}};
  const Stopwatch watch;
  return settle(directory.unlock(attempt.job.sub), attempt, directory, watch);
}

}  // namespace wb::agent
