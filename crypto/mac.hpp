// HMAC-SHA-256 (RFC 2104, FIPS 180-4), for what this service signs for itself alone: challenges, device tokens, and names that
// shall not stand in the database as they are. Keys come from Vault::derived(), one for each purpose.
#pragma once
#include <string>
#include <string_view>

#include "core/secret.hpp"

namespace wb::crypto {

std::string hmac_sha256(const Secret& key, std::string_view text);  // 32 raw bytes
std::string hmac_sha1(const Secret& key, std::string_view text);    // 20; for TOTP alone: it is what authenticator apps speak
// In a time that depends on the lengths alone.
bool same_bytes(std::string_view a, std::string_view b);
std::string hex(std::string_view bytes);  // lower case

}  // namespace wb::crypto
