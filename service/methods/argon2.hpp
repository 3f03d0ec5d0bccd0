// Argon2id (RFC 9106) through libargon2, with the parameters in one place.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace wb::service {

// OWASP's Password Storage Cheat Sheet: 19 MiB, 2 passes, 1 lane. Tests take less.
struct Argon2Cost {
  std::uint32_t memory_kib = 19 * 1024;
  std::uint32_t passes = 2;
};

// "$argon2id$v=19$m=19456,t=2,p=1$...": 16 random bytes of salt, 32 of hash. Blocks for as long as it costs (tens of
// milliseconds): on a pool. Fault internal "argon2.hash": no memory.
Result<std::string> argon2id(std::string_view secret, const Argon2Cost& cost = {});

// Whether it was made from that secret, with whatever cost it says itself, up to 64 MiB and 8 passes; libargon2 compares in
// constant time. Anything that is no such text: false, after the work of one at `cost`, so that it takes as long.
bool argon2id_fits(const std::string& encoded, std::string_view secret, const Argon2Cost& cost = {});

}  // namespace wb::service
