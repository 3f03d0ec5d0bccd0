// Which encryption keys (AE) this agent has: since when each is stated, until when the former ones still open what was
// sealed to them (docs/PROTOCOL.md section 3). Pure, but for the text of keys.json.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/result.hpp"

namespace wb::agent {

constexpr std::int64_t ae_life_s = 90 * 86'400;
// A statement lives for 24 h, and what is sealed under it for seal_seconds_max; clocks differ by at most 300 s.
constexpr std::int64_t ae_keep_s = 86'400 + 120 + 300;
constexpr std::size_t ae_max = 4;  // the current and three former: what a hello may name

struct KeyRecord {
  std::string kid, file;               // file: its name in state_dir
  UnixSeconds made = 0, replaced = 0;  // replaced 0: the current one
  UnixSeconds ends() const { return replaced == 0 ? 0 : replaced + ae_keep_s; }
  bool operator==(const KeyRecord&) const = default;
};
struct KeyBook {
  std::vector<KeyRecord> ae;  // newest first; the front is the current one
  bool operator==(const KeyBook&) const = default;
};

bool rotation_due(const KeyBook& book, UnixSeconds now);
// `next` becomes the current key, the one before is kept for a while. Fault exhausted when too many are still kept:
// the detail says until when.
Result<KeyBook> rotated(KeyBook book, KeyRecord next, UnixSeconds now);
// Without the former keys whose time is over.
KeyBook pruned(KeyBook book, UnixSeconds now);

// keys.json: {"v":1,"ae":[{"kid","file","made","replaced"}]}
std::string encode_keys(const KeyBook& book);
Result<KeyBook> decode_keys(std::string_view text);

}  // namespace wb::agent
