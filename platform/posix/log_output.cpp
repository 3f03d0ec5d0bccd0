#include "platform/log_output.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "platform/line_file.hpp"

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

log::Output to_syslog(const std::string& program) {
  static std::string name;  // openlog keeps the pointer
  name = program;
  ::openlog(name.c_str(), LOG_PID, LOG_DAEMON);
  return {log::Output::Shape::message, [](log::Level level, std::string_view record) {
            ::syslog(priority_of(level), "%.*s", static_cast<int>(record.size()), record.data());
            return true;
          }};
}

struct Socket {
  int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_un to{};
  Socket() = default;
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() {
    if (fd >= 0) ::close(fd);
  }
  // Without waiting: a journald that stands still must not stop the work.
  bool send(const std::string& record) const {
    for (;;) {
      const auto sent = ::sendto(fd, record.data(), record.size(), MSG_DONTWAIT | MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&to), sizeof to);
      if (sent >= 0 || errno != EINTR) return sent == static_cast<ssize_t>(record.size());
    }
  }
};

Result<log::Output> to_journal(const std::string& program, const std::string& path) {
  auto socket = std::make_shared<Socket>();
  const auto no = [&](const std::string& why) { return fault(Fault::Kind::unreachable, "log.journal", path + ": " + why); };
  if (path.size() >= sizeof socket->to.sun_path) return no("too long for a socket");
  socket->to.sun_family = AF_UNIX;
  std::copy(path.begin(), path.end(), socket->to.sun_path);
  if (socket->fd < 0 || ::connect(socket->fd, reinterpret_cast<const sockaddr*>(&socket->to), sizeof socket->to) != 0) return no(std::strerror(errno));
  // Tried and let go: journald makes its socket anew when it is started again, and a connected one would not find it.
  const sockaddr nobody{AF_UNSPEC, {}};
  if (::connect(socket->fd, &nobody, sizeof nobody) != 0) return no(std::strerror(errno));
  return log::Output{log::Output::Shape::fields, [socket, head = "SYSLOG_IDENTIFIER=" + program + "\n"](log::Level, std::string_view record) { return socket->send(head + std::string(record)); }};
}

}  // namespace

Result<log::Output> log_output(const log::Destination& destination, const std::string& program, const std::string& journal) {
  switch (destination.to) {
    case log::To::standard_error: break;
    case log::To::journal: return to_journal(program, journal);
    case log::To::syslog: return to_syslog(program);
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
