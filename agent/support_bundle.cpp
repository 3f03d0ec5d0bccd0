#include "agent/support_bundle.hpp"

#include <sstream>

#include "agent/bundle_log.hpp"
#include "agent/check/check.hpp"
#include "agent/control_client.hpp"
#include "core/clock.hpp"
#include "core/ids.hpp"
#include "platform/private_files.hpp"
#include "platform/process.hpp"
#include "protocol/json.hpp"

namespace wb::agent {
namespace {
namespace json = protocol::json;
constexpr std::size_t files_max = 200, text_max = 300;
constexpr int depth_max = 12;

std::string safe(const std::string& text) { return printable(text, text_max); }
json::object error(std::string_view why) { return {{"error", printable(why, text_max)}}; }
json::array all_of(const std::vector<std::string>& texts) {
  json::array out;
  for (const auto& one : texts) out.emplace_back(safe(one));
  return out;
}
json::value parsed(const std::string& text) {
  auto value = protocol::parse_json(text, depth_max);
  return value ? *value : json::value(error("unreadable"));
}

// Addresses, names of files and numbers: of a file with a secret the path alone.
json::object of_domain(const config::AgentDomain& domain) {
  const auto& d = domain.directory;
  json::array audited;
  for (const auto rule : config::audited_rules(domain)) audited.emplace_back(rule);
  return {{"domain", safe(d.domain)}, {"active_directory", d.type == ldap::DirectoryType::active_directory}, {"uris", all_of(d.uris)}, {"site", safe(d.site)}, {"ca_file", safe(d.ca_file)}, {"account", safe(d.account())},
      {"secret_file", safe(d.secret_file())}, {"base_dn", safe(d.base_dn)}, {"marker_attribute", safe(d.marker_attribute)}, {"connections", d.connections}, {"connect_timeout_ms", d.connect_timeout.count()},
      {"operation_timeout_ms", d.operation_timeout.count()}, {"failover_timeout_ms", d.failover_timeout.count()}, {"allow_ous", all_of(domain.guardrails.allow_ous)}, {"audited", audited}};
}

json::object of_config(const config::AgentConfig& config) {
  json::array domains;
  for (const auto& domain : config.domains) domains.push_back(of_domain(domain));
  return {{"service_url", safe(config.service_url)}, {"more_urls", all_of(config.more_urls)}, {"ca_file", safe(config.trust.ca_file)}, {"intercept_ca_file", safe(config.trust.intercept_ca_file)},
      {"proxy", json::object{{"url", safe(config.proxy.url)}, {"password_file", safe(config.proxy.password_file)}, {"no_proxy", all_of(config.proxy.no_proxy)}}},
      {"channel_binding_required", config.channel_binding == config::AgentConfig::ChannelBinding::require}, {"state_dir", safe(config.state_dir)}, {"control_socket", safe(config.control_path())}, {"metrics_port", config.metrics.port},
      {"window", config.window}, {"domains", domains}};
}

// Names, modes and sizes: no byte of them.
json::array files_of(const std::filesystem::path& folder) {
  json::array out;
  std::error_code ec;
  for (auto at = std::filesystem::directory_iterator(folder, ec); !ec && at != std::filesystem::directory_iterator() && out.size() < files_max; at.increment(ec)) {
    std::error_code gone;
    const auto mode = static_cast<int>(at->symlink_status(gone).permissions()) & 07777;
    const auto bytes = at->is_regular_file(gone) ? at->file_size(gone) : 0;
    out.push_back(json::object{{"name", safe(at->path().filename())}, {"mode", mode}, {"bytes", bytes}});
  }
  return out;
}
}  // namespace

std::string support_bundle(const BundleQuestion& question) {
  json::object bundle{{"made", unix_now()}, {"version", WB_VERSION}, {"host", safe(platform::host_name())}};
  const auto loaded = config::load_agent_config(question.config);
  if (const auto* config = std::get_if<config::AgentConfig>(&loaded)) {
    bundle["config"] = of_config(*config);
    bundle["state_files"] = files_of(config->state_dir);
    const auto status = ask(config->control_path(), "status");
    bundle["status"] = status ? parsed(*status) : json::value(error(to_string(status.error().kind)));
  } else {
    json::array problems;
    for (const auto& one : std::get<config::Problems>(loaded)) problems.emplace_back(safe(to_string(one)));
    bundle["config"] = json::object{{"problems", problems}};
  }
  std::ostringstream report;
  check({question.config, "", true}, report);
  bundle["check"] = parsed(report.str());
  bundle["log"] = log_of(question.log);
  bundle["journal"] = journal_of(question.unit, question.journalctl);
  return json::serialize(bundle) + "\n";
}

Result<void> write_support_bundle(const BundleQuestion& question, const std::filesystem::path& file) {
  std::error_code ec;
  if (std::filesystem::exists(std::filesystem::symlink_status(file, ec))) return fault(Fault::Kind::refused, "bundle.file", file.string() + ": is there already");
  return platform::write_private_file(file, support_bundle(question));
}

}  // namespace wb::agent
