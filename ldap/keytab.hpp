// The service account's keytab, as a file: whether it may be believed to be nobody else's, and whether it has changed.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <filesystem>

#include "core/result.hpp"

namespace wb::ldap {

struct KeytabStamp {  // another one: the file was replaced or written
  ino_t inode = 0;
  off_t size = 0;
  std::int64_t seconds = 0, nanoseconds = 0;
  bool operator==(const KeytabStamp&) const = default;
};

// Fault refused at "kerberos.keytab": not there, not a file, empty, over 1 MiB, not ours or root's, or open to others (the detail
// says the chmod or chown that mends it). Group-readable is only what root gives us: a systemd credential is such a file.
Result<KeytabStamp> check_keytab(const std::filesystem::path& file);

}  // namespace wb::ldap
