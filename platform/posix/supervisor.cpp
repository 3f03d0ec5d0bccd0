#include "platform/supervisor.hpp"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace wb::platform {
namespace {

constexpr timeval patience{0, 200'000};
constexpr int feeds_per_watchdog = 3;
constexpr std::int64_t watchdog_max = 86'400'000'000;  // a day, far above any use; nothing overflows below it

// 0 for everything that is no number above 0.
std::int64_t number_in(const char* variable) {
  const char* text = std::getenv(variable);
  if (!text) return 0;
  std::int64_t number = 0;
  const auto* end = text + std::strlen(text);
  const auto [stopped, error] = std::from_chars(text, end, number);
  return error == std::errc() && stopped == end && number > 0 ? number : 0;
}

}  // namespace

Supervisor Supervisor::from_environment() {
  const char* socket = std::getenv("NOTIFY_SOCKET");
  const bool ours = !std::getenv("WATCHDOG_PID") || number_in("WATCHDOG_PID") == ::getpid();
  const auto watchdog = ours ? number_in("WATCHDOG_USEC") : 0;
  return {socket ? socket : "", std::chrono::microseconds(watchdog <= watchdog_max ? watchdog : 0)};
}

bool Supervisor::say(std::string_view text) const {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  if (socket_.size() < 2 || socket_.size() >= sizeof to.sun_path || (socket_[0] != '/' && socket_[0] != '@')) return false;
  std::memcpy(to.sun_path, socket_.data(), socket_.size());
  if (socket_[0] == '@') to.sun_path[0] = '\0';  // unix(7), abstract: the length counts, not a zero at the end
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  (void)::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  const auto sent = ::sendto(fd, text.data(), text.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&to), length);
  ::close(fd);
  return sent == static_cast<ssize_t>(text.size());
}

bool Supervisor::say_ready() const { return say("READY=1"); }
bool Supervisor::say_stopping() const { return say("STOPPING=1"); }
bool Supervisor::say_alive() const { return say("WATCHDOG=1"); }

bool Supervisor::say_reloading() const {
  timespec now{};
  (void)::clock_gettime(CLOCK_MONOTONIC, &now);
  return say("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(static_cast<std::int64_t>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1'000));
}

SignOfLife::SignOfLife(boost::asio::io_context& io, Supervisor supervisor) : timer_(io), supervisor_(std::move(supervisor)) {
  if (supervisor_.watchdog().count() > 0) next();
}

void SignOfLife::next() {
  supervisor_.say_alive();
  timer_.expires_after(supervisor_.watchdog() / feeds_per_watchdog);
  timer_.async_wait([this](boost::system::error_code ended) {
    if (!ended) next();
  });
}

}  // namespace wb::platform
