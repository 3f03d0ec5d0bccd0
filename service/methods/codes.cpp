#include "service/methods/codes.hpp"

#include <span>

#include "crypto/mac.hpp"
#include "service/methods/fair_random.hpp"

namespace wb::service {
namespace {
constexpr std::size_t digits_count = 8;
constexpr std::size_t typed_bytes_max = 32;

// Each part behind its length, so that no other session and destination make the same bytes.
std::string mac_of(const Secret& server_key, const CodeBinding& binding, std::string_view digits) {
  std::string data = "wb.code.v1";
  for (const auto part : {binding.session, binding.destination, digits}) {
    for (int shift = 24; shift >= 0; shift -= 8) data += static_cast<char>((part.size() >> shift) & 0xff);
    data += part;
  }
  auto mac = crypto::hmac_sha256(server_key, data);
  cleanse(data.data(), data.size());
  return mac;
}
}  // namespace

NewCode new_code(const Secret& server_key, const CodeBinding& binding, UnixSeconds now, const CodeSettings& settings) {
  auto digits = Secret::of_size(digits_count);
  digits.expose_mutable([](std::span<char> out) {
    for (char& digit : out) digit = static_cast<char>('0' + fair_random(10));
  });
  auto mac = digits.expose([&](std::string_view text) { return mac_of(server_key, binding, text); });
  return {std::move(digits), {std::move(mac), now, now + settings.lifetime.count(), settings.tries, false}};
}

CodeVerdict check_code(SentCode& code, const Secret& server_key, const CodeBinding& binding, std::string_view typed, UnixSeconds now) {
  if (code.used) return CodeVerdict::used;
  if (now >= code.expires || now < code.sent) return CodeVerdict::expired;  // a clock that was set back makes no code younger
  if (code.tries_left <= 0) return CodeVerdict::too_many_tries;
  --code.tries_left;
  std::string digits;
  for (const char c : typed.substr(0, typed_bytes_max))
    if (c != ' ' && c != '-') digits += c;
  const bool plausible = typed.size() <= typed_bytes_max && digits.size() == digits_count;
  const bool same = crypto::same_bytes(mac_of(server_key, binding, digits), code.mac);
  if (!plausible || !same) return CodeVerdict::wrong;
  code.used = true;
  return CodeVerdict::right;
}

}  // namespace wb::service
