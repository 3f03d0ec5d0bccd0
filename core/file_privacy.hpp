// Whether a file with a secret is kept from others, by its owner and mode (as stat(2) tells them): one rule for keys, keytabs and
// passwords. Pure.
#pragma once
#include <cstdint>

namespace wb {

enum class FilePrivacy { kept,
  foreign,  // somebody else's: he could change it
  open };   // others may read or write it

// What root lets our group read is given to us on purpose: systemd's credentials show their access list (for one user) as 0440.
enum class RootsGroup { may_read,
  may_not };

// `self`: the effective user. Root's files are as good as ours.
constexpr FilePrivacy file_privacy(std::uint32_t owner, std::uint32_t mode, std::uint32_t self, RootsGroup group) {
  if (owner != self && owner != 0) return FilePrivacy::foreign;
  const bool given = group == RootsGroup::may_read && owner == 0 && self != 0;
  return (mode & (given ? 0037U : 0077U)) == 0 ? FilePrivacy::kept : FilePrivacy::open;
}

}  // namespace wb
