// A file that lines are added to by one writer, whole or not at all, and that is taken aside when it is full (core/kept_file.hpp).
// Mode 0600. One that was taken away from outside is made anew; what follows a link or is no plain file is refused.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string_view>
#include <utility>
#include <vector>

#include "core/kept_file.hpp"
#include "core/result.hpp"

namespace wb::platform {

class LineFile {
 public:
  // What becomes of a last line without an end, as a crash leaves it: ended, so that the next one is a line of its own, or cut off.
  enum class Torn { ended,
    cut };
  // Fault internal "line_file.open" (detail: the file and the system's reason), refused when it is no plain file of ours.
  static Result<LineFile> open(const KeptFile& settings, Torn torn);
  LineFile(LineFile&& other) noexcept : settings_(std::move(other.settings_)), fd_(std::exchange(other.fd_, -1)), was_torn_(other.was_torn_) {}
  LineFile& operator=(LineFile&& other) noexcept {
    std::swap(settings_, other.settings_), std::swap(fd_, other.fd_), std::swap(was_torn_, other.was_torn_);
    return *this;
  }
  LineFile(const LineFile&) = delete;
  LineFile& operator=(const LineFile&) = delete;
  ~LineFile();

  bool was_torn() const { return was_torn_; }
  bool append(std::string_view line);  // without its end. False: the file is as it was (a full disk, say)
  bool sync();                         // to the disk

 private:
  LineFile() = default;
  bool rotate();
  KeptFile settings_;
  int fd_ = -1;
  bool was_torn_ = false;
};

// FILE.<kept> to FILE.1 and FILE: those that are there, the oldest first.
std::vector<std::filesystem::path> kept_files(const KeptFile& settings);
// Takes the file aside as "<file>.damaged-<seconds>". Fault internal "line_file.aside".
Result<std::filesystem::path> put_aside(const std::filesystem::path& file, std::int64_t seconds);

}  // namespace wb::platform
