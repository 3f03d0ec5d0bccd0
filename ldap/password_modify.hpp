// The Password Modify operation (RFC 3062): its value. Pure.
#pragma once
#include <string_view>

#include "core/secret.hpp"

namespace wb::ldap {

constexpr std::string_view password_modify_oid = "1.3.6.1.4.1.4203.1.11.1";

// PasswdModifyRequestValue (RFC 3062 section 2) in BER: SEQUENCE { [0] userIdentity, [1] oldPasswd, [2] newPasswd }.
// `dn` is the userIdentity; `old_utf8` is left away where there is none (an administrator's reset).
Secret password_modify_value(std::string_view dn, const Secret& new_utf8, const Secret* old_utf8);

}  // namespace wb::ldap
