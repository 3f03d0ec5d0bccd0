// The three things a job can be: a probe, a write, an answer given before.
#include "agent/worker.hpp"
#include "core/failpoint.hpp"
#include "crypto/jws.hpp"
#include "protocol/codec.hpp"

namespace wb::agent {
namespace {
using protocol::Code;
using protocol::Job;
using protocol::JobResult;
using protocol::Op;

constexpr std::size_t groups_max = 200;

policy::Subject subject_of(const ldap::Account& a) { return {a.dn, a.sid, a.group_sids, a.group_dns, a.admin_count}; }

bool wants(const Job& job, std::string_view what) {
  for (const auto& w : job.want)
    if (w == what) return true;
  return false;
}

protocol::ProbeAnswer answer_of(const Job& job, const ldap::Account& a, const protocol::PasswordPolicy& policy, UnixSeconds now) {
  protocol::ProbeAnswer p;
  p.sub = a.sub, p.dc = a.pre.dc, p.state = a.state, p.policy = policy, p.display_name = a.display_name, p.pre = a.pre, p.now = now;
  if (wants(job, "groups")) p.groups.assign(a.group_dns.begin(), a.group_dns.begin() + static_cast<std::ptrdiff_t>(std::min(groups_max, a.group_dns.size())));
  if (!wants(job, "contacts")) return p;
  for (const auto& [name, value] : {std::pair("mail", a.mail), std::pair("mobile", a.mobile), std::pair("telephone", a.telephone)})
    if (!value.empty()) p.contacts.emplace(name, value);
  return p;
}

Say denied(policy::Denial denial) { return {Code::denied, denial == policy::Denial::out_of_scope ? "out_of_scope" : "protected", {}}; }

}  // namespace

// ---- probe --------------------------------------------------------------------------------------------------
Awaitable<> Worker::probe(RunningPtr running) {
  auto& domain = *running->domain;
  auto work = [&domain, job = running->job] {
    const Stopwatch watch;
    Looked looked{domain.directory->find(job.name.value_or(job.sub)), {}, {}, 0};  // find() reads more than read()
    if (looked.account && *looked.account) {
      looked.decision = policy::decide(domain.rules, subject_of(**looked.account));
      if (looked.decision.denial == policy::Denial::none) {
        auto policy = domain.directory->policy_of(**looked.account);
        if (policy) looked.policy = *policy;
        else looked.account = policy.error();
      }
    }
    looked.ms = watch.ms();
    return looked;
  };
  auto looking = to_completion(domain.pool, std::move(work));
  auto looked = co_await std::move(looking);
  running->directory_ms = looked.ms;
  Outcome outcome;
  if (!looked.account) {
    log::fault("probe.failed", looked.account.error());
    outcome.say = after_probe_fault(looked.account.error());
  } else if (!*looked.account) {
    outcome.say = {Code::failed, "not_found", {}};
  } else if (looked.decision.denial != policy::Denial::none) {
    log::info("job.denied", log::field("jti", running->job.jti), log::field("why", looked.decision.why));
    outcome.say = denied(looked.decision.denial);
  } else {
    outcome.say = {Code::ok, {}, {}};
    outcome.probe = answer_of(running->job, **looked.account, *looked.policy, unix_now() + running->clock_offset_s);
  }
  report(result_of(*running, outcome));
}

// ---- write --------------------------------------------------------------------------------------------------
Awaitable<> Worker::write(RunningPtr running, std::optional<std::string> sec, bool second) {
  auto trying = attempt(running, std::move(sec), second);
  auto outcome = co_await std::move(trying);
  if (!outcome) {
    log::info("job.cancelled", log::field("jti", running->job.jti));
    co_return;  // its open intent makes the next attempt read first
  }
  const auto& reason = outcome->say.reason;
  if (outcome->say.code == Code::rejected && (reason == "too_short" || reason == "too_young")) {
    auto asking = policy_for(running);
    outcome->policy = co_await std::move(asking);
  }
  if (!outcome->detail.empty()) log::info("directory.said", log::field("jti", running->job.jti), log::field("detail", outcome->detail));
  for (bool newest = false; !newest;) {  // again when a redelivery came while we were recording
    auto recording = record(running, result_of(*running, *outcome));
    newest = co_await std::move(recording);
  }
}

// True: recorded and reported under the newest fence.
Awaitable<bool> Worker::record(RunningPtr running, JobResult result) {
  auto jws = crypto::sign(parts_.keys.as, protocol::typ_result, protocol::encode(result));
  if (!jws) {
    log::fault("result.unsigned", jws.error());
    co_return true;  // the open intent answers a redelivery
  }
  {
    auto work = [&journal = parts_.journal, jti = result.jti, fence = result.fence, att = result.att, text = *jws] { return journal.done(jti, fence, att, text); };
    auto committing = on_journal(std::move(work));
    auto done = co_await std::move(committing);
    if (!done) journal_failed(done.error());  // the truth is told all the same; a redelivery will read first
  }
  failpoint("journaled_done", protocol::to_string(result.op));
  if (result.fence != running->job.fence) co_return false;
  deliver(result, std::move(*jws));
  failpoint("reported", protocol::to_string(result.op));
  co_return true;
}

Awaitable<std::optional<Worker::Outcome>> Worker::attempt(RunningPtr running, std::optional<std::string> sec, bool second) {
  auto& domain = *running->domain;
  auto look = [&domain, sub = running->job.sub] {
    const Stopwatch watch;
    Looked looked{domain.directory->read(sub), {}, {}, 0};
    if (looked.account && *looked.account) looked.decision = policy::decide(domain.rules, subject_of(**looked.account));
    looked.ms = watch.ms();
    return looked;
  };
  auto looking = to_completion(domain.pool, std::move(look));
  auto looked = co_await std::move(looking);
  running->directory_ms += looked.ms;
  Attempt attempt{running->job, second, domain.marker};
  Outcome outcome;
  if (!looked.account) {
    log::fault("job.unread", looked.account.error());
    outcome.say = after_read_fault(attempt, looked.account.error());
    co_return outcome;
  }
  running->account = *looked.account;
  const auto step = after_read(attempt, *looked.account, looked.decision.denial);
  if (const auto* say = std::get_if<Say>(&step)) {
    outcome.say = *say;
    if (say->code == Code::denied) log::info("job.denied", log::field("jti", running->job.jti), log::field("why", looked.decision.why));
    co_return outcome;
  }
  if (running->cancelled) co_return std::nullopt;
  running->applying = true;
  parts_.outbox.say("progress", protocol::Progress{running->job.jti, running->job.fence, "applying"});
  auto apply = [&domain, running, attempt, sealed = std::move(sec).value_or(""), &keys = parts_.keys] {
    if (attempt.job.op == Op::unlock) return apply_unlock(attempt, *domain.directory, running->cancelled);
    return apply_reset(attempt, sealed, keys.ae, *domain.directory, running->cancelled);
  };
  auto applying = to_completion(domain.pool, std::move(apply));
  auto applied = co_await std::move(applying);
  running->applying = false;
  running->directory_ms += applied.directory_ms;
  if (std::holds_alternative<Applied::Cancelled>(applied.end)) co_return std::nullopt;
  co_return outcome_of(attempt, std::move(applied), *running);
}

Worker::Outcome Worker::outcome_of(const Attempt& attempt, Applied applied, Running& running) const {
  Outcome outcome;
  if (const auto* say = std::get_if<Say>(&applied.end)) {
    outcome.say = *say;
  } else if (const auto* answer = std::get_if<ldap::WriteAnswer>(&applied.end)) {
    outcome.say = after_write(attempt, *answer);
    outcome.detail = answer->detail;
    if (answer->after) running.account = answer->after;
  } else if (const auto* none = std::get_if<Applied::Unanswered>(&applied.end)) {
    log::fault("job.unanswered", none->fault);
    outcome.say = after_write_fault(attempt, none->fault, none->reread);
    if (none->reread) running.account = none->reread;
  }
  return outcome;
}

Awaitable<std::optional<protocol::PasswordPolicy>> Worker::policy_for(RunningPtr running) {
  if (!running->account) co_return std::nullopt;
  auto& domain = *running->domain;
  auto work = [&domain, account = *running->account] { return domain.directory->policy_of(account); };
  auto asking = to_completion(domain.pool, std::move(work));
  auto policy = co_await std::move(asking);
  if (!policy) co_return std::nullopt;
  co_return *policy;
}

// ---- again --------------------------------------------------------------------------------------------------
Awaitable<> Worker::answer_again(RunningPtr running, std::string old_jws) {
  auto result = read_own(old_jws);
  if (!result) co_return;  // look_up() has just read it
  for (bool newest = false; !newest;) {
    result->fence = running->job.fence;
    result->att = running->job.att;
    result->at = unix_now() + running->clock_offset_s;
    auto recording = record(running, *result);
    newest = co_await std::move(recording);
  }
}

}  // namespace wb::agent
