// An enrolled agent's calls to the service about one of its domains, for the command line. Blocking.
#pragma once
#include <string>
#include <vector>

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

// Where the verbs find the service, in turn: the address that was named, and the others of the configuration where that is one of
// them (another one is another service, which is asked alone); an agent's are the daemon's, service.url and service.more_urls,
// and the one it was enrolled at.
std::vector<std::string> ways_to(const config::AgentConfig& config, const std::string& named);
std::vector<std::string> ways_of(const config::AgentConfig& config, const Identity& identity);

// What the service's answer was, by its HTTP status: 0 where it was not the service that answered.
struct Asked {
  Result<std::string> body;
  int status = 0;
};
// POST, the answer's body. An address that can't be reached, or where somebody else answers, gives way to the next; an answer of the
// service itself does not. Fault refused "service/..." with the service's own words for any status of its but 200, unreachable where somebody
// else answered, or it can't serve (5xx); else as https_post. With more than one way tried: "service/...", unreachable or refused, and the
// detail names each with its reason.
Asked ask(const config::AgentConfig& config, const std::vector<std::string>& ways, const std::string& path, const std::string& body);
// The same, for whom the words are enough.
inline Result<std::string> post(const config::AgentConfig& config, const std::vector<std::string>& ways, const std::string& path, const std::string& body) { return ask(config, ways, path, body).body; }

}  // namespace wb::agent
