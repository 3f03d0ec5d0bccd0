// reset-service: the command line.
#include <iostream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/ids.hpp"
#include "core/secret.hpp"
#include "platform/process.hpp"
#include "service/verbs.hpp"

namespace {

using namespace wb::service;
constexpr const char* default_config = "/etc/reset-service/service.yaml";

struct Verb {
  std::string_view name, options, what;  // options: the long options it takes, besides --config and --help; "!": no value
  enum class Operand { none,
    file,                                // the configuration
    id,                                  // a ULID
    exported } operand = Operand::none;  // one word may follow
};
constexpr Verb verbs[] = {
    {"serve", "", "runs the service in the foreground; logs to standard error"},
    {"check-config", "", "[FILE]: reads the configuration, prints every problem, exit code 78 if there is one", Verb::Operand::file},
    {"token create", "domain", "--domain D: prints a token with which one agent may enroll within an hour"},
    {"agents list", "", "lists the enrolled agents, their state and their fingerprints"},
    {"agents revoke", "", "AGENT: cuts an agent off, within a second and for good", Verb::Operand::id},
    {"keys list", "", "lists the service's root and its signing keys"},
    {"keys rotate", "withdraw!", "[--withdraw]: a new signing key before its time; --withdraw: the others are believed no more"},
    {"roots forget", "domain accept-risk!", "--domain D [--accept-risk]: gives up a domain's root that was lost"},
    {"client create", "domain out scope", "--domain D [--scope writeback|audit] [--out FILE]: makes a credential for the API; scopes with commas between"},
    {"jobs list", "domain open!", "[--domain D] [--open]: lists jobs, the newest first; --open: only those without an end"},
    {"jobs show", "", "JTI: everything the service knows of one job", Verb::Operand::id},
    {"jobs release", "accept-risk!", "JTI [--accept-risk]: gives up a job in doubt, so that its account takes new ones", Verb::Operand::id},
    {"audit head", "", "prints the number and the hash of the audit's last row: keep it somewhere else"},
    {"audit verify", "head filtered!", "[FILE] [--head SEQ:HASH] [--filtered]: checks every row's hash, of the store or of an export; exit code 1 and the first broken row", Verb::Operand::exported},
    {"audit export", "after activity from to limit", "[--after SEQ] [--activity A] [--from T] [--to T] [--limit N]: prints rows as JSON Lines, the oldest first"},
    {"audit prune", "keep-days", "--keep-days N: erases what is older; the rest stays verifiable"},
    {"account unblock", "domain account", "--domain D --account GUID: lifts every limit of self-service for an account"},
    {"version", "", "prints the version"},
};

void print_help(std::ostream& to, const Verb* one = nullptr) {
  to << "usage: reset-service VERB [--config FILE] [options]\n";
  for (const auto& verb : verbs)
    if (!one || one == &verb) to << "  " << verb.name << std::string(16 - verb.name.size(), ' ') << verb.what << "\n";
  to << "  --config FILE   the configuration (" << default_config << ")\n";
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

int run(const Line& line) {
  const auto name = line.verb->name;
  if (name == "version") {
    std::cout << "reset-service " << WB_VERSION << "\n";
    return exit_done;
  }
  std::string domain;
  if (line.verb->options.starts_with("domain")) {
    const auto given = line.options.find("domain");
    if (given == line.options.end() && name != "jobs list") return usage("--domain is missing");
    if (given != line.options.end()) domain = wb::domain_name(given->second);
    if (given != line.options.end() && domain.empty()) return usage("--domain: not a DNS domain name");
  }
  const auto given = line.options.find("config");
  const bool takes_id = line.verb->operand == Verb::Operand::id;
  if (line.verb->operand == Verb::Operand::exported && !line.operand.empty()) return verify_audit({}, line.operand, line.options);  // on any machine
  const bool names_config = line.verb->operand == Verb::Operand::file && !line.operand.empty();
  if (takes_id && !wb::is_ulid(line.operand)) return usage("which one? Its id is missing, or is none");
  const std::string file = names_config ? line.operand : given != line.options.end() ? given->second
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
  if (name == "roots forget") return forget_root(config, domain, line.options.contains("accept-risk"));
  if (name == "jobs list") return list_jobs(config, domain, line.options.contains("open"));
  if (name == "jobs show") return show_job(config, line.operand);
  if (name == "jobs release") return release_job(config, line.operand, line.options.contains("accept-risk"));
  if (name == "client create") {
    const auto out = line.options.find("out"), scope = line.options.find("scope");
    const auto scopes = scope == line.options.end() ? Scopes{Scope::writeback} : scopes_from(scope->second).value_or(Scopes{});
    if (scopes.empty()) return usage("--scope: writeback, audit, or both with a comma between");
    return create_client(config, domain, scopes, out == line.options.end() ? std::nullopt : std::optional(out->second));
  }
  if (name == "audit head") return audit_head(config);
  if (name == "audit verify") return verify_audit(config, line.operand, line.options);
  if (name == "audit export") return export_audit(config, line.options);
  if (name == "audit prune") return prune_audit(config, line.options);
  if (name == "account unblock") return unblock_account(config, domain, line.options);
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
