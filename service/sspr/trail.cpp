#include "service/sspr/trail.hpp"

namespace wb::service::sspr {

AuditEntry entry_of(const KeptSession& session, Activity activity, bool success, StatusReason reason) {
  AuditEntry entry;
  entry.activity = activity, entry.success = success, entry.reason = reason;
  const auto& sub = session.flow.account.sub;
  // Who has passed a method is the account's owner as far as anybody knows; before that somebody has typed a name.
  if (session.flow.passed.empty()) entry.actor = {ActorKind::stranger, {}};
  else entry.actor = {ActorKind::user, sub};
  entry.domain = session.domain, entry.target = sub;  // never the typed name: people type passwords there
  entry.address = session.address, entry.correlation_id = session.id;
  return entry;
}

StatusReason started(Method method) {
  switch (method) {
    case Method::app_code: return StatusReason::started_app;
    case Method::email: return StatusReason::started_email;
    case Method::questions: return StatusReason::started_questions;
    case Method::pass: return StatusReason::started_pass;
  }
  return StatusReason::none;
}

StatusReason completed(Method method) {
  switch (method) {
    case Method::app_code: return StatusReason::completed_app;
    case Method::email: return StatusReason::completed_email;
    case Method::questions: return StatusReason::completed_questions;
    case Method::pass: return StatusReason::completed_pass;
  }
  return StatusReason::none;
}

StatusReason blocked(Method method) {
  switch (method) {
    case Method::app_code: return StatusReason::blocked_app;
    case Method::email: return StatusReason::blocked_email;
    case Method::questions: return StatusReason::blocked_questions;
    case Method::pass: return StatusReason::blocked_pass;
  }
  return StatusReason::none;
}

StatusReason reason_of(const Session& flow, const Session& before) {
  switch (flow.end) {
    case Reason::cancelled: return before.phase == Phase::proving ? StatusReason::cancelled_before_methods : StatusReason::cancelled_before_new_password;
    case Reason::too_many_tries: return StatusReason::failed_wrong_answer;
    // What came to nothing is no try with a password: without one the directory never said no to any.
    case Reason::passwords_spent: return flow.passwords > 0 ? StatusReason::directory_rejected : StatusReason::failed_on_premises_error;
    case Reason::blocked: return StatusReason::blocked_account;
    case Reason::not_enabled: return StatusReason::failed_not_in_scope;
    case Reason::administrator: return StatusReason::failed_not_enabled;
    case Reason::not_registered: return StatusReason::failed_insufficient_methods;
    case Reason::frozen: return StatusReason::failed_frozen;
    case Reason::unreachable: return StatusReason::failed_on_premises_unreachable;
    case Reason::in_doubt:
    case Reason::write_failed:
    case Reason::account_refused:
    case Reason::too_young: return StatusReason::failed_on_premises_error;
    case Reason::session_expired: return abandoned(before);
    case Reason::none:
    case Reason::wrong_answer:
    case Reason::code_expired:
    case Reason::too_soon:
    case Reason::too_many_codes:
    case Reason::method_unavailable:
    case Reason::wrong_step:
    case Reason::unlock_not_allowed:
    case Reason::password_refused:
    case Reason::try_again: return StatusReason::none;
  }
  return StatusReason::none;
}

// After trying: what they are at, whether it works for them or not.
StatusReason contacted(const Session& flow) {
  if (!flow.current && flow.passed.empty()) return StatusReason::contacted_admin;
  switch (flow.current ? *flow.current : flow.passed.back()) {
    case Method::email: return StatusReason::contacted_admin_after_email;
    case Method::questions: return StatusReason::contacted_admin_after_questions;
    case Method::app_code:
    case Method::pass: break;
  }
  return StatusReason::contacted_admin;
}

StatusReason abandoned(const Session& flow) {
  if (flow.passwords > 0) return StatusReason::abandoned_at_new_password;
  if (flow.phase != Phase::proving) return flow.passed.empty() ? StatusReason::abandoned_after_user_name : StatusReason::abandoned_before_new_password;
  if (flow.current) {
    switch (*flow.current) {
      case Method::app_code: return StatusReason::abandoned_after_starting_app;
      case Method::email: return StatusReason::abandoned_after_starting_email;
      case Method::questions: return StatusReason::abandoned_after_starting_questions;
      case Method::pass: return StatusReason::abandoned_after_starting_pass;
    }
  }
  if (flow.passed.empty()) return StatusReason::abandoned_after_user_name;
  switch (flow.passed.back()) {
    case Method::app_code: return StatusReason::abandoned_after_completing_app;
    case Method::email: return StatusReason::abandoned_after_completing_email;
    case Method::questions: return StatusReason::abandoned_after_completing_questions;
    case Method::pass: return StatusReason::abandoned_after_completing_pass;
  }
  return StatusReason::abandoned_after_user_name;
}

}  // namespace wb::service::sspr
