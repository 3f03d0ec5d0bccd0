// So many at once, and so many a second: a token bucket. Pure: the caller brings the clock.
#pragma once
#include <algorithm>
#include <chrono>

#include "core/clock.hpp"

namespace wb {

class Pace {
 public:
  Pace(int per_second, int at_once) : per_second_(per_second), at_once_(at_once), left_(at_once) {}

  // One more. False: that is too fast, and it counts not.
  bool take(BootClock::time_point now) {
    if (last_ == BootClock::time_point{}) last_ = now;
    left_ = std::min<double>(at_once_, left_ + std::chrono::duration<double>(now - last_).count() * per_second_);
    last_ = now;
    if (left_ < 1) return false;
    left_ -= 1;
    return true;
  }

 private:
  int per_second_, at_once_;
  double left_;
  BootClock::time_point last_{};
};

}  // namespace wb
