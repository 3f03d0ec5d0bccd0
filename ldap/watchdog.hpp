// Ends blocking socket calls that libldap cannot time out itself: a TLS handshake or a half-read record of a peer that
// fell silent. At the deadline it shuts the socket down, and whatever blocks on it returns with an error.
// (libldap 2.5 on GnuTLS never times out a stalled handshake; ITS#8047.)
#pragma once
#include <chrono>
#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>

namespace wb::ldap {

using Deadline = std::chrono::steady_clock::time_point;

class Watchdog {
  struct Watched {
    int socket;
    Deadline at;
    bool bitten = false;
  };

 public:
  Watchdog() : thread_([this] { run(); }) {}
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  // Watches one socket while it lives. End it before the socket is closed.
  class Watch {
   public:
    Watch(Watchdog& dog, int socket, Deadline at);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    bool bitten() const;

   private:
    Watchdog& dog_;
    std::list<Watched>::iterator watched_;
  };

 private:
  void run();
  std::mutex mutex_;
  std::condition_variable changed_;
  std::list<Watched> watched_;
  Deadline wakes_ = Deadline::max();  // when the thread will look again by itself
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace wb::ldap
