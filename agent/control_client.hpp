// The verbs `status`, `drain`, `resume`, `reload` and `log-level`: asks the running agent at its control socket. Blocking; used by the
// command line only.
#pragma once
#include <filesystem>
#include <iosfwd>
#include <string>

#include "core/result.hpp"

namespace wb::agent {

// As the LSB has it for the action "status" of a service.
constexpr int exit_not_running = 3, exit_not_allowed = 4;

// One line asked, as ask_agent() does.
Result<std::string> ask(const std::filesystem::path& socket, const std::string& line);

struct ControlQuestion {
  std::string line;  // of the socket
  bool json = false, watch = false;
};

// The exit code: 0, 1 the agent said no or did not answer, 3 none runs, 4 this user may not ask.
int control(const std::filesystem::path& socket, const ControlQuestion& question, std::ostream& out, std::ostream& err);

}  // namespace wb::agent
