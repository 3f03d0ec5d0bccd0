#include "ldap/watchdog.hpp"

#include <sys/socket.h>

#include <algorithm>

namespace wb::ldap {

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

Watchdog::Watch::Watch(Watchdog& dog, int socket, Deadline at) : dog_(dog) {
  const std::lock_guard lock(dog_.mutex_);
  watched_ = dog_.watched_.insert(dog_.watched_.end(), Watched{socket, at});
  if (at < dog_.wakes_) dog_.changed_.notify_one();
}

Watchdog::Watch::~Watch() {
  const std::lock_guard lock(dog_.mutex_);
  dog_.watched_.erase(watched_);  // the thread may wake for it later and find nothing: cheaper than waking it now
}

bool Watchdog::Watch::bitten() const {
  const std::lock_guard lock(dog_.mutex_);
  return watched_->bitten;
}

void Watchdog::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const auto now = std::chrono::steady_clock::now();
    auto next = Deadline::max();
    for (auto& watched : watched_) {
      if (watched.bitten) continue;
      if (watched.at <= now) {
        ::shutdown(watched.socket, SHUT_RDWR);
        watched.bitten = true;
      } else {
        next = std::min(next, watched.at);
      }
    }
    wakes_ = next;
    if (next == Deadline::max()) changed_.wait(lock);
    else changed_.wait_until(lock, next);
  }
}

}  // namespace wb::ldap
