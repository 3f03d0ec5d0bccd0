#include "ldap/memory.hpp"

#include <lber.h>
#include <ldap.h>
#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include "core/secret.hpp"

namespace wb::ldap {
namespace {

// The C heap knows the size of its blocks, so these may also free what was allocated before they were installed.
void* allocate(ber_len_t size, void*) { return std::malloc(size); }
void* allocate_zeroed(ber_len_t count, ber_len_t size, void*) { return std::calloc(count, size); }
void release(void* block, void*) {
  if (block) cleanse(block, ::malloc_usable_size(block));
  std::free(block);
}
// realloc() would leave the old block behind as it was: a growing request buffer is copied by hand.
void* resize(void* block, ber_len_t size, void*) {
  if (size == 0) {
    release(block, nullptr);
    return nullptr;
  }
  void* larger = std::malloc(size);
  if (larger && block) {
    std::memcpy(larger, block, std::min<std::size_t>(size, ::malloc_usable_size(block)));
    release(block, nullptr);
  }
  return larger;
}

}  // namespace

void wipe_ldap_memory() {
  static std::once_flag once;
  std::call_once(once, [] {
    static BerMemoryFunctions functions{allocate, allocate_zeroed, resize, release};
    ber_set_option(nullptr, LBER_OPT_MEMORY_FNS, &functions);
    ::setenv("LDAPNOINIT", "1", 1);
    int version = 0;
    ldap_get_option(nullptr, LDAP_OPT_PROTOCOL_VERSION, &version);  // initialises the library while we are alone
  });
}

}  // namespace wb::ldap
