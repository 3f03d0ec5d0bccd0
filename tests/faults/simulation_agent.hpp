// The agent around the shipped agent::AttemptMachine: what agent/worker does, in the same order: replay check, accept,
// intent (synced), read, look at the clock, Modify, outcome (synced later), result until it is acked. Its journal
// survives a kill; after a power loss what was not synced is gone.
#pragma once
#include <map>
#include <memory>
#include <set>
#include <string>

#include "agent/attempt_machine.hpp"
#include "tests/faults/simulation_parts.hpp"

namespace wb::simulation {

class SimulatedAgent {
 public:
  SimulatedAgent(World& world, int number);
  Process& process() { return process_; }
  void start();
  void kill(bool power_loss);
  void freeze();
  void thaw();
  // The link to the service.
  void receive(const LinkPtr& link, const Message& message);
  void closed(const LinkPtr& link);
  const LinkPtr& link() const { return link_; }
  // Its directory came or went: what it says of itself follows, after a while.
  void directory_changed();
  bool settled() const { return running_.empty() && outbox_.empty() && open_intents() == 0; }

 private:
  struct Entry {        // queue::JournalEntry
    protocol::Job job;  // as it was first seen here
    std::int64_t fence = 0;
    int att = 0;
    std::optional<Answer> result;
    bool acked = false;
  };
  using Journal = std::map<std::string, Entry>;
  struct Running {
    protocol::Job job;
    Time received{};
    std::chrono::milliseconds ttl{0};
    bool applying = false, cancelled = false, alone = false;
    bool others = false;  // redelivered with a fence that others had in between
    agent::Attempt attempt = {};
    agent::Limits limits = {};  // of this attempt
    Time limits_from{};
    std::optional<agent::AttemptMachine> machine = {};
  };
  struct Waiting {
    Answer answer;
    Time said{};
  };
  using RunningPtr = std::shared_ptr<Running>;

  void say(Message message);
  void report(Answer answer);
  void say_result(Waiting& waiting);
  void dial();
  void dial_later();
  void linked(const LinkPtr& link);
  void repeat_results(int epoch_of_link);
  void renew_lease(const RunningPtr& running);
  void say_ready();
  void watch();
  void look_at_intents();
  int open_intents() const;

  void serve(const Message& message);
  bool redelivered(const Message& message);
  void refuse(const protocol::Job& job, protocol::Code code, const char* reason);
  void perform(const RunningPtr& running);
  void decide(const RunningPtr& running, std::optional<Entry> known);
  void intend(const RunningPtr& running);
  void leave(const RunningPtr& running);
  void carry(const RunningPtr& running);
  void end(const RunningPtr& running, Answer outcome);
  void answer_again(const RunningPtr& running, Answer old);
  void act(const RunningPtr& running, agent::Action action);
  void read(const RunningPtr& running);
  void modify(const RunningPtr& running, std::string marker, bool password);
  void send(const RunningPtr& running, Modify order);
  void written(const RunningPtr& running, const ModelDirectory::Write& write);
  void record(const RunningPtr& running, Answer answer, std::function<void()> outdated);
  void step(const RunningPtr& running, const char* name, Span pause, std::function<void()> then);
  void sync_soon();
  void sync() { synced_ = journal_; }
  static bool is(const Running& running, agent::Work work) { return running.attempt.work == work; }
  ldap::Account account_of(const Running& running, const Reading& reading) const;

  World& world_;
  const int number_;
  Process process_;
  Journal journal_, synced_;
  std::int64_t epoch_ = 0;
  LinkPtr link_;
  int link_epoch_ = 0, tries_ = 0;
  bool dialling_ = false, looked_ = false, looking_ = false, directory_well_ = true;
  std::map<std::string, RunningPtr> running_;
  std::set<int> accounts_;
  std::map<std::pair<std::string, std::int64_t>, Waiting> outbox_;  // by jti and fence
};

}  // namespace wb::simulation
