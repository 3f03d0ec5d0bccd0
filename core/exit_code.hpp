// The exit codes that a Fault decides, alike in both programs (docs/TROUBLESHOOTING.md, Exit codes). Pure.
#pragma once
#include "core/result.hpp"

namespace wb {

constexpr int exit_failed = 1, exit_disk = 74, exit_mode = 77;  // the latter: EX_IOERR, EX_NOPERM of sysexits.h

inline int exit_code_of(const Fault& fault) {
  if (fault.where == "key.mode" || fault.where == "folder.owner") return exit_mode;
  return fault.disk_full ? exit_disk : exit_failed;
}

}  // namespace wb
