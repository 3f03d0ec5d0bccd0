// An Active Directory entry as our Account and PasswordPolicy. Pure.
#pragma once
#include <string>
#include <vector>

#include "core/result.hpp"
#include "ldap/connection.hpp"
#include "ldap/directory.hpp"

namespace wb::ldap {

// What to ask for. Without groups: what a read-back needs. tokenGroups exists only in base searches.
std::vector<std::string> account_attributes(bool groups, const std::string& marker_attribute);

// `dc` is the host the entry was read from. Fault malformed: not an account as AD shows one. Fault refused: the
// service account may not see what the guardrails need (tokenGroups), or there is too much of it to judge.
Result<Account> account_from(const Entry& entry, bool groups, const std::string& marker_attribute, const std::string& dc);

std::vector<std::string> policy_attributes(bool pso);
// Of the domain's head, or of a PSO (MS-ADTS 3.1.1.1.9.. msDS-PasswordSettings). nullopt: unreadable.
std::optional<protocol::PasswordPolicy> policy_from(const Entry& entry, bool pso);

}  // namespace wb::ldap
