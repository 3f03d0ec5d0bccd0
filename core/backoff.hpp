// Full-jitter exponential backoff: rand(0, min(cap, base * 2^n)). Pure: the caller brings the clock and the dice.
// Source: docs/PROTOCOL.md section 1; "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
#pragma once
#include <algorithm>
#include <chrono>

#include "core/clock.hpp"

namespace wb {

class Backoff {
 public:
  struct Shape {
    std::chrono::milliseconds base{500};
    std::chrono::milliseconds cap{60'000};
    std::chrono::seconds stable{60};  // a connection that lived this long starts the count anew
  };
  Backoff() = default;
  explicit Backoff(Shape shape) : shape_(shape) {}

  // How long to wait after a failed try or an ended connection. `dice` is uniform in [0, 1).
  std::chrono::milliseconds next(double dice) {
    const auto ceiling = std::min<double>(static_cast<double>(shape_.cap.count()), static_cast<double>(shape_.base.count()) * static_cast<double>(1ULL << std::min(tries_, 30U)));
    ++tries_;
    return std::chrono::milliseconds(static_cast<long>(dice * ceiling));
  }
  // The connection that has just ended had lived this long.
  void lived(BootClock::duration life) {
    if (life >= shape_.stable) tries_ = 0;
  }
  unsigned tries() const { return tries_; }

 private:
  Shape shape_;
  unsigned tries_ = 0;
};

}  // namespace wb
