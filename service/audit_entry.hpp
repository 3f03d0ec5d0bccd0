// What the audit says of one thing that happened, and its one spelling. Typed throughout: there is no member into which a password,
// a code or a token could be put, and Secret converts into none of them.
//
// A row is canonical JSON (RFC 8785: members sorted, no blanks, one spelling of each string and number), always with every member:
//   {"activity","actor","address","agent","at_ms","correlation_id","dc","details":{},"domain","reason","seq","status","target","tenant"}
// docs/OPERATIONS.md ("Audit") explains them and lists the activities and reasons; their names never change.
#pragma once
#include <boost/json/value.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/result.hpp"

namespace wb::service {

enum class Activity {
  // Entra's, of self-service
  reset_self_service,
  reset_by_admin,
  change_self_service,
  unlock_self_service,
  blocked,
  flow_progress,
  registered,
  policy_changed,
  writeback_enabled,
  writeback_disabled,
  security_info_saved,
  // Entra's, of authentication methods
  security_info_registered,
  security_info_deleted,
  security_info_changed,
  user_started_reset,
  admin_started_reset,
  // ours, of people
  signed_in,
  account_unblocked,
  account_frozen,
  account_thawed,
  temporary_pass_issued,
  notified,
  invited,
  person_exported,
  person_erased,
  // ours, of the writeback
  job_submitted,
  job_in_doubt,
  job_settled,
  job_upgraded,
  job_released,
  // ours, of the installation
  agent_enrolled,
  agent_revoked,
  agent_drained,
  agent_resumed,
  roster_changed,
  root_forgotten,
  keys_rotated,
  token_created,
  client_created,
  audit_pruned
};

enum class StatusReason {
  none,
  // Entra's status reasons of a reset's way
  abandoned_after_user_name,
  abandoned_after_starting_email,
  abandoned_after_starting_sms,
  abandoned_after_starting_mobile_voice,
  abandoned_after_starting_office_voice,
  abandoned_after_starting_questions,
  abandoned_after_starting_app,
  abandoned_after_starting_pass,
  abandoned_after_completing_email,
  abandoned_after_completing_sms,
  abandoned_after_completing_mobile_voice,
  abandoned_after_completing_office_voice,
  abandoned_after_completing_questions,
  abandoned_after_completing_app,
  abandoned_after_completing_pass,
  abandoned_before_new_password,
  abandoned_at_new_password,
  blocked_sms,
  blocked_mobile_voice,
  blocked_office_voice,
  blocked_questions,
  blocked_phone_verification,
  blocked_email,
  blocked_app,
  blocked_pass,
  blocked_account,
  blocked_address,
  blocked_destination,
  blocked_tenant,
  blocked_captcha,
  cancelled_before_methods,
  cancelled_before_new_password,
  contacted_admin_after_email,
  contacted_admin_after_sms,
  contacted_admin_after_mobile_voice,
  contacted_admin_after_office_voice,
  contacted_admin_after_questions,
  contacted_admin,
  failed_not_enabled,
  failed_no_licence,
  failed_no_cookies,
  failed_insufficient_methods,
  failed_on_premises_writeback_off,
  failed_on_premises_unreachable,
  failed_on_premises_error,
  failed_not_in_scope,
  failed_disabled_for_tenant,
  failed_frozen,
  failed_wrong_answer,
  succeeded,
  // how far it came
  presented_methods,
  started_email,
  started_sms,
  started_mobile_voice,
  started_office_voice,
  started_questions,
  started_app,
  started_pass,
  completed_email,
  completed_sms,
  completed_mobile_voice,
  completed_office_voice,
  completed_questions,
  completed_app,
  completed_pass,
  submitted_new_password,
  // the cause at the directory: a result's code (docs/PROTOCOL.md section 5); its finer reason stands in details.cause
  directory_applied,
  directory_applied_but,
  directory_rejected,
  directory_denied,
  directory_superseded,
  directory_failed,
  directory_reprobe,
  directory_invalid,
  directory_busy,
  directory_in_doubt,
  directory_unknown,
  directory_expired,
  directory_unavailable
};

enum class ActorKind { service,
  user,           // an account, by its objectGUID
  stranger,       // somebody who has proven nothing
  client,         // of the API, by its id
  agent,          // by its id
  domain_root,    // who holds it; by its fingerprint
  operator_,      // at the service's command line
  administrator,  // of an organisation, signed in; by their objectGUID
};

// What may stand in `details`. Texts are cut at 256 bytes, those of settings at 4096.
enum class DetailKey { op,
  jti,
  cause,
  attempts,
  duration_ms,
  retry_after,
  method,
  version,
  setting,
  old_value,
  new_value,
  host,
  rsn,
  agents,
  root,
  key,
  scopes,
  counters,
  until_ms,
  language,
  through_seq,
  through_hash };

std::string_view to_string(Activity activity);
std::string_view to_string(StatusReason reason);
std::string_view to_string(ActorKind kind);
std::string_view to_string(DetailKey key);
std::optional<Activity> activity_from(std::string_view name);
std::vector<std::string_view> activity_names();
// Of a job's outcome as the API names it.
StatusReason reason_of_outcome(std::string_view outcome);

struct Actor {
  ActorKind kind = ActorKind::service;
  std::string id = {};
};
struct Detail {
  DetailKey key;
  std::variant<std::int64_t, std::string> value;
};
struct AuditEntry {
  Activity activity = Activity::job_settled;
  bool success = true;
  StatusReason reason = StatusReason::none;
  Actor actor;
  std::string domain = {}, target = {};  // target: what it was done to: an objectGUID, an agent, a client, ...
  std::string address = {}, correlation_id = {}, agent = {}, dc = {};
  std::vector<Detail> details = {};
};

// The row's text, for good: what is too long is cut, what is no UTF-8 replaced.
std::string canonical_row(const AuditEntry& entry, std::int64_t seq, std::int64_t at_ms, std::string_view tenant);

}  // namespace wb::service
