// Inside crypto/ only: a sealed password taken apart (docs/PROTOCOL.md section 4), nothing believed yet.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "crypto/jwe.hpp"

namespace wb::crypto {

struct SealedParts {
  struct Recipient {
    std::string kid;
    Jwk epk;
    std::string wrapped;
  };
  SealedHeader header;
  std::vector<Recipient> recipients;
  std::string protected_text;       // base64url as it came: the additional authenticated data
  std::string iv, ciphertext, tag;  // raw
};
Result<SealedParts> parse_sealed(std::string_view jwe);

constexpr std::string_view sealed_alg = "ECDH-ES+A256KW", sealed_enc = "A256GCM";
constexpr std::size_t key_bytes = 32, wrapped_bytes = key_bytes + 8, iv_bytes = 12, tag_bytes = 16;
constexpr std::size_t pad_bytes = 128, plaintext_bytes_max = 4096;  // two passwords of 256 units, every unit escaped

}  // namespace wb::crypto
