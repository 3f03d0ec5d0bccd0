#include "service/methods/totp.hpp"

#include <algorithm>
#include <span>

#include "core/ids.hpp"
#include "service/methods/base32.hpp"
#include "crypto/mac.hpp"

namespace wb::service {
namespace {
// RFC 3986 section 2.3: everything but the unreserved characters.
std::string percent_encoded(std::string_view text) {
  static constexpr std::string_view hex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c == ':' ? ' ' : c);
    const bool plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') || std::string_view("-._~").find(c) != std::string_view::npos;
    if (plain) out += c;
    else out.append({'%', hex[byte >> 4], hex[byte & 15]});
  }
  return out;
}

// Six digits, as typed or as the apps show them ("123 456"); empty: no code.
std::string digits_of(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 32)) {
    if (c == ' ') continue;
    if (c < '0' || c > '9') return {};
    out += c;
  }
  return out.size() == totp_digits && text.size() <= 32 ? out : std::string();
}
}  // namespace

Secret new_totp_key() {
  auto bytes = random_bytes(20);
  auto key = Secret::copy_of(bytes);
  cleanse(bytes.data(), bytes.size());
  return key;
}

Secret otpauth_uri(const Secret& key, std::string_view issuer, std::string_view account) {
  const auto from = percent_encoded(issuer);
  const auto before = "otpauth://totp/" + from + ':' + percent_encoded(account) + "?secret=";
  const auto behind = "&issuer=" + from + "&algorithm=SHA1&digits=6&period=30";
  return base32(key).expose([&](std::string_view text) {
    auto uri = Secret::of_size(before.size() + text.size() + behind.size());
    uri.expose_mutable([&](std::span<char> out) {
      auto at = std::copy(before.begin(), before.end(), out.begin());
      at = std::copy(text.begin(), text.end(), at);
      std::copy(behind.begin(), behind.end(), at);
    });
    return uri;
  });
}

std::string hotp(const Secret& key, std::uint64_t counter, int digits) {
  std::string moving(8, '\0');
  for (std::size_t i = 8; i-- > 0; counter >>= 8) moving[i] = static_cast<char>(counter & 0xff);
  const auto mac = crypto::hmac_sha1(key, moving);
  const auto byte = [&mac](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(mac[i])); };
  const auto offset = byte(19) & 15;
  auto number = ((byte(offset) & 0x7f) << 24) | (byte(offset + 1) << 16) | (byte(offset + 2) << 8) | byte(offset + 3);
  std::string out(static_cast<std::size_t>(digits), '0');
  for (std::size_t i = out.size(); i-- > 0; number /= 10) out[i] = static_cast<char>('0' + number % 10);
  return out;
}

TotpCheck check_totp(const Secret& key, std::string_view code, UnixSeconds now, std::optional<std::int64_t> last_step) {
  const auto given = digits_of(code);
  const auto current = now / totp_step_s;
  TotpCheck check;
  for (auto step = std::max<std::int64_t>(current - totp_drift_steps, 0); step <= current + totp_drift_steps; ++step) {
    if (!crypto::same_bytes(hotp(key, static_cast<std::uint64_t>(step)), given)) continue;
    const bool fresh = !last_step || step > *last_step;
    if (fresh) check = {TotpVerdict::accepted, step};
    else if (check.verdict == TotpVerdict::wrong) check.verdict = TotpVerdict::replayed;
  }
  return check;
}

}  // namespace wb::service
