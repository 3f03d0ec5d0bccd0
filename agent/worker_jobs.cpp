// What a job can be: a probe, an attempt or a resolve, an answer given before; and the look at what a former life left.
#include "agent/worker.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>

#include <set>

#include "core/failpoint.hpp"
#include "core/ids.hpp"
#include "crypto/jws.hpp"
#include "ldap/text.hpp"
#include "protocol/codec.hpp"

namespace wb::agent {
namespace {
using protocol::Code;
using protocol::Job;
using protocol::JobRef;
using protocol::JobResult;
using protocol::Op;

constexpr std::size_t groups_max = 200;
constexpr int looks_at_once = 256;

bool wants(const Job& job, std::string_view what) {
  for (const auto& w : job.want)
    if (w == what) return true;
  return false;
}

// As many as fit, those first that the job names, spelled as there: none of these is ever left out.
std::vector<std::string> told_groups(const Job& job, const ldap::Account& account, const std::vector<std::string>& groups) {
  std::set<std::string> in;
  const auto add = [&in](const std::vector<std::string>& list) {
    for (const auto& group : list) in.insert(lowered(group));
  };
  add(groups), add(account.group_sids), add(account.group_dns);
  std::vector<std::string> told;
  std::set<std::string> asked;
  for (const auto& name : job.groups)
    if (asked.insert(lowered(name)); in.contains(lowered(name))) told.push_back(name);
  for (const auto& group : groups)
    if (told.size() < groups_max && !asked.contains(lowered(group))) told.push_back(group);
  return told;
}

protocol::ProbeAnswer answer_of(const Job& job, const ldap::Account& a, const protocol::PasswordPolicy& policy, UnixSeconds now) {
  protocol::ProbeAnswer p;
  p.sub = a.sub, p.dc = a.pre.dc, p.state = a.state, p.policy = policy, p.display_name = a.display_name, p.pre = a.pre, p.now = now;
  p.language = a.language;
  if (a.state.locked && policy.lockout_duration_s > 0 && a.lockout_time > 0) p.state.locked_until = ldap::unix_from_filetime(a.lockout_time) + policy.lockout_duration_s;
  if (wants(job, "contacts")) p.contacts = a.contacts;
  return p;
}

queue::JournalEntry entry_of(const Job& job, const Domain& domain, const protocol::Trace& trace) {
  queue::JournalEntry e;
  e.jti = job.jti, e.fence = job.fence, e.att = job.att, e.op = job.op, e.sub = job.sub, e.exp = job.exp, e.iat = job.iat;
  e.created = unix_now(), e.domain = domain.name, e.marker = domain.marker, e.trace = trace;
  if (job.op != Op::unlock) e.pre = job.pre;  // an unlock depends on nothing
  return e;
}

// An answer of ours that nobody else can have made untrue since: what lasts; and what was not done stays not done while the
// job was in no other hands, which the fences tell.
bool stands(const JobResult& result, const queue::JournalEntry& entry, const Job& job) {
  return lasts(entry.op, result.code) || (!is_open(result.code) && job.fence == entry.fence + 1);
}

}  // namespace

// ---- probe --------------------------------------------------------------------------------------------------
Awaitable<> Worker::probe(RunningPtr running) {
  parts_.outbox.say("accept", JobRef{running->job.jti, running->job.fence});
  auto& domain = *running->domain;
  if (const auto volume = take_volume(*running); volume.refused) co_return flooded(*running, volume, false);
  remember_probe(running->job);
  auto work = [&domain, rules = domain.rules, job = running->job, waiting = Stopwatch()] {
    const Stopwatch watch;
    Probed looked{domain.directory->find(job.name.value_or(job.sub)), {}, {}, {}, 0, 0};  // find() reads more than read()
    if (looked.account && *looked.account) {
      looked.decision = policy::decide(*rules, subject_of(**looked.account));
      if (looked.decision.denial == policy::Denial::none) {
        auto policy = domain.directory->policy_of(**looked.account);
        if (policy) looked.policy = *policy, domain.passwords.remember((*looked.account)->sub, *policy, unix_now());
        else looked.account = policy.error();
        if (looked.account && wants(job, "groups")) {
          auto groups = domain.directory->groups_of(**looked.account);
          if (!groups) looked.account = groups.error();
          else looked.groups = told_groups(job, **looked.account, *groups);
        }
      }
    }
    looked.ms = watch.ms(), looked.waited_ms = waiting.ms() - looked.ms;
    return looked;
  };
  auto looking = to_completion(domain.pool, std::move(work));
  auto looked = co_await std::move(looking);
  if (!looked.decision.audited.empty()) log::info("job.audited", running->about(), log::field("why", looked.decision.audited));
  Outcome outcome;
  outcome.directory_ms = looked.ms;
  running->phases[Phase::read] = looked.ms, running->phases[Phase::wait] = looked.waited_ms;
  if (!looked.account) {
    log::fault("probe.failed", running->about(), looked.account.error());
    outcome.say = after_probe_fault(looked.account.error());
  } else if (!*looked.account) {
    outcome.say = {Code::failed, "not_found", {}};
  } else if (looked.decision.denial != policy::Denial::none) {
    log::info("job.denied", running->about(), log::field("why", looked.decision.why));
    outcome.say = denied(looked.decision.denial);
  } else {
    outcome.say = {Code::ok, {}, {}};
    outcome.probe = answer_of(running->job, **looked.account, *looked.policy, unix_now() + running->clock_offset_s);
    outcome.probe->privileged = looked.decision.privileged;
    outcome.probe->groups = std::move(looked.groups);
  }
  report(result_of(*running, outcome), running->domain->name, running->trace);
}

// ---- attempts and resolves ----------------------------------------------------------------------------------
Awaitable<> Worker::perform(RunningPtr running) {
  const Job job = running->job;
  const auto account = running->domain->name + "/" + job.sub;
  const bool alone = accounts_.insert(account).second;
  const Finally leave([this, account, alone] { if (alone) accounts_.erase(account); });
  if (alone) parts_.outbox.say("accept", JobRef{job.jti, job.fence});
  policy::VolumeVerdict volume;  // a resolve writes no password
  if (alone && job.op != Op::resolve) volume = take_volume(*running);
  Attempt attempt;
  attempt.job = job;
  attempt.second = job.att > 1;
  attempt.marker = running->domain->marker;
  attempt.trace = running->trace;
  if (job.op == Op::resolve) attempt.work = Work::resolve;
  std::optional<Ending> ending;
  const bool first_offer = job.fence == 1;  // a later one may be answered from the journal without asking the directory
  const bool may_begin = alone && !volume.refused;
  auto admitting = may_begin && first_offer ? admit_and_begin(running, attempt, ending) : admit(running, may_begin);
  auto known = co_await std::move(admitting);
  if (!known) {  // without a record nothing is written
    journal_failed(known.error());
    busy(job, "window", running->domain->name, running->trace);
    co_return;
  }
  if (const auto& entry = *known) {
    if (job.fence <= entry->fence) {
      refuse({"replay", JobRef{job.jti, job.fence}, job.att, job.op});
      co_return;
    }
    auto old = entry->result_jws ? read_own(*entry->result_jws) : std::nullopt;
    if (old && stands(*old, *entry, job)) {
      if (!alone) parts_.outbox.say("accept", JobRef{job.jti, job.fence});
      auto again = answer_again(running, std::move(*old));
      co_await std::move(again);
      co_return;
    }
    attempt.second = true;
    if (entry->pre) attempt.marker = attempt.marker && entry->marker;
    if (entry->op != Op::resolve) attempt.first_exp = entry->exp;
  }
  if (!alone) {
    busy(job, "account", running->domain->name, running->trace);
    co_return;
  }
  if (volume.refused) {
    flooded(*running, volume, attempt.second);
    co_return;
  }
  if (*known) {
    ending.reset();  // of a reading made before we knew: nothing was sent
    auto intending = intend(running);
    const bool intended = co_await std::move(intending);
    if (!intended) co_return;
  }
  auto settling = settle(running, std::move(attempt), std::move(ending));
  co_await std::move(settling);
}

// What the journal knows of the job; where it is new and `may_begin`, its intent is recorded in the same hop.
Awaitable<Result<std::optional<queue::JournalEntry>>> Worker::admit(RunningPtr running, bool may_begin) {
  auto work = [&journal = parts_.journal, entry = entry_of(running->job, *running->domain, running->trace), may_begin] { return may_begin ? journal.admit(entry) : journal.find(entry.jti); };
  auto admitting = on_journal(std::move(work));
  co_return co_await std::move(admitting);
}

// The same, and the account is read meanwhile: the write alone waits for the disk. A job the journal knows sends nothing.
Awaitable<Result<std::optional<queue::JournalEntry>>> Worker::admit_and_begin(RunningPtr running, const Attempt& attempt, std::optional<Ending>& ending) {
  using namespace asio::experimental::awaitable_operators;
  auto recorded = std::make_shared<std::promise<bool>>();
  auto waiting = recorded->get_future().share();
  auto work = [&journal = parts_.journal, entry = entry_of(running->job, *running->domain, running->trace), recorded = std::move(recorded)] {
    auto known = journal.admit(entry);
    recorded->set_value(known && !*known);
    return known;
  };
  running->others = false;
  auto admitting = on_journal(std::move(work));
  auto carrying = carry(running, attempt, std::move(waiting));
  auto both = std::move(admitting) && std::move(carrying);
  auto [known, ended] = co_await std::move(both);
  ending = std::move(ended);
  co_return std::move(known);
}

Awaitable<bool> Worker::intend(RunningPtr running) {
  auto work = [&journal = parts_.journal, entry = entry_of(running->job, *running->domain, running->trace)] { return journal.intent(entry); };
  auto committing = on_journal(std::move(work));
  auto committed = co_await std::move(committing);
  if (committed) co_return true;
  journal_failed(committed.error());
  busy(running->job, "window", running->domain->name, running->trace);
  co_return false;
}

// `first`: how the first carrying out ended, where it has.
Awaitable<> Worker::settle(RunningPtr running, Attempt attempt, std::optional<Ending> first) {
  std::optional<Outcome> outcome;
  for (bool told = false; !told;) {
    if (outcome && running->others && !lasts(running->job.op, outcome->say.code)) {  // it was in other hands meanwhile: look again
      auto intending = intend(running);
      const bool intended = co_await std::move(intending);
      if (!intended) co_return;
      attempt.second = true;
      outcome.reset();
    }
    if (!outcome) {
      auto ending = std::exchange(first, std::nullopt);
      if (!ending) {
        running->others = false;
        attempt.job = running->job;
        auto carrying = carry(running, attempt, {});
        ending = co_await std::move(carrying);
      }
      if (ending->decision.denial != policy::Denial::none) log::info("job.denied", running->about(), log::field("why", ending->decision.why));
      outcome = outcome_of(*running, std::move(*ending));
      if (!outcome) {
        log::info("job.cancelled", running->about());
        co_return;  // its open intent makes the next attempt read first
      }
      if (running->others && !lasts(running->job.op, outcome->say.code)) continue;
    }
    auto recording = record(running, result_of(*running, *outcome));
    told = co_await std::move(recording);  // again when a redelivery came while we were recording
  }
}

// Everything up to the outcome in one hop to a directory thread. `recorded`: the intent, on its way to the disk (not
// valid: it is there). A disk that answers later than the job lives counts as one that does not.
Awaitable<Ending> Worker::carry(RunningPtr running, Attempt attempt, std::shared_future<bool> recorded) {
  auto& domain = *running->domain;
  auto sending = [this, executor = executor_, running, alive = std::weak_ptr<int>(alive_)] {
    asio::post(executor, [this, running, alive] {
      if (!alive.expired()) say_applying(running);
    });
  };
  const Limits limits = running->limits;
  const auto received = running->received;
  auto work = [&domain, rules = domain.rules, running, attempt = std::move(attempt), keys = parts_.keys, limits, received, sending = std::move(sending), recorded = std::move(recorded), waiting = Stopwatch()] {
    const double waited_ms = waiting.ms();
    auto on_disk = [&] {
      if (recorded.valid() && (recorded.wait_for(limits.ttl) != std::future_status::ready || !recorded.get())) return false;
      failpoint("journaled", protocol::to_string(attempt.job.op));
      return true;
    };
    const Means means{*domain.directory, *rules, domain.passwords, keys->opening(running->sealed), running->sealed, running->cancelled, limits, received, running->clock_offset_s, on_disk, sending};
    auto ending = carry_out(attempt, means);
    ending.phases[Phase::wait] = waited_ms;
    return ending;
  };
  auto carrying = to_completion(domain.pool, std::move(work));
  auto ending = co_await std::move(carrying);
  running->applying = false;
  running->phases.add(ending.phases);
  co_return ending;
}

void Worker::say_applying(const RunningPtr& running) {
  running->applying = true;
  parts_.outbox.say("progress", protocol::Progress{running->job.jti, running->job.fence, "applying"});
}

std::optional<Worker::Outcome> Worker::outcome_of(const Running& running, Ending ending) const {
  if (!ending.detail.empty()) log::info("directory.said", running.about(), log::field("detail", ending.detail), log::field("text", ending.said));
  auto* say = std::get_if<Say>(&ending.action);
  if (!say) return std::nullopt;
  const auto retry_after = say->retry_after;
  return Outcome{std::move(*say), std::move(ending.account), std::nullopt, std::move(ending.policy), ending.directory_ms(), retry_after, ending.kinds};
}

// True: recorded and reported under the newest fence.
Awaitable<bool> Worker::record(RunningPtr running, JobResult result) {
  const Stopwatch recording;
  auto jws = crypto::sign(parts_.keys->as, protocol::typ_result, protocol::encode(result));
  if (!jws) {
    log::fault("result.unsigned", running->about(), jws.error());
    co_return true;  // the open intent answers a redelivery
  }
  {
    auto work = [&journal = parts_.journal, jti = result.jti, fence = result.fence, att = result.att, text = *jws] { return journal.done(jti, fence, att, text); };
    auto committing = on_journal(std::move(work));
    auto done = co_await std::move(committing);
    journal_dirty_ = true;
    running->phases[Phase::record] += recording.ms();
    if (!done) journal_failed(done.error());  // the truth is told all the same; a redelivery will read first
  }
  failpoint("journaled_done", protocol::to_string(result.op));
  if (result.fence != running->job.fence) co_return false;
  deliver(result, std::move(*jws), running->domain->name, running->trace);
  failpoint("reported", protocol::to_string(result.op));
  co_return true;
}

// ---- again --------------------------------------------------------------------------------------------------
Awaitable<> Worker::answer_again(RunningPtr running, JobResult result) {
  for (bool newest = false; !newest;) {
    result.fence = running->job.fence;
    result.att = running->job.att;
    result.at = unix_now() + running->clock_offset_s;
    auto recording = record(running, result);
    newest = co_await std::move(recording);
  }
}

// ---- what a former life left ----------------------------------------------------------------------------------
Awaitable<bool> Worker::settle_former(Domain& domain) {
  if (domain.settled) co_return true;
  auto counting = count_former(domain);
  const bool counted = co_await std::move(counting);
  if (!counted) co_return false;
  for (;;) {
    auto work = [&journal = parts_.journal, name = domain.name] { return journal.open_intents(name, looks_at_once); };
    auto asking = on_journal(std::move(work));
    auto open = co_await std::move(asking);
    if (!open) {
      journal_failed(open.error());
      co_return false;
    }
    for (auto& entry : *open) {
      if (stopping_) co_return false;
      auto looking = look(domain, std::move(entry));
      const bool looked = co_await std::move(looking);
      if (!looked) co_return false;
    }
    if (open->size() < static_cast<std::size_t>(looks_at_once)) break;
  }
  domain.settled = true;
  co_return true;
}

Awaitable<bool> Worker::look(Domain& domain, queue::JournalEntry entry) {
  auto running = std::make_shared<Running>();
  auto& job = running->job;
  job.jti = entry.jti, job.fence = entry.fence, job.att = entry.att, job.op = entry.op, job.sub = entry.sub, job.iat = entry.iat, job.exp = entry.exp, job.pre = entry.pre;
  running->domain = &domain, running->trace = entry.trace;
  Attempt attempt{job, Work::look, true, domain.marker && entry.marker, std::nullopt};
  if (entry.op != Op::resolve) attempt.first_exp = entry.exp;
  auto carrying = carry(running, std::move(attempt), {});
  auto ending = co_await std::move(carrying);
  auto outcome = outcome_of(*running, std::move(ending));
  if (!outcome) co_return false;  // its DC can't be asked now
  log::info("intent.looked_at", running->about(), log::field("code", protocol::to_string(outcome->say.code)), log::field("reason", outcome->say.reason));
  auto recording = record(running, result_of(*running, *outcome));
  (void)co_await std::move(recording);
  co_return journal_works_;
}

}  // namespace wb::agent
