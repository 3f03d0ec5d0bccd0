// Text of Have I Been Pwned's hashes in, a file for policy/breached out.
#pragma once
#include <cstdint>
#include <filesystem>

#include "core/result.hpp"
#include "policy/breached.hpp"

namespace wb::tools {

struct Compiled {
  policy::breached::Digest digest = policy::breached::Digest::sha1;
  std::uint64_t lines = 0, taken = 0, bytes = 0;
};

// Reads `in` twice (first to count), writes aside and renames: `out` is always a whole file. Only hashes that were seen
// `at_least` times. Fault malformed (detail names the line): not a list of one kind of hashes in their order.
Result<Compiled> compile_breached(const std::filesystem::path& in, const std::filesystem::path& out, std::uint64_t at_least);

}  // namespace wb::tools
