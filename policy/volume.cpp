#include "policy/volume.hpp"

#include <algorithm>
#include <utility>

namespace wb::policy {
namespace {

constexpr UnixSeconds minute = 60, hour = 3'600;

UnixSeconds at_of(UnixSeconds at) { return at; }
UnixSeconds at_of(const auto& write) { return write.at; }

// How many happened after `from`, and when enough of them will have left the window for `keep` to remain.
int after(const auto& times, UnixSeconds from) {
  const auto first = std::upper_bound(times.begin(), times.end(), from, [](UnixSeconds t, const auto& w) { return t < at_of(w); });
  return static_cast<int>(times.end() - first);
}
UnixSeconds down_to(const auto& times, int keep, UnixSeconds window) {
  const auto count = static_cast<int>(times.size());
  if (count <= keep) return 0;
  return at_of(times[static_cast<std::size_t>(count - keep - 1)]) + window;
}

}  // namespace

// Forgets what is older than an hour. Time never runs backwards here.
UnixSeconds Volume::tick(UnixSeconds now) {
  now_ = std::max(now_, now);
  while (!writes_.empty() && writes_.front().at <= now_ - hour) {
    const auto found = by_account_.find(writes_.front().account);
    found->second.pop_front();
    if (found->second.empty()) by_account_.erase(found);
    writes_.pop_front();
  }
  if (open_ && after(writes_, now_ - hour) <= limits_.per_hour / 2 && after(writes_, now_ - minute) <= limits_.per_minute / 2) open_ = false;
  return now_;
}

void Volume::count(UnixSeconds now, std::string_view account) {
  // In audit mode nothing stops the writes; what is remembered of them stays bounded all the same.
  if (writes_.size() > static_cast<std::size_t>(limits_.per_hour)) {
    const auto found = by_account_.find(writes_.front().account);
    found->second.pop_front();
    if (found->second.empty()) by_account_.erase(found);
    writes_.pop_front();
  }
  writes_.push_back({now, std::string(account)});
  by_account_[std::string(account)].push_back(now);
}

bool Volume::over(UnixSeconds now) const { return after(writes_, now - hour) >= limits_.per_hour || after(writes_, now - minute) >= limits_.per_minute; }

UnixSeconds Volume::closes_at() const { return std::max(down_to(writes_, limits_.per_hour / 2, hour), down_to(writes_, limits_.per_minute / 2, minute)); }

VolumeVerdict Volume::full(Flood flood, std::string_view limit, UnixSeconds retry_after, bool alarm) const {
  return {limits_.mode == Mode::enforce, flood, limit, retry_after, alarm};
}

VolumeVerdict Volume::take(UnixSeconds now, std::string_view account) {
  VolumeVerdict verdict;
  if (limits_.mode == Mode::off) return verdict;
  now = tick(now);
  if (open_ || over(now)) {
    const bool alarm = !std::exchange(open_, true);
    const bool of_hour = after(writes_, now - hour) >= limits_.per_hour || down_to(writes_, limits_.per_hour / 2, hour) > down_to(writes_, limits_.per_minute / 2, minute);
    verdict = full(Flood::domain, of_hour ? "per_hour" : "per_minute", closes_at(), alarm);
  } else if (const auto found = by_account_.find(std::string(account)); found != by_account_.end()) {
    const auto& times = found->second;
    if (after(times, now - hour) >= limits_.account_per_hour) verdict = full(Flood::account, "account_per_hour", down_to(times, limits_.account_per_hour - 1, hour), false);
    else if (after(times, now - minute) >= limits_.account_per_minute) verdict = full(Flood::account, "account_per_minute", down_to(times, limits_.account_per_minute - 1, minute), false);
  }
  if (!verdict.refused) count(now, account);
  return verdict;
}

void Volume::restore(UnixSeconds at, std::string_view account, UnixSeconds now) {
  at = std::min(at, now);  // a clock that was ahead when it was written must not keep the breaker open for ever
  if (at <= now - hour || limits_.mode == Mode::off) return;
  count(tick(at), account);
}

std::optional<UnixSeconds> Volume::open_until(UnixSeconds now) {
  tick(now);
  if (!open_ || limits_.mode != Mode::enforce) return std::nullopt;
  return closes_at();
}

int Volume::last_minute(UnixSeconds now) {
  tick(now);
  return after(writes_, now_ - minute);
}

int Volume::last_hour(UnixSeconds now) {
  tick(now);
  return static_cast<int>(writes_.size());
}

}  // namespace wb::policy
