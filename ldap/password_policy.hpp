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
#include "protocol/messages.hpp"

namespace wb::ldap {

constexpr std::string_view policy_control = "1.3.6.1.4.1.42.2.27.8.5.1";

struct PolicyRules {
  protocol::PasswordPolicy shown;  // history and ages bind a reset, too; complexity is always false: nobody can ask a module
  bool lockout = false;            // without it the overlay sets no locks and heeds none; shown.lockout_threshold is 0 then
  std::int64_t lockout_s = 0;      // how long a lock lasts; 0: until somebody ends it
  bool must_change = false;        // pwdReset is heeded: without pwdMustChange it is an attribute like any other
  bool dates_changes = true;       // 389 DS: passwordTrackUpdateTime, without which nothing tells of others' changes
  bool may_change = true;          // pwdAllowUserChange; the overlay asks it of nobody but the account itself
};
std::vector<std::string> policy_rule_attributes();
// Of a pwdPolicy entry. nullopt: it is none, or unreadable.
std::optional<PolicyRules> rules_from(const Entry& entry);

// The error in the value of a response control (draft section 6.2); nullopt: none, or not such a value.
std::optional<int> policy_error(std::string_view value);
std::optional<int> policy_error_in(const std::vector<Control>& controls);

// What OpenLDAP's answer to a Modify means. `error` is the control's. A wrong old password is 53 with the error
// mustSupplyOldPassword (4), the very one that a reset gets under pwdSafeModify. Fault unreachable: nothing was written, and it may
// be tried again: the server is busy or going down, or the history refuses two changes in one second (result 20: it
// names its values by the second).
Result<Diagnosis> diagnose_open_ldap(int code, std::optional<int> error, WriteKind kind);

// The same of an answer to a Password Modify (RFC 3062). A wrong old password, and one that we may not compare, are both 53
// without a control: old_password_wrong, for the caller to look into.
Result<Diagnosis> diagnose_password_modify(int code, std::optional<int> error, WriteKind kind);

// What a sign-in came to. A wrong password, a locked account and one that is not active are 49 without a word, unless the
// server says `ppolicy_use_lockout`: then the error accountLocked (1), whatever the password. Expired (0, with 49) and
// must-change (2, with success) are told to those alone who know the password. A sign-in by grace is one.
// nullopt: an answer that says nothing about the password.
std::optional<SignIn> diagnose_open_ldap_sign_in(int code, std::optional<int> error);

}  // namespace wb::ldap
