// The value of slapo-ppolicy's response control, and what it makes of the result beside it.
#include "ldap/diagnose.hpp"
#include "ldap/password_policy.hpp"
#include "tests/fuzz/target.hpp"

namespace wb::fuzz {

void run(std::string_view input) {
  const auto error = ldap::policy_error(input);
  if (error) hold(*error >= 0 && *error <= 127, "one byte of an ENUMERATED");
  for (const int code : {0, 19, 49, 53}) {
    (void)ldap::diagnose_open_ldap(code, error, ldap::WriteKind::change);
    (void)ldap::diagnose_open_ldap_sign_in(code, error);
  }
}

}  // namespace wb::fuzz
