// Where the log goes, as it is configured: standard error, journald, syslog or a file.
#pragma once
#include <string>

#include "core/log.hpp"

namespace wb::platform {

// `program`: the name that journald and syslog know us by. Fault of LineFile::open for a file; unreachable "log.journal" when no
// journald listens at `journal` (detail says it), which is a socket of datagrams. syslog(3) tells of no failure, now or later.
Result<log::Output> log_output(const log::Destination& destination, const std::string& program, const std::string& journal = "/run/systemd/journal/socket");
// The same, and the log goes there from now on, from `least` up.
Result<void> start_log(log::Level least, const log::Destination& destination, const std::string& program);

}  // namespace wb::platform
