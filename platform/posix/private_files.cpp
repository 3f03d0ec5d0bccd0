#include "platform/private_files.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>
#include <thread>
#include <utility>

#include "core/file_privacy.hpp"
#include "core/os_fault.hpp"
#include "platform/process.hpp"

namespace wb::platform {
namespace {

class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

Fault failed(std::string where, const std::filesystem::path& file) {
  const int reason = errno;
  const auto kind = reason == ENOENT ? Fault::Kind::unreachable : Fault::Kind::internal;
  return os_fault(kind, std::move(where), file.string(), reason);
}

bool write_some(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto done = ::write(fd, text.data(), text.size());
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(done));
  }
  return true;
}
bool write_all(int fd, std::string_view text) { return write_some(fd, text) && ::fsync(fd) == 0; }

File open_to_read(const std::filesystem::path& file) { return File(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)); }  // a FIFO must not hang us

Fault refused(std::string_view where, const std::filesystem::path& file, const std::string& why) {
  return fault(Fault::Kind::refused, std::string(where), file.string() + why);
}

Result<Secret> first_line(const File& in, const std::filesystem::path& file, std::string_view where) {
  auto line = Secret::of_size(1024);
  ssize_t count = 0;
  const auto length = line.expose_mutable([&](std::span<char> buffer) {
    count = ::read(in.get(), buffer.data(), buffer.size());
    const std::string_view text(buffer.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
    return std::min(text.find_first_of("\r\n"), text.size());
  });
  if (length == 0) return refused(where, file, count < 0 ? " cannot be read" : " is empty");
  line.truncate(length);
  return line;
}

Fault of_another(const std::filesystem::path& folder, uid_t owner) {
  return fault(Fault::Kind::refused, "folder.owner", folder.string() + " belongs to another user; run it as its owner: " + command_as(owner) + " ..." + (::geteuid() == 0 ? "" : ", or chown it"));
}
// Root who takes a file to himself takes it away from the program that runs as its owner.
std::string mend_of_owner(const std::filesystem::path& file, uid_t owner) {
  if (::geteuid() == 0) return "run it as its owner: " + command_as(owner) + " ...";
  return "chown " + std::to_string(::geteuid()) + " " + file.string();
}

Result<void> judged(const struct stat& is, const std::filesystem::path& file, std::string_view where) {
  switch (file_privacy(is.st_uid, is.st_mode, ::geteuid(), RootsGroup::may_read)) {
    case FilePrivacy::kept: break;
    case FilePrivacy::foreign: return refused(where, file, " belongs to another user; " + mend_of_owner(file, is.st_uid));
    case FilePrivacy::open: return refused(where, file, " is open to others; chmod 600 " + file.string());
  }
  return {};
}

}  // namespace

Result<void> private_folder(const std::filesystem::path& folder) {
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return failed("folder.make", folder);
  struct stat is {};
  if (::stat(folder.c_str(), &is) != 0) return failed("folder.make", folder);
  if (!S_ISDIR(is.st_mode)) return fault(Fault::Kind::refused, "folder.make", folder.string() + " is not a folder");
  if (is.st_uid != ::geteuid()) return of_another(folder, is.st_uid);
  if (is.st_mode & 077) return fault(Fault::Kind::refused, "folder.mode", folder.string() + " is open to others; chmod 700 " + folder.string());
  return {};
}

Result<void> run_by_owner(const std::filesystem::path& folder) {
  struct stat is {};
  if (::stat(folder.c_str(), &is) == 0) return is.st_uid == ::geteuid() ? Result<void>() : of_another(folder, is.st_uid);
  const auto above = folder.has_parent_path() ? folder.parent_path() : std::filesystem::path(".");
  if (::geteuid() != 0 || ::stat(above.c_str(), &is) != 0 || is.st_uid == 0) return {};
  if ((is.st_mode & S_IWOTH) != 0) return {};  // as /tmp, which is nobody's own, and which a user namespace shows as another's
  return of_another(above, is.st_uid);
}

Result<void> write_private_file(const std::filesystem::path& file, std::string_view text) {
  auto aside = file;
  aside += ".new";
  {
    const File out(::open(aside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!out || ::fchmod(out.get(), 0600) != 0 || !write_all(out.get(), text)) {
      const auto why = failed("file.write", aside);
      ::unlink(aside.c_str());
      return why;
    }
  }
  if (::rename(aside.c_str(), file.c_str()) != 0) return failed("file.write", file);
  const File folder(::open(file.parent_path().empty() ? "." : file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder || ::fsync(folder.get()) != 0) return failed("file.write", file);
  return {};
}

Result<std::string> read_file(const std::filesystem::path& file, std::size_t limit) {
  const File in(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!in) return failed("file.read", file);
  // Room for what the file says it holds, and more as it comes: limits are far above what most files have, and the room stays with the text.
  struct stat about {};
  const auto told = ::fstat(in.get(), &about) == 0 && about.st_size > 0 ? static_cast<std::size_t>(about.st_size) : std::size_t{4096};
  std::string text(std::min(limit, told) + 1, '\0');
  std::size_t size = 0;
  for (;;) {
    const auto got = ::read(in.get(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed("file.read", file);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
    if (size > limit) break;
    if (size == text.size()) text.resize(std::min(limit + 1, 2 * size));
  }
  if (size > limit) return fault(Fault::Kind::exhausted, "file.read", file.string() + ": more than " + std::to_string(limit) + " bytes");
  text.resize(size);
  return text;
}

Result<void> copy_private_file(const std::filesystem::path& from, const std::filesystem::path& to) {
  const auto in = open_to_read(from);
  if (!in) return failed("file.copy", from);
  const File out(::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!out && errno == EEXIST) return refused("file.copy", to, ": is there already");
  if (!out) return failed("file.copy", to);
  std::string piece(256 * 1024, '\0');
  for (;;) {
    const auto got = ::read(in.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got > 0 && write_some(out.get(), std::string_view(piece).substr(0, static_cast<std::size_t>(got)))) continue;
    if (got == 0 && ::fsync(out.get()) == 0) return {};
    auto why = failed("file.copy", got < 0 ? from : to);
    ::unlink(to.c_str());
    return why;
  }
}

Result<Secret> read_private_line(const std::filesystem::path& file, std::string_view where) {
  const auto in = open_to_read(file);
  if (!in) return refused(where, file, std::string(": ") + std::strerror(errno));
  struct stat is {};
  if (::fstat(in.get(), &is) != 0 || !S_ISREG(is.st_mode)) return refused(where, file, " is not a file");
  if (auto kept = judged(is, file, where); !kept) return kept.error();
  return first_line(in, file, where);
}

Result<void> kept_from_others(const std::filesystem::path& file, std::string_view where) {
  struct stat is {};
  return ::stat(file.c_str(), &is) == 0 ? judged(is, file, where) : Result<void>();
}

Result<void> kept_from_change(const std::filesystem::path& path) {
  struct stat is {};
  if (::stat(path.c_str(), &is) != 0) return fault(Fault::Kind::unreachable, "file.owner", path.string() + ": " + std::strerror(errno));
  const bool sticky = S_ISDIR(is.st_mode) && (is.st_mode & S_ISVTX) != 0;  // as /tmp: nobody replaces another one's file
  if ((is.st_mode & 022) != 0 && !sticky) return fault(Fault::Kind::refused, "file.mode", "chmod go-w " + path.string());
  if (is.st_uid != 0 && is.st_uid != ::geteuid()) return fault(Fault::Kind::refused, "file.owner", "chown root " + path.string());
  return {};
}

Result<void> may_write(const std::filesystem::path& path) {
  if (::access(path.c_str(), W_OK) == 0) return {};
  return fault(Fault::Kind::unreachable, "file.write", path.string() + ": " + std::strerror(errno));
}

Result<FileLock> FileLock::take(const std::filesystem::path& file, std::chrono::milliseconds patience) {
  FileLock lock;
  lock.fd_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (lock.fd_ < 0) return failed("file.lock", file);
  const auto until = std::chrono::steady_clock::now() + patience;
  while (::flock(lock.fd_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return failed("file.lock", file);
    if (std::chrono::steady_clock::now() >= until) return fault(Fault::Kind::refused, "file.lock", file.string() + ": held by another process");
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return lock;
}

FileLock::~FileLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace wb::platform
