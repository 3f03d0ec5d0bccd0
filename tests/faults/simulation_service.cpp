#include "tests/faults/simulation_service.hpp"

#include <algorithm>
#include <deque>

#include "tests/faults/simulation_world.hpp"

namespace wb::simulation {
namespace {

using queue::Ending;
using queue::JobMachine;
using queue::JobState;
namespace event = queue::event;

constexpr int window = 4;

std::string name_of(int agent) { return std::string(1, static_cast<char>('A' + agent)); }

const char* word_of(Ending ending) {
  switch (ending) {
    case Ending::expired: return "expired";
    case Ending::unavailable: return "unavailable";
    case Ending::result:
    case Ending::unknown:
    case Ending::released: break;
  }
  return "unknown";
}

}  // namespace

SimulatedService::SimulatedService(World& world, queue::JobTimings timings) : world_(world), process_(world.loop), timings_(timings) {}

// ---- life ---------------------------------------------------------------------------------------------------
void SimulatedService::start() {
  if (process_.up()) return;
  process_.start();
  world_.trace([] { return "service starts"; });
  seen_ = disk_;
  for (std::size_t i = 0; i < seen_.size(); ++i) {
    const auto& row = seen_[i];
    if (!row.stored || row.final) continue;
    const auto order = static_cast<int>(i);
    auto machine = JobMachine::restored(world_.time_of(world_.orders[i].exp), {row.fence, row.attempts, row.resolving}, timings_, op_of(world_.orders[i]));
    step(add(order, std::move(machine)), event::Start{});
  }
}

void SimulatedService::kill() {
  if (!process_.up()) return;
  world_.trace([] { return "service is killed"; });
  process_.kill();
  std::vector<LinkPtr> links;
  for (auto& [agent, session] : sessions_) links.push_back(session.link);
  sessions_.clear();
  live_.clear();
  handing_out_ = changed_ = false;
  world_.network.service_died(links);
}

// ---- the client ---------------------------------------------------------------------------------------------
SimulatedService::Submitted SimulatedService::submit(int number) {
  if (!process_.up()) return Submitted::down;
  const auto& order = world_.orders[static_cast<std::size_t>(number)];
  for (std::size_t i = 0; i < seen_.size(); ++i) {
    const auto& other = world_.orders[i];
    if (!seen_[i].stored || seen_[i].final || other.account != order.account) continue;
    if (!seen_[i].resolving) return Submitted::account_busy;
    if (other.pre.dc != order.pre.dc) return Submitted::in_doubt_elsewhere;
  }
  seen_.resize(world_.orders.size());
  disk_.resize(world_.orders.size());
  auto& row = seen_[static_cast<std::size_t>(number)];
  row.stored = true;
  disk_[static_cast<std::size_t>(number)] = row;  // on disk before its 202
  world_.accepted(number);
  step(add(number, JobMachine(world_.time_of(order.exp), timings_, op_of(order))), event::Start{});
  return Submitted::stored;
}

std::string SimulatedService::state_of(int order) const {
  const auto at = static_cast<std::size_t>(order);
  if (at >= seen_.size() || !seen_[at].stored) return "never submitted";
  if (seen_[at].final) return seen_[at].outcome;
  const auto job = find(world_.orders[at].jti);
  return job ? std::string(to_string(job->machine.state())) : "nowhere";
}

SimulatedService::Job SimulatedService::find(const std::string& jti) const {
  const auto found = live_.find(jti);
  return found == live_.end() ? nullptr : found->second;
}

SimulatedService::Job SimulatedService::add(int order, JobMachine machine) {
  return live_[world_.orders[static_cast<std::size_t>(order)].jti] = std::make_shared<Live>(Live{order, std::move(machine)});
}

// ---- the machine and its driver -----------------------------------------------------------------------------
void SimulatedService::step(const Job& job, queue::JobEvent first) {
  std::deque<queue::JobEvent> events{std::move(first)};
  bool room = false;
  while (!events.empty()) {
    const auto before = job->machine.holder();
    const auto actions = job->machine.on(events.front(), world_.loop.now());
    events.pop_front();
    if (const auto after = job->machine.holder(); before != after) {
      const auto hold = [&](const std::optional<std::string>& agent, int change) {
        if (!agent) return;
        if (const auto found = sessions_.find(*agent); found != sessions_.end()) found->second.held = std::max(0, found->second.held + change);
      };
      hold(before, -1);
      hold(after, +1);
      room = room || before.has_value();
    }
    for (const auto& action : actions)
      if (auto answer = std::visit([&](const auto& a) { return act(job, a); }, action)) events.push_back(std::move(*answer));
  }
  arm(job);
  if (room) agents_changed();
}

void SimulatedService::arm(const Job& job) {
  const auto due = job->machine.next_deadline();
  if (!due || job->armed_for == due) return;
  job->armed_for = due;
  process_.then(std::max(Span(0), *due - world_.loop.now()), [this, weak = std::weak_ptr<Live>(job), due] {
    const auto alive = weak.lock();
    if (!alive || alive->armed_for != due) return;  // armed for another time meanwhile
    alive->armed_for.reset();
    step(alive, event::Tick{});
  });
}

// Offers what waits, the oldest first, and those whose callers are gone last.
void SimulatedService::agents_changed() {
  changed_ = true;
  if (std::exchange(handing_out_, true)) return;
  while (std::exchange(changed_, false)) {
    const auto jobs = live_;
    for (const bool resolving : {false, true})
      for (const auto& [jti, job] : jobs)
        if (has_room() && job->machine.looking() && (job->machine.state() == JobState::resolving) == resolving) step(job, event::AgentsChanged{});
  }
  handing_out_ = false;
}

// ---- what the machine asks for ------------------------------------------------------------------------------
std::optional<queue::JobEvent> SimulatedService::act(const Job&, const queue::action::FindAgent& a) {
  std::optional<std::string> choice;
  std::pair<bool, int> best;
  bool any_ready = false;
  const auto in = [](const auto& names, const auto& name) { return std::find(names.begin(), names.end(), name) != names.end(); };
  for (const auto& [agent, session] : sessions_) {
    if (!session.ready) continue;
    any_ready = true;
    if (session.held >= window || in(a.except, agent)) continue;
    const std::pair<bool, int> load(in(a.avoid, agent), session.held);
    if (choice && best <= load) continue;
    choice = agent;
    best = load;
  }
  if (choice) return event::Found{*choice};
  return event::NoneFound{any_ready};
}

std::shared_ptr<const protocol::Job> SimulatedService::payload_of(const Live& live, const queue::action::Offer& offer) const {
  const auto& order = world_.orders[static_cast<std::size_t>(live.order)];
  auto job = std::make_shared<protocol::Job>();
  job->jti = order.jti;
  job->fence = offer.fence, job->att = offer.att;
  job->op = offer.resolve ? protocol::Op::resolve : op_of(order);
  job->sub = world_.sub_of(order.account);
  job->iat = order.iat, job->exp = order.exp;
  if (offer.resolve) {
    job->iat = world_.unix_now();
    job->exp = job->iat + std::chrono::duration_cast<std::chrono::seconds>(timings_.resolve_offer).count();
  }
  job->pre = order.pre;
  job->opts.must_change = order.must_change, job->opts.enforce_history = order.enforce_history;
  return job;
}

std::optional<queue::JobEvent> SimulatedService::act(const Job& job, const queue::action::Offer& a) {
  const auto at = static_cast<std::size_t>(job->order);
  if (!a.resolve) seen_[at].attempts = job->machine.attempts();
  seen_[at].fence = a.fence;
  disk_[at] = seen_[at];  // before it is sent; what is already told as resolving goes with it
  const auto session = sessions_.find(a.agent);
  if (session == sessions_.end()) return event::NotSent{a.agent};
  Message message;
  message.type = Message::Type::job;
  message.job = payload_of(*job, a);
  const auto left = world_.time_of(message.job->exp) - world_.loop.now();
  message.ttl_ms = static_cast<int>(std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::milliseconds>(left).count()));
  message.jti = message.job->jti, message.fence = a.fence;
  world_.network.to_agent(session->second.link, std::move(message));
  return std::nullopt;
}

void SimulatedService::say(const std::string& agent, Message message) {
  if (const auto found = sessions_.find(agent); found != sessions_.end()) world_.network.to_agent(found->second.link, std::move(message));
}

std::optional<queue::JobEvent> SimulatedService::act(const Job& job, const queue::action::Cancel& a) {
  say(a.agent, {Message::Type::cancel, world_.orders[static_cast<std::size_t>(job->order)].jti, a.fence});
  return std::nullopt;
}

std::optional<queue::JobEvent> SimulatedService::act(const Job& job, const queue::action::Ack&) {
  job->ack_due = true;
  return std::nullopt;
}

// When what it acknowledges is on the disk.
void SimulatedService::ack_soon(const std::string& agent, const Answer& answer) {
  process_.then(world_.dice.span(5ms, 8ms), [this, agent, jti = answer.jti, fence = answer.fence] { say(agent, {Message::Type::ack, jti, fence}); });
}

std::optional<queue::JobEvent> SimulatedService::act(const Job& job, const queue::action::Dropped& a) {
  world_.trace([&] { return "service drops " + world_.orders[static_cast<std::size_t>(job->order)].jti + " of " + a.agent + " fence " + std::to_string(a.fence) + ": " + a.why; });
  return std::nullopt;
}

std::optional<queue::JobEvent> SimulatedService::act(const Job& job, const queue::action::Tell&) {
  const auto at = static_cast<std::size_t>(job->order);
  seen_[at].resolving = true;
  disk_[at] = seen_[at];
  world_.told(job->order, "in_doubt", "");
  return std::nullopt;
}

std::optional<queue::JobEvent> SimulatedService::act(const Job& job, const queue::action::Finish& a) {
  const auto at = static_cast<std::size_t>(job->order);
  auto& row = seen_[at];
  const bool by_agent = a.ending == Ending::result && job->answer;
  row.outcome = by_agent ? to_string(job->answer->code) : word_of(a.ending);
  row.fence = job->machine.fence();
  row.attempts = job->machine.attempts();
  row.final = true;
  // Applied is a fact and may be told before it is flushed; what was not done must not be forgotten and done after all.
  if (row.outcome.starts_with("applied")) process_.then(world_.dice.span(0us, 5ms), [this, at, row] { disk_[at] = row; });
  else disk_[at] = row;
  world_.told(job->order, row.outcome, by_agent ? job->answer->reason : "");
  live_.erase(world_.orders[at].jti);
  return std::nullopt;
}

// ---- the agents ---------------------------------------------------------------------------------------------
bool SimulatedService::greet(const LinkPtr& link, std::int64_t epoch) {
  const auto agent = name_of(link->agent);
  if (const auto live = sessions_.find(agent); live != sessions_.end()) {
    if (epoch <= live->second.epoch) return false;
    drop_session(agent);
  }
  sessions_[agent] = {link, epoch};
  return true;
}

void SimulatedService::drop_session(std::string agent) {
  const auto found = sessions_.find(agent);
  if (found == sessions_.end()) return;
  const auto link = found->second.link;
  sessions_.erase(found);
  world_.network.cut(link, false);
  link_lost(agent);
}

void SimulatedService::closed(const LinkPtr& link) {
  const auto found = sessions_.find(name_of(link->agent));
  if (found != sessions_.end() && found->second.link == link) drop_session(found->first);
}

void SimulatedService::link_lost(const std::string& agent) {
  const auto jobs = live_;
  for (const auto& [jti, job] : jobs) {
    const auto& attempts = job->machine.attempts();
    const bool asked = std::any_of(attempts.begin(), attempts.end(), [&](const auto& a) { return a.agent == agent; });
    if (asked || job->machine.holder() == agent) step(job, event::LinkLost{agent});
  }
}

bool SimulatedService::has_room() const {
  return std::any_of(sessions_.begin(), sessions_.end(), [](const auto& s) { return s.second.ready && s.second.held < window; });
}

int SimulatedService::ready_agents() const {
  return static_cast<int>(std::count_if(sessions_.begin(), sessions_.end(), [](const auto& s) { return s.second.ready; }));
}

void SimulatedService::receive(const LinkPtr& link, const Message& m) {
  const auto agent = name_of(link->agent);
  const auto found = sessions_.find(agent);
  if (found == sessions_.end() || found->second.link != link) return;
  using Type = Message::Type;
  const auto job = find(m.jti);
  if (m.type == Type::accept && job) step(job, event::Accepted{agent, m.fence});
  else if (m.type == Type::progress && job) step(job, event::Progress{agent, m.fence});
  else if (m.type == Type::result) answered(agent, m.answer);
  else if (m.type == Type::ready) {
    const bool news = std::exchange(found->second.ready, m.ready) != m.ready;
    if (news && m.ready) agents_changed();
  }
}

void SimulatedService::answered(const std::string& agent, const Answer& answer) {
  const auto job = find(answer.jti);
  if (!job) return answered_late(agent, answer);
  job->answer = &answer;
  auto fence = answer.fence;
  if (world_.plan.bugs.fence_ignored) fence = job->machine.fence();
  step(job, event::Answered{world_.plan.bugs.fence_ignored ? job->machine.holder().value_or(agent) : agent, fence, answer.code});
  job->answer = nullptr;
  if (std::exchange(job->ack_due, false)) ack_soon(agent, answer);
}

void SimulatedService::answered_late(const std::string& agent, const Answer& answer) {
  ack_soon(agent, answer);
  const auto order = world_.order_of(answer.jti);
  auto& row = seen_[static_cast<std::size_t>(order)];
  const bool asked = std::any_of(row.attempts.begin(), row.attempts.end(), [&](const auto& a) { return a.agent == agent && a.fence == answer.fence; });
  if (!asked || !queue::upgrades(row.outcome, answer.code)) return;
  row.outcome = to_string(answer.code);
  disk_[static_cast<std::size_t>(order)] = row;
  world_.told(order, row.outcome, answer.reason);
}

}  // namespace wb::simulation
