#include "platform/line_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

namespace wb::platform {
namespace {
namespace fs = std::filesystem;

constexpr off_t tail_bytes = 128 * 1024;  // no line of ours is longer

fs::path numbered(const fs::path& file, int number) { return number == 0 ? file : fs::path(file.string() + "." + std::to_string(number)); }

// -1 with errno. O_NONBLOCK: a FIFO must not hang us.
int opened(const fs::path& file, int more = 0) { return ::open(file.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | more, 0600); }

bool write_whole(int fd, off_t size, const std::string& line) {
  std::size_t at = 0;
  while (at < line.size()) {
    const auto done = ::write(fd, line.data() + at, line.size() - at);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) {
      if (at > 0) (void)!::ftruncate(fd, size);
      return false;
    }
    at += static_cast<std::size_t>(done);
  }
  return true;
}

// Where the last line that has an end ends; the file's size where all have, -1 where it can't be read.
off_t end_of_lines(int fd, off_t size) {
  std::array<char, 4096> some{};
  for (off_t to = size; to > 0;) {
    const off_t from = to > static_cast<off_t>(some.size()) ? to - static_cast<off_t>(some.size()) : 0;
    const auto count = ::pread(fd, some.data(), static_cast<std::size_t>(to - from), from);
    if (count != to - from) return -1;
    for (auto i = count; i > 0; --i)
      if (some[static_cast<std::size_t>(i - 1)] == '\n') return from + i;
    to = from;
    if (size - to > tail_bytes) return size;  // no file of ours: whoever reads it says so
  }
  return 0;
}

}  // namespace

Result<LineFile> LineFile::open(const KeptFile& settings, Torn torn) {
  LineFile made;
  made.settings_ = settings;
  made.fd_ = opened(settings.file);
  const auto no = [&](Fault::Kind kind, const std::string& why) { return fault(kind, "line_file.open", settings.file.string() + ": " + why); };
  struct stat its {};
  if (made.fd_ < 0 || ::fstat(made.fd_, &its) != 0) return no(Fault::Kind::internal, std::strerror(errno));
  if (!S_ISREG(its.st_mode) || its.st_uid != ::geteuid()) return no(Fault::Kind::refused, "not a plain file of ours");
  if ((its.st_mode & 0177) != 0 && ::fchmod(made.fd_, 0600) != 0) return no(Fault::Kind::internal, std::strerror(errno));
  const auto end = end_of_lines(made.fd_, its.st_size);
  made.was_torn_ = end != its.st_size;
  const bool mended = end >= 0 && (!made.was_torn_ || (torn == Torn::cut ? ::ftruncate(made.fd_, end) == 0 : write_whole(made.fd_, its.st_size, "\n")));
  if (!mended) return no(Fault::Kind::internal, std::strerror(errno));
  return made;
}

LineFile::~LineFile() {
  if (fd_ >= 0) ::close(fd_);
}

bool LineFile::append(std::string_view line) {
  struct stat its {};
  if (::fstat(fd_, &its) != 0) return false;
  const bool gone = its.st_nlink == 0, full = its.st_size > 0 && its.st_size + static_cast<off_t>(line.size()) + 1 > settings_.bytes_max;
  if (!gone && full && !rotate()) return false;
  if (gone || full) {
    const int next = opened(settings_.file);
    if (next < 0) return false;
    ::close(std::exchange(fd_, next));
    if (::fstat(fd_, &its) != 0) return false;
  }
  return write_whole(fd_, its.st_size, std::string(line) + "\n");
}

bool LineFile::sync() { return ::fdatasync(fd_) == 0; }

bool LineFile::rotate() {
  for (int number = settings_.kept - 1; number >= 0; --number)
    if (::rename(numbered(settings_.file, number).c_str(), numbered(settings_.file, number + 1).c_str()) != 0 && errno != ENOENT) return false;
  return true;
}

std::vector<fs::path> kept_files(const KeptFile& settings) {
  std::vector<fs::path> found;
  std::error_code ignored;
  for (int number = settings.kept; number >= 0; --number)
    if (auto file = numbered(settings.file, number); fs::is_regular_file(file, ignored)) found.push_back(std::move(file));
  return found;
}

Result<fs::path> put_aside(const fs::path& file, std::int64_t seconds) {
  fs::path aside = file.string() + ".damaged-" + std::to_string(seconds);
  for (int more = 1; fs::exists(aside) && more < 100; ++more) aside = file.string() + ".damaged-" + std::to_string(seconds) + "-" + std::to_string(more);
  std::error_code failed;
  fs::rename(file, aside, failed);
  if (failed) return fault(Fault::Kind::internal, "line_file.aside", file.string() + ": " + failed.message());
  return aside;
}

}  // namespace wb::platform
