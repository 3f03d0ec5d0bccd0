#include "agent/command_line.hpp"

#include "core/ids.hpp"
#include "crypto/evp.hpp"

namespace wb::agent {
namespace {

struct Form {
  Verb verb;
  std::string_view words, options;  // options it takes besides --config; "!" marks the ones it needs, "?" the ones without a value
  std::string_view operand;         // "" none, "[FILE]" may, the others must
  std::string_view synopsis, help;
};
constexpr Form forms[] = {
    {Verb::run, "run", "", "", "run [--config FILE]", "Runs in the foreground and logs to standard error. The default verb.\nSIGTERM ends it in order, a second one at once."},
    {Verb::enroll, "enroll", "service! token-file! again?", "", "enroll --service URL --token-file FILE [--again] [--config FILE]",
        "Makes this machine's keys in state_dir and enrols them at the reset service with a one-time token\n(`reset-service token create`). Run it as the user the agent will run as.\n--again: for a host that was restored from an old image or copied, or whose signing key may be known to others: new keys\nand so another agent, to be approved instead of the former one. The agent must not run."},
    {Verb::domain_init, "domain init", "domain root-lost?", "", "domain init [--domain DOMAIN] [--root-lost] [--config FILE]",
        "Makes the domain's root key and its first roster, on one machine of the domain.\n--root-lost: the root of before is gone for good. Everybody must be told the new one; see OPERATIONS.md first."},
    {Verb::approve, "approve", "fingerprint! domain instead-of root passphrase-file", "AGENT", "approve AGENT --fingerprint F [--instead-of AGENT] [--domain DOMAIN] [--root FILE --passphrase-file FILE] [--config FILE]",
        "Lets another agent open passwords. Runs where the domain's root key is, or takes it from --root. F is what `enroll`\nprinted there: carry it over by a way the reset service can't change. --instead-of takes another agent out."},
    {Verb::revoke, "revoke", "domain root passphrase-file", "AGENT", "revoke AGENT [--domain DOMAIN] [--root FILE --passphrase-file FILE] [--config FILE]",
        "Takes an agent out of the roster: its link is cut at once, and nobody seals a password to it any more."},
    {Verb::roster_renew, "roster renew", "domain root passphrase-file", "", "roster renew [--domain DOMAIN] [--root FILE --passphrase-file FILE] [--config FILE]",
        "The same agents for another 30 days. Needs the domain's root key."},
    {Verb::keys_list, "keys list", "", "", "keys list [--config FILE]", "Lists this agent's keys and what it has pinned, with their times. Shows no key."},
    {Verb::keys_rotate, "keys rotate", "uri discard? signing?", "", "keys rotate [--signing] [--uri URI] [--discard] [--config FILE]",
        "A new encryption key before its 90 days; the former one opens what was sealed to it for another day.\n--uri: a key that a provider of OpenSSL holds (pkcs11:..., handle:...). --discard: gives the former keys up at once.\n--signing: the next signing key instead, to be approved like a new agent's; the present one is used until then."},
    {Verb::keys_export_root, "keys export-root", "passphrase-file! domain remove?", "FILE", "keys export-root FILE --passphrase-file FILE [--remove] [--domain DOMAIN] [--config FILE]",
        "Writes the domain's root key, encrypted with a passphrase, to FILE. --remove takes it off this machine."},
    {Verb::keys_import_root, "keys import-root", "passphrase-file domain", "FILE", "keys import-root FILE --passphrase-file FILE [--domain DOMAIN] [--config FILE]", "Puts an exported root key back, here or on another machine."},
    {Verb::keys_succeed_root, "keys succeed-root", "domain root passphrase-file", "", "keys succeed-root [--domain DOMAIN] [--root FILE --passphrase-file FILE] [--config FILE]",
        "Makes a new domain root, named by the old one: agents and clients follow by themselves."},
    {Verb::keys_pin_root, "keys pin-root", "domain", "THUMBPRINT", "keys pin-root THUMBPRINT [--domain DOMAIN] [--config FILE]",
        "This agent believes that root from now on. For a root that was lost; the agent must not run."},
    {Verb::audit_verify, "audit verify", "head", "[FILE...]", "audit verify [FILE...] [--head SEQ:HASH] [--config FILE]",
        "Checks the hash chain of this agent's own audit (audit.file and what was taken aside of it), or of files of one agent, in whatever\norder; exit code 1 if it is broken. --head: an end that was noted earlier (`audit.head` in the log), which must be in it."},
    {Verb::check_config, "check-config", "", "[FILE]", "check-config [FILE]", "Reads the configuration and prints every problem; exit code 78 if there is one."},
    {Verb::check, "check", "json? user", "", "check [--user NAME] [--json] [--config FILE]",
        "Looks at the whole installation: configuration, files, journal, enrolment, the way to the service, every directory server, rights.\nSays PASS, WARN, FAIL or SKIP of each, what it means and what mends it; exit code 1 if anything failed. --user: a person whose\npassword is to be reset, on whom the rights are looked at. Run it as the user the agent runs as. Writes nothing to the directory."},
    {Verb::support_bundle, "support-bundle", "log unit", "FILE", "support-bundle FILE [--unit UNIT] [--log FILE] [--config FILE]",
        "Writes what somebody who helps needs to a new FILE (JSON, 0600): the configuration with the paths of secrets alone, state, the\ndoctor's report, and the last lines of the log: of the journal of --unit (writeback-agent), where this user may read it, and of the\nfile --log."},
    {Verb::rights, "rights", "ou! verify json?", "", "rights --ou DN [--verify USER] [--json] [--config FILE]",
        "Prints what the agent's account must be granted to reset passwords of users below one OU, as commands for dsacls,\nPowerShell and Samba, SDDL and LDIF. With --verify: says which of it is missing on that user, and why, and what is\nheld beyond it; exit code 1 if something is missing. Asks the domain controller, changes nothing."},
    {Verb::status, "status", "json? watch?", "", "status [--json] [--watch] [--config FILE]",
        "Says how the running agent is: its link and since when, each domain and its servers, jobs in flight and the last ones, keys.\n--watch: again every two seconds. Exit code 3: no agent runs, 4: this user may not ask it (as for the next four verbs)."},
    {Verb::drain, "drain", "json?", "", "drain [--json] [--config FILE]", "The running agent takes no new jobs and finishes those it has; other agents go on. Until `resume`, or its next start."},
    {Verb::resume, "resume", "json?", "", "resume [--json] [--config FILE]", "Ends `drain`."},
    {Verb::reload, "reload", "json?", "", "reload [--json] [--config FILE]", "The running agent reads its configuration anew, as with SIGHUP; prints its problems, exit code 1 if there is one."},
    {Verb::log_level, "log-level", "json?", "LEVEL", "log-level LEVEL [--json] [--config FILE]", "The running agent logs from debug, info, warn or error upwards, until its next start."},
    {Verb::version, "version", "", "", "version", "Prints the version."},
};

bool takes(const Form& form, std::string_view option) {
  if (option == "config") return form.verb != Verb::version;
  const auto all = " " + std::string(form.options) + " ";
  return all.find(" " + std::string(option) + " ") != std::string::npos || all.find(" " + std::string(option) + "! ") != std::string::npos;
}
bool is_flag(const Form& form, std::string_view option) { return (" " + std::string(form.options) + " ").find(" " + std::string(option) + "? ") != std::string::npos; }

std::string help_of(const Form& form) {
  return "usage: writeback-agent " + std::string(form.synopsis) + "\n" + std::string(form.help) + "\n";
}

std::string* target_of(Command& command, std::string_view option, std::string& config) {
  if (option == "config") return &config;
  if (option == "service") return &command.service;
  if (option == "token-file") return &command.token_file;
  if (option == "domain") return &command.domain;
  if (option == "ou") return &command.ou;
  if (option == "verify") return &command.verify;
  if (option == "instead-of") return &command.instead_of;
  if (option == "root") return &command.root;
  if (option == "passphrase-file") return &command.passphrase_file;
  if (option == "uri") return &command.uri;
  if (option == "user") return &command.user;
  if (option == "log") return &command.log;
  if (option == "unit") return &command.unit;
  if (option == "head") return &command.head;
  return &command.fingerprint;
}

// What is missing or wrong once all words are read; "" for nothing.
std::string incomplete(const Form& form, Command& command) {
  if (form.verb == Verb::enroll && command.service.empty()) return "enroll needs --service URL";
  if (form.verb == Verb::enroll && command.token_file.empty()) return "enroll needs --token-file FILE";
  if ((form.verb == Verb::approve || form.verb == Verb::revoke) && command.agent.empty()) return std::string(form.words) + " needs the AGENT";
  if (form.operand == "FILE" && command.file.empty()) return std::string(form.words) + " needs the FILE";
  if (form.verb == Verb::keys_export_root && command.passphrase_file.empty()) return "keys export-root needs --passphrase-file FILE";
  if (form.verb == Verb::keys_pin_root && command.fingerprint.size() != 43) return "keys pin-root needs the THUMBPRINT, 43 characters";
  if (form.verb == Verb::approve && command.fingerprint.empty()) return "approve needs --fingerprint F";
  if (form.verb == Verb::keys_rotate && command.has("signing") && command.has("discard")) return "--discard is for encryption keys: a signing key has one successor";
  if (form.verb == Verb::rights && command.ou.empty()) return "rights needs --ou DN";
  if (form.verb == Verb::log_level && command.level.empty()) return "log-level needs the LEVEL: debug, info, warn or error";
  if (form.verb == Verb::audit_verify && command.files.size() > 1'001) return "audit verify takes 1001 files at most";
  if (command.domain.empty()) return {};
  const auto name = domain_name(command.domain);
  if (name.empty()) return "--domain: not a DNS domain name";
  command.domain = name;
  return {};
}

}  // namespace

std::string usage() {
  std::string text = "usage: writeback-agent [VERB] [options]\n";
  for (const auto& form : forms) text += "  " + std::string(form.synopsis) + "\n";
  return text + "  --config FILE   the configuration (/etc/writeback-agent/agent.yaml)\n  VERB --help     more about one verb\n";
}

std::variant<Command, Help, UsageError> read_command(const std::vector<std::string>& words) {
  const Form* form = &forms[0];
  std::size_t at = 0;
  if (!words.empty() && (words[0] == "--help" || words[0] == "-h")) return Help{usage()};
  if (!words.empty() && !words[0].starts_with("-")) {
    form = nullptr;
    for (const auto& f : forms) {
      if (words[0] == f.words) form = &f, at = 1;
      else if (words.size() > 1 && words[0] + " " + words[1] == f.words) form = &f, at = 2;
    }
    if (!form) return UsageError{"no such verb: " + printable(words[0])};
  }
  Command command;
  command.verb = form->verb;
  std::string config, operand;
  for (; at < words.size(); ++at) {
    const auto& word = words[at];
    if (word == "--help" || word == "-h") return Help{help_of(*form)};
    // One thumbprint in 64 begins with "-" (base64url, RFC 4648 section 5), and no option looks like one.
    if (!word.starts_with("-") || (form->operand == "THUMBPRINT" && crypto::is_thumbprint(word))) {
      const bool more = form->operand == "[FILE...]";
      if (more) command.files.emplace_back(word);
      if (form->operand.empty() || (!more && !operand.empty())) return UsageError{"unexpected: " + printable(word)};
      operand = word;
      continue;
    }
    const auto equals = word.find('=');
    const auto option = word.starts_with("--") ? word.substr(2, equals == std::string::npos ? equals : equals - 2) : std::string();
    if (is_flag(*form, option) && equals == std::string::npos) {
      command.flags.insert(option);
      continue;
    }
    if (option.empty() || !takes(*form, option)) return UsageError{std::string(form->words) + " has no option " + printable(word.substr(0, equals))};
    if (equals == std::string::npos && at + 1 == words.size()) return UsageError{"--" + option + " needs a value"};
    *target_of(command, option, config) = equals == std::string::npos ? words[++at] : word.substr(equals + 1);
  }
  if (!config.empty()) command.config = config;
  if (form->verb == Verb::check_config && !operand.empty()) command.config = operand;
  if (form->operand == "AGENT") command.agent = operand;
  if (form->operand == "FILE") command.file = operand;
  if (form->operand == "LEVEL") command.level = operand;
  if (form->operand == "THUMBPRINT") command.fingerprint = operand;
  if (auto problem = incomplete(*form, command); !problem.empty()) return UsageError{problem};
  return command;
}

}  // namespace wb::agent
