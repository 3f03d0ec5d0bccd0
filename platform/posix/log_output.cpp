#include "platform/log_output.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <memory>

#include "platform/line_file.hpp"
#include "platform/process.hpp"

namespace wb::platform {
namespace {

int priority_of(log::Level level) {
  switch (level) {
    case log::Level::debug: return LOG_DEBUG;
    case log::Level::info: return LOG_INFO;
    case log::Level::warn: return LOG_WARNING;
    case log::Level::error: return LOG_ERR;
  }
  return LOG_INFO;
}

struct Datagrams {
  int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_un to{};
  explicit Datagrams(const std::string& path) {
    to.sun_family = AF_UNIX;
    path.copy(to.sun_path, sizeof to.sun_path - 1);
  }
  static bool fits(const std::string& path) { return path.size() < sizeof sockaddr_un{}.sun_path; }
  Datagrams(const Datagrams&) = delete;
  Datagrams& operator=(const Datagrams&) = delete;
  ~Datagrams() {
    if (fd >= 0) ::close(fd);
  }
  // Without waiting: a daemon that stands still must not stop the work. To the path each time: one that was started again has made its socket anew.
  bool send(const std::string& record) const {
    for (;;) {
      const auto sent = ::sendto(fd, record.data(), record.size(), MSG_DONTWAIT | MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&to), sizeof to);
      if (sent >= 0 || errno != EINTR) return sent == static_cast<ssize_t>(record.size());
    }
  }
};

Result<log::Output> to_journal(const std::string& program, const std::string& path) {
  const auto no = [&](const std::string& why) { return fault(Fault::Kind::unreachable, "log.journal", path + ": " + why); };
  if (!Datagrams::fits(path)) return no("too long for a socket");
  auto socket = std::make_shared<Datagrams>(path);
  if (socket->fd < 0 || ::connect(socket->fd, reinterpret_cast<const sockaddr*>(&socket->to), sizeof socket->to) != 0) return no(std::strerror(errno));
  // Tried and let go: a connected one would not find a journald that was started again.
  const sockaddr nobody{AF_UNSPEC, {}};
  if (::connect(socket->fd, &nobody, sizeof nobody) != 0) return no(std::strerror(errno));
  return log::Output{log::Output::Shape::fields, [socket, head = "SYSLOG_IDENTIFIER=" + program + "\n"](log::Level, std::string_view record) { return socket->send(head + std::string(record)); }};
}

// The form that every local daemon takes at /dev/log, which is the C library's too: <PRI>Mmm dd hh:mm:ss TAG[PID]: message. The C library's own
// syslog() waits for a daemon that stands still, and tells nobody of one that is away.
std::string local_head(log::Level level, const std::string& program) {
  const auto now = std::time(nullptr);
  std::tm parts{};
  ::localtime_r(&now, &parts);
  std::array<char, 32> at{};
  std::strftime(at.data(), at.size(), "%b %e %H:%M:%S", &parts);
  return "<" + std::to_string(LOG_DAEMON | priority_of(level)) + ">" + at.data() + " " + program + "[" + std::to_string(::getpid()) + "]: ";
}

log::Output to_local_syslog(const std::string& program, const std::string& path) {
  return {log::Output::Shape::message, [socket = std::make_shared<Datagrams>(path), program](log::Level level, std::string_view record) { return socket->send(local_head(level, program) + std::string(record)); }};
}

Result<log::Output> to_syslog_of(const std::string& path, const std::string& program) {
  if (!Datagrams::fits(path)) return fault(Fault::Kind::refused, "log.syslog", path + ": too long for a socket");
  return log::Output{log::Output::Shape::rfc5424, [socket = std::make_shared<Datagrams>(path)](log::Level, std::string_view record) { return socket->send(std::string(record)); },
      host_name() + " " + program + " " + std::to_string(::getpid())};
}

}  // namespace

Result<log::Output> log_output(const log::Destination& destination, const std::string& program, const LogSockets& sockets) {
  switch (destination.to) {
    case log::To::standard_error: break;
    case log::To::journal: return to_journal(program, sockets.journal);
    case log::To::syslog: return destination.syslog_socket.empty() ? to_local_syslog(program, sockets.syslog) : to_syslog_of(destination.syslog_socket, program);
    case log::To::file: {
      auto file = LineFile::open(destination.file, LineFile::Torn::ended);
      if (!file) return file.error();
      auto kept = std::make_shared<LineFile>(std::move(*file));
      return log::Output{log::Output::Shape::line, [kept](log::Level, std::string_view record) { return kept->append(record); }};
    }
  }
  return log::Output{};
}

Result<void> start_log(log::Level least, const log::Destination& destination, const std::string& program) {
  auto output = log_output(destination, program);
  if (!output) return output.error();
  log::start(least);
  log::send(destination.format, std::move(*output));
  return {};
}

}  // namespace wb::platform
