// A box on the way (proxy, firewall, load balancer) that cuts a link on which nothing was said for some time. Nobody tells of it: it is
// known by links that end, one after the other, after the same silence. From then on something is said sooner. Pure.
#pragma once
#include <chrono>
#include <optional>

namespace wb::agent {

class IdleCut {
 public:
  using Span = std::chrono::milliseconds;
  // A welcomed link has ended, nothing having been said on it for `silent`. True: that makes another limit known.
  bool ended(Span silent);
  // After which silence links are cut; nullopt: nothing is known of such a limit. Known to the end of the process: with it in mind no link
  // is cut any more that could show whether it is still there.
  std::optional<Span> limit() const { return limit_; }
  // The time between two heartbeats, where the service wants `told`: well below the limit.
  Span heartbeat(Span told) const;

 private:
  Span last_{0};
  int alike_ = 0;  // ends in a row after about the same silence
  std::optional<Span> limit_;
};

}  // namespace wb::agent
