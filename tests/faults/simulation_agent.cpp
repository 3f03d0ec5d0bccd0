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

bool is_applied(Code code) { return code == Code::applied || code == Code::applied_but; }

// As in agent/worker_jobs.cpp: nobody else can have made it untrue since.
bool stands(const Answer& old, std::int64_t fence, const protocol::Job& job) {
  return is_applied(old.code) || (!agent::is_open(old.code) && job.fence == fence + 1);
}

int account_in(const std::string& sub) { return std::stoi(sub.substr(sub.find('-') + 1)); }

}  // namespace

// ---- jobs come in -------------------------------------------------------------------------------------------
bool SimulatedAgent::redelivered(const Message& message) {
  const auto& job = *message.job;
  const auto found = running_.find(job.jti);
  if (found == running_.end()) return false;
  auto& running = *found->second;
  if (job.fence <= running.job.fence) refuse(job, Code::invalid, "replay");
  else if (running.cancelled || running.job.op != job.op) refuse(job, Code::busy, "account");
  else {
    running.others = running.others || job.fence != running.job.fence + 1;
    running.job.fence = job.fence, running.job.att = job.att;
    running.received = world_.loop.now();
    running.ttl = std::chrono::milliseconds(message.ttl_ms);
    say({Type::accept, job.jti, job.fence});
  }
  return true;
}

void SimulatedAgent::refuse(const protocol::Job& job, Code code, const char* reason) { report({job.jti, job.fence, job.att, job.op, code, reason}); }

void SimulatedAgent::serve(const Message& message) {
  const auto& job = *message.job;
  if (job.exp <= world_.unix_now()) return refuse(job, Code::invalid, "expired");
  if (redelivered(message)) return;
  if (!looked_ || running_.size() >= window) return refuse(job, Code::busy, "window");
  auto running = std::make_shared<Running>();
  running->job = job;
  running->received = world_.loop.now();
  running->ttl = std::chrono::milliseconds(message.ttl_ms);
  running_.emplace(job.jti, running);
  step(running, "verified", 100us, [this, running] { perform(running); });
}

void SimulatedAgent::leave(const RunningPtr& running) {
  if (is(*running, Work::look)) return;
  if (running->alone) accounts_.erase(account_in(running->job.sub));
  running_.erase(running->job.jti);
}

// One hop to the journal: a new job is recorded there, a known one is looked up.
void SimulatedAgent::perform(const RunningPtr& running) {
  const auto& job = running->job;
  running->alone = accounts_.insert(account_in(job.sub)).second;
  if (running->alone) say({Type::accept, job.jti, job.fence});
  process_.then(world_.dice.span(50us, 800us), [this, running] {
    const auto entry = journal_.find(running->job.jti);
    const auto known = entry == journal_.end() ? std::nullopt : std::optional(entry->second);
    if (!known && running->alone) intend(running);
    decide(running, known);
  });
}

void SimulatedAgent::intend(const RunningPtr& running) {
  if (world_.plan.bugs.journal_skipped) return;  // planted
  auto& entry = journal_[running->job.jti];
  if (entry.fence == 0) entry.job = running->job;
  entry.fence = running->job.fence, entry.att = running->job.att;
  entry.result.reset();
  entry.acked = false;
  sync();
}

void SimulatedAgent::decide(const RunningPtr& running, std::optional<Entry> known) {
  const auto& job = running->job;
  auto& attempt = running->attempt;
  attempt.second = job.att > 1 && !(world_.plan.bugs.change_repeated && job.op == Op::change);  // planted
  attempt.marker = world_.plan.marker;
  if (job.op == Op::resolve) attempt.work = Work::resolve;
  if (known) {
    if (job.fence <= known->fence) {
      refuse(job, Code::invalid, "replay");
      return leave(running);
    }
    if (known->result && stands(*known->result, known->fence, job)) {
      if (!running->alone) say({Type::accept, job.jti, job.fence});
      return answer_again(running, *known->result);
    }
    attempt.second = !world_.plan.bugs.change_repeated || job.op != Op::change;  // planted
    if (known->job.op != Op::resolve) attempt.first_exp = known->job.exp;
  }
  if (!running->alone) {
    refuse(job, Code::busy, "account");
    return leave(running);
  }
  if (known) intend(running);
  step(running, "journaled", 20us, [this, running] { carry(running); });
}

// ---- the work -----------------------------------------------------------------------------------------------
void SimulatedAgent::carry(const RunningPtr& running) {
  running->others = false;
  running->attempt.job = running->job;
  running->limits = {running->job.exp, running->ttl};
  running->limits_from = running->received;
  running->machine.emplace(running->attempt);
  act(running, running->machine->start());
}

void SimulatedAgent::act(const RunningPtr& running, agent::Action action) {
  if (std::holds_alternative<agent::Read>(action)) return read(running);
  if (const auto* marker = std::get_if<agent::Void>(&action)) return modify(running, marker->marker, false);
  if (std::holds_alternative<agent::Write>(action)) return modify(running, world_.plan.marker ? agent::marker_text(running->job.jti, running->attempt.job.fence) : "", true);
  running->applying = false;
  if (const auto* say = std::get_if<agent::Say>(&action)) return end(running, {running->job.jti, 0, 0, running->job.op, say->code, say->reason});
  looking_ = looking_ && !is(*running, Work::look);  // Again: with the next watch
  leave(running);
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
        act(running, running->machine->on(agent::ReadDone{account_of(*running, read.reading), policy::Denial::none, protocol::PasswordPolicy(), world_.unix_now()}));
      });
    });
  });
}

// The look at the clock and the sending stand close together, but a process can be stopped between any two instructions.
void SimulatedAgent::modify(const RunningPtr& running, std::string marker, bool password) {
  if (!std::exchange(running->applying, true)) {
    say({Type::progress, running->job.jti, running->job.fence});
    renew_lease(running);
  }
  step(running, "before_modify", 150us, [this, running, marker = std::move(marker), password] {
    const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(world_.loop.now() - running->limits_from);
    if (auto no = agent::before_sending(running->limits, world_.unix_now(), age, running->cancelled)) return act(running, running->machine->on(*no));
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
    if (password) order.old = world_.orders[static_cast<std::size_t>(order.job)].old;
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
  if (write.reply == Reply::answered) {
    ldap::WriteAnswer answer;
    if (write.verdict == Verdict::swap_failed) answer.refusal = ldap::Refusal::swap_failed;
    if (write.verdict == Verdict::wrong_old) answer.refusal = ldap::Refusal::old_password_wrong;
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
// It was in other hands meanwhile, and is not applied: look again.
void SimulatedAgent::end(const RunningPtr& running, Answer outcome) {
  if (running->others && !is_applied(outcome.code)) {
    intend(running);
    running->attempt.second = true;
    return carry(running);
  }
  record(running, outcome, [this, running, outcome] { end(running, outcome); });
}

void SimulatedAgent::answer_again(const RunningPtr& running, Answer old) {
  record(running, old, [this, running, old] { answer_again(running, old); });
}

// `outdated`: a redelivery came while we wrote it down.
void SimulatedAgent::record(const RunningPtr& running, Answer answer, std::function<void()> outdated) {
  answer.fence = running->job.fence, answer.att = running->job.att, answer.op = running->job.op;
  step(running, "outcome", 60us, [this, running, answer, outdated = std::move(outdated)]() mutable {
    const auto entry = journal_.find(answer.jti);
    if (entry != journal_.end() && entry->second.fence <= answer.fence) {
      entry->second.fence = answer.fence, entry->second.att = answer.att;
      entry->second.result = answer;
      entry->second.acked = false;
    }
    sync_soon();
    world_.outcome_known(number_, answer);
    step(running, "journaled_done", 20us, [this, running, answer, outdated = std::move(outdated)] {
      if (answer.fence != running->job.fence) return outdated();
      report(answer);
      leave(running);
      if (is(*running, Work::look)) looking_ = false, look_at_intents();
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
