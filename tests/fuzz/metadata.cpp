// replPropertyMetaData.
#include "ldap/metadata.hpp"

#include "tests/fuzz/target.hpp"

namespace wb::fuzz {

void run(std::string_view input) {
  for (const auto attid : {ldap::attid_unicode_pwd, ldap::attid_admin_display_name, 0U}) {
    const auto found = ldap::attribute_metadata(input, attid);
    if (found) hold(input.size() >= 16 && (found->version == 0 || input.size() >= 64), "nothing comes from nowhere");
  }
  (void)ldap::attid_from_oid(input);
}

}  // namespace wb::fuzz
