#include "tests/faults/simulation_world.hpp"

#include <cstdio>

namespace wb::simulation {
namespace {

queue::JobTimings timings_of(const Plan& plan) {
  queue::JobTimings timings;
  // A day of resolves shows nothing that an hour does not.
  if (!plan.marker) timings.resolve_life = 3'600s;
  return timings;
}

ModelDirectory::Behaviour behaviour_of(Dice& dice, const Plan& plan) {
  ModelDirectory::Behaviour b;
  b.clock_s = plan.dc_clock_s;
  b.history_first = dice.chance(0.5);
  if (plan.shape != Shape::chaos) return b;
  if (dice.chance(0.5)) b.travel_high = dice.any_scale(3ms, 2s);
  if (dice.chance(0.6)) b.late = dice.fraction();
  if (dice.chance(0.3)) b.unwilling = dice.fraction() * 0.3;
  return b;
}

}  // namespace

Plan plan_of(Dice& dice, const Bugs& bugs) {
  Plan plan;
  plan.bugs = bugs;
  const auto shape = dice.fraction();
  plan.shape = shape < 0.15 ? Shape::one_kill : shape < 0.3 ? Shape::one_freeze
                                                            : Shape::chaos;
  plan.marker = dice.chance(0.7);
  plan.agents = dice.between(2, 3);
  plan.accounts = dice.between(1, 3);
  plan.orders = dice.between(1, 5);
  plan.strike_at_step = dice.between(1, 24);
  plan.dc_clock_s = dice.between(-200, 200);
  if (plan.shape != Shape::chaos) return plan;
  plan.troubles = dice.chance(0.5) ? dice.between(1, 9) : dice.between(8, 30);
  plan.strike_chance = dice.chance(0.2) ? 0 : std::pow(10.0, -2.5 + 2.2 * dice.fraction());
  plan.outsider = dice.chance(0.5);
  plan.interference = plan.marker && dice.chance(0.4);
  plan.must_change = dice.chance(0.2);
  return plan;
}

World::World(std::uint64_t seed, const Bugs& bugs, bool tracing)
    : dice(seed), plan(plan_of(dice, bugs)),
      directory(
          loop, dice, plan.accounts, behaviour_of(dice, plan), [this](const Modify& order, const Reading& before, const Reading& now) { changed(order, before, now); },
          [this](const Modify& order) { shown(order); }),
      network(*this), service(*this, timings_of(plan)), tracing_(tracing) {
  for (int i = 0; i < plan.agents; ++i) agents.push_back(std::make_unique<SimulatedAgent>(*this, i));
  network.bumpy = plan.shape == Shape::chaos;
  troubles_ = plan.shape == Shape::chaos ? plan.troubles : 1;
  orders.reserve(64);
  note(std::string(plan.marker ? "marker" : "no marker") + ", " + std::to_string(plan.agents) + " agents, " + std::to_string(plan.accounts) + " accounts, " +
      (plan.shape == Shape::chaos ? "chaos" : plan.shape == Shape::one_kill ? "one kill"
                                                                            : "one freeze"));
}

// ---- small things the parts ask for -------------------------------------------------------------------------
void World::note(const std::string& what) {
  if (!tracing_) return;
  char time[32];
  std::snprintf(time, sizeof time, "%12.6f  ", seconds_of(loop.now()));
  story_ += time + what + "\n";
}

void World::violation(const std::string& what) {
  note("VIOLATION: " + what);
  violations_.push_back(what);
}

int World::order_of(const std::string& jti) const { return std::stoi(jti.substr(1)); }

protocol::Pre World::pre_of(const Reading& reading) const {
  return {"dc1", reading.ver, std::to_string(reading.pls), plan.marker ? reading.mk : std::nullopt};
}

std::string World::text_of(const Message& m) const {
  std::string text = to_string(m.type);
  if (m.type == Message::Type::ready) return text + (m.ready ? " yes" : " no");
  text += " " + m.jti;
  if (m.type == Message::Type::result) return text + " fence " + std::to_string(m.answer.fence) + ": " + std::string(protocol::to_string(m.answer.code)) + " " + m.answer.reason;
  text += " fence " + std::to_string(m.fence);
  if (m.job) text += " att " + std::to_string(m.job->att) + " " + std::string(protocol::to_string(m.job->op));
  return text;
}

// ---- one schedule -------------------------------------------------------------------------------------------
void World::begin() {
  service.start();
  for (auto& agent : agents) agent->start();
  auto at = Span(dice.span(1s, 2s));
  for (int i = 0; i < plan.orders; ++i) {
    const auto account = dice.below(plan.accounts);
    const auto thinking = dice.any_scale(50ms, 100s);
    loop.after(at, [this, account, thinking] { place_order(account, thinking, 8); });
    at = std::min<Span>(at + dice.any_scale(1ms, 60s), 90s);
  }
  if (plan.outsider)
    for (int i = dice.between(1, 3); i > 0; --i) loop.after(dice.any_scale(1s, 200s), [this] { strike_account(dice.below(plan.accounts)); });
}

void World::run() {
  begin();
  loop.run_until(Time(plan.heal_at));
  heal();
  UnixSeconds quiet = unix_now() + 100;  // by then every late request has landed
  for (const auto& order : orders)
    if (order.submitted) quiet = std::max<UnixSeconds>(quiet, order.exp + 36);
  loop.run_until(time_of(quiet));
  last_orders();
  loop.run_until(loop.now() + 20s);
  // Without a marker a job may stay in doubt for as long as resolve_life; nothing else may.
  for (int i = 0; i < 80 && !settled(); ++i) loop.run_until(loop.now() + (i < 20 ? Span(5s) : Span(60s)));
  for (std::size_t i = 0; i < records_.size(); ++i) check_record(i);
  for (const int order : last_) {
    const auto& record = records_[static_cast<std::size_t>(order)];
    const bool done = !record.told.empty() && record.told.back().outcome.starts_with("applied");
    if (!done) violation("all is well again, and " + orders[static_cast<std::size_t>(order)].jti + " was not applied: " + service.state_of(order));
  }
  tally_.events += loop.events();
  ++tally_.schedules;
}

void World::last_orders() {
  for (int account = 0; account < plan.accounts; ++account) {
    last_.push_back(static_cast<int>(orders.size()));
    place_order(account, 500ms, 0);
  }
}

bool World::settled() const {
  if (!service.idle() || directory.underway() > 0) return false;
  return std::all_of(agents.begin(), agents.end(), [](const auto& agent) { return agent->settled(); });
}

}  // namespace wb::simulation
