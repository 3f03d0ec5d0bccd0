// Of `writeback-agent check`: what only the running agent knows, from what it answers to `status` at its control socket. Pure.
#pragma once
#include <string>

#include "agent/check/report.hpp"

namespace wb::agent {

// Whether service and domains' roots stand behind this agent: revocation, approval, rosters, the service's keys. Skipped without an answer.
void judge_trust(const Result<std::string>& status, Report& report);

}  // namespace wb::agent
