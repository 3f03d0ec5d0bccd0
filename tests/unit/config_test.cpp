#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "config/agent_config.hpp"
#include "config/service_config.hpp"

namespace wb::config {
namespace {

namespace fs = std::filesystem;

class AConfig : public testing::Test {
 protected:
  AConfig() { fs::create_directories(folder_); }
  ~AConfig() override { fs::remove_all(folder_); }

  fs::path write(const std::string& text, const std::string& name = "c.yaml") {
    std::ofstream(folder_ / name, std::ios::binary) << text;
    return folder_ / name;
  }
  static std::string lines(const Problems& problems, const fs::path& folder) {
    std::string out;
    for (auto p : problems) {
      if (p.file.starts_with(folder.string())) p.file.erase(0, folder.string().size() + 1);
      out += to_string(p) + "\n";
    }
    return out;
  }
  std::string agent(const std::string& text) {
    const auto read = load_agent_config(write(text));
    return std::holds_alternative<Problems>(read) ? lines(std::get<Problems>(read), folder_) : "valid\n";
  }
  std::string service(const std::string& text) {
    const auto read = load_service_config(write(text));
    return std::holds_alternative<Problems>(read) ? lines(std::get<Problems>(read), folder_) : "valid\n";
  }
  // A valid one with `from` replaced.
  std::string agent_with(std::string_view from, const std::string& to) {
    std::string text = smallest;
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return agent(text.replace(at, from.size(), to));
  }

  static constexpr const char* smallest =
      "service: {url: https://reset.example}\n"
      "domains:\n"
      "  - domain: Corp.Example\n"
      "    directory:\n"
      "      uris: [ldaps://dc1.corp.example]\n"
      "      bind_dn: svc@corp.example\n"
      "      bind_password_file: secrets/svc\n"
      "    guardrails:\n"
      "      allow_ous: ['OU=People,DC=corp,DC=example']\n";
  fs::path folder_ = fs::temp_directory_path() / ("wb-config-" + std::to_string(::getpid()));
};

TEST_F(AConfig, FillsInDefaultsAndResolvesPathsFromItsFolder) {
  const auto read = load_agent_config(write(smallest));
  ASSERT_TRUE(std::holds_alternative<AgentConfig>(read)) << lines(std::get<Problems>(read), folder_);
  const auto& c = std::get<AgentConfig>(read);
  EXPECT_EQ(c.service_url, "https://reset.example");
  EXPECT_TRUE(c.trust.ca_file.empty());
  EXPECT_EQ(c.state_dir, "/var/lib/writeback-agent");
  EXPECT_EQ(c.window, 8);
  ASSERT_EQ(c.domains.size(), 1U);
  const auto& d = c.domains[0].directory;
  EXPECT_EQ(d.domain, "corp.example") << "folded, so that it compares";
  EXPECT_EQ(d.bind_password_file, folder_ / "secrets/svc");
  EXPECT_EQ(d.operation_timeout, std::chrono::milliseconds(8000));
  EXPECT_TRUE(c.domains[0].guardrails.protect_admins);
}

TEST_F(AConfig, ResolvesPathsWhenItIsNamedRelatively) {
  write(smallest);
  const auto before = fs::current_path();
  fs::current_path(folder_);
  const auto read = load_agent_config("c.yaml");
  fs::current_path(before);
  EXPECT_EQ(std::get<AgentConfig>(read).domains[0].directory.bind_password_file, folder_ / "secrets/svc");
}

TEST_F(AConfig, TellsEveryProblemAtOnceInTheOrderOfLines) {
  EXPECT_EQ(agent("service:\n  url: http://x\nwindow: 1000\nnonsense: 1\nwindwo: 8\ndomains:\n  - domain: corp.example\n    directory:\n"
                  "      uris: [ldap://dc1]\n      bind_password: S3cret!\n"),
      "c.yaml:2:8: service.url: expected https://host[:port] without a path\n"
      "c.yaml:3:9: window: expected a whole number from 1 to 64\n"
      "c.yaml:4:1: nonsense: expected a key of this section, and this is none\n"
      "c.yaml:5:1: windwo: expected a key of this section, perhaps window\n"
      "c.yaml:7:5: domains[0].guardrails.allow_ous: expected a list of 1 to 256, each a DN (RFC 4514), like OU=People,DC=corp,DC=example, but the key is missing\n"
      "c.yaml:9:7: domains[0].directory.bind_dn: expected a DN (RFC 4514) or a name like svc-writeback@corp.example, but the key is missing\n"
      "c.yaml:9:7: domains[0].directory.bind_password_file: expected a path (a relative one starts at this file's folder), but the key is missing\n"
      "c.yaml:9:14: domains[0].directory.uris: expected ldaps://host[:port] (passwords go over an encrypted connection only; ldap:// is for encryption starttls or kerberos)\n"
      "c.yaml:10:7: domains[0].directory.bind_password: expected a path in bind_password_file: passwords never stand in this file\n");
}

TEST_F(AConfig, ThatIsEmptyMissesWhatIsRequired) {
  const std::string missing =
      "service.url: expected https://host[:port] without a path, but the key is missing\n"
      "c.yaml: domains: expected a list of 1 to 16, each a map of keys and values, but the key is missing\n";
  EXPECT_EQ(agent(""), "c.yaml: " + missing);
  EXPECT_EQ(agent("# nothing\n"), "c.yaml: " + missing);
  EXPECT_EQ(service(""),
      "c.yaml: listen.certificate_file: expected a path (a relative one starts at this file's folder), but the key is missing\n"
      "c.yaml: listen.key_file: expected a path (a relative one starts at this file's folder), but the key is missing\n"
      "c.yaml: public_url: expected https://host[:port] without a path, but the key is missing\n");
}

TEST_F(AConfig, ThatCannotBeReadIsAProblemWithoutALine) {
  const auto problems = std::get<Problems>(load_agent_config(folder_ / "none.yaml"));
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].line, 0);
  EXPECT_EQ(lines(problems, folder_), "none.yaml: expected a readable file: No such file or directory\n");
  EXPECT_EQ(to_string(std::get<Problems>(load_agent_config(folder_))[0]), folder_.string() + ": expected a readable file: it is a directory");
  EXPECT_EQ(agent(std::string(file_bytes_max + 1, '#')), "c.yaml: expected at most 1 MiB\n");
}

TEST_F(AConfig, ThatIsNotYamlIsRefusedAtItsPlace) {
  EXPECT_EQ(agent("service: {url: x\nwindow: 1\n"), "c.yaml:2:7: expected valid YAML: end of map flow not found\n");
  EXPECT_EQ(agent("- a\n"), "c.yaml:1:1: expected a map of keys and values\n");
  EXPECT_EQ(agent("just words\n"), "c.yaml:1:1: expected a map of keys and values\n");
  EXPECT_EQ(agent("a: 1\n---\nb: 2\n"), "c.yaml:3:1: expected one document in a file\n");
  EXPECT_EQ(agent("? [a]\n: 1\n"), "c.yaml:1:3: expected a plain key\n");
}

TEST_F(AConfig, RefusesBombs) {
  const std::string none = "expected no anchors and no aliases (& and *)\n";
  EXPECT_EQ(agent("a: &x [1, 2]\nb: [*x, *x]\n"), "c.yaml:1:4: " + none);
  EXPECT_EQ(agent("a: *S3cretName\n"), "c.yaml:1:4: " + none) << "the name is not repeated";
  EXPECT_EQ(agent("a: " + std::string(17, '[') + std::string(17, ']') + "\n"), "c.yaml:1:19: expected at most 16 levels\n");
  EXPECT_NE(agent("a: " + std::string(100'000, '[') + "\n").find("expected"), std::string::npos);
  std::string many = "a:\n";
  for (int i = 0; i < 20'000; ++i) many += "- x\n";
  EXPECT_NE(agent(many).find("expected at most 20000 values in a file\n"), std::string::npos);
}

TEST_F(AConfig, RefusesKeysThatStandTwice) {
  EXPECT_EQ(agent(std::string(smallest) + "window: 4\nwindow: 5\n"), "c.yaml:11:1: window: expected the key once, and it stands in line 10 already\n");
  EXPECT_EQ(agent(std::string(smallest) + "  - domain: corp.EXAMPLE\n    directory: {uris: [ldaps://dc1], bind_dn: DC=x, bind_password_file: p}\n    guardrails: {allow_ous: [OU=x]}\n"),
      "c.yaml:10:13: domains[1].domain: expected each domain once, and this one stands above already\n");
}

TEST_F(AConfig, RefusesWrongTypes) {
  EXPECT_EQ(agent("window: [1]\n" + std::string(smallest)), "c.yaml:1:9: window: expected a whole number from 1 to 64\n");
  EXPECT_EQ(agent("window: '8'\n" + std::string(smallest)), "c.yaml:1:9: window: expected a whole number from 1 to 64\n");
  EXPECT_EQ(agent("window:\n" + std::string(smallest)), "c.yaml:1:1: window: expected a whole number from 1 to 64\n");
  EXPECT_EQ(agent("state_dir: {}\n" + std::string(smallest)), "c.yaml:1:12: state_dir: expected a path (a relative one starts at this file's folder)\n");
  EXPECT_EQ(agent("log_level: verbose\n" + std::string(smallest)), "c.yaml:1:12: log_level: expected debug, info, warn or error\n");
  EXPECT_EQ(agent_with("service: {url: https://reset.example}", "service: x"), "c.yaml:1:10: service: expected a map of keys and values\n");
  EXPECT_EQ(agent_with("allow_ous: ['OU=People,DC=corp,DC=example']", "allow_ous: OU=People"),
      "c.yaml:9:18: domains[0].guardrails.allow_ous: expected a list of 1 to 256, each a DN (RFC 4514), like OU=People,DC=corp,DC=example\n");
  EXPECT_EQ(agent_with("['OU=People,DC=corp,DC=example']", "[]").substr(0, 60), "c.yaml:9:18: domains[0].guardrails.allow_ous: expected a lis");
  EXPECT_EQ(agent_with("allow_ous: [", "protect_admins: yes\n      allow_ous: ["), "c.yaml:9:23: domains[0].guardrails.protect_admins: expected true or false\n");
}

TEST_F(AConfig, RefusesNumbersOutOfRange) {
  for (const auto* value : {"0", "65", "-1", "1.5", "08x", "99999999999999999999", "0x8"})
    EXPECT_EQ(agent("window: " + std::string(value) + "\n" + smallest), "c.yaml:1:9: window: expected a whole number from 1 to 64\n") << value;
  for (const auto* value : {"1", "64"}) EXPECT_EQ(agent("window: " + std::string(value) + "\n" + smallest), "valid\n") << value;
  EXPECT_EQ(agent_with("      uris:", "      connect_timeout_ms: 99\n      uris:"), "c.yaml:5:27: domains[0].directory.connect_timeout_ms: expected a whole number from 100 to 60000\n");
}

TEST_F(AConfig, TakesNothingButAnEncryptedDirectory) {
  for (const auto* uri : {"ldap://dc1", "ldapi://%2ftmp%2fx", "ldaps://", "ldaps://dc1/x", "ldaps://dc1:0", "ldaps://dc1:65536", "ldaps://dc 1", "ldaps://u@dc1", "dc1", "LDAP://dc1"})
    EXPECT_NE(agent_with("[ldaps://dc1.corp.example]", "['" + std::string(uri) + "']").find("an encrypted connection only"), std::string::npos) << uri;
  for (const auto* uri : {"ldaps://dc1", "ldaps://127.0.0.1:6360", "ldaps://[::1]:636", "ldaps://[2001:db8::1]"})
    EXPECT_EQ(agent_with("[ldaps://dc1.corp.example]", "['" + std::string(uri) + "']"), "valid\n") << uri;
  EXPECT_EQ(agent_with("      uris:", "      type: novell\n      uris:"), "c.yaml:5:13: domains[0].directory.type: expected active_directory, openldap or 389ds\n");
}

TEST_F(AConfig, NamesControllersByTheSchemeThatGoesWithTheEncryption) {
  EXPECT_EQ(agent_with("uris: [ldaps://dc1.corp.example]", "encryption: ldaps\n      uris: [ldaps://dc1.corp.example]"), "valid\n");
  EXPECT_EQ(agent_with("uris: [ldaps://dc1.corp.example]", "encryption: starttls\n      uris: [ldap://dc1.corp.example]"), "valid\n");
  EXPECT_NE(agent_with("uris: [ldaps://dc1.corp.example]", "encryption: starttls\n      uris: [ldaps://dc1.corp.example]").find("uris: expected ldap://host[:port]"), std::string::npos);
  for (const auto* no : {"none", "tls", "off", ""})
    EXPECT_NE(agent_with("uris:", "encryption: '" + std::string(no) + "'\n      uris:").find("encryption: expected ldaps, starttls or kerberos"), std::string::npos) << no;
}

TEST_F(AConfig, OfKerberosNamesAKeytabAndNoPassword) {
  const std::string password = "uris: [ldaps://dc1.corp.example]\n      bind_dn: svc@corp.example\n      bind_password_file: secrets/svc\n";
  const std::string keytab = "uris: [ldap://dc1.corp.example]\n      encryption: kerberos\n      principal: svc\n      keytab_file: secrets/svc.keytab\n";
  std::string text = smallest;
  const auto read = load_agent_config(write(text.replace(text.find(password), password.size(), keytab)));
  ASSERT_TRUE(std::holds_alternative<AgentConfig>(read)) << lines(std::get<Problems>(read), folder_);
  const auto& domain = std::get<AgentConfig>(read).domains[0];
  EXPECT_EQ(domain.directory.principal, "svc@CORP.EXAMPLE");
  EXPECT_EQ(domain.directory.keytab_file, folder_ / "secrets/svc.keytab");
  EXPECT_EQ(domain.guardrails.own_account, "svc@CORP.EXAMPLE") << "never touched";
  EXPECT_NE(agent_with(password, keytab + "      bind_dn: svc@corp.example\n").find("bind_dn: expected principal and keytab_file instead"), std::string::npos);
  EXPECT_NE(agent_with("uris:", "keytab_file: x\n      uris:").find("keytab_file: expected it with encryption kerberos only"), std::string::npos);
  const auto without = agent_with(password, "uris: [ldap://dc1.corp.example]\n      encryption: kerberos\n");
  EXPECT_NE(without.find("principal: expected the sAMAccountName of an account of this domain"), std::string::npos) << without;
  EXPECT_NE(without.find("keytab_file: expected a path"), std::string::npos) << without;
  for (const auto* wrong : {"svc@OTHER.EXAMPLE", "svc@corp.example", "'CORP\\svc'", "CN=svc", "''", "'a b'", "svc/host", "'svc@'"})
    EXPECT_NE(agent_with(password, std::string(keytab).replace(keytab.find("svc\n"), 3, wrong)).find("principal: expected"), std::string::npos) << wrong;
  for (const auto* right : {"svc", "svc@CORP.EXAMPLE", "gmsa$"})
    EXPECT_EQ(agent_with(password, std::string(keytab).replace(keytab.find("svc\n"), 3, right)), "valid\n") << right;
}

TEST_F(AConfig, MayLeaveTheDomainControllersToDns) {
  EXPECT_EQ(agent_with("      uris: [ldaps://dc1.corp.example]\n", ""), "valid\n");
  EXPECT_EQ(agent_with("      uris: [ldaps://dc1.corp.example]\n", "      site: Default-First-Site-Name\n"), "valid\n");
  EXPECT_NE(agent_with("      uris: [ldaps://dc1.corp.example]\n", "      site: a.b\n").find("site: expected the name of a site"), std::string::npos);
  EXPECT_NE(agent_with("      uris:", "      site: Cologne\n      uris:").find("site: expected it without uris only"), std::string::npos);
  EXPECT_NE(agent_with("      uris:", "      prefer: any\n      uris:").find("prefer: expected pdc_emulator or listed_first"), std::string::npos);
  EXPECT_NE(agent_with("      uris:", "      failover_timeout_ms: 0\n      uris:"), "valid\n");
}

TEST_F(AConfig, RefusesForOpenLdapWhatOpenLdapCannotDo) {
  std::string open_ldap = smallest;
  auto put = [&](const std::string& what, const std::string& instead) {
    const auto at = open_ldap.find(what);
    ASSERT_NE(at, std::string::npos) << what;
    open_ldap.replace(at, what.size(), instead);
  };
  put("      uris:", "      type: openldap\n      uris:");
  EXPECT_NE(agent(open_ldap).find("protect_admins: expected false: OpenLDAP marks no privileged accounts"), std::string::npos) << agent(open_ldap);
  put("      allow_ous:", "      protect_admins: false\n      allow_ous:");
  EXPECT_NE(agent(open_ldap).find("bind_dn: expected a DN"), std::string::npos) << agent(open_ldap);
  put("bind_dn: svc@corp.example", "bind_dn: cn=svc,dc=corp,dc=example");
  EXPECT_EQ(agent(open_ldap), "valid\n");
  const auto right = open_ldap;
  put("      uris: [ldaps://dc1.corp.example]\n", "");
  EXPECT_NE(agent(open_ldap).find("uris: expected 1 to 16 of them"), std::string::npos) << agent(open_ldap);
  open_ldap = right;
  put("      uris:", "      history_enforcement: 'off'\n      uris:");
  EXPECT_NE(agent(open_ldap).find("history_enforcement: expected prefer or require"), std::string::npos) << agent(open_ldap);
  open_ldap = right;
  put("      allow_ous:", "      protected_groups: [S-1-5-32-544]\n      allow_ous:");
  EXPECT_NE(agent(open_ldap).find("protected_groups: expected DNs only"), std::string::npos) << agent(open_ldap);
  open_ldap = right;
  put("      uris:", "      password_write: exop\n      uris:");
  EXPECT_NE(agent(open_ldap).find("password_write: expected modify, where there is no marker_attribute"), std::string::npos) << agent(open_ldap);
  put("      uris:", "      marker_attribute: wbLastJob\n      uris:");
  EXPECT_EQ(agent(open_ldap), "valid\n");
  put("exop", "bind");
  EXPECT_NE(agent(open_ldap).find("password_write: expected modify or exop"), std::string::npos) << agent(open_ldap);
  EXPECT_NE(agent_with("      uris:", "      password_write: exop\n      uris:").find("password_write: expected modify: other ways"), std::string::npos);
  EXPECT_NE(agent_with("      uris:", "      policy_dn: cn=p\n      uris:").find("policy_dn: expected it with type openldap or 389ds only"), std::string::npos);
}

TEST_F(AConfig, RefusesUrlsThatAreNoOrigins) {
  for (const auto* url : {"http://x", "https://", "https://x/", "https://x/path", "https://x?q", "https://u:p@x", "https://x:", "https://x:+1", "https://[x]", "https://[::1", "https://-x", "wss://x"})
    EXPECT_EQ(agent_with("https://reset.example", "'" + std::string(url) + "'"), "c.yaml:1:16: service.url: expected https://host[:port] without a path\n") << url;
}

TEST_F(AConfig, ChecksNamesOfTheDirectory) {
  EXPECT_NE(agent_with("Corp.Example", "corp_example"), "valid\n");
  EXPECT_NE(agent_with("svc@corp.example", "CORP\\svc"), "valid\n");
  EXPECT_EQ(agent_with("svc@corp.example", "CN=svc\\, wb,DC=corp"), "valid\n");
  EXPECT_NE(agent_with("'OU=People,DC=corp,DC=example'", "People"), "valid\n");
  EXPECT_NE(agent_with("'OU=People,DC=corp,DC=example'", "''"), "valid\n") << "the empty DN would be everybody";
  EXPECT_NE(agent_with("      uris:", "      marker_attribute: a b\n      uris:"), "valid\n");
  EXPECT_EQ(agent_with("      uris:", "      marker_attribute: adminDisplayName\n      uris:"), "valid\n");
  EXPECT_EQ(agent_with("allow_ous: [", "protected_groups: [S-1-5-21-1-2-3-1105, 'CN=VIPs,DC=corp']\n      allow_ous: ["), "valid\n");
  EXPECT_NE(agent_with("allow_ous: [", "protected_groups: [VIPs]\n      allow_ous: ["), "valid\n");
}

TEST_F(AConfig, ReadsTheRulesForAccountsAndPasswords) {
  const auto read = load_agent_config(write(std::string(smallest) +
      "      allow_groups: [S-1-5-21-1-2-3-1300, 'CN=Staff,DC=corp']\n"
      "      allow_privileged: ['CN=Ada,DC=corp']\n"
      "      disabled_accounts: audit\n"
      "      volume: {mode: audit, per_minute: 5, per_hour: 50, account_per_minute: 1}\n"
      "      probes: {mode: audit, account_per_minute: 7}\n"
      "    password_rules:\n"
      "      directory: audit\n"
      "      banned: {file: banned.txt, organisation: [Contoso]}\n"
      "      breached: {mode: off, file: /b}\n"));
  ASSERT_TRUE(std::holds_alternative<AgentConfig>(read)) << lines(std::get<Problems>(read), folder_);
  const auto& d = std::get<AgentConfig>(read).domains[0];
  EXPECT_EQ(d.guardrails.own_account, "svc@corp.example");
  EXPECT_EQ(d.guardrails.domain, "corp.example");
  EXPECT_EQ(d.guardrails.allow_groups.size(), 2U);
  EXPECT_EQ(d.guardrails.disabled_accounts, policy::Guardrails::Disabled::audit);
  EXPECT_EQ(d.directory.named_groups, std::vector<std::string>{"CN=Staff,DC=corp"}) << "what the directory must be able to find";
  EXPECT_EQ(d.volume.mode, policy::Mode::audit);
  EXPECT_EQ(d.volume.per_minute, 5);
  EXPECT_EQ(d.volume.account_per_hour, 10);
  EXPECT_EQ(d.probes.mode, policy::Mode::audit);
  EXPECT_EQ(d.probes.account_per_minute, 7);
  EXPECT_EQ(d.probes.per_hour, 6'000) << "a probe is a reading: there may be more of them than of writes";
  EXPECT_EQ(d.password_rules.directory, policy::Mode::audit);
  EXPECT_EQ(d.password_rules.banned, policy::Mode::enforce) << "once the section is there";
  EXPECT_EQ(d.password_rules.banned_file, folder_ / "banned.txt");
  EXPECT_EQ(d.password_rules.organisation, std::vector<std::string>{"Contoso"});
  EXPECT_EQ(d.password_rules.breached, policy::Mode::off);
}

TEST_F(AConfig, WithoutPasswordRulesHasTheDirectorysOnly) {
  const auto read = load_agent_config(write(smallest));
  const auto& d = std::get<AgentConfig>(read).domains[0];
  EXPECT_EQ(d.password_rules.directory, policy::Mode::enforce);
  EXPECT_EQ(d.password_rules.banned, policy::Mode::off);
  EXPECT_EQ(d.password_rules.breached, policy::Mode::off);
  EXPECT_EQ(d.volume.mode, policy::Mode::enforce);
  EXPECT_EQ(d.guardrails.disabled_accounts, policy::Guardrails::Disabled::refuse);
}

TEST_F(AConfig, NamesTheGuardrailsThatAreOnlyAudited) {
  const auto audited = [this](const std::string& guardrails) {
    const auto read = load_agent_config(write(std::string(smallest) + guardrails));
    if (const auto* problems = std::get_if<Problems>(&read)) return lines(*problems, folder_);
    std::string out;
    for (const auto rule : audited_rules(std::get<AgentConfig>(read).domains[0])) out += std::string(rule) + ' ';
    return out;
  };
  EXPECT_EQ(audited(""), "");
  EXPECT_EQ(audited("      scope: audit\n"), "scope ");
  EXPECT_EQ(audited("      protection: audit\n"), "protection ");
  EXPECT_EQ(audited("      disabled_accounts: audit\n"), "disabled_accounts ");
  EXPECT_EQ(audited("      disabled_accounts: allow\n"), "") << "a decision, not a trial";
  EXPECT_EQ(audited("      volume: {mode: audit}\n      probes: {mode: off}\n"), "volume probes ");
}

TEST_F(AConfig, RefusesRulesThatMeanNothing) {
  const std::string s = smallest;
  EXPECT_EQ(agent(s + "      volume: {per_minute: 100, per_hour: 50, account_per_minute: 20}\n"),
      "c.yaml:10:15: domains[0].guardrails.volume.account_per_hour: expected at least account_per_minute\n"
      "c.yaml:10:43: domains[0].guardrails.volume.per_hour: expected at least per_minute\n");
  EXPECT_EQ(agent(s + "      volume: {per_minute: 0}\n"), "c.yaml:10:28: domains[0].guardrails.volume.per_minute: expected a whole number from 1 to 100000\n");
  EXPECT_EQ(agent(s + "      probes: {account_per_minute: 50, account_per_hour: 20}\n"),
      "c.yaml:10:58: domains[0].guardrails.probes.account_per_hour: expected at least account_per_minute\n");
  EXPECT_EQ(agent(s + "      disabled_accounts: maybe\n"), "c.yaml:10:26: domains[0].guardrails.disabled_accounts: expected refuse, audit or allow\n");
  EXPECT_EQ(agent(s + "      allow_privileged: [Ada]\n"), "c.yaml:10:26: domains[0].guardrails.allow_privileged: expected an account's DN (RFC 4514) or SID (S-1-5-...)\n");
  EXPECT_EQ(agent(s + "    password_rules: {breached: {mode: enforce}}\n"),
      "c.yaml:10:32: domains[0].password_rules.breached.file: expected a path (a relative one starts at this file's folder), but the key is missing\n");
  EXPECT_EQ(agent(s + "    password_rules: {banned: {organisation: [abc]}}\n"), "c.yaml:10:46: domains[0].password_rules.banned.organisation: expected a name of 4 to 64 characters\n");
}

TEST_F(AConfig, OfTheServiceIsReadAndChecked) {
  const std::string listen = "listen: {certificate_file: a.pem, key_file: /k/b.key, port: 8443, address: '::1'}\npublic_url: https://127.0.0.1:8443\n";
  const auto read = load_service_config(write(listen + "tenant: demo\nchannel_binding: none\nstate_dir: state\nportal_dir: pages\n"));
  ASSERT_TRUE(std::holds_alternative<ServiceConfig>(read));
  const auto& c = std::get<ServiceConfig>(read);
  EXPECT_EQ(c.listen_port, 8443);
  EXPECT_EQ(c.certificate_file, folder_ / "a.pem");
  EXPECT_EQ(c.key_file, "/k/b.key");
  EXPECT_EQ(c.state_dir, folder_ / "state");
  EXPECT_EQ(c.portal_dir, folder_ / "pages");
  EXPECT_EQ(c.channel_binding, ServiceConfig::ChannelBinding::none);
  EXPECT_EQ(service(listen + "tenant: a b\nchannel_binding: require\n"),
      "c.yaml:3:9: tenant: expected 1 to 64 letters, digits, - and _\nc.yaml:4:18: channel_binding: expected exporter or none\n");
}

TEST_F(AConfig, OfTheServicesDoorIsReadAndHasBounds) {
  const auto with = [&](const std::string& door) { return write("listen: {certificate_file: a.pem, key_file: b.key, " + door + "}\npublic_url: https://reset.example\n"); };
  const auto read = load_service_config(with(
      "connections_max: 100, connections_per_address: 1, handshakes_per_second: 100000, handshakes_max: 16, hellos_waiting_max: 17, enrolments_per_minute: 60, "
      "trusted_balancers: [192.0.2.7, 10.0.0.0/8, '2001:db8::/32', '::1']"));
  ASSERT_TRUE(std::holds_alternative<ServiceConfig>(read));
  const auto& c = std::get<ServiceConfig>(read);
  EXPECT_EQ(c.connections_max, 100);
  EXPECT_EQ(c.door.connections_per_address, 1U);
  EXPECT_EQ(c.door.handshakes_per_second, 100'000);
  EXPECT_EQ(c.door.handshakes_max, 16U);
  EXPECT_EQ(c.hellos_waiting_max, 17);
  EXPECT_EQ(c.enrolments_per_minute, 60);
  EXPECT_EQ(c.door.trusted_balancers, (std::vector<std::string>{"192.0.2.7", "10.0.0.0/8", "2001:db8::/32", "::1"}));
  const auto wrong = [&](const std::string& key, const std::string& value) {
    const auto read_wrong = load_service_config(with(key + ": " + value));
    const auto* problems = std::get_if<Problems>(&read_wrong);
    return problems && problems->size() == 1 && problems->front().key.starts_with("listen." + key);
  };
  for (const auto* key : {"connections_max", "connections_per_address", "handshakes_per_second", "handshakes_max", "hellos_waiting_max", "enrolments_per_minute"})
    for (const auto* value : {"0", "-1", "1000001", "many"}) EXPECT_TRUE(wrong(key, value)) << key << " " << value;
  for (const auto* value : {"[lb.example]", "['*']", "[0.0.0.0/0]", "['::/0']", "[10.1.2.3/16]", "[10.0.0.0/7]", "[10.0.0.0/33]", "['10.0.0.0/']", "[10.0.0.0/8/8]", "['']", "192.0.2.7"})
    EXPECT_TRUE(wrong("trusted_balancers", value)) << value;
}

TEST_F(AConfig, TakesAProxyWithItsSignIn) {
  const auto with = [&](const std::string& proxy) { return agent_with("{url: https://reset.example}", "{url: https://reset.example, proxy: {" + proxy + "}}"); };
  for (const auto* right : {"use: none", "use: environment", "use: 'http://proxy.example'", "use: 'http://[2001:db8::1]:8080', no_proxy: [.intranet, 10.0.0.0/8, '[::1]', '*']",
           "use: 'http://p.example', sign_in: basic, user: tom, password_file: pw", "use: environment, sign_in: negotiate"})
    EXPECT_EQ(with(right), "valid\n") << right;
  const auto wrong = [&](const std::string& proxy, const std::string& said) { EXPECT_NE(with(proxy).find(said), std::string::npos) << proxy << " gives " << with(proxy); };
  wrong("use: 'http://tom:pw@p.example:1'", "service.proxy.use: expected none, environment, or http://host[:port] (user and password have keys of their own)");
  wrong("use: 'socks5://p.example'", "service.proxy.use: expected none");
  wrong("sign_in: negotiate", "service.proxy.sign_in: expected none: no proxy is used");
  wrong("use: environment, sign_in: basic, user: tom", "service.proxy.sign_in: expected a password_file beside it");
  wrong("use: environment, sign_in: basic, password_file: pw", "service.proxy.sign_in: expected a user beside it");
  wrong("use: environment, user: tom", "service.proxy.user: expected it with sign_in basic only");
  wrong("use: environment, password: pw", "service.proxy.password: expected a path in password_file");
  wrong("use: environment, no_proxy: ['a b']", "service.proxy.no_proxy: expected");
}

TEST_F(AConfig, TakesSevenMoreAddressesOfTheService) {
  const auto with = [&](const std::string& more) { return agent_with("{url: https://reset.example}", "{url: https://reset.example, more_urls: [" + more + "]}"); };
  EXPECT_EQ(with("https://b.example, 'https://[2001:db8::1]:8443'"), "valid\n");
  EXPECT_NE(with("http://b.example"), "valid\n");
  EXPECT_NE(with("https://1, https://2, https://3, https://4, https://5, https://6, https://7, https://8"), "valid\n");
}

}  // namespace
}  // namespace wb::config
