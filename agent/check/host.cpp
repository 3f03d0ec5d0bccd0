#include "agent/check/host.hpp"

#include <fstream>
#include <set>

#include "agent/identity.hpp"
#include "agent/key_book.hpp"
#include "agent/keys.hpp"
#include "ldap/keytab.hpp"
#include "platform/private_files.hpp"
#include "queue/journal.hpp"

namespace wb::agent {
namespace {
std::string age_of(UnixSeconds made, UnixSeconds now) { return std::to_string((now - made) / 86'400) + " days old"; }

constexpr std::uintmax_t mib = 1024 * 1024, space_needed = 10 * mib, space_wished = 100 * mib;

void check_authority(const std::filesystem::path& file, const char* key, Report& report) {
  if (file.empty()) return;
  std::ifstream in(file);
  std::string line;
  bool found = false;
  constexpr int lines_max = 100'000;
  for (int i = 0; i < lines_max && !found && std::getline(in, line); ++i) found = line.starts_with("-----BEGIN") && line.find("CERTIFICATE") != std::string::npos;
  if (found) report.pass("config", file.string(), std::string(key) + " has a certificate");
  else report.fail(Finding::config_authority, file.string(), std::string(key) + (in.is_open() ? ": no certificate in PEM form stands in it" : ": can't be read"));
}

// Whoever can change the file, or put another one in its place, sets the guardrails.
void check_owner(const std::filesystem::path& file, Report& report) {
  const auto folder = file.parent_path().empty() ? std::filesystem::path(".") : file.parent_path();
  for (const auto& path : {file, folder}) {
    const auto kept = platform::kept_from_change(path);
    if (kept || kept.error().kind != Fault::Kind::refused) continue;
    if (kept.error().where == "file.mode") report.fail(Finding::config_writable, path.string(), "others may write to it", kept.error().detail);
    else report.warn(Finding::config_writable, path.string(), "is neither root's nor this user's", kept.error().detail);
  }
}

void check_lists(const config::PasswordRules& rules, Report& report) {
  for (const auto& list : look_at_lists(rules)) {
    std::error_code ec;
    const auto written = std::filesystem::last_write_time(list.file, ec);
    const auto age = ec ? std::chrono::hours(0) : std::chrono::duration_cast<std::chrono::hours>(std::filesystem::file_time_type::clock::now() - written);
    judge_list(list, age, report);
  }
}

// As Agent::start opens it, and makes nothing.
void check_audit(const KeptFile& audit, Report& report) {
  if (audit.file.empty()) return;
  std::error_code ec;
  const bool there = std::filesystem::exists(audit.file, ec);
  if (there && !std::filesystem::is_regular_file(audit.file, ec)) return report.fail(Finding::state_audit, audit.file.string(), "is not a plain file");
  auto usable = platform::may_write(audit.file.parent_path());  // it is taken aside there when it is full
  if (usable && there) usable = platform::may_write(audit.file);
  if (!usable) report.fail(Finding::state_audit, audit.file.string(), usable.error().detail);
  else report.pass("state", audit.file.string(), there ? "the audit file can be written" : "is not there yet, and can be made");
}
}  // namespace

std::optional<config::AgentConfig> check_config(const std::filesystem::path& file, Report& report) {
  auto loaded = config::load_agent_config(file);
  if (const auto* problems = std::get_if<config::Problems>(&loaded)) {
    for (const auto& problem : *problems) report.fail(Finding::config_problem, file.string(), to_string(problem), "mend that line; then: writeback-agent check-config " + file.string());
    return std::nullopt;
  }
  auto& config = std::get<config::AgentConfig>(loaded);
  report.pass("config", file.string(), "no problem found");
  check_owner(file, report);
  for (const auto& domain : config.domains)
    for (const auto rule : config::audited_rules(domain)) report.warn(Finding::config_audited, domain.directory.domain, std::string(rule));
  return std::move(config);
}

void check_files(const config::AgentConfig& config, Report& report) {
  const auto check_secret = [&report](const std::filesystem::path& file, const Result<void>& usable) {
    if (usable) report.pass("config", file.string(), "is kept from others");
    else report.fail(Finding::config_secret, file.string(), usable.error().detail);
  };
  const auto line_of = [](const std::filesystem::path& file) -> Result<void> {
    auto read = platform::read_private_line(file, "check.secret");
    if (!read) return read.error();
    return {};
  };
  check_authority(config.trust.ca_file, "service.ca_file", report);
  check_authority(config.trust.intercept_ca_file, "service.intercept_ca_file", report);
  if (config.proxy.sign_in == link::ProxySettings::SignIn::basic) check_secret(config.proxy.password_file, line_of(config.proxy.password_file));
  check_audit(config.audit, report);
  for (const auto& domain : config.domains) {
    const auto& directory = domain.directory;
    check_lists(domain.password_rules, report);
    check_authority(directory.ca_file, "directory.ca_file", report);
    if (directory.encryption != ldap::Encryption::kerberos) {
      check_secret(directory.bind_password_file, line_of(directory.bind_password_file));
      continue;
    }
    const auto keytab = ldap::check_keytab(directory.keytab_file);
    check_secret(directory.keytab_file, keytab ? Result<void>() : Result<void>(keytab.error()));
  }
}

void judge_list(const ListSeen& list, std::chrono::hours age, Report& report) {
  constexpr auto year = std::chrono::hours(365 * 24);
  const auto file = list.file.string();
  if (!list.holds) report.fail(Finding::config_list, file, said(list.holds.error()));
  else if (list.ages && age > year) report.warn(Finding::config_list_old, file, *list.holds);
  else report.pass("config", file, *list.holds);
}

void judge_space(const std::string& folder, std::uintmax_t bytes_free, Report& report) {
  const auto detail = std::to_string(bytes_free / mib) + " MiB free";
  if (bytes_free < space_needed) report.fail(Finding::state_space, folder, detail, "make room; df -h " + folder);
  else if (bytes_free < space_wished) report.warn(Finding::state_space, folder, detail, "make room; df -h " + folder);
  else report.pass("state", folder, detail);
}

void check_space(const config::AgentConfig& config, Report& report) {
  std::set<std::filesystem::path> folders{config.state_dir};
  for (const auto* kept : {&config.audit, &config.log_to.file})
    if (!kept->file.empty()) folders.insert(kept->file.parent_path());
  for (const auto& folder : folders) {
    std::error_code ec;
    if (const auto space = std::filesystem::space(folder, ec); !ec) judge_space(folder.string(), space.available, report);
  }
}

void check_state(const config::AgentConfig& config, Report& report) {
  const auto folder = config.state_dir.string();
  std::error_code ec;
  if (!std::filesystem::exists(config.state_dir, ec)) return report.skip("state", folder, "is not there yet: enrolment makes it");
  if (auto ours = platform::private_folder(config.state_dir); !ours) return report.fail(Finding::state_folder, folder, said(ours.error()));
  report.pass("state", folder, "is the agent's own");
  check_space(config, report);
  const auto journal = config.state_dir / "journal.sqlite";
  if (!std::filesystem::exists(journal, ec)) return report.skip("state", journal.string(), "is not there yet: the first start makes it");
  const auto lock = platform::FileLock::take(config.state_dir / "agent.lock");
  if (!lock && lock.error().kind == Fault::Kind::refused) return report.skip("state", journal.string(), "a running agent has it open; writeback-agent status asks that one");
  if (auto opened = queue::Journal::open(journal); !opened) report.fail(Finding::state_journal, journal.string(), said(opened.error()));
  else report.pass("state", journal.string(), "opens, and every row of it is whole");
}

void check_enrolment(const config::AgentConfig& config, UnixSeconds now, Report& report) {
  const auto file = identity_file(config.state_dir).string();
  if (report.failed("state")) return report.skip("enrolment", file, "the state folder can't be used");
  auto identity = load_identity(config.state_dir);
  if (!identity) return report.fail(Finding::enrolment_missing, file, identity.error().kind == Fault::Kind::unreachable ? "is not there" : said(identity.error()), "runuser -u writeback-agent -- writeback-agent enroll --service " + config.service_url + " --token-file FILE");
  report.pass("enrolment", file, "agent " + identity->agent + " of " + identity->tenant);
  const auto keys = load_keys(config.state_dir);
  const auto book = load_key_book(config.state_dir);
  if (!keys || !book) report.fail(Finding::enrolment_keys, config.state_dir.string(), said(keys ? book.error() : keys.error()));
  else if (rotation_due(*book, now)) report.warn(Finding::enrolment_rotation, keys->ae.kid(), age_of(book->ae.front().made, now));
  else report.pass("enrolment", "keys", "can be used: the signing key " + age_of(keys->as_made, now) + ", the encryption key " + age_of(book->ae.front().made, now));
  for (const auto& domain : config.domains)
    if (!identity->domains.contains(domain.directory.domain))
      report.fail(Finding::enrolment_domain, domain.directory.domain, "", "runuser -u writeback-agent -- writeback-agent enroll --service " + config.service_url + " --token-file FILE, with a token of " + domain.directory.domain);
}

}  // namespace wb::agent
