// Codes of an authenticator app: TOTP (RFC 6238) on HOTP (RFC 4226), SHA-1, 6 digits, 30 seconds: the one setting that
// every app understands. Pure; what was accepted is remembered by the caller.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.hpp"
#include "core/secret.hpp"

namespace wb::service {

constexpr int totp_digits = 6;
constexpr std::int64_t totp_step_s = 30;
constexpr std::int64_t totp_drift_steps = 1;  // a clock may differ by one step, either way (RFC 6238 section 5.2)

// 20 random bytes (RFC 4226 section 4, R6: at least 16, better 20).
Secret new_totp_key();

// What the QR code says: otpauth://totp/ISSUER:ACCOUNT?secret=...&issuer=... (Key Uri Format of Google Authenticator).
// Colons in the names would move the border between them: they become spaces. It holds the key: it is shown once and not kept.
Secret otpauth_uri(const Secret& key, std::string_view issuer, std::string_view account);

enum class TotpVerdict {
  accepted,
  wrong,     // or no code at all: anything but six digits, spaces aside
  replayed,  // right, but of a step that was accepted before, or an earlier one (RFC 6238 section 5.2)
};
struct TotpCheck {
  TotpVerdict verdict = TotpVerdict::wrong;
  std::int64_t step = 0;  // accepted: store it as last_step, in the transaction that lets the person pass
};
// `last_step`: of the last accepted code of this key. All steps of the window are always tried, in constant time.
TotpCheck check_totp(const Secret& key, std::string_view code, UnixSeconds now, std::optional<std::int64_t> last_step);

// HOTP (RFC 4226 section 5.3), 1 to 9 digits, zeros in front.
std::string hotp(const Secret& key, std::uint64_t counter, int digits = totp_digits);

}  // namespace wb::service
