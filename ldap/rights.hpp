// What the agent's account needs in Active Directory: the grants of one delegation, and a verdict on one account by
// the security descriptors that decide. Pure; rights_reader.hpp gets the descriptors.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ldap/security_descriptor_check.hpp"

namespace wb::ldap {

constexpr std::string_view reset_password_right = "00299570-246d-11d0-a768-00aa006e0529";     // User-Force-Change-Password
constexpr std::string_view unexpire_password_right = "ccc2dc7d-a6ad-4a7a-8846-c04e3cc53501";  // checked on the domain's head
constexpr std::string_view user_class = "bf967aba-0de6-11d0-a285-00aa003049e2";

// One attribute as the forest's schema has it.
struct SchemaAttribute {
  std::string guid;          // schemaIDGUID
  std::string property_set;  // attributeSecurityGUID; empty: in none
};
using Schema = std::map<std::string, SchemaAttribute>;  // by lDAPDisplayName, spelled as asked for

// One entry to add to one list.
struct Grant {
  enum class Place {
    accounts,           // on the OU, inherited by user objects below it
    containers,         // on the OU, inherited by everything below it
    password_settings,  // on the Password Settings Container, inherited
    domain_head,        // on the domain itself, not inherited
  } place = Place::accounts;
  std::uint32_t mask = 0;
  std::string name;  // the attribute or extended right as dsacls spells it; empty: the whole object
  std::string guid;  // its schemaIDGUID or rightsGuid
  std::string property_set;
  // Most domains let every authenticated user do this; needed where Authenticated Users was taken out of
  // Pre-Windows 2000 Compatible Access, or the default entries were removed.
  bool only_if_missing = false;
};

// The attributes that `grants` has to be told about, out of the schema.
std::vector<std::string> delegated_attributes(const std::string& marker_attribute);
// The delegation: first what every domain needs, then what is only_if_missing. `schema` has all delegated_attributes().
std::vector<Grant> grants(const Schema& schema, const std::string& marker_attribute);
Ace ace_of(const Grant& grant, const std::string& trustee_sid);
// "write lockoutTime", "Reset Password": one bit of a grant in words.
std::string right_name(const Grant& grant, std::uint32_t bit);

struct RightsView {
  std::string trustee_sid;  // the agent's own account
  Token token;              // with every group of it
  std::string ou;
  std::optional<SecurityDescriptor> ou_list;  // nullopt, here and below: not readable
  std::string account_dn, account_class;      // class: the most specific, "user" mostly
  std::string account_class_guid;
  bool below_ou = true;
  std::optional<bool> admin_count;  // nullopt: adminCount is not readable, or not set
  std::optional<SecurityDescriptor> account;
  std::optional<SecurityDescriptor> password_settings;
  std::optional<bool> pso_readable;  // the password settings object in force for the account; nullopt: none is
  std::optional<SecurityDescriptor> domain_head;
};

struct Finding {
  enum class Status { pass,
    fail,
    warn } status = Status::pass;
  std::string id;    // "write.lockoutTime", stable
  std::string what;  // "write lockoutTime"
  std::string why;   // for fail: what is missing or who took it away; for warn: what is too much
};

// Every right of `needed` on that account, and then what the agent's account holds beyond them.
std::vector<Finding> judge_rights(const RightsView& view, const std::vector<Grant>& needed);

// Part of the above: what the account could do that it has no need of (rights_excess.cpp).
std::vector<Finding> excess_rights(const RightsView& view, const std::vector<Grant>& needed);

}  // namespace wb::ldap
