#include "ldap/memory.hpp"

#include <ldap.h>
#include <malloc.h>

#include <cstdlib>
#include <mutex>

namespace wb::ldap {

void wipe_ldap_memory() {
  static std::once_flag once;
  std::call_once(once, [] {
    // liblber has hooks for allocators (LBER_OPT_MEMORY_FNS), but libldap's request buffers never go through them: it
    // passes no memory context, and then liblber calls plain free().
    ::mallopt(M_PERTURB, 0x5A);
    ::setenv("LDAPNOINIT", "1", 1);
    int version = 0;
    ldap_get_option(nullptr, LDAP_OPT_PROTOCOL_VERSION, &version);  // initialises the library while we are alone
  });
}

}  // namespace wb::ldap
