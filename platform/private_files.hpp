// Small files that only we may read: identity, tokens. (Private keys have their own rules in crypto/keys.)
#pragma once
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "core/result.hpp"
#include "core/secret.hpp"

namespace wb::platform {

// The folder exists afterwards, is ours (or root's, when we are root) and closed to everybody else. A folder that is
// already there is never changed: Fault refused, detail says the chmod or chown that mends it. Else Fault internal.
Result<void> private_folder(const std::filesystem::path& folder);

// For who is about to read or write in the folder: it is ours. Of a folder that is not there, and we are root: so is the one that it would be
// made in, or everybody's. Else Fault refused "folder.owner", whose detail is the command that does it as its owner; root's files there its owner can't read.
Result<void> run_by_owner(const std::filesystem::path& folder);

// Replaces the file as a whole or not at all: written aside with mode 0600, synced, renamed, folder synced.
// Fault internal "file.write" (detail: the system's reason).
Result<void> write_private_file(const std::filesystem::path& file, std::string_view text);

// Fault unreachable when there is no such file, exhausted beyond `limit` bytes, internal else; where "file.read".
Result<std::string> read_file(const std::filesystem::path& file, std::size_t limit = 64 * 1024);

// A new file (0600, synced) with the same bytes, whatever their number. Fault refused "file.copy" when `to` is there, unreachable when
// `from` is not, internal else; what was begun is taken away.
Result<void> copy_private_file(const std::filesystem::path& from, const std::filesystem::path& to);

// A password: the first line, at most 1 KiB, without its line end. Fault refused at `where`: unreadable, empty, somebody else's
// (root's is as good as ours, also where root lets our group read it, as a systemd credential), or open to others.
Result<Secret> read_private_line(const std::filesystem::path& file, std::string_view where);

// Fault refused at `where` (detail: what mends it) by the same rule. What can't be looked at is no Fault: who opens the file says why.
Result<void> kept_from_others(const std::filesystem::path& file, std::string_view where);

// Fault refused "file.owner" or "file.mode" (detail: the command that mends it) when others than root and this user may change it,
// a folder: what is in it. Unreachable when it is not there.
Result<void> kept_from_change(const std::filesystem::path& path);
// Fault unreachable "file.write" (detail: the system's reason) when this user may not write to the file, or in the folder.
Result<void> may_write(const std::filesystem::path& path);

// Held by one process at a time, and given back with its end, however that comes. The file (made where it is missing) says nothing.
class FileLock {
 public:
  // Fault refused "file.lock" when another one holds it for all of `patience`; internal else.
  static Result<FileLock> take(const std::filesystem::path& file, std::chrono::milliseconds patience = {});
  FileLock() = default;
  FileLock(FileLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileLock& operator=(FileLock&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock();

 private:
  int fd_ = -1;
};

}  // namespace wb::platform
