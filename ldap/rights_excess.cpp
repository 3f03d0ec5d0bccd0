// What the agent's account holds beyond its needs: a stolen agent is worth exactly that much.
#include <algorithm>
#include <array>

#include "ldap/rights.hpp"

namespace wb::ldap {
namespace {

struct Named {
  std::string_view key, name;
};
// By the last number of a SID of the domain (MS-DTYP 2.4.2.4), and whole.
constexpr std::array<Named, 8> domain_groups{{{"512", "Domain Admins"}, {"516", "Domain Controllers"}, {"518", "Schema Admins"}, {"519", "Enterprise Admins"},
    {"520", "Group Policy Creator Owners"}, {"521", "Read-only Domain Controllers"}, {"526", "Key Admins"}, {"527", "Enterprise Key Admins"}}};
constexpr std::array<Named, 6> builtin_groups{{{"S-1-5-32-544", "Administrators"}, {"S-1-5-32-548", "Account Operators"}, {"S-1-5-32-549", "Server Operators"},
    {"S-1-5-32-550", "Print Operators"}, {"S-1-5-32-551", "Backup Operators"}, {"S-1-5-32-552", "Replicator"}}};
constexpr std::array<Named, 3> replication_rights{{{"1131f6aa-9c07-11d1-f79f-00c04fc2dcd2", "DS-Replication-Get-Changes"},
    {"1131f6ad-9c07-11d1-f79f-00c04fc2dcd2", "DS-Replication-Get-Changes-All"},
    {"89e95b76-444d-4c62-991a-0facbeda640c", "DS-Replication-Get-Changes-In-Filtered-Set"}}};
// Change Password is everybody's by default, and asks for the old password.
constexpr std::string_view change_password = "ab721a53-1e2f-11d0-9819-00aa0040529b";
// Names for what is met most often on delegated accounts.
constexpr std::array<Named, 10> well_known{{{"ab721a54-1e2f-11d0-9819-00aa0040529b", "Send As"}, {"ab721a56-1e2f-11d0-9819-00aa0040529b", "Receive As"},
    {"4c164200-20c0-11d0-a768-00aa006e0529", "Account Restrictions"}, {"5f202010-79a5-11d0-9020-00c04fc2d4cf", "Logon Information"},
    {"59ba2f42-79a2-11d0-9020-00c04fc2d3cf", "General Information"}, {"77b5b886-944a-11d1-aebd-0000f80367c1", "Personal Information"},
    {"bf967a68-0de6-11d0-a285-00aa003049e2", "userAccountControl"}, {"f3a64788-5306-11d1-a9c5-0000f80367c1", "servicePrincipalName"},
    {"5b47d60f-6090-40b2-9f37-2a4de88f3063", "msDS-KeyCredentialLink"}, {"00299570-246d-11d0-a768-00aa006e0529", "Reset Password"}}};

template <class Names>
std::string_view name_in(const Names& names, std::string_view key) {
  const auto at = std::find_if(names.begin(), names.end(), [&](const Named& one) { return one.key == key; });
  return at == names.end() ? std::string_view() : at->name;
}

Finding too_much(std::string id, std::string what, std::string why) { return {Finding::Status::warn, std::move(id), std::move(what), std::move(why)}; }

void privileged_groups(const RightsView& view, std::vector<Finding>& findings) {
  for (const auto& sid : view.token) {
    auto name = name_in(builtin_groups, sid);
    if (sid.starts_with("S-1-5-21-")) name = name_in(domain_groups, std::string_view(sid).substr(sid.rfind('-') + 1));
    if (!name.empty()) findings.push_back(too_much("group." + sid, "member of " + std::string(name), "the agent's account needs no group: take it out"));
  }
}

// Rights on a whole object that nobody needs for resetting passwords.
std::string powers(const SecurityDescriptor& descriptor, const Token& token, bool of_account) {
  constexpr std::array<std::pair<std::uint32_t, std::string_view>, 8> all{{{right::write_dacl, "WriteDacl"}, {right::write_owner, "WriteOwner"},
      {right::write_property, "write all properties"}, {right::control_access, "all extended rights"}, {right::delete_object, "delete"},
      {right::delete_tree, "delete subtree"}, {right::create_child, "create children"}, {right::delete_child, "delete children"}}};
  std::string held;
  for (const auto& [bit, name] : all) {
    if (of_account && (bit == right::create_child || bit == right::delete_child)) continue;  // accounts are leaves
    if (check_access(descriptor, token, {bit, {}}).granted) held += (held.empty() ? "" : ", ") + std::string(name);
  }
  return held;
}

void whole_objects(const RightsView& view, std::vector<Finding>& findings) {
  struct Object {
    const std::optional<SecurityDescriptor>& list;
    std::string id, place;
    bool account;
  };
  for (const auto& [list, id, place, account] : {Object{view.account, "excess.account", "the account", true}, Object{view.ou_list, "excess.ou", "the OU", false},
           Object{view.domain_head, "excess.domain", "the domain's head", false}}) {
    if (!list) continue;
    const auto held = powers(*list, view.token, account);
    if (!held.empty()) findings.push_back(too_much(id, "more than needed on " + place, held));
  }
  if (!view.domain_head) return;
  for (const auto& [guid, name] : replication_rights) {
    if (!check_access(*view.domain_head, view.token, {right::control_access, {std::string(guid)}}).granted) continue;
    findings.push_back(too_much("excess." + std::string(name), std::string(name) + " on the domain's head", "with it every password hash of the domain can be fetched (DCSync)"));
  }
}

bool is_needed(const std::vector<Grant>& needed, const std::string& guid, std::uint32_t bit) {
  return std::any_of(needed.begin(), needed.end(), [&](const Grant& one) { return one.place == Grant::Place::accounts && one.guid == guid && (one.mask & bit) != 0; });
}

// Single attributes and extended rights on the account that are not in the delegation.
void single_rights(const RightsView& view, const std::vector<Grant>& needed, std::vector<Finding>& findings) {
  if (!view.account) return;
  for (const auto& ace : view.account->dacl) {
    if (ace.kind != Ace::Kind::allow || ace.is(Ace::inherit_only) || ace.object_type.empty() || ace.object_type == change_password || !view.token.contains(ace.sid)) continue;
    for (const auto& [bit, verb] : {std::pair(right::write_property, "write "), std::pair(right::control_access, ""), std::pair(right::validated_write, "validated write ")}) {
      if (!(ace.mask & bit) || is_needed(needed, ace.object_type, bit)) continue;
      if (!check_access(*view.account, view.token, {bit, {ace.object_type}}).granted) continue;
      const auto name = name_in(well_known, ace.object_type);
      findings.push_back(too_much("excess." + ace.object_type, verb + (name.empty() ? ace.object_type : std::string(name)) + " on the account", "not needed: " + sddl(ace)));
    }
  }
}

// Entries for the agent's own account on the OU that other classes inherit too.
void other_classes(const RightsView& view, std::vector<Finding>& findings) {
  if (!view.ou_list) return;
  constexpr auto harmless = right::read_property | right::list_children | right::list_object | right::read_control;
  for (const auto& ace : view.ou_list->dacl) {
    if (ace.kind != Ace::Kind::allow || !ace.is(Ace::container_inherit) || ace.sid != view.trustee_sid || !(ace.mask & ~harmless)) continue;
    if (ace.inherited_object_type == user_class) continue;
    findings.push_back(too_much("excess.classes", "granted to more than user objects", "computers, groups and containers below the OU inherit " + sddl(ace)));
  }
}

}  // namespace

std::vector<Finding> excess_rights(const RightsView& view, const std::vector<Grant>& needed) {
  std::vector<Finding> findings;
  privileged_groups(view, findings);
  whole_objects(view, findings);
  single_rights(view, needed, findings);
  other_classes(view, findings);
  return findings;
}

}  // namespace wb::ldap
