// The reset service over real TLS, against an agent and a client written from the contract alone. No directory.
#include <gtest/gtest.h>

#include "core/base64url.hpp"
#include "core/ids.hpp"
#include "crypto/trust.hpp"
#include "tests/support/link_world.hpp"
#include "tests/support/service_world.hpp"

namespace wb::test {
namespace {

// ---- enrolment ----------------------------------------------------------------------------------------------
class AService : public testing::Test {
 protected:
  ServiceWorld world;
};

TEST_F(AService, SaysThatItIsWellToAnybody) {
  const auto reply = https("GET", world.url() + "/healthz");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.text("status"), "ok");
}

TEST_F(AService, EnrollsAnAgentOnceWithAToken) {
  const auto token = world.token();
  FakeAgent first(world), second(world);
  const auto reply = first.enroll(token);
  ASSERT_EQ(reply.status, 200) << json::serialize(reply.body);
  EXPECT_TRUE(is_ulid(first.id));
  EXPECT_EQ(reply.text("domain"), world.domain);
  EXPECT_TRUE(reply.body.at("dr").is_null());
  const auto& sr = reply.body.at("sr");
  const auto pin = crypto::thumbprint({std::string(sr.at("x").as_string()), std::string(sr.at("y").as_string())});
  EXPECT_TRUE(crypto::check_endorsement(std::string(reply.body.at("sk").at(0).as_string()), pin, world.config.public_url, unix_now()));
  EXPECT_EQ(second.enroll(token).status, 401);
}

TEST_F(AService, RefusesATokenWithAnotherSecret) {
  auto token = world.token();
  FakeAgent agent(world);
  EXPECT_EQ(agent.enroll(token.substr(0, token.rfind('.') + 1) + base64url(random_bytes(32))).status, 401);
  EXPECT_EQ(agent.enroll(token).status, 200) << "the token must not be spent by a wrong guess";
}

TEST_F(AService, ListsAgentsToAgentsOfTheDomainOnly) {
  FakeAgent agent(world), stranger(world);
  ASSERT_EQ(agent.enroll(world.token()).status, 200);
  const auto reply = agent.post_signed("/agent/v1/agents", "domain", world.domain);
  ASSERT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body.at("agents").at(0).at("state").as_string(), "pending");
  EXPECT_EQ(reply.body.at("agents").at(0).at("as").at("x").as_string(), agent.as.public_key().jwk().x);
  EXPECT_EQ(stranger.post_signed("/agent/v1/agents", "domain", world.domain).status, 401);
}

TEST_F(AService, KeepsTheRootAndTheNumberOfRosters) {
  FakeAgent agent(world);
  ASSERT_EQ(agent.enroll(world.token()).status, 200);
  EXPECT_EQ(world.post_roster({&agent}).status, 200);
  world.rsn = 0;
  EXPECT_EQ(world.post_roster({&agent}).status, 409) << "the same number again";
  world.rsn = 5;
  std::swap(world.dr, agent.ae);
  EXPECT_NE(world.post_roster({&agent}).status, 200) << "another root";
}

TEST_F(AService, TakesAnAgentIntoASecondDomainUnderTheSameName) {
  FakeAgent agent(world);
  ASSERT_EQ(agent.enroll(world.token()).status, 200);
  const auto name = agent.id;
  const auto asks = [&] { return agent.post_signed("/agent/v1/agents", "domain", "other.example", "other.example").status; };
  EXPECT_EQ(asks(), 401) << "not a member there";
  const auto reply = agent.enroll(world.token("other.example"));
  ASSERT_EQ(reply.status, 200) << json::serialize(reply.body);
  EXPECT_EQ(reply.text("domain"), "other.example");
  EXPECT_EQ(agent.id, name);
  EXPECT_EQ(asks(), 200);
  EXPECT_EQ(world.post_roster({&agent}).status, 200);
  const auto listed = [&](const std::string& domain) { return agent.post_signed("/agent/v1/agents", "domain", domain, domain).body; };
  EXPECT_EQ(listed("corp.example").at("agents").at(0).at("state").as_string(), "active");
  EXPECT_EQ(listed("other.example").at("agents").at(0).at("state").as_string(), "pending") << "each domain's root decides for itself";
  EXPECT_TRUE(listed("other.example").at("roster").is_null());
}

TEST(AServiceUnderEnrolments, LimitsThemByAddress) {
  auto shape = ServiceWorld::quick();
  shape.enrol_per_minute = 2;
  ServiceWorld world(shape);
  FakeAgent agent(world);
  EXPECT_EQ(agent.enroll("wbe1.x.y").status, 401);
  EXPECT_EQ(agent.enroll("wbe1.x.y").status, 401);
  const auto reply = agent.enroll(world.token());
  EXPECT_EQ(reply.status, 429);
  EXPECT_EQ(reply.error(), "busy");
}

TEST(AServicesDoor, IsAsWideAsItsConfigurationSays) {
  ServiceWorld world;
  world.stop();
  world.config.door.connections_per_address = 1, world.config.enrolments_per_minute = 1, world.config.hellos_waiting_max = 16, world.config.connections_max = 4;
  world.start();
  {
    const RawTls first(world.port()), second(world.port());
    EXPECT_FALSE(first.error);
    EXPECT_TRUE(second.error) << "one of an address";
  }
  world.stop();
  world.config.door.trusted_balancers = {"127.0.0.1"};
  world.start();
  {
    std::vector<std::unique_ptr<RawTls>> people;
    for (int i = 0; i < 5; ++i) people.push_back(std::make_unique<RawTls>(world.port()));
    for (int i = 0; i < 4; ++i) EXPECT_FALSE(people[static_cast<std::size_t>(i)]->error) << i;
    EXPECT_TRUE(people.back()->error) << "four of all together";
  }
  const auto enroll = [&] { return https("POST", world.url() + "/agent/v1/enroll", "{}").status; };
  world.stop();  // with the people's connections, so that there is room
  world.start();
  EXPECT_EQ(enroll(), 400);
  EXPECT_EQ(enroll(), 429) << "one a minute, balancer or not";
}

// ---- hello --------------------------------------------------------------------------------------------------
class AnEnrolledAgent : public AService {
 protected:
  FakeAgent agent{world};
  void SetUp() override { ASSERT_EQ(agent.enroll(world.token()).status, 200); }
};

TEST_F(AnEnrolledAgent, IsWelcomedAndToldTheKeys) {
  EXPECT_EQ(agent.connect(), "welcome");
  const auto keys = agent.next("keys");
  ASSERT_TRUE(keys);
  EXPECT_EQ(protocol::decode<protocol::ServiceKeys>(*keys).value().sk.size(), 1U);
}
TEST_F(AnEnrolledAgent, IsRefusedWithAnotherNonceGatewayTenantOrName) {
  EXPECT_EQ(agent.connect([](auto& h) { h.nonce = base64url(random_bytes(32)); }), "nonce");
  EXPECT_EQ(agent.connect([](auto& h) { h.gateway = "https://elsewhere.example"; }), "gateway");
  EXPECT_EQ(agent.connect([](auto& h) { h.ten = "other"; }), "tenant");
  EXPECT_EQ(agent.connect([](auto& h) { h.agent = new_ulid(); }), "unknown_agent");
}
TEST_F(AnEnrolledAgent, IsRefusedOnAnotherChannel) {
  EXPECT_EQ(agent.connect([](auto& h) { h.cb = base64url(random_bytes(32)); }), "channel_binding");
  EXPECT_EQ(agent.connect([](auto& h) { h.cb = ""; }), "channel_binding");
}
TEST_F(AnEnrolledAgent, IsRefusedWithAReplayedHello) {
  ASSERT_EQ(agent.connect(), "welcome");
  const auto hello = agent.last_hello;
  agent.cut();
  EXPECT_EQ(agent.replay(hello), "nonce");
}
TEST_F(AnEnrolledAgent, IsRefusedWithAnotherKey) {
  agent.as = crypto::PrivateKey::generate().value();
  EXPECT_EQ(agent.connect(), "unknown_agent");
}
TEST_F(AnEnrolledAgent, IsRefusedBesideItsLivingSessionUnlessItsEpochGrew) {
  ASSERT_EQ(agent.connect(), "welcome");
  FakeAgent copy(world);
  copy.as = agent.as, copy.ae = agent.ae, copy.id = agent.id;
  EXPECT_EQ(copy.connect(), "duplicate");
  EXPECT_FALSE(agent.gone(0ms));
  copy.epoch = 2;
  EXPECT_EQ(copy.connect(), "welcome");
  EXPECT_TRUE(agent.gone());
}
TEST_F(AnEnrolledAgent, IsToldThatAMessageIsUnknown) {
  ASSERT_EQ(agent.connect(), "welcome");
  agent.send(R"({"t":"dance","id":"01ARZ3NDEKTSV4RRFFQ69G5FAV","b":{}})");
  const auto error = agent.next("error");
  ASSERT_TRUE(error);
  EXPECT_EQ(protocol::decode<protocol::Error>(*error).value().code, "unsupported");
  EXPECT_FALSE(agent.gone(0ms));
}
TEST_F(AnEnrolledAgent, IsCutOffForWhatIsNoMessage) {
  ASSERT_EQ(agent.connect(), "welcome");
  agent.send("{");
  EXPECT_TRUE(agent.gone());
}
TEST_F(AnEnrolledAgent, GetsNothingWhileItIsPending) {
  ASSERT_EQ(agent.connect(), "welcome");
  agent.state(1);
  agent.ready();
  const auto bearer = world.client();
  const auto reply = https("POST", world.url() + "/api/v1/probes", R"({"name":"alice"})", bearer);
  EXPECT_EQ(reply.text("outcome"), "unavailable");
  EXPECT_FALSE(agent.next_job(0ms));
  EXPECT_EQ(https("GET", world.url() + "/api/v1/keys", {}, bearer).body.at("ready_agents").as_int64(), 0);
}

TEST(AnAgentThatCallsTooOften, IsAskedToSlowDown) {
  auto shape = ServiceWorld::quick();
  shape.hello_pause = 60s;
  ServiceWorld world(shape);
  FakeAgent agent(world);
  ASSERT_EQ(agent.enroll(world.token()).status, 200);
  ASSERT_EQ(agent.connect(), "welcome");
  agent.cut();
  EXPECT_EQ(agent.connect(), "slow_down");
}

TEST(AServiceThatHearsManyStrangers, AsksTheNextToComeLater) {
  auto shape = ServiceWorld::quick();
  shape.greetings_max = 0;
  ServiceWorld world(shape);
  FakeAgent agent(world);
  ASSERT_EQ(agent.enroll(world.token()).status, 200);
  EXPECT_EQ(agent.connect(), "slow_down");
}

TEST(AServiceBehindATlsTerminator, TakesAnEmptyBindingOnly) {
  ServiceWorld world;
  world.stop();
  world.config.channel_binding = config::ServiceConfig::ChannelBinding::none;
  world.start();
  FakeAgent agent(world);
  ASSERT_EQ(agent.enroll(world.token()).status, 200);
  EXPECT_EQ(agent.connect([](auto& h) { h.cb = "AAAA"; }), "channel_binding");
  EXPECT_EQ(agent.connect(), "welcome");
}

// ---- the API ------------------------------------------------------------------------------------------------
class AClient : public AService {
 protected:
  std::string bearer = world.client();
};

TEST_F(AClient, NeedsItsCredential) {
  for (const auto& wrong : {std::string(), std::string("wbc1.x.y"), bearer.substr(0, bearer.size() - 43) + base64url(random_bytes(32)), "x" + bearer}) {
    const auto reply = https("GET", world.url() + "/api/v1/keys", {}, wrong);
    EXPECT_EQ(reply.status, 401);
    EXPECT_EQ(reply.error(), "unauthorized");
  }
  EXPECT_EQ(https("GET", world.url() + "/api/v1/keys", {}, bearer).status, 200);
}
TEST_F(AClient, IsToldWhatIsWrongWithARequest) {
  for (const char* bad : {"", "{", "[]", "{}", R"({"name":1})", R"({"name":"a","sub":"b"})", R"({"name":"a","name":"b"})", R"({"name":"a","more":1})", R"({"name":""})"}) {
    const auto reply = https("POST", world.url() + "/api/v1/probes", bad, bearer);
    EXPECT_EQ(reply.status, 400) << bad;
    EXPECT_EQ(reply.error(), "bad_request") << bad;
  }
  for (const char* bad : {"{}", R"({"probe":"x"})", R"({"probe":"01ARZ3NDEKTSV4RRFFQ69G5FAV"})", R"({"probe":"01ARZ3NDEKTSV4RRFFQ69G5FAV","op":"probe"})",
           R"({"probe":"01ARZ3NDEKTSV4RRFFQ69G5FAV","op":"unlock","opts":{"unlock":1}})"})
    EXPECT_EQ(https("POST", world.url() + "/api/v1/jobs", bad, bearer).status, 400) << bad;
  EXPECT_EQ(https("POST", world.url() + "/api/v1/jobs", R"({"probe":"01ARZ3NDEKTSV4RRFFQ69G5FAV","op":"unlock"})", bearer).status, 404);
  EXPECT_EQ(https("GET", world.url() + "/api/v1/jobs/" + new_ulid(), {}, bearer).status, 404);
  EXPECT_EQ(https("GET", world.url() + "/nowhere").status, 404);
  EXPECT_EQ(https("GET", world.url() + "/api/v1/probes", {}, bearer).status, 405);
}
TEST_F(AClient, MaySendSixtyFourKilobytes) {
  const auto reply = https("POST", world.url() + "/api/v1/probes", R"({"name":")" + std::string(70'000, 'a') + R"("})", bearer);
  EXPECT_EQ(reply.status, 413);
  EXPECT_EQ(reply.error(), "too_large");
}
TEST_F(AClient, IsToldAtOnceThatNoAgentIsThere) {
  const auto start = BootClock::now();
  const auto reply = https("POST", world.url() + "/api/v1/probes", R"({"name":"alice"})", bearer);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.text("outcome"), "unavailable");
  EXPECT_FALSE(reply.text("text").empty());
  EXPECT_LT(BootClock::now() - start, 5s);
}

// ---- a link that takes over from another --------------------------------------------------------------------
class AnAgentThatChangesItsLink : public testing::Test {
 protected:
  ServiceWorld world;
  std::string bearer = world.client();
  std::unique_ptr<FakeAgent> older = world.active_agent();
  FakeAgent newer{world};
  std::string take_over(const std::string& from) {
    newer.as = older->as, newer.ae = older->ae, newer.id = older->id;
    return newer.connect([&](auto& claims) { claims.epoch = 2, claims.from = from; });
  }
  protocol::Job submitted(const ServiceWorld::Probed& probed) {
    EXPECT_EQ(world.submit(bearer, probed.id, world.seal({older.get()}, world.binding(probed), "New-Passw0rd-1")).status, 202);
    auto got = older->next_job();
    EXPECT_TRUE(got);
    older->accept(got->job);
    older->applying(got->job);
    return got->job;
  }
};

TEST_F(AnAgentThatChangesItsLink, KeepsItsJobsAndIsReadyAtOnce) {
  const auto job = submitted(world.probe(*older, bearer));
  ASSERT_EQ(take_over(older->session), "welcome");
  const auto probed = world.probe(newer, bearer, "bob");  // offered on the newer link before it has said a word
  EXPECT_FALSE(probed.id.empty());
  newer.answer(job, protocol::Code::applied);
  EXPECT_EQ(world.look(bearer, job.jti).text("outcome"), "applied");
  EXPECT_EQ(world.look(bearer, job.jti).body.at("attempts").as_int64(), 1) << "offered to nobody else, and not again";
}

TEST_F(AnAgentThatChangesItsLink, IsStillHeardOnTheOlderOne) {
  const auto job = submitted(world.probe(*older, bearer));
  ASSERT_EQ(take_over(older->session), "welcome");
  older->answer(job, protocol::Code::applied);
  EXPECT_EQ(world.look(bearer, job.jti).text("outcome"), "applied");
  older->cut();
  EXPECT_FALSE(world.probe(newer, bearer, "bob").id.empty()) << "the end of the older link is nobody's loss";
}

TEST_F(AnAgentThatChangesItsLink, IsANewStartWhereItNamesAnotherSession) {
  const auto job = submitted(world.probe(*older, bearer));
  ASSERT_EQ(take_over("01ARZ3NDEKTSV4RRFFQ69G5FAV"), "welcome");
  EXPECT_TRUE(older->gone());
  newer.state(world.rsn);
  newer.ready();
  const auto again = newer.next_job();
  ASSERT_TRUE(again) << "what the former life held is offered again";
  EXPECT_EQ(again->job.jti, job.jti);
  EXPECT_EQ(again->job.att, 2);
}

}  // namespace
}  // namespace wb::test
