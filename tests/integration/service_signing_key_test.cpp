// An agent's signing key changed by the roster, and resets that run through a change of rosters.
#include <gtest/gtest.h>

#include "tests/support/service_world.hpp"

namespace wb::test {
namespace {

class AnAgentsNextSigningKey : public testing::Test {
 protected:
  ServiceWorld world;
  std::string bearer = world.client();
  std::unique_ptr<FakeAgent> agent = world.active_agent();
  crypto::PrivateKey present = agent->as, next = crypto::PrivateKey::generate().value();

  std::string proof(const crypto::PrivateKey& key, const std::string& id, const std::string& as, std::int64_t iat = unix_now()) {
    return crypto::sign(key, protocol::typ_signing, protocol::encode(protocol::SigningClaims{id, as, iat}), crypto::CarryKey::yes).value();
  }
  HttpReply show(const std::string& text) { return agent->post_signed("/agent/v1/signing-key", "proof", text); }
  HttpReply show() { return show(proof(next, agent->id, present.kid())); }
  // A roster in which the agent has this key, posted by the present one.
  HttpReply approve(const crypto::PrivateKey& key) {
    const protocol::Roster roster{"default", world.domain, ++world.rsn, unix_now(), unix_now() + 86'400, {{agent->id, key.public_key().jwk()}}};
    return agent->post_signed("/agent/v1/roster", "roster", crypto::sign(world.dr, protocol::typ_roster, protocol::encode(roster), crypto::CarryKey::yes).value());
  }
  std::string connect_as(const crypto::PrivateKey& key) {
    agent->as = key;
    ++agent->epoch;
    return agent->connect();
  }
};

TEST_F(AnAgentsNextSigningKey, IsShownInTheListAndSucceedsWithItsFirstHelloAfterTheRoster) {
  ASSERT_EQ(show().status, 200);
  ASSERT_EQ(show().status, 200) << "said again";
  const auto listed = agent->post_signed("/agent/v1/agents", "domain", world.domain).body.at("agents").at(0);
  EXPECT_EQ(listed.at("next").at("x").as_string(), next.public_key().jwk().x);
  EXPECT_EQ(listed.at("as").at("x").as_string(), present.public_key().jwk().x);
  EXPECT_EQ(connect_as(next), "unknown_agent") << "no roster names it";
  ASSERT_EQ(connect_as(present), "welcome");
  ASSERT_EQ(approve(next).status, 200);
  EXPECT_EQ(connect_as(present), "welcome") << "an agent that has not heard of it yet";
  ASSERT_EQ(connect_as(next), "welcome");
  EXPECT_EQ(connect_as(present), "unknown_agent") << "never again";
  ASSERT_EQ(connect_as(next), "welcome");
  agent->state(world.rsn);
  agent->ready();
  while (world.ready_now(bearer) != 1) std::this_thread::yield();
  EXPECT_FALSE(agent->post_signed("/agent/v1/agents", "domain", world.domain).body.at("agents").at(0).as_object().contains("next"));
}

TEST_F(AnAgentsNextSigningKey, StatesOverTheLinkOfThePresentOneAndLosesNoJob) {
  ASSERT_EQ(show().status, 200);
  const auto probed = world.probe(*agent, bearer);
  ASSERT_EQ(world.submit(bearer, probed.id, world.seal({agent.get()}, world.binding(probed), "New-Passw0rd-1")).status, 202);
  const auto got = agent->next_job();
  ASSERT_TRUE(got);
  agent->accept(got->job);
  agent->applying(got->job);
  ASSERT_EQ(approve(next).status, 200);
  EXPECT_EQ(world.ready_now(bearer), 1) << "nobody waits meanwhile";
  agent->as = next;
  agent->state(world.rsn);
  const auto before = agent->session;
  ++agent->epoch;
  ASSERT_EQ(agent->connect([&](auto& hello) { hello.from = before; }), "welcome");
  agent->as = present;  // the result was signed before
  agent->answer(got->job, protocol::Code::applied);
  EXPECT_EQ(world.look(bearer, got->job.jti).text("outcome"), "applied");
}

TEST_F(AnAgentsNextSigningKey, IsNotTakenWithoutItsProofOrThePresentOnesWord) {
  const auto stranger = crypto::PrivateKey::generate().value();
  EXPECT_EQ(show(proof(next, "another", present.kid())).status, 400);
  EXPECT_EQ(show(proof(next, agent->id, stranger.kid())).status, 400);
  EXPECT_EQ(show(proof(next, agent->id, present.kid(), unix_now() - 400)).status, 400);
  EXPECT_EQ(show(proof(present, agent->id, present.kid())).status, 409) << "it is the present one";
  EXPECT_EQ(show("nonsense").status, 400);
  EXPECT_EQ(show(proof(next, agent->id, present.kid()) + "x").status, 400);
  auto bent = proof(next, agent->id, present.kid());
  bent[bent.size() - 10] = bent[bent.size() - 10] == 'A' ? 'B' : 'A';
  EXPECT_EQ(show(bent).status, 400);
  agent->as = stranger;
  EXPECT_EQ(show().status, 401);
  agent->as = next;
  EXPECT_EQ(show().status, 401) << "it can't bring itself in";
  EXPECT_EQ(https("POST", world.url() + "/agent/v1/signing-key", "{}").status, 400);
  agent->as = present;
  EXPECT_FALSE(agent->post_signed("/agent/v1/agents", "domain", world.domain).body.at("agents").at(0).as_object().contains("next"));
  EXPECT_EQ(world.ready_now(bearer), 1);
}

TEST_F(AnAgentsNextSigningKey, ThatNobodyMadeCutsTheAgentOffUntilARosterNamesItsOwn) {
  ASSERT_EQ(approve(next).status, 200) << "signed by the root: the service passes it on";
  EXPECT_TRUE(agent->gone(3s));
  EXPECT_EQ(connect_as(next), "unknown_agent");
  ASSERT_EQ(connect_as(present), "welcome");
  ASSERT_EQ(approve(present).status, 200);
  agent->state(world.rsn);
  agent->ready();
  while (world.ready_now(bearer) != 1) std::this_thread::yield();
}

TEST_F(AnAgentsNextSigningKey, SurvivesARestartOfTheServiceAtEachStep) {
  ASSERT_EQ(show().status, 200);
  world.kill();
  world.start();
  ASSERT_EQ(connect_as(present), "welcome");
  ASSERT_EQ(approve(next).status, 200);
  world.kill();
  world.start();
  ASSERT_EQ(connect_as(next), "welcome");
  world.kill();
  world.start();
  EXPECT_EQ(connect_as(present), "unknown_agent");
  EXPECT_EQ(connect_as(next), "welcome");
}

TEST(ResetsThatRunThroughAnApproval, SeeNobodyUnavailable) {
  ServiceWorld world;
  const auto bearer = world.client();
  const auto agent = world.active_agent();
  for (int turn = 0; turn < 5; ++turn) {
    const auto probed = world.probe(*agent, bearer);
    const auto sealed_under = world.binding(probed);
    ASSERT_EQ(world.post_roster({agent.get()}).status, 200);
    const auto keys = https("GET", world.url() + "/api/v1/keys", {}, bearer).body;
    EXPECT_EQ(keys.at("ready_agents").as_int64(), 1);
    EXPECT_EQ(keys.at("statements").as_array().size(), 1U) << "there is always somebody to seal to";
    EXPECT_EQ(world.submit(bearer, probed.id, world.seal({agent.get()}, sealed_under, "New-Passw0rd-1")).status, 202);
    const auto got = agent->next_job(3s);
    ASSERT_TRUE(got);
    agent->accept(got->job);
    agent->answer(got->job, protocol::Code::applied);
    EXPECT_EQ(world.look(bearer, got->job.jti).text("outcome"), "applied");
    agent->state(world.rsn);
  }
}

}  // namespace
}  // namespace wb::test
