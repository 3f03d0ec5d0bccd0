// The verb `rights`: the delegation that the agent's account needs for one OU, and whether one account grants it.
// Blocking; used by the command line only. It asks the directory with the agent's own settings and changes nothing.
#pragma once
#include <iosfwd>
#include <string>

#include "config/agent_config.hpp"
#include "core/result.hpp"

namespace wb::agent {

struct RightsQuestion {
  std::string ou;    // DN; its DC= parts choose the domain of the configuration
  std::string user;  // --verify; empty: print the delegation
  bool json = false;
};

// false: --verify found a right missing. Faults at "rights.*" and as ldap::Connection::open has them.
Result<bool> rights(const config::AgentConfig& config, const RightsQuestion& question, std::ostream& out);

}  // namespace wb::agent
