// base64url without padding (RFC 4648 section 5), as JOSE uses it (RFC 7515 section 2).
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace wb {

std::string base64url(std::string_view bytes);
// The other alphabet, padded (RFC 4648 section 4): what mail, LDIF and Content-Security-Policy want.
std::string base64(std::string_view bytes);
// Strict: no padding, no other characters, no stray bits at the end. nullopt for anything else, so that one byte
// string has exactly one spelling.
std::optional<std::string> from_base64url(std::string_view text);

}  // namespace wb
