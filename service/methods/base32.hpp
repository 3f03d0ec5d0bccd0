// Base32 (RFC 4648 section 6) without padding, as authenticator apps want their secrets.
#pragma once
#include <string_view>

#include "core/secret.hpp"

namespace wb::service {

// 20 bytes are 32 characters. What is encoded here is a secret, and so is its text.
Secret base32(const Secret& bytes);

}  // namespace wb::service
