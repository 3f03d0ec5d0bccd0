#include "agent/worker.hpp"

#include "core/failpoint.hpp"
#include "core/ids.hpp"
#include "crypto/jws.hpp"
#include "policy/microsoft_events.hpp"
#include "policy/verdict_text.hpp"
#include "protocol/codec.hpp"

namespace wb::agent {
namespace {
using protocol::Code;
using protocol::Job;
using protocol::JobRef;
using protocol::JobResult;
using protocol::Op;

constexpr std::size_t probes_max = 4096;  // remembered against replay until they expire
constexpr std::size_t tasks_per_window = 4;
constexpr std::size_t acks_at_once = 64;
constexpr std::size_t names_counted_bytes = 256;  // of a name that was asked for, in the breaker's memory
constexpr int writes_counted_max = 100'000;       // the largest limit of an hour

}  // namespace

// ---- what comes in ------------------------------------------------------------------------------------------
void Worker::take(protocol::JobMessage message, std::shared_ptr<const Trust> trust, Moment moment) {
  if (tasks_.size() >= tasks_per_window * static_cast<std::size_t>(parts_.window) * std::max<std::size_t>(1, parts_.domains.size())) {
    parts_.refusals.count(security::flood);  // beyond any window the service was told; not even checked
    parts_.outbox.say("error", protocol::Error{"busy", "too many jobs at once", 1000});
    return;
  }
  tasks_.start("job", serve(std::move(message), std::move(trust), moment, BootClock::now()));
}

void Worker::cancel(const JobRef& ref) {
  const auto found = running_.find(ref.jti);
  if (found != running_.end() && found->second->job.fence <= ref.fence) found->second->cancelled = true;
}

// An ack that is lost costs one more result and one more ack: it needs no commit of its own.
void Worker::acked(const JobRef& ref) {
  parts_.outbox.acked(ref.jti, ref.fence);
  acks_.push_back(ref);
  if (acks_.size() == acks_at_once) tasks_.start("acks", note_acks());
}

Awaitable<> Worker::note_acks() {
  if (acks_.empty()) co_return;
  auto work = [&journal = parts_.journal, acks = std::exchange(acks_, {})] { return journal.acked(acks); };
  auto noting = on_journal(std::move(work));
  auto done = co_await std::move(noting);
  journal_dirty_ = true;
  if (!done) journal_failed(done.error());
}

void Worker::renew_leases() {
  for (const auto& [jti, running] : running_)
    if (running->applying) parts_.outbox.say("progress", protocol::Progress{jti, running->job.fence, "applying"});
}

bool Worker::redelivered(const Job& job, const Limits& limits, BootClock::time_point received) {
  const auto found = running_.find(job.jti);
  if (found == running_.end()) return false;
  auto& running = *found->second;
  if (job.fence <= running.job.fence) refuse({"replay", JobRef{job.jti, job.fence}, job.att, job.op});
  else if (running.cancelled || job.op != running.job.op) busy(job, "account", running.domain->name, running.trace);  // on its way out, or soon to be known
  else {
    running.others = running.others || job.fence != running.job.fence + 1;
    running.job.fence = job.fence;  // its answer will carry the newest fence
    running.job.att = job.att;
    running.limits = limits;
    running.received = received;
    parts_.outbox.say("accept", JobRef{job.jti, job.fence});
  }
  return true;
}

Awaitable<> Worker::serve(protocol::JobMessage message, std::shared_ptr<const Trust> trust, Moment moment, BootClock::time_point received) {
  auto checked = believe(message.jws, *trust, moment);
  if (const auto* no = std::get_if<Invalid>(&checked)) {
    refuse(*no);
    co_return;
  }
  auto believed = std::get<Believed>(std::move(checked));
  const Job& job = believed.job;
  const Limits limits{job.exp, std::chrono::milliseconds(message.ttl_ms)};
  failpoint("received", protocol::to_string(job.op));
  const auto domain = parts_.domains.find(believed.domain);
  if (domain == parts_.domains.end()) {
    refuse({"audience", JobRef{job.jti, job.fence}, job.att, job.op});
    co_return;
  }
  if (redelivered(job, limits, received)) co_return;
  if (stopping_ || paused_ || domain->second->leaving || !domain->second->settled || domain->second->inflight >= parts_.window) {
    busy(job, "window", believed.domain, message.trace);
    co_return;
  }
  Seen seen;
  if (const auto found = probes_.find(job.jti); found != probes_.end()) seen = found->second.first;
  const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(BootClock::now() - received);
  if (auto no = check_binding(believed, message.sec, seen, age, limits.ttl, moment)) {
    refuse(*no);
    co_return;
  }
  failpoint("verified", protocol::to_string(job.op));

  auto running = std::make_shared<Running>();
  running->job = std::move(believed.job);
  running->sealed = std::move(message.sec).value_or("");
  running->limits = limits;
  running->received = received;
  running->trace = std::move(message.trace);
  running->domain = domain->second.get();
  running->clock_offset_s = moment.clock_offset_s;
  running->phases[Phase::check] = std::chrono::duration<double, std::milli>(BootClock::now() - received).count();
  running_.emplace(running->job.jti, running);
  ++running->domain->inflight;
  const Finally leave([this, running] { running_.erase(running->job.jti); --running->domain->inflight; });
  auto working = running->job.op == Op::probe ? probe(running) : perform(running);
  co_await std::move(working);
  parts_.metrics.phases_of(running->domain->name, running->phases);
}

std::vector<Worker::InHand> Worker::in_hand() const {
  std::vector<InHand> out;
  for (const auto& [jti, running] : running_) out.push_back({jti, running->domain->name, running->job.op, running->applying, running->watch.ms()});
  return out;
}

void Worker::remember_probe(const Job& job) {
  if (probes_.size() >= probes_max) std::erase_if(probes_, [now = unix_now()](const auto& p) { return p.second.second + clock_skew_max_s < now; });
  if (probes_.size() >= probes_max) probes_.erase(probes_.begin());  // the oldest ULID: it changes nothing when asked again
  probes_[job.jti] = {job.fence, job.exp};
}

// ---- what goes out ------------------------------------------------------------------------------------------
std::optional<JobResult> Worker::read_own(const std::string& jws) const {
  // Not verified: it lies in our own journal, and the key that signed it may be a former one.
  auto parsed = crypto::parse_jws(jws, protocol::typ_result, crypto::CarryKey::no);
  if (!parsed) return std::nullopt;
  auto result = protocol::decode<JobResult>(parsed->payload);
  if (!result) return std::nullopt;
  return *result;
}

JobResult Worker::result_of(const Running& running, const Outcome& outcome) const {
  JobResult r;
  const auto& job = running.job;
  r.jti = job.jti, r.fence = job.fence, r.att = job.att, r.op = job.op, r.agent = parts_.agent;
  if (!job.sub.empty()) r.sub = job.sub;
  r.code = outcome.say.code, r.reason = outcome.say.reason, r.also = outcome.say.also;
  policy::Details details;
  details.op = job.op;
  details.also = r.also;
  details.kinds = outcome.kinds;
  if (outcome.policy) {
    details.min_length = outcome.policy->min_length;
    details.min_age_s = outcome.policy->min_age_s;
    details.history = outcome.policy->history;
    if (r.reason == "too_young") r.retry_after = details.retry_after = outcome.policy->change_from;
  }
  if (outcome.retry_after) r.retry_after = details.retry_after = *outcome.retry_after + running.clock_offset_s;
  r.text = policy::verdict_text(r.code, r.reason, details);
  const bool tells = r.code != Code::denied && r.code != Code::invalid && r.code != Code::busy;  // a denied account is not talked about
  if (tells && outcome.account && job.op != Op::probe) {
    const auto& pre = outcome.account->pre;
    r.dc = pre.dc, r.pls = pre.pls, r.ver = pre.ver, r.usn = outcome.account->usn;
  }
  r.probe = outcome.probe;
  if (r.probe) r.sub = r.probe->sub, r.dc = r.probe->dc;
  r.total_ms = running.watch.ms(), r.directory_ms = outcome.directory_ms;
  r.at = unix_now() + running.clock_offset_s;
  return r;
}

void Worker::report(const JobResult& result, const std::string& domain, const protocol::Trace& trace) {
  auto jws = crypto::sign(parts_.keys->as, protocol::typ_result, protocol::encode(result));
  if (!jws) {
    log::fault("result.unsigned", protocol::about(result.jti, trace), jws.error());
    return;
  }
  deliver(result, std::move(*jws), domain, trace);
}

void Worker::deliver(const JobResult& result, std::string jws, const std::string& domain, const protocol::Trace& trace) {
  parts_.metrics.settled(domain, result);
  // Anybody can have any number of jobs refused: those are logged as security events, which don't fill a disk.
  if (result.code == Code::invalid) parts_.refusals.count(event_of(result.reason), {log::field("jti", result.jti)});
  else log::info("job.settled", protocol::about(result.jti, trace), log::field("op", protocol::to_string(result.op)), log::field("att", result.att),
      log::field("code", protocol::to_string(result.code)), log::field("reason", result.reason), log::field("ms_event", policy::microsoft_event(result.op, result.code, result.reason)), log::field("ms", result.total_ms), log::field("directory_ms", result.directory_ms));
  // Those are no work of ours, and would drive what is out of the file.
  if (parts_.audit && result.code != Code::invalid && result.code != Code::busy) parts_.audit->note(result, domain, trace.correlation_id);
  parts_.outbox.report(result.jti, result.fence, std::move(jws));
}

void Worker::refuse(const Invalid& no) {
  if (!no.ref) {
    parts_.refusals.count(event_of(no.reason));
    parts_.outbox.say("error", protocol::Error{"invalid", std::string(no.reason), std::nullopt});
    return;
  }
  Running nobody;
  nobody.job.jti = no.ref->jti, nobody.job.fence = no.ref->fence, nobody.job.att = no.att, nobody.job.op = no.op;
  report(result_of(nobody, {Say{Code::invalid, std::string(no.reason), {}}, {}, {}, {}, 0}), {}, {});
}

void Worker::busy(const Job& job, std::string_view reason, const std::string& domain, const protocol::Trace& trace) {
  Running nobody;
  nobody.job = job;
  report(result_of(nobody, {Say{Code::busy, std::string(reason), {}}, {}, {}, {}, 0}), domain, trace);
}

// ---- the breakers on volume ----------------------------------------------------------------------------------
policy::VolumeVerdict Worker::take_volume(const Running& running) {
  auto& domain = *running.domain;
  const auto& job = running.job;
  const bool probe = job.op == Op::probe;
  const auto asked_for = lowered(job.name.value_or(job.sub)).substr(0, names_counted_bytes);
  const auto verdict = probe ? domain.probes.take(unix_now(), asked_for) : domain.volume.take(unix_now(), job.sub);
  if (verdict.alarm && probe) log::error("probes.tripped", log::field("domain", domain.name), log::field("limit", verdict.limit), log::field("until", *verdict.retry_after), log::field("enforced", verdict.refused));
  if (verdict.alarm && !probe) log::error("volume.tripped", log::field("domain", domain.name), log::field("limit", verdict.limit), log::field("until", *verdict.retry_after), log::field("enforced", verdict.refused));
  const auto why = std::string(probe ? "probes: " : "volume: ") + std::string(verdict.limit);
  if (verdict.refused) log::info("job.denied", running.about(), log::field("why", why));
  else if (verdict.flood != policy::Flood::none) log::info("job.audited", running.about(), log::field("why", why));
  return verdict;
}

// Of a later attempt nobody may say finally that nothing was done: an earlier one may have been.
void Worker::flooded(const Running& running, const policy::VolumeVerdict& verdict, bool second) {
  const bool final = verdict.flood == policy::Flood::account && !second;
  Outcome outcome{final ? Say{Code::denied, "too_often", {}} : Say{Code::busy, "volume", {}}, {}, {}, {}, 0};
  outcome.retry_after = verdict.retry_after;
  report(result_of(running, outcome), running.domain->name, running.trace);
}

Awaitable<bool> Worker::count_former(Domain& domain) {
  if (domain.counted) co_return true;
  const auto now = unix_now();
  auto work = [&journal = parts_.journal, name = domain.name, now] { return journal.writes_since(name, now - 3600, writes_counted_max); };
  auto asking = on_journal(std::move(work));
  auto writes = co_await std::move(asking);
  if (!writes) {
    journal_failed(writes.error());
    co_return false;
  }
  for (const auto& write : *writes) domain.volume.restore(write.at, write.sub, now);
  domain.counted = true;
  co_return true;
}

void Worker::journal_failed(const Fault& fault) {
  log::fault("journal.failed", fault);
  if (fault.kind != Fault::Kind::refused) journal_works_ = false;
}

Awaitable<> Worker::tend_journal() {
  if (!journal_works_) {
    auto work = [&journal = parts_.journal] { return journal.try_commit(); };
    auto trying = on_journal(std::move(work));
    auto done = co_await std::move(trying);
    journal_works_ = done.has_value();
    co_return;
  }
  auto noting = note_acks();
  co_await std::move(noting);
  if (!std::exchange(journal_dirty_, false)) co_return;
  auto work = [&journal = parts_.journal] { return journal.sync(); };
  auto syncing = on_journal(std::move(work));
  auto done = co_await std::move(syncing);
  if (!done) journal_failed(done.error());
}

}  // namespace wb::agent
