// agent.yaml as plain structs. Every option stands, explained, in config/agent.example.yaml.
#pragma once
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "config/agent_rules.hpp"
#include "config/metrics_rules.hpp"
#include "config/yaml_reader.hpp"
#include "core/log.hpp"
#include "ldap/settings.hpp"
#include "link/settings.hpp"
#include "policy/guardrails.hpp"

namespace wb::config {

struct AgentDomain {
  ldap::Settings directory;  // directory.domain is the domain's name
  policy::Guardrails guardrails;
  policy::VolumeLimits volume;
  policy::VolumeLimits probes = policy::probe_limits;
  PasswordRules password_rules;
  bool operator==(const AgentDomain&) const = default;
};

struct AgentConfig {
  std::string service_url;             // service.url: https://host[:port]
  std::vector<std::string> more_urls;  // service.more_urls: other ways to the same service, at most 7
  link::TrustSettings trust;           // service.ca_file, service.intercept_ca_file
  link::ProxySettings proxy;           // service.proxy
  enum class ChannelBinding { require,
    allow_none } channel_binding = ChannelBinding::require;
  std::filesystem::path state_dir = "/var/lib/writeback-agent";  // keys, journal, enrolment
  MetricsDoor metrics;
  std::filesystem::path control_socket;  // control.socket; empty: control.sock in state_dir
  std::filesystem::path control_path() const { return control_socket.empty() ? state_dir / "control.sock" : control_socket; }
  int window = 8;  // jobs at once per domain, 1 to 64
  log::Level log_level = log::Level::info;
  log::Destination log_to;
  KeptFile audit;                    // the agent's own; no file: none
  std::vector<AgentDomain> domains;  // 1 to 16
};

// The rules among guardrails that don't hold as they would by default: only audited, or off. By their keys.
std::vector<std::string_view> audited_rules(const AgentDomain& domain);

std::variant<AgentConfig, Problems> load_agent_config(const std::filesystem::path& file);
// Every key it knows, "domains[].directory.uris" for one inside a list: for the test of the example file.
std::vector<std::string> agent_config_keys();

}  // namespace wb::config
