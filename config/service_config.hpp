// service.yaml as plain structs. Every option stands, explained, in config/service.example.yaml.
#pragma once
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "config/metrics_rules.hpp"
#include "config/yaml_reader.hpp"
#include "core/log.hpp"
#include "link/settings.hpp"

namespace wb::config {

struct ServiceConfig {
  std::string listen_address = "0.0.0.0";                                // listen.address
  unsigned short listen_port = 443;                                      // listen.port
  std::filesystem::path certificate_file, key_file;                      // listen.certificate_file, listen.key_file
  int connections_max = 20'000;                                          // listen.connections_max
  link::AdmissionLimits door;                                            // listen.handshakes_per_second, handshakes_max, connections_per_address, trusted_balancers
  std::vector<std::string> trusted_proxies;                              // listen.trusted_proxies: addresses and networks
  int hellos_waiting_max = 1'024;                                        // listen.hellos_waiting_max
  int enrolments_per_minute = 5;                                         // listen.enrolments_per_minute: of an address
  std::string public_url;                                                // https://host[:port]: `iss` of jobs, what agents and people dial
  std::string tenant = "default";                                        // letters, digits, - and _; 1 to 64
  std::filesystem::path state_dir = "/var/lib/reset-service";            // store.sqlite, sr.pem, sk.pem
  std::filesystem::path portal_dir = "/usr/share/reset-service/portal";  // the built pages; no such folder: the API only
  log::Level log_level = log::Level::info;
  log::Destination log_to;
  MetricsDoor metrics;
  std::chrono::milliseconds heartbeat{25'000};
  int audit_keep_days = 0;                             // 0: for ever
  int begun_per_address = 60, mails_per_hour = 5'000;  // limits.*: of one network address in ten minutes; of the whole installation
  int window = 8;                                      // jobs at once per agent and domain
  enum class ChannelBinding { exporter,
    none } channel_binding = ChannelBinding::exporter;
  std::optional<link::SmtpSettings> mail;             // the relay; nullopt: there is no section `mail`, and none leaves
  std::string mail_sender_address, mail_sender_name;  // mail.sender_address (name@domain, its outer form alone is looked at), mail.sender_name
  std::filesystem::path mail_texts;                   // mail.texts: the folder that service/catalogue reads; may be empty
};

std::variant<ServiceConfig, Problems> load_service_config(const std::filesystem::path& file);
// Every key it knows: for the test of the example file.
std::vector<std::string> service_config_keys();

}  // namespace wb::config
