// What came from outside and was not believed: counted by its security event, and logged so that no flood fills the disk:
// the first at once, then at most one line in ten seconds for each event, with how many were held back. From one thread.
//
// Nothing of what was refused is logged: the event's name and fields of ours (who sent it, as far as we know) say enough.
#pragma once
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/log.hpp"

namespace wb {

// A stable name; docs/OPERATIONS.md catalogues each with what to do. `id` must live as long as the process.
struct SecurityEvent {
  std::string_view id;
};

class Refusals {
 public:
  using Time = BootClock::time_point;
  static constexpr std::chrono::seconds pause{10};

  // `fields`: never input, but what we know of the sender: its address, its id after it has proven it.
  void count(SecurityEvent event, std::initializer_list<log::Field> fields = {}, Time now = BootClock::now());
  // The end of a flood is told too: logs what was held back longer than the pause. Called every now and then.
  void tell(Time now = BootClock::now());

  std::uint64_t total(SecurityEvent event) const;
  std::map<std::string, std::uint64_t> totals() const;  // by id

 private:
  struct Seen {
    std::uint64_t total = 0, held_back = 0;
    Time logged;
  };
  static void write(std::string_view id, Seen& seen, std::vector<log::Field> fields, Time now);
  std::map<std::string_view, Seen> events_;  // as many as stand in our source
};

}  // namespace wb
