// Of `writeback-agent check`: the way to the service. It dials as the agent does, reads the challenge and goes: no hello is said.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>

#include "agent/check/report.hpp"
#include "config/agent_config.hpp"
#include "core/async.hpp"
#include "link/link.hpp"

namespace wb::agent {

struct ServiceSeen {
  link::Route route;
  bool binds = false;               // the service binds the channel
  std::int64_t clock_offset_s = 0;  // the service's clock minus ours
  double ms = 0;                    // until it had said the challenge
};
// Faults as link::dial; malformed or lost at "session.challenge".
Awaitable<Result<ServiceSeen>> look_at_service(link::DialSettings settings);
// Pure. `binding_required`: channel_binding: require.
void judge_service(const std::string& url, const Result<ServiceSeen>& seen, bool binding_required, Report& report);
// Pure. What the running agent has found out about silent links: `status` is what it answers to that word at its control socket.
void judge_silence(const Result<std::string>& status, Report& report);
// Every address of the configuration. Blocking.
void check_service(const config::AgentConfig& config, std::chrono::milliseconds step, Report& report);

}  // namespace wb::agent
