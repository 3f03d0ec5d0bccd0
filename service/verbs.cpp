#include "service/verbs.hpp"

#include <boost/asio/signal_set.hpp>

#include <cctype>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <iostream>

#include "core/ids.hpp"
#include "platform/log_output.hpp"
#include "platform/private_files.hpp"
#include "platform/supervisor.hpp"
#include "protocol/json.hpp"
#include "service/enrolment.hpp"
#include "service/backup.hpp"
#include "service/credentials.hpp"
#include "service/pages.hpp"
#include "service/service.hpp"

namespace wb::service {
namespace {

// The first signal ends the service in order; the second at once, since whoever sends it has waited enough.
Awaitable<> until_signalled(asio::io_context* io, Service* service, const platform::Supervisor* supervisor) {
  asio::signal_set signals(*io, SIGTERM, SIGINT);
  supervisor->say_ready();
  (void)co_await signals.async_wait(use_tuple);
  signals.async_wait([](boost::system::error_code ec, int) { if (!ec) std::_Exit(exit_failed); });
  supervisor->say_stopping();
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

// A second service on this folder would offer the same jobs; `restore` must not exchange the files under one. The patience is for
// a predecessor that is on its way out.
Result<platform::FileLock> alone_in(const config::ServiceConfig& config) {
  if (auto made = platform::private_folder(config.state_dir); !made) return made.error();
  auto lock = platform::FileLock::take(config.state_dir / backup::lock_name, std::chrono::seconds(5));
  if (!lock) return lock;
  if (auto whole = backup::whole(config.state_dir); !whole) return whole.error();
  return lock;
}

}  // namespace

std::string utc(UnixSeconds at) {
  if (at == 0) return "-";
  const auto seconds = static_cast<std::time_t>(at);
  std::tm parts{};
  if (!::gmtime_r(&seconds, &parts)) return "-";
  char text[40];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

std::string text_for_people(std::string_view text, std::size_t most) {
  std::string out(text.substr(0, most));
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(out[i]); };
  for (std::size_t i = 0; i < out.size(); ++i) {
    const bool high = i > 0 && byte(i - 1) == 0xC2 && byte(i) < 0xA0;  // U+0080 to U+009F, which some terminals obey too
    if (byte(i) < 0x20 || byte(i) == 0x7F) out[i] = '?';
    if (high) out[i - 1] = out[i] = '?';
  }
  return out;
}

std::string account_id(std::string_view text) {
  constexpr std::string_view shape = "00000000-0000-0000-0000-000000000000";
  if (text.size() != shape.size()) return {};
  for (std::size_t i = 0; i < shape.size(); ++i)
    if (shape[i] == '-' ? text[i] != '-' : !std::isxdigit(static_cast<unsigned char>(text[i]))) return {};
  return lowered(text);
}

std::string actor() {
  for (const char* name : {"SUDO_USER", "USER", "LOGNAME"})
    if (const char* value = std::getenv(name); value && *value) return "cli:" + printable(value, 64);
  return "cli";
}

std::optional<std::int64_t> version_number(const std::string& word) {
  std::int64_t number = 0;
  const auto [end, wrong] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (wrong != std::errc() || end != word.data() + word.size() || number < 1) return std::nullopt;
  return number;
}

std::optional<int> too_late(const Call& call, std::int64_t newest) {
  if (!call.has("if-version") || call.option("if-version") == std::to_string(newest)) return std::nullopt;
  return refuse("version " + std::to_string(newest) + " is the newest, and --if-version names another: nothing was saved");
}

int overtaken(std::string_view show) {
  return refuse("somebody else saved another version meanwhile, and nothing of this was saved: look at it (" + std::string(show) + "), and try again");
}

int refuse(const std::string& why, int code) {
  std::cerr << "reset-service: " << why << "\n";
  return code;
}

int failed(const Fault& fault) {
  std::cerr << "reset-service: " << fault.where << ": " << fault.detail << "\n";
  return exit_code_of(fault);
}

Result<Store> open_store(const config::ServiceConfig& config) {
  if (auto made = platform::private_folder(config.state_dir); !made) return made.error();
  if (auto whole = backup::whole(config.state_dir); !whole) return whole.error();
  return Store::open(store_file(config), config.tenant);
}

int serve(const config::ServiceConfig& config) {
  if (auto opened = platform::start_log(config.log_level, config.log_to, "reset-service"); !opened) return failed(opened.error());
  auto alone = alone_in(config);
  if (!alone) {
    log::fault("service.not_started", alone.error());
    return exit_code_of(alone.error());
  }
  asio::io_context io(1);
  auto service = Service::start(io, config);
  if (!service) {
    log::fault("service.not_started", service.error());
    return exit_code_of(service.error());
  }
  const auto supervisor = platform::Supervisor::from_environment();
  const platform::SignOfLife life(io, supervisor);
  auto waiting = until_signalled(&io, service->get(), &supervisor);
  asio::co_spawn(io, std::move(waiting), [&](std::exception_ptr) { io.stop(); });
  io.run();
  return exit_done;
}

int print_assets(const config::ServiceConfig& config) {
  const auto pages = Pages::read(config.portal_dir);
  if (!pages) return failed(pages.error());
  if (pages->files() == 0) return refuse("no pages are served: there is no folder portal_dir");
  std::cout << pages->sums();
  return exit_done;
}

int create_token(const config::ServiceConfig& config, const std::string& domain) {
  auto store = open_store(config);
  if (!store) return failed(store.error());
  auto keys = Keys::open(config.state_dir, config.public_url, unix_now(), Keys::Needs::root);
  if (!keys) return failed(keys.error());
  auto token = new_enrolment_token(*store, *keys, domain, unix_now() + enrolment_token_life, {ActorKind::operator_});
  if (!token) return failed(token.error());
  std::cout << *token << "\n";
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
    auto state = state_of(rosters, m.domain, m.agent, unix_now());
    if (state == "active" && m.agent.drained) state = "drained";
    std::printf("%-26s  %-8s  %-24s  %-24s  %s\n", m.agent.id.c_str(), std::string(state).c_str(), m.domain.c_str(), m.agent.host.c_str(), m.agent.kid.c_str());
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
    std::cerr << "reset-service: " << domain << " has no root yet: enroll an agent and run `runuser -u writeback-agent -- writeback-agent domain init` first,\n"
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
