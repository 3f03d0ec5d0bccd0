#include "ldap/keytab.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "core/file_privacy.hpp"
#include "platform/process.hpp"

namespace wb::ldap {

Result<KeytabStamp> check_keytab(const std::filesystem::path& file) {
  constexpr off_t largest = 1024 * 1024;
  const auto no = [&](const std::string& why) { return fault(Fault::Kind::refused, "kerberos.keytab", file.string() + ": " + why); };
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a FIFO must not hang us
  if (descriptor < 0) return no(std::generic_category().message(errno));
  struct stat found {};
  const bool known = ::fstat(descriptor, &found) == 0;
  ::close(descriptor);
  if (!known || !S_ISREG(found.st_mode)) return no("not a file");
  if (found.st_size == 0 || found.st_size > largest) return no("not a keytab");
  switch (file_privacy(found.st_uid, found.st_mode, ::geteuid(), RootsGroup::may_read)) {
    case FilePrivacy::kept: break;
    case FilePrivacy::foreign: return no("it is another user's: " + (::geteuid() == 0 ? "run it as its owner: " + platform::command_as(found.st_uid) + " ..." : "chown " + std::to_string(::geteuid())));
    case FilePrivacy::open: return no("others may read it: chmod 600");
  }
  return KeytabStamp{found.st_ino, found.st_size, found.st_mtim.tv_sec, found.st_mtim.tv_nsec};
}

}  // namespace wb::ldap
