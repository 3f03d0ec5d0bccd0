// Proof of work in front of everything that a stranger may ask: the ALTCHA format, version 1 (https://altcha.org/docs/proof-of-work),
// which its widget and its libraries speak. The server says H = SHA-256(salt || number) and hides the number; the caller tries
// 0 ... maxnumber. Nothing is kept of a challenge: it is signed, it says itself until when and for what it is good, and
// redeem() remembers (in `limits`, until it would be too old) that it was used.
//
//   {"algorithm":"SHA-256","challenge":hex(H),"maxnumber":N,"salt":"<24 hex>?expires=<unix>&for=<purpose>&","signature":hex(HMAC(challenge))}
//   answered by base64({"algorithm","challenge","number","salt","signature"[,"took"]})
//
// The salt ends with '&', so that no digit of the number can be moved into it. The difficulty of a challenge is for its asker to pay:
// whoever gathers easy ones from many addresses has had to use many addresses, and has minutes to spend them.
#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/clock.hpp"
#include "core/secret.hpp"
#include "service/limits.hpp"

namespace wb::service {

struct Difficulty {
  std::int64_t easiest = 50'000, hardest = 3'200'000;  // maxnumber: about 0.1 s and 6 s in a browser of 2024, half of it on average
  int free = 3;                                        // attempts in the window that cost no more than the first
  std::chrono::milliseconds window{600'000};
};
// Doubles with each attempt beyond the free ones.
std::int64_t maxnumber(const Difficulty& difficulty, std::int64_t recent_attempts);

// Whose attempts count together: an IPv4 address (also one mapped into IPv6), an IPv6 network of 64 bits. Anything else: itself.
std::string address_bucket(std::string_view address);

// Challenges asked for by an address within the window. In memory: a restart forgives. Of so many addresses that not all can be
// remembered, the new ones count as if they had tried often.
class RecentAttempts {
 public:
  explicit RecentAttempts(std::chrono::milliseconds window, std::size_t most = 16'384) : window_(window), most_(most) {}
  // Counts one, and says how many came before it.
  std::int64_t count(const std::string& bucket, BootClock::time_point now);
  std::size_t remembered() const { return seen_.size(); }

 private:
  struct Seen {
    BootClock::time_point start;  // of the current half of the window
    std::int64_t before = 0, now = 0;
  };
  std::chrono::milliseconds window_;
  std::size_t most_;
  BootClock::time_point swept_;
  std::map<std::string, Seen> seen_;
};

// Why a solution is worth nothing. The names of to_string() stand in the API and in the audit.
enum class CaptchaRefusal { too_long,
  not_base64,
  not_json,
  malformed,        // other members, or of other shapes
  other_algorithm,  // not SHA-256
  not_ours,         // the signature
  wrong_number,
  wrong_purpose,
  expired,
  used };
std::string_view to_string(CaptchaRefusal refusal);

class Captcha {
 public:
  static constexpr std::chrono::seconds life{300};

  explicit Captcha(Secret key, Difficulty difficulty = {}) : key_(std::move(key)), difficulty_(difficulty), attempts_(difficulty.window) {}

  // The JSON of a challenge for this address. `purpose`: what it opens, a word of ours.
  std::string challenge(std::string_view purpose, std::string_view address, UnixSeconds now, BootClock::time_point boot = BootClock::now());
  // The same without the address's memory; `number` is the solution, for tests.
  std::string challenge_of(std::string_view purpose, std::int64_t maxnumber, std::int64_t number, UnixSeconds expires) const;

  struct Solved {
    std::string challenge;
    UnixSeconds expires = 0;
  };
  // Pure: is this a solution of a challenge of ours? The cheap checks come first, and the signature before anything it says is believed.
  std::variant<Solved, CaptchaRefusal> check(std::string_view payload, std::string_view purpose, UnixSeconds now) const;
  // And spends it. nullopt: good. Fault: the database's.
  Result<std::optional<CaptchaRefusal>> redeem(std::string_view payload, std::string_view purpose, Limits& limits, std::int64_t now_ms) const;

 private:
  Secret key_;
  Difficulty difficulty_;
  RecentAttempts attempts_;
};

}  // namespace wb::service
