// The circuit breaker on volume: however many jobs the cloud signs, this agent writes only so many passwords a minute and
// an hour in a domain, and only so many to one account. What a taken-over cloud can do in a domain is therefore at most
// its agents times the limit. Pure: time comes from the caller, and is this machine's own clock, never the service's.
//
// The windows are exact and slide. Once the domain's limit was reached the breaker stays open until half of it is free
// again, so that a flood gets less than the limit, and the alarm rings once. An account's limits only slide.
//
// A write counts when it is let through, before its intent is journaled; at start the journal's intents of the last hour
// are counted again (restore), so a restart forgets nothing. A clock set back stands still until the time catches up.
#pragma once
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/clock.hpp"
#include "policy/mode.hpp"

namespace wb::policy {

struct VolumeLimits {
  Mode mode = Mode::enforce;
  int per_minute = 60, per_hour = 600;                // this agent in this domain; 1 to 100,000
  int account_per_minute = 3, account_per_hour = 10;  // 1 to 1,000
  bool operator==(const VolumeLimits&) const = default;
};

// Probes are readings: they are counted in the same way, by the name that was asked for instead of the account, and of far more.
// A person's reset takes one or two of them. They are not journaled: a restart forgets.
constexpr VolumeLimits probe_limits{Mode::enforce, 600, 6'000, 20, 120};

enum class Flood { none,
  domain,     // busy/volume: another agent may still take it
  account };  // denied/too_often; of probes: one name

struct VolumeVerdict {
  bool refused = false;                         // never in audit mode
  Flood flood = Flood::none;                    // which limit is reached, in audit mode too
  std::string_view limit = {};                  // its key in the configuration
  std::optional<UnixSeconds> retry_after = {};  // from when a try makes sense
  bool alarm = false;                           // the breaker has opened just now: tell somebody
};

class Volume {
 public:
  explicit Volume(const VolumeLimits& limits) : limits_(limits) {}

  // Lets a write of this account through and counts it, or refuses it and doesn't. A refusal costs nothing: who asks
  // often is not locked out for longer.
  VolumeVerdict take(UnixSeconds now, std::string_view account);
  // A write that the journal remembers, in the order of time; of the last hour, older ones don't matter.
  void restore(UnixSeconds at, std::string_view account, UnixSeconds now);
  // For readiness: while it is open (and enforced) the domain takes no jobs. Until when, at the earliest.
  std::optional<UnixSeconds> open_until(UnixSeconds now);

  int last_minute(UnixSeconds now);
  int last_hour(UnixSeconds now);
  std::size_t accounts() const { return by_account_.size(); }  // bounded by the hour's limit

 private:
  using Times = std::deque<UnixSeconds>;  // ascending
  struct Write {
    UnixSeconds at;
    std::string account;
  };
  UnixSeconds tick(UnixSeconds now);
  void count(UnixSeconds now, std::string_view account);
  VolumeVerdict full(Flood flood, std::string_view limit, UnixSeconds retry_after, bool alarm) const;
  bool over(UnixSeconds now) const;
  UnixSeconds closes_at() const;

  const VolumeLimits limits_;
  std::deque<Write> writes_;  // of the last hour
  std::unordered_map<std::string, Times> by_account_;
  UnixSeconds now_ = 0;
  bool open_ = false;
};

}  // namespace wb::policy
