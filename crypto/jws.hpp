// Signed objects: JWS compact serialisation, ES256 only (RFC 7515; RFC 7518 section 3.4), docs/PROTOCOL.md section 3.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "core/result.hpp"
#include "crypto/keys.hpp"

namespace wb::crypto {

enum class CarryKey { no,
  yes };  // whether the protected header carries `jwk`

// The protected header is exactly {"alg":"ES256","typ":typ,"kid":thumbprint[,"jwk":public]}.
Result<std::string> sign(const PrivateKey& key, std::string_view typ, std::string_view payload, CarryKey carry = CarryKey::no);

// Parsed and found well-formed, not yet believed: header members exactly the allowed ones, alg ES256, typ as asked,
// canonical base64url, a signature of 64 bytes, `jwk` present exactly when `carry` says so, on the curve and of that kid.
struct UnverifiedJws {
  std::string kid;
  std::optional<PublicKey> jwk;
  std::string payload;  // do not read before verify() said yes
  std::string signing_input, signature;
};
Result<UnverifiedJws> parse_jws(std::string_view text, std::string_view typ, CarryKey carry);

// The payload, or Fault refused (signature) / malformed. The kid must be the key's.
Result<std::string> verify(std::string_view text, std::string_view typ, const PublicKey& key);
// For objects that carry their key: its thumbprint must be `pin`.
Result<std::string> verify_pinned(std::string_view text, std::string_view typ, std::string_view pin);
// As verify_pinned, without a pin yet (first roster of a domain, enrolment): returns the key too.
struct SelfSigned {
  PublicKey key;
  std::string payload;
};
Result<SelfSigned> verify_self_signed(std::string_view text, std::string_view typ);

}  // namespace wb::crypto
