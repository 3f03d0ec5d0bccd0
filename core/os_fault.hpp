// The Fault of a call of the operating system that failed.
#pragma once
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/result.hpp"

namespace wb {

// `what`: the file, mostly. `why`: its errno, taken before anything else could change it.
inline Fault os_fault(Fault::Kind kind, std::string where, const std::string& what, int why) {
  auto made = fault(kind, std::move(where), (what.empty() ? std::string() : what + ": ") + std::strerror(why));
  made.disk_full = why == ENOSPC;
  return made;
}

}  // namespace wb
