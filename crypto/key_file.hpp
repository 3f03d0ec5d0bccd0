// Inside crypto/ only: files that hold a private key.
#pragma once
#include <filesystem>

#include "core/result.hpp"
#include "core/secret.hpp"

namespace wb::crypto {

// The text of a regular file of mode 0600 that is ours or root's. Faults as PrivateKey::load; internal when reading fails.
Result<Secret> read_private(const std::filesystem::path& file);
// Creates the file 0600: written aside, synced, renamed; never overwrites (Fault refused).
Result<void> write_fresh(const std::filesystem::path& file, const Secret& text);

}  // namespace wb::crypto
