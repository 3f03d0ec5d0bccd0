// The words after `writeback-agent`. Pure.
#pragma once
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace wb::agent {

enum class Verb { run,
  enroll,
  domain_init,
  approve,
  revoke,
  roster_renew,
  keys_list,
  keys_rotate,
  keys_export_root,
  keys_import_root,
  keys_succeed_root,
  keys_pin_root,
  audit_verify,
  check_config,
  check,
  support_bundle,
  rights,
  status,
  drain,
  resume,
  reload,
  log_level,
  version };

struct Command {
  Verb verb = Verb::run;
  std::filesystem::path config = "/etc/writeback-agent/agent.yaml";
  std::string service, token_file, domain, agent, fingerprint, ou, verify, instead_of, root, passphrase_file, file, uri, level, user, log, head, unit = "writeback-agent";
  std::vector<std::filesystem::path> files;  // of audit verify
  std::set<std::string> flags;               // options without a value that were given
  bool has(const std::string& flag) const { return flags.contains(flag); }
};
struct Help {
  std::string text;
};  // --help: print it, exit 0
struct UsageError {
  std::string text;
};  // print it and how it should be, exit 2

std::variant<Command, Help, UsageError> read_command(const std::vector<std::string>& words);
std::string usage();

}  // namespace wb::agent
