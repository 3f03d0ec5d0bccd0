#include "config/agent_rules.hpp"

#include <algorithm>

#include "policy/dn.hpp"

namespace wb::config {
namespace {

using policy::Mode;

Shape<Mode> mode() { return shape::one_of<Mode>("enforce, audit or off", {{"enforce", Mode::enforce}, {"audit", Mode::audit}, {"off", Mode::off}}); }

// What can't be had of OpenLDAP is a mistake here: a rule that never applies must not look like protection.
void check_open_ldap(Section& section, const policy::Guardrails& g) {
  if (g.protect_admins) section.problem("protect_admins", "false: OpenLDAP marks no privileged accounts, name their groups in protected_groups");
  const auto dns_only = [&section](const char* key, const std::vector<std::string>& list, const char* expected) {
    if (std::any_of(list.begin(), list.end(), [](const std::string& name) { return policy::is_sid(name); })) section.problem(key, expected);
  };
  dns_only("protected_groups", g.protected_groups, "DNs only: OpenLDAP has no SIDs");
  dns_only("allow_groups", g.allow_groups, "DNs only: OpenLDAP has no SIDs");
  dns_only("allow_privileged", g.allow_privileged, "DNs only: OpenLDAP has no SIDs");
}

}  // namespace

void read_guardrails(Section& section, const ldap::Settings& directory, policy::Guardrails& g) {
  section.list("allow_ous", g.allow_ous, shape::distinguished_name(), 1, 256);
  section.list("deny_ous", g.deny_ous, shape::distinguished_name(), 0, 256);
  section.list("allow_groups", g.allow_groups, shape::group(), 0, 256);
  section.list("protected_groups", g.protected_groups, shape::group(), 0, 256);
  section.optional("protect_admins", g.protect_admins, shape::yes_or_no());
  section.list("allow_privileged", g.allow_privileged, shape::account(), 0, 256);
  using Rule = policy::Guardrails::Rule;
  const auto rule = shape::one_of<Rule>("enforce or audit", {{"enforce", Rule::enforce}, {"audit", Rule::audit}});
  section.optional("scope", g.scope, rule);
  section.optional("protection", g.protection, rule);
  using Disabled = policy::Guardrails::Disabled;
  section.optional("disabled_accounts", g.disabled_accounts,
      shape::one_of<Disabled>("refuse, audit or allow", {{"refuse", Disabled::refuse}, {"audit", Disabled::audit}, {"allow", Disabled::allow}}));
  g.own_account = directory.account();
  g.domain = directory.domain;
  if (directory.type != ldap::DirectoryType::active_directory) check_open_ldap(section, g);
}

void read_volume(Section& section, policy::VolumeLimits& limits) {
  section.optional("mode", limits.mode, mode());
  section.optional("per_minute", limits.per_minute, shape::whole(1, 100'000));
  section.optional("per_hour", limits.per_hour, shape::whole(1, 100'000));
  section.optional("account_per_minute", limits.account_per_minute, shape::whole(1, 1'000));
  section.optional("account_per_hour", limits.account_per_hour, shape::whole(1, 1'000));
  if (limits.per_hour < limits.per_minute) section.problem("per_hour", "at least per_minute");
  if (limits.account_per_hour < limits.account_per_minute) section.problem("account_per_hour", "at least account_per_minute");
}

void read_password_rules(Section& section, const std::filesystem::path& folder, PasswordRules& rules) {
  section.optional("directory", rules.directory, mode());
  section.section("banned", false, [&](Section& s) {
    rules.banned = Mode::enforce;
    s.optional("mode", rules.banned, mode());
    s.optional("file", rules.banned_file, shape::path(folder, true));
    s.list("organisation", rules.organisation, shape::text("a name of 4 to 64 characters", [](std::string_view t) { return t.size() >= 4 && t.size() <= 64; }), 0, 32);
  });
  section.section("breached", false, [&](Section& s) {
    rules.breached = Mode::enforce;
    s.optional("mode", rules.breached, mode());
    s.required("file", rules.breached_file, shape::path(folder, false));
  });
}

}  // namespace wb::config
