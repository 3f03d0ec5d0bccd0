#include "tests/faults/simulation_agent.hpp"

#include "tests/faults/simulation_world.hpp"

namespace wb::simulation {
namespace {

using agent::Work;
using protocol::Code;
using protocol::Op;
using Type = Message::Type;

constexpr std::size_t window = 8;

Fault fault_of(Reply reply) {
  switch (reply) {
    case Reply::lost: return fault(Fault::Kind::lost, "ldap.modify");
    case Reply::timed_out: return fault(Fault::Kind::timed_out, "ldap.modify");
    case Reply::answered:
    case Reply::unreachable: break;
  }
  return fault(Fault::Kind::unreachable, "ldap.pinned");
}

int account_in(const std::string& sub) { return std::stoi(sub.substr(sub.find('-') + 1)); }

}  // namespace

// ---- jobs come in -------------------------------------------------------------------------------------------
bool SimulatedAgent::redelivered(const protocol::Job& job) {
  const auto found = running_.find(job.jti);
  if (found == running_.end()) return false;
  auto& running = *found->second;
  if (job.fence <= running.job.fence) refuse(job, Code::invalid, "replay");
  else if (running.cancelled || running.job.op != job.op) refuse(job, Code::busy, "account");
  else {
    running.job.fence = job.fence;
    running.job.att = job.att;
    say({Type::accept, job.jti, job.fence});
  }
  return true;
}

void SimulatedAgent::refuse(const protocol::Job& job, Code code, const char* reason) { report({job.jti, job.fence, job.att, job.op, code, reason}); }

void SimulatedAgent::serve(const Message& message) {
  const auto& job = *message.job;
  if (job.exp <= world_.unix_now()) return refuse(job, Code::invalid, "expired");
  if (redelivered(job)) return;
  if (running_.size() >= window) return refuse(job, Code::busy, "window");
  auto running = std::make_shared<Running>();
  running->job = job;
  running->received = world_.loop.now();
  running->ttl = std::chrono::milliseconds(message.ttl_ms);
  running_.emplace(job.jti, running);
  step(running, "received", 100us, [this, running] { run(running); });
}

void SimulatedAgent::leave(const RunningPtr& running) {
  if (running->work == Work::look) return looked(running);
  if (running->holds_account) accounts_.erase(account_in(running->job.sub));
  running_.erase(running->job.jti);
}

bool SimulatedAgent::answers_again(const protocol::Job& job, const Answer& old) {
  const bool stands = old.code == Code::applied || old.code == Code::applied_but || old.reason == "void";
  return job.op != Op::resolve || stands;
}

// What it was told before is known by now (a look into the journal): replay, an answer given before, or work.
void SimulatedAgent::run(const RunningPtr& running) {
  const auto& job = running->job;
  const auto entry = journal_.find(job.jti);
  const bool known = entry != journal_.end();
  const bool stale = world_.loop.now() - running->received > running->ttl || job.exp <= world_.unix_now();
  if (stale || (known && job.fence <= entry->second.fence)) {
    refuse(job, Code::invalid, stale ? "expired" : "replay");
    return leave(running);
  }
  const bool answered = known && entry->second.result && !agent::is_open(entry->second.result->code);
  if (answered && answers_again(job, *entry->second.result)) {
    say({Type::accept, job.jti, job.fence});
    return record(running, *entry->second.result);
  }
  if (!accounts_.insert(account_in(job.sub)).second) {
    refuse(job, Code::busy, "account");
    return leave(running);
  }
  running->holds_account = true;
  running->work = job.op == Op::resolve ? Work::resolve : Work::attempt;
  running->second = job.att > 1 || known;
  say({Type::accept, job.jti, job.fence});
  step(running, "verified", 400us, [this, running] {
    auto& intent = journal_[running->job.jti];
    if (intent.fence == 0) intent.job = running->job;
    intent.fence = running->job.fence, intent.att = running->job.att;
    intent.result.reset();
    intent.acked = false;
    if (world_.plan.bugs.journal_skipped) journal_.erase(running->job.jti);
    sync();
    step(running, "journaled", 20us, [this, running] { attempt(running); });
  });
}

// ---- the work -----------------------------------------------------------------------------------------------
void SimulatedAgent::attempt(const RunningPtr& running) {
  agent::Attempt attempt;
  attempt.job = running->job;
  attempt.work = running->work;
  attempt.second = running->second;
  attempt.marker = world_.plan.marker;
  if (running->work != Work::attempt)
    if (const auto known = journal_.find(running->job.jti); known != journal_.end() && known->second.job.op != Op::resolve) attempt.first_exp = known->second.job.exp;
  running->attempt_fence = running->job.fence;
  running->machine.emplace(std::move(attempt));
  act(running, running->machine->start());
}

void SimulatedAgent::act(const RunningPtr& running, agent::Action action) {
  if (std::holds_alternative<agent::Read>(action)) return read(running);
  if (const auto* say = std::get_if<agent::Say>(&action)) return finish(running, *say);
  if (const auto* marker = std::get_if<agent::Void>(&action)) return modify(running, marker->marker, false);
  if (std::holds_alternative<agent::Again>(action)) return process_.then(1s, [this, running] { attempt(running); });
  if (std::holds_alternative<agent::Nothing>(action)) return leave(running);
  if (running->cancelled) return leave(running);
  running->applying = true;
  say({Type::progress, running->job.jti, running->job.fence});
  renew_lease(running);
  modify(running, world_.plan.marker ? agent::marker_text(running->job.jti, running->attempt_fence) : "", true);
}

ldap::Account SimulatedAgent::account_of(const Running& running, const Reading& reading) const {
  ldap::Account account;
  account.sub = running.job.sub;
  account.pre = world_.pre_of(reading);
  if (!world_.plan.marker) account.pre.mk.reset();
  account.marker_changed = reading.mk_changed;
  return account;
}

void SimulatedAgent::read(const RunningPtr& running) {
  step(running, "reading", 30us, [this, running] {
    world_.directory.read(process_, account_in(running->job.sub), [this, running](const ModelDirectory::Read& read) {
      step(running, "read", 30us, [this, running, read] {
        if (read.reply != Reply::answered) return act(running, running->machine->on(agent::ReadFailed{fault_of(read.reply)}));
        act(running, running->machine->on(agent::ReadDone{account_of(*running, read.reading), policy::Denial::none}));
      });
    });
  });
}

// The look at the clock and the sending stand close together, but a process can be stopped between any two instructions.
void SimulatedAgent::modify(const RunningPtr& running, std::string marker, bool password) {
  step(running, "before_modify", 150us, [this, running, marker = std::move(marker), password] {
    const agent::Limits limits{running->job.exp, running->ttl};
    const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(world_.loop.now() - running->received);
    if (auto no = agent::before_sending(limits, world_.unix_now(), age, running->cancelled)) {
      running->applying = false;
      return act(running, running->machine->on(*no));
    }
    if (!password && world_.plan.bugs.void_skipped) {  // planted
      ldap::WriteAnswer answer;
      answer.after = account_of(*running, world_.directory.look(account_in(running->job.sub)));
      return act(running, running->machine->on(agent::Answered{std::move(answer)}));
    }
    Modify order;
    order.account = account_in(running->job.sub);
    order.job = world_.order_of(running->job.jti);
    const auto& pre = *running->job.pre;
    order.password = password;
    if (password) order.pls = std::stoll(pre.pls), order.must_change = running->job.opts.must_change, order.enforce_history = running->job.opts.enforce_history;
    if (!marker.empty()) order.mk_old = pre.mk, order.mk_new = marker;
    send(running, std::move(order));
  });
}

void SimulatedAgent::send(const RunningPtr& running, Modify order) {
  if (world_.plan.bugs.expects_reread && order.password) {  // planted
    const auto& now = world_.directory.look(order.account);
    order.pls = now.pls;
    if (order.mk_new) order.mk_old = now.mk;
  }
  world_.directory.write(process_, std::move(order), [this, running](const ModelDirectory::Write& write) {
    step(running, "answered", 30us, [this, running, write] { written(running, write); });
  });
  world_.reached(number_, "sent");
}

void SimulatedAgent::written(const RunningPtr& running, const ModelDirectory::Write& write) {
  running->applying = false;
  if (write.reply == Reply::answered) {
    ldap::WriteAnswer answer;
    if (write.verdict == Verdict::swap_failed) answer.refusal = ldap::Refusal::swap_failed;
    if (write.verdict == Verdict::refused_password) answer.refusal = ldap::Refusal::policy;
    if (write.verdict == Verdict::unwilling) answer.refusal = ldap::Refusal::directory_error;
    if (write.after) answer.after = account_of(*running, *write.after);
    return act(running, running->machine->on(agent::Answered{std::move(answer)}));
  }
  const auto why = fault_of(write.reply);
  if (write.reply == Reply::unreachable) return act(running, running->machine->on(agent::Unanswered{why, std::nullopt}));
  world_.directory.read(process_, account_in(running->job.sub), [this, running, why](const ModelDirectory::Read& read) {
    agent::Unanswered none{why, std::nullopt};
    if (read.reply == Reply::answered) none.reread = account_of(*running, read.reading);
    act(running, running->machine->on(none));
  });
}

// ---- the outcome --------------------------------------------------------------------------------------------
void SimulatedAgent::finish(const RunningPtr& running, const agent::Say& say) {
  record(running, {running->job.jti, running->job.fence, running->job.att, running->job.op, say.code, say.reason});
}

// Under the newest fence: a redelivery may come while we write it down.
void SimulatedAgent::record(const RunningPtr& running, Answer answer) {
  answer.fence = running->job.fence, answer.att = running->job.att, answer.op = running->job.op;
  step(running, "outcome", 60us, [this, running, answer] {
    auto entry = journal_.find(answer.jti);
    if (entry != journal_.end() && entry->second.fence <= answer.fence) {
      entry->second.fence = answer.fence, entry->second.att = answer.att;
      entry->second.result = answer;
      entry->second.acked = false;
    }
    process_.then(world_.dice.span(0ms, 2s), [this] { sync(); });
    world_.outcome_known(number_, answer);
    step(running, "journaled_done", 20us, [this, running, answer] {
      if (answer.fence != running->job.fence) return record(running, answer);
      report(answer);
      leave(running);
      world_.reached(number_, "reported");
    });
  });
}

// A named point between two instructions: here trouble may strike, and what comes next may never come.
void SimulatedAgent::step(const RunningPtr& running, const char* name, Span pause, std::function<void()> then) {
  world_.trace([&] { return std::string(1, static_cast<char>('A' + number_)) + " " + running->job.jti + " fence " + std::to_string(running->job.fence) + ": " + name; });
  const auto life = process_.life();
  world_.reached(number_, name);
  if (life == process_.life()) process_.then(pause / 2 + world_.dice.span(0us, pause), std::move(then));
}

}  // namespace wb::simulation
