// The jobs in this agent's hands, whatever link brought them: check, journal the intent, read, guardrails, write,
// journal the outcome, answer (docs/PROTOCOL.md section 6). Lives as long as the agent; links come and go.
//
// State belongs to the loop's thread. Directory calls run on the domain's pool, commits on the journal's.
#pragma once
#include <atomic>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/apply.hpp"
#include "agent/attempt_machine.hpp"
#include "agent/audit_file.hpp"
#include "agent/identity.hpp"
#include "agent/job_check.hpp"
#include "agent/outbox.hpp"
#include "agent/metrics.hpp"
#include "agent/security_events.hpp"
#include "agent/password_check.hpp"
#include "config/agent_config.hpp"
#include "core/async.hpp"
#include "ldap/directory.hpp"
#include "policy/guardrails.hpp"
#include "policy/volume.hpp"
#include "queue/journal.hpp"

namespace wb::agent {

// One directory, its guardrails and its threads.
struct Domain {
  Domain(const config::AgentDomain& its, std::unique_ptr<ldap::Directory> directory_, int threads)
      : name(its.directory.domain), rules(std::make_shared<const policy::Guardrails>(its.guardrails)), passwords(its.password_rules), volume(its.volume), probes(its.probes), marker(!its.directory.marker_attribute.empty()),
        directory(std::move(directory_)), pool(static_cast<std::size_t>(threads)) {}
  const std::string name;
  std::shared_ptr<const policy::Guardrails> rules;  // with the SIDs of the groups they name, as the directory says; replaced, never changed
  PasswordCheck passwords;
  policy::Volume volume, probes;  // of writes and of readings; of the loop's thread
  const bool marker;              // marker attribute configured
  const std::unique_ptr<ldap::Directory> directory;
  ldap::DirectoryState state;  // as the last check said
  bool leaving = false;        // it goes away when its jobs are done and its watch has ended
  std::weak_ptr<void> watch;   // the running watch holds what this sees
  bool counted = false;        // the writes of the last hour that the journal remembers stand in `volume`
  bool settled = false;        // what a former life left open has been looked at: no new work before
  int inflight = 0;
  asio::thread_pool pool;  // last: joined before the directory goes
};
using Domains = std::map<std::string, std::unique_ptr<Domain>>;

template <class F> class Finally {
 public:
  explicit Finally(F f) : f_(std::move(f)) {}
  Finally(const Finally&) = delete;
  Finally& operator=(const Finally&) = delete;
  ~Finally() { f_(); }

 private:
  F f_;
};

class Worker {
 public:
  struct Parts {
    std::string agent;    // our id
    const KeysPtr& keys;  // the agent's: another one after a rotation
    queue::Journal& journal;
    asio::thread_pool& journal_pool;  // one thread
    Domains& domains;
    Outbox& outbox;
    Refusals& refusals;
    Metrics& metrics;
    int window = 8;               // jobs at once per domain
    AuditTrail* audit = nullptr;  // where there is one
  };
  Worker(asio::any_io_executor executor, Parts parts) : executor_(executor), parts_(std::move(parts)), tasks_(executor) {}

  // Every message gets an answer: a result, or an error when not even its job could be read.
  void take(protocol::JobMessage message, std::shared_ptr<const Trust> trust, Moment moment);
  void cancel(const protocol::JobRef& ref);  // before the write; after it there is nothing to cancel
  void acked(const protocol::JobRef& ref);
  void renew_leases();  // says progress for each write that is under way
  // Looks at every intent that a former life left open in this domain, reading only, and sends what it found as the result
  // of the attempt it belongs to. False: not all of them could be looked at; again later.
  Awaitable<bool> settle_former(Domain& domain);

  void stop_taking() { stopping_ = true; }
  void pause(bool on) { paused_ = on; }  // no new jobs until it is over; what is in our hands goes on
  Awaitable<> drained() { return tasks_.drained(); }
  int inflight() const { return static_cast<int>(running_.size()); }
  struct InHand {
    std::string jti, domain;
    protocol::Op op;
    bool applying;  // the directory is being asked to write
    double ms;      // since it came
  };
  std::vector<InHand> in_hand() const;
  bool journal_works() const { return journal_works_; }
  // Each few seconds: tries a commit when the last one failed; else notes the acks and flushes what was not flushed.
  Awaitable<> tend_journal();

 private:
  struct Running {
    protocol::Job job;  // fence and att of the newest delivery
    std::string sealed;
    Limits limits;
    BootClock::time_point received;
    std::int64_t clock_offset_s = 0;
    Domain* domain = nullptr;
    bool applying = false;
    bool others = false;                  // somebody else may have had the job between two deliveries to us
    std::atomic<bool> cancelled = false;  // read on the directory's thread
    Stopwatch watch;
    protocol::Trace trace;
    Phases phases;
    log::About about() const { return protocol::about(job.jti, trace); }
  };
  using RunningPtr = std::shared_ptr<Running>;
  struct Outcome {
    Say say;
    std::optional<ldap::Account> account;  // for the result's dc, pls, ver
    std::optional<protocol::ProbeAnswer> probe;
    std::optional<protocol::PasswordPolicy> policy;
    double directory_ms = 0;
    std::optional<UnixSeconds> retry_after = {};
    std::optional<int> kinds = {};
  };
  struct Probed {
    Result<std::optional<ldap::Account>> account;
    policy::Decision decision;
    std::optional<protocol::PasswordPolicy> policy;
    std::vector<std::string> groups;
    double ms = 0, waited_ms = 0;
  };

  Awaitable<> serve(protocol::JobMessage message, std::shared_ptr<const Trust> trust, Moment moment, BootClock::time_point received);
  bool redelivered(const protocol::Job& job, const Limits& limits, BootClock::time_point received);  // to a job that is running here
  Awaitable<> probe(RunningPtr running);
  Awaitable<> perform(RunningPtr running);
  Awaitable<Result<std::optional<queue::JournalEntry>>> admit(RunningPtr running, bool may_begin);
  Awaitable<Result<std::optional<queue::JournalEntry>>> admit_and_begin(RunningPtr running, const Attempt& attempt, std::optional<Ending>& ending);
  Awaitable<bool> intend(RunningPtr running);
  Awaitable<> settle(RunningPtr running, Attempt attempt, std::optional<Ending> first);
  Awaitable<Ending> carry(RunningPtr running, Attempt attempt, std::shared_future<bool> recorded);
  void say_applying(const RunningPtr& running);
  std::optional<Outcome> outcome_of(const Running& running, Ending ending) const;
  Awaitable<> answer_again(RunningPtr running, protocol::JobResult result);
  Awaitable<bool> record(RunningPtr running, protocol::JobResult result);
  Awaitable<bool> look(Domain& domain, queue::JournalEntry entry);
  std::optional<protocol::JobResult> read_own(const std::string& jws) const;
  void refuse(const Invalid& invalid);
  void busy(const protocol::Job& job, std::string_view reason, const std::string& domain, const protocol::Trace& trace);
  policy::VolumeVerdict take_volume(const Running& running);
  void flooded(const Running& running, const policy::VolumeVerdict& verdict, bool second);
  Awaitable<bool> count_former(Domain& domain);
  void journal_failed(const Fault& fault);
  protocol::JobResult result_of(const Running& running, const Outcome& outcome) const;
  void report(const protocol::JobResult& result, const std::string& domain, const protocol::Trace& trace);  // signs and delivers
  void deliver(const protocol::JobResult& result, std::string jws, const std::string& domain, const protocol::Trace& trace);
  void remember_probe(const protocol::Job& job);
  Awaitable<> note_acks();
  template <class F> auto on_journal(F work) { return to_completion(parts_.journal_pool, std::move(work)); }

  asio::any_io_executor executor_;
  Parts parts_;
  std::map<std::string, RunningPtr> running_;                           // by jti
  std::set<std::string> accounts_;                                      // "domain/sub" with a write in our hands
  std::map<std::string, std::pair<std::int64_t, UnixSeconds>> probes_;  // jti -> fence, exp: probes leave no journal row
  std::vector<protocol::JobRef> acks_;                                  // not in the journal yet
  bool stopping_ = false, paused_ = false, journal_works_ = true, journal_dirty_ = false;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // what a directory thread posted may come after the end
  TaskGroup tasks_;                                        // last: its tasks use the rest
};

}  // namespace wb::agent
