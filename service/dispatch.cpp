#include "service/dispatch.hpp"

#include <algorithm>
#include <chrono>
#include <deque>

#include "core/failpoint.hpp"
#include "core/ids.hpp"
#include "crypto/jwe.hpp"
#include "crypto/jws.hpp"
#include "protocol/codec.hpp"
#include "service/live_job.hpp"

namespace wb::service {
namespace {

using queue::Ending;
using queue::JobMachine;
namespace event = queue::event;

// What is said of an end that no agent gave.
struct Words {
  std::string_view outcome, reason, text;
};
std::string_view not_known(protocol::Op op) {
  if (op == protocol::Op::authenticate) return "It is not known whether the password is right. Please try again.";
  if (op == protocol::Op::unlock) return "It is not known whether the account was unlocked. Try to sign in before you try again.";
  return "It is not known whether the change was made. Try the new password before you try again.";
}
Words words_of(Ending ending, protocol::Op op) {
  switch (ending) {
    case Ending::result: break;  // not asked for: the agent's own word stands then
    case Ending::expired: return {"expired", "", "The request could not be carried out in time. Please try again."};
    case Ending::unavailable: return {"unavailable", "", "Your organisation's directory cannot be reached at the moment. Please try again later."};
    case Ending::unknown: break;
    case Ending::released: return {"unknown", "released", not_known(op)};
  }
  return {"unknown", "", not_known(op)};
}
constexpr std::string_view text_in_doubt = "Your new password may already work: try it. If it does not, try again in a few minutes.";

Fault too_much() { return fault(Fault::Kind::exhausted, "dispatch.add", "too many jobs are on their way"); }

}  // namespace

std::int64_t now_ms() { return unix_now_ms(); }

// ---- in -----------------------------------------------------------------------------------------------------
Dispatch::Job Dispatch::find(const std::string& jti) const {
  auto found = live_.find(jti);
  return found == live_.end() ? nullptr : found->second;
}

Dispatch::Job Dispatch::add(JobRow row, JobMachine machine) {
  const auto jti = row.jti;
  return live_[jti] = std::make_shared<Live>(executor_, std::move(row), std::move(machine));
}

Result<void> Dispatch::resume() {
  auto rows = store_.unfinished();
  if (!rows) return rows.error();
  for (auto& row : *rows) {
    const auto expires = BootClock::now() + std::chrono::seconds(row.exp - unix_now());
    auto machine = JobMachine::restored(expires, {row.fence, row.attempts, row.state == queue::JobState::resolving}, settings_.jobs, row.op);
    auto job = add(std::move(row), std::move(machine));
    if (job->row.sealed)
      if (auto header = crypto::read_sealed(*job->row.sealed)) job->recipients = header->kids;
    step(job, event::Start{});
  }
  if (!rows->empty()) log::info("job.resumed", log::field("jobs", rows->size()));
  return {};
}

Result<Submitted> Dispatch::submit(JobRow row, std::vector<std::string> recipients, const Store::Also& also) {
  if (live_.size() >= settings_.live_jobs_max) return too_much();
  auto submitted = store_.submit(row, unix_now(), also);
  if (submitted && *submitted == Submitted::same_again)
    if (auto durable = store_.sync(); !durable) return durable.error();  // the first may not have got this far
  if (!submitted || *submitted != Submitted::stored) return submitted;
  failpoint("service.job_stored");
  log::info("job.queued", about(row), log::field("domain", row.domain), log::field("op", protocol::to_string(row.op)));
  const auto expires = BootClock::now() + std::chrono::seconds(row.exp - unix_now());
  JobMachine machine(expires, settings_.jobs, row.op);
  auto job = add(std::move(row), std::move(machine));
  job->recipients = std::move(recipients);
  step(job, event::Start{});
  // An offer has flushed it already, and the caller is told of a job that is on the disk and of no other.
  if (job->machine.attempts().empty())
    if (auto durable = store_.sync(); !durable) return durable.error();
  return submitted;
}

Awaitable<Result<ProbeOutcome>> Dispatch::probe(ProbeRequest request) {
  if (live_.size() >= settings_.live_jobs_max) co_return too_much();
  JobRow row;
  row.jti = new_ulid(), row.domain = request.domain, row.client = request.client, row.sub = request.sub;
  row.correlation_id = request.trace.correlation_id.empty() ? new_ulid() : request.trace.correlation_id, row.traceparent = request.trace.traceparent;
  row.op = protocol::Op::probe, row.created_ms = now_ms(), row.iat = unix_now();
  row.exp = row.iat + std::chrono::ceil<std::chrono::seconds>(settings_.probe_wait).count();
  auto timings = settings_.jobs;
  timings.grace = {};  // the caller goes away at the end of its wait, and reading has no effect to wait for
  auto job = add(std::move(row), JobMachine(BootClock::now() + settings_.probe_wait, timings, protocol::Op::probe));
  job->name = std::move(request.name);
  job->want = std::move(request.want);
  job->groups = std::move(request.groups);
  step(job, event::Start{});
  auto end = ended(job, settings_.probe_wait + std::chrono::seconds(1));  // the machine ends it at probe_wait
  co_await std::move(end);
  const auto& r = job->row;
  if (job->machine.state() != queue::JobState::final) co_return fault(Fault::Kind::cancelled, "dispatch.probe", "the service is stopping");
  co_return ProbeOutcome{r.jti, r.outcome, r.reason, r.agent, r.dc, r.retry_after, std::move(job->answer)};
}

Awaitable<Result<std::optional<JobRow>>> Dispatch::look(std::string jti, std::chrono::milliseconds wait) {
  auto job = find(jti);
  if (job && wait.count() > 0) {
    auto end = ended(job, wait);
    co_await std::move(end);
  }
  if (!job) co_return store_.job(jti);
  auto row = job->row;
  row.state = job->machine.state();
  row.attempts = job->machine.attempts();
  if (row.state != queue::JobState::final) row.duration_ms = static_cast<double>(now_ms() - row.created_ms);
  co_return std::optional(std::move(row));
}

// A waiter is a timer in the job's list: woken by the end, or by its own time. No polling.
Awaitable<> Dispatch::ended(Job job, std::chrono::milliseconds wait) {
  if (job->machine.state() == queue::JobState::final || job->waiters.size() >= settings_.waiters_max) co_return;
  auto timer = std::make_shared<asio::steady_timer>(executor_, wait);
  job->waiters.push_back(timer);
  ++waiters_;
  (void)co_await timer->async_wait(use_tuple);
  --waiters_;
  job->waiters.remove(timer);
}

Awaitable<Result<std::optional<JobRow>>> Dispatch::watch(std::string jti, Stand seen, std::chrono::milliseconds wait) {
  const auto job = find(jti);
  const bool as_seen = job && Stand{job->machine.state(), job->machine.attempts().size()} == seen;
  if (as_seen && wait.count() > 0 && !stopping_) {
    const bool room = job->watchers.size() < settings_.waiters_max;  // one too many hears of it at the end of its wait only
    auto timer = std::make_shared<asio::steady_timer>(executor_, wait);
    if (room) job->watchers.push_back(timer);
    (void)co_await timer->async_wait(use_tuple);
    job->watchers.remove(timer);
  }
  auto looking = look(std::move(jti), std::chrono::milliseconds(0));
  co_return co_await std::move(looking);
}

std::size_t Dispatch::watching(const std::string& jti) const {
  const auto job = find(jti);
  return job ? job->watchers.size() : 0;
}

void Dispatch::release_waiters() {
  stopping_ = true;
  for (auto& [jti, job] : live_) job->wake();
}

// ---- from the agents ----------------------------------------------------------------------------------------
void Dispatch::accepted(const std::string& agent, const protocol::JobRef& ref) {
  if (auto job = find(ref.jti)) step(job, event::Accepted{agent, ref.fence});
}

void Dispatch::progressed(const std::string& agent, const protocol::Progress& progress) {
  if (auto job = find(progress.jti)) step(job, event::Progress{agent, progress.fence});
}

void Dispatch::answered(const std::string& agent, const protocol::JobResult& result, const std::string& jws) {
  auto job = find(result.jti);
  if (!job) return answered_late(agent, result, jws);
  const bool of_resolve = protocol::writes_password(job->row.op) && result.op == protocol::Op::resolve;
  if (result.op != job->row.op && !of_resolve) {
    acks_.send(agent, {result.jti, result.fence});
    log::warn("result.dropped", about(job->row), log::field("agent", agent), log::field("why", "another operation"));
    return;
  }
  job->result = &result;
  job->result_jws = &jws;
  step(job, event::Answered{agent, result.fence, result.code});
  job->result = nullptr;
  job->result_jws = nullptr;
  const bool due = std::exchange(job->ack_due, false);
  if (due && job->durable()) acks_.hold(agent, {result.jti, result.fence});
  else if (due) acks_.send(agent, {result.jti, result.fence});
}

// The job is final, or was a probe, or was never ours: acked, so that it is not sent again.
void Dispatch::answered_late(const std::string& agent, const protocol::JobResult& result, const std::string& jws) {
  auto row = store_.job(result.jti);
  if (!row) return log::fault("store.failed", row.error());
  const auto dropped = [&](std::string_view why) {
    acks_.hold(agent, {result.jti, result.fence});  // the end it came after may not be flushed yet
    if (*row) log::info("result.dropped", about(**row), log::field("agent", agent), log::field("why", why));
    else log::info("result.dropped", log::field("jti", printable(result.jti, 26)), log::field("agent", agent), log::field("why", why));
  };
  if (!*row) return dropped("no such job");
  const auto& attempts = (*row)->attempts;
  const bool asked = std::any_of(attempts.begin(), attempts.end(), [&](const auto& a) { return a.agent == agent && a.fence == result.fence; });
  if (!asked || !queue::upgrades((*row)->outcome, result.code)) return dropped("already final");
  take_over(**row, result, jws);
  auto upgraded = store_.upgrade(**row);
  if (!upgraded) return log::fault("store.failed", upgraded.error());
  acks_.send(agent, {result.jti, result.fence});
  log::info("job.upgraded", about(**row), log::field("agent", agent), log::field("code", protocol::to_string(result.code)));
}

void Dispatch::take_releases() {
  auto released = store_.released();
  if (!released) return log::fault("store.failed", released.error());
  for (const auto& jti : *released)
    if (auto job = find(jti)) step(job, event::Released{});
}

void Dispatch::link_lost(const std::string& agent) {
  auto jobs = live_;  // a step may end jobs
  for (auto& [jti, job] : jobs) {
    const auto& attempts = job->machine.attempts();
    const bool asked = std::any_of(attempts.begin(), attempts.end(), [&](const auto& a) { return a.agent == agent; });
    if (asked || job->machine.holder() == agent) step(job, event::LinkLost{agent});
  }
}

// Offers what waits. A step that frees a place again only leaves a note: no recursion, however many jobs wait.
void Dispatch::agents_changed(const std::string& domain) {
  if (!changed_.insert(domain).second || handing_out_) return;
  handing_out_ = true;
  while (!changed_.empty()) {
    const auto next = std::move(changed_.extract(changed_.begin()).value());
    auto found = waiting_.find(next);
    if (found == waiting_.end()) continue;
    auto jobs = found->second;  // a step may change the map
    for (auto& [place, job] : jobs) {
      if (!gateway_.has_room(next, true)) break;
      if (job->machine.looking() && gateway_.has_room(next, !job->durable())) step(job, event::AgentsChanged{});
    }
  }
  handing_out_ = false;
}

// ---- the machine and its driver -----------------------------------------------------------------------------
void Dispatch::step(const Job& job, queue::JobEvent first) {
  std::deque<queue::JobEvent> events{std::move(first)};
  const auto stand = [&job] { return Stand{job->machine.state(), job->machine.attempts().size()}; };
  const auto at_first = stand();
  bool room = false;
  while (!events.empty()) {
    const auto before = job->machine.holder();
    const bool lapsed = std::holds_alternative<event::Tick>(events.front());
    const auto actions = job->machine.on(events.front(), BootClock::now());
    events.pop_front();
    if (const auto after = job->machine.holder(); before != after) {
      if (before && lapsed) gateway_.suspect(*before);
      if (before) gateway_.hold(*before, job->row.domain, -1);
      if (after) gateway_.hold(*after, job->row.domain, +1);
      room = room || before.has_value();
    }
    for (const auto& action : actions)
      if (auto answer = std::visit([&](const auto& a) { return act(job, a); }, action)) events.push_back(std::move(*answer));
  }
  file(job);
  arm(job);
  if (stand() != at_first) job->stir();
  if (room) agents_changed(job->row.domain);
}

void Dispatch::file(const Job& job) {
  const auto& row = job->row;
  const bool looking = job->machine.looking(), resolving = job->machine.state() == queue::JobState::resolving;
  if (looking) waiting_[row.domain].insert_or_assign({resolving, row.jti}, job);
  auto domain = waiting_.find(row.domain);
  if (domain == waiting_.end()) return;
  if (!looking || resolving) domain->second.erase({false, row.jti});
  if (!looking) domain->second.erase({true, row.jti});
  if (domain->second.empty()) waiting_.erase(domain);
}

void Dispatch::arm(const Job& job) {
  const auto due = job->machine.next_deadline();
  if (!due) {
    job->timer.cancel();
    return;
  }
  if (job->armed_for == due) return;
  job->armed_for = due;
  job->timer.expires_after(*due - BootClock::now());
  job->timer.async_wait([this, weak = std::weak_ptr<Live>(job)](boost::system::error_code ec) {
    auto alive = weak.lock();
    if (ec || !alive) return;
    alive->armed_for.reset();
    step(alive, event::Tick{});
  });
}

// ---- out ----------------------------------------------------------------------------------------------------
std::optional<queue::JobEvent> Dispatch::act(const Job& job, const queue::action::FindAgent& a) {
  Gateway::Wanted wanted{job->row.domain, {}, a.except, a.avoid, {}, !job->durable()};
  wanted.capability = protocol::to_string(a.resolve ? protocol::Op::resolve : job->row.op);
  if (!a.resolve) wanted.recipients = job->recipients;
  auto choice = gateway_.choose(wanted);
  if (choice.agent) return event::Found{std::move(*choice.agent)};
  return event::NoneFound{choice.any_ready};
}

std::optional<queue::JobEvent> Dispatch::act(const Job& job, const queue::action::Offer& a) {
  auto& row = job->row;
  const auto not_sent = [&](const Fault& why) -> std::optional<queue::JobEvent> {
    log::fault("job.not_offered", about(row), why);
    return event::NotSent{a.agent};
  };
  if (job->durable()) {  // before it is sent: no fence is ever used twice, whatever happens to us
    if (auto kept = store_.offered(row.jti, a.fence, job->machine.attempts()); !kept) return not_sent(kept.error());
    acks_.flushed();
  }
  failpoint("service.job_leased");
  auto payload = payload_of(*job, settings_, a);
  if (!gateway_.can(a.agent, "named_groups")) payload.groups.clear();  // an older one tells of the first 200
  auto jws = crypto::sign(keys_.signing(), protocol::typ_job, protocol::encode(payload));
  if (!jws) return not_sent(jws.error());
  const auto left = std::chrono::seconds(payload.exp) - std::chrono::milliseconds(now_ms());
  protocol::JobMessage message{std::move(*jws), std::nullopt, static_cast<int>(std::max<std::int64_t>(0, std::chrono::milliseconds(left).count())), trace_of(row)};
  if (!a.resolve) message.sec = row.sealed;
  if (!gateway_.send(a.agent, protocol::message_text("job", message))) return not_sent(fault(Fault::Kind::lost, "dispatch.offer", "the link is gone"));
  log::info("job.offered", about(row), log::field("op", protocol::to_string(payload.op)), log::field("agent", a.agent), log::field("fence", a.fence), log::field("att", a.att));
  failpoint("service.job_offered");
  return std::nullopt;
}

std::optional<queue::JobEvent> Dispatch::act(const Job& job, const queue::action::Cancel& a) {
  gateway_.send(a.agent, protocol::message_text("cancel", protocol::JobRef{job->row.jti, a.fence}));
  return std::nullopt;
}

std::optional<queue::JobEvent> Dispatch::act(const Job& job, const queue::action::Ack&) {
  job->ack_due = true;  // when the step is over, and what it acknowledges is stored
  return std::nullopt;
}

std::optional<queue::JobEvent> Dispatch::act(const Job& job, const queue::action::Dropped& a) {
  log::info("result.dropped", about(job->row), log::field("agent", a.agent), log::field("fence", a.fence), log::field("why", a.why));
  return std::nullopt;
}

std::optional<queue::JobEvent> Dispatch::act(const Job& job, const queue::action::Tell&) {
  auto& row = job->row;
  row.outcome = to_string(protocol::Code::in_doubt), row.text = text_in_doubt;
  row.fence = job->machine.fence();
  row.attempts = job->machine.attempts();
  row.sealed.reset();
  job->recipients.clear();
  // The caller is told all the same: after a restart the job's time is over, and it is told then.
  if (auto kept = store_.tell(row); !kept) log::fault("store.failed", about(row), kept.error());
  log::warn("job.in_doubt", about(row), log::field("domain", row.domain), log::field("dc", row.pre.dc), log::field("attempts", row.attempts.size()));
  job->wake();
  return std::nullopt;
}

std::optional<queue::JobEvent> Dispatch::act(const Job& job, const queue::action::Finish& a) {
  auto& row = job->row;
  if (a.ending == Ending::result && job->result) {
    take_over(row, *job->result, *job->result_jws);
  } else {
    const auto words = words_of(a.ending, row.op);
    row.outcome = words.outcome, row.reason = words.reason, row.text = words.text;
  }
  row.fence = job->machine.fence();
  row.attempts = job->machine.attempts();
  if (!job->durable()) job->take_answer();
  row.duration_ms = job->since.ms() + job->before_restart_ms;
  row.sealed.reset();
  if (auto kept = job->keep(store_); !kept) {
    // The job stays open in the file: after a restart it is offered again, and the agent, not having been acked, answers
    // from its journal. It may be done then, so nothing but `applied` is the last word for its caller now.
    log::fault("store.failed", about(row), kept.error());
    job->ack_due = false;
    if (job->durable() && !row.outcome.starts_with("applied")) {
      const auto words = words_of(Ending::unknown, row.op);
      row.outcome = words.outcome, row.reason = words.reason, row.text = words.text, row.result.clear();
    }
  }
  log::info("job.settled", about(row), log::field("domain", row.domain), log::field("op", protocol::to_string(row.op)), log::field("code", row.outcome),
      log::field("reason", row.reason), log::field("ms", row.duration_ms), log::field("attempts", row.attempts.size()), log::field("agent", row.agent));
  job->wake();
  live_.erase(row.jti);
  return std::nullopt;
}

}  // namespace wb::service
