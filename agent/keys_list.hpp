// The verbs keys list and keys rotate. Used by the command line only.
#pragma once
#include <iosfwd>
#include <string>

#include "config/agent_config.hpp"
#include "core/clock.hpp"
#include "core/result.hpp"

namespace wb::agent {

// One line a key: what it is for, its thumbprint, since when, until when, where it lies. Also roots pinned, with the roster's number.
Result<void> list_keys(const config::AgentConfig& config, UnixSeconds now, std::ostream& out);
// A new encryption key before its time (agent/keys). The running agent takes it over within half a minute, at once on SIGHUP.
Result<void> rotate_keys(const config::AgentConfig& config, const std::string& uri, bool discard, UnixSeconds now, std::ostream& out);
// Makes the next signing key, or finds it, shows it to the service, signed with the present one, and prints the command that
// approves it. Said again, it does the same with the same key. The present one stays in force until rosters name the next.
Result<void> rotate_signing_key(const config::AgentConfig& config, const std::string& uri, std::ostream& out);

}  // namespace wb::agent
