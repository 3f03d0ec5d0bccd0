// reset-service: the command line.
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/ids.hpp"
#include "core/secret.hpp"
#include "platform/process.hpp"
#include "service/endorsements.hpp"
#include "service/verbs.hpp"

namespace {

using namespace wb::service;
constexpr const char* default_config = "/etc/reset-service/service.yaml";

struct Verb {
  std::string_view name, options, what;  // options: the long options it takes, besides --config and --help; "!": no value
  enum class Operand { none,
    config,
    file,
    id } operand = Operand::none;  // one word may follow
};
constexpr Verb verbs[] = {
    {"serve", "", "runs the service in the foreground; logs to standard error"},
    {"check-config", "", "[FILE]: reads the configuration, prints every problem, exit code 78 if there is one", Verb::Operand::config},
    {"token create", "domain", "--domain D: prints a token with which one agent may enroll within an hour"},
    {"agents list", "", "lists the enrolled agents, their state and their fingerprints"},
    {"agents revoke", "", "AGENT: cuts an agent off, within a second and for good", Verb::Operand::id},
    {"keys list", "", "lists the service's root and its signing keys"},
    {"keys rotate", "withdraw!", "[--withdraw]: a new signing key before its time; --withdraw: the others are believed no more"},
    {"keys export-root", "passphrase-file remove!", "FILE --passphrase-file FILE [--remove]: writes the service's root to FILE; --remove: and takes it off this machine", Verb::Operand::file},
    {"keys import-root", "passphrase-file", "FILE --passphrase-file FILE: puts it back", Verb::Operand::file},
    {"keys request", "count fresh!", "[--count N] [--fresh]: prints a request for signing keys, for the machine where the root is; --fresh: from now on"},
    {"keys endorse", "root passphrase-file", "REQUEST --root FILE [--passphrase-file FILE]: prints the root's endorsements; needs no configuration", Verb::Operand::file},
    {"keys install", "withdraw!", "ENDORSEMENTS [--withdraw]: takes them; --withdraw: all other signing keys are believed no more", Verb::Operand::file},
    {"roots forget", "domain accept-risk!", "--domain D [--accept-risk]: gives up a domain's root that was lost"},
    {"client create", "domain out", "--domain D [--out FILE]: makes a credential for the writeback API"},
    {"jobs list", "domain open!", "[--domain D] [--open]: lists jobs, the newest first; --open: only those without an end"},
    {"jobs show", "", "JTI: everything the service knows of one job", Verb::Operand::id},
    {"jobs release", "accept-risk!", "JTI [--accept-risk]: gives up a job in doubt, so that its account takes new ones", Verb::Operand::id},
    {"version", "", "prints the version"},
};

void print_help(std::ostream& to, const Verb* one = nullptr) {
  to << "usage: reset-service VERB [--config FILE] [options]\n";
  for (const auto& verb : verbs)
    if (!one || one == &verb) to << "  " << verb.name << std::string(18 - verb.name.size(), ' ') << verb.what << "\n";
  to << "  --config FILE     the configuration (" << default_config << ")\n";
}

int usage(const std::string& problem) {
  std::cerr << "reset-service: " << problem << "\n";
  print_help(std::cerr);
  return exit_usage;
}

struct Line {
  const Verb* verb = nullptr;
  std::map<std::string, std::string> options;
  std::string operand;
  bool help = false;
};

// What the words mean, or what is wrong with them.
std::string read_line(std::vector<std::string> words, Line& line) {
  std::size_t used = 0;
  for (const auto& verb : verbs) {
    if (!words.empty() && words[0] == verb.name) line.verb = &verb, used = 1;
    if (words.size() > 1 && words[0] + " " + words[1] == verb.name) line.verb = &verb, used = 2;
  }
  if (!line.verb) return words.empty() ? "a verb is missing" : "no such verb: " + wb::printable(words[0]);
  for (std::size_t i = used; i < words.size(); ++i) {
    const auto& word = words[i];
    if (word == "--help" || word == "-h") {
      line.help = true;
      continue;
    }
    if (word.starts_with("--")) {
      const auto equals = word.find('=');
      const auto name = word.substr(2, equals == std::string::npos ? equals : equals - 2);
      const auto takes = [&](const std::string& option) { return (" " + std::string(line.verb->options) + " ").find(" " + option + " ") != std::string::npos; };
      if (!name.empty() && equals == std::string::npos && takes(name + "!")) {
        line.options[name] = "";
        continue;
      }
      if (name.empty() || name.ends_with('!') || (name != "config" && !takes(name))) return "unknown option " + wb::printable(word);
      if (equals == std::string::npos && i + 1 == words.size()) return "--" + name + " needs a value";
      line.options[name] = equals == std::string::npos ? words[++i] : word.substr(equals + 1);
    } else if (line.verb->operand != Verb::Operand::none && line.operand.empty()) {
      line.operand = word;
    } else {
      return "unexpected: " + wb::printable(word);
    }
  }
  return {};
}

std::string option(const Line& line, const std::string& name) {
  const auto given = line.options.find(name);
  return given == line.options.end() ? std::string() : given->second;
}

// Verbs about the service's root on another machine; nullopt: another verb.
std::optional<int> run_root(const Line& line, const wb::config::ServiceConfig& config) {
  const auto name = line.verb->name;
  if (name == "keys export-root") return export_root(config, line.operand, option(line, "passphrase-file"), line.options.contains("remove"));
  if (name == "keys import-root") return import_root(config, line.operand, option(line, "passphrase-file"));
  if (name == "keys install") return install_keys(config, line.operand, line.options.contains("withdraw"));
  if (name != "keys request") return std::nullopt;
  const auto given = line.options.contains("count") ? option(line, "count") : "1";
  const auto count = given.size() > 2 || given.find_first_not_of("0123456789") != std::string::npos || given.empty() ? 0 : std::stoul(given);
  if (count == 0 || count > request_keys_max) return usage("--count: expected 1 to 13");
  return request_keys(config, count, line.options.contains("fresh"));
}

int run(const Line& line) {
  const auto name = line.verb->name;
  if (name == "version") {
    std::cout << "reset-service " << WB_VERSION << "\n";
    return exit_done;
  }
  if (line.verb->operand == Verb::Operand::file && line.operand.empty()) return usage("the name of a file is missing");
  if (name == "keys export-root" && option(line, "passphrase-file").empty()) return usage("--passphrase-file is missing");
  if (name == "keys endorse" && option(line, "root").empty()) return usage("--root is missing");
  if (name == "keys endorse") return endorse_keys(line.operand, option(line, "root"), option(line, "passphrase-file"));
  std::string domain;
  if (line.verb->options.starts_with("domain")) {
    const auto given = line.options.find("domain");
    if (given == line.options.end() && name != "jobs list") return usage("--domain is missing");
    if (given != line.options.end()) domain = wb::domain_name(given->second);
    if (given != line.options.end() && domain.empty()) return usage("--domain: not a DNS domain name");
  }
  const auto given = line.options.find("config");
  const bool takes_id = line.verb->operand == Verb::Operand::id;
  if (takes_id && !wb::is_ulid(line.operand)) return usage("which one? Its id is missing, or is none");
  const bool takes_config = line.verb->operand == Verb::Operand::config && !line.operand.empty();
  const std::string file = takes_config ? line.operand : given != line.options.end() ? given->second
                                                                                     : default_config;
  auto loaded = wb::config::load_service_config(file);
  if (const auto* problems = std::get_if<wb::config::Problems>(&loaded)) {
    for (const auto& problem : *problems) std::cerr << to_string(problem) << "\n";
    return exit_config;
  }
  const auto& config = std::get<wb::config::ServiceConfig>(loaded);
  if (name == "check-config") {
    std::cout << file << ": no problem found\n";
    return exit_done;
  }
  wb::log::start(name == "serve" ? config.log_level : wb::log::Level::warn);
  if (name == "token create") return create_token(config, domain);
  if (name == "agents list") return list_agents(config);
  if (name == "agents revoke") return revoke_agent(config, line.operand);
  if (name == "keys list") return list_keys(config);
  if (name == "keys rotate") return rotate_keys(config, line.options.contains("withdraw"));
  if (const auto code = run_root(line, config)) return *code;
  if (name == "roots forget") return forget_root(config, domain, line.options.contains("accept-risk"));
  if (name == "jobs list") return list_jobs(config, domain, line.options.contains("open"));
  if (name == "jobs show") return show_job(config, line.operand);
  if (name == "jobs release") return release_job(config, line.operand, line.options.contains("accept-risk"));
  if (name == "client create") {
    const auto out = line.options.find("out");
    return create_client(config, domain, out == line.options.end() ? std::nullopt : std::optional(out->second));
  }
  return serve(config);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() == 1 && (words[0] == "--help" || words[0] == "-h")) return print_help(std::cout), exit_done;
  Line line;
  if (const auto problem = read_line(words, line); !problem.empty()) return usage(problem);
  if (line.help) return print_help(std::cout, line.verb), exit_done;
  wb::platform::harden_process();
  wb::secret_heap_start();
  try {
    return run(line);
  } catch (const std::exception& e) {
    std::cerr << "reset-service: " << e.what() << "\n";
    return exit_failed;
  }
}
