// Who this agent is: what enrolment gave it and what it has pinned since. Lives in state_dir:
//   identity.json  this struct            as.pem, ae*.pem, keys.json  its keys (agent/keys)
//   journal.sqlite the job journal        dr-DOMAIN.pem               a domain root, where made here
#pragma once
#include <filesystem>
#include <map>
#include <string>

#include "agent/keys.hpp"
#include "core/result.hpp"

namespace wb::agent {

struct DomainPin {
  std::string dr;        // thumbprint of the domain root; empty: not seen yet
  std::int64_t rsn = 0;  // of the newest roster seen: it never goes back
};

constexpr std::size_t domains_max = 16;  // of one agent; agent.yaml has the same limit

struct Identity {
  std::string agent, tenant;
  std::string service;  // https://host[:port], as given at enrolment
  std::string issuer;   // `iss` of the service's endorsements: its public URL
  std::string sr;       // thumbprint of the service root, checked against the token
  std::map<std::string, DomainPin> domains;
};

std::filesystem::path identity_file(const std::filesystem::path& state_dir);
// Fault unreachable when not enrolled, malformed when the file is not one of ours.
Result<Identity> load_identity(const std::filesystem::path& state_dir);
Result<void> save_identity(const std::filesystem::path& state_dir, const Identity& identity);

// The text of the file and back; pure.
std::string encode_identity(const Identity& identity);
Result<Identity> decode_identity(std::string_view text);

std::filesystem::path root_key_file(const std::filesystem::path& state_dir, const std::string& domain);

}  // namespace wb::agent
