// enroll, domain init, approve and the other verbs that speak to the service, where it has several addresses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "agent/membership.hpp"
#include "agent/roots.hpp"
#include "tests/support/link_world.hpp"
#include "tests/support/service_world.hpp"

namespace wb::test {
namespace {
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// An address of this machine where nobody listens.
std::string nobody() {
  asio::io_context io;
  const tcp::acceptor taken(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  return "https://127.0.0.1:" + std::to_string(taken.local_endpoint().port());
}

class TheVerbs : public testing::Test {
 protected:
  ServiceWorld world;
  config::AgentConfig config;
  const std::string dead = nobody();
  std::ostringstream out;
  void SetUp() override {
    config.service_url = dead, config.more_urls = {"https://[::1]:1", world.url()};
    config.trust.ca_file = test_certificates().ca, config.state_dir = world.folder() / "agent";
  }
  std::filesystem::path token(const std::string& domain = "corp.example") {
    const auto file = world.folder() / "token";
    std::ofstream(file) << world.token(domain) << "." << crypto::PrivateKey::load(world.config.state_dir / "sr.pem").value().kid();
    return file;
  }
};

TEST_F(TheVerbs, FindTheServiceAtAnyOfItsAddresses) {
  const auto enrolled = agent::enroll(config, dead, token(), out);
  ASSERT_TRUE(enrolled) << enrolled.error().detail;
  EXPECT_EQ(agent::load_identity(config.state_dir)->service, dead) << "as it was named";
  const auto made = agent::domain_init(config, "", false, out);
  ASSERT_TRUE(made) << made.error().detail;
  const auto renewed = agent::renew_roster(config, {}, "", out);
  ASSERT_TRUE(renewed) << renewed.error().detail;
  const auto further = agent::enroll(config, world.url(), token("other.example"), out);
  EXPECT_TRUE(further) << "another way to the same service: " << further.error().detail;
}

TEST_F(TheVerbs, NameTheReasonOfEachAddressWhenNoneIsThere) {
  ASSERT_TRUE(agent::enroll(config, dead, token(), out));
  const auto url = world.url();
  world.stop();
  const auto made = agent::domain_init(config, "", false, out);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().kind, Fault::Kind::unreachable);
  for (const auto& way : {dead, std::string("https://[::1]:1"), url}) EXPECT_THAT(made.error().detail, HasSubstr(way + ": https.post: "));
}

TEST_F(TheVerbs, AskAServiceThatIsNotTheConfiguredOneAlone) {
  const auto file = token();
  const auto elsewhere = nobody();
  const auto refused = agent::enroll(config, elsewhere, file, out);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().detail, Not(HasSubstr(dead)));
  EXPECT_TRUE(agent::enroll(config, dead, file, out)) << "the token was shown to nobody else";
  const auto other = agent::enroll(config, elsewhere, token("other.example"), out);
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().detail, HasSubstr("another service needs another state_dir"));
}

TEST_F(TheVerbs, TakeTheServicesOwnNoForAnAnswer) {
  config.more_urls.push_back(nobody());
  const auto bad = world.folder() / "bad-token";
  std::ofstream(bad) << "wbe1.nobody.knows." << std::string(43, 'A');
  const auto refused = agent::enroll(config, world.url(), bad, out);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().detail, HasSubstr("HTTP 401: "));
  EXPECT_THAT(refused.error().detail, Not(HasSubstr(dead))) << "no other way was tried";
}

TEST(SomebodyElsesAnswer, SendsTheVerbsToTheNextAddress) {
  LinkWorld elsewhere;  // something in between, or a service on its way out
  int status = 0, asked = 0;
  std::string body;
  elsewhere.on_request = [&](link::HttpRequest) -> Awaitable<link::HttpResponse> {
    ++asked;
    co_return link::HttpResponse{status, body, "application/json", {}};
  };
  elsewhere.start();
  ServiceWorld world;
  config::AgentConfig config;
  config.trust.ca_file = test_certificates().ca;
  const auto there = "https://127.0.0.1:" + std::to_string(elsewhere.server->bound_port());
  elsewhere.run([&](LinkWorld&) -> Awaitable<> {
    const std::pair<int, std::string> answers[] = {{403, "<html>Forbidden</html>"}, {404, R"({"error":"no"})"}, {502, ""}, {503, R"({"error":{"code":"unavailable","message":"stopping"}})"}};
    for (const auto& [code, text] : answers) {
      status = code, body = text;
      auto work = [&config, ways = std::vector{there, world.url()}] { return agent::post(config, ways, "/agent/v1/enroll", "{}"); };
      auto posting = blocking(std::move(work));
      const auto answer = co_await std::move(posting);
      EXPECT_THAT(answer.error().detail, HasSubstr(there + ": service/agent/v1/enroll: HTTP " + std::to_string(code)));
      EXPECT_THAT(answer.error().detail, HasSubstr(world.url() + ": service/agent/v1/enroll: HTTP 400: ")) << "and that was the service";
    }
  });
  EXPECT_EQ(asked, 4);
}

TEST(AWayThatFails, IsNoRefusalOfTheServices) {
  LinkWorld elsewhere;
  elsewhere.on_request = [](link::HttpRequest) -> Awaitable<link::HttpResponse> { co_return link::HttpResponse{200, "<html>Sign in</html>", "text/html", {}}; };
  elsewhere.start();
  config::AgentConfig config;
  config.trust.ca_file = test_certificates().ca;
  const auto there = "https://127.0.0.1:" + std::to_string(elsewhere.server->bound_port());
  elsewhere.run([&](LinkWorld&) -> Awaitable<> {
    auto work = [&config, ways = std::vector{nobody(), there}] { return agent::post(config, ways, "/agent/v1/enroll", "{}"); };
    auto posting = blocking(std::move(work));
    const auto answer = co_await std::move(posting);
    EXPECT_EQ(answer.error().kind, Fault::Kind::unreachable) << "whichever was tried last";
    EXPECT_THAT(answer.error().detail, HasSubstr(there + ": link.web_page: "));
  });
}

TEST(TheWaysToAService, BeginWithTheNamedOneAndAreTriedOnce) {
  config::AgentConfig config;
  config.service_url = "https://a.example/", config.more_urls = {"https://b.example", "https://a.example", "https://c.example:8443"};
  EXPECT_THAT(agent::ways_to(config, "https://b.example"), ElementsAre("https://b.example", "https://a.example", "https://c.example:8443"));
  EXPECT_THAT(agent::ways_to(config, "https://other.example"), ElementsAre("https://other.example"));
  EXPECT_THAT(agent::ways_of(config, {"A1", "demo", "https://former.example", {}, {}, {}}), ElementsAre("https://a.example", "https://b.example", "https://c.example:8443", "https://former.example"));
  EXPECT_EQ(agent::ways_of(config, {"A1", "demo", "https://b.example", {}, {}, {}}).size(), 3U);
}

}  // namespace
}  // namespace wb::test
