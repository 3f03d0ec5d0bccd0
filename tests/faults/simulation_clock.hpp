// Virtual time, dice, and processes that can be killed and frozen: what the simulated world stands on. Single-threaded;
// the same seed gives the same order of events, always.
#pragma once
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "core/clock.hpp"

namespace wb::simulation {

using Time = BootClock::time_point;
using Span = BootClock::duration;
using namespace std::chrono_literals;

constexpr UnixSeconds unix_at_start = 1'900'000'000;
inline double seconds_of(Time t) { return std::chrono::duration<double>(t.time_since_epoch()).count(); }
inline UnixSeconds unix_of(Time t) { return unix_at_start + std::chrono::duration_cast<std::chrono::seconds>(t.time_since_epoch()).count(); }

// xoshiro256** seeded by splitmix64: the standard library's distributions differ between implementations, seeds must not.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) {
    for (auto& word : state_) {
      auto z = (seed += 0x9e3779b97f4a7c15ULL);
      z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
      z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
      word = z ^ (z >> 31);
    }
  }
  std::uint64_t next() {
    const auto rotated = [](std::uint64_t x, int by) { return (x << by) | (x >> (64 - by)); };
    const auto out = rotated(state_[1] * 5, 7) * 9;
    const auto shifted = state_[1] << 17;
    state_[2] ^= state_[0], state_[3] ^= state_[1], state_[1] ^= state_[2], state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = rotated(state_[3], 45);
    return out;
  }
  double fraction() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  bool chance(double p) { return fraction() < p; }
  int below(int n) { return static_cast<int>(next() % static_cast<std::uint64_t>(n)); }
  int between(int low, int high) { return low + below(high - low + 1); }
  Span span(Span low, Span high) { return low + Span(static_cast<Span::rep>(fraction() * static_cast<double>((high - low).count()))); }
  // Every order of magnitude between `low` and `high` is as likely as the next.
  Span any_scale(Span low, Span high) {
    const auto ratio = static_cast<double>(high.count()) / static_cast<double>(low.count());
    return Span(static_cast<Span::rep>(static_cast<double>(low.count()) * std::pow(ratio, fraction())));
  }

 private:
  std::uint64_t state_[4];
};

class Loop {
 public:
  Time now() const { return now_; }
  void at(Time when, std::function<void()> what) {
    events_.push_back({std::max(when, now_), ++count_, std::move(what)});
    std::push_heap(events_.begin(), events_.end());
  }
  void after(Span delay, std::function<void()> what) { at(now_ + delay, std::move(what)); }
  // Runs what is due before `end`; then it is `end`.
  void run_until(Time end) {
    while (!events_.empty() && events_.front().when <= end) {
      std::pop_heap(events_.begin(), events_.end());
      auto event = std::move(events_.back());
      events_.pop_back();
      now_ = event.when;
      event.what();
    }
    now_ = std::max(now_, end);
  }
  std::uint64_t events() const { return count_; }

 private:
  struct Event {
    Time when;
    std::uint64_t number;
    std::function<void()> what;
    bool operator<(const Event& other) const { return std::pair(when, number) > std::pair(other.when, other.number); }  // the earliest on top
  };
  std::vector<Event> events_;
  std::uint64_t count_ = 0;
  Time now_{};
};

// A program: what it has set in motion ends with it (kill -9), or waits while it is frozen (SIGSTOP) and is then done in
// the old order.
class Process {
 public:
  explicit Process(Loop& loop) : loop_(loop) {}
  bool up() const { return up_; }
  bool frozen() const { return frozen_; }
  bool runs() const { return up_ && !frozen_; }
  void start() { up_ = true, frozen_ = false; }
  void kill() {
    ++life_;
    up_ = frozen_ = false;
    backlog_.clear();
  }
  void freeze() { frozen_ = up_; }
  void thaw() {
    if (!frozen_) return;
    frozen_ = false;
    for (auto& work : std::exchange(backlog_, {})) then(Span(0), std::move(work));
  }
  void then(Span delay, std::function<void()> work) {
    loop_.after(delay, [this, life = life_, work = std::move(work)]() mutable {
      if (life != life_ || !up_) return;
      if (frozen_) backlog_.push_back(std::move(work));
      else work();
    });
  }
  int life() const { return life_; }

 private:
  Loop& loop_;
  int life_ = 0;
  bool up_ = false, frozen_ = false;
  std::vector<std::function<void()>> backlog_;
};

}  // namespace wb::simulation
