// One schedule: a service, agents, a network and a directory, clients and trouble, all drawn from one seed; and the
// promise of docs/DELIVERY.md, checked while it runs and at its end.
#pragma once
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/faults/simulation_agent.hpp"
#include "tests/faults/simulation_service.hpp"

namespace wb::simulation {

// Bugs planted in the glue, to see that the checks find them.
struct Bugs {
  bool journal_skipped = false;  // no intent and no outcome is kept
  bool fence_ignored = false;    // the service takes every answer for the current attempt's
  bool void_skipped = false;     // the agent says that it voided and did not
  bool expects_reread = false;   // the swap expects what was just read, not what the probe saw
  bool change_repeated = false;  // a second attempt at a change is sent as the first was
};

enum class Shape {
  one_kill,    // one agent is killed, at a step or a moment; everything else is well: the bound is 2 s
  one_freeze,  // ... frozen: the bound is the lease
  chaos,       // everything at once
};

struct Plan {
  Shape shape = Shape::chaos;
  bool marker = true, interference = false, outsider = false, must_change = false;
  int agents = 2, accounts = 2, orders = 4, troubles = 5;
  int strike_at_step = 0;    // one_kill, one_freeze: at this step
  double strike_chance = 0;  // chaos: at each step
  Span heal_at = 240s;
  int dc_clock_s = 0;  // the directory's clock against ours
  Bugs bugs;
};
Plan plan_of(Dice& dice, const Bugs& bugs);

struct Statement {  // what a caller was told, and when
  Time at;
  std::string outcome, reason;
};

struct Record {  // of one order
  std::vector<Statement> told;
  std::vector<Time> written;
  int shown = 0;                 // how often its old password came to the directory
  int known_to = -1;             // the agent that journaled `applied`
  bool journal_lost = false;     // ... and lost its power later
  bool foreign_marker = false;   // another job's marker was written after this one's probe
  bool marker_touched = false;   // by an administrator, since then
  bool moved_by_others = false;  // the password was changed by somebody else since the probe
  bool voided = false;           // its void marker was swapped in
  bool void_removed = false;     // ... and an administrator put it, or our proof, away: docs/DELIVERY.md
};

struct Tally {  // over many schedules
  std::uint64_t schedules = 0, orders = 0, events = 0, applied = 0, refused = 0, superseded = 0, not_done = 0, in_doubt_told = 0, unknown = 0, upgraded = 0, blind_swaps = 0,
                late_after_interference = 0, changes = 0, changed = 0;
  Span slowest_kill{0}, slowest_freeze{0};
};

class World {
 public:
  World(std::uint64_t seed, const Bugs& bugs, bool tracing);
  void run();
  const std::vector<std::string>& violations() const { return violations_; }
  const std::string& story() const { return story_; }
  void count_into(Tally& tally) const;

  // ---- for the parts
  std::string sub_of(int account) const { return "account-" + std::to_string(account); }
  int order_of(const std::string& jti) const;
  Time time_of(UnixSeconds t) const { return Time(std::chrono::seconds(t - unix_at_start)); }
  UnixSeconds unix_now() const { return unix_of(loop.now()); }
  std::string text_of(const Message& message) const;
  template <class F> void trace(F what) {
    if (tracing_) note(what());
  }
  void note(const std::string& what);
  void accepted(int order);
  void told(int order, const std::string& outcome, const std::string& reason);
  void reached(int agent, const char* step);  // trouble may strike here
  void outcome_known(int agent, const Answer& answer);
  void power_lost(int agent);
  protocol::Pre pre_of(const Reading& reading) const;
  void violation(const std::string& what);

  Dice dice;
  Plan plan;
  Loop loop;
  ModelDirectory directory;
  Network network;
  SimulatedService service;
  std::vector<std::unique_ptr<SimulatedAgent>> agents;
  std::vector<Order> orders;

 private:
  // ---- the client and the trouble (simulation_trouble.cpp)
  void place_order(int account, Span thinking, int tries);
  void submit(int order, int tries);
  void strike(int agent);
  void strike_agent(int agent);
  void strike_link(int agent);
  void strike_directory();
  void strike_service();
  void strike_account(int account);
  void heal();
  void begin();
  void last_orders();
  // ---- the checks (simulation_checks.cpp)
  void changed(const Modify& order, const Reading& before, const Reading& now);
  void shown(const Modify& order);
  void check_record(std::size_t order);
  void check_bound(std::size_t order);
  bool may_stay_unknown(std::size_t order) const;
  bool settled() const;

  bool tracing_;
  std::string story_;
  std::vector<std::string> violations_;
  std::vector<Record> records_;
  int steps_ = 0, troubles_ = 0;  // steps reached; troubles still to come
  bool healed_ = false;
  Time service_up_{};
  std::vector<int> last_;  // the orders after everything is well again
  Tally tally_;
};

}  // namespace wb::simulation
