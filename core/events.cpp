#include "core/events.hpp"

#include <unordered_map>

namespace wb::log {

const Event* find_event(std::string_view name) {
  static const auto by_name = [] {
    std::unordered_map<std::string_view, const Event*> made;
    for (const auto part : {agent_events(), service_events(), security_events(), common_events()})
      for (const auto& event : part) made.emplace(event.name, &event);
    return made;
  }();
  const auto found = by_name.find(name);
  return found == by_name.end() ? nullptr : found->second;
}

}  // namespace wb::log
