#include "service/device_token.hpp"

#include <algorithm>
#include <charconv>

#include "core/base64url.hpp"
#include "core/ids.hpp"
#include "crypto/mac.hpp"

namespace wb::service {
namespace {

constexpr std::string_view kind = "wbd1", cookie_name = "wbd";
constexpr std::size_t device_bytes = 16, token_bytes_max = 128;
constexpr UnixSeconds skew = 300;

std::string body_of(std::string_view device, UnixSeconds issued) { return std::string(kind) + "." + std::string(device) + "." + std::to_string(issued); }
std::string mac_of(const Secret& key, const std::string& body, std::string_view account) { return base64url(crypto::hmac_sha256(key, body + "." + std::string(account))); }

}  // namespace

std::string issue_device_token(const Secret& key, std::string_view account, UnixSeconds now, std::optional<std::string> device) {
  const auto body = body_of(device.value_or(base64url(random_bytes(device_bytes))), now);
  return body + "." + mac_of(key, body, account);
}

std::optional<std::string> known_device(const Secret& key, std::string_view token, std::string_view account, UnixSeconds now, UnixSeconds not_before) {
  if (token.size() > token_bytes_max || std::count(token.begin(), token.end(), '.') != 3) return std::nullopt;
  const auto first = token.find('.'), second = token.find('.', first + 1), third = token.find('.', second + 1);
  const auto device = token.substr(first + 1, second - first - 1), when = token.substr(second + 1, third - second - 1);
  const auto bytes = from_base64url(device);
  UnixSeconds issued = 0;
  const auto [end, ec] = std::from_chars(when.data(), when.data() + when.size(), issued);
  if (!bytes || bytes->size() != device_bytes || ec != std::errc() || end != when.data() + when.size()) return std::nullopt;
  const auto body = body_of(device, issued);
  if (!crypto::same_bytes(body + "." + mac_of(key, body, account), token)) return std::nullopt;
  if (issued > now + skew || issued < not_before || now - issued >= std::chrono::seconds(device_token_life).count()) return std::nullopt;
  return std::string(device);
}

std::string device_token_of(std::string_view cookies) {
  while (!cookies.empty()) {
    const auto end = cookies.find(';');
    auto one = cookies.substr(0, end);
    cookies.remove_prefix(end == std::string_view::npos ? cookies.size() : end + 1);
    while (one.starts_with(' ')) one.remove_prefix(1);
    if (one.starts_with(std::string(cookie_name) + "=")) return std::string(one.substr(cookie_name.size() + 1));
  }
  return {};
}

std::string device_cookie(std::string_view token) {
  const auto life = std::chrono::duration_cast<std::chrono::seconds>(device_token_life).count();
  return std::string(cookie_name) + "=" + std::string(token) + "; Path=/; Max-Age=" + std::to_string(life) + "; Secure; HttpOnly; SameSite=Strict";
}

}  // namespace wb::service
