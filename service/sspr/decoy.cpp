#include "service/sspr/decoy.hpp"

#include "crypto/mac.hpp"

namespace wb::service::sspr {
namespace {

constexpr std::int64_t day_s = 86'400, password_days = 90;
constexpr std::int64_t filetime_epoch_s = 11'644'473'600, ticks_s = 10'000'000;  // MS-DTYP 2.3.3

std::string bytes_of(const Secret& key, std::string_view what, std::string_view domain, std::string_view name) {
  return crypto::hmac_sha256(key, std::string(what) + "\n" + std::string(domain) + "\n" + std::string(name));
}
std::int64_t number_at(const std::string& bytes, std::size_t at) {
  std::int64_t number = 0;
  for (std::size_t i = at; i < at + 4; ++i) number = number << 8 | static_cast<unsigned char>(bytes[i]);
  return number;
}

// A ULID of that time, as the jti of a job that set the password then.
std::string ulid_of(std::int64_t ms, const std::string& bytes) {
  constexpr std::string_view letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  std::string text(26, '0');
  for (std::size_t at = 10; at-- > 0; ms /= 32) text[at] = letters[static_cast<std::size_t>(ms % 32)];
  for (std::size_t at = 10; at < 26; ++at) text[at] = letters[static_cast<unsigned char>(bytes[at]) % 32];
  return text;
}

}  // namespace

std::string decoy_sub(const Secret& key, std::string_view domain, std::string_view name) {
  const auto bytes = bytes_of(key, "sub", domain, name);
  auto text = crypto::hex(bytes).substr(0, 32);
  text[12] = '4';
  text[16] = "89ab"[static_cast<unsigned char>(bytes[20]) % 4];
  return text.substr(0, 8) + "-" + text.substr(8, 4) + "-" + text.substr(12, 4) + "-" + text.substr(16, 4) + "-" + text.substr(20);
}

protocol::Pre decoy_pre(const Secret& key, std::string_view domain, std::string_view name, std::string dc, UnixSeconds now) {
  const auto bytes = bytes_of(key, "pre", domain, name);
  // The last day before today on which this name changes its password; another one every 90 days.
  const auto today = now / day_s, phase = number_at(bytes, 0) % password_days;
  const auto day = today - 1 - (today - 1 - phase) % password_days;
  const auto at = day * day_s + number_at(bytes, 4) % day_s;
  protocol::Pre pre;
  pre.dc = std::move(dc);
  pre.ver = 2 + number_at(bytes, 8) % 12 + day / password_days % 4;
  pre.pls = std::to_string((at + filetime_epoch_s) * ticks_s + number_at(bytes, 12) % ticks_s);
  if (bytes[16] & 1) pre.mk = "wb1;" + ulid_of(at * 1'000 - number_at(bytes, 20) % 900, bytes) + ";1;A";
  return pre;
}

}  // namespace wb::service::sspr
