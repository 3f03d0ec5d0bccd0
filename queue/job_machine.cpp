#include "queue/job_machine.hpp"

#include <algorithm>
#include <utility>

namespace wb::queue {
namespace {

using protocol::Code;
constexpr std::size_t resolves_kept = 16;

// first, twice that, ... up to most.
std::chrono::milliseconds pause_of(std::chrono::milliseconds first, std::chrono::milliseconds most, int before) {
  return std::min(most, first * (1 << std::min(before, 16)));
}

bool applied(Code code) { return code == Code::applied || code == Code::applied_but; }

}  // namespace

std::string_view to_string(JobState state) {
  switch (state) {
    case JobState::ready: return "ready";
    case JobState::leased: return "leased";
    case JobState::applying: return "applying";
    case JobState::resolving: return "resolving";
    case JobState::final: return "final";
  }
  return "ready";
}

bool upgrades(std::string_view outcome, Code late) {
  const bool open = outcome == "unknown" || outcome == "expired" || outcome == "in_doubt";
  return open && applied(late);
}

JobMachine JobMachine::restored(Time expires, Stored stored, JobTimings timings, protocol::Op op) {
  JobMachine machine(expires, timings, op);
  machine.restored_ = true;
  machine.fence_ = stored.fence;
  machine.attempts_ = std::move(stored.attempts);
  if (stored.resolving) machine.state_ = JobState::resolving;
  return machine;
}

JobActions JobMachine::on(const JobEvent& event, Time now) {
  out_.clear();
  std::visit([&](const auto& e) { step(e, now); }, event);
  return std::exchange(out_, {});
}

std::optional<JobMachine::Time> JobMachine::next_deadline() const {
  if (!open()) return std::nullopt;
  if (holder_) return lease_until_;
  if (resolving()) return std::min(not_before_, expires_ + timings_.resolve_life);
  auto next = expires_;
  if (attempts_left() && doubts_ > 0 && !looking_) next = std::min(next, not_before_);
  for (const auto& [agent, until] : busy_until_) next = std::min(next, until);
  return next;
}

// ---- whom to believe ----------------------------------------------------------------------------------------
bool JobMachine::current(const std::string& agent, std::int64_t fence) const {
  const auto& offers = resolving() ? resolves_ : attempts_;
  return fence == fence_ && !offers.empty() && offered(offers.back(), agent, fence);
}

bool JobMachine::believed(const event::Answered& e) const {
  auto offers = attempts_;
  offers.insert(offers.end(), resolves_.begin(), resolves_.end());
  const auto from = std::find_if(offers.begin(), offers.end(), [&](const Attempt& a) { return offered(a, e.agent, e.fence); });
  if (from == offers.end()) return false;
  if (applied(e.code)) return true;
  return std::all_of(from, offers.end(), [&](const Attempt& a) { return a.agent == e.agent; });
}

// Is this believed answer the last word? `invalid` and `reprobe` say that this attempt did nothing: enough when there
// was no other. A resolve ends with what it read, and with nothing else.
bool JobMachine::settles(const event::Answered& e) const {
  if (op_ == protocol::Op::probe || applied(e.code)) return true;
  const bool of_resolve = std::any_of(resolves_.begin(), resolves_.end(), [&](const Attempt& a) { return offered(a, e.agent, e.fence); });
  switch (e.code) {
    case Code::ok: return !of_resolve;
    case Code::applied:
    case Code::applied_but: return true;
    case Code::rejected:
    case Code::denied: return !of_resolve;
    case Code::superseded:
    case Code::failed:
    case Code::unknown: return true;
    case Code::reprobe:
    case Code::invalid: return !of_resolve && attempts_.size() == 1;
    case Code::busy:
    case Code::in_doubt: return false;
  }
  return false;
}

bool JobMachine::attempts_left() const {
  const auto counted = std::count_if(attempts_.begin(), attempts_.end(), [](const Attempt& a) { return !a.doubted; });
  return counted < timings_.attempts_max && static_cast<int>(attempts_.size()) < timings_.offers_max;
}

// ---- moving -------------------------------------------------------------------------------------------------
// Asks for an agent, if one may be asked at all.
void JobMachine::search(Time now) {
  if (!open() || holder_ || now < not_before_) return;
  looking_ = false;
  action::FindAgent find;
  if (resolving()) {
    find.resolve = true;
    if (!resolves_.empty()) find.avoid.push_back(resolves_.back().agent);
    out_.emplace_back(std::move(find));
    return;
  }
  if (now >= expires_ || !attempts_left()) return;
  for (const auto& attempt : attempts_)
    if (std::find(find.avoid.begin(), find.avoid.end(), attempt.agent) == find.avoid.end()) find.avoid.push_back(attempt.agent);
  for (const auto& [agent, until] : busy_until_)
    if (until > now) find.except.push_back(agent);
  out_.emplace_back(std::move(find));
}

// Nobody has it any more: the next one, or what comes after exp.
void JobMachine::let_go(Time now) {
  holder_.reset();
  looking_ = false;
  if (resolving()) return pause_resolve(now);
  state_ = JobState::ready;
  if (now >= expires_) return past_exp(now);
  search(now);
}

void JobMachine::past_exp(Time now) {
  if (attempts_.empty() || op_ == protocol::Op::probe) return finish(Ending::expired);
  if (!protocol::writes_password(op_)) return finish(Ending::unknown);
  state_ = JobState::resolving;
  not_before_ = now;
  out_.emplace_back(action::Tell{});
  search(now);
}

void JobMachine::pause_resolve(Time now) {
  not_before_ = now + pause_of(timings_.resolve_first, timings_.resolve_most, resolve_pauses_++);
}

void JobMachine::finish(Ending ending) {
  holder_.reset();
  looking_ = false;
  state_ = JobState::final;
  out_.emplace_back(action::Finish{ending});
}

// An agent can't keep a job open for ever by saying "applying".
void JobMachine::hold(JobState state, Time until) {
  if (!resolving()) state_ = state;
  looking_ = false;
  lease_until_ = std::min(until, lease_most_);
}

// ---- events -------------------------------------------------------------------------------------------------
void JobMachine::step(const event::Start&, Time now) { search(now); }

void JobMachine::step(const event::AgentsChanged&, Time now) {
  // Whoever waits after an answer waits its pause; who found nobody need not.
  if (resolving() && looking_) not_before_ = now;
  search(now);
}

void JobMachine::step(const event::Found& e, Time now) {
  if (holder_ || (state_ != JobState::ready && !resolving())) return;
  if (!resolving() && now >= expires_) return;
  const int att = static_cast<int>(attempts_.size()) + 1;
  auto& offers = resolving() ? resolves_ : attempts_;
  if (resolving() && offers.size() == resolves_kept) offers.erase(offers.begin());
  offers.push_back({e.agent, ++fence_, att});
  holder_ = e.agent;
  lease_most_ = resolving() ? now + timings_.resolve_offer : expires_ + timings_.grace;
  hold(JobState::leased, now + timings_.accept);
  out_.emplace_back(action::Offer{e.agent, fence_, att, resolving()});
}

void JobMachine::step(const event::NoneFound& e, Time now) {
  if (!open() || holder_) return;
  // With an attempt in doubt, or right after our own restart, an agent may come (back) before exp.
  if (state_ == JobState::ready && !e.any_ready && attempts_.empty() && !restored_) return finish(Ending::unavailable);
  if (resolving()) pause_resolve(now);
  looking_ = true;
}

void JobMachine::step(const event::Accepted& e, Time now) {
  if (!open() || !current(e.agent, e.fence)) {
    out_.emplace_back(action::Dropped{e.agent, e.fence, "stale accept"});
    out_.emplace_back(action::Cancel{e.agent, e.fence});
    return;
  }
  if (state_ == JobState::applying) return;
  holder_ = e.agent;  // an acceptance after its 2 s takes the lease again, as long as nobody else has it
  hold(JobState::leased, now + timings_.lease);
}

void JobMachine::step(const event::Progress& e, Time now) {
  if (!open() || !current(e.agent, e.fence)) {
    out_.emplace_back(action::Dropped{e.agent, e.fence, "stale progress"});
    return;
  }
  holder_ = e.agent;
  hold(JobState::applying, now + timings_.lease);
}

void JobMachine::step(const event::Answered& e, Time now) {
  out_.emplace_back(action::Ack{e.agent, e.fence});
  const bool is_current = open() && current(e.agent, e.fence);
  const bool busy = e.code == Code::busy;
  if (open() && !busy && believed(e) && settles(e)) {
    if (holder_ && e.fence != fence_) out_.emplace_back(action::Cancel{*holder_, fence_});
    return finish(Ending::result);
  }
  if (!is_current) {
    out_.emplace_back(action::Dropped{e.agent, e.fence, open() ? "stale fence" : "already final"});
    return;
  }
  if (resolving()) return let_go(now);
  if (busy) {
    attempts_.pop_back();  // it did nothing: the attempt never was
    busy_until_[e.agent] = now + timings_.busy_retry;
  } else {
    if (!std::exchange(attempts_.back().doubted, true)) not_before_ = now + pause_of(timings_.doubt_first, timings_.doubt_most, doubts_++);
  }
  let_go(now);
}

void JobMachine::step(const event::NotSent& e, Time now) {
  if (!open() || holder_ != e.agent) return;
  if (!resolving()) {
    attempts_.pop_back();
    busy_until_[e.agent] = now + timings_.busy_retry;  // whatever was wrong may be so for a moment
  }
  let_go(now);
}

void JobMachine::step(const event::LinkLost& e, Time now) {
  if (!open()) return;
  if (holder_ == e.agent) let_go(now);
}

void JobMachine::step(const event::Released&, Time) {
  if (!resolving()) return;
  if (holder_) out_.emplace_back(action::Cancel{*holder_, fence_});
  finish(Ending::released);
}

void JobMachine::step(const event::Tick&, Time now) {
  if (!open()) return;
  if (resolving() && now >= expires_ + timings_.resolve_life) return finish(Ending::unknown);
  if (holder_) {
    if (now < lease_until_) return;
    // The last attempt is left alone: nobody else can be asked, and its answer would still count.
    if (resolving() || attempts_left()) out_.emplace_back(action::Cancel{*holder_, fence_});
    return let_go(now);
  }
  if (resolving()) return search(now);
  if (now >= expires_) return past_exp(now);
  std::erase_if(busy_until_, [&](const auto& b) { return b.second <= now; });
  search(now);
}

}  // namespace wb::queue
