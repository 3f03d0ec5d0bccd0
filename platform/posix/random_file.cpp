#include "platform/random_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "core/os_fault.hpp"

namespace wb::platform {

Result<RandomFile> RandomFile::open(const std::filesystem::path& file) {
  const auto failed = [&file] {
    const int reason = errno;
    return os_fault(reason == ENOENT ? Fault::Kind::unreachable : Fault::Kind::internal, "file.open", file.string(), reason);
  };
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return failed();
  RandomFile opened(fd, 0);
  struct stat is {};
  if (::fstat(fd, &is) != 0) return failed();
  if (!S_ISREG(is.st_mode)) return fault(Fault::Kind::internal, "file.open", file.string() + ": not a regular file");
  (void)::posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
  opened.size_ = static_cast<std::uint64_t>(is.st_size);
  return opened;
}

RandomFile::RandomFile(RandomFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)), size_(other.size_) {}

RandomFile& RandomFile::operator=(RandomFile&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(size_, other.size_);
  return *this;
}

RandomFile::~RandomFile() {
  if (fd_ >= 0) ::close(fd_);
}

bool RandomFile::read_at(std::uint64_t offset, std::span<std::byte> out) const {
  while (!out.empty()) {
    const auto got = ::pread(fd_, out.data(), out.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    offset += static_cast<std::uint64_t>(got);
    out = out.subspan(static_cast<std::size_t>(got));
  }
  return true;
}

Result<void> sync_file(const std::filesystem::path& file) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  const bool synced = fd >= 0 && ::fsync(fd) == 0;
  const int reason = errno;
  if (fd >= 0) ::close(fd);
  if (!synced) return os_fault(Fault::Kind::internal, "file.sync", file.string(), reason);
  return {};
}

std::string file_version(const std::filesystem::path& file) {
  struct stat is {};
  if (::stat(file.c_str(), &is) != 0) return {};
  std::string out;
  for (const auto number : {static_cast<std::int64_t>(is.st_dev), static_cast<std::int64_t>(is.st_ino), static_cast<std::int64_t>(is.st_size),
           static_cast<std::int64_t>(is.st_mtim.tv_sec), static_cast<std::int64_t>(is.st_mtim.tv_nsec)})
    out += std::to_string(number) + '.';
  return out;
}

}  // namespace wb::platform
