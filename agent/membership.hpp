// An enrolled agent's calls to the service about one of its domains, for the command line. Blocking.
#pragma once
#include <string>

#include "agent/enroll.hpp"
#include "agent/identity.hpp"
#include "config/agent_config.hpp"
#include "protocol/json.hpp"

namespace wb::agent {

struct Member {
  Identity identity;
  Keys keys;
  std::string domain;
  AgentList list;  // what the service says about the domain
};
// `domain` empty: the only one enrolled.
Result<Member> as_member(const config::AgentConfig& config, const std::string& domain);
// Which domain a verb is about: the one named, or the only one there is.
Result<std::string> chosen_domain(const Identity& identity, const std::string& domain);

// Signs the roster and hands it over. `succession`: by which the root of before names this one.
Result<void> publish(const config::AgentConfig& config, const Member& member, const crypto::PrivateKey& root, const protocol::Roster& roster, const std::string& succession = {});

// A request about a domain, signed by us over `text`, which stands in `member`. The answer's body.
Result<std::string> post_signed(const config::AgentConfig& config, const Identity& identity, const Keys& keys, const std::string& path, const std::string& member,
    const std::string& text, const std::string& domain, protocol::json::object more = {});

// POST, the answer's body. Fault refused with the service's own words for any status but 200.
Result<std::string> post(const config::AgentConfig& config, const std::string& service, const std::string& path, const std::string& body);

}  // namespace wb::agent
