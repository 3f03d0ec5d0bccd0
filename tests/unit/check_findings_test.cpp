// What `writeback-agent check` says of what it saw: the table of findings, the judgements, the report. No network.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/x509_vfy.h>

#include <fstream>
#include <set>
#include <sstream>

#include "agent/check/directory.hpp"
#include "agent/check/domain.hpp"
#include "agent/check/host.hpp"
#include "agent/check/service.hpp"
#include "agent/identity.hpp"
#include "agent/keys.hpp"
#include "agent/self_check.hpp"
#include "protocol/codec.hpp"
#include "protocol/json.hpp"

namespace wb::agent {
namespace {
using testing::HasSubstr;
namespace fs = std::filesystem;

// "fail service.dns" and the like, of all lines.
std::vector<std::string> said(const Report& report) {
  std::vector<std::string> out;
  for (const auto& line : report.lines()) out.push_back(std::string(to_string(line.result)) + " " + line.code);
  return out;
}
using Said = std::vector<std::string>;

TEST(TheFindingsOfACheck, AreThoseOfTheOperatorsManual) {
  std::ifstream in(std::string(WB_SOURCE_DIR) + "/docs/OPERATIONS.md");
  std::stringstream text;
  text << in.rdbuf();
  ASSERT_FALSE(text.str().empty());
  EXPECT_NE(text.str().find(protocol::findings_markdown()), std::string::npos) << "docs/OPERATIONS.md should have:\n"
                                                                               << protocol::findings_markdown();
}

TEST(TheFindingsOfACheck, HaveACodeOfTheirOwnAndSayWhatToDo) {
  std::set<std::string_view> codes;
  for (const auto& one : protocol::all_findings()) {
    EXPECT_TRUE(codes.insert(one.code).second) << one.code;
    EXPECT_THAT(std::string(one.code), testing::MatchesRegex("(config|state|enrolment|service|directory)\\.[a-z_]+"));
    EXPECT_GT(one.meaning.size(), 20U) << one.code;
    EXPECT_FALSE(one.remedy.empty()) << one.code;
    EXPECT_EQ(&text_of(one.finding), &one);
  }
}

// ---- as the service is told ---------------------------------------------------------------------------------
TEST(WhatTheServiceIsTold, HasNamesOfServersAndNoPathDnOrDetail) {
  Report report;
  report.pass("config", "/etc/writeback-agent/ca.pem", "directory.ca_file has a certificate");
  report.warn(Finding::config_audited, "corp.example", "protected_accounts");
  report.fail(Finding::config_secret, "/etc/writeback-agent/svc-wb", "open to others");
  report.warn(Finding::service_ends_soon, "https://reset.example.com:8443/path", "in 3 days");
  report.fail(Finding::directory_tcp, "ldaps://dc2.corp.example:636", "ldap.connect: refused");
  report.fail(Finding::directory_ou, "OU=People,DC=corp,DC=example", "not visible");
  report.fail(Finding::directory_bind, "ldapi://%2fvar%2frun%2fslapd", "no");
  std::vector<protocol::FoundThing> told;
  tell(report, "corp.example", told);
  std::vector<std::string> said;
  for (const auto& one : told) said.push_back(one.code + " " + one.subject);
  EXPECT_EQ(said, (std::vector<std::string>{"config ", "config.secret ", "service.ends_soon reset.example.com:8443", "directory.tcp dc2.corp.example:636", "directory.ou ", "directory.bind "}));
  const auto text = protocol::encode(protocol::AgentFindings{0, told});
  EXPECT_TRUE(protocol::decode<protocol::AgentFindings>(text)) << text;
  for (const auto* kept : {"/etc", "OU=", "open to", "audited", "protected"}) EXPECT_EQ(text.find(kept), std::string::npos) << kept;
}

TEST(WhatTheServiceIsTold, IsTheWorstFirstEachOnceAndNotMoreThanItTakes) {
  std::vector<protocol::FoundThing> all(40, {CheckResult::pass, "directory", "corp.example", "dc1"});
  all.push_back({CheckResult::skip, "directory", "corp.example", ""});
  all.push_back({CheckResult::warn, "directory.slow", "corp.example", "dc1"});
  all.push_back({CheckResult::fail, "state.space", "", ""});
  auto told = in_short(all);
  ASSERT_EQ(told.size(), 4U);
  EXPECT_EQ(told[0].code, "state.space");
  EXPECT_EQ(told[1].code, "directory.slow");
  EXPECT_EQ(told[2].result, CheckResult::pass);
  for (int i = 0; i < 40; ++i) all.push_back({CheckResult::warn, "directory.slow", "corp.example", "dc" + std::to_string(i)});
  told = in_short(all);
  EXPECT_EQ(told.size(), protocol::findings_max);
  EXPECT_EQ(told.back().result, CheckResult::warn) << "what passed is left out first";
}

TEST(AReport, EndsWithTheWorstOfIt) {
  Report report;
  EXPECT_EQ(report.worst(), CheckResult::pass);
  report.pass("service", "https://a", "answers");
  report.skip("state", "/x", "not there");
  EXPECT_EQ(report.worst(), CheckResult::pass);
  report.warn(Finding::service_clock, "https://a", "90 s");
  EXPECT_EQ(report.worst(), CheckResult::warn);
  report.fail(Finding::state_space, "/x", "1 MiB\n\033[2J", "df -h /x");
  EXPECT_EQ(report.worst(), CheckResult::fail);
  EXPECT_TRUE(report.failed("state"));
  EXPECT_FALSE(report.failed("service"));
  const auto text = report.text();
  for (const auto* part : {"PASS  service ", "SKIP  state ", "WARN  service.clock", "FAIL  state.space", "what mends it: df -h /x\n", "what it means: this clock and"}) EXPECT_THAT(text, HasSubstr(part));
  EXPECT_EQ(text.find('\033'), std::string::npos);
  const auto json = protocol::parse_json(report.json()).value();
  EXPECT_EQ(json.at("result").as_string(), "fail");
  EXPECT_EQ(json.at("checks").as_array().size(), 4U);
  EXPECT_EQ(json.at("checks").at(2).at("code").as_string(), "service.clock");
}

TEST(ALookAtADirectory, EndsWhenItsTimeIsOver) {
  config::AgentDomain domain;
  domain.directory.domain = "corp.example";
  domain.directory.uris = {"ldaps://127.0.0.1:1", "ldaps://127.0.0.1:2"};
  Report all, half;
  check_directory(domain, "", all);
  EXPECT_EQ(said(all), (Said{"fail directory.tcp", "fail directory.tcp", "skip directory"}));
  int asked = 0;
  check_directory(domain, "", half, [&] { return ++asked < 2; });
  EXPECT_EQ(said(half), (Said{"fail directory.tcp", "skip directory"}));
}

// ---- the service --------------------------------------------------------------------------------------------
Said judged(const Result<ServiceSeen>& seen, bool binding_required = true) {
  Report report;
  judge_service("https://reset.example", seen, binding_required, report);
  return said(report);
}
ServiceSeen well() { return {{"reset.example", "", ""}, true, 2, 30}; }

TEST(TheWayToTheService, IsFoundToBeAtFaultByItsPlace) {
  using Kind = Fault::Kind;
  const std::tuple<Kind, const char*, const char*> cases[] = {{Kind::unreachable, "link.resolve", "dns"}, {Kind::timed_out, "link.connect", "tcp"}, {Kind::refused, "proxy.settings", "proxy_settings"}, {Kind::unreachable, "proxy.connect", "proxy"},
      {Kind::refused, "proxy.connect", "proxy_refused"}, {Kind::refused, "proxy.sign_in", "proxy_auth"}, {Kind::refused, "tls.ca", "authority"}, {Kind::refused, "link.tls_issuer", "issuer"}, {Kind::refused, "link.tls_name", "name"},
      {Kind::refused, "link.tls_time", "time"}, {Kind::refused, "link.tls", "tls"}, {Kind::refused, "link.upgrade", "answer"}, {Kind::malformed, "session.challenge", "answer"}, {Kind::timed_out, "session.challenge", "answer"}};
  for (const auto& [kind, where, code] : cases) EXPECT_EQ(judged(fault(kind, where, "x")), Said{"fail service." + std::string(code)}) << where;
}

TEST(ALinkThatIsCutInSilence, IsKnownToTheRunningAgent) {
  const auto judged = [](const Result<std::string>& status) {
    Report report;
    judge_silence(status, report);
    return said(report);
  };
  EXPECT_EQ(judged(R"({"link":{"idle_limit_ms":10020}})"), (Said{"warn service.idle"}));
  EXPECT_EQ(judged(R"({"link":{"idle_limit_ms":null}})"), (Said{"pass service"}));
  for (const auto& nothing : {Result<std::string>(fault(Fault::Kind::unreachable, "control.connect", "")), Result<std::string>("no JSON"), Result<std::string>(R"({"link":null})"), Result<std::string>(R"({"error":"forbidden"})")})
    EXPECT_EQ(judged(nothing), (Said{"skip service"}));
}

TEST(TheWayToTheService, IsJudgedByBoxesBindingsAndClocks) {
  EXPECT_EQ(judged(well()), (Said{"pass service", "pass service"}));
  auto seen = well();
  seen.clock_offset_s = -61;
  EXPECT_EQ(judged(seen).back(), "warn service.clock");
  seen.clock_offset_s = 301;
  EXPECT_EQ(judged(seen).back(), "fail service.clock");
  seen = well();
  seen.binds = false;
  EXPECT_EQ(judged(seen).at(1), "fail service.binding");
  EXPECT_EQ(judged(seen, false), (Said{"pass service", "pass service"}));
  seen.route.intercepted_by = "CN = Box";
  EXPECT_EQ(judged(seen).at(1), "fail service.intercepted");
  EXPECT_EQ(judged(seen, false).at(1), "warn service.intercepted");
}

// ---- the directory ------------------------------------------------------------------------------------------
Said judged(const Result<ServerSeen>& seen, const ldap::Settings& settings) {
  Report report;
  judge_server("ldaps://dc1", seen, settings, report);
  return said(report);
}

TEST(ADirectoryServer, IsFoundToBeAtFaultByItsPlace) {
  using Kind = Fault::Kind;
  const std::tuple<Kind, const char*, const char*> cases[] = {{Kind::unreachable, "ldap.resolve", "dns"}, {Kind::timed_out, "ldap.connect", "tcp"}, {Kind::unreachable, "kerberos.kdc", "tcp"}, {Kind::refused, "ldap.tls", "tls"},
      {Kind::refused, "ldap.starttls", "tls"}, {Kind::refused, "ldap.password_file", "credentials"}, {Kind::refused, "kerberos.keytab", "credentials"}, {Kind::refused, "kerberos.clock", "clock"}, {Kind::refused, "ldap.bind", "bind"},
      {Kind::refused, "kerberos.login", "bind"}, {Kind::timed_out, "ldap.bind", "other"}, {Kind::refused, "ldap.root", "root"}, {Kind::timed_out, "ldap.root", "other"}, {Kind::internal, "ldap.init", "other"}};
  for (const auto& [kind, where, code] : cases) EXPECT_EQ(judged(fault(kind, where, "x"), ldap::Settings()), Said{"fail directory." + std::string(code)}) << where;
}

TEST(ADirectoryServer, HasItsCertificateNamedByWhatOpenSslSaysOfIt) {
  const std::pair<int, const char*> cases[] = {{X509_V_ERR_CERT_HAS_EXPIRED, "tls_time"}, {X509_V_ERR_CERT_NOT_YET_VALID, "tls_time"}, {X509_V_ERR_HOSTNAME_MISMATCH, "tls_name"}, {X509_V_ERR_IP_ADDRESS_MISMATCH, "tls_name"},
      {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, "tls"}, {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, "tls"}};
  for (const auto& [reason, code] : cases) EXPECT_EQ(judged(fault(Fault::Kind::refused, "ldap.tls", X509_verify_cert_error_string(reason)), ldap::Settings()), Said{"fail directory." + std::string(code)}) << reason;
}

TEST(ADirectoryServer, IsJudgedByItsSpeedClockRoleAndControls) {
  ldap::Settings settings;
  ServerSeen seen{20, false, true, 3};
  EXPECT_EQ(judged(seen, settings), (Said{"pass directory", "pass directory", "pass directory", "pass directory"}));
  seen.ms = 1'500;
  EXPECT_EQ(judged(seen, settings).at(0), "warn directory.slow");
  seen.clock_offset_s = 400;
  EXPECT_EQ(judged(seen, settings).at(1), "warn directory.clock");
  settings.encryption = ldap::Encryption::kerberos;
  EXPECT_EQ(judged(seen, settings).at(1), "fail directory.clock");
  seen.hints = false;
  EXPECT_EQ(judged(seen, settings).at(3), "warn directory.hints");
  settings.history = ldap::HistoryEnforcement::require;
  EXPECT_EQ(judged(seen, settings).at(3), "fail directory.hints");
  settings.history = ldap::HistoryEnforcement::off;
  EXPECT_EQ(judged(seen, settings).at(3), "skip directory");
  seen.read_only = true;
  EXPECT_EQ(judged(seen, settings).at(2), "warn directory.read_only");
}

TEST(ACertificateThatEnds, IsNamedForFourteenDaysBefore) {
  constexpr std::int64_t day = 86'400;
  auto service = well();
  ServerSeen server{20, false, true, 3};
  for (const auto& [days, soon] : {std::pair{15, false}, std::pair{13, true}}) {
    service.route.certificate_ends = server.certificate_ends = unix_now() + days * day;
    EXPECT_EQ(judged(service).at(1) == "warn service.ends_soon", soon) << days;
    EXPECT_EQ(judged(server, ldap::Settings()).at(1) == "warn directory.ends_soon", soon) << days;
  }
  EXPECT_EQ(in_days(unix_now() + 3 * day + 60), "in 3 days");
}

TEST(ADirectorysClock, IsReadStrictly) {
  EXPECT_EQ(unix_from_generalized("20261126204330.0Z"), 1'795'725'810);
  EXPECT_EQ(unix_from_generalized("19700101000000Z"), 0);
  for (const auto* bad : {"", "Z", "20261126204330", "2026112620433Z", "20261126204330.Z", "20261126204330,5Z", "20261326204330.0Z", "20261126244330Z", "2026112620433-.0Z", "19690101000000Z", "20261126204330.0+01"})
    EXPECT_FALSE(unix_from_generalized(bad)) << bad;
}

// ---- rights on a person ---------------------------------------------------------------------------------------
struct APerson : testing::Test {
  APerson() { view.account_dn = "CN=alice,OU=People,DC=corp,DC=example", view.ou = "OU=People,DC=corp,DC=example", view.account.emplace(); }
  Said judged() {
    Report report;
    judge_person(view, findings, report);
    text = report.text();
    return said(report);
  }
  void miss(std::string what, std::string id = "write.lockoutTime") { findings.push_back({ldap::Finding::Status::fail, std::move(id), std::move(what), "not granted"}); }
  ldap::RightsView view;
  std::vector<ldap::Finding> findings{{ldap::Finding::Status::pass, "right.Reset_Password", "Reset Password", ""}};
  std::string text;
};

TEST_F(APerson, OnWhomAllIsGrantedPasses) { EXPECT_EQ(judged(), Said{"pass directory"}); }

TEST_F(APerson, HasEachMissingRightNamedWithTheCommandThatPrintsIt) {
  miss("write lockoutTime"), miss("write pwdLastSet");
  EXPECT_EQ(judged(), (Said{"fail directory.rights", "fail directory.rights"}));
  EXPECT_THAT(text, testing::AllOf(HasSubstr("write pwdLastSet: not granted"), HasSubstr("what mends it: runuser -u writeback-agent -- writeback-agent rights --ou 'OU=People,DC=corp,DC=example'\n")));
}

TEST_F(APerson, WhoInheritsNothingHasThatNamedOnce) {
  view.account->control = ldap::SecurityDescriptor::dacl_protected;
  miss("write lockoutTime"), miss("write pwdLastSet");
  EXPECT_EQ(judged(), Said{"fail directory.inheritance"});
  EXPECT_THAT(text, HasSubstr("missing: write lockoutTime, write pwdLastSet"));
  view.admin_count = true;
  EXPECT_EQ(judged(), Said{"fail directory.admin"});
}

TEST_F(APerson, IsWellInSpiteOfUnreadablePoliciesAndOfTooManyRights) {
  miss("read the Password Settings Container", "read.password_settings");
  findings.push_back({ldap::Finding::Status::warn, "excess.dcsync", "replication rights", "too much"});
  EXPECT_EQ(judged(), (Said{"warn directory.pso", "warn directory.excess", "pass directory"}));
}

// ---- this machine -------------------------------------------------------------------------------------------
struct AHost : testing::Test {
  AHost() {
    char name[] = "/tmp/wb-check-XXXXXX";
    folder = ::mkdtemp(name);
    config.state_dir = folder / "state";
    config.service_url = "https://reset.example";
    config.domains.resize(1);
    config.domains[0].directory.domain = "corp.example";
    config.domains[0].directory.bind_password_file = folder / "password";
  }
  ~AHost() override { fs::remove_all(folder); }
  void write(const fs::path& file, const std::string& text, unsigned mode = 0600) {
    std::ofstream(file) << text;
    fs::permissions(file, static_cast<fs::perms>(mode));
  }
  fs::path folder;
  config::AgentConfig config;
};

TEST_F(AHost, WithAMistakeInItsConfigurationIsToldEachLine) {
  Report report;
  write(folder / "agent.yaml", "nonsense: 1\n");
  EXPECT_FALSE(check_config(folder / "agent.yaml", report));
  EXPECT_EQ(said(report).front(), "fail config.problem");
  EXPECT_THAT(report.text(), HasSubstr("agent.yaml:1:1"));
  Report missing;
  EXPECT_FALSE(check_config(folder / "none.yaml", missing));
  EXPECT_EQ(said(missing).front(), "fail config.problem");
}

TEST_F(AHost, IsToldOfGuardrailsThatAreOnlyAudited) {
  Report report;
  std::ifstream example(std::string(WB_SOURCE_DIR) + "/config/agent.example.yaml");
  std::stringstream text;
  text << example.rdbuf();
  write(folder / "agent.yaml", text.str());
  ASSERT_TRUE(check_config(folder / "agent.yaml", report));
  EXPECT_EQ(report.worst(), CheckResult::pass) << report.text();
  auto audited = text.str();
  const auto at = audited.find("\n      scope: enforce");
  ASSERT_NE(at, std::string::npos);
  audited.replace(at, 21, "\n      scope: audit");
  write(folder / "agent.yaml", audited);
  Report warned;
  ASSERT_TRUE(check_config(folder / "agent.yaml", warned));
  EXPECT_EQ(said(warned).back(), "warn config.audited");
}

TEST_F(AHost, IsToldOfFilesThatAreMissingOrOpenToOthers) {
  Report missing, open, good;
  config.trust.ca_file = folder / "ca.pem";
  check_files(config, missing);
  EXPECT_EQ(said(missing), (Said{"fail config.authority", "fail config.secret"}));
  write(folder / "ca.pem", "no certificate\n", 0644);
  write(folder / "password", "Svc-Passw0rd-1!\n", 0644);
  check_files(config, open);
  EXPECT_EQ(said(open), (Said{"fail config.authority", "fail config.secret"}));
  EXPECT_THAT(open.text(), HasSubstr("chmod 600 " + (folder / "password").string()));
  EXPECT_EQ(open.text().find("Svc-Passw0rd-1!"), std::string::npos);
  write(folder / "ca.pem", "-----BEGIN CERTIFICATE-----\n", 0644);
  write(folder / "password", "Svc-Passw0rd-1!\n");
  check_files(config, good);
  EXPECT_EQ(said(good), (Said{"pass config", "pass config"}));
  Report keytab;
  config.domains[0].directory.encryption = ldap::Encryption::kerberos;
  config.domains[0].directory.keytab_file = folder / "none.keytab";
  check_files(config, keytab);
  EXPECT_EQ(said(keytab).back(), "fail config.secret");
}

TEST_F(AHost, IsToldOfItsStateFolderAndItsJournal) {
  Report none;
  check_state(config, none);
  EXPECT_EQ(said(none), Said{"skip state"});
  EXPECT_FALSE(fs::exists(config.state_dir)) << "a check makes nothing";
  fs::create_directory(config.state_dir);
  fs::permissions(config.state_dir, static_cast<fs::perms>(0755));
  Report open;
  check_state(config, open);
  EXPECT_EQ(said(open), Said{"fail state.folder"});
  EXPECT_THAT(open.text(), HasSubstr("chmod 700"));
  fs::permissions(config.state_dir, static_cast<fs::perms>(0700));
  write(config.state_dir / "journal.sqlite", std::string(8192, 'x'));
  Report damaged;
  check_state(config, damaged);
  EXPECT_EQ(said(damaged).back(), "fail state.journal");
}

TEST_F(AHost, IsToldOfItsDisk) {
  Report report;
  for (const std::uintmax_t mib : {5U, 50U, 500U}) judge_space("/x", mib * 1024 * 1024, report);
  EXPECT_EQ(said(report), (Said{"fail state.space", "warn state.space", "pass state"}));
}

TEST_F(AHost, IsToldOfItsEnrolmentAndItsKeys) {
  fs::create_directory(config.state_dir);
  fs::permissions(config.state_dir, static_cast<fs::perms>(0700));
  Report none, without_keys, old, well;
  check_enrolment(config, unix_now(), none);
  EXPECT_EQ(said(none), Said{"fail enrolment.missing"});
  EXPECT_THAT(none.text(), HasSubstr("writeback-agent enroll --service https://reset.example --token-file FILE"));
  ASSERT_TRUE(save_identity(config.state_dir, {"A1", "demo", "https://reset.example", "https://reset.example", "thumb", {{"other.example", {}}}}));
  check_enrolment(config, unix_now(), without_keys);
  EXPECT_EQ(said(without_keys), (Said{"pass enrolment", "fail enrolment.keys", "fail enrolment.domain"}));
  ASSERT_TRUE(load_or_make_keys(config.state_dir));
  config.domains[0].directory.domain = "other.example";
  fs::permissions(config.state_dir / "as.pem", static_cast<fs::perms>(0644));
  Report open;
  check_enrolment(config, unix_now(), open);
  EXPECT_EQ(said(open), (Said{"pass enrolment", "fail enrolment.keys"}));
  EXPECT_THAT(open.text(), HasSubstr("chmod 600 " + (config.state_dir / "as.pem").string()));
  fs::permissions(config.state_dir / "as.pem", static_cast<fs::perms>(0600));
  check_enrolment(config, unix_now(), well);
  EXPECT_EQ(said(well), (Said{"pass enrolment", "pass enrolment"}));
  EXPECT_THAT(well.text(), HasSubstr("the signing key 0 days old, the encryption key 0 days old"));
  check_enrolment(config, unix_now() + 91 * 86'400, old);
  EXPECT_EQ(said(old).back(), "warn enrolment.rotation");
}

TEST_F(AHost, IsLookedAtByItsRunningAgentWithoutWhatThatHasInUse) {
  fs::create_directory(config.state_dir);
  fs::permissions(config.state_dir, static_cast<fs::perms>(0700));
  config.domains[0].directory.uris = {"ldaps://127.0.0.1:1"};
  const KeyBook book{{{"kid", "ae.pem", unix_now() - 91 * 86'400, 0}}};
  write(config.state_dir / "keys.json", encode_keys(book));
  write(config.state_dir / "journal.sqlite", std::string(8192, 'x'));
  const auto found = check_oneself(config, {"https://reset.example:8443", well(), std::chrono::seconds(10)}, [] { return false; });
  std::vector<std::string> told;
  for (const auto& one : found) told.push_back(std::string(to_string(one.result)) + " " + one.code + " " + one.domain + " " + one.subject);
  EXPECT_EQ(told, (std::vector<std::string>{"fail config.secret  ", "warn enrolment.rotation  ", "warn service.idle  reset.example:8443", "pass service  reset.example:8443", "pass state  ", "skip directory corp.example "})) << "no server is begun with when the time is over";
}

}  // namespace
}  // namespace wb::agent
