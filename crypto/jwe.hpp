// Sealed passwords: JWE general JSON serialisation, ECDH-ES+A256KW, A256GCM, P-256 (RFC 7516 section 7.2.1, RFC 7518
// sections 4.6, 4.4, 5.3), the narrow profile of docs/PROTOCOL.md section 4, on OpenSSL EVP.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "core/secret.hpp"
#include "crypto/keys.hpp"
#include "protocol/messages.hpp"

namespace wb::crypto {

struct SealedHeader {
  protocol::SealBinding binding;
  std::vector<std::string> kids;  // recipients, in order; distinct
};
// Parses without any private key: everything the profile can check (members, sizes, base64url, distinct kids).
// Fault malformed.
Result<SealedHeader> read_sealed(std::string_view jwe);

// The plaintext for our key. Fault refused when no recipient is ours (detail "recipient") or the tag or the wrapped key
// does not verify (detail "decrypt"); malformed as read_sealed.
Result<Secret> open_sealed(std::string_view jwe, const PrivateKey& ours);

// Seals; the agent never does this, tests, benches and C++ clients do. 1 to 32 distinct recipients.
Result<std::string> seal(const std::vector<PublicKey>& recipients, const protocol::SealBinding& binding, const Secret& plaintext);

// The passwords inside the plaintext of section 4. Never copied into an ordinary string. Fault malformed whose detail is
// a reason of section 5 where the password itself is wrong (empty, too_long, not_unicode), and "json" otherwise.
struct SealedPasswords {
  Secret pw;
  std::optional<Secret> old;
};
Result<SealedPasswords> read_passwords(const Secret& plaintext);
// {"pw":...,"old":...,"pad":...} padded to a multiple of 128 bytes; `old`: of a change.
Secret make_plaintext(const Secret& pw, const Secret* old = nullptr);

}  // namespace wb::crypto
