// Where the log goes, as it is configured: standard error, journald, syslog or a file.
#pragma once
#include <string>

#include "core/log.hpp"

namespace wb::platform {

// Sockets of datagrams, where the machine's own listen.
struct LogSockets {
  std::string journal = "/run/systemd/journal/socket", syslog = "/dev/log";
};

// `program`: the name that journald and syslog know us by. Fault of LineFile::open for a file; unreachable "log.journal" when no
// journald listens (detail says it); refused "log.syslog" when destination.syslog_socket is too long for a socket. A syslog that is not there is lost
// records, as long as it isn't. No record is waited for.
Result<log::Output> log_output(const log::Destination& destination, const std::string& program, const LogSockets& sockets = {});
// The same, and the log goes there from now on, from `least` up.
Result<void> start_log(log::Level least, const log::Destination& destination, const std::string& program);

}  // namespace wb::platform
