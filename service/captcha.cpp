#include "service/captcha.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "core/base64url.hpp"
#include "core/ids.hpp"
#include "crypto/keys.hpp"
#include "crypto/mac.hpp"
#include "protocol/json.hpp"

namespace wb::service {
namespace {

namespace json = protocol::json;
constexpr std::size_t payload_bytes_max = 2'048, nonce_bytes = 12, hex_of_sha256 = 64;
constexpr std::string_view algorithm = "SHA-256";

bool is_hex(std::string_view text, std::size_t size) {
  return text.size() == size && std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// RFC 4648 section 4, padded, one spelling only.
std::optional<std::string> from_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return std::nullopt;
  std::string url(text);
  for (int i = 0; i < 2 && url.back() == '='; ++i) url.pop_back();
  if (url.find_first_of("-_=") != std::string::npos) return std::nullopt;
  std::replace(url.begin(), url.end(), '+', '-');
  std::replace(url.begin(), url.end(), '/', '_');
  return from_base64url(url);
}

std::string salt_of(std::string_view nonce, UnixSeconds expires, std::string_view purpose) {
  return std::string(nonce) + "?expires=" + std::to_string(expires) + "&for=" + std::string(purpose) + "&";
}

// When a salt of ours ends; nullopt when it is none. Written again and compared: there is one spelling.
std::optional<UnixSeconds> expiry_of(std::string_view salt, std::string_view purpose, bool& for_this) {
  constexpr std::string_view begin = "?expires=";
  const auto nonce = salt.substr(0, std::min(salt.size(), 2 * nonce_bytes));
  if (!is_hex(nonce, 2 * nonce_bytes) || !salt.substr(nonce.size()).starts_with(begin)) return std::nullopt;
  const auto rest = salt.substr(nonce.size() + begin.size());
  UnixSeconds expires = 0;
  const auto [end, ec] = std::from_chars(rest.data(), rest.data() + rest.size(), expires);
  if (ec != std::errc()) return std::nullopt;
  const auto tail = rest.substr(static_cast<std::size_t>(end - rest.data()));
  if (!tail.starts_with("&for=") || tail.size() < 7) return std::nullopt;
  const auto said = tail.substr(5, tail.size() - 6);
  if (salt_of(nonce, expires, said) != salt) return std::nullopt;
  for_this = said == purpose;
  return expires;
}

}  // namespace

std::int64_t maxnumber(const Difficulty& d, std::int64_t recent) {
  auto number = d.easiest;
  for (auto beyond = recent - d.free; beyond > 0 && number < d.hardest; --beyond) number *= 2;
  return std::min(number, d.hardest);
}

std::string address_bucket(std::string_view address) {
  const std::string text(address);
  in6_addr six{};
  if (::inet_pton(AF_INET6, text.c_str(), &six) != 1) return text;
  char out[INET6_ADDRSTRLEN] = {};
  if (IN6_IS_ADDR_V4MAPPED(&six)) return ::inet_ntop(AF_INET, &six.s6_addr[12], out, sizeof out) ? out : text;
  std::memset(&six.s6_addr[8], 0, 8);
  return ::inet_ntop(AF_INET6, &six, out, sizeof out) ? std::string(out) + "/64" : text;
}

// Two halves of the window for each address: what came within the last one to two of them.
std::int64_t RecentAttempts::count(const std::string& bucket, BootClock::time_point now) {
  const auto half = window_ / 2;
  const bool full = seen_.size() >= most_;
  if (now - swept_ >= (full ? std::min<BootClock::duration>(half, std::chrono::seconds(1)) : BootClock::duration(half))) {
    swept_ = now;
    std::erase_if(seen_, [&](const auto& s) { return now - s.second.start >= window_; });
  }
  if (!seen_.contains(bucket) && seen_.size() >= most_) return static_cast<std::int64_t>(most_);
  auto& seen = seen_.try_emplace(bucket, Seen{now, 0, 0}).first->second;
  if (now - seen.start >= window_) seen = {now, 0, 0};
  else if (now - seen.start >= half) seen = {now, seen.now, 0};
  return seen.before + seen.now++;
}

std::string_view to_string(CaptchaRefusal refusal) {
  switch (refusal) {
    case CaptchaRefusal::too_long: return "too_long";
    case CaptchaRefusal::not_base64: return "not_base64";
    case CaptchaRefusal::not_json: return "not_json";
    case CaptchaRefusal::malformed: return "malformed";
    case CaptchaRefusal::other_algorithm: return "other_algorithm";
    case CaptchaRefusal::not_ours: return "not_ours";
    case CaptchaRefusal::wrong_number: return "wrong_number";
    case CaptchaRefusal::wrong_purpose: return "wrong_purpose";
    case CaptchaRefusal::expired: return "expired";
    case CaptchaRefusal::used: return "used";
  }
  return "malformed";
}

std::string Captcha::challenge(std::string_view purpose, std::string_view address, UnixSeconds now, BootClock::time_point boot) {
  const auto most = maxnumber(difficulty_, attempts_.count(address_bucket(address), boot));
  std::uint64_t drawn = 0;
  const auto random = random_bytes(sizeof drawn);
  std::memcpy(&drawn, random.data(), sizeof drawn);
  // 2^64 is so much more than maxnumber that the remainder favours nothing anybody could notice.
  return challenge_of(purpose, most, static_cast<std::int64_t>(drawn % static_cast<std::uint64_t>(most + 1)), now + life.count());
}

std::string Captcha::challenge_of(std::string_view purpose, std::int64_t most, std::int64_t number, UnixSeconds expires) const {
  const auto salt = salt_of(crypto::hex(random_bytes(nonce_bytes)), expires, purpose);
  const auto hash = crypto::hex(crypto::sha256(salt + std::to_string(number)));
  return json::serialize(json::object{{"algorithm", algorithm}, {"challenge", hash}, {"maxnumber", most}, {"salt", salt}, {"signature", crypto::hex(crypto::hmac_sha256(key_, hash))}});
}

std::variant<Captcha::Solved, CaptchaRefusal> Captcha::check(std::string_view payload, std::string_view purpose, UnixSeconds now) const {
  if (payload.size() > payload_bytes_max) return CaptchaRefusal::too_long;
  const auto text = from_base64(payload);
  if (!text) return CaptchaRefusal::not_base64;
  const auto body = protocol::parse_json(*text, 2);
  if (!body) return CaptchaRefusal::not_json;
  std::string said, hash, salt, signature;
  std::int64_t number = -1;
  protocol::Members members(*body, protocol::Members::Unknown::refused);
  members.text("algorithm", said).text("challenge", hash).integer("number", number).text("salt", salt).text("signature", signature);
  const auto* took = members.any("took", false);  // milliseconds, as the widget says; nothing to believe
  if (!members.finish() || number < 0 || !is_hex(hash, hex_of_sha256) || !is_hex(signature, hex_of_sha256) || (took && !took->is_number() && !took->is_null())) return CaptchaRefusal::malformed;
  if (said != algorithm) return CaptchaRefusal::other_algorithm;
  if (!crypto::same_bytes(crypto::hex(crypto::hmac_sha256(key_, hash)), signature)) return CaptchaRefusal::not_ours;
  // The signature is the hash's; that salt and number are ours too is what the hash says.
  if (crypto::hex(crypto::sha256(salt + std::to_string(number))) != hash) return CaptchaRefusal::wrong_number;
  bool for_this = false;
  const auto expires = expiry_of(salt, purpose, for_this);
  if (!expires) return CaptchaRefusal::malformed;
  if (!for_this) return CaptchaRefusal::wrong_purpose;
  if (*expires <= now || *expires > now + 2 * life.count()) return CaptchaRefusal::expired;
  return Solved{hash, *expires};
}

Result<std::optional<CaptchaRefusal>> Captcha::redeem(std::string_view payload, std::string_view purpose, Limits& limits, std::int64_t now_ms) const {
  auto checked = check(payload, purpose, now_ms / 1'000);
  if (const auto* refusal = std::get_if<CaptchaRefusal>(&checked)) return std::optional(*refusal);
  auto spent = limits.take({{LimitKind::solution, std::get<Solved>(checked).challenge, {}}}, now_ms);
  if (!spent) return spent.error();
  return *spent ? std::optional(CaptchaRefusal::used) : std::optional<CaptchaRefusal>();
}

}  // namespace wb::service
