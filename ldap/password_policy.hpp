// slapo-ppolicy (draft-behera-ldap-password-policy-10): its rules, its control, and what its refusals mean. Pure.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "ldap/connection.hpp"
#include "ldap/diagnose.hpp"
#include "ldap/directory.hpp"
#include "protocol/messages.hpp"

namespace wb::ldap {

constexpr std::string_view policy_control = "1.3.6.1.4.1.42.2.27.8.5.1";

struct PolicyRules {
  protocol::PasswordPolicy shown;  // history and ages bind a reset, too; complexity is always false: nobody can ask a module
  bool lockout = false;            // without it the overlay sets no locks and heeds none
  std::int64_t lockout_s = 0;      // how long a lock lasts; 0: until somebody ends it
  bool user_change = true;         // pwdAllowUserChange
  bool must_change = false;        // pwdReset is heeded: without pwdMustChange it is an attribute like any other
};
std::vector<std::string> policy_rule_attributes();
// Of a pwdPolicy entry. nullopt: it is none, or unreadable.
std::optional<PolicyRules> rules_from(const Entry& entry);

// The error in the value of a response control (draft section 6.2); nullopt: none, or not such a value.
std::optional<int> policy_error(std::string_view value);

// What a bind with the request control came to; `error` is the response control's. slapd 2.5 answers 49 to a wrong password
// and to a locked account alike (the latter with accountLocked under ppolicy_use_lockout only), 49 with passwordExpired to
// an expired one, and 0 with changeAfterReset to one that must be changed, all but the first to who knows the password.
// nullopt: an answer that says nothing about the password.
std::optional<SignIn> diagnose_open_ldap_sign_in(int code, std::optional<int> error);

// What OpenLDAP's answer to a Modify means. `error` is the control's. Fault unreachable: nothing was written, and it may
// be tried again: the server is busy or going down, or the history refuses two changes in one second (result 20: it
// names its values by the second).
Result<Diagnosis> diagnose_open_ldap(int code, std::optional<int> error, WriteKind kind);

}  // namespace wb::ldap
