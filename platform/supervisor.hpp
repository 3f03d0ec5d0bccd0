// Who started us and waits for our word: a service manager that speaks systemd's datagrams (sd_notify(3), "Standalone
// Implementations"). Where there is none, nothing is said and nothing fails.
#pragma once
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <string>
#include <string_view>

namespace wb::platform {

class Supervisor {
 public:
  // NOTIFY_SOCKET: a path, or "@name" in the abstract namespace. WATCHDOG_USEC counts where WATCHDOG_PID is absent or ours. What is
  // malformed there is as good as absent: a program must not fail because of who started it.
  static Supervisor from_environment();
  Supervisor(std::string socket, std::chrono::microseconds watchdog) : socket_(std::move(socket)), watchdog_(watchdog) {}

  // Each is one datagram, with a deadline of 200 ms; false: nobody is there, or did not take it.
  bool say_ready() const;      // after the start, and after each say_reloading()
  bool say_reloading() const;  // with the time of now: until say_ready(), which every way must come to
  bool say_stopping() const;
  bool say_alive() const;

  std::chrono::microseconds watchdog() const { return watchdog_; }  // longest silence before we are killed; 0: no limit

 private:
  bool say(std::string_view text) const;
  std::string socket_;
  std::chrono::microseconds watchdog_;
};

// Says that we live, three times in each watchdog(), by a timer of the very loop that does the work: a loop that hangs says nothing,
// and is killed and started again. Keeps the loop running until it is cancelled or destroyed.
class SignOfLife {
 public:
  SignOfLife(boost::asio::io_context& io, Supervisor supervisor);
  void cancel() { timer_.cancel(); }

 private:
  void next();
  boost::asio::steady_timer timer_;
  Supervisor supervisor_;
};

}  // namespace wb::platform
