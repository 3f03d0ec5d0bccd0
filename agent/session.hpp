// One link to the service, from the challenge to its end (docs/PROTOCOL.md sections 1 to 3, 5): says who we are, learns
// whom to believe, hands jobs to the worker, says how ready we are. The worker, its jobs and their results outlive it.
#pragma once
#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "agent/identity.hpp"
#include "agent/idle_cut.hpp"
#include "agent/outbox.hpp"
#include "agent/security_events.hpp"
#include "agent/trust_state.hpp"
#include "agent/worker.hpp"
#include "core/async.hpp"
#include "link/link.hpp"
#include "protocol/messages.hpp"

namespace wb::agent {

struct SessionTimings {
  std::chrono::milliseconds greeting{10'000};       // each message of the handshake
  std::chrono::milliseconds repeat{5'000};          // an unacked result is said again
  std::chrono::milliseconds statements{3'600'000};  // renewed
};

class Session;
struct SessionParts {
  const KeysPtr& keys;
  TrustState& trust;
  Worker& worker;
  Outbox& outbox;
  Refusals& refusals;
  std::function<Awaitable<Result<void>>()> save_identity;                               // before a new pin or number is used
  std::function<std::map<std::string, protocol::Readiness>(const Session&)> readiness;  // of the domains, as seen over that link
  std::function<void()> learnt;                                                         // keys came: rosters may have changed
  std::vector<std::string> domains;
  std::int64_t epoch = 0;
  bool by_next = false;   // says hello with the next signing key
  std::string from = {};  // the session to take over from
  int window = 8;
  bool binding_required = true;  // channel_binding: require
  const IdleCut& idle_cut;
  SessionTimings timings;
};

class Session {
 public:
  struct End {
    Fault why;
    bool welcomed = false;
    std::optional<std::chrono::milliseconds> retry_after;
    std::chrono::milliseconds silent{0};  // since anything was said or heard
  };
  Session(asio::any_io_executor executor, std::unique_ptr<link::Link> link, SessionParts parts);

  void on_welcome(std::function<void()> what) { when_welcomed_ = std::move(what); }  // from then on this one is in use
  Awaitable<End> run();
  void heartbeat_soon();                                      // readiness has changed
  void restate();                                             // our keys have changed
  void say_draining();                                        // no more jobs, please
  void retire();                                              // another session has taken over: what is queued is still said, then the link is closed
  const std::string& id() const { return welcome_.session; }  // empty before the welcome
  Awaitable<> close();                                        // run() returns then
  // What the doctor found, where this service takes it: others would count it as a mistake.
  bool takes_findings() const { return welcomed_ && std::find(welcome_.caps.begin(), welcome_.caps.end(), protocol::cap_findings) != welcome_.caps.end(); }
  void say_findings(const protocol::AgentFindings& findings);
  bool welcomed() const { return welcomed_; }
  const std::string& software() const { return welcome_.software; }  // the service's program and version
  int version() const { return welcome_.version; }                   // of the contract
  bool draining() const { return draining_; }
  Moment moment() const { return {unix_now() + offset_s_, offset_s_}; }
  std::int64_t clock_offset_s() const { return offset_s_; }  // the service's minus ours
  const link::Route& route() const { return link_->route(); }
  void abort() { link_->abort(); }

 private:
  using Read = Awaitable<Result<protocol::Envelope>>;
  Read expect(std::string type);
  Awaitable<Result<void>> greet();
  Awaitable<Result<void>> learn(const std::string& body);
  Result<std::string> hello(const protocol::Challenge& challenge) const;
  Awaitable<Fault> listen();
  Awaitable<std::optional<Fault>> handle(const std::string& text);
  bool take_job(const protocol::Envelope& envelope);
  void take_error(const protocol::Error& error);
  void bad(const protocol::Envelope& envelope, std::string code);

  Awaitable<> write_out();
  Awaitable<> beat();
  Awaitable<> repeat_results();
  Awaitable<> renew_leases();
  Awaitable<> renew_statements();
  Awaitable<> leave_by(std::chrono::milliseconds deadline);
  void say(std::string text);
  void say_statements();
  void say_heartbeat();

  asio::any_io_executor executor_;
  std::unique_ptr<link::Link> link_;
  SessionParts parts_;
  Queue<std::string> out_;
  asio::steady_timer beat_now_;
  protocol::Welcome welcome_;
  BootClock::time_point spoken_ = BootClock::now();  // when anything was said or heard last
  std::int64_t offset_s_ = 0;                        // the service's clock minus ours
  bool welcomed_ = false, draining_ = false;
  int malformed_ = 0;
  std::optional<std::chrono::milliseconds> retry_after_;
  std::function<void()> when_welcomed_;
  TaskGroup tasks_;
};

}  // namespace wb::agent
