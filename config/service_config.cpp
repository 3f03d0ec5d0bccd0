#include "config/service_config.hpp"

namespace wb::config {
namespace {

void read_service(Reader& reader, ServiceConfig& config) {
  const auto folder = reader.folder();
  reader.read([&](Section& top) {
    top.section("listen", true, [&](Section& listen) {
      listen.optional("address", config.listen_address, shape::ip_address());
      listen.optional("port", config.listen_port, shape::whole(1, 65'535));
      listen.required("certificate_file", config.certificate_file, shape::path(folder, false));
      listen.required("key_file", config.key_file, shape::path(folder, false));
      listen.optional("connections_max", config.connections_max, shape::whole(100, 1'000'000));
      listen.optional("connections_per_address", config.door.connections_per_address, shape::whole(1, 1'000'000));
      listen.optional("handshakes_per_second", config.door.handshakes_per_second, shape::whole(1, 100'000));
      listen.optional("handshakes_max", config.door.handshakes_max, shape::whole(16, 100'000));
      listen.optional("hellos_waiting_max", config.hellos_waiting_max, shape::whole(16, 100'000));
      listen.optional("enrolments_per_minute", config.enrolments_per_minute, shape::whole(1, 10'000));
      listen.list("trusted_balancers", config.door.trusted_balancers, shape::address_or_network(), 0, 64);
      listen.refused("key", "a path in key_file: keys never stand in this file");
    });
    top.required("public_url", config.public_url, shape::https_origin());
    top.optional("tenant", config.tenant, shape::tenant());
    top.optional("state_dir", config.state_dir, shape::path(folder, false));
    top.optional("portal_dir", config.portal_dir, shape::path(folder, false));
    top.optional("log_level", config.log_level, shape::log_level());
    top.optional("heartbeat_ms", config.heartbeat, shape::milliseconds(1'000, 50'000));
    top.optional("audit_keep_days", config.audit_keep_days, shape::whole(0, 36'500));
    top.optional("window", config.window, shape::whole(1, 64));
    using Binding = ServiceConfig::ChannelBinding;
    top.optional("channel_binding", config.channel_binding, shape::one_of<Binding>("exporter or none", {{"exporter", Binding::exporter}, {"none", Binding::none}}));
  });
}

}  // namespace

std::variant<ServiceConfig, Problems> load_service_config(const std::filesystem::path& file) {
  Reader reader(file);
  ServiceConfig config;
  read_service(reader, config);
  if (auto problems = reader.problems(); !problems.empty()) return problems;
  return config;
}

std::vector<std::string> service_config_keys() {
  auto reader = Reader::of_no_file();
  ServiceConfig config;
  read_service(reader, config);
  return reader.keys();
}

}  // namespace wb::config
