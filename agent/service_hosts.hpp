// Which of the service's addresses is dialled next. Pure.
#pragma once
#include <cstddef>
#include <vector>

#include "agent/service_url.hpp"
#include "core/backoff.hpp"
#include "core/clock.hpp"

namespace wb::agent {

// The first is the preferred one. One that can't be used gives way to the next, around and around; a link that has stood stays where
// it was, and begins with the first again once it was stable. How long to wait in between is Backoff's business: the pause grows
// with the tries, whichever address they were at, so that several addresses never mean more tries a minute.
class ServiceHosts {
 public:
  explicit ServiceHosts(std::vector<ServiceUrl> urls, std::chrono::seconds stable = Backoff::Shape{}.stable) : urls_(std::move(urls)), stable_(stable) {}

  const ServiceUrl& current() const { return urls_[at_]; }
  std::size_t size() const { return urls_.size(); }
  // No link, or one that was turned away before its welcome.
  void failed() { at_ = (at_ + 1) % urls_.size(); }
  // A welcomed link has ended after this long.
  void lived(BootClock::duration life) {
    if (life >= stable_) at_ = 0;
  }

 private:
  std::vector<ServiceUrl> urls_;  // never empty
  std::chrono::seconds stable_;
  std::size_t at_ = 0;
};

}  // namespace wb::agent
