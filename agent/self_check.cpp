#include "agent/self_check.hpp"

#include <algorithm>
#include <tuple>

#include "agent/agent.hpp"
#include "agent/check/directory.hpp"
#include "agent/check/host.hpp"
#include "agent/key_book.hpp"

namespace wb::agent {
namespace {

// Of ldaps://dc1.corp.example/ the host, with the port that is named; empty: it is no URL.
std::string server_in(std::string_view subject) {
  const auto scheme = subject.find("://");
  if (scheme == std::string_view::npos) return {};
  const auto rest = subject.substr(scheme + 3);
  const auto host = rest.substr(0, rest.find('/'));
  return protocol::is_finding_name(host) ? std::string(host) : std::string();
}

int rank(CheckResult result) {
  switch (result) {
    case CheckResult::fail: return 0;
    case CheckResult::warn: return 1;
    case CheckResult::pass: return 2;
    case CheckResult::skip: return 3;
  }
  return 0;
}

}  // namespace

void tell(const Report& report, const std::string& domain, std::vector<protocol::FoundThing>& out) {
  for (const auto& line : report.lines())
    if (line.code != protocol::text_of(Finding::config_audited).code) out.push_back({line.result, line.code, domain, server_in(line.subject)});
}

std::vector<protocol::FoundThing> in_short(std::vector<protocol::FoundThing> all) {
  const auto key = [](const protocol::FoundThing& one) { return std::tuple(rank(one.result), std::tie(one.domain, one.code, one.subject)); };
  std::sort(all.begin(), all.end(), [&](const auto& a, const auto& b) { return key(a) < key(b); });
  all.erase(std::unique(all.begin(), all.end(), [&](const auto& a, const auto& b) { return key(a) == key(b); }), all.end());
  if (all.size() > protocol::findings_max) all.resize(protocol::findings_max);
  return all;
}

std::vector<protocol::FoundThing> check_oneself(const config::AgentConfig& config, const OwnLink& link, const std::function<bool()>& go_on) {
  std::vector<protocol::FoundThing> out;
  Report host;
  check_files(config, host);
  check_space(config, host);
  if (const auto book = load_key_book(config.state_dir); book && rotation_due(*book, unix_now())) host.warn(Finding::enrolment_rotation, book->ae.front().kid, "");
  judge_service(link.url, link.seen, false, host);  // it stands: what channel_binding asks for is so
  if (link.idle_limit) host.warn(Finding::service_idle, link.url, "");
  tell(host, "", out);
  for (const auto& domain : config.domains) {
    Report its;
    if (go_on()) check_directory(domain, "", its, go_on);
    else its.skip("directory", domain.directory.domain, "there was no time for it");
    tell(its, domain.directory.domain, out);
  }
  return in_short(std::move(out));
}

// ---- of the running agent -----------------------------------------------------------------------------------
Awaitable<> Agent::keep_checking() {
  co_await asio::this_coro::throw_if_cancelled(false);
  while (!stopping_) {
    (void)co_await check_due_.async_wait(use_tuple);
    if (stopping_) co_return;
    if (check_due_.expiry() > std::chrono::steady_clock::now()) continue;  // another time was set
    check_due_.expires_after(timings_.self_check);
    findings_.reset();                                       // no longer as it is
    if (!session_ || !session_->takes_findings()) continue;  // the next welcome asks for it
    auto config = config_;
    std::erase_if(config.domains, [this](const auto& domain) { return !domains_.contains(domain.directory.domain); });
    ServiceSeen seen{session_->route(), true, session_->clock_offset_s(), 0};
    auto work = [this, config = std::move(config), link = OwnLink{hosts_.current().text, std::move(seen), idle_cut_.limit()}, until = BootClock::now() + timings_.self_check_limit] {
      return check_oneself(config, link, [this, until] { return !ending_now_ && BootClock::now() < until; });
    };
    auto checking = to_completion(check_pool_, std::move(work));
    auto found = co_await std::move(checking);
    if (stopping_) co_return;
    findings_ = std::move(found), checked_at_ = BootClock::now();
    if (const auto earliest = std::chrono::steady_clock::now() + timings_.self_check_pause; check_due_.expiry() < earliest) check_due_.expires_at(earliest);
    say_findings();
  }
}

void Agent::check_soon() {
  const auto now = std::chrono::steady_clock::now();
  const auto since = BootClock::now() - checked_at_;
  const auto at = findings_ && since < timings_.self_check_pause ? now + (timings_.self_check_pause - since) : now;
  if (check_due_.expiry() > at) check_due_.expires_at(at);
}

void Agent::say_findings() {
  const auto age = std::chrono::duration_cast<std::chrono::seconds>(BootClock::now() - checked_at_).count();
  if (session_ && findings_) session_->say_findings({age, *findings_});
}

}  // namespace wb::agent
