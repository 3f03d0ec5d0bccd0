// The catalogue of events: what both programs may log, each with a number for those who watch by numbers, and what to do about it.
// docs/OPERATIONS.md's chapter "Events" is made of it (tests/unit/events_test.py --write), and the same test holds it to the code: what is
// logged stands here, what stands here is logged, at that level, and no number ever changes its event. A new event takes the next number of its part.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace wb::log {

struct Event {
  std::uint16_t id;                  // 1000s the agent's, 2000s the service's, 3000s of security, 4000s of both
  std::string_view name;             // as it is logged
  std::string_view level;            // debug, info, warn or error; two with ", " between them where it depends
  int microsoft;                     // the event of Microsoft's password writeback (policy/microsoft_events.hpp) that tells the same; 0: none, or one by outcome
  std::string_view meaning, remedy;  // Markdown for docs/OPERATIONS.md: what happened and why; what to do, "" for nothing
};

std::span<const Event> agent_events();
std::span<const Event> service_events();
std::span<const Event> security_events();
std::span<const Event> common_events();

// nullptr: not in the catalogue. The rows live as long as the process.
const Event* find_event(std::string_view name);

}  // namespace wb::log
