#include "service/verbs.hpp"

#include <boost/asio/signal_set.hpp>

#include <cstdio>
#include <cstdlib>
#include <iostream>

#include "core/ids.hpp"
#include "platform/private_files.hpp"
#include "protocol/json.hpp"
#include "service/credentials.hpp"
#include "service/service.hpp"

namespace wb::service {
namespace {

constexpr std::int64_t token_life = 3'600;

// The first signal ends the service in order; the second at once, since whoever sends it has waited enough.
Awaitable<> until_signalled(asio::io_context* io, Service* service) {
  asio::signal_set signals(*io, SIGTERM, SIGINT);
  (void)co_await signals.async_wait(use_tuple);
  signals.async_wait([](boost::system::error_code ec, int) { if (!ec) std::_Exit(exit_failed); });
  auto stopping = service->stop();
  co_await std::move(stopping);
  signals.cancel();
}

// Never overwrites: the credential in the file may be in use.
Result<void> write_credential(const std::string& file, const std::string& text) {
  std::error_code ec;
  if (std::filesystem::exists(file, ec)) return fault(Fault::Kind::refused, "client.create", file + ": is there already");
  return platform::write_private_file(file, text);
}

}  // namespace

int failed(const Fault& fault) {
  std::cerr << "reset-service: " << fault.where << ": " << fault.detail << "\n";
  return exit_failed;
}

Result<Store> open_store(const config::ServiceConfig& config) {
  if (auto made = platform::private_folder(config.state_dir); !made) return made.error();
  return Store::open(store_file(config), config.tenant);
}

int serve(const config::ServiceConfig& config) {
  log::start(config.log_level);
  asio::io_context io(1);
  auto service = Service::start(io, config);
  if (!service) {
    log::fault("service.not_started", service.error());
    return exit_failed;
  }
  auto waiting = until_signalled(&io, service->get());
  asio::co_spawn(io, std::move(waiting), [&](std::exception_ptr) { io.stop(); });
  io.run();
  return exit_done;
}

int create_token(const config::ServiceConfig& config, const std::string& domain) {
  auto store = open_store(config);
  if (!store) return failed(store.error());
  auto keys = Keys::open(config.state_dir, config.public_url, unix_now(), Keys::Needs::root);
  if (!keys) return failed(keys.error());
  const auto credential = new_credential();
  if (auto added = store->add_token(credential.id, hash_of(credential), domain, unix_now() + token_life); !added) return failed(added.error());
  std::cout << "wbe1." << credential.id << "." << credential.secret << "." << keys->root().kid() << "\n";
  return exit_done;
}

int list_agents(const config::ServiceConfig& config) {
  auto store = open_store(config);
  if (!store) return failed(store.error());
  Rosters rosters(*store, config.tenant);
  auto members = store->members("");
  if (!members) return failed(members.error());
  std::printf("%-26s  %-8s  %-24s  %-24s  %s\n", "AGENT", "STATE", "DOMAIN", "HOST", "FINGERPRINT");
  for (const auto& m : *members) {
    const char* state = m.agent.revoked ? "revoked" : rosters.stands(m.domain, m.agent, unix_now()) ? "active"
                                                                                                    : "pending";
    std::printf("%-26s  %-8s  %-24s  %-24s  %s\n", m.agent.id.c_str(), state, m.domain.c_str(), m.agent.host.c_str(), m.agent.kid.c_str());
    if (m.agent.next) std::printf("%-26s  %-8s  %-24s  %-24s  %s\n", "", "next", "", "", crypto::thumbprint(*m.agent.next).c_str());
  }
  return exit_done;
}

int create_client(const config::ServiceConfig& config, const std::string& domain, const Scopes& scopes, const std::optional<std::string>& out) {
  auto store = open_store(config);
  if (!store) return failed(store.error());
  auto roster = store->roster(domain);
  if (!roster) return failed(roster.error());
  if (!*roster && scopes.contains(Scope::writeback)) {
    std::cerr << "reset-service: " << domain << " has no root yet: enroll an agent and run `writeback-agent domain init` first,\n"
                                                "so that the credential can name the root that its holder will seal passwords under\n";
    return exit_failed;
  }
  const auto credential = new_credential();
  namespace json = protocol::json;
  const json::object file{{"url", config.public_url}, {"id", credential.id}, {"secret", credential.secret}, {"domain", domain}, {"tenant", config.tenant}, {"scopes", text_of(scopes)}, {"dr", *roster ? json::value((*roster)->dr) : json::value(nullptr)}};
  const auto text = json::serialize(file) + "\n";
  if (out)
    if (auto written = write_credential(*out, text); !written) return failed(written.error());
  if (auto added = store->add_client(credential.id, hash_of(credential), domain, scopes); !added) {
    std::error_code ignored;
    if (out) std::filesystem::remove(*out, ignored);
    return failed(added.error());
  }
  if (!out) std::cout << text;
  return exit_done;
}

}  // namespace wb::service
