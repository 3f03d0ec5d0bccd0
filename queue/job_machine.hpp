// The life of one job on the service (docs/PROTOCOL.md section 6), as a pure machine: event and now in, actions out.
// No clock, no I/O, no allocation worth naming; the simulation runs this very code.
//
//   ready --found--> leased --progress--> applying --result--> final
//     ^---- not accepted in 2 s, lease over, link lost, busy, in doubt ----/
//   any of the three --exp, a reset or change that was offered--> resolving --result of a resolve, 24 h, released--> final
//
// What the rules mean here:
// * Every offer raises `fence`. `att` says how many executions there may have been, this one included: an offer that
//   was not accepted counts (a stopped agent may wake up and run it, so the next one must read before it writes), one
//   answered `busy` does not (that agent said it did nothing), and is offered again with the same `att`.
// * `in_doubt` ends nothing: the job is offered again after a growing pause. So does what an agent says without having
//   looked at the directory (`invalid`, `reprobe`) when an earlier attempt may have written.
// * At most `attempts_max` attempts that were not so answered, `offers_max` in all; after the last the job waits for a
//   late word until `exp`.
// * An agent that was tried is asked again only when there is no other (a redelivery; it settles with its journal).
// * `applied` is a fact, not an opinion: it is believed from any attempt that was really offered to its sender. Every
//   other result counts only as long as nobody else was asked after it; else it is acked and dropped.
// * At `exp` the job itself is offered no more; a lease that lives is waited for, at most `grace` longer. A job that was
//   offered to nobody has expired. One that was offered may have been done, even where no acceptance came: a link that
//   dies silently loses that first.
// * A reset or a change that was offered is told (`in_doubt`), and `resolve` is offered until its answer is one for good. An
//   unlock depends on nothing and may be done again, and a sign-in changes nothing and leaves no trace: both end as unknown.
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
  resolving,  // its caller was told in_doubt
  final };
std::string_view to_string(JobState state);

// What ends a job that no agent answered for.
enum class Ending { result,
  expired,
  unavailable,
  unknown,
  released };

struct JobTimings {
  std::chrono::milliseconds accept{2'000}, lease{5'000}, busy_retry{250}, grace{30'000};
  std::chrono::milliseconds doubt_first{500}, doubt_most{8'000};         // pauses after in_doubt, doubling
  std::chrono::milliseconds resolve_first{1'000}, resolve_most{60'000};  // pauses between resolves, doubling
  std::chrono::milliseconds resolve_offer{120'000};                      // how long one resolve may be worked on
  std::chrono::milliseconds resolve_life{86'400'000};                    // from exp: then it stays unknown
  int attempts_max = 3, offers_max = 24;
};

// An offer that may have had an effect. Kept durably before it is sent.
struct Attempt {
  std::string agent;
  std::int64_t fence = 0;
  int att = 0;
  bool doubted = false;  // answered in_doubt: not counted against attempts_max
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
struct NotSent {
  std::string agent;
};  // the offer just asked for was not sent (not stored, not signed, no link): it never was
struct LinkLost {
  std::string agent;
};
struct Released {};  // the operator gives a resolving job up
struct Tick {};      // next_deadline() has come
}  // namespace event
using JobEvent = std::variant<event::Start, event::Found, event::NoneFound, event::AgentsChanged, event::Accepted, event::Progress, event::Answered, event::NotSent, event::LinkLost, event::Released, event::Tick>;

namespace action {
struct FindAgent {
  std::vector<std::string> except, avoid;
  bool resolve = false;  // one that knows `resolve`; it need not be able to open the password
};                       // answer with Found or NoneFound at once
struct Offer {
  std::string agent;
  std::int64_t fence = 0;
  int att = 0;
  bool resolve = false;
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
};               // for the log
struct Tell {};  // store in_doubt, erase the sealed password, wake who waits; the job goes on as resolving
struct Finish {
  Ending ending = Ending::result;
};  // store, erase the sealed password, wake who waits
}  // namespace action
using JobAction = std::variant<action::FindAgent, action::Offer, action::Cancel, action::Ack, action::Dropped, action::Tell, action::Finish>;
using JobActions = std::vector<JobAction>;

// May this late result change the outcome of a final job? (An outcome the service made up, or one in doubt.) Only that
// something was applied may; that a password was right (`ok`) is nothing that anybody still waits for.
bool upgrades(std::string_view outcome, protocol::Code late);

class JobMachine {
 public:
  using Time = BootClock::time_point;
  explicit JobMachine(Time expires, JobTimings timings = {}, protocol::Op op = protocol::Op::reset) : timings_(timings), op_(op), expires_(expires), lease_most_(expires + timings.grace) {}
  // As stored before a restart: agents need a moment to come back, so "nobody there" is no answer before exp.
  struct Stored {
    std::int64_t fence = 0;
    std::vector<Attempt> attempts;
    bool resolving = false;  // told already
  };
  static JobMachine restored(Time expires, Stored stored, JobTimings timings = {}, protocol::Op op = protocol::Op::reset);

  JobActions on(const JobEvent& event, Time now);
  // When Tick is due. Never in the past of an already handled tick, except for a final job: nullopt.
  std::optional<Time> next_deadline() const;

  JobState state() const { return state_; }
  std::int64_t fence() const { return fence_; }
  const std::vector<Attempt>& attempts() const { return attempts_; }  // without the resolves
  // The agent whose window it counts against; compare before and after each event.
  const std::optional<std::string>& holder() const { return holder_; }
  // AgentsChanged may bring it on: it looked for an agent and found none.
  bool looking() const { return looking_; }

 private:
  void step(const event::Start&, Time now);
  void step(const event::Found& e, Time now);
  void step(const event::NoneFound& e, Time now);
  void step(const event::AgentsChanged&, Time now);
  void step(const event::Accepted& e, Time now);
  void step(const event::Progress& e, Time now);
  void step(const event::Answered& e, Time now);
  void step(const event::NotSent& e, Time now);
  void step(const event::LinkLost& e, Time now);
  void step(const event::Released&, Time now);
  void step(const event::Tick&, Time now);

  bool open() const { return state_ != JobState::final; }
  bool resolving() const { return state_ == JobState::resolving; }
  bool offered(const Attempt& attempt, const std::string& agent, std::int64_t fence) const { return attempt.agent == agent && attempt.fence == fence; }
  bool current(const std::string& agent, std::int64_t fence) const;
  bool believed(const event::Answered& e) const;
  bool settles(const event::Answered& e) const;
  bool attempts_left() const;
  void search(Time now);
  void let_go(Time now);
  void past_exp(Time now);
  void pause_resolve(Time now);
  void finish(Ending ending);
  void hold(JobState state, Time until);

  JobTimings timings_;
  protocol::Op op_;
  Time expires_;
  JobState state_ = JobState::ready;
  std::int64_t fence_ = 0;
  std::vector<Attempt> attempts_;           // at most offers_max
  std::vector<Attempt> resolves_;           // the latest few
  std::map<std::string, Time> busy_until_;  // agents that said busy
  std::optional<std::string> holder_;
  Time lease_until_{};  // while somebody holds it
  Time lease_most_;     // no renewal goes beyond
  Time not_before_{};   // nobody is looked for until then
  int doubts_ = 0, resolve_pauses_ = 0;
  bool looking_ = false;
  bool restored_ = false;
  JobActions out_;
};

}  // namespace wb::queue
