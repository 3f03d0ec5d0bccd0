// The parts of agent.yaml that say which accounts and which passwords may be written, and how many.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "config/yaml_reader.hpp"
#include "ldap/settings.hpp"
#include "policy/guardrails.hpp"
#include "policy/mode.hpp"
#include "policy/volume.hpp"

namespace wb::config {

// Rules on top of the directory's own. The files are read by the agent, again when they change.
struct PasswordRules {
  policy::Mode directory = policy::Mode::enforce;  // the directory's own rules, judged before it sees the password
  policy::Mode banned = policy::Mode::off;         // enforce once the section is there
  std::filesystem::path banned_file = {};          // empty: names alone
  std::vector<std::string> organisation = {};      // names of the organisation that no password may hold
  policy::Mode breached = policy::Mode::off;
  std::filesystem::path breached_file = {};  // made by writeback-passwords compile
  bool operator==(const PasswordRules&) const = default;
};

// `directory` and `domain` are read before: they decide what a rule can mean.
void read_guardrails(Section& section, const ldap::Settings& directory, policy::Guardrails& g);
void read_volume(Section& section, policy::VolumeLimits& limits);  // of writes, or of probes
void read_password_rules(Section& section, const std::filesystem::path& folder, PasswordRules& rules);

}  // namespace wb::config
