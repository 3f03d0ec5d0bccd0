#include "platform/supervisor.hpp"

#include <gtest/gtest.h>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace wb::platform {
namespace {
using namespace std::chrono_literals;

// The other end: what systemd holds. heard() waits for a datagram, five seconds at most; "" when none came.
class NotifySocket {
 public:
  explicit NotifySocket(std::string name) : name_(std::move(name)), fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::memcpy(at.sun_path, name_.data(), name_.size());
    if (name_[0] == '@') at.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name_.size());
    EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&at), length), 0);
    const timeval limit{5, 0};
    EXPECT_EQ(::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
  }
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;
  ~NotifySocket() {
    ::close(fd_);
    if (name_[0] == '/') ::unlink(name_.c_str());
  }
  std::string heard(int flags = 0) const {
    std::array<char, 256> text{};
    const auto size = ::recv(fd_, text.data(), text.size(), flags);
    return {text.data(), static_cast<std::size_t>(size < 0 ? 0 : size)};
  }
  const std::string& name() const { return name_; }

 private:
  std::string name_;
  int fd_;
};

std::string a_path() { return (std::filesystem::temp_directory_path() / ("wb-notify-" + std::to_string(::getpid()))).string(); }
std::string an_abstract_name() { return "@wb-notify-" + std::to_string(::getpid()); }

// What a service manager sets; gone afterwards.
struct Environment {
  Environment(const char* socket, const char* watchdog, const char* pid) {
    ::setenv("NOTIFY_SOCKET", socket, 1), ::setenv("WATCHDOG_USEC", watchdog, 1);
    if (pid) ::setenv("WATCHDOG_PID", pid, 1);
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
  ~Environment() { ::unsetenv("NOTIFY_SOCKET"), ::unsetenv("WATCHDOG_USEC"), ::unsetenv("WATCHDOG_PID"); }
};

TEST(ASupervisor, HearsEachWordAsOneDatagram) {
  for (const auto& name : {a_path(), an_abstract_name()}) {
    const NotifySocket socket(name);
    const Supervisor supervisor(name, 0us);
    EXPECT_TRUE(supervisor.say_ready());
    EXPECT_TRUE(supervisor.say_alive());
    EXPECT_TRUE(supervisor.say_stopping());
    EXPECT_EQ(socket.heard(), "READY=1") << name;
    EXPECT_EQ(socket.heard(), "WATCHDOG=1") << name;
    EXPECT_EQ(socket.heard(), "STOPPING=1") << name;
  }
}

TEST(ASupervisor, HearsWhenAReloadBegan) {
  const NotifySocket socket(an_abstract_name());
  const auto before = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch());
  EXPECT_TRUE(Supervisor(socket.name(), 0us).say_reloading());
  const auto after = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch());
  const auto text = socket.heard();
  const std::string start = "RELOADING=1\nMONOTONIC_USEC=";
  ASSERT_TRUE(text.starts_with(start)) << text;
  const auto at = std::stoll(text.substr(start.size()));
  EXPECT_GE(at, before.count());
  EXPECT_LE(at, after.count());
}

TEST(AMissingSupervisor, IsNotSpokenTo) {
  for (const auto* name : {"", "/", "@", "relative", "/nonexistent/notify", "vsock:2:1"}) EXPECT_FALSE(Supervisor(name, 0us).say_ready()) << name;
  EXPECT_FALSE(Supervisor("@" + std::string(200, 'a'), 0us).say_ready());
}

TEST(TheEnvironment, NamesTheSocketAndTheLongestSilence) {
  const NotifySocket socket(an_abstract_name());
  const Environment set(socket.name().c_str(), "30000000", std::to_string(::getpid()).c_str());
  const auto supervisor = Supervisor::from_environment();
  EXPECT_EQ(supervisor.watchdog(), 30s);
  EXPECT_TRUE(supervisor.say_ready());
  EXPECT_EQ(socket.heard(), "READY=1");
}

TEST(TheEnvironment, OfAnotherProcessOrWithoutSenseSetsNoLimit) {
  for (const auto* silence : {"", "0", "-1", "30s", " 30", "99999999999999999999", "9223372036854775807"}) {
    const Environment set("", silence, nullptr);
    EXPECT_EQ(Supervisor::from_environment().watchdog(), 0us) << silence;
  }
  const Environment set("", "30000000", "1");
  EXPECT_EQ(Supervisor::from_environment().watchdog(), 0us);
}

TEST(ARunningLoop, SaysThatItLivesAgainAndAgain) {
  const NotifySocket socket(an_abstract_name());
  boost::asio::io_context io;
  SignOfLife life(io, Supervisor(socket.name(), 3ms));
  EXPECT_EQ(socket.heard(), "WATCHDOG=1");
  for (int i = 0; i < 3; ++i) {
    io.run_one();
    EXPECT_EQ(socket.heard(), "WATCHDOG=1");
  }
}

TEST(ALoopThatHangs, SaysNothing) {
  const NotifySocket socket(an_abstract_name());
  boost::asio::io_context io;  // nobody runs it
  SignOfLife life(io, Supervisor(socket.name(), 3ms));
  EXPECT_EQ(socket.heard(), "WATCHDOG=1");
  boost::asio::io_context other;
  boost::asio::steady_timer much_later(other, 30ms);
  much_later.wait();
  EXPECT_EQ(socket.heard(MSG_DONTWAIT), "");
}

TEST(ASignOfLife, KeepsNoLoopOnceItIsCancelledOrNobodyAsks) {
  const NotifySocket socket(an_abstract_name());
  boost::asio::io_context io;
  SignOfLife life(io, Supervisor(socket.name(), 1h)), unasked(io, Supervisor(socket.name(), 0us));
  life.cancel();
  EXPECT_LE(io.run(), 1U);
  EXPECT_EQ(socket.heard(), "WATCHDOG=1");
  EXPECT_EQ(socket.heard(MSG_DONTWAIT), "");
}

}  // namespace
}  // namespace wb::platform
