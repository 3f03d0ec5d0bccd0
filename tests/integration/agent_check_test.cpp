// `writeback-agent check` against a service and domain controllers that are played here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/write.hpp>

#include <fstream>
#include <sstream>

#include "agent/check/check.hpp"
#include "agent/check/directory.hpp"
#include "agent/check/service.hpp"
#include "platform/process.hpp"
#include "protocol/codec.hpp"
#include "tests/support/ber.hpp"
#include "tests/support/link_world.hpp"
#include "tests/support/scripted_ldap.hpp"

// libldap 2.5.13 itself forgets a message that it can't parse.
extern "C" const char* __lsan_default_suppressions() { return "leak:liblber-2.5\n"; }

namespace wb::agent {
namespace {
using namespace wb::test;
using testing::Contains;
using Said = std::vector<std::string>;
using Op = ScriptedLdap::Op;

Said said(const Report& report) {
  Said out;
  for (const auto& line : report.lines()) out.push_back(std::string(to_string(line.result)) + " " + line.code);
  return out;
}

// ---- the service --------------------------------------------------------------------------------------------
Awaitable<> challenge(std::unique_ptr<link::Link> link, std::int64_t ahead, std::string type) {
  const protocol::Challenge body{"nonce", "https://reset.example", unix_now() + ahead, {1}, "exporter"};
  auto saying = link->write(protocol::message_text(type, body));
  (void)co_await std::move(saying);
  auto reading = link->read();
  const auto more = co_await std::move(reading);
  EXPECT_FALSE(more) << "no hello is said";
}

struct ACheckedService : testing::Test, LinkWorld {
  void serve(std::int64_t ahead, std::string type = "challenge") {
    on_link = [ahead, type](std::unique_ptr<link::Link> link) { return challenge(std::move(link), ahead, type); };
    start();
  }
  Said checked(const std::string& host = "127.0.0.1", bool trusted = true) {
    Report report;
    run([&](LinkWorld& w) -> Awaitable<> {
      auto settings = w.dialling();
      settings.host = host, settings.connect_timeout = std::chrono::seconds(20);
      if (!trusted_ca.empty()) settings.trust.ca_file = trusted_ca;
      if (!trusted) settings.trust.ca_file = other_authority();
      settings.trust.intercept_ca_file = allowed_box;
      auto looking = look_at_service(std::move(settings));
      const auto seen = co_await std::move(looking);
      judge_service("https://reset.example", seen, true, report);
    });
    return said(report);
  }
  std::filesystem::path other_authority() {
    char name[] = "/tmp/wb-check-XXXXXX";
    folder = ::mkdtemp(name);
    return make_certificates(folder, "DNS:a.example", "Another CA").ca;
  }
  // What is found where the server shows a certificate of that kind, of a trusted authority.
  Said shown(const std::string& names, CertificateFlaw flaw) {
    server.reset();
    char name[] = "/tmp/wb-check-XXXXXX";
    folder = ::mkdtemp(name);
    const auto made = make_certificates(folder, names, "Our CA", flaw);
    settings.certificate_file = made.cert, settings.key_file = made.key;
    start();
    trusted_ca = made.ca;
    return checked();
  }
  std::filesystem::path trusted_ca, allowed_box;
  void TearDown() override {
    if (!folder.empty()) std::filesystem::remove_all(folder);
  }
  std::filesystem::path folder;
};

TEST_F(ACheckedService, ThatIsWellPassesWithoutAHello) {
  serve(0);
  EXPECT_EQ(checked(), (Said{"pass service", "pass service"}));
}
TEST_F(ACheckedService, WithAnotherClockIsNamed) {
  serve(120);
  EXPECT_EQ(checked(), (Said{"pass service", "warn service.clock"}));
}
TEST_F(ACheckedService, OfAnUnknownAuthorityIsNamed) {
  serve(0);
  EXPECT_EQ(checked("127.0.0.1", false), Said{"fail service.issuer"});
}
TEST_F(ACheckedService, ThatSaysSomethingElseIsNamed) {
  serve(0, "welcome");
  EXPECT_EQ(checked(), Said{"fail service.answer"});
}

TEST_F(ACheckedService, ThatCallsItselfOtherwiseIsNamed) {
  serve(0);
  EXPECT_EQ(shown("DNS:other.example", CertificateFlaw::none), Said{"fail service.name"});
}
TEST_F(ACheckedService, WhoseCertificateIsOutOfDateIsNamed) {
  serve(0);
  EXPECT_EQ(shown("IP:127.0.0.1", CertificateFlaw::expired), Said{"fail service.time"});
}
TEST_F(ACheckedService, WhoseCertificateEndsSoonIsNamed) {
  serve(0);
  EXPECT_EQ(shown("IP:127.0.0.1", CertificateFlaw::ends_soon), (Said{"pass service", "warn service.ends_soon", "pass service"}));
}
TEST_F(ACheckedService, WhoseCertificateIsNotValidYetIsNamed) {
  serve(0);
  EXPECT_EQ(shown("IP:127.0.0.1", CertificateFlaw::not_yet_valid), Said{"fail service.time"});
}

TEST_F(ACheckedService, BehindABoxThatReadsTlsAndMayIsNamed) {
  serve(0);
  allowed_box = test_certificates().ca;  // it vouches for what is seen, and the service's own authority does not
  EXPECT_EQ(checked("127.0.0.1", false), (Said{"pass service", "fail service.intercepted", "pass service"}));
}

// All that check_service finds at these addresses, by the ways that an agent goes.
Said found_at(std::vector<std::string> urls, const link::ProxySettings& proxy = {}) {
  config::AgentConfig config;
  config.service_url = urls.front();
  config.more_urls.assign(urls.begin() + 1, urls.end());
  config.proxy = proxy;
  Report report;
  check_service(config, std::chrono::seconds(20), report);
  return said(report);
}

std::string nobody() {
  asio::io_context io;
  asio::ip::tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), 0});
  return "127.0.0.1:" + std::to_string(acceptor.local_endpoint().port());
}

TEST(ACheckOfNobody, SaysSoOfEachAddress) {
  EXPECT_EQ(found_at({"https://" + nobody(), "https://writeback.invalid"}), (Said{"fail service.tcp", "fail service.dns"}));
}

// A proxy, or any server without TLS, that answers the first bytes that come with these.
class Answering {
 public:
  explicit Answering(std::string answer) : acceptor_(io_, {asio::ip::address_v4::loopback(), 0}), thread_([this, answer = std::move(answer)] {
                                             boost::system::error_code ec;
                                             auto peer = acceptor_.accept(ec);
                                             std::array<char, 4096> bytes{};
                                             if (!ec) peer.read_some(asio::buffer(bytes), ec);
                                             asio::write(peer, asio::buffer(answer), ec);
                                           }) {}
  ~Answering() { thread_.join(); }
  Answering(const Answering&) = delete;
  Answering& operator=(const Answering&) = delete;
  std::string address() const { return "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()); }

 private:
  asio::io_context io_;
  asio::ip::tcp::acceptor acceptor_;
  std::thread thread_;
};
link::ProxySettings through(const std::string& address) {
  link::ProxySettings proxy;
  proxy.use = link::ProxySettings::Use::fixed, proxy.url = "http://" + address;
  return proxy;
}

TEST(AServiceThatSpeaksNoTls, IsNamed) {
  const Answering server("HTTP/1.1 400 Bad Request\r\n\r\n");
  EXPECT_EQ(found_at({"https://" + server.address()}), Said{"fail service.web_page"});
}
TEST(AProxyInTheWay, IsNamedByWhatItSays) {
  const std::pair<const char*, const char*> cases[] = {{"407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=x", "proxy_auth"}, {"403 Forbidden", "proxy_refused"}, {"502 Bad Gateway", "proxy"}};
  for (const auto& [says, code] : cases) {
    const Answering proxy("HTTP/1.1 " + std::string(says) + "\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(found_at({"https://reset.example"}, through(proxy.address())), Said{"fail service." + std::string(code)});
  }
  EXPECT_EQ(found_at({"https://reset.example"}, through(nobody())), Said{"fail service.proxy"});
  EXPECT_EQ(found_at({"https://reset.example"}, through("127.0.0.1:none")), Said{"fail service.proxy_settings"});
}

// ---- the directory ------------------------------------------------------------------------------------------
struct ACheckedDomain : testing::Test {
  ACheckedDomain() {
    platform::harden_process();  // as main() does: libldap writes to sockets that are closed
    char name[] = "/tmp/wb-check-XXXXXX";
    folder = ::mkdtemp(name);
    std::ofstream(folder / "password") << "Svc-Passw0rd-1!\n";
    std::filesystem::permissions(folder / "password", static_cast<std::filesystem::perms>(0600));
    auto& d = domain.directory;
    d.domain = "corp.example", d.ca_file = test_certificates().ca, d.bind_dn = "svc@corp.example", d.bind_password_file = folder / "password";
    d.connect_timeout = d.operation_timeout = d.failover_timeout = std::chrono::seconds(20);
    domain.guardrails.allow_ous = {"OU=People,DC=corp,DC=example"};
  }
  ~ACheckedDomain() override { std::filesystem::remove_all(folder); }
  Said checked(const ScriptedLdap& server) {
    domain.directory.uris = {server.uri()};
    Report report;
    check_directory(domain, "", report);
    return said(report);
  }
  std::filesystem::path folder;
  config::AgentDomain domain;
};

// As a real one: it tells its clock, an empty OU "gone" is not there, and nobody has a password settings object.
ScriptedLdap::Answer as_a_controller(const ScriptedLdap::Request& request, std::string right, const std::string& clock = "") {
  if (request.op == Op::search && request.name.empty() && !clock.empty()) {
    auto entry = ber::entry(request.id, "", {{"currentTime", {clock}}, {"dnsHostName", {"dc1.corp.example"}}, {"defaultNamingContext", {"DC=corp,DC=example"}}, {"configurationNamingContext", {"CN=Configuration,DC=corp,DC=example"}}});
    return {entry + ber::result(request.id, 0x65, 0)};
  }
  if (request.op == Op::search && (request.name.starts_with("OU=gone") || request.name.starts_with("CN=Password Settings"))) return {ber::result(request.id, 0x65, 32)};
  return {std::move(right)};
}

TEST_F(ACheckedDomain, ThatIsWellPasses) {
  const ScriptedLdap server("dc1.corp.example");
  const auto lines = checked(server);
  EXPECT_THAT(lines, testing::Each(testing::Not(testing::StartsWith("fail"))));
  EXPECT_EQ(server.count(Op::modify), 0) << "it changes nothing";
}
TEST_F(ACheckedDomain, HasItsOuNamedWhereThatIsGoneAndItsUnreadablePolicies) {
  domain.guardrails.allow_ous = {"OU=gone,DC=corp,DC=example"};
  const ScriptedLdap server("dc1.corp.example", [](const auto& request, std::string right) { return as_a_controller(request, std::move(right)); });
  const auto lines = checked(server);
  EXPECT_THAT(lines, Contains("fail directory.ou"));
  EXPECT_THAT(lines, Contains("warn directory.policy"));
  EXPECT_THAT(lines, Contains("warn directory.pso"));
}
TEST_F(ACheckedDomain, HasItsClockAndItsMissingControlNamed) {
  const ScriptedLdap server("dc1.corp.example", [](const auto& request, std::string right) { return as_a_controller(request, std::move(right), "20200101000000.0Z"); });
  const auto lines = checked(server);
  EXPECT_THAT(lines, Contains("warn directory.clock"));
  EXPECT_THAT(lines, Contains("warn directory.hints"));
}
TEST_F(ACheckedDomain, ThatWouldTakeNoJobsIsNamed) {
  const ScriptedLdap server("dc1.corp.example", [](const auto& request, std::string right) { return as_a_controller(request, std::move(right), "20200101000000.0Z"); });
  domain.directory.history = ldap::HistoryEnforcement::require;  // and it has no policy hints control
  const auto lines = checked(server);
  EXPECT_THAT(lines, Contains("fail directory.hints"));
  EXPECT_EQ(lines.back(), "fail directory.not_ready");
}
TEST_F(ACheckedDomain, HasARefusedSignInNamed) {
  const ScriptedLdap server("dc1.corp.example", [](const auto& request, std::string right) { return ScriptedLdap::Answer{request.op == Op::bind ? ber::result(request.id, 0x61, 49) : std::move(right)}; });
  EXPECT_EQ(checked(server), (Said{"fail directory.bind", "skip directory"}));
}
TEST_F(ACheckedDomain, HasAnUntrustedCertificateNamed) {
  const ScriptedLdap server("dc1.corp.example");
  domain.directory.ca_file = make_certificates(folder, "DNS:a.example", "Another CA").ca;
  EXPECT_EQ(checked(server), (Said{"fail directory.tls", "skip directory"}));
}
TEST_F(ACheckedDomain, HasAPasswordFileThatIsOpenToOthersNamed) {
  const ScriptedLdap server("dc1.corp.example");
  std::filesystem::permissions(folder / "password", static_cast<std::filesystem::perms>(0644));
  EXPECT_EQ(checked(server), (Said{"fail directory.credentials", "skip directory"}));
}
TEST_F(ACheckedDomain, IsNotAskedASecondTimeWithARefusedPassword) {
  const auto refuse = [](const auto& request, std::string right) { return ScriptedLdap::Answer{request.op == Op::bind ? ber::result(request.id, 0x61, 49) : std::move(right)}; };
  const ScriptedLdap first("dc1.corp.example", refuse), second("dc2.corp.example", refuse);
  domain.directory.uris = {first.uri(), second.uri()};
  Report report;
  check_directory(domain, "", report);
  EXPECT_EQ(first.count(Op::bind) + second.count(Op::bind), 1);
}
TEST_F(ACheckedDomain, HasAServerThatNobodyIsNamed) {
  std::string uri;
  {
    const ScriptedLdap gone("dc1.corp.example");
    uri = gone.uri();
  }
  domain.directory.uris = {uri, "http://what", "ldaps://writeback.invalid"};
  Report report;
  check_directory(domain, "", report);
  EXPECT_THAT(said(report), Contains("fail directory.none"));
  EXPECT_THAT(said(report), Contains("fail directory.tcp"));
  EXPECT_THAT(said(report), Contains("fail directory.dns"));
}

TEST(ACheckOfABrokenConfiguration, SkipsTheRestAndEndsWithOne) {
  std::ostringstream text, json;
  EXPECT_EQ(check({"/nonexistent/agent.yaml", "", false}, text), 1);
  EXPECT_THAT(text.str(), testing::AllOf(testing::HasSubstr("FAIL  config.problem"), testing::HasSubstr("SKIP  directory")));
  EXPECT_EQ(check({"/nonexistent/agent.yaml", "", true}, json), 1);
  EXPECT_THAT(json.str(), testing::HasSubstr(R"("result":"fail")"));
}

}  // namespace
}  // namespace wb::agent
