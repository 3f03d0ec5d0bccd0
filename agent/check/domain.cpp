#include "agent/check/domain.hpp"

#include <optional>

#include "ldap/account.hpp"
#include "ldap/rights_reader.hpp"

namespace wb::agent {
namespace {
constexpr std::string_view about_policies = "read.password_settings";  // no reset depends on it

bool is_there(const ldap::Settings& settings, ldap::Connection& connection, const std::string& dn, std::vector<std::string> attributes, ldap::Entry* out = nullptr) {
  if (connection.broken()) return false;
  ldap::Search search;
  search.base = dn, search.attributes = std::move(attributes), search.entries_max = 1;
  auto found = connection.search(search, std::chrono::steady_clock::now() + settings.operation_timeout);
  if (!found || found->entries.empty()) return false;
  if (out) *out = std::move(found->entries.front());
  return true;
}

std::string rights_command(const std::string& ou, const std::string& user = {}) { return "runuser -u writeback-agent -- writeback-agent rights --ou '" + ou + "'" + (user.empty() ? "" : " --verify '" + user + "'"); }
std::string rights_of_first(const config::AgentDomain& domain) { return domain.guardrails.allow_ous.empty() ? "" : rights_command(domain.guardrails.allow_ous.front()); }

// The OU of the configuration that the person stands below, and what was read there. nullopt: the report says why.
std::optional<std::pair<ldap::Delegation, ldap::RightsView>> view_of(const config::AgentDomain& domain, ldap::RightsReader& reader, const std::string& user, Report& report) {
  for (const auto& ou : domain.guardrails.allow_ous) {
    auto delegation = reader.delegation(ou);
    if (!delegation && delegation.error().where == "rights.ou") continue;  // said already, of the OU
    if (!delegation) return report.fail(Finding::directory_other, user, said(delegation.error())), std::nullopt;
    auto view = reader.view(*delegation, user);
    if (!view && view.error().where == "rights.user") return report.warn(Finding::directory_user, user, said(view.error())), std::nullopt;
    if (!view) return report.fail(Finding::directory_other, user, said(view.error())), std::nullopt;
    if (view->below_ou) return std::pair(std::move(*delegation), std::move(*view));
  }
  report.warn(Finding::directory_scope, user, "");
  return std::nullopt;
}
}  // namespace

void check_domain(const config::AgentDomain& domain, ldap::Connection& connection, Report& report) {
  const auto& settings = domain.directory;
  const bool active_directory = settings.type == ldap::DirectoryType::active_directory;
  for (const auto& ou : domain.guardrails.allow_ous) {
    if (is_there(settings, connection, ou, {"objectClass"})) report.pass("directory", ou, "is there");
    else report.fail(Finding::directory_ou, ou, "not visible at " + connection.uri(), active_directory ? "" : "mend the DN, or the access rules of the server");
  }
  if (!active_directory) return;
  ldap::Entry head;
  const auto& base = connection.root().base;
  if (is_there(settings, connection, base, ldap::policy_attributes(false), &head) && ldap::policy_from(head, false)) report.pass("directory", base, "the domain's password policy is readable");
  else report.warn(Finding::directory_policy, base, "minPwdLength and its like", rights_of_first(domain));
  const auto container = "CN=Password Settings Container,CN=System," + base;
  ldap::Entry seen;  // everybody sees that it is there, and few what it is
  if (is_there(settings, connection, container, {"objectClass"}, &seen) && !seen.first("objectClass").empty()) report.pass("directory", container, "is readable");
  else report.warn(Finding::directory_pso, container, "is not readable", rights_of_first(domain));
}

void check_person(const config::AgentDomain& domain, const std::string& uri, const std::string& user, Report& report) {
  if (domain.directory.type != ldap::DirectoryType::active_directory) return report.skip("directory", user, "rights are looked at in Active Directory only");
  auto there = domain.directory;
  there.uris = {uri};
  auto reader = ldap::RightsReader::open(there);
  if (!reader) return report.fail(Finding::directory_other, uri, said(reader.error()));
  const auto seen = view_of(domain, *reader, user, report);
  if (seen) judge_person(seen->second, ldap::judge_rights(seen->second, seen->first.grants), report);
}

void judge_person(const ldap::RightsView& view, const std::vector<ldap::Finding>& findings, Report& report) {
  bool complete = true;
  std::string unreached;  // what the OU's grants would be, if they reached the person
  const bool shut = view.account && view.account->is_protected();
  for (const auto& one : findings) {
    if (one.status == ldap::Finding::Status::pass) continue;
    const auto detail = one.what + (one.why.empty() ? "" : ": " + one.why);
    if (one.status == ldap::Finding::Status::warn) report.warn(Finding::directory_excess, view.account_dn, detail, rights_command(view.ou, view.account_dn));
    else if (one.id == about_policies) report.warn(Finding::directory_pso, view.account_dn, detail, rights_command(view.ou));
    else if (shut) complete = false, unreached += (unreached.empty() ? "" : ", ") + one.what;
    else complete = false, report.fail(Finding::directory_rights, view.account_dn, detail, rights_command(view.ou));
  }
  if (!unreached.empty()) report.fail(view.admin_count.value_or(false) ? Finding::directory_admin : Finding::directory_inheritance, view.account_dn, "missing: " + unreached);
  if (complete) report.pass("directory", view.account_dn, "the agent's account has the rights that it needs");
}

}  // namespace wb::agent
