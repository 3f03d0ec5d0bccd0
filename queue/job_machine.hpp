// The life of one job on the service (docs/PROTOCOL.md section 6), as a pure machine: event and now in, actions out.
// No clock, no I/O, no allocation worth naming; the simulation runs this very code.
//
//   ready --found--> leased --progress--> applying --result--> final
//     ^---- not accepted in 2 s, lease over, link lost, busy ----/
//
// What the rules mean here:
// * Every offer raises `fence`. `att` says how many executions there may have been, this one included: an offer that
//   was not accepted counts (a stopped agent may wake up and run it, so the next one must read before it writes), one
//   answered `busy` does not (that agent said it did nothing), and is offered again with the same `att`.
// * At most `attempts_max` such attempts; after the last the job waits for a late word until `exp`.
// * An agent that was tried is asked again only when there is no other (a redelivery; it settles with its journal).
// * `applied` is a fact, not an opinion: it is believed from any attempt that was really offered to its sender. Every
//   other result counts only as long as nobody else was asked after it; else it is acked and dropped.
// * At `exp` nothing is offered any more; a lease that lives is waited for, at most `grace` longer.
#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/clock.hpp"
#include "protocol/messages.hpp"

namespace wb::queue {

enum class JobState { ready,
  leased,
  applying,
  final };
std::string_view to_string(JobState state);

// What ends a job that no agent answered for.
enum class Ending { result,
  expired,
  unavailable,
  unknown };

struct JobTimings {
  std::chrono::milliseconds accept{2'000}, lease{5'000}, busy_retry{250}, grace{30'000};
  int attempts_max = 3;
};

// An offer that may have had an effect. Kept durably before it is sent.
struct Attempt {
  std::string agent;
  std::int64_t fence = 0;
  int att = 0;
  bool operator==(const Attempt&) const = default;
};

namespace event {
struct Start {};  // the job is new, or loaded after a restart
struct Found {
  std::string agent;
};  // answers FindAgent
struct NoneFound {
  bool any_ready = false;
};                        // answers FindAgent; some agent is ready but taken
struct AgentsChanged {};  // one connected, became ready, or has room again
struct Accepted {
  std::string agent;
  std::int64_t fence = 0;
};
struct Progress {
  std::string agent;
  std::int64_t fence = 0;
};
struct Answered {
  std::string agent;
  std::int64_t fence = 0;
  protocol::Code code = protocol::Code::unknown;
};
struct LinkLost {
  std::string agent;
};
struct Tick {};  // next_deadline() has come
}  // namespace event
using JobEvent = std::variant<event::Start, event::Found, event::NoneFound, event::AgentsChanged, event::Accepted, event::Progress, event::Answered, event::LinkLost, event::Tick>;

namespace action {
struct FindAgent {
  std::vector<std::string> except, avoid;
};  // answer with Found or NoneFound at once
struct Offer {
  std::string agent;
  std::int64_t fence = 0;
  int att = 0;
};  // store, sign, send
struct Cancel {
  std::string agent;
  std::int64_t fence = 0;
};  // best effort
struct Ack {
  std::string agent;
  std::int64_t fence = 0;
};
struct Dropped {
  std::string agent;
  std::int64_t fence = 0;
  const char* why = "";
};  // for the log
struct Finish {
  Ending ending = Ending::result;
};  // store, erase the sealed password, wake who waits
}  // namespace action
using JobAction = std::variant<action::FindAgent, action::Offer, action::Cancel, action::Ack, action::Dropped, action::Finish>;
using JobActions = std::vector<JobAction>;

// May this late result change the outcome of a final job? (An outcome the service made up, or one in doubt.)
bool upgrades(std::string_view outcome, protocol::Code late);

class JobMachine {
 public:
  using Time = BootClock::time_point;
  explicit JobMachine(Time expires, JobTimings timings = {}) : timings_(timings), expires_(expires) {}
  // As stored before a restart: agents need a moment to come back, so "nobody there" is no answer before exp.
  static JobMachine restored(Time expires, std::int64_t fence, std::vector<Attempt> attempts, JobTimings timings = {});

  JobActions on(const JobEvent& event, Time now);
  // When Tick is due. Never in the past of an already handled tick, except for a final job: nullopt.
  std::optional<Time> next_deadline() const;

  JobState state() const { return state_; }
  std::int64_t fence() const { return fence_; }
  const std::vector<Attempt>& attempts() const { return attempts_; }
  // The agent whose window it counts against; compare before and after each event.
  const std::optional<std::string>& holder() const { return holder_; }

 private:
  void step(const event::Start&, Time now);
  void step(const event::Found& e, Time now);
  void step(const event::NoneFound& e, Time now);
  void step(const event::AgentsChanged&, Time now);
  void step(const event::Accepted& e, Time now);
  void step(const event::Progress& e, Time now);
  void step(const event::Answered& e, Time now);
  void step(const event::LinkLost& e, Time now);
  void step(const event::Tick&, Time now);

  bool current(const std::string& agent, std::int64_t fence) const;
  bool believed(const event::Answered& e) const;
  bool attempts_left() const { return static_cast<int>(attempts_.size()) < timings_.attempts_max; }
  void search(Time now);
  void finish(Ending ending);
  void hold(JobState state, Time until);

  JobTimings timings_;
  Time expires_;
  JobState state_ = JobState::ready;
  std::int64_t fence_ = 0;
  std::vector<Attempt> attempts_;           // at most attempts_max
  std::map<std::string, Time> busy_until_;  // agents that said busy
  std::optional<std::string> holder_;
  Time lease_until_{};  // while leased or applying
  bool taken_ = false;  // some agent accepted
  bool restored_ = false;
  JobActions out_;
};

}  // namespace wb::queue
