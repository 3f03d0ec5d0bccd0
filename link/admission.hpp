// How many strangers are dealt with at once. Pure: the caller brings the clock and the addresses.
//
// What a peer costs before it has proven anything is a TLS handshake (an ECDSA signature and a key agreement) and a few
// kilobytes. Three limits: handshakes a second of all together, handshakes under way, connections of one address that are
// no links (yet). A load balancer that passes TLS on is one address to us, and everybody: the trusted ones have no such share.
#pragma once
#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <utility>

#include "core/clock.hpp"
#include "link/proxy.hpp"
#include "link/settings.hpp"

namespace wb::link {

class Admission {
 public:
  explicit Admission(AdmissionLimits limits = {}) : limits_(std::move(limits)), tokens_(limits_.handshakes_per_second) {}

  // How long the next accept must wait; zero: it may come now. What waits lies in the kernel's queue meanwhile.
  std::chrono::milliseconds pause(BootClock::time_point now) {
    refill(now);
    if (tokens_ >= 1) return std::chrono::milliseconds(0);
    return std::chrono::milliseconds(1 + static_cast<int>((1 - tokens_) * 1000 / limits_.handshakes_per_second));
  }
  // A connection was accepted: it counts from now on. False: the address has enough of them, and it counts not.
  bool enter(const std::string& address, BootClock::time_point now) {
    refill(now);
    tokens_ = std::max(0.0, tokens_ - 1);
    if (trusted(address)) return true;
    auto& count = per_address_[address];
    if (count >= limits_.connections_per_address) return false;
    ++count;
    return true;
  }
  // It has ended, or has become a link, which the gateway looks after.
  void leave(const std::string& address) {
    const auto found = per_address_.find(address);
    if (found != per_address_.end() && --found->second == 0) per_address_.erase(found);
  }
  bool trusted(const std::string& address) const {
    return std::any_of(limits_.trusted_balancers.begin(), limits_.trusted_balancers.end(), [&](const auto& rule) { return covered(rule, address); });
  }
  // With this many handshakes under way the oldest must go when another comes: an honest one takes milliseconds.
  bool crowded(std::size_t handshakes) const { return handshakes > limits_.handshakes_max; }

  std::size_t addresses() const { return per_address_.size(); }  // bounded by the connections that are open

 private:
  void refill(BootClock::time_point now) {
    if (last_ == BootClock::time_point{}) last_ = now;
    const double passed = std::chrono::duration<double>(now - last_).count();
    last_ = now;
    tokens_ = std::min<double>(limits_.handshakes_per_second, tokens_ + passed * limits_.handshakes_per_second);
  }

  AdmissionLimits limits_;
  double tokens_;
  BootClock::time_point last_{};
  std::map<std::string, std::size_t> per_address_;
};

}  // namespace wb::link
