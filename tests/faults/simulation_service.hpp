// The reset service around the shipped queue::JobMachine: what service/dispatch, gateway and store do, in the same order,
// without sockets, signatures and SQLite.
#pragma once
#include <map>
#include <set>
#include <string>

#include "queue/job_machine.hpp"
#include "tests/faults/simulation_parts.hpp"

namespace wb::simulation {

class SimulatedService {
 public:
  enum class Submitted { stored,
    account_busy,
    in_doubt_elsewhere,
    down };

  SimulatedService(World& world, queue::JobTimings timings);
  Process& process() { return process_; }
  void start();
  void kill();

  Submitted submit(int order);
  // An agent's hello: false when a live session of the same start is there.
  bool greet(const LinkPtr& link, std::int64_t epoch);
  void receive(const LinkPtr& link, const Message& message);
  void closed(const LinkPtr& link);

  int ready_agents() const;
  bool has_room() const;
  bool idle() const { return live_.empty(); }
  std::string state_of(int order) const;

 private:
  struct Row {  // as the file has it
    bool stored = false, resolving = false, final = false;
    std::int64_t fence = 0;
    std::vector<queue::Attempt> attempts;
    std::string outcome;
  };
  struct Live {
    int order;
    queue::JobMachine machine;
    std::optional<Time> armed_for = {};
    const Answer* answer = nullptr;  // while it is stepped through
    bool ack_due = false;
  };
  using Job = std::shared_ptr<Live>;
  struct Session {
    LinkPtr link;
    std::int64_t epoch = 0;
    bool ready = false;
    int held = 0;
  };

  Job find(const std::string& jti) const;
  Job add(int order, queue::JobMachine machine);
  void step(const Job& job, queue::JobEvent event);
  void arm(const Job& job);
  std::optional<queue::JobEvent> act(const Job& job, const queue::action::FindAgent& a);
  std::optional<queue::JobEvent> act(const Job& job, const queue::action::Offer& a);
  std::optional<queue::JobEvent> act(const Job& job, const queue::action::Cancel& a);
  std::optional<queue::JobEvent> act(const Job& job, const queue::action::Ack& a);
  std::optional<queue::JobEvent> act(const Job& job, const queue::action::Dropped& a);
  std::optional<queue::JobEvent> act(const Job& job, const queue::action::Tell& a);
  std::optional<queue::JobEvent> act(const Job& job, const queue::action::Finish& a);
  std::shared_ptr<const protocol::Job> payload_of(const Live& job, const queue::action::Offer& offer) const;
  void say(const std::string& agent, Message message);
  void ack_soon(const std::string& agent, const Answer& answer);
  void answered(const std::string& agent, const Answer& answer);
  void answered_late(const std::string& agent, const Answer& answer);
  void drop_session(std::string agent);
  void link_lost(const std::string& agent);
  void agents_changed();

  World& world_;
  Process process_;
  queue::JobTimings timings_;
  std::vector<Row> seen_, disk_;  // by order: what a query sees, and what a crash leaves
  std::map<std::string, Job> live_;
  std::map<std::string, Session> sessions_;
  bool handing_out_ = false, changed_ = false;
};

}  // namespace wb::simulation
