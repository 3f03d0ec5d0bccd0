// Of `writeback-agent check`: every server of a domain. Signs in as the agent does and reads; writes nothing. Blocking.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "agent/check/report.hpp"
#include "config/agent_config.hpp"
#include "core/clock.hpp"

namespace wb::agent {

// `user`: on whom the rights are looked at (check/domain); empty: nobody. No server is begun with once `go_on` says no.
void check_directory(
    const config::AgentDomain& domain, const std::string& user, Report& report, const std::function<bool()>& go_on = [] { return true; });

// ---- pure ---------------------------------------------------------------------------------------------------
struct ServerSeen {
  double ms = 0;  // connecting, TLS and sign-in
  bool read_only = false, hints = false;
  std::optional<std::int64_t> clock_offset_s;  // the server's clock minus ours; nullopt: it does not tell
  UnixSeconds certificate_ends = 0;            // 0: without TLS
};
void judge_server(const std::string& uri, const Result<ServerSeen>& seen, const ldap::Settings& settings, Report& report);
// GeneralizedTime (RFC 4517 section 3.3.13) as a domain controller spells currentTime: 20261126204330.0Z. nullopt: anything else.
std::optional<UnixSeconds> unix_from_generalized(std::string_view text);

}  // namespace wb::agent
