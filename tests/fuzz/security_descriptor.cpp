// nTSecurityDescriptor, read and written back.
#include "ldap/security_descriptor.hpp"

#include "tests/fuzz/target.hpp"

namespace wb::fuzz {

void run(std::string_view input) {
  const auto read = ldap::parse_security_descriptor(input);
  if (!read) return;
  for (const auto& ace : read->dacl) (void)ldap::sddl(ace);
  const auto written = ldap::dacl_bytes(*read);
  if (!written) return;
  const auto again = ldap::parse_security_descriptor(*written);
  hold(again.has_value() && again->dacl.size() == read->dacl.size(), "what is written back is read as the same list");
  for (std::size_t i = 0; i < read->dacl.size(); ++i) hold(again->dacl[i].bytes == read->dacl[i].bytes, "entry by entry, byte by byte");
}

}  // namespace wb::fuzz
