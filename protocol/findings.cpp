#include "protocol/findings.hpp"

#include <algorithm>
#include <array>

namespace wb::protocol {
namespace {
using enum Finding;

constexpr std::array findings{
    FindingText{config_problem, "config.problem", "agent.yaml can't be read, or holds a mistake", "mend the line that is named; `writeback-agent check-config` looks again"},
    FindingText{config_audited, "config.audited", "a guardrail is only audited, or off", "set it to `enforce` in `guardrails`, then `writeback-agent reload`"},
    FindingText{config_secret, "config.secret", "a file with a secret is missing, empty, somebody else's or open to others", "`chmod 600 FILE` and `chown` it to the agent's user"},
    FindingText{config_authority, "config.authority", "a `ca_file` can't be read by this user", "name a PEM file that it can read"},
    FindingText{config_writable, "config.writable", "agent.yaml, or its folder, can be changed by others than root and the agent's user: with it the guardrails", "`chown root FILE; chmod go-w FILE`, the folder likewise"},
    FindingText{config_list, "config.list", "a list of banned or breached passwords can't be read: the domain takes no jobs", "`writeback-passwords verify FILE`; compile it again, or copy it anew; this user must be able to read it"},
    FindingText{config_list_old, "config.list_old", "a list of breached passwords is more than a year old", "fetch the hashes anew and `writeback-passwords compile` them: the agent takes the new file up while it runs"},
    FindingText{state_folder, "state.folder", "the state folder is not the agent's own, or open to others", "`chmod 700 FOLDER`; run the check as the agent's user: `runuser -u writeback-agent -- writeback-agent check`"},
    FindingText{state_space, "state.space", "the disk of the state folder, or of the audit or log file, is nearly full: without the first no job can be journalled", "make room; `df -h FOLDER`"},
    FindingText{state_journal, "state.journal", "the journal can't be opened, or is damaged", "see OPERATIONS.md, A damaged journal, before anything is moved"},
    FindingText{state_audit, "state.audit", "the audit file (`audit.file`) can't be written: the agent does not start", "a folder that the agent's user can write to, and room; a file there must be its own"},
    FindingText{enrolment_missing, "enrolment.missing", "this machine is not enrolled (a token is good once, within an hour), or identity.json can't be read", "`runuser -u writeback-agent -- writeback-agent enroll --service URL --token-file FILE`"},
    FindingText{enrolment_keys, "enrolment.keys", "a key of the agent's own can't be used", "see the detail; where it is lost: `runuser -u writeback-agent -- writeback-agent enroll --again`"},
    FindingText{enrolment_rotation, "enrolment.rotation", "the encryption key is 90 days old or more", "`runuser -u writeback-agent -- writeback-agent keys rotate`, with `--uri` for a provider's"},
    FindingText{enrolment_domain, "enrolment.domain", "a domain stands in agent.yaml, and the agent is not enrolled for it", "`runuser -u writeback-agent -- writeback-agent enroll` with a token of that domain"},
    FindingText{enrolment_revoked, "enrolment.revoked", "the service refuses this agent: it was revoked, or is not known there", "where it is meant to serve again: `runuser -u writeback-agent -- writeback-agent enroll --again`, with a new token"},
    FindingText{enrolment_approval, "enrolment.approval", "the domain's roster does not name this agent with its signing key: nobody seals a password to it", "on the machine with the domain's root: `runuser -u writeback-agent -- writeback-agent approve AGENT --fingerprint F`"},
    FindingText{enrolment_roster, "enrolment.roster", "the domain's roster has expired, or ends within 7 days: then nobody seals a password to any agent of it", "on the machine with the domain's root: `runuser -u writeback-agent -- writeback-agent roster renew`"},
    FindingText{enrolment_service_keys, "enrolment.service_keys", "the agent believes no signing key of the service, or none for longer than a day", "`reset-service keys list`; root elsewhere: bring the next endorsements"},
    FindingText{service_dns, "service.dns", "the service's name has no address", "`getent hosts NAME`; where only a proxy knows it: `service.proxy`"},
    FindingText{service_tcp, "service.tcp", "nobody takes the connection", "route and firewall, outbound to that host and port; `service.proxy` where there is one"},
    FindingText{service_proxy_settings, "service.proxy_settings", "the proxy's URL or password file can't be used", "`service.proxy` in agent.yaml; `chmod 600` the file"},
    FindingText{service_proxy, "service.proxy", "the proxy does not answer, or does not reach the service", "its name, port and life"},
    FindingText{service_proxy_refused, "service.proxy_refused", "the proxy forbids the service's host or port", "have its rules allow CONNECT to it"},
    FindingText{service_proxy_auth, "service.proxy_auth", "the proxy asks for a sign-in that it was not given", "`service.proxy.sign_in` with the scheme that the detail names"},
    FindingText{service_authority, "service.authority", "`service.ca_file` or `intercept_ca_file` can't be read", "name a PEM file that this user can read"},
    FindingText{service_issuer, "service.issuer", "an authority that is not trusted vouches for the service: a wrong `ca_file`, or a box that reads TLS", "have the service excepted on that box; or `service.ca_file`, or `service.intercept_ca_file`, with the CA that the detail names"},
    FindingText{service_name, "service.name", "the service's certificate is for another name", "`service.url` with a name of the certificate"},
    FindingText{service_time, "service.time", "the service's certificate is out of date, or not valid yet", "renew it; or this clock is wrong: `timedatectl`"},
    FindingText{service_ends_soon, "service.ends_soon", "the service's certificate ends within 14 days", "renew it: reset-service takes new files up while it runs"},
    FindingText{service_tls, "service.tls", "TLS 1.3 can't be had of what answers", "is it the service, and does nothing older stand before it?"},
    FindingText{service_web_page, "service.web_page", "a web page answers in the service's place: a proxy's, a portal's or another server's", "sign in there, or have this host exempted; else `service.url`"},
    FindingText{service_answer, "service.answer", "what answers is not a reset service that this agent understands", "`service.url`; WebSocket through what stands in between; versions"},
    FindingText{service_intercepted, "service.intercepted", "a box that `intercept_ca_file` allows reads the TLS of the link", "have the service excepted on it; `channel_binding: require` forbids it"},
    FindingText{service_binding, "service.binding", "TLS ends before the service, and `channel_binding: require` forbids that", "pass TLS on at the load balancer; or `channel_binding: allow_none`"},
    FindingText{service_clock, "service.clock", "this clock and the service's differ by more than a minute; beyond five no jobs are taken", "`timedatectl set-ntp true`, here or there"},
    FindingText{service_idle, "service.idle", "something on the way cuts the link when nothing was said for some time: the running agent says something sooner", "a longer idle timeout for the service on proxy, firewall or load balancer"},
    FindingText{directory_none, "directory.none", "no server is known: DNS has none for the domain, or a URI can't be read", "`host -t srv _ldap._tcp.dc._msdcs.DOMAIN`; or `directory.uris`"},
    FindingText{directory_dns, "directory.dns", "the server's name has no address", "`getent hosts NAME`; this machine must ask the domain's DNS, or `uris` name another one"},
    FindingText{directory_tcp, "directory.tcp", "the server takes no connection, or not in time", "route and firewall to it: port 636, or 389 for starttls, and 389 and 88 for kerberos"},
    FindingText{directory_tls, "directory.tls", "the server's certificate is of an authority that is not trusted, or it has none", "`directory.ca_file` with the domain's CA; on Windows a controller without a certificate takes no TLS at all"},
    FindingText{directory_tls_name, "directory.tls_name", "the server's certificate is for another name", "`uris` with a name of the certificate: `openssl s_client -connect HOST:636 </dev/null | openssl x509 -noout -ext subjectAltName`"},
    FindingText{directory_tls_time, "directory.tls_time", "the server's certificate is out of date, or not valid yet", "renew it; or this clock is wrong: `timedatectl`"},
    FindingText{directory_ends_soon, "directory.ends_soon", "the server's certificate ends within 14 days", "renew it; AD CS does where autoenrolment is on: `certutil -pulse` on the controller"},
    FindingText{directory_credentials, "directory.credentials", "`bind_password_file` or `keytab_file` can't be used", "`chmod 600 FILE` and `chown` it to the agent's user"},
    FindingText{directory_bind, "directory.bind", "the server refuses the service account's sign-in", "its name, password, expiry and lock; the detail has the directory's code"},
    FindingText{directory_root, "directory.root", "what answers is not such a directory as `type` says", "`directory.type` and `uris`"},
    FindingText{directory_other, "directory.other", "the server could not be asked", "see the detail"},
    FindingText{directory_read_only, "directory.read_only", "a read-only domain controller: it is never asked to write", "nothing, while the domain has another one; else take it out of `uris`"},
    FindingText{directory_slow, "directory.slow", "connecting, TLS and sign-in took more than a second", "the network, the server's load; `prefer` and `site` for a nearer one"},
    FindingText{directory_clock, "directory.clock", "this clock and the server's differ by more than a minute; Kerberos ends at five", "`timedatectl set-ntp true`; domain controllers follow the PDC emulator"},
    FindingText{directory_hints, "directory.hints", "the server has no policy hints control: history and minimum age do not bind a reset", "update the server (Samba 4.24, Windows Server 2008 R2 or later); `history_enforcement` says whether that may be"},
    FindingText{directory_ou, "directory.ou", "an OU of `allow_ous` is not there, or not visible to the service account", "its DN; else `runuser -u writeback-agent -- writeback-agent rights --ou DN` prints what to grant"},
    FindingText{directory_policy, "directory.policy", "the domain's password policy is not readable: people are told no rules", "`runuser -u writeback-agent -- writeback-agent rights --ou DN` prints what to grant"},
    FindingText{directory_pso, "directory.pso", "the password settings objects are not readable: who has one is told the domain's rules, and not which one refused", "`runuser -u writeback-agent -- writeback-agent rights --ou DN` prints what to grant; no reset depends on it"},
    FindingText{directory_user, "directory.user", "the person of `--user` is not there, or not visible to the service account", "another name (sAMAccountName, UPN or DN); else `runuser -u writeback-agent -- writeback-agent rights --ou DN`"},
    FindingText{directory_scope, "directory.scope", "the person of `--user` is below no OU of `allow_ous`: the agent will not touch them", "`guardrails.allow_ous`, or another person"},
    FindingText{directory_rights, "directory.rights", "the agent's account lacks a right on the person of `--user`", "`runuser -u writeback-agent -- writeback-agent rights --ou DN` prints what to grant"},
    FindingText{directory_inheritance, "directory.inheritance", "the account of `--user` does not inherit, so what the OU grants does not reach it", "switch inheritance on: `dsacls DN /P:N`; or look at another person"},
    FindingText{directory_admin, "directory.admin", "the account of `--user` is or was an administrator's (`adminCount` is 1): AdminSDHolder keeps delegations off it", "leave it so, and look at another person; of a former administrator clear `adminCount`, then `dsacls DN /P:N`"},
    FindingText{directory_excess, "directory.excess", "the agent's account may do more than it needs", "take it away; `runuser -u writeback-agent -- writeback-agent rights --ou DN --verify USER` lists all of it"},
    FindingText{directory_not_ready, "directory.not_ready", "the domain would take no jobs", "the detail says why, as `/readyz` would"},
};

constexpr bool in_order() {
  for (std::size_t i = 0; i < findings.size(); ++i)
    if (static_cast<std::size_t>(findings[i].finding) != i) return false;
  return findings.size() == static_cast<std::size_t>(directory_not_ready) + 1;
}
static_assert(in_order(), "one line for each finding, in the order of the enum");
}  // namespace

std::span<const FindingText> all_findings() { return findings; }

const FindingText& text_of(Finding finding) { return findings[static_cast<std::size_t>(finding)]; }

const FindingText* text_of_code(std::string_view code) {
  const auto found = std::find_if(findings.begin(), findings.end(), [code](const auto& one) { return one.code == code; });
  return found == findings.end() ? nullptr : &*found;
}

std::string_view to_string(CheckResult result) {
  switch (result) {
    case CheckResult::pass: return "pass";
    case CheckResult::warn: return "warn";
    case CheckResult::fail: return "fail";
    case CheckResult::skip: return "skip";
  }
  return "fail";
}

std::optional<CheckResult> check_result_from(std::string_view text) {
  for (const auto one : {CheckResult::pass, CheckResult::warn, CheckResult::fail, CheckResult::skip})
    if (to_string(one) == text) return one;
  return std::nullopt;
}

bool is_finding_code(std::string_view text) { return !text.empty() && text.size() <= 40 && text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_.") == std::string_view::npos; }

bool is_finding_name(std::string_view text) {
  constexpr std::size_t name_max = 253 + 6;  // a DNS name, a colon and a port
  return text.size() <= name_max && text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:-_[]") == std::string_view::npos;
}

std::string findings_markdown() {
  std::string out = "| code | what it means | what mends it |\n|---|---|---|\n";
  for (const auto& one : findings) out += "| `" + std::string(one.code) + "` | " + std::string(one.meaning) + " | " + std::string(one.remedy) + " |\n";
  return out;
}

}  // namespace wb::protocol
