// A configuration read anew while the agent runs: domains come and go, the link is changed with both ends up.
#include "agent/agent.hpp"

#include <algorithm>

namespace wb::agent {
namespace {
using std::chrono::milliseconds;

constexpr milliseconds look{20};
constexpr auto next_try = std::chrono::seconds(2);
constexpr int tries_max = 30;

void say_restart(std::string_view key, bool changed) {
  if (changed) log::warn("config.restart_needed", log::field("key", key));
}
}  // namespace

void Agent::reload(const config::AgentConfig& next) {
  if (stopping_) return;
  if (std::exchange(reloading_, true)) {  // the newest of those that wait comes next
    waiting_config_ = next;
    return;
  }
  say_restart("service.url", next.service_url != config_.service_url);
  say_restart("service.more_urls", next.more_urls != config_.more_urls);
  say_restart("service.ca_file", next.trust.ca_file != config_.trust.ca_file);
  say_restart("service.intercept_ca_file", next.trust.intercept_ca_file != config_.trust.intercept_ca_file);
  say_restart("service.proxy", next.proxy != config_.proxy);
  say_restart("service.channel_binding", next.channel_binding != config_.channel_binding);
  say_restart("state_dir", next.state_dir != config_.state_dir);
  say_restart("metrics.listen", next.metrics.address != config_.metrics.address || next.metrics.port != config_.metrics.port);
  say_restart("control.socket", next.control_path() != config_.control_path());
  say_restart("window", next.window != config_.window);
  say_restart("log_level", next.log_level != config_.log_level);
  say_restart("log", next.log_to != config_.log_to);
  say_restart("audit", next.audit != config_.audit);
  reloads_.start("reload", change_domains(next.domains));
}

Awaitable<> Agent::change_domains(std::vector<config::AgentDomain> next) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const Finally done([this] {
    reloading_ = false;
    if (auto waiting = std::exchange(waiting_config_, std::nullopt)) reload(*waiting);
  });
  auto work = [folder = config_.state_dir] { return load_identity(folder); };
  auto reading = to_completion(journal_pool_, std::move(work));
  auto identity = co_await std::move(reading);
  if (!identity) {
    log::fault("identity.unread", identity.error());
    co_return;
  }
  trust_.adopt(identity->domains);
  auto looking = look_at_keys();
  co_await std::move(looking);
  std::vector<std::string> before, after;
  for (const auto& [name, domain] : domains_) before.push_back(name);
  for (const auto& was : config_.domains) {
    const bool stays = std::find(next.begin(), next.end(), was) != next.end();
    if (stays || !domains_.contains(was.directory.domain)) continue;
    auto leaving = leave_domain(was.directory.domain);
    co_await std::move(leaving);
  }
  if (stopping_) co_return;
  config_.domains = std::move(next);
  for (const auto& domain : config_.domains) {
    const auto& name = domain.directory.domain;
    if (!domains_.contains(name)) open_domain(domain);
    const auto found = domains_.find(name);
    if (found != domains_.end() && found->second->watch.expired()) watching_.start("directory.watch", watch(*found->second));
  }
  for (const auto& [name, domain] : domains_) after.push_back(name);
  log::info("config.reloaded", log::field("domains", domains_.size()));
  check_soon();
  if (before == after) co_return;
  for (int tries = 0; session_ && !stopping_ && tries < tries_max; ++tries) {
    auto old = session_;
    handing_.start("hand_over", hand_over());
    const bool on = co_await sleep_for(next_try);
    if (!on || session_ != old) co_return;  // taken over; or gone, and then the next link serves the new list anyway
  }
}

// Its jobs are finished and its watch has ended before it goes.
Awaitable<> Agent::leave_domain(std::string name) {
  auto& domain = *domains_.at(name);
  domain.leaving = true;
  if (session_) session_->heartbeat_soon();
  log::info("domain.leaving", log::field("domain", name), log::field("inflight", domain.inflight));
  while (domain.inflight > 0 || !domain.watch.expired()) {
    const bool on = co_await sleep_for(look);
    if (!on) co_return;
  }
  domains_.erase(name);
}

Awaitable<> Agent::hand_over() {
  co_await asio::this_coro::throw_if_cancelled(false);
  const auto old = session_;
  if (!old) co_return;
  const auto service = hosts_.current().text;
  auto dial = link::dial(dialling());
  auto link = co_await std::move(dial);
  if (!link) {
    down(link.error(), service);
    co_return;
  }
  auto work = [this] { return journal_.next_epoch(); };
  auto drawing = to_completion(journal_pool_, std::move(work));
  auto epoch = co_await std::move(drawing);
  if (!epoch || stopping_ || session_ != old || !old->welcomed()) {
    if (!epoch) log::fault("journal.failed", epoch.error());
    (*link)->abort();
    co_return;
  }
  epoch_ = *epoch;
  auto parts = session_parts();
  parts.from = old->id();
  const bool by_next = parts.by_next;
  auto next = std::make_shared<Session>(io_.get_executor(), std::move(*link), std::move(parts));
  next->on_welcome([this, weak = std::weak_ptr(next), old, by_next] {
    session_ = weak.lock();
    old->retire();
    welcomed(by_next);
  });
  auto running = next->run();
  const auto end = co_await std::move(running);
  if (session_ == next) session_.reset();
  if (!stopping_ && !session_) down(end.why, service);
}

}  // namespace wb::agent
