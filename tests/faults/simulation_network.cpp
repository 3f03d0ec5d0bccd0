#include "tests/faults/simulation_world.hpp"

namespace wb::simulation {

const char* to_string(Message::Type type) {
  using Type = Message::Type;
  switch (type) {
    case Type::job: return "job";
    case Type::accept: return "accept";
    case Type::progress: return "progress";
    case Type::result: return "result";
    case Type::ack: return "ack";
    case Type::cancel: return "cancel";
    case Type::ready: return "ready";
  }
  return "?";
}

Span Network::delay() {
  return bumpy && world_.dice.chance(0.02) ? world_.dice.any_scale(10ms, 1500ms) : world_.dice.span(100us, 4ms);
}

LinkPtr Network::dial(int agent) {
  auto link = std::make_shared<Link>();
  link->agent = agent;
  link->number = ++links_;
  return link;
}

void Network::to_service(const LinkPtr& link, Message message) {
  if (link->cut_up) return;
  const auto arrives = link->last_up = std::max(link->last_up, world_.loop.now() + delay());
  world_.loop.at(arrives, [this, link, message = std::move(message)] {
    if (link->cut_up || !world_.service.process().up()) return;
    world_.trace([&] { return std::string(1, static_cast<char>('A' + link->agent)) + " -> service: " + world_.text_of(message); });
    world_.service.receive(link, message);
  });
}

void Network::to_agent(const LinkPtr& link, Message message) {
  if (link->cut_down) return;
  const auto arrives = link->last_down = std::max(link->last_down, world_.loop.now() + delay());
  world_.loop.at(arrives, [this, link, message = std::move(message)] {
    if (link->cut_down) return;
    world_.trace([&] { return std::string("service -> ") + static_cast<char>('A' + link->agent) + ": " + world_.text_of(message); });
    auto& agent = *world_.agents[static_cast<std::size_t>(link->agent)];
    agent.process().then(0us, [&agent, link, message] { agent.receive(link, message); });
  });
}

void Network::cut(const LinkPtr& link, bool silently) {
  if (link->cut_up && link->cut_down) return;
  link->cut_up = link->cut_down = true;
  const auto notice = [&] { return silently ? world_.dice.any_scale(50ms, 20s) : world_.dice.any_scale(100us, 500ms); };
  world_.loop.after(notice(), [this, link] {
    if (world_.service.process().up()) world_.service.closed(link);
  });
  auto& agent = *world_.agents[static_cast<std::size_t>(link->agent)];
  agent.process().then(notice(), [&agent, link] { agent.closed(link); });
}

// Its kernel says goodbye. What it had sent may have left the machine, or not.
void Network::agent_died(const LinkPtr& link) {
  link->cut_down = true;
  link->cut_up = world_.dice.chance(0.5);
  const auto arrives = link->last_up = std::max(link->last_up, world_.loop.now() + delay());
  world_.loop.at(arrives, [this, link] {
    link->cut_up = true;
    if (world_.service.process().up()) world_.service.closed(link);
  });
}

void Network::service_died(const std::vector<LinkPtr>& links) {
  for (const auto& link : links) {
    link->cut_up = link->cut_down = true;
    auto& agent = *world_.agents[static_cast<std::size_t>(link->agent)];
    agent.process().then(world_.dice.any_scale(100us, 500ms), [&agent, link] { agent.closed(link); });
  }
}

}  // namespace wb::simulation
