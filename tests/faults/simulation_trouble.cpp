// The people at the keyboard, and everything that can happen to them.
#include "tests/faults/simulation_world.hpp"

namespace wb::simulation {

// ---- the client ---------------------------------------------------------------------------------------------
void World::place_order(int account, Span thinking, int tries) {
  if (!directory.well() || !service.process().up() || service.ready_agents() == 0) {
    if (tries > 0) loop.after(dice.span(1s, 10s), [this, account, thinking, tries] { place_order(account, thinking, tries - 1); });
    else if (healed_) violation("all is well again, and nobody can be probed");
    return;
  }
  Order order;
  order.number = static_cast<int>(orders.size());
  char jti[16];
  std::snprintf(jti, sizeof jti, "J%04d", order.number);
  order.jti = jti;
  order.account = account;
  order.probed = directory.look(account);
  order.pre = pre_of(order.probed);
  order.iat = unix_now();
  order.exp = order.iat + (dice.chance(0.7) ? 120 : dice.between(15, 120));
  if (healed_) order.exp = order.iat + 120;
  order.must_change = plan.must_change && dice.chance(0.5);
  order.enforce_history = !order.must_change;
  if (!order.must_change && dice.chance(0.3)) order.old = !healed_ && dice.chance(0.2) ? mistyped : directory.password_of(account);
  if (!healed_ && plan.shape == Shape::chaos && dice.chance(0.1)) directory.refuse_password_of(order.number);
  trace([&] { return order.jti + (order.old ? " (a change) is for account " : " is for account ") + std::to_string(account) + ": version " + std::to_string(order.probed.ver) + ", pls " + order.pre.pls + ", marker " + order.pre.mk.value_or("-"); });
  orders.push_back(order);
  records_.emplace_back();
  loop.after(thinking, [this, number = order.number] { submit(number, 20); });
}

void World::submit(int number, int tries) {
  if (unix_now() >= orders[static_cast<std::size_t>(number)].exp) return;
  const auto taken = service.submit(number);
  if (taken == SimulatedService::Submitted::stored) return;
  if (healed_) return violation("all is well again, and " + orders[static_cast<std::size_t>(number)].jti + " was not taken");
  if (tries > 0) loop.after(dice.span(500ms, 5s), [this, number, tries] { submit(number, tries - 1); });
}

void World::accepted(int number) {
  auto& order = orders[static_cast<std::size_t>(number)];
  order.submitted = loop.now();
  trace([&] { return order.jti + " is stored"; });
  ++tally_.orders;
  if (plan.shape != Shape::chaos || healed_) return;
  for (int i = dice.below(3); i > 0; --i) loop.after(dice.any_scale(200us, 60s), [this] { strike(dice.below(plan.agents)); });
}

// ---- trouble ------------------------------------------------------------------------------------------------
void World::reached(int agent, const char*) {
  ++steps_;
  if (healed_ || troubles_ <= 0) return;
  auto& victim = *agents[static_cast<std::size_t>(agent)];
  if (plan.shape == Shape::chaos) {
    if (!dice.chance(plan.strike_chance)) return;
    return strike(dice.chance(0.7) ? agent : dice.below(plan.agents));
  }
  if (steps_ != plan.strike_at_step) return;
  --troubles_;
  if (plan.shape == Shape::one_kill) return victim.kill(dice.chance(0.3));
  victim.freeze();
  if (dice.chance(0.5)) loop.after(dice.any_scale(10ms, 100s), [&victim] { victim.thaw(); });
}

void World::strike(int agent) {
  if (healed_ || troubles_ <= 0) return;
  --troubles_;
  const auto what = dice.fraction();
  if (what < 0.4) strike_agent(agent);
  else if (what < 0.55) strike_link(agent);
  else if (what < 0.7) strike_directory();
  else if (what < 0.8) strike_service();
  else if (plan.outsider || plan.interference) strike_account(dice.below(plan.accounts));
  else strike_agent(agent);
}

void World::strike_agent(int agent) {
  auto& victim = *agents[static_cast<std::size_t>(agent)];
  if (dice.chance(0.5)) {
    victim.kill(dice.chance(0.3));
    loop.after(dice.any_scale(50ms, 60s), [&victim] { victim.start(); });
  } else {
    victim.freeze();
    loop.after(dice.any_scale(20ms, 150s), [&victim] { victim.thaw(); });
  }
}

void World::strike_link(int agent) {
  auto& victim = *agents[static_cast<std::size_t>(agent)];
  if (!victim.link()) return;
  const bool silently = dice.chance(0.4);
  trace([&] { return std::string("the link of ") + static_cast<char>('A' + agent) + (silently ? " dies silently" : " is cut"); });
  network.cut(victim.link(), silently);
  if (!dice.chance(0.5)) return;
  network.isolate(agent, true);
  loop.after(dice.any_scale(10ms, 60s), [this, agent] { network.isolate(agent, false); });
}

void World::strike_directory() {
  const auto everybody_hears = [this] {
    for (auto& agent : agents) agent->directory_changed();
  };
  if (!directory.well()) return;
  const bool freeze = dice.chance(0.6);
  trace([&] { return freeze ? "the DC is frozen" : "the DC is killed"; });
  if (freeze) directory.freeze();
  else directory.kill();
  everybody_hears();
  loop.after(dice.any_scale(20ms, 120s), [this, everybody_hears] {
    if (directory.well()) return;
    trace([] { return "the DC is back"; });
    directory.start();
    directory.thaw();
    everybody_hears();
  });
}

void World::strike_service() {
  service.kill();
  loop.after(dice.any_scale(50ms, 60s), [this] {
    if (service.process().up()) return;
    service_up_ = loop.now();
    service.start();
  });
}

void World::strike_account(int account) {
  if (healed_) return;
  if (plan.interference && (!plan.outsider || dice.chance(0.5))) {
    const auto now = directory.look(account).mk;
    std::optional<std::string> value;
    const int what = dice.below(4);
    if (what == 1) value = "somebody's note";
    if (what == 2) value = now;  // the same again: looks untouched
    if (what == 3)
      for (const auto& order : orders)
        if (order.account == account) value = order.probed.mk;  // an old value restored
    trace([&] { return "an administrator sets the marker of account " + std::to_string(account) + " to " + value.value_or("-"); });
    return directory.set_marker(account, value);
  }
  const bool must_change = plan.must_change && dice.chance(0.5);
  trace([&] { return "the helpdesk resets account " + std::to_string(account); });
  directory.reset_by_helpdesk(account, must_change);
}

// Everything works again; what is still on its way lands.
void World::heal() {
  healed_ = true;
  trace([] { return "all is well again"; });
  auto behaviour = directory.behaviour();
  behaviour.late = behaviour.unwilling = 0;
  behaviour.travel_high = 3ms;
  directory.behave(behaviour);
  directory.start();
  directory.thaw();
  network.bumpy = false;
  for (int i = 0; i < plan.agents; ++i) {
    auto& agent = *agents[static_cast<std::size_t>(i)];
    network.isolate(i, false);
    agent.thaw();
    agent.start();
    agent.directory_changed();
  }
  if (!service.process().up()) {
    service_up_ = loop.now();
    service.start();
  }
}

}  // namespace wb::simulation
