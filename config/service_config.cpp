#include "config/service_config.hpp"

#include <algorithm>

#include "config/log_rules.hpp"

namespace wb::config {
namespace {

void read_mail(Section& section, const std::filesystem::path& folder, ServiceConfig& config) {
  using Security = link::SmtpSettings::Security;
  auto& relay = config.mail.emplace();
  section.required("host", relay.host, shape::host());
  section.optional("security", relay.security, shape::one_of<Security>("starttls, tls or none", {{"starttls", Security::starttls}, {"tls", Security::tls}, {"none", Security::none}}));
  switch (relay.security) {
    case Security::starttls: relay.port = 587; break;  // RFC 6409 section 3.1
    case Security::tls: relay.port = 465; break;       // RFC 8314 section 7.3
    case Security::none: relay.port = 25; break;
  }
  section.optional("port", relay.port, shape::whole(1, 65'535));
  section.optional("ca_file", relay.ca_file, shape::path(folder, true));
  section.optional("user", relay.user, shape::text("a user name of at most 256 bytes without control characters", [](std::string_view t) {
    return t.size() <= 256 && std::none_of(t.begin(), t.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
  }));
  section.optional("password_file", relay.password_file, shape::path(folder, true));
  for (const auto* key : {"password", "pass"}) section.refused(key, "a path in password_file: passwords never stand in this file");
  section.optional("hello", relay.hello, shape::host_name_or_empty());
  section.optional("deadline_ms", relay.deadline, shape::milliseconds(1'000, 120'000));
  section.required("sender_address", config.mail_sender_address, shape::mail_address());
  section.optional("sender_name", config.mail_sender_name, shape::shown_name());
  section.optional("texts", config.mail_texts, shape::path(folder, true));
  if (relay.security == Security::none && !relay.host.empty() && !shape::is_this_machine(relay.host))
    section.problem("security", "starttls or tls: without encryption mail goes to this machine itself only (localhost, 127.0.0.1, ::1)");
  if (!relay.user.empty() && relay.password_file.empty()) section.problem("user", "a password_file beside it");
  if (relay.user.empty() && !relay.password_file.empty()) section.problem("password_file", "a user beside it");
}

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
      listen.list("trusted_proxies", config.trusted_proxies, shape::address_or_network(), 0, 64);
      listen.refused("key", "a path in key_file: keys never stand in this file");
    });
    top.required("public_url", config.public_url, shape::https_origin());
    top.optional("tenant", config.tenant, shape::tenant());
    top.optional("state_dir", config.state_dir, shape::path(folder, false));
    top.optional("portal_dir", config.portal_dir, shape::path(folder, false));
    top.optional("log_level", config.log_level, shape::log_level());
    top.section("log", false, [&](Section& section) { read_log(section, folder, config.log_to); });
    top.section("metrics", false, [&](Section& section) { read_metrics(section, config.metrics); });
    top.optional("heartbeat_ms", config.heartbeat, shape::milliseconds(1'000, 50'000));
    top.optional("audit_keep_days", config.audit_keep_days, shape::whole(0, 36'500));
    top.optional("window", config.window, shape::whole(1, 64));
    using Binding = ServiceConfig::ChannelBinding;
    top.optional("channel_binding", config.channel_binding, shape::one_of<Binding>("exporter or none", {{"exporter", Binding::exporter}, {"none", Binding::none}}));
    top.section("limits", false, [&](Section& limits) {
      limits.optional("begun_per_address", config.begun_per_address, shape::whole(5, 100'000));
      limits.optional("mails_per_hour", config.mails_per_hour, shape::whole(10, 1'000'000));
    });
    top.section("mail", false, [&](Section& mail) { read_mail(mail, folder, config); });
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
