// The verbs of reset-service, their options, and the way from the words to the function.
#include <iostream>
#include <string_view>

#include "core/ids.hpp"
#include "service/endorsements.hpp"
#include "service/verbs.hpp"

namespace wb::service {
namespace {

constexpr const char* default_config = "/etc/reset-service/service.yaml";
constexpr int many = 64;
using Config = config::ServiceConfig;

// options: the long options it takes, besides --config and --help. "!": no value. "domain" must be given, "domain?" may.
// least, most: how many words follow.
struct Verb {
  std::string_view name, options, what;
  int (*does)(const Config&, const Call&);  // nullptr: those that need no configuration that is right
  int least = 0, most = 0;
};

int usage(const std::string& problem);

int ask_for_keys(const Config& c, const Call& call) {
  const auto given = call.has("count") ? call.option("count") : "1";
  const auto count = given.size() > 2 || given.find_first_not_of("0123456789") != std::string::npos || given.empty() ? 0 : std::stoul(given);
  if (count == 0 || count > request_keys_max) return usage("--count: expected 1 to 13");
  return request_keys(c, count, call.has("fresh"));
}

int make_client(const Config& c, const Call& call) {
  const auto scopes = call.has("scope") ? scopes_from(call.option("scope")).value_or(Scopes{}) : Scopes{Scope::writeback};
  if (scopes.empty()) return usage("--scope: writeback, audit, settings, helpdesk or registration; several with commas between");
  return create_client(c, call.domain, scopes, call.has("out") ? std::optional(call.option("out")) : std::nullopt);
}

constexpr Verb verbs[] = {
    {"serve", "", "runs the service in the foreground; logs to standard error", [](const Config& c, const Call&) { return serve(c); }},
    {"check-config", "", "[FILE]: reads the configuration, prints every problem, exit code 78 if there is one", nullptr, 0, 1},
    {"token create", "domain", "--domain D: prints a token with which one agent may enroll within an hour", [](const Config& c, const Call& call) { return create_token(c, call.domain); }},
    {"agents list", "", "lists the enrolled agents, their state and their fingerprints", [](const Config& c, const Call&) { return list_agents(c); }},
    {"agents revoke", "", "AGENT: cuts an agent off, within a second and for good", [](const Config& c, const Call& call) { return revoke_agent(c, call.words[0]); }, 1, 1},
    {"agents drain", "force!", "AGENT [--force]: no new jobs for it, of any domain, until it is resumed; --force: also of the last one that takes jobs of a domain",
        [](const Config& c, const Call& call) { return drain_agent(c, call.words[0], call.has("force")); }, 1, 1},
    {"agents resume", "", "AGENT: and jobs again", [](const Config& c, const Call& call) { return resume_agent(c, call.words[0]); }, 1, 1},
    {"keys list", "", "lists the service's root and its signing keys", [](const Config& c, const Call&) { return list_keys(c); }},
    {"keys rotate", "withdraw!", "[--withdraw]: a new signing key before its time; --withdraw: the others are believed no more",
        [](const Config& c, const Call& call) { return rotate_keys(c, call.has("withdraw")); }},
    {"keys export-root", "passphrase-file remove!", "FILE --passphrase-file FILE [--remove]: writes the service's root to FILE; --remove: and takes it off this machine",
        [](const Config& c, const Call& call) { return export_root(c, call.words[0], call.option("passphrase-file"), call.has("remove")); }, 1, 1},
    {"keys import-root", "passphrase-file", "FILE --passphrase-file FILE: puts it back",
        [](const Config& c, const Call& call) { return import_root(c, call.words[0], call.option("passphrase-file")); }, 1, 1},
    {"keys request", "count fresh!", "[--count N] [--fresh]: prints a request for signing keys, for the machine where the root is; --fresh: from now on", ask_for_keys},
    {"keys endorse", "root passphrase-file", "REQUEST --root FILE [--passphrase-file FILE]: prints the root's endorsements; needs no configuration", nullptr, 1, 1},
    {"keys install", "withdraw!", "ENDORSEMENTS [--withdraw]: takes them; --withdraw: all other signing keys are believed no more",
        [](const Config& c, const Call& call) { return install_keys(c, call.words[0], call.has("withdraw")); }, 1, 1},
    {"roots forget", "domain accept-risk!", "--domain D [--accept-risk]: gives up a domain's root that was lost",
        [](const Config& c, const Call& call) { return forget_root(c, call.domain, call.has("accept-risk")); }},
    {"client create", "domain out scope", "--domain D [--scope writeback|audit|settings|helpdesk|registration] [--out FILE]: makes a credential for the API; scopes with commas between", make_client},
    {"jobs list", "domain? open!", "[--domain D] [--open]: lists jobs, the newest first; --open: only those without an end",
        [](const Config& c, const Call& call) { return list_jobs(c, call.domain, call.has("open")); }},
    {"jobs show", "", "JTI: everything the service knows of one job", [](const Config& c, const Call& call) { return show_job(c, call.words[0]); }, 1, 1},
    {"jobs release", "accept-risk!", "JTI [--accept-risk]: gives up a job in doubt, so that its account takes new ones",
        [](const Config& c, const Call& call) { return release_job(c, call.words[0], call.has("accept-risk")); }, 1, 1},
    {"settings show", "domain json!", "--domain D [--json]: what is decided about self-service there; --json: as `settings import` reads it", show_settings},
    {"settings set", "domain if-version dry-run! all!",
        "MEMBER=VALUE... --domain D [--dry-run [--all]]: scope=all methods=app_code,email; += and -= change lists;\n"
        "--dry-run: saves nothing and says who would lose access (50 names, or --all)\n"
        "--if-version N: refused when another version than N is the newest",
        set_settings, 1, many},
    {"settings import", "domain if-version dry-run! all!", "FILE --domain D [--dry-run [--all]]: a whole document, as `settings show --json` prints it", import_settings, 1, 1},
    {"settings history", "domain", "--domain D: who changed what, when, the newest first", settings_history},
    {"settings restore", "domain if-version dry-run! all!", "VERSION --domain D [--dry-run [--all]]: an earlier version, as the newest", restore_settings, 1, 1},
    {"letters list", "domain", "--domain D: the mails, what each may say and, with a *, has to, and the languages that have a text of one's own", list_letters},
    {"letters show", "domain json! shipped!",
        "LETTER LANGUAGE --domain D [--shipped] [--json]: what people get now, as `letters set` reads it;\n"
        "--shipped: what they get without a text of one's own; --json: both, as the API has them",
        show_letter, 2, 2},
    {"letters set", "domain if-version dry-run!",
        "LETTER LANGUAGE FILE --domain D [--dry-run]: a line `Subject: ...`, an empty line, the text;\n"
        "--dry-run: saves nothing and shows the mail as people would get it\n"
        "--if-version N: refused when another version than N is the newest",
        set_letter, 3, 3},
    {"letters restore", "domain if-version dry-run!", "LETTER LANGUAGE [VERSION] --domain D [--dry-run]: the shipped text again, or that version's, as the newest", restore_letter, 2, 3},
    {"letters history", "domain", "LETTER LANGUAGE --domain D: who changed it, when, the newest first", letter_history, 2, 2},
    {"routes list", "", "which domain a name belongs to, by what stands behind its @", [](const Config& c, const Call&) { return list_routes(c); }},
    {"routes add", "domain", "SUFFIX --domain D: names of this suffix, and of those below it, belong to D", add_route, 1, 1},
    {"routes remove", "", "SUFFIX: no more", remove_route, 1, 1},
    {"people list", "domain after", "--domain D [--after GUID]: who was seen, a hundred at a time", list_people},
    {"people show", "domain", "NAME|GUID --domain D: one person and their methods, never a secret", show_person, 1, 1},
    {"people freeze", "domain", "GUID --domain D: self-service is off for this person", [](const Config& c, const Call& call) { return freeze_person(c, call, true); }, 1, 1},
    {"people thaw", "domain", "GUID --domain D: and on again", [](const Config& c, const Call& call) { return freeze_person(c, call, false); }, 1, 1},
    {"people export", "domain", "GUID --domain D: all that is kept about one person, as JSON", export_person, 1, 1},
    {"people erase", "domain yes!", "GUID --domain D [--yes]: removes all of it", erase_person, 1, 1},
    {"people invite", "domain missing!", "[GUID] --domain D [--missing]: orders a mail to register, for one person or for all who are missing; the running service sends it", invite_people, 0, 1},
    {"people add-email", "domain", "NAME|GUID ADDRESS --domain D: registers an address for somebody who has none yet", add_email, 2, 2},
    {"people remove-method", "domain", "GUID METHOD-ID --domain D: takes a method away", remove_method, 2, 2},
    {"vault list", "", "the keys of people's methods, and how many methods are under each", [](const Config& c, const Call&) { return list_vault(c); }},
    {"vault rotate", "", "a new key, and every method sealed anew; goes on where it was interrupted", [](const Config& c, const Call&) { return rotate_vault(c); }},
    {"backup", "", "DIR: a copy of the store and the keys in a new folder; the service may run", back_up, 1, 1},
    {"restore", "replace!", "DIR [--replace]: puts it back; the service must be stopped. --replace: what is there is set aside", restore, 1, 1},
    {"audit head", "", "prints the number and the hash of the audit's last row: keep it somewhere else", [](const Config& c, const Call&) { return audit_head(c); }},
    {"audit verify", "head filtered!",
        "[FILE] [--head SEQ:HASH] [--filtered]: checks every row's hash, of the store or of an export (then without a configuration);\n"
        "exit code 1 and the first broken row",
        [](const Config& c, const Call& call) { return verify_audit(c, "", call.options); }, 0, 1},
    {"audit export", "after activity correlation-id target from to limit", "[--after SEQ] [--activity A] [--correlation-id ID] [--target ID] [--from T] [--to T] [--limit N]: prints rows as JSON Lines, the oldest first",
        [](const Config& c, const Call& call) { return export_audit(c, call.options); }},
    {"audit prune", "keep-days", "--keep-days N: erases what is older; the rest stays verifiable", [](const Config& c, const Call& call) { return prune_audit(c, call.options); }},
    {"account unblock", "domain account", "--domain D --account GUID: lifts every limit of self-service for an account",
        [](const Config& c, const Call& call) { return unblock_account(c, call.domain, call.options); }},
    {"version", "assets!", "[--assets]: prints the version; --assets: instead, the pages' checksums, as SHA256SUMS of the build has them", [](const Config& c, const Call&) { return print_assets(c); }},
};
constexpr int name_width = 22;

void print_help(std::ostream& to, const Verb* one = nullptr) {
  to << "usage: reset-service VERB [--config FILE] [options]\n";
  for (const auto& verb : verbs) {
    if (one && one != &verb) continue;
    to << "  " << verb.name << std::string(name_width - verb.name.size(), ' ');
    for (const char c : verb.what) to << c << (c == '\n' ? std::string(name_width + 2, ' ') : "");
    to << "\n";
  }
  to << "  --config FILE" << std::string(name_width - 13, ' ') << "the configuration (" << default_config << ")\n";
}

int usage(const std::string& problem) {
  std::cerr << "reset-service: " << problem << "\n";
  print_help(std::cerr);
  return exit_usage;
}

bool takes(const Verb& verb, const std::string& option) { return (" " + std::string(verb.options) + " ").find(" " + option + " ") != std::string::npos; }

struct Line {
  const Verb* verb = nullptr;
  Call call;
  bool help = false;
};

// One option; `next`: the word behind it, which it may take. What is wrong with it, or nothing.
std::string read_option(const Verb& verb, const std::string& word, const std::string* next, Call& call, bool& took) {
  const auto equals = word.find('=');
  const auto name = word.substr(2, equals == std::string::npos ? equals : equals - 2);
  const bool plain = name.find_first_of("!? ") == std::string::npos && !name.empty();
  if (plain && equals == std::string::npos && takes(verb, name + "!")) return call.options[name] = "", std::string();
  if (!plain || (name != "config" && !takes(verb, name) && !takes(verb, name + "?"))) return "unknown option " + printable(word);
  if (equals == std::string::npos && !next) return "--" + name + " needs a value";
  took = equals == std::string::npos;
  call.options[name] = took ? *next : word.substr(equals + 1);
  return {};
}

// What the words mean, or what is wrong with them.
std::string read_line(const std::vector<std::string>& words, Line& line) {
  std::size_t used = 0;
  for (const auto& verb : verbs) {
    if (!words.empty() && words[0] == verb.name) line.verb = &verb, used = 1;
    if (words.size() > 1 && words[0] + " " + words[1] == verb.name) line.verb = &verb, used = 2;
  }
  if (!line.verb) return words.empty() ? "a verb is missing" : "no such verb: " + printable(words[0]);
  for (std::size_t i = used; i < words.size(); ++i) {
    bool took = false;
    std::string problem;
    if (words[i] == "--help" || words[i] == "-h") line.help = true;
    else if (words[i].starts_with("--")) problem = read_option(*line.verb, words[i], i + 1 < words.size() ? &words[i + 1] : nullptr, line.call, took);
    else if (static_cast<int>(line.call.words.size()) == line.verb->most) problem = "unexpected: " + printable(words[i]);
    else line.call.words.push_back(words[i]);
    if (!problem.empty()) return problem;
    if (took) ++i;
  }
  return {};
}

// Whether the words that follow are what the verb's text names first: of what is missing or wrong, a sentence.
std::string problem_of(const Verb& verb, Call& call) {
  const auto given = call.options.find("domain");
  if (given == call.options.end() && takes(verb, "domain")) return "--domain is missing";
  if (given != call.options.end()) call.domain = domain_name(given->second);
  if (given != call.options.end() && call.domain.empty()) return "--domain: not a DNS domain name";
  if (static_cast<int>(call.words.size()) < verb.least) {
    const bool id = verb.what.starts_with("JTI") || verb.what.starts_with("AGENT");
    return id ? "which one? Its id is missing, or is none" : "something is missing: " + std::string(verb.name) + " " + std::string(verb.what.substr(0, verb.what.find(':')));
  }
  if ((verb.what.starts_with("JTI") || verb.what.starts_with("AGENT")) && !is_ulid(call.words[0])) return "which one? Its id is missing, or is none";
  if (verb.what.starts_with("GUID")) call.words[0] = account_id(call.words[0]);
  if (verb.what.starts_with("GUID") && call.words[0].empty()) return "expected an account's id (objectGUID, as `people list` prints it)";
  if (verb.name == "keys export-root" && call.option("passphrase-file").empty()) return "--passphrase-file is missing";
  if (verb.name == "keys endorse" && call.option("root").empty()) return "--root is missing";
  if (takes(verb, "all!") && call.has("all") && !call.has("dry-run")) return "--all goes with --dry-run";
  return {};
}

int run(Line& line) {
  const auto& verb = *line.verb;
  if (verb.name == "version" && !line.call.has("assets")) {
    std::cout << "reset-service " << WB_VERSION << "\n";
    return exit_done;
  }
  if (const auto problem = problem_of(verb, line.call); !problem.empty()) return usage(problem);
  // On any machine, without a configuration:
  if (verb.name == "keys endorse") return endorse_keys(line.call.words[0], line.call.option("root"), line.call.option("passphrase-file"));
  if (verb.name == "audit verify" && !line.call.words.empty()) return verify_audit({}, line.call.words[0], line.call.options);
  const bool names_file = verb.name == "check-config" && !line.call.words.empty();
  const std::string file = names_file ? line.call.words[0] : line.call.has("config") ? line.call.options["config"]
                                                                                     : default_config;
  auto loaded = config::load_service_config(file);
  if (const auto* problems = std::get_if<config::Problems>(&loaded)) {
    for (const auto& problem : *problems) std::cerr << to_string(problem) << "\n";
    return exit_config;
  }
  if (!verb.does) {
    std::cout << file << ": no problem found\n";
    return exit_done;
  }
  log::start(log::Level::warn);  // serve starts it anew, as configured
  return verb.does(std::get<config::ServiceConfig>(loaded), line.call);
}

}  // namespace

int command_line(const std::vector<std::string>& words) {
  if (words.size() == 1 && (words[0] == "--help" || words[0] == "-h")) return print_help(std::cout), exit_done;
  Line line;
  if (const auto problem = read_line(words, line); !problem.empty()) return usage(problem);
  if (line.help) return print_help(std::cout, line.verb), exit_done;
  return run(line);
}

}  // namespace wb::service
