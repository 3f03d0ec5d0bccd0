// What the doctor (check/check.hpp) finds for an agent that runs, as the service is told it (docs/PROTOCOL.md section 5, `findings`).
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "agent/check/report.hpp"
#include "agent/check/service.hpp"
#include "agent/idle_cut.hpp"
#include "config/agent_config.hpp"
#include "protocol/messages.hpp"

namespace wb::agent {

// What the link that stands has seen of the service; nobody dials for this.
struct OwnLink {
  std::string url;
  ServiceSeen seen;
  std::optional<IdleCut::Span> idle_limit = {};
};

// Of `config` as it is in force, its domains included: files with secrets, disk, the encryption key's age, the link, every server. What the
// process has open or in use itself (its configuration file, journal, lock, keys) is left out. The worst first, at most
// protocol::findings_max. Blocking: each step has its own deadlines, and none begins once `go_on` says no.
std::vector<protocol::FoundThing> check_oneself(const config::AgentConfig& config, const OwnLink& link, const std::function<bool()>& go_on);

// ---- pure ---------------------------------------------------------------------------------------------------
// What of a report the service may know: results, codes and the names of servers that it knows already or could not reach. No
// path, no DN, no detail, and nothing about guardrails, which guard against the service too.
void tell(const Report& report, const std::string& domain, std::vector<protocol::FoundThing>& out);
// The worst first, each once, as many as may be told.
std::vector<protocol::FoundThing> in_short(std::vector<protocol::FoundThing> all);

}  // namespace wb::agent
