#include "ldap/keytab.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

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
  const auto self = ::geteuid();
  if (found.st_uid != self && found.st_uid != 0) return no("it is another user's: chown " + std::to_string(self));
  const bool given = found.st_uid == 0 && self != 0;
  if ((found.st_mode & (given ? 0037U : 0077U)) != 0) return no("others may read it: chmod 600");
  return KeytabStamp{found.st_ino, found.st_size, found.st_mtim.tv_sec, found.st_mtim.tv_nsec};
}

}  // namespace wb::ldap
