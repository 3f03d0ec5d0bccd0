// The agent: everything wired top to bottom. Dials, holds one link, watches its directories, ends in order.
#pragma once
#include <functional>
#include <memory>
#include <random>
#include <string>

#include "agent/control_door.hpp"
#include "agent/metrics.hpp"
#include "agent/service_hosts.hpp"
#include "agent/session.hpp"
#include "agent/status.hpp"
#include "agent/worker.hpp"
#include "config/agent_config.hpp"
#include "core/async.hpp"
#include "core/backoff.hpp"
#include "link/local_http.hpp"
#include "platform/private_files.hpp"

namespace wb::agent {

struct AgentTimings {
  SessionTimings session;
  Backoff::Shape backoff;
  std::chrono::milliseconds check{3'000};     // of each directory
  std::chrono::milliseconds silence{60'000};  // of the link
  std::chrono::milliseconds connect{10'000};  // each step of a dial
  std::chrono::milliseconds flush{5'000};     // at the end: for acks of the last results
  std::chrono::milliseconds keys{30'000};     // whether a key is due, or was rotated by the command line
  // The doctor's look at oneself: how often, how long after another one at the earliest, and when no server is begun with any more.
  std::chrono::milliseconds self_check{3'600'000}, self_check_pause{60'000}, self_check_limit{60'000};
};

using OpenDirectory = std::function<std::unique_ptr<ldap::Directory>(const ldap::Settings&)>;

class Agent {
 public:
  // Reads identity and keys, opens the journal and draws the next epoch. Fault where "agent.identity" when this machine
  // is not enrolled (detail says how to), else as the parts fail. `open` is the real directory unless a test brings one.
  static Result<std::unique_ptr<Agent>> start(asio::io_context& io, const config::AgentConfig& config, AgentTimings timings = {}, OpenDirectory open = ldap::open_directory);
  ~Agent();
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  Awaitable<> run();  // until stop() has done its work
  // Takes the domains over from a configuration that was read anew: those that are new are opened, those that are gone or
  // have changed finish their jobs first, and the others do not notice. What else has changed needs a restart, and is
  // named in the log. Returns at once; asked for again meanwhile, the newest comes next.
  void reload(const config::AgentConfig& next);
  // No new jobs, goodbye to the service, running writes finished, their results flushed, links closed. Returns at once.
  void stop();
  // No new jobs, while links and directories stay as they are; off: jobs again. A restart ends it.
  void pause(bool on);
  // What the control socket's `reload` does; it answers with the problems of the file.
  void on_reload(std::function<std::vector<std::string>()> what) { when_told_to_reload_ = std::move(what); }

  const Outbox& outbox() const { return outbox_; }
  const Refusals& refusals() const { return refusals_; }
  Snapshot snapshot() const;
  Status status() const;

 private:
  Agent(asio::io_context& io, const config::AgentConfig& config, AgentTimings timings, TrustState trust, KeysPtr keys, queue::Journal journal, std::int64_t epoch, OpenDirectory open, ServiceHosts hosts);
  void open_domains();
  void open_domain(const config::AgentDomain& domain);
  Awaitable<> change_domains(std::vector<config::AgentDomain> next);
  Awaitable<> leave_domain(std::string name);
  Awaitable<> hand_over();  // to a new link that serves the domains of now
  Awaitable<> take_over();  // results a former life could not deliver
  Awaitable<> keep_linked();
  Awaitable<bool> pause(Backoff& backoff, std::optional<std::chrono::milliseconds> at_least);
  Awaitable<> one_link(std::unique_ptr<link::Link> link, std::optional<std::chrono::milliseconds>& retry_after, Backoff& backoff);
  Awaitable<> watch(Domain& domain);
  Awaitable<> prune();
  Awaitable<> keep_keys();
  Awaitable<> look_at_keys();
  void say_roster_ends();
  void learnt();                     // rosters may have changed
  void welcomed(bool by_next);       // a link, by which key
  Awaitable<> take_next_key();       // one that the command line made is there, or the roster is wrong
  Awaitable<> change_signing_key();  // to a link whose hello the next key has signed
  Awaitable<> promote();             // the next signing key is the only one
  Awaitable<> keep_checking();       // these three: self_check.cpp
  void check_soon();
  void say_findings();
  Awaitable<> wind_down();
  Awaitable<Result<void>> save_identity();
  link::DialSettings dialling() const;
  SessionParts session_parts();
  std::map<std::string, protocol::Readiness> readiness(const Session* link) const;  // nullptr: there is none
  std::optional<std::string_view> trust_of(const std::string& domain, const Session* link) const;
  void down(const Fault& why, const std::string& service);
  void open_control();
  std::string obey(const std::string& line);  // one line of the control socket
  void link_is(bool up);

  asio::io_context& io_;
  config::AgentConfig config_;
  const AgentTimings timings_;
  ServiceHosts hosts_;
  IdleCut idle_cut_;
  platform::FileLock lock_;  // of state_dir: one agent, and no `enroll --again` under it
  KeysPtr keys_;
  TrustState trust_;
  queue::Journal journal_;
  std::int64_t epoch_;
  const OpenDirectory open_;
  Domains domains_;
  asio::thread_pool journal_pool_{1};
  Outbox outbox_;
  Refusals refusals_;
  Metrics metrics_;
  std::unique_ptr<link::LocalHttp> door_;  // for metrics and health, where configured
  std::unique_ptr<ControlDoor> control_;
  std::function<std::vector<std::string>()> when_told_to_reload_;
  std::unique_ptr<AuditTrail> audit_;  // where configured
  std::unique_ptr<Worker> worker_;
  std::shared_ptr<Session> session_;  // while a link is up
  bool stopping_ = false, paused_ = false;
  bool link_up_ = false;
  UnixSeconds link_since_ = unix_now();  // it is as it is
  KeyRecord sealing_key_;                // the stated one
  std::minstd_rand dice_{std::random_device{}()};
  std::string last_down_;  // what the log was told last, and when
  BootClock::time_point last_down_at_{};
  std::optional<NoLink> no_link_;                     // the last failure; told while no link is up
  std::map<std::string, UnixSeconds> roster_warned_;  // when the log was last told that it ends
  UnixSeconds key_due_said_ = 0, service_key_said_ = 0;
  bool hello_by_next_ = false;  // as far as we know, the service takes the next signing key
  bool reloading_ = false;
  std::optional<config::AgentConfig> waiting_config_;          // asked for while reloading
  std::optional<std::vector<protocol::FoundThing>> findings_;  // of the last look, unless something has happened since
  BootClock::time_point checked_at_{};
  asio::steady_timer check_due_;
  std::atomic<bool> ending_now_ = false;  // for those who can't look at stopping_
  asio::thread_pool check_pool_{1};       // the doctor's: it may wait long, and nobody shall wait for it
  TaskGroup linking_, handing_, watching_, reloads_, ending_;
};

}  // namespace wb::agent
