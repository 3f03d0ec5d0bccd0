// Jobs on their way: runs one JobMachine per job that is not final, and does what the machines ask for. A probe is a
// job too, but lives in memory only: its caller is waiting, and asks again after a restart.
#pragma once
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/async.hpp"
#include "queue/job_machine.hpp"
#include "service/acks.hpp"
#include "service/agent_session.hpp"
#include "service/gateway.hpp"
#include "service/keys.hpp"
#include "service/settings.hpp"
#include "service/store.hpp"

namespace wb::service {

constexpr std::size_t name_bytes_max = 256, sub_bytes_max = 64;
struct ProbeRequest {
  std::string domain, client, sub;
  std::optional<std::string> name;
  std::vector<std::string> want;
  std::vector<std::string> groups = {};  // with "groups" in want: never left out of the answer, DN or SID; at most protocol::named_groups_max
  protocol::Trace trace = {};            // empty: made here
};
struct ProbeOutcome {
  std::string id, outcome, reason, agent, dc;
  std::optional<std::int64_t> retry_after;  // Unix seconds
  std::optional<protocol::ProbeAnswer> answer;
};

class Dispatch : public Listener {
 public:
  struct Live;  // one job that is not final (live_job.hpp)
  Dispatch(asio::any_io_executor executor, const Settings& settings, Store& store, const Keys& keys, Gateway& gateway)
      : executor_(executor), settings_(settings), store_(store), keys_(keys), gateway_(gateway), acks_(executor, store, gateway, settings.ack_delay) {}

  // Takes up the jobs that a restart interrupted.
  Result<void> resume();
  // Waits for the answer, at most settings.probe_wait. Fault exhausted when too much is going on.
  Awaitable<Result<ProbeOutcome>> probe(ProbeRequest request);
  // Stores the job and offers it. `recipients`: the keys its password is sealed to. `also` as in Store::submit.
  // Fault exhausted as above.
  Result<Submitted> submit(JobRow job, std::vector<std::string> recipients, const Store::Also& also = {});
  // The job as it stands, after waiting for at most `wait` for its end, or for the moment its caller is told in_doubt.
  Awaitable<Result<std::optional<JobRow>>> look(std::string jti, std::chrono::milliseconds wait);
  // The same, after waiting for at most `wait` until its state or the number of its attempts is another one than `seen`.
  struct Stand {
    queue::JobState state = queue::JobState::ready;
    std::size_t attempts = 0;
    bool operator==(const Stand&) const = default;
  };
  Awaitable<Result<std::optional<JobRow>>> watch(std::string jti, Stand seen, std::chrono::milliseconds wait);
  bool stopping() const { return stopping_; }  // release_waiters() was called
  // Ends the resolving jobs that an operator has released.
  void take_releases();
  void flush() { acks_.flush(); }
  // Lets everybody who waits go: their calls answer with the state of now.
  void release_waiters();
  std::size_t waiting_calls() const { return waiters_; }
  std::size_t watching(const std::string& jti) const;

  void accepted(const std::string& agent, const protocol::JobRef& ref) override;
  void progressed(const std::string& agent, const protocol::Progress& progress) override;
  void answered(const std::string& agent, const protocol::JobResult& result, const std::string& jws) override;
  void link_lost(const std::string& agent) override;
  void agents_changed(const std::string& domain) override;

 private:
  using Job = std::shared_ptr<Live>;

  Job add(JobRow row, queue::JobMachine machine);
  Job find(const std::string& jti) const;
  void step(const Job& job, queue::JobEvent event);
  void arm(const Job& job);
  void file(const Job& job);  // among those of its domain that look for an agent, or not
  Awaitable<> ended(Job job, std::chrono::milliseconds wait);
  // What the machine asks for; some answer with an event for it.
  std::optional<queue::JobEvent> act(const Job& job, const queue::action::FindAgent& a);
  std::optional<queue::JobEvent> act(const Job& job, const queue::action::Offer& a);
  std::optional<queue::JobEvent> act(const Job& job, const queue::action::Cancel& a);
  std::optional<queue::JobEvent> act(const Job& job, const queue::action::Ack& a);
  std::optional<queue::JobEvent> act(const Job& job, const queue::action::Dropped& a);
  std::optional<queue::JobEvent> act(const Job& job, const queue::action::Tell& a);
  std::optional<queue::JobEvent> act(const Job& job, const queue::action::Finish& a);
  void answered_late(const std::string& agent, const protocol::JobResult& result, const std::string& jws);

  asio::any_io_executor executor_;
  const Settings& settings_;
  Store& store_;
  const Keys& keys_;
  Gateway& gateway_;
  Acks acks_;
  std::size_t waiters_ = 0;
  std::set<std::string> changed_;  // domains whose waiting jobs may find an agent now
  bool handing_out_ = false, stopping_ = false;
  std::map<std::string, Job> live_;  // by jti; at most settings.live_jobs_max
  // domain -> (resolving, jti): people who wait come before what is only settled, then the oldest ULID
  std::map<std::string, std::map<std::pair<bool, std::string>, Job>> waiting_;
};

std::int64_t now_ms();

}  // namespace wb::service
