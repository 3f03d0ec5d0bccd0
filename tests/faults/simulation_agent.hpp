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
  struct Entry {  // queue::JournalEntry
    protocol::Job job;
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
    bool applying = false, cancelled = false, second = false, holds_account = false;
    std::int64_t attempt_fence = 0;  // the one that goes into the marker
    agent::Work work = agent::Work::attempt;
    std::optional<agent::AttemptMachine> machine;
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
  void look_at_intents();
  void looked(const RunningPtr& running);
  int open_intents() const;

  void serve(const Message& message);
  bool redelivered(const protocol::Job& job);
  void refuse(const protocol::Job& job, protocol::Code code, const char* reason);
  void run(const RunningPtr& running);
  static bool answers_again(const protocol::Job& job, const Answer& old);
  void leave(const RunningPtr& running);
  void attempt(const RunningPtr& running);
  void act(const RunningPtr& running, agent::Action action);
  void read(const RunningPtr& running);
  void modify(const RunningPtr& running, std::string marker, bool password);
  void send(const RunningPtr& running, Modify order);
  void written(const RunningPtr& running, const ModelDirectory::Write& write);
  void finish(const RunningPtr& running, const agent::Say& say);
  void record(const RunningPtr& running, Answer answer);
  void step(const RunningPtr& running, const char* name, Span pause, std::function<void()> then);
  void sync() { synced_ = journal_; }
  ldap::Account account_of(const Running& running, const Reading& reading) const;

  World& world_;
  const int number_;
  Process process_;
  Journal journal_, synced_;
  std::int64_t epoch_ = 0;
  LinkPtr link_;
  int link_epoch_ = 0, tries_ = 0, looks_ = 0;  // looks_: intents found open and not looked at yet
  bool dialling_ = false, directory_well_ = true;
  std::map<std::string, RunningPtr> running_;
  std::set<int> accounts_;
  std::map<std::string, Waiting> outbox_;
};

}  // namespace wb::simulation
