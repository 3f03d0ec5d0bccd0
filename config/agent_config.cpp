#include "config/agent_config.hpp"

#include <algorithm>
#include <cctype>
#include <set>

#include "config/log_rules.hpp"
#include "policy/dn.hpp"

namespace wb::config {
namespace {

using Millis = std::chrono::milliseconds;

// What can't be had of OpenLDAP is a mistake here: a rule that never applies must not look like protection.
void check_open_ldap(Section& directory, const ldap::Settings& d) {
  if (d.uris.empty()) directory.problem("uris", "1 to 16 of them: only Active Directory's servers are found in DNS");
  if (!d.bind_dn.empty() && !policy::parse_dn(d.bind_dn)) directory.problem("bind_dn", "a DN: OpenLDAP signs in by nothing else");
  if (d.history == ldap::HistoryEnforcement::off) directory.problem("history_enforcement", "prefer or require: OpenLDAP's policy can't be told to look away");
  if (d.password_write == ldap::PasswordWrite::exop && d.marker_attribute.empty()) directory.problem("password_write", "modify, where there is no marker_attribute: nothing else would keep two agents apart");
}

// One label of the DNS names that a domain controller registers (MS-ADTS 6.3.2.3).
bool is_site(std::string_view text) {
  return text.size() <= 63 && std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '_'; });
}

// With a password or with a keytab, and never with both: what is not used must not lie about.
void read_service_account(Section& section, const std::filesystem::path& folder, ldap::Settings& d) {
  const auto take = [&](bool wanted, const char* key, auto& target, const auto& shape, const char* otherwise) {
    if (wanted) return section.required(key, target, shape);
    section.optional(key, target, shape);
    section.refused(key, otherwise);
  };
  const bool kerberos = d.encryption == ldap::Encryption::kerberos;
  constexpr const char* no_password = "principal and keytab_file instead: with encryption kerberos the service account has no password";
  constexpr const char* no_keytab = "it with encryption kerberos only";
  take(!kerberos, "bind_dn", d.bind_dn, shape::principal(), no_password);
  take(!kerberos, "bind_password_file", d.bind_password_file, shape::path(folder, false), no_password);
  take(kerberos, "principal", d.principal, shape::kerberos_principal(d.domain), no_keytab);
  take(kerberos, "keytab_file", d.keytab_file, shape::path(folder, false), no_keytab);
  for (const auto* key : {"bind_password", "password", "bind_pw"}) section.refused(key, "a path in bind_password_file: passwords never stand in this file");
}

void read_directory(Section& section, const std::filesystem::path& folder, ldap::Settings& d) {
  using Type = ldap::DirectoryType;
  section.optional("type", d.type, shape::one_of<Type>("active_directory, openldap or 389ds", {{"active_directory", Type::active_directory}, {"openldap", Type::openldap}, {"389ds", Type::ds389}}));
  using Encryption = ldap::Encryption;
  section.optional("encryption", d.encryption, shape::one_of<Encryption>("ldaps, starttls or kerberos", {{"ldaps", Encryption::ldaps}, {"starttls", Encryption::starttls}, {"kerberos", Encryption::kerberos}}));
  section.list("uris", d.uris, shape::ldap_uri(d.encryption == Encryption::ldaps ? "ldaps://" : "ldap://"), 0, 16);
  section.optional("site", d.site, shape::text("the name of a site, or nothing", is_site));
  using Prefer = ldap::Prefer;
  section.optional("prefer", d.prefer, shape::one_of<Prefer>("pdc_emulator or listed_first", {{"pdc_emulator", Prefer::pdc_emulator}, {"listed_first", Prefer::listed_first}}));
  section.optional("ca_file", d.ca_file, shape::path(folder, true));
  read_service_account(section, folder, d);
  section.optional("base_dn", d.base_dn, shape::distinguished_name_or_empty());
  section.optional("policy_dn", d.policy_dn, shape::distinguished_name_or_empty());
  using Write = ldap::PasswordWrite;
  section.optional("password_write", d.password_write, shape::one_of<Write>("modify or exop", {{"modify", Write::modify}, {"exop", Write::exop}}));
  section.optional("marker_attribute", d.marker_attribute, shape::attribute_or_empty());
  section.list("contacts", d.contacts, shape::one_of<std::string>("mail, otherMailbox, proxyAddresses, mobile, otherMobile, telephoneNumber or otherTelephone", {{"mail", "mail"}, {"otherMailbox", "otherMailbox"}, {"proxyAddresses", "proxyAddresses"}, {"mobile", "mobile"}, {"otherMobile", "otherMobile"}, {"telephoneNumber", "telephoneNumber"}, {"otherTelephone", "otherTelephone"}}), 0, 8);
  using History = ldap::HistoryEnforcement;
  section.optional("history_enforcement", d.history, shape::one_of<History>("require, prefer or off", {{"require", History::require}, {"prefer", History::prefer}, {"off", History::off}}));
  section.optional("connections", d.connections, shape::whole(1, 16));
  section.optional("connect_timeout_ms", d.connect_timeout, shape::milliseconds(100, 60'000));
  section.optional("operation_timeout_ms", d.operation_timeout, shape::milliseconds(100, 60'000));
  section.optional("failover_timeout_ms", d.failover_timeout, shape::milliseconds(100, 60'000));
  section.optional("fail_back_after_ms", d.fail_back_after, shape::milliseconds(1'000, 86'400'000));
  if (!d.site.empty() && !d.uris.empty()) section.problem("site", "it without uris only: DNS is asked for a site's controllers");
  if (d.encryption == Encryption::kerberos && d.type != Type::active_directory) section.problem("encryption", "ldaps or starttls: kerberos is Active Directory's only");
  if (d.type != Type::openldap && d.password_write != Write::modify) section.problem("password_write", "modify: other ways are OpenLDAP's only");
  if (d.type != Type::active_directory) return check_open_ldap(section, d);
  if (!d.policy_dn.empty()) section.problem("policy_dn", "it with type openldap or 389ds only");
}

void read_proxy(Section& section, const std::filesystem::path& folder, link::ProxySettings& p) {
  using Use = link::ProxySettings::Use;
  using SignIn = link::ProxySettings::SignIn;
  std::string use = "none";
  section.optional("use", use, shape::proxy());
  if (use == "environment") p.use = Use::environment;
  else if (use != "none") p.use = Use::fixed, p.url = use;
  section.optional("sign_in", p.sign_in, shape::one_of<SignIn>("none, basic or negotiate", {{"none", SignIn::none}, {"basic", SignIn::basic}, {"negotiate", SignIn::negotiate}}));
  section.optional("user", p.user, shape::text("a user name without a colon", [](std::string_view t) { return t.size() <= 256 && t.find(':') == std::string_view::npos; }));
  section.optional("password_file", p.password_file, shape::path(folder, true));
  section.refused("password", "a path in password_file: passwords never stand in this file");
  section.list("no_proxy", p.no_proxy, shape::no_proxy_rule(), 0, 64);
  const bool basic = p.sign_in == SignIn::basic;
  if (p.use == Use::none && p.sign_in != SignIn::none) section.problem("sign_in", "none: no proxy is used");
  if (basic && p.user.empty()) section.problem("sign_in", "a user beside it");
  if (basic && p.password_file.empty()) section.problem("sign_in", "a password_file beside it");
  if (!basic && (!p.user.empty() || !p.password_file.empty())) section.problem(p.user.empty() ? "password_file" : "user", "it with sign_in basic only");
}

void read_agent(Reader& reader, AgentConfig& config) {
  const auto folder = reader.folder();
  reader.read([&](Section& top) {
    top.section("service", true, [&](Section& service) {
      service.required("url", config.service_url, shape::https_origin());
      service.list("more_urls", config.more_urls, shape::https_origin(), 0, 7);
      service.optional("ca_file", config.trust.ca_file, shape::path(folder, true));
      service.optional("intercept_ca_file", config.trust.intercept_ca_file, shape::path(folder, true));
      service.section("proxy", false, [&](Section& proxy) { read_proxy(proxy, folder, config.proxy); });
      using Binding = AgentConfig::ChannelBinding;
      service.optional("channel_binding", config.channel_binding, shape::one_of<Binding>("require or allow_none", {{"require", Binding::require}, {"allow_none", Binding::allow_none}}));
    });
    top.optional("state_dir", config.state_dir, shape::path(folder, false));
    top.section("metrics", false, [&](Section& section) { read_metrics(section, config.metrics); });
    top.section("control", false, [&](Section& control) { control.optional("socket", config.control_socket, shape::path(folder, true)); });
    top.optional("window", config.window, shape::whole(1, 64));
    top.optional("log_level", config.log_level, shape::log_level());
    top.section("log", false, [&](Section& section) { read_log(section, folder, config.log_to); });
    top.section("audit", false, [&](Section& section) { read_kept_file(section, folder, config.audit); });
    std::set<std::string> seen;
    top.sections("domains", 16, [&](Section& section) {
      AgentDomain domain;
      section.required("domain", domain.directory.domain, shape::domain_name());
      if (!domain.directory.domain.empty() && !seen.insert(domain.directory.domain).second) section.problem("domain", "each domain once, and this one stands above already");
      section.section("directory", true, [&](Section& s) { read_directory(s, folder, domain.directory); });
      section.section("guardrails", true, [&](Section& s) {
        read_guardrails(s, domain.directory, domain.guardrails);
        s.section("volume", false, [&](Section& v) { read_volume(v, domain.volume); });
        s.section("probes", false, [&](Section& v) { read_volume(v, domain.probes); });
      });
      domain.directory.named_groups = policy::groups_by_dn(domain.guardrails);
      section.section("password_rules", false, [&](Section& s) { read_password_rules(s, folder, domain.password_rules); });
      config.domains.push_back(std::move(domain));
    });
  });
}

}  // namespace

std::vector<std::string_view> audited_rules(const AgentDomain& domain) {
  const auto& g = domain.guardrails;
  std::vector<std::string_view> rules;
  if (g.scope != policy::Guardrails::Rule::enforce) rules.emplace_back("scope");
  if (g.protection != policy::Guardrails::Rule::enforce) rules.emplace_back("protection");
  if (g.disabled_accounts == policy::Guardrails::Disabled::audit) rules.emplace_back("disabled_accounts");
  if (domain.volume.mode != policy::Mode::enforce) rules.emplace_back("volume");
  if (domain.probes.mode != policy::Mode::enforce) rules.emplace_back("probes");
  return rules;
}

std::variant<AgentConfig, Problems> load_agent_config(const std::filesystem::path& file) {
  Reader reader(file);
  AgentConfig config;
  read_agent(reader, config);
  if (auto problems = reader.problems(); !problems.empty()) return problems;
  return config;
}

std::vector<std::string> agent_config_keys() {
  auto reader = Reader::of_no_file();
  AgentConfig config;
  read_agent(reader, config);
  return reader.keys();
}

}  // namespace wb::config
