// Another program, run for what it prints. Blocking; command lines alone do this.
#pragma once
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "core/result.hpp"

namespace wb::platform {

// Its standard output, at most `bytes_max` of it; it reads nothing, what it says on standard error is lost, and its environment is LC_ALL=C alone. No
// shell and no PATH: `program` is a path. It is killed at `limit`, and when it says more. Fault unreachable "program.start" when there is none that may
// be run, timed_out and exhausted "program.run", refused "program.run" when it did not end with 0 (detail has the code, or the signal).
Result<std::string> run_program(const std::filesystem::path& program, const std::vector<std::string>& arguments, std::chrono::milliseconds limit, std::size_t bytes_max);

}  // namespace wb::platform
