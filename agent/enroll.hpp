// Becoming an agent (docs/PROTOCOL.md section 3): the verb enroll. Blocking; used by the command line only. Who lets agents
// in is agent/roots.
#pragma once
#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/identity.hpp"
#include "config/agent_config.hpp"
#include "core/clock.hpp"
#include "core/result.hpp"
#include "crypto/keys.hpp"
#include "protocol/messages.hpp"

namespace wb::agent {

// Reads the token (first line of the file), makes AS and AE, enrols, writes identity.json and prints
//   agent: ID / fingerprint: THUMBPRINT / ... and, while nobody has approved us, the command that does.
// Fault refused when already enrolled, or when the service's root is not the one the token names.
Result<void> enroll(const config::AgentConfig& config, const std::string& service, const std::filesystem::path& token_file, std::ostream& out);

// For a host that was restored from an old image or copied, or whose signing key is suspected: new AS, AE and journal, and so
// another agent, to be approved instead of the former one. The agent must not run. Files of the former go to former-AGENT/.
Result<void> enroll_again(const config::AgentConfig& config, const std::string& service, const std::filesystem::path& token_file, std::ostream& out);

// ---- pure parts ---------------------------------------------------------------------------------------------
struct Token {
  std::string id, secret, sr;
};
// "wbe1.<id>.<secret>.<SR thumbprint>", blanks around it ignored.
std::optional<Token> parse_token(std::string_view text);

struct EnrollAnswer {
  std::string agent, tenant, domain;
  protocol::Jwk sr;
  std::vector<std::string> sk;
  std::optional<std::string> dr;
};
Result<EnrollAnswer> read_enroll_answer(std::string_view json);

// Takes the domain of a further enrolment into the identity of an agent that exists, which keeps what it has pinned.
// Fault refused where anything else is not as it was, or the domain is there already.
Result<void> join(Identity& known, const Identity& answer);

struct ListedAgent {
  std::string id, host, state;
  protocol::Jwk as;
  std::optional<protocol::Jwk> next;  // the signing key that shall succeed
};
struct AgentList {
  std::vector<ListedAgent> agents;
  std::optional<std::string> roster;
  std::vector<std::string> roots;  // successions, the oldest first
};
Result<AgentList> read_agent_list(std::string_view json);

// The issuer of the first endorsement that the root named by `sr_pin` signed: what identity.json pins.
Result<std::string> issuer_of(const std::vector<std::string>& endorsements, std::string_view sr_pin, UnixSeconds now);

// The next roster: the same agents and this one, 30 days from now. An agent that stands there with this key already is
// not doubled: that renews the roster. Fault refused when it stands there with another key, or 32 do.
Result<protocol::Roster> roster_with(protocol::Roster roster, const protocol::RosterAgent& agent, UnixSeconds now);
// The same, where it stands there with another key: its next one succeeds.
Result<protocol::Roster> roster_with_key(protocol::Roster roster, const protocol::RosterAgent& agent, UnixSeconds now);
// The next roster without this agent. Fault refused when it does not stand there, or nobody else does.
Result<protocol::Roster> roster_without(protocol::Roster roster, const std::string& agent, UnixSeconds now);
// The next roster with the same agents.
protocol::Roster roster_renewed(protocol::Roster roster, UnixSeconds now);

}  // namespace wb::agent
