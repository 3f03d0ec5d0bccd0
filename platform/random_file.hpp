// A large read-only file that is read a little here and there: what the breached-password check looks up in.
//
// Read, not mapped: a file that was cut short or whose disk fails is then a read that fails, and not a SIGBUS that ends the
// agent in the middle of somebody's write. The page cache holds what is hot either way, and two reads cost microseconds.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "core/result.hpp"

namespace wb::platform {

class RandomFile {
 public:
  // Fault unreachable when there is no such file, internal else; where "file.open".
  static Result<RandomFile> open(const std::filesystem::path& file);
  RandomFile(RandomFile&& other) noexcept;
  RandomFile& operator=(RandomFile&& other) noexcept;
  RandomFile(const RandomFile&) = delete;
  RandomFile& operator=(const RandomFile&) = delete;
  ~RandomFile();

  // Fills all of `out` or returns false. From any thread.
  bool read_at(std::uint64_t offset, std::span<std::byte> out) const;
  std::uint64_t size() const { return size_; }  // when it was opened

 private:
  RandomFile(int fd, std::uint64_t size) : fd_(fd), size_(size) {}
  int fd_ = -1;
  std::uint64_t size_ = 0;
};

// What was written to the file is on the disk. Fault internal "file.sync".
Result<void> sync_file(const std::filesystem::path& file);

// Tells one content of a file from the next without reading it: which file it is, its size and when it was written.
// Empty: it can't be looked at.
std::string file_version(const std::filesystem::path& file);

}  // namespace wb::platform
