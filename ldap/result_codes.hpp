// Result codes of LDAP that we tell apart (RFC 4511 section 4.1.9; assertionFailed: RFC 4528 section 4). libldap has them as
// macros, and its header stays behind the connection.
#pragma once

namespace wb::ldap {

enum ResultCode : int {
  success = 0,
  size_limit_exceeded = 4,
  strong_auth_required = 8,
  referral = 10,
  unavailable_critical = 12,
  confidentiality_required = 13,
  no_such_attribute = 16,
  constraint_violation = 19,
  value_exists = 20,
  no_such_object = 32,
  invalid_dn = 34,
  invalid_credentials = 49,
  insufficient_rights = 50,
  unwilling = 53,
  object_class_violation = 65,
  assertion_failed = 122,
};

}  // namespace wb::ldap
