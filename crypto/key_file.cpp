// Files with private keys: 0600, ours or root's, never seen in half, never overwritten.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "core/file_privacy.hpp"
#include "core/ids.hpp"
#include "core/os_fault.hpp"
#include "crypto/key_file.hpp"

namespace wb::crypto {
namespace {
constexpr std::size_t file_bytes_max = 16 * 1024;  // a P-256 key is 241

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }

 private:
  int fd_;
};

Fault failed(Fault::Kind kind, const char* where, const std::filesystem::path& file) { return os_fault(kind, where, file.string(), errno); }

// A file that is its folder's owner's is where it belongs: root who took it would take it from the program that runs as that user.
std::string mend_of_owner(uid_t owner, const std::filesystem::path& file) {
  struct stat folder {};
  const auto above = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  if (::stat(above.c_str(), &folder) == 0 && folder.st_uid == owner) return "run as that user: runuser -u \"$(id -nu " + std::to_string(owner) + ")\" -- ...";
  return "mend it with: chown " + std::to_string(::geteuid()) + " " + file.string();
}

// Only the file's owner may read it, and that is us or root: anyone else who could read it holds the key too.
Result<void> check_private(int fd, const std::filesystem::path& file) {
  struct stat s {};
  if (::fstat(fd, &s) != 0) return failed(Fault::Kind::internal, "key.load", file);
  if (!S_ISREG(s.st_mode)) return fault(Fault::Kind::refused, "key.load", file.string() + ": not a regular file");
  switch (file_privacy(s.st_uid, s.st_mode, ::geteuid(), RootsGroup::may_not)) {
    case FilePrivacy::kept: break;
    case FilePrivacy::foreign: return fault(Fault::Kind::refused, "key.mode", file.string() + ": owned by another user; " + mend_of_owner(s.st_uid, file));
    case FilePrivacy::open: return fault(Fault::Kind::refused, "key.mode", file.string() + ": others may read it; mend it with: chmod 600 " + file.string());
  }
  return {};
}

Result<Secret> read_all(int fd, const std::filesystem::path& file) {
  auto text = Secret::of_size(file_bytes_max);
  std::size_t used = 0;
  while (used < file_bytes_max) {
    const auto got = text.expose_mutable([&](std::span<char> room) { return ::read(fd, room.data() + used, room.size() - used); });
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed(Fault::Kind::internal, "key.load", file);
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
  }
  if (used == file_bytes_max) return fault(Fault::Kind::malformed, "key.load", file.string() + ": too large for a key");
  text.truncate(used);
  return text;
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto put = ::write(fd, text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

// A name that exists is never replaced, not even when two of us start at once.
int rename_fresh(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return -1;
  return ::link(from.c_str(), to.c_str());  // file systems without the flag; the aside name is removed by the caller
}

}  // namespace

Result<Secret> read_private(const std::filesystem::path& file) {
  const Descriptor fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));  // a FIFO must not hang us
  if (!fd.ok()) return failed(errno == ENOENT ? Fault::Kind::unreachable : Fault::Kind::refused, "key.load", file);
  if (auto checked = check_private(fd.get(), file); checked.has_error()) return checked.error();
  return read_all(fd.get(), file);
}

Result<void> write_fresh(const std::filesystem::path& file, const Secret& text) {
  const auto dir = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  const auto aside = dir / ("." + file.filename().string() + "." + new_ulid());
  const Descriptor fd(::open(aside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.ok()) return failed(Fault::Kind::internal, "key.save", file);
  const bool written = text.expose([&](std::string_view all) { return write_all(fd.get(), all); }) && ::fsync(fd.get()) == 0;
  const bool named = written && rename_fresh(aside, file) == 0;
  const int why = errno;
  ::unlink(aside.c_str());  // gone already after a rename
  errno = why;
  if (!named && written && why == EEXIST) return fault(Fault::Kind::refused, "key.save", file.string() + ": exists; a key is never overwritten");
  if (!named) return failed(Fault::Kind::internal, "key.save", file);
  const Descriptor folder(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.ok() || ::fsync(folder.get()) != 0) return failed(Fault::Kind::internal, "key.save", dir);
  return {};
}

}  // namespace wb::crypto
