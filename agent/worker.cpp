#include "agent/worker.hpp"

#include "core/failpoint.hpp"
#include "crypto/jws.hpp"
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

template <class F> class Finally {
 public:
  explicit Finally(F f) : f_(std::move(f)) {}
  Finally(const Finally&) = delete;
  Finally& operator=(const Finally&) = delete;
  ~Finally() { f_(); }

 private:
  F f_;
};

}  // namespace

// ---- what comes in ------------------------------------------------------------------------------------------
void Worker::take(protocol::JobMessage message, std::shared_ptr<const Trust> trust, Moment moment) {
  if (tasks_.size() >= tasks_per_window * static_cast<std::size_t>(parts_.window) * std::max<std::size_t>(1, parts_.domains.size())) {
    parts_.refusals.count("flood");  // beyond any window the service was told; not even checked
    parts_.outbox.say("error", protocol::Error{"busy", "too many jobs at once", 1000});
    return;
  }
  tasks_.start("job", serve(std::move(message), std::move(trust), moment, BootClock::now()));
}

void Worker::cancel(const JobRef& ref) {
  const auto found = running_.find(ref.jti);
  if (found != running_.end() && found->second->job.fence <= ref.fence) found->second->cancelled = true;
}

void Worker::acked(const JobRef& ref) {
  parts_.outbox.acked(ref.jti, ref.fence);
  auto note = [](Worker& self, JobRef acked) -> Awaitable<> {
    auto work = [&journal = self.parts_.journal, acked] { return journal.acked(acked.jti, acked.fence); };
    auto noting = self.on_journal(std::move(work));
    auto done = co_await std::move(noting);
    if (!done) self.journal_failed(done.error());
  };
  tasks_.start("ack", note(*this, ref));
}

void Worker::renew_leases() {
  for (const auto& [jti, running] : running_)
    if (running->applying) parts_.outbox.say("progress", protocol::Progress{jti, running->job.fence, "applying"});
}

bool Worker::redelivered(const Job& job) {
  const auto found = running_.find(job.jti);
  if (found == running_.end()) return false;
  auto& running = *found->second;
  if (job.fence <= running.job.fence) refuse({"replay", JobRef{job.jti, job.fence}, job.att, job.op});
  else if (running.cancelled) busy(job, "account");  // on its way out; another attempt will read first
  else {
    running.job.fence = job.fence;  // its answer will carry the newest fence
    running.job.att = job.att;
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
  failpoint("received", protocol::to_string(job.op));
  const auto domain = parts_.domains.find(believed.domain);
  if (domain == parts_.domains.end()) {
    refuse({"audience", JobRef{job.jti, job.fence}, job.att, job.op});
    co_return;
  }
  if (redelivered(job)) co_return;
  if (stopping_ || domain->second->inflight >= parts_.window) {
    busy(job, "window");
    co_return;
  }

  auto running = std::make_shared<Running>();
  running->job = job;
  running->domain = domain->second.get();
  running->clock_offset_s = moment.clock_offset_s;
  running_.emplace(job.jti, running);
  ++running->domain->inflight;
  const Finally leave([this, running] { running_.erase(running->job.jti); --running->domain->inflight; });

  auto looking = look_up(running);
  auto known = co_await std::move(looking);
  if (!known) {
    journal_failed(known.error());
    busy(job, "window");
    co_return;
  }
  const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(BootClock::now() - received);
  if (auto no = check_binding(believed, message.sec, known->seen, age, std::chrono::milliseconds(message.ttl_ms), moment)) {
    refuse(*no);
    co_return;
  }
  failpoint("verified", protocol::to_string(job.op));
  auto going = run(running, std::move(message.sec), std::move(*known));
  co_await std::move(going);
}

// ---- seen before? -------------------------------------------------------------------------------------------
Awaitable<Result<Worker::Known>> Worker::look_up(const RunningPtr& running) {
  Known known;
  if (running->job.op == Op::probe) {
    if (const auto found = probes_.find(running->job.jti); found != probes_.end()) known.seen = found->second.first;
    co_return known;
  }
  auto work = [&journal = parts_.journal, jti = running->job.jti] { return journal.find(jti); };
  auto finding = on_journal(std::move(work));
  auto found = co_await std::move(finding);
  if (!found) co_return found.error();
  if (!*found) co_return known;
  const auto& entry = **found;
  known.seen = entry.fence;
  const auto old = entry.result_jws ? read_own(*entry.result_jws) : std::nullopt;
  known.answered = old && !is_open(old->code);
  known.open = !known.answered;
  known.old_jws = entry.result_jws.value_or("");
  co_return known;
}

Awaitable<> Worker::run(RunningPtr running, std::optional<std::string> sec, Known known) {
  const Job job = running->job;
  if (known.answered) {
    parts_.outbox.say("accept", JobRef{job.jti, job.fence});
    auto again = answer_again(running, std::move(known.old_jws));
    co_await std::move(again);
    co_return;
  }
  if (job.op == Op::probe) {
    parts_.outbox.say("accept", JobRef{job.jti, job.fence});
    remember_probe(job);
    auto probing = probe(running);
    co_await std::move(probing);
    co_return;
  }
  const auto account = running->domain->name + "/" + job.sub;
  if (!accounts_.insert(account).second) {
    busy(job, "account");
    co_return;
  }
  const Finally leave([this, account] { accounts_.erase(account); });
  parts_.outbox.say("accept", JobRef{job.jti, job.fence});
  queue::JournalEntry intent;
  intent.jti = job.jti;
  intent.fence = job.fence;
  intent.att = job.att;
  intent.op = job.op;
  intent.sub = job.sub;
  intent.exp = job.exp;
  intent.created = unix_now();
  auto work = [&journal = parts_.journal, intent] { return journal.intent(intent); };
  auto committing = on_journal(std::move(work));
  auto committed = co_await std::move(committing);
  if (!committed) {
    journal_failed(committed.error());
    busy(job, "window");
    co_return;
  }  // without a record nothing is written
  failpoint("journaled", protocol::to_string(job.op));
  const bool second = job.att > 1 || known.open;
  auto writing = write(running, std::move(sec), second);
  co_await std::move(writing);
}

void Worker::remember_probe(const Job& job) {
  if (probes_.size() >= probes_max) std::erase_if(probes_, [now = unix_now()](const auto& p) { return p.second.second + clock_skew_max_s < now; });
  if (probes_.size() >= probes_max) probes_.erase(probes_.begin());  // the oldest ULID: it changes nothing when asked again
  probes_[job.jti] = {job.fence, job.exp};
}

// ---- what goes out ------------------------------------------------------------------------------------------
std::optional<JobResult> Worker::read_own(const std::string& jws) const {
  auto payload = crypto::verify(jws, protocol::typ_result, parts_.keys.as.public_key());
  if (!payload) return std::nullopt;
  auto result = protocol::decode<JobResult>(*payload);
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
  if (outcome.policy) {
    details.min_length = outcome.policy->min_length;
    details.min_age_s = outcome.policy->min_age_s;
    if (r.reason == "too_young") r.retry_after = details.retry_after = outcome.policy->change_from;
  }
  r.text = policy::verdict_text(r.code, r.reason, details);
  const bool tells = r.code != Code::denied && r.code != Code::invalid && r.code != Code::busy;  // a denied account is not talked about
  if (tells && running.account && job.op != Op::probe) {
    const auto& pre = running.account->pre;
    r.dc = pre.dc, r.pls = pre.pls, r.ver = pre.ver;
  }
  r.probe = outcome.probe;
  if (r.probe) r.sub = r.probe->sub, r.dc = r.probe->dc;
  r.total_ms = running.watch.ms(), r.directory_ms = running.directory_ms;
  r.at = unix_now() + running.clock_offset_s;
  return r;
}

void Worker::report(const JobResult& result) {
  auto jws = crypto::sign(parts_.keys.as, protocol::typ_result, protocol::encode(result));
  if (!jws) {
    log::fault("result.unsigned", jws.error());
    return;
  }
  deliver(result, std::move(*jws));
}

void Worker::deliver(const JobResult& result, std::string jws) {
  log::info("job.settled", log::field("jti", result.jti), log::field("op", protocol::to_string(result.op)), log::field("att", result.att),
      log::field("code", protocol::to_string(result.code)), log::field("reason", result.reason), log::field("ms", result.total_ms), log::field("directory_ms", result.directory_ms));
  parts_.outbox.report(result.jti, result.fence, std::move(jws));
}

void Worker::refuse(const Invalid& no) {
  parts_.refusals.count(no.reason);
  if (!no.ref) {
    parts_.outbox.say("error", protocol::Error{"invalid", std::string(no.reason), std::nullopt});
    return;
  }
  Running nobody;
  nobody.job.jti = no.ref->jti, nobody.job.fence = no.ref->fence, nobody.job.att = no.att, nobody.job.op = no.op;
  report(result_of(nobody, {Say{Code::invalid, std::string(no.reason), {}}, {}, {}, {}, {}}));
}

void Worker::busy(const Job& job, std::string_view reason) {
  Running nobody;
  nobody.job = job;
  report(result_of(nobody, {Say{Code::busy, std::string(reason), {}}, {}, {}, {}, {}}));
}

void Worker::journal_failed(const Fault& fault) {
  log::fault("journal.failed", fault);
  if (fault.kind != Fault::Kind::refused) journal_works_ = false;
}

Awaitable<> Worker::mend_journal() {
  if (journal_works_) co_return;
  auto work = [&journal = parts_.journal] { return journal.try_commit(); };
  auto trying = on_journal(std::move(work));
  auto done = co_await std::move(trying);
  journal_works_ = done.has_value();
}

}  // namespace wb::agent
