// writeback-agent: from the command line to the agent.
#include <boost/asio/signal_set.hpp>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <iostream>

#include "agent/agent.hpp"
#include "agent/audit_file.hpp"
#include "agent/check/check.hpp"
#include "agent/command_line.hpp"
#include "agent/control_client.hpp"
#include "agent/enroll.hpp"
#include "agent/keys_list.hpp"
#include "agent/rights.hpp"
#include "agent/roots.hpp"
#include "agent/support_bundle.hpp"
#include "core/exit_code.hpp"
#include "core/secret.hpp"
#include "ldap/memory.hpp"
#include "platform/log_output.hpp"
#include "platform/private_files.hpp"
#include "platform/process.hpp"
#include "platform/supervisor.hpp"

namespace {
using namespace wb::agent;
using wb::exit_failed;
constexpr int exit_usage = 2, exit_token = 5, exit_way = 69, exit_config = 78;  // 69: EX_UNAVAILABLE

// Nobody answered, or somebody else in the service's place: names, TCP, the proxy, TLS, the clock.
bool is_of_the_way(const wb::Fault& fault) {
  const auto in = [&](std::string_view place) { return fault.where.starts_with(place); };
  if (in("service/")) return fault.kind == wb::Fault::Kind::unreachable || fault.kind == wb::Fault::Kind::timed_out;
  return (in("link.") || in("proxy.") || in("https.")) && fault.kind != wb::Fault::Kind::internal;
}

int code_of(const wb::Fault& fault) {
  if (fault.where == "agent.identity") return exit_config;
  if (fault.where == "enroll.token") return exit_token;
  return is_of_the_way(fault) ? exit_way : exit_code_of(fault);
}

int failed(const wb::Fault& fault) {
  std::cerr << "writeback-agent: " << fault.where << ": " << (fault.detail.empty() ? to_string(fault.kind) : std::string_view(fault.detail)) << "\n";
  return fault.where == "agent.identity" ? exit_failed : code_of(fault);
}
int said(const wb::Result<void>& done) { return done ? EXIT_SUCCESS : failed(done.error()); }

// The problems of the file; then nothing has changed.
std::vector<std::string> reload(Agent& agent, const std::filesystem::path& file) {
  auto loaded = wb::config::load_agent_config(file);
  std::vector<std::string> problems;
  if (const auto* config = std::get_if<wb::config::AgentConfig>(&loaded)) return agent.reload(*config), problems;
  for (const auto& problem : std::get<wb::config::Problems>(loaded)) {
    problems.push_back(to_string(problem));
    wb::log::warn("config.refused", wb::log::field("problem", problems.back()));
  }
  return problems;
}

// One signal reads the configuration anew. The first of the others ends the agent in order, the second at once.
wb::Awaitable<> until_signalled(wb::asio::signal_set& signals, Agent& agent, std::filesystem::path file, const wb::platform::Supervisor& supervisor) {
  for (;;) {
    auto [ended, number] = co_await signals.async_wait(wb::use_tuple);
    if (ended) co_return;
    if (number != wb::platform::reload_signal()) break;
    supervisor.say_reloading();
    reload(agent, file);
    supervisor.say_ready();
  }
  supervisor.say_stopping();
  agent.stop();
  auto [second, again] = co_await signals.async_wait(wb::use_tuple);
  if (!second) std::_Exit(exit_failed);
}

// `files`: empty where none were named.
int verify_audit(const std::vector<std::filesystem::path>& files, const std::string& head) {
  if (files.empty()) return failed(wb::fault(wb::Fault::Kind::refused, "audit.verify", "there is none: audit.file in the configuration, or name files"));
  const auto sound = tell_audit(files, head, std::cout);
  return !sound ? failed(sound.error()) : *sound ? EXIT_SUCCESS
                                                 : exit_failed;
}

int run(const wb::config::AgentConfig& config, const std::filesystem::path& file) {
  if (auto opened = wb::platform::start_log(config.log_level, config.log_to, "writeback-agent"); !opened) return failed(opened.error());
  wb::asio::io_context io(1);
  auto agent = Agent::start(io, config);
  if (!agent) {
    wb::log::fault("agent.not_started", agent.error());
    return code_of(agent.error());
  }
  (*agent)->on_reload([a = agent->get(), file] { return reload(*a, file); });
  wb::asio::signal_set signals(io, SIGTERM, SIGINT);
  if (wb::platform::reload_signal()) signals.add(*wb::platform::reload_signal());
  const auto supervisor = wb::platform::Supervisor::from_environment();
  wb::platform::SignOfLife life(io, supervisor);
  const auto ended = [&signals, &life](std::exception_ptr error) {
    signals.cancel();
    life.cancel();
    if (error) std::rethrow_exception(error);  // a bug: out of io.run(), and the service manager starts us again
  };
  auto listening = until_signalled(signals, **agent, file, supervisor);
  wb::asio::co_spawn(io, std::move(listening), ended);
  auto running = (*agent)->run();
  wb::asio::co_spawn(io, std::move(running), ended);
  supervisor.say_ready();
  io.run();
  return EXIT_SUCCESS;
}

// Those that read or write keys and pins in the state folder: what root left there, the agent's user could not read.
bool for_the_owner(Verb verb) {
  switch (verb) {
    case Verb::enroll:
    case Verb::domain_init:
    case Verb::approve:
    case Verb::revoke:
    case Verb::roster_renew:
    case Verb::keys_list:
    case Verb::keys_rotate:
    case Verb::keys_export_root:
    case Verb::keys_import_root:
    case Verb::keys_succeed_root:
    case Verb::keys_pin_root: return true;
    default: return false;
  }
}

int obey(const Command& command) {
  if (command.verb == Verb::version) return std::cout << "writeback-agent " << WB_VERSION << "\n", EXIT_SUCCESS;
  if (command.verb == Verb::check) return wb::log::start(wb::log::Level::error), check({command.config, command.user, command.has("json")}, std::cout);
  if (command.verb == Verb::support_bundle) return wb::log::start(wb::log::Level::error), said(write_support_bundle({command.config, command.log, command.unit}, command.file));
  if (command.verb == Verb::audit_verify && !command.files.empty()) return verify_audit(command.files, command.head);  // also on an auditor's machine
  auto loaded = wb::config::load_agent_config(command.config);
  if (const auto* problems = std::get_if<wb::config::Problems>(&loaded)) {
    for (const auto& problem : *problems) std::cerr << to_string(problem) << "\n";
    return exit_config;
  }
  const auto& config = std::get<wb::config::AgentConfig>(loaded);
  wb::log::start(wb::log::Level::warn);
  if (for_the_owner(command.verb))
    if (auto ours = wb::platform::run_by_owner(config.state_dir); !ours) return failed(ours.error());
  const RootPlace root{command.root, command.passphrase_file}, file{command.file, command.passphrase_file};
  switch (command.verb) {
    case Verb::run: return run(config, command.config);
    case Verb::enroll: return said((command.has("again") ? enroll_again : enroll)(config, command.service, command.token_file, std::cout));
    case Verb::domain_init: return said(domain_init(config, command.domain, command.has("root-lost"), std::cout));
    case Verb::approve: return said(approve(config, root, command.domain, command.agent, command.fingerprint, command.instead_of, std::cout));
    case Verb::revoke: return said(revoke(config, root, command.domain, command.agent, std::cout));
    case Verb::roster_renew: return said(renew_roster(config, root, command.domain, std::cout));
    case Verb::keys_list: return said(list_keys(config, wb::unix_now(), std::cout));
    case Verb::keys_rotate: return said(command.has("signing") ? rotate_signing_key(config, command.uri, std::cout) : rotate_keys(config, command.uri, command.has("discard"), wb::unix_now(), std::cout));
    case Verb::keys_export_root: return said(export_root(config, file, command.domain, command.has("remove"), std::cout));
    case Verb::keys_import_root: return said(import_root(config, file, command.domain, std::cout));
    case Verb::keys_succeed_root: return said(succeed_root(config, root, command.domain, std::cout));
    case Verb::keys_pin_root: return said(pin_root(config, command.domain, command.fingerprint, std::cout));
    case Verb::audit_verify: return verify_audit(wb::platform::kept_files(config.audit), command.head);
    case Verb::check_config: return std::cout << command.config.string() << ": no problem found\n", EXIT_SUCCESS;
    case Verb::rights: {
      const auto asked = rights(config, {command.ou, command.verify, command.has("json")}, std::cout);
      return !asked ? failed(asked.error()) : *asked ? EXIT_SUCCESS
                                                     : exit_failed;
    }
    case Verb::status: return control(config.control_path(), {"status", command.has("json"), command.has("watch")}, std::cout, std::cerr);
    case Verb::drain: return control(config.control_path(), {"drain", command.has("json")}, std::cout, std::cerr);
    case Verb::resume: return control(config.control_path(), {"resume", command.has("json")}, std::cout, std::cerr);
    case Verb::reload: return control(config.control_path(), {"reload", command.has("json")}, std::cout, std::cerr);
    case Verb::log_level: return control(config.control_path(), {"log-level " + command.level, command.has("json")}, std::cout, std::cerr);
    case Verb::check:
    case Verb::support_bundle:
    case Verb::version: break;
  }
  return EXIT_SUCCESS;
}
}  // namespace

int main(int argc, char** argv) {
  wb::secret_heap_start();
  wb::ldap::wipe_ldap_memory();
  wb::platform::harden_process();
  const auto read = read_command({argv + 1, argv + argc});
  if (const auto* help = std::get_if<Help>(&read)) return std::cout << help->text, EXIT_SUCCESS;
  if (const auto* wrong = std::get_if<UsageError>(&read)) return std::cerr << "writeback-agent: " << wrong->text << "\n"
                                                                           << usage(),
                                                                 exit_usage;
  try {
    return obey(std::get<Command>(read));
  } catch (const std::exception& e) {
    return failed(wb::fault(wb::Fault::Kind::internal, "startup", e.what()));
  }
}
