// What is done with a domain's root key (DR), on a machine that has it or where it is brought to (docs/PROTOCOL.md section 3):
// rosters signed, the root moved offline, succeeded, or made anew when it was lost. Blocking; used by the command line only.
#pragma once
#include <filesystem>
#include <iosfwd>
#include <string>

#include "agent/identity.hpp"
#include "config/agent_config.hpp"
#include "core/result.hpp"

namespace wb::agent {

// Where the root is, if not in state_dir: a file as export_root() writes it, with the passphrase in another one.
struct RootPlace {
  std::filesystem::path file, passphrase_file;
};

// Puts AGENT into the roster if `fingerprint` is the thumbprint of the key the service shows for it, and takes `instead_of`
// (if any) out in the same roster. Once more for an agent that stands there renews the roster, which lives for 30 days.
Result<void> approve(const config::AgentConfig& config, const RootPlace& root, const std::string& domain, const std::string& agent, const std::string& fingerprint,
    const std::string& instead_of, std::ostream& out);
// Takes AGENT out: the service cuts its link at once, and nobody seals a password to it. Fault refused for the last one.
Result<void> revoke(const config::AgentConfig& config, const RootPlace& root, const std::string& domain, const std::string& agent, std::ostream& out);
// The same agents for another 30 days.
Result<void> renew_roster(const config::AgentConfig& config, const RootPlace& root, const std::string& domain, std::ostream& out);

// Makes the domain's root key and its first roster, with this agent alone. Fault refused where a root exists, here or
// at the service. `domain` empty: the only one enrolled. `lost`: the root of before is gone, and this agent's pin of it is given up
// (everybody else's must be, too: the output says how).
Result<void> domain_init(const config::AgentConfig& config, const std::string& domain, bool lost, std::ostream& out);
// A new root, named by the old one, which is of no use afterwards (kept as dr-DOMAIN.former.pem).
Result<void> succeed_root(const config::AgentConfig& config, const RootPlace& root, const std::string& domain, std::ostream& out);
// Writes the root with a passphrase to a file; `remove`: and takes it off this machine, once it was read back.
Result<void> export_root(const config::AgentConfig& config, const RootPlace& to, const std::string& domain, bool remove, std::ostream& out);
// The other way round. Fault refused when it is not the root that this agent has pinned.
Result<void> import_root(const config::AgentConfig& config, const RootPlace& from, const std::string& domain, std::ostream& out);
// This agent believes `root` (a thumbprint told by a person) from now on. While it is not running.
Result<void> pin_root(const config::AgentConfig& config, const std::string& domain, const std::string& root, std::ostream& out);

}  // namespace wb::agent
