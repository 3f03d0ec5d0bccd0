// What time does to the agent's keys and rosters while it runs: rotation, warnings before something ends.
#include "agent/agent.hpp"

namespace wb::agent {
namespace {
constexpr std::int64_t day = 86'400, roster_warning_s = 10 * day;

bool same_keys(const Keys& keys, const KeyBook& book) {
  const auto kids = keys.kids();
  if (kids.size() != book.ae.size()) return false;
  for (std::size_t i = 0; i < kids.size(); ++i)
    if (kids[i] != book.ae[i].kid) return false;
  return true;
}
}  // namespace

Awaitable<> Agent::keep_keys() {
  co_await asio::this_coro::throw_if_cancelled(false);
  while (!stopping_) {
    auto looking = look_at_keys();
    co_await std::move(looking);
    say_roster_ends();
    if (stopping_) co_return;  // the cancellation came while we were on the pool, and is spent
    const bool on = co_await sleep_for(timings_.keys);
    if (!on) co_return;
  }
}

// Rotates what is due, and takes over what the command line rotated. What was sealed to the former key is still opened.
Awaitable<> Agent::look_at_keys() {
  struct Found {
    Tended tended;
    std::optional<Keys> fresh;
  };
  auto work = [folder = config_.state_dir, ours = keys_]() -> Result<Found> {
    auto tended = tend_keys(folder, unix_now());
    if (!tended) return tended.error();
    if (same_keys(*ours, tended->book)) return Found{std::move(*tended), {}};
    auto fresh = load_keys(folder);
    if (!fresh) return fresh.error();
    return Found{std::move(*tended), std::move(*fresh)};
  };
  auto looking = to_completion(journal_pool_, std::move(work));
  auto found = co_await std::move(looking);
  if (!found) {
    log::fault("keys.untended", found.error());
    co_return;
  }
  if (found->tended.due && unix_now() - key_due_said_ >= day) {
    key_due_said_ = unix_now();
    log::warn("keys.rotation_due", log::field("kid", keys_->ae.kid()));
  }
  if (!found->fresh) co_return;
  const bool stated = found->fresh->ae.kid() != keys_->ae.kid();
  keys_ = std::make_shared<const Keys>(std::move(*found->fresh));
  if (stated) log::info("keys.rotated", log::field("kid", keys_->ae.kid()), log::field("former", keys_->former.size()));
  else log::info("keys.discarded", log::field("former", keys_->former.size()));
  if (session_) session_->restate();
}

// Nobody but the holder of the domain's root can sign the next one: said early, and once a day.
void Agent::say_roster_ends() {
  const auto now = unix_now();
  for (const auto& [name, domain] : domains_) {
    const auto ends = trust_.roster_ends(name);
    if (!ends || *ends - now > roster_warning_s) {
      roster_warned_.erase(name);
      continue;
    }
    auto& said = roster_warned_[name];
    if (now - said < day) continue;
    said = now;
    std::error_code ec;
    log::warn("roster.ends_soon", log::field("domain", name), log::field("days", std::max<std::int64_t>(0, (*ends - now) / day)), log::field("root_here", std::filesystem::exists(root_key_file(config_.state_dir, name), ec)));
  }
}

}  // namespace wb::agent
