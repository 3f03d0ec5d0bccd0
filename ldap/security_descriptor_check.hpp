// Who may do what by a security descriptor, as a domain controller would decide it (MS-ADTS section 5.1.3.3). Pure.
#pragma once
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ldap/security_descriptor.hpp"

namespace wb::ldap {

using Token = std::set<std::string>;  // SIDs of the account and of every group it is in

// One right on one object: bits of right::, and what they are asked for. For an attribute, its schemaIDGUID and then
// its property set's (attributeSecurityGUID), for an extended right its rightsGuid; none: for the whole object.
struct Asked {
  std::uint32_t mask = 0;
  std::vector<std::string> types;
};

struct Decision {
  bool granted = false;
  std::optional<Ace> denied_by;  // the entry that took it away; none: nobody gave it
};

// In the list's order: the first entry that speaks of a bit settles it. An entry speaks when it is for a SID of the
// token, is not inherit-only, and names no object type or one of those asked for (sections 5.1.3.3.2 to 5.1.3.3.4).
// Conditional entries never grant. The owner's and SELF's implied rights are not looked at: the agent is neither.
Decision check_access(const SecurityDescriptor& descriptor, const Token& token, const Asked& asked);

// What a fresh child of that class would get from its container (MS-DTYP 2.5.3.4): inheritable entries for every class
// or for exactly this one. An inetOrgPerson does not inherit what is meant for users.
SecurityDescriptor inherited_by(const SecurityDescriptor& container, const std::string& class_guid);

}  // namespace wb::ldap
