// When SK changes (docs/PROTOCOL.md section 3): it lives 30 days, and the next one is announced a day before it signs.
// Pure.
#pragma once
#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.hpp"

namespace wb::service {

constexpr std::int64_t sk_life_s = 30 * 86'400, sk_announce_s = 86'400;
constexpr std::int64_t sk_turn_s = sk_life_s - 2 * sk_announce_s;  // from one key's beginning to the next one's
constexpr std::int64_t sk_warn_s = 14 * 86'400;                    // where only a person can bring the next one

struct SigningKeyTimes {
  UnixSeconds iat = 0, exp = 0;  // iat: agents are told from then on
};

// Which of the keys (newest first, all valid) signs: the newest that was announced long enough; the oldest where none was,
// because then there is no other to go on with. nullopt: there is none at all.
inline std::optional<std::size_t> signing_key(const std::vector<SigningKeyTimes>& keys, UnixSeconds now) {
  for (std::size_t i = 0; i < keys.size(); ++i)
    if (keys[i].iat + sk_announce_s <= now) return i;
  return keys.empty() ? std::nullopt : std::optional(keys.size() - 1);
}

// Whether the next one must be made: a day to announce it, and another in which both are valid.
inline bool next_key_due(const std::vector<SigningKeyTimes>& keys, UnixSeconds now) {
  return keys.empty() || keys.front().exp - now <= 2 * sk_announce_s;
}

// Until when there is a key at every moment, of these, some of which begin later; `now` when there is none now.
inline UnixSeconds covered_until(std::vector<SigningKeyTimes> keys, UnixSeconds now) {
  std::sort(keys.begin(), keys.end(), [](const auto& a, const auto& b) { return a.iat < b.iat; });
  auto end = now;
  for (const auto& key : keys)
    if (key.iat <= end) end = std::max(end, key.exp);
  return end;
}

}  // namespace wb::service
