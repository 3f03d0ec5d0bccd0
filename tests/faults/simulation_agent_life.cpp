// The agent's life outside a job: start and end, its link, results that wait for their ack, intents found open.
#include "tests/faults/simulation_agent.hpp"
#include "tests/faults/simulation_world.hpp"

namespace wb::simulation {
namespace {
using Type = Message::Type;
}

SimulatedAgent::SimulatedAgent(World& world, int number) : world_(world), number_(number), process_(world.loop) {}

// ---- life and death -----------------------------------------------------------------------------------------
void SimulatedAgent::start() {
  if (process_.up()) return;
  process_.start();
  world_.trace([&] { return std::string(1, static_cast<char>('A' + number_)) + " starts"; });
  ++epoch_;
  sync();  // drawing an epoch is a synced commit
  for (const auto& [jti, entry] : journal_)
    if (entry.result && !entry.acked) outbox_[{jti, entry.fence}] = {*entry.result};
  looked_ = looking_ = false;
  directory_well_ = world_.directory.well();
  tries_ = 0;
  process_.then(1ms, [this] { dial(); });
  process_.then(2ms, [this] { watch(); });
}

void SimulatedAgent::kill(bool power_loss) {
  if (!process_.up()) return;
  world_.trace([&] { return std::string(1, static_cast<char>('A' + number_)) + (power_loss ? " loses power" : " is killed"); });
  process_.kill();
  if (power_loss) {
    journal_ = synced_;
    world_.power_lost(number_);
  }
  running_.clear();
  accounts_.clear();
  outbox_.clear();
  dialling_ = false;
  if (link_) world_.network.agent_died(std::exchange(link_, nullptr));
  ++link_epoch_;
}

void SimulatedAgent::freeze() {
  if (!process_.runs()) return;
  world_.trace([&] { return std::string(1, static_cast<char>('A' + number_)) + " is frozen"; });
  process_.freeze();
  if (!link_) return;
  // The service misses it after 60 s of silence.
  world_.loop.after(world_.dice.span(60s, 70s), [this, link = link_, life = process_.life()] {
    if (life == process_.life() && process_.frozen() && link == link_) world_.network.cut(link, false);
  });
}

void SimulatedAgent::thaw() {
  if (process_.frozen()) world_.trace([&] { return std::string(1, static_cast<char>('A' + number_)) + " goes on"; });
  process_.thaw();
}

// ---- the link -----------------------------------------------------------------------------------------------
// rand(0, min(60 s, 0.5 s * 2^n))
void SimulatedAgent::dial_later() {
  const auto most = std::min<Span>(60s, 500ms * (1 << std::min(tries_++, 7)));
  process_.then(world_.dice.span(0ms, most), [this] { dial(); });
}

void SimulatedAgent::dial() {
  if (link_ || dialling_) return;
  if (!world_.service.process().up() || !world_.network.passable(number_)) return dial_later();
  dialling_ = true;
  // TLS, challenge, hello, welcome: four trips
  process_.then(world_.dice.span(1ms, 20ms), [this] {
    dialling_ = false;
    if (!world_.service.process().up() || !world_.network.passable(number_)) return dial_later();
    auto link = world_.network.dial(number_);
    if (!world_.service.greet(link, epoch_)) return dial_later();  // "duplicate": the old one is not yet missed
    linked(link);
  });
}

void SimulatedAgent::linked(const LinkPtr& link) {
  link_ = link;
  ++link_epoch_;
  say_ready();
  for (auto& [ref, waiting] : outbox_) {
    say_result(waiting);
  }
  repeat_results(link_epoch_);
}

void SimulatedAgent::closed(const LinkPtr& link) {
  if (link_ != link) return;
  world_.network.cut(link, false);
  link_ = nullptr;
  ++link_epoch_;
  dial_later();
}

void SimulatedAgent::receive(const LinkPtr& link, const Message& m) {
  if (link_ != link) return;
  switch (m.type) {
    case Type::job: return serve(m);
    case Type::ack: {
      outbox_.erase({m.jti, m.fence});
      process_.then(world_.dice.span(0ms, 3s), [this, jti = m.jti, fence = m.fence] {
        if (const auto entry = journal_.find(jti); entry != journal_.end() && entry->second.fence == fence && entry->second.result) entry->second.acked = true;
        sync();
      });
      return;
    }
    case Type::cancel: {
      const auto found = running_.find(m.jti);
      if (found != running_.end() && found->second->job.fence <= m.fence) found->second->cancelled = true;
      return;
    }
    case Type::accept:
    case Type::progress:
    case Type::result:
    case Type::ready: return;
  }
}

void SimulatedAgent::say(Message message) {
  if (link_) world_.network.to_service(link_, std::move(message));
}

void SimulatedAgent::report(Answer answer) {
  auto& waiting = outbox_[{answer.jti, answer.fence}] = {answer, world_.loop.now()};
  say_result(waiting);
}

void SimulatedAgent::say_result(Waiting& waiting) {
  waiting.said = world_.loop.now();
  Message message;
  message.type = Type::result, message.jti = waiting.answer.jti, message.answer = waiting.answer;
  say(std::move(message));
}

void SimulatedAgent::repeat_results(int link_epoch) {
  process_.then(5s, [this, link_epoch] {
    if (link_epoch != link_epoch_) return;
    for (auto& [ref, waiting] : outbox_) {
      if (world_.loop.now() - waiting.said < 5s) continue;
      waiting.said = world_.loop.now();
      say_result(waiting);
    }
    repeat_results(link_epoch);
  });
}

// ---- readiness ----------------------------------------------------------------------------------------------
void SimulatedAgent::say_ready() {
  Message message;
  message.type = Type::ready, message.ready = looked_ && directory_well_;
  say(std::move(message));
}

void SimulatedAgent::directory_changed() {
  process_.then(world_.dice.any_scale(20ms, 8s), [this] {
    if (std::exchange(directory_well_, world_.directory.well()) != directory_well_) say_ready();
  });
}

int SimulatedAgent::open_intents() const {
  return static_cast<int>(std::count_if(journal_.begin(), journal_.end(), [](const auto& e) { return !e.second.result; }));
}

// Each few seconds, until what a former life left open is settled.
void SimulatedAgent::watch() {
  if (looked_) return;
  if (!looking_ && world_.directory.well()) look_at_intents();
  process_.then(3s, [this] { watch(); });
}

// One after the other, reading only; what it says is sent as the result of the attempt it belongs to.
void SimulatedAgent::look_at_intents() {
  for (const auto& [jti, entry] : journal_) {
    if (entry.result) continue;
    auto running = std::make_shared<Running>();
    running->job = entry.job;
    running->job.fence = entry.fence, running->job.att = entry.att;
    running->attempt.work = agent::Work::look;
    running->attempt.second = true;
    running->attempt.marker = world_.plan.marker;
    if (entry.job.op != protocol::Op::resolve) running->attempt.first_exp = entry.job.exp;
    looking_ = true;
    return carry(running);
  }
  looked_ = true;
  say_ready();
}

// The watch flushes what the outcomes and the acks left.
void SimulatedAgent::sync_soon() {
  process_.then(world_.dice.span(0ms, 3s), [this] { sync(); });
}

// Every third of the lease, for as long as the write is under way.
void SimulatedAgent::renew_lease(const RunningPtr& running) {
  process_.then(1666ms, [this, running] {
    if (!running->applying) return;
    say({Type::progress, running->job.jti, running->job.fence});
    renew_lease(running);
  });
}

}  // namespace wb::simulation
