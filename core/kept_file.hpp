// A file of lines that is kept small: FILE is written, FILE.1 (the youngest) to FILE.<kept> are what it was before.
#pragma once
#include <filesystem>

namespace wb {

struct KeptFile {
  std::filesystem::path file;  // empty: none
  int bytes_max = 10'485'760;  // of each
  int kept = 10;               // 1 or more
  bool operator==(const KeptFile&) const = default;
};

}  // namespace wb
