// HMAC (RFC 2104), comparison without a clock in it, and fair dice: what the methods share.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "core/secret.hpp"

namespace wb::service {

enum class HmacDigest { sha1,  // for TOTP alone: it is what authenticator apps speak
  sha256 };
// 20 or 32 bytes. Aborts when OpenSSL can't: nothing safe can follow.
std::string hmac(HmacDigest digest, const Secret& key, std::string_view data);

// Takes as long for equal as for different texts of one length. The lengths themselves are no secret.
bool equal_in_constant_time(std::string_view a, std::string_view b);

// 0 to bound - 1, each as likely as the others (rejection, no modulo). bound > 0.
std::uint32_t fair_random(std::uint32_t bound);

}  // namespace wb::service
