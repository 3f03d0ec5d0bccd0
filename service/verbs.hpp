// The command line of reset-service: one function per verb, each with its exit code (0 done, 1 failed, 2 usage,
// 78 configuration; of a Fault: core/exit_code).
#pragma once
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/service_config.hpp"
#include "core/exit_code.hpp"
#include "service/store.hpp"

namespace wb::service {

constexpr int exit_done = 0, exit_usage = 2, exit_config = 78;

// Reads the words behind the program's name, and does what they say (command_line.cpp).
int command_line(const std::vector<std::string>& words);

// What was typed behind a verb.
struct Call {
  std::string domain;              // canonical, where the verb takes one
  std::vector<std::string> words;  // without the options
  std::map<std::string, std::string> options;
  bool has(const std::string& option) const { return options.contains(option); }
  std::string option(const std::string& name) const { return has(name) ? options.at(name) : std::string(); }  // empty when not given
};

int serve(const config::ServiceConfig& config);
int print_assets(const config::ServiceConfig& config);  // SHA256SUMS of the pages that a service with this configuration serves, were it started now
int create_token(const config::ServiceConfig& config, const std::string& domain);
int list_agents(const config::ServiceConfig& config);
// Keys, agents and roots (verbs_keys.cpp).
int revoke_agent(const config::ServiceConfig& config, const std::string& agent);
int drain_agent(const config::ServiceConfig& config, const std::string& agent, bool force);
int resume_agent(const config::ServiceConfig& config, const std::string& agent);
int list_keys(const config::ServiceConfig& config);
int rotate_keys(const config::ServiceConfig& config, bool withdraw);
std::string day_of(UnixSeconds at);  // 2026-01-31T23:59Z
// The root on another machine (verbs_root.cpp). `passphrase_file`: empty for a root without one.
int export_root(const config::ServiceConfig& config, const std::string& file, const std::string& passphrase_file, bool remove);
int import_root(const config::ServiceConfig& config, const std::string& file, const std::string& passphrase_file);
int request_keys(const config::ServiceConfig& config, std::size_t count, bool fresh);                       // prints the request
int endorse_keys(const std::string& request, const std::string& root, const std::string& passphrase_file);  // prints the endorsements; needs no configuration
int install_keys(const config::ServiceConfig& config, const std::string& file, bool withdraw);
// Without `accepted` it says what is at stake and does nothing (usage).
int forget_root(const config::ServiceConfig& config, const std::string& domain, bool accepted);
// Writes the credential file 0600, or to standard output.
int create_client(const config::ServiceConfig& config, const std::string& domain, const Scopes& scopes, const std::optional<std::string>& out);

// Jobs as the store has them (verbs_jobs.cpp).
int list_jobs(const config::ServiceConfig& config, const std::string& domain, bool open_only);
int show_job(const config::ServiceConfig& config, const std::string& jti);
// Without `accepted` it says what is at stake and does nothing (usage).
int release_job(const config::ServiceConfig& config, const std::string& jti, bool accepted);

// The audit (verbs_audit.cpp). Options by name, as they were given.
using AuditOptions = std::map<std::string, std::string>;
int audit_head(const config::ServiceConfig& config);
// The store's, or that of a file of exported lines.
int verify_audit(const config::ServiceConfig& config, const std::string& file, const AuditOptions& options);
int export_audit(const config::ServiceConfig& config, const AuditOptions& options);
int prune_audit(const config::ServiceConfig& config, const AuditOptions& options);
int unblock_account(const config::ServiceConfig& config, const std::string& domain, const AuditOptions& options);
// Self-service password reset: an organisation's settings and the names that lead to a domain (verbs_settings.cpp).
int show_settings(const config::ServiceConfig& config, const Call& call);
int set_settings(const config::ServiceConfig& config, const Call& call);
int import_settings(const config::ServiceConfig& config, const Call& call);
int settings_history(const config::ServiceConfig& config, const Call& call);
int restore_settings(const config::ServiceConfig& config, const Call& call);
int list_routes(const config::ServiceConfig& config);
int add_route(const config::ServiceConfig& config, const Call& call);
int remove_route(const config::ServiceConfig& config, const Call& call);
// What an organisation's letters say (verbs_letters.cpp).
int list_letters(const config::ServiceConfig& config, const Call& call);
int show_letter(const config::ServiceConfig& config, const Call& call);
int set_letter(const config::ServiceConfig& config, const Call& call);
int restore_letter(const config::ServiceConfig& config, const Call& call);
int letter_history(const config::ServiceConfig& config, const Call& call);
// People and what they registered (verbs_people.cpp, verbs_add_email.cpp, verbs_person_data.cpp).
int list_people(const config::ServiceConfig& config, const Call& call);
int invite_people(const config::ServiceConfig& config, const Call& call);
int show_person(const config::ServiceConfig& config, const Call& call);
int freeze_person(const config::ServiceConfig& config, const Call& call, bool frozen);
int add_email(const config::ServiceConfig& config, const Call& call);
int remove_method(const config::ServiceConfig& config, const Call& call);
int export_person(const config::ServiceConfig& config, const Call& call);
int erase_person(const config::ServiceConfig& config, const Call& call);
// The vault's keys, and copies of all that is kept (verbs_backup.cpp).
int list_vault(const config::ServiceConfig& config);
int rotate_vault(const config::ServiceConfig& config);
int back_up(const config::ServiceConfig& config, const Call& call);
int restore(const config::ServiceConfig& config, const Call& call);

// For the verbs themselves.
std::string utc(UnixSeconds at);  // "2026-01-31T10:00:00Z", "-" for 0
// Names may hold any letter; what could move the cursor or end a line does not get to the terminal.
std::string text_for_people(std::string_view text, std::size_t most = 256);  // bytes
// An account's id as the directory's objectGUID or entryUUID in text, in lower case; empty when it is none.
std::string account_id(std::string_view text);
// Of what is kept in versions (settings, letters): who sits at the keyboard, for the history. It says who it was, and proves nothing: whoever
// may run this may write the file.
std::string actor();
std::optional<std::int64_t> version_number(const std::string& word);  // 1 and above; nullopt: it is none
std::optional<int> too_late(const Call& call, std::int64_t newest);   // --if-version names another: refused, with this exit code
int overtaken(std::string_view show);                                 // somebody saved between our look and our save; `show`: the verb that shows it
int failed(const Fault& fault);
int refuse(const std::string& why, int code = exit_failed);  // to standard error
Result<Store> open_store(const config::ServiceConfig& config);

}  // namespace wb::service
