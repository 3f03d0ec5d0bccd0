// What time does to the agent's keys and rosters while it runs: rotation, warnings before something ends.
#include "agent/agent.hpp"
#include "agent/security_events.hpp"

#include <algorithm>

namespace wb::agent {
namespace {
constexpr std::int64_t day = 86'400, roster_warning_s = 10 * day;
constexpr auto hand_over_next_try = std::chrono::seconds(2);
constexpr int hand_over_tries = 30;

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
    if (same_keys(*ours, tended->book) && has_next_as(folder) == ours->next.has_value()) return Found{std::move(*tended), {}};
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
  if (!found->tended.book.ae.empty()) sealing_key_ = found->tended.book.ae.front();
  if (found->tended.due && unix_now() - key_due_said_ >= day) {
    key_due_said_ = unix_now();
    log::warn("keys.rotation_due", log::field("kid", keys_->ae.kid()));
  }
  if (!found->fresh) co_return;
  const bool stated = found->fresh->ae.kid() != keys_->ae.kid(), discarded = found->fresh->former.size() < keys_->former.size();
  const bool next_came = found->fresh->next && !keys_->next;
  keys_ = std::make_shared<const Keys>(std::move(*found->fresh));
  trust_.our_keys(keys_->as.public_key(), keys_->next ? std::optional(keys_->next->public_key()) : std::nullopt);
  if (next_came) log::info("keys.next_signing", log::field("kid", keys_->next->kid()));
  if (stated) log::info("keys.rotated", log::field("kid", keys_->ae.kid()), log::field("former", keys_->former.size()));
  else if (discarded) log::info("keys.discarded", log::field("former", keys_->former.size()));
  if (session_) session_->restate();
  if (next_came) learnt();
}

// Nobody but the holder of the domain's root can sign the next one: said early, and once a day.
void Agent::say_roster_ends() {
  const auto now = unix_now();
  if (const auto end = trust_.service_keys_end(); end && *end - now <= day && now - service_key_said_ >= day) {
    service_key_said_ = now;  // the next one comes two days before, as soon as the link stands
    log::warn("service_keys.end_soon", log::field("hours", std::max<std::int64_t>(0, (*end - now) / 3600)));
  }
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
    if (*ends <= now) {
      log::error("roster.ended", log::field("domain", name));
      continue;
    }
    log::warn("roster.ends_soon", log::field("domain", name), log::field("days", std::max<std::int64_t>(0, (*ends - now) / day)), log::field("root_here", std::filesystem::exists(root_key_file(config_.state_dir, name), ec)));
  }
}

// ---- the signing key ----------------------------------------------------------------------------------------
void Agent::learnt() {
  if (stopping_) return;
  const auto& domains = trust_.identity().domains;
  const bool foreign = std::any_of(domains.begin(), domains.end(), [this](const auto& d) { return trust_.foreign_key(d.first); });
  if (foreign && !keys_->next) reloads_.start("keys.next", take_next_key());
  if (!keys_->next || hello_by_next_ || !trust_.next_in_force(unix_now())) return;
  hello_by_next_ = true;
  if (session_) reloads_.start("keys.signing", change_signing_key());
}

// The operator may be quicker than our look at the folder. If there is no such key, the roster was signed for another one:
// the domain is not ready (`foreign_key`), and everything else goes on.
Awaitable<> Agent::take_next_key() {
  co_await asio::this_coro::throw_if_cancelled(false);
  auto looking = look_at_keys();
  co_await std::move(looking);
  for (const auto& [domain, pin] : trust_.identity().domains)
    if (trust_.foreign_key(domain)) refusals_.count(security::foreign_key, {log::field("domain", domain)});
  if (session_) session_->heartbeat_soon();
}

void Agent::welcomed(bool by_next) {
  link_is(true);
  if (findings_) say_findings();
  else check_soon();
  if (by_next && keys_->next) reloads_.start("keys.promote", promote());
}

Awaitable<> Agent::change_signing_key() {
  co_await asio::this_coro::throw_if_cancelled(false);
  for (int tries = 0; session_ && !stopping_ && keys_->next && tries < hand_over_tries; ++tries) {
    const auto old = session_;
    handing_.start("hand_over", hand_over());
    const bool on = co_await sleep_for(hand_over_next_try);
    if (!on || session_ != old) co_return;  // taken over; or gone, and then the next link says hello with it anyway
  }
}

Awaitable<> Agent::promote() {
  co_await asio::this_coro::throw_if_cancelled(false);
  auto work = [folder = config_.state_dir]() -> Result<Keys> {
    if (auto done = promote_next_as(folder); !done) return done.error();
    return load_keys(folder);
  };
  auto promoting = to_completion(journal_pool_, std::move(work));
  auto fresh = co_await std::move(promoting);
  if (!fresh) {
    log::fault("keys.untended", fresh.error());  // both stay: the next link is welcomed by the next one, and tries again
    co_return;
  }
  keys_ = std::make_shared<const Keys>(std::move(*fresh));
  trust_.our_keys(keys_->as.public_key(), keys_->next ? std::optional(keys_->next->public_key()) : std::nullopt);
  hello_by_next_ = false;
  log::info("keys.signing_changed", log::field("kid", keys_->as.kid()));
}

}  // namespace wb::agent
