// Becoming an agent, and letting others become one (docs/PROTOCOL.md section 3): the verbs enroll, domain init and
// approve. Blocking; used by the command line only.
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

// Makes the domain's root key and its first roster, with this agent alone. Fault refused where a root exists, here or
// at the service. `domain` empty: the only one enrolled.
Result<void> domain_init(const config::AgentConfig& config, const std::string& domain, std::ostream& out);

// Puts AGENT into the roster if `fingerprint` is the thumbprint of the key the service shows for it. Needs the root.
// Once more for an agent that stands there renews the roster, which lives for 30 days.
Result<void> approve(const config::AgentConfig& config, const std::string& agent, const std::string& fingerprint, const std::string& domain, std::ostream& out);

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
};
struct AgentList {
  std::vector<ListedAgent> agents;
  std::optional<std::string> roster;
};
Result<AgentList> read_agent_list(std::string_view json);

// The issuer of the first endorsement that the root named by `sr_pin` signed: what identity.json pins.
Result<std::string> issuer_of(const std::vector<std::string>& endorsements, std::string_view sr_pin, UnixSeconds now);

// The next roster: the same agents and this one, 30 days from now. An agent that stands there with this key already is
// not doubled: that renews the roster. Fault refused when it stands there with another key, or 32 do.
Result<protocol::Roster> roster_with(protocol::Roster roster, const protocol::RosterAgent& agent, UnixSeconds now);

}  // namespace wb::agent
