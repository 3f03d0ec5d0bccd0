#include "service/audit_entry.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>

#include "core/ids.hpp"
#include "crypto/audit_chain.hpp"
#include "protocol/codec.hpp"

namespace wb::service {
namespace {

namespace json = boost::json;
constexpr std::size_t text_bytes_max = 256, setting_bytes_max = 4'096, cause_bytes_max = 64;

template <class E> struct Named {
  E value;
  std::string_view name;
};
// In the order of the enumerations, so that a name is found by its number.
// clang-format off
constexpr Named<Activity> activities[] = {
    {Activity::reset_self_service, "password.reset_self_service"},
    {Activity::reset_by_admin, "password.reset_by_admin"},
    {Activity::change_self_service, "password.change_self_service"},
    {Activity::unlock_self_service, "account.unlock_self_service"},
    {Activity::blocked, "sspr.blocked"},
    {Activity::flow_progress, "sspr.flow_progress"},
    {Activity::registered, "sspr.registered"},
    {Activity::policy_changed, "sspr.policy_changed"},
    {Activity::writeback_enabled, "writeback.enabled"},
    {Activity::writeback_disabled, "writeback.disabled"},
    {Activity::security_info_saved, "security_info.saved"},
    {Activity::security_info_registered, "security_info.registered"},
    {Activity::security_info_deleted, "security_info.deleted"},
    {Activity::security_info_changed, "security_info.changed"},
    {Activity::user_started_reset, "password.reset_started_by_user"},
    {Activity::admin_started_reset, "password.reset_started_by_admin"},
    {Activity::signed_in, "user.signed_in"},
    {Activity::account_unblocked, "account.unblocked"},
    {Activity::account_frozen, "account.frozen"},
    {Activity::account_thawed, "account.thawed"},
    {Activity::temporary_pass_issued, "account.temporary_pass_issued"},
    {Activity::notified, "user.notified"},
    {Activity::invited, "user.invited"},
    {Activity::person_exported, "person.exported"},
    {Activity::person_erased, "person.erased"},
    {Activity::job_submitted, "job.submitted"},
    {Activity::job_in_doubt, "job.in_doubt"},
    {Activity::job_settled, "job.settled"},
    {Activity::job_upgraded, "job.upgraded"},
    {Activity::job_released, "job.released"},
    {Activity::agent_enrolled, "agent.enrolled"},
    {Activity::agent_revoked, "agent.revoked"},
    {Activity::agent_drained, "agent.drained"},
    {Activity::agent_resumed, "agent.resumed"},
    {Activity::roster_changed, "roster.changed"},
    {Activity::root_forgotten, "root.forgotten"},
    {Activity::keys_rotated, "keys.rotated"},
    {Activity::token_created, "token.created"},
    {Activity::client_created, "client.created"},
    {Activity::audit_pruned, "audit.pruned"},
};
constexpr Named<StatusReason> reasons[] = {
    {StatusReason::none, ""},
    {StatusReason::abandoned_after_user_name, "abandoned.after_user_name"},
    {StatusReason::abandoned_after_starting_email, "abandoned.after_starting_email"},
    {StatusReason::abandoned_after_starting_sms, "abandoned.after_starting_sms"},
    {StatusReason::abandoned_after_starting_mobile_voice, "abandoned.after_starting_mobile_voice"},
    {StatusReason::abandoned_after_starting_office_voice, "abandoned.after_starting_office_voice"},
    {StatusReason::abandoned_after_starting_questions, "abandoned.after_starting_questions"},
    {StatusReason::abandoned_after_starting_app, "abandoned.after_starting_app"},
    {StatusReason::abandoned_after_starting_pass, "abandoned.after_starting_pass"},
    {StatusReason::abandoned_after_completing_email, "abandoned.after_completing_email"},
    {StatusReason::abandoned_after_completing_sms, "abandoned.after_completing_sms"},
    {StatusReason::abandoned_after_completing_mobile_voice, "abandoned.after_completing_mobile_voice"},
    {StatusReason::abandoned_after_completing_office_voice, "abandoned.after_completing_office_voice"},
    {StatusReason::abandoned_after_completing_questions, "abandoned.after_completing_questions"},
    {StatusReason::abandoned_after_completing_app, "abandoned.after_completing_app"},
    {StatusReason::abandoned_after_completing_pass, "abandoned.after_completing_pass"},
    {StatusReason::abandoned_before_new_password, "abandoned.before_new_password"},
    {StatusReason::abandoned_at_new_password, "abandoned.at_new_password"},
    {StatusReason::blocked_sms, "blocked.sms"},
    {StatusReason::blocked_mobile_voice, "blocked.mobile_voice"},
    {StatusReason::blocked_office_voice, "blocked.office_voice"},
    {StatusReason::blocked_questions, "blocked.questions"},
    {StatusReason::blocked_phone_verification, "blocked.phone_verification"},
    {StatusReason::blocked_email, "blocked.email"},
    {StatusReason::blocked_app, "blocked.app"},
    {StatusReason::blocked_pass, "blocked.pass"},
    {StatusReason::blocked_account, "blocked.account"},
    {StatusReason::blocked_address, "blocked.address"},
    {StatusReason::blocked_destination, "blocked.destination"},
    {StatusReason::blocked_tenant, "blocked.tenant"},
    {StatusReason::blocked_captcha, "blocked.captcha"},
    {StatusReason::cancelled_before_methods, "cancelled.before_methods"},
    {StatusReason::cancelled_before_new_password, "cancelled.before_new_password"},
    {StatusReason::contacted_admin_after_email, "contacted_admin.after_email"},
    {StatusReason::contacted_admin_after_sms, "contacted_admin.after_sms"},
    {StatusReason::contacted_admin_after_mobile_voice, "contacted_admin.after_mobile_voice"},
    {StatusReason::contacted_admin_after_office_voice, "contacted_admin.after_office_voice"},
    {StatusReason::contacted_admin_after_questions, "contacted_admin.after_questions"},
    {StatusReason::contacted_admin, "contacted_admin"},
    {StatusReason::failed_not_enabled, "failed.not_enabled"},
    {StatusReason::failed_no_licence, "failed.no_licence"},
    {StatusReason::failed_no_cookies, "failed.no_cookies"},
    {StatusReason::failed_insufficient_methods, "failed.insufficient_methods"},
    {StatusReason::failed_on_premises_writeback_off, "failed.on_premises_writeback_off"},
    {StatusReason::failed_on_premises_unreachable, "failed.on_premises_unreachable"},
    {StatusReason::failed_on_premises_error, "failed.on_premises_error"},
    {StatusReason::failed_not_in_scope, "failed.not_in_scope"},
    {StatusReason::failed_disabled_for_tenant, "failed.disabled_for_tenant"},
    {StatusReason::failed_frozen, "failed.frozen"},
    {StatusReason::failed_wrong_answer, "failed.wrong_answer"},
    {StatusReason::succeeded, "succeeded"},
    {StatusReason::presented_methods, "progress.presented_methods"},
    {StatusReason::started_email, "progress.started_email"},
    {StatusReason::started_sms, "progress.started_sms"},
    {StatusReason::started_mobile_voice, "progress.started_mobile_voice"},
    {StatusReason::started_office_voice, "progress.started_office_voice"},
    {StatusReason::started_questions, "progress.started_questions"},
    {StatusReason::started_app, "progress.started_app"},
    {StatusReason::started_pass, "progress.started_pass"},
    {StatusReason::completed_email, "progress.completed_email"},
    {StatusReason::completed_sms, "progress.completed_sms"},
    {StatusReason::completed_mobile_voice, "progress.completed_mobile_voice"},
    {StatusReason::completed_office_voice, "progress.completed_office_voice"},
    {StatusReason::completed_questions, "progress.completed_questions"},
    {StatusReason::completed_app, "progress.completed_app"},
    {StatusReason::completed_pass, "progress.completed_pass"},
    {StatusReason::submitted_new_password, "progress.submitted_new_password"},
    {StatusReason::directory_applied, "directory.applied"},
    {StatusReason::directory_applied_but, "directory.applied_but"},
    {StatusReason::directory_rejected, "directory.rejected"},
    {StatusReason::directory_denied, "directory.denied"},
    {StatusReason::directory_superseded, "directory.superseded"},
    {StatusReason::directory_failed, "directory.failed"},
    {StatusReason::directory_reprobe, "directory.reprobe"},
    {StatusReason::directory_invalid, "directory.invalid"},
    {StatusReason::directory_busy, "directory.busy"},
    {StatusReason::directory_in_doubt, "directory.in_doubt"},
    {StatusReason::directory_unknown, "directory.unknown"},
    {StatusReason::directory_expired, "directory.expired"},
    {StatusReason::directory_unavailable, "directory.unavailable"},
};
constexpr Named<ActorKind> actors[] = {
    {ActorKind::service, "service"},
    {ActorKind::user, "user"},
    {ActorKind::stranger, "stranger"},
    {ActorKind::client, "client"},
    {ActorKind::agent, "agent"},
    {ActorKind::domain_root, "domain_root"},
    {ActorKind::operator_, "operator"},
    {ActorKind::administrator, "administrator"},
};
constexpr Named<DetailKey> detail_keys[] = {
    {DetailKey::op, "op"},
    {DetailKey::jti, "jti"},
    {DetailKey::cause, "cause"},
    {DetailKey::attempts, "attempts"},
    {DetailKey::duration_ms, "duration_ms"},
    {DetailKey::retry_after, "retry_after"},
    {DetailKey::method, "method"},
    {DetailKey::version, "version"},
    {DetailKey::setting, "setting"},
    {DetailKey::old_value, "old_value"},
    {DetailKey::new_value, "new_value"},
    {DetailKey::host, "host"},
    {DetailKey::rsn, "rsn"},
    {DetailKey::agents, "agents"},
    {DetailKey::root, "root"},
    {DetailKey::key, "key"},
    {DetailKey::scopes, "scopes"},
    {DetailKey::counters, "counters"},
    {DetailKey::until_ms, "until_ms"},
    {DetailKey::language, "language"},
    {DetailKey::through_seq, "through_seq"},
    {DetailKey::through_hash, "through_hash"},
};
// clang-format on
template <class E, std::size_t N> constexpr bool in_order(const Named<E> (&table)[N]) {
  for (std::size_t i = 0; i < N; ++i)
    if (static_cast<std::size_t>(table[i].value) != i) return false;
  return true;
}
static_assert(in_order(activities) && in_order(reasons) && in_order(actors) && in_order(detail_keys));
static_assert(std::size(activities) == static_cast<std::size_t>(Activity::audit_pruned) + 1 && std::size(reasons) == static_cast<std::size_t>(StatusReason::directory_unavailable) + 1);
static_assert(std::size(actors) == static_cast<std::size_t>(ActorKind::administrator) + 1 && std::size(detail_keys) == static_cast<std::size_t>(DetailKey::through_hash) + 1);

// Whole characters of at most `most` bytes.
std::string clean(std::string_view text, std::size_t most) {
  auto size = std::min(text.size(), most);
  while (size < text.size() && size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) --size;
  text = text.substr(0, size);
  return protocol::utf16_units(text) ? std::string(text) : printable(text, most);
}

// A reason of the contract is a word; anything else an agent may have sent is not repeated.
std::string word(const std::string& text) {
  const bool is_one = text.size() <= cause_bytes_max && std::all_of(text.begin(), text.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
  return is_one ? text : "other";
}

}  // namespace

std::string_view to_string(Activity activity) { return activities[static_cast<std::size_t>(activity)].name; }
std::string_view to_string(StatusReason reason) { return reasons[static_cast<std::size_t>(reason)].name; }
std::string_view to_string(ActorKind kind) { return actors[static_cast<std::size_t>(kind)].name; }
std::string_view to_string(DetailKey key) { return detail_keys[static_cast<std::size_t>(key)].name; }

std::optional<Activity> activity_from(std::string_view name) {
  for (const auto& activity : activities)
    if (activity.name == name) return activity.value;
  return std::nullopt;
}

std::vector<std::string_view> activity_names() {
  std::vector<std::string_view> names;
  for (const auto& activity : activities) names.push_back(activity.name);
  return names;
}

StatusReason reason_of_outcome(std::string_view outcome) {
  const auto wanted = "directory." + std::string(outcome);
  for (const auto& reason : reasons)
    if (reason.name == wanted) return reason.value;
  return outcome == "ok" ? StatusReason::succeeded : StatusReason::directory_unknown;
}

std::string canonical_row(const AuditEntry& e, std::int64_t seq, std::int64_t at_ms, std::string_view tenant) {
  json::object details;
  for (const auto& d : e.details) {
    auto& value = details[to_string(d.key)];
    if (const auto* number = std::get_if<std::int64_t>(&d.value)) {
      value = *number;
      continue;
    }
    const auto& text = std::get<std::string>(d.value);
    if (d.key == DetailKey::cause) value = word(text);
    else value = clean(text, d.key == DetailKey::old_value || d.key == DetailKey::new_value ? setting_bytes_max : text_bytes_max);
  }
  const auto text = [](std::string_view any) { return json::string(clean(any, text_bytes_max)); };
  const auto actor = std::string(to_string(e.actor.kind)) + (e.actor.id.empty() ? "" : ":" + e.actor.id);
  const json::object row{{"activity", to_string(e.activity)}, {"actor", text(actor)}, {"address", text(e.address)}, {"agent", text(e.agent)}, {"at_ms", at_ms}, {"correlation_id", text(e.correlation_id)},
      {"dc", text(e.dc)}, {"details", std::move(details)}, {"domain", text(e.domain)}, {"reason", to_string(e.reason)}, {"seq", seq}, {"status", e.success ? "success" : "failure"}, {"target", text(e.target)},
      {"tenant", text(tenant)}};
  return crypto::canonical(row).value();
}

}  // namespace wb::service
