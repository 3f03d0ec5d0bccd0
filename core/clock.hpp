// Time, as the contract uses it: whole Unix seconds between machines, CLOCK_BOOTTIME for leases and lifetimes.
#pragma once
#include <chrono>
#include <cstdint>
#include <ctime>

namespace wb {

using UnixSeconds = std::int64_t;

inline UnixSeconds unix_now() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// Whole milliseconds, for what is written down.
inline std::int64_t unix_now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// Goes on while the machine sleeps, unlike steady_clock: a lease must not survive a suspended laptop or a paused VM.
struct BootClock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<BootClock>;
  static constexpr bool is_steady = true;
  static time_point now() {
    timespec t{};
    ::clock_gettime(CLOCK_BOOTTIME, &t);
    return time_point(std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec));
  }
};

// Measures one thing in milliseconds with a fraction, for logs and results.
class Stopwatch {
 public:
  double ms() const { return std::chrono::duration<double, std::milli>(BootClock::now() - start_).count(); }

 private:
  BootClock::time_point start_ = BootClock::now();
};

}  // namespace wb
