// What a browser keeps after a reset or a sign-in that succeeded there: "this device was this account's before". It opens nothing.
// It only keeps the owner's failures apart from strangers' (service/limits). A cookie (Secure, HttpOnly, SameSite=Strict), signed,
// and bound to an account that it doesn't name:
//
//   wbd1.<device: 22 base64url>.<issued: unix seconds>.<base64url HMAC-SHA-256>
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.hpp"
#include "core/secret.hpp"

namespace wb::service {

constexpr std::chrono::hours device_token_life{24 * 180};

// A new device of this account; or the same device again, whose name is `device`.
std::string issue_device_token(const Secret& key, std::string_view account, UnixSeconds now, std::optional<std::string> device = std::nullopt);
// The device's name, or nullopt: not ours, another account's, too old, from the future, or issued before `not_before` (when the
// account was frozen, or somebody said that it wasn't them).
std::optional<std::string> known_device(const Secret& key, std::string_view token, std::string_view account, UnixSeconds now, UnixSeconds not_before = 0);

// The cookie: what a browser shows in its Cookie header (RFC 6265 section 4.2.1), or nothing; and the Set-Cookie that gives it.
std::string device_token_of(std::string_view cookies);
std::string device_cookie(std::string_view token);

}  // namespace wb::service
