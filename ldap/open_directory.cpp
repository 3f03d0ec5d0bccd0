#include "ldap/active_directory.hpp"
#include "ldap/memory.hpp"
#include "ldap/open_ldap.hpp"

namespace wb::ldap {

std::unique_ptr<Directory> open_directory(const Settings& settings) {
  wipe_ldap_memory();
  switch (settings.type) {
    case DirectoryType::openldap:
    case DirectoryType::ds389: return std::make_unique<OpenLdap>(settings);
    case DirectoryType::active_directory: break;
  }
  return std::make_unique<ActiveDirectory>(settings);
}

}  // namespace wb::ldap
