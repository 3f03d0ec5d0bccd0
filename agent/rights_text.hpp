// A delegation as commands for those who apply it, and the verdict of `rights --verify` as a table. Pure.
#pragma once
#include <string>
#include <vector>

#include "ldap/rights_reader.hpp"

namespace wb::agent {

// dsacls, PowerShell, samba-tool, SDDL and LDIF; what only some domains need stands apart.
std::string delegation_text(const ldap::Delegation& delegation);
// {"domain_dn","dc","ou","account","sid","grants":[{"object","right","inherited_by","sddl","needed":"always"|"if_missing"}]}
std::string delegation_json(const ldap::Delegation& delegation);

// PASS, FAIL and WARN, one line each.
std::string verdict_text(const ldap::Delegation& delegation, const ldap::RightsView& view, const std::vector<ldap::Finding>& findings);
// {"ok":bool,"account","agent","dc","findings":[{"id","status","what","why"}]}
std::string verdict_json(const ldap::Delegation& delegation, const ldap::RightsView& view, const std::vector<ldap::Finding>& findings);

// ---- parts, for tests ---------------------------------------------------------------------------------------
std::string shell_quoted(const std::string& text);       // for sh
std::string dsacls_quoted(const std::string& text);      // for cmd.exe and the C runtime's argument rules
std::string powershell_quoted(const std::string& text);  // a literal of PowerShell
// Replaces the OU's list by itself with the grants added (RFC 2849); empty: the list is not readable.
std::string delegation_ldif(const ldap::Delegation& delegation, bool only_if_missing);

}  // namespace wb::agent
