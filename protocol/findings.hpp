// What `writeback-agent check` may find: a code, what it means, what mends it. One pure table; docs/OPERATIONS.md prints it, the
// service explains with it what agents tell of themselves.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace wb::protocol {

enum class CheckResult { pass,
  warn,
  fail,
  skip };
std::string_view to_string(CheckResult result);
std::optional<CheckResult> check_result_from(std::string_view text);

enum class Finding {
  config_problem,
  config_audited,
  config_secret,
  config_authority,
  config_writable,
  config_list,
  config_list_old,
  state_folder,
  state_space,
  state_journal,
  state_audit,
  enrolment_missing,
  enrolment_keys,
  enrolment_rotation,
  enrolment_domain,
  enrolment_revoked,
  enrolment_approval,
  enrolment_roster,
  enrolment_service_keys,
  service_dns,
  service_tcp,
  service_proxy_settings,
  service_proxy,
  service_proxy_refused,
  service_proxy_auth,
  service_authority,
  service_issuer,
  service_name,
  service_time,
  service_ends_soon,
  service_tls,
  service_web_page,
  service_answer,
  service_intercepted,
  service_binding,
  service_clock,
  service_idle,
  directory_none,
  directory_dns,
  directory_tcp,
  directory_tls,
  directory_tls_name,
  directory_tls_time,
  directory_ends_soon,
  directory_credentials,
  directory_bind,
  directory_root,
  directory_other,
  directory_read_only,
  directory_slow,
  directory_clock,
  directory_hints,
  directory_ou,
  directory_policy,
  directory_pso,
  directory_user,
  directory_scope,
  directory_rights,
  directory_inheritance,
  directory_admin,
  directory_excess,
  directory_not_ready,
};

struct FindingText {
  Finding finding;
  std::string_view code;     // "service.dns"; stable. What stands before the dot is its group
  std::string_view meaning;  // one sentence, without its full stop
  std::string_view remedy;   // what to do, with the command that does it
};

std::span<const FindingText> all_findings();  // in the order of the enum
const FindingText& text_of(Finding finding);
const FindingText* text_of_code(std::string_view code);  // nullptr: a later version's
// What an agent may tell of a finding: its code, and the name of a domain or server with a port or without, or nothing. Letters
// with which no page and no terminal can be talked into something.
bool is_finding_code(std::string_view text);
bool is_finding_name(std::string_view text);
// The table of docs/OPERATIONS.md: "| code | what it means | what mends it |", one line each.
std::string findings_markdown();

}  // namespace wb::protocol
