#include "agent/check/directory.hpp"

#include <cmath>
#include <random>

#include "agent/check/domain.hpp"
#include "ldap/connection.hpp"
#include "ldap/directory.hpp"
#include "ldap/discovery.hpp"
#include "ldap/open_ldap_entry.hpp"
#include "ldap/text.hpp"
#include "ldap/tickets.hpp"

namespace wb::agent {
namespace {
constexpr double slow_ms = 1'000;
constexpr std::int64_t skew_max_s = 300;  // Kerberos' own

constexpr std::size_t servers_max = 16;  // as many as `uris` may name

// What OpenSSL's words (ldap/tls_probe) come to.
Finding of_certificate(std::string_view detail) {
  if (detail.find("expired") != std::string_view::npos || detail.find("not yet valid") != std::string_view::npos) return Finding::directory_tls_time;
  if (detail.find("mismatch") != std::string_view::npos) return Finding::directory_tls_name;
  return Finding::directory_tls;
}

Finding finding_of(const Fault& why) {
  const bool refused = why.kind == Fault::Kind::refused;
  if (why.where == "ldap.resolve") return Finding::directory_dns;
  if (why.where == "ldap.connect" || why.where == "kerberos.kdc") return Finding::directory_tcp;
  if (why.where == "ldap.tls") return of_certificate(why.detail);
  if (why.where == "ldap.starttls") return Finding::directory_tls;
  if (why.where == "ldap.password_file" || why.where == "kerberos.keytab") return Finding::directory_credentials;
  if (why.where == "kerberos.clock") return Finding::directory_clock;
  if (refused && (why.where == "ldap.bind" || why.where.starts_with("kerberos."))) return Finding::directory_bind;
  if (refused && why.where == "ldap.root") return Finding::directory_root;
  return Finding::directory_other;
}

// How the servers are reached: as configured, else as DNS has them.
std::vector<ldap::Endpoint> servers_of(const ldap::Settings& settings, Report& report) {
  std::vector<ldap::Endpoint> out;
  const auto take = [&](const std::string& name, const Result<ldap::Endpoint>& endpoint) {
    if (endpoint) out.push_back(*endpoint);
    else report.fail(Finding::directory_none, name, said(endpoint.error()));
  };
  for (const auto& uri : settings.uris) take(uri, ldap::parse_uri(uri, settings.encryption));
  if (!settings.uris.empty()) return out;
  const auto dice = [engine = std::minstd_rand(std::random_device{}())]() mutable { return std::uniform_real_distribution<double>(0, 1)(engine); };
  const auto found = ldap::discover(settings.domain, settings.site, std::chrono::steady_clock::now() + settings.connect_timeout, dice);
  if (!found) {
    report.fail(Finding::directory_none, settings.domain, said(found.error()), "host -t srv _ldap._tcp.dc._msdcs." + settings.domain);
    return out;
  }
  for (const auto& server : found->controllers) take(server.host, ldap::endpoint_of(server.host, settings.encryption));
  return out;
}

ServerSeen seen_of(const ldap::Settings& settings, ldap::Connection& connection, double ms) {
  ServerSeen seen{ms, connection.root().read_only, !connection.root().hints_oid.empty(), {}, connection.certificate_ends()};
  if (settings.type != ldap::DirectoryType::active_directory) return seen;
  ldap::Search search;  // of the rootDSE
  search.attributes = {"currentTime"}, search.entries_max = 1;
  const auto root = connection.search(search, std::chrono::steady_clock::now() + settings.operation_timeout);
  if (!root || root->entries.empty()) return seen;
  if (const auto at = unix_from_generalized(root->entries.front().first("currentTime"))) seen.clock_offset_s = *at - unix_now();
  return seen;
}

void check_first(const config::AgentDomain& domain, const std::string& user, ldap::Connection& connection, Report& report) {
  check_domain(domain, connection, report);
  if (user.empty()) report.skip("directory", domain.directory.domain, "rights on a person: name one with --user");
  else check_person(domain, connection.uri(), user, report);
}
}  // namespace

std::optional<UnixSeconds> unix_from_generalized(std::string_view text) {
  constexpr std::size_t digits = 14;
  if (text.size() <= digits || text.substr(0, digits).find_first_not_of("0123456789") != std::string_view::npos || text.find(',') != std::string_view::npos) return std::nullopt;
  const auto filetime = ldap::filetime_from_generalized(text);
  const auto at = filetime ? ldap::unix_from_filetime(*filetime) : -1;
  return at >= 0 ? std::optional(at) : std::nullopt;
}

void judge_server(const std::string& uri, const Result<ServerSeen>& seen, const ldap::Settings& settings, Report& report) {
  if (!seen) return report.fail(finding_of(seen.error()), uri, said(seen.error()));
  const auto ms = std::to_string(std::llround(seen->ms)) + " ms";
  if (seen->ms > slow_ms) report.warn(Finding::directory_slow, uri, ms);
  else report.pass("directory", uri, "takes the sign-in, in " + ms);
  report.certificate(Finding::directory_ends_soon, uri, seen->certificate_ends);
  if (seen->clock_offset_s) {
    const auto offset = std::abs(*seen->clock_offset_s);
    const auto detail = "the server's clock minus this one: " + std::to_string(*seen->clock_offset_s) + " s";
    if (offset > skew_max_s && settings.encryption == ldap::Encryption::kerberos) report.fail(Finding::directory_clock, uri, detail);
    else if (offset > skew_warning_s) report.warn(Finding::directory_clock, uri, detail);
    else report.pass("directory", uri, detail);
  }
  if (settings.type != ldap::DirectoryType::active_directory) return;
  if (seen->read_only) return report.warn(Finding::directory_read_only, uri, "");
  report.pass("directory", uri, "can write");
  if (seen->hints) report.pass("directory", uri, "has the policy hints control");
  else if (settings.history == ldap::HistoryEnforcement::require) report.fail(Finding::directory_hints, uri, "history_enforcement: require");
  else if (settings.history == ldap::HistoryEnforcement::prefer) report.warn(Finding::directory_hints, uri, "");
  else report.skip("directory", uri, "policy hints: history_enforcement is off");
}

void check_directory(const config::AgentDomain& domain, const std::string& user, Report& report, const std::function<bool()>& go_on) {
  const auto& settings = domain.directory;
  ldap::Watchdog dog;
  ldap::Tickets tickets(settings);
  bool asked = false;
  auto servers = servers_of(settings, report);
  if (servers.size() > servers_max) {
    report.skip("directory", settings.domain, std::to_string(servers.size() - servers_max) + " more servers are not asked");
    servers.resize(servers_max);
  }
  for (const auto& endpoint : servers) {
    if (!go_on()) return report.skip("directory", settings.domain, "there was no time for " + endpoint.uri + " and what comes behind it");
    const Stopwatch watch;
    auto opened = ldap::Connection::open(settings, endpoint, std::chrono::steady_clock::now() + settings.connect_timeout, dog, tickets);
    if (!opened) {
      judge_server(endpoint.uri, opened.error(), settings, report);
      if (finding_of(opened.error()) != Finding::directory_bind) continue;
      report.skip("directory", settings.domain, "nothing else is asked: the sign-in tried again might lock the account");
      return;
    }
    const auto seen = seen_of(settings, **opened, watch.ms());
    judge_server(endpoint.uri, seen, settings, report);
    if (asked || seen.read_only) continue;
    asked = true;
    check_first(domain, user, **opened, report);
  }
  if (!asked) return report.skip("directory", settings.domain, "the domain: no server of it can be asked to write");
  const auto state = ldap::open_directory(settings)->check();
  if (state.ready) report.pass("directory", settings.domain, "would take jobs, at " + state.dc);
  else report.fail(Finding::directory_not_ready, settings.domain, state.reason);
}

}  // namespace wb::agent
