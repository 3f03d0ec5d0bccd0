#include "queue/job_machine.hpp"

#include <algorithm>
#include <utility>

namespace wb::queue {

using protocol::Code;

std::string_view to_string(JobState state) {
  switch (state) {
    case JobState::ready: return "ready";
    case JobState::leased: return "leased";
    case JobState::applying: return "applying";
    case JobState::final: return "final";
  }
  return "ready";
}

bool upgrades(std::string_view outcome, Code late) {
  const bool open = outcome == "unknown" || outcome == "expired" || outcome == "in_doubt";
  return open && (late == Code::applied || late == Code::applied_but);
}

JobMachine JobMachine::restored(Time expires, std::int64_t fence, std::vector<Attempt> attempts, JobTimings timings) {
  JobMachine machine(expires, timings);
  machine.restored_ = true;
  machine.fence_ = fence;
  machine.attempts_ = std::move(attempts);
  machine.taken_ = !machine.attempts_.empty();  // acceptances are not stored: the cautious reading
  return machine;
}

JobActions JobMachine::on(const JobEvent& event, Time now) {
  out_.clear();
  std::visit([&](const auto& e) { step(e, now); }, event);
  return std::exchange(out_, {});
}

std::optional<JobMachine::Time> JobMachine::next_deadline() const {
  if (state_ == JobState::final) return std::nullopt;
  if (state_ != JobState::ready) return lease_until_;
  auto next = expires_;
  for (const auto& [agent, until] : busy_until_) next = std::min(next, until);
  return next;
}

bool JobMachine::current(const std::string& agent, std::int64_t fence) const {
  return fence == fence_ && !attempts_.empty() && attempts_.back().fence == fence && attempts_.back().agent == agent;
}

bool JobMachine::believed(const event::Answered& e) const {
  const auto same = [&](const Attempt& a) { return a.agent == e.agent && a.fence == e.fence; };
  const auto from = std::find_if(attempts_.begin(), attempts_.end(), same);
  if (from == attempts_.end()) return false;
  if (e.code == Code::applied || e.code == Code::applied_but) return true;
  return std::all_of(from, attempts_.end(), [&](const Attempt& a) { return a.agent == e.agent; });
}

// Asks for an agent, if one may be asked at all.
void JobMachine::search(Time now) {
  if (state_ != JobState::ready || now >= expires_ || !attempts_left()) return;
  action::FindAgent find;
  for (const auto& attempt : attempts_) find.avoid.push_back(attempt.agent);
  for (const auto& [agent, until] : busy_until_)
    if (until > now) find.except.push_back(agent);
  out_.emplace_back(std::move(find));
}

void JobMachine::finish(Ending ending) {
  holder_.reset();
  state_ = JobState::final;
  out_.emplace_back(action::Finish{ending});
}

// A lease may outlive exp by the grace, never more: an agent can't keep a job open for ever by saying "applying".
void JobMachine::hold(JobState state, Time until) {
  state_ = state;
  lease_until_ = std::min(until, expires_ + timings_.grace);
}

void JobMachine::step(const event::Start&, Time now) { search(now); }

void JobMachine::step(const event::AgentsChanged&, Time now) { search(now); }

void JobMachine::step(const event::Found& e, Time now) {
  if (state_ != JobState::ready || now >= expires_) return;
  attempts_.push_back({e.agent, ++fence_, static_cast<int>(attempts_.size()) + 1});
  holder_ = e.agent;
  hold(JobState::leased, now + timings_.accept);
  out_.emplace_back(action::Offer{e.agent, fence_, attempts_.back().att});
}

void JobMachine::step(const event::NoneFound& e, Time) {
  // With an attempt in doubt, or right after our own restart, an agent may come (back) before exp.
  if (state_ == JobState::ready && !e.any_ready && attempts_.empty() && !restored_) finish(Ending::unavailable);
}

void JobMachine::step(const event::Accepted& e, Time now) {
  if (state_ == JobState::final || !current(e.agent, e.fence)) {
    out_.emplace_back(action::Dropped{e.agent, e.fence, "stale accept"});
    out_.emplace_back(action::Cancel{e.agent, e.fence});
    return;
  }
  taken_ = true;
  if (state_ == JobState::applying) return;
  holder_ = e.agent;  // an acceptance after its 2 s takes the lease again, as long as nobody else has it
  hold(JobState::leased, now + timings_.lease);
}

void JobMachine::step(const event::Progress& e, Time now) {
  if (state_ == JobState::final || !current(e.agent, e.fence)) {
    out_.emplace_back(action::Dropped{e.agent, e.fence, "stale progress"});
    return;
  }
  taken_ = true;
  holder_ = e.agent;
  hold(JobState::applying, now + timings_.lease);
}

void JobMachine::step(const event::Answered& e, Time now) {
  out_.emplace_back(action::Ack{e.agent, e.fence});
  const bool busy = e.code == Code::busy;
  if (state_ == JobState::final || !(busy ? current(e.agent, e.fence) : believed(e))) {
    out_.emplace_back(action::Dropped{e.agent, e.fence, state_ == JobState::final ? "already final" : "stale fence"});
    return;
  }
  if (!busy) {
    if (holder_ && e.fence != fence_) out_.emplace_back(action::Cancel{*holder_, fence_});
    return finish(Ending::result);
  }
  attempts_.pop_back();  // it did nothing: the attempt never was
  busy_until_[e.agent] = now + timings_.busy_retry;
  holder_.reset();
  state_ = JobState::ready;
  search(now);
}

void JobMachine::step(const event::LinkLost& e, Time now) {
  if (state_ == JobState::final || holder_ != e.agent) return;
  holder_.reset();
  state_ = JobState::ready;
  if (now >= expires_) return finish(taken_ ? Ending::unknown : Ending::expired);
  search(now);
}

void JobMachine::step(const event::Tick&, Time now) {
  if (state_ == JobState::final) return;
  if (state_ != JobState::ready) {
    if (now < lease_until_) return;
    // The last attempt is left alone: nobody else can be asked, and its answer would still count.
    if (attempts_left()) out_.emplace_back(action::Cancel{*holder_, fence_});
    holder_.reset();
    state_ = JobState::ready;
  }
  if (now >= expires_) return finish(taken_ ? Ending::unknown : Ending::expired);
  std::erase_if(busy_until_, [&](const auto& b) { return b.second <= now; });
  search(now);
}

}  // namespace wb::queue
