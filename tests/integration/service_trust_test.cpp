// What becomes of an agent's jobs and link when what is believed changes: rosters, revocation, keys, roots.
#include <gtest/gtest.h>

#include "crypto/trust.hpp"
#include "tests/support/service_world.hpp"

namespace wb::test {
namespace {

class TwoAgents : public testing::Test {
 protected:
  ServiceWorld world;
  std::string bearer = world.client();
  std::unique_ptr<FakeAgent> first = world.active_agent(), second = world.active_agent();

  // A job in the hands of one of them, sealed to both: {who holds it, the other, the job}.
  struct Held {
    FakeAgent* holder;
    FakeAgent* other;
    protocol::Job job;
  };
  Held held() {
    second->ready(false);
    while (second->next("hb", 50ms)) {}
    const auto probed = world.probe(*first, bearer);
    second->ready(true);
    first->ready(false);  // so that it is the second that gets it
    while (world.ready_now(bearer) != 1) std::this_thread::yield();
    EXPECT_EQ(world.submit(bearer, probed.id, world.seal({first.get(), second.get()}, world.binding(probed), "New-Passw0rd-1")).status, 202);
    auto got = second->next_job();
    EXPECT_TRUE(got);
    second->accept(got->job);
    second->applying(got->job);
    first->ready(true);
    return {second.get(), first.get(), got->job};
  }
  void taken_over(const Held& held, std::chrono::steady_clock::time_point since) {
    auto again = held.other->next_job(3s);
    const auto took = std::chrono::steady_clock::now() - since;
    ASSERT_TRUE(again);
    EXPECT_EQ(again->job.jti, held.job.jti);
    EXPECT_GT(again->job.fence, held.job.fence);
    EXPECT_LT(took, 3s);
    EXPECT_TRUE(held.holder->gone(3s));
    held.other->accept(again->job);
    held.other->answer(again->job, protocol::Code::applied);
    EXPECT_EQ(world.look(bearer, held.job.jti).text("outcome"), "applied");
  }
};

TEST_F(TwoAgents, OfWhomOneIsTakenOutOfTheRosterHandItsJobsToTheOtherAtOnce) {
  const auto h = held();
  const auto since = std::chrono::steady_clock::now();
  ASSERT_EQ(world.post_roster({h.other}).status, 200);
  h.other->state(world.rsn);
  taken_over(h, since);
  EXPECT_EQ(h.holder->connect(), "welcome") << "it may wait for another approval";
}

TEST_F(TwoAgents, OfWhomTheOperatorRevokesOneHandItsJobsToTheOtherWithinThreeSeconds) {
  const auto h = held();
  const auto since = std::chrono::steady_clock::now();
  ASSERT_TRUE(world.store().revoke(h.holder->id).value());
  taken_over(h, since);
  EXPECT_EQ(h.holder->connect(), "revoked");
  EXPECT_EQ(h.holder->enroll(world.token()).status, 409) << "not with the same key";
  EXPECT_EQ(h.holder->post_signed("/agent/v1/agents", "domain", world.domain).status, 401);
  const auto keys = https("GET", world.url() + "/api/v1/keys", {}, bearer);
  EXPECT_EQ(keys.body.at("statements").as_array().size(), 1U) << "nobody seals to it any more";
  EXPECT_FALSE(world.store().revoke("nobody").value());
}

class AnAgentWhoseKeyChanged : public testing::Test {
 protected:
  ServiceWorld world;
  std::string bearer = world.client();
  std::unique_ptr<FakeAgent> agent = world.active_agent();
};

TEST_F(AnAgentWhoseKeyChanged, StillGetsWhatWasSealedToTheOneBefore) {
  const auto probed = world.probe(*agent, bearer);
  const auto sealed = world.seal({agent.get()}, world.binding(probed), "New-Passw0rd-1");
  agent->ae = crypto::PrivateKey::generate().value();
  agent->state(world.rsn);
  ASSERT_EQ(world.submit(bearer, probed.id, sealed).status, 202);
  EXPECT_TRUE(agent->next_job());
}

TEST_F(AnAgentWhoseKeyChanged, StillGetsItOverANewLinkWhenItsHelloNamesTheFormerOne) {
  const auto probed = world.probe(*agent, bearer);
  const auto sealed = world.seal({agent.get()}, world.binding(probed), "New-Passw0rd-1");
  const auto former = agent->ae.kid();
  agent->ae = crypto::PrivateKey::generate().value();
  agent->epoch = 2;
  ASSERT_EQ(agent->connect([&](auto& h) { h.ae_kids.push_back(former); }), "welcome");
  agent->state(world.rsn);
  agent->ready();
  ASSERT_EQ(world.submit(bearer, probed.id, sealed).status, 202);
  EXPECT_TRUE(agent->next_job());
}

TEST_F(AnAgentWhoseKeyChanged, GetsNothingThatItHasGivenUpTheKeyOf) {
  const auto probed = world.probe(*agent, bearer);
  const auto sealed = world.seal({agent.get()}, world.binding(probed), "New-Passw0rd-1");
  agent->ae = crypto::PrivateKey::generate().value();
  agent->epoch = 2;
  ASSERT_EQ(agent->connect(), "welcome");
  agent->state(world.rsn);
  agent->ready();
  while (world.ready_now(bearer) != 1) std::this_thread::yield();
  ASSERT_EQ(world.submit(bearer, probed.id, sealed).status, 202);
  EXPECT_FALSE(agent->next_job(200ms));
}

class ADomainsRoot : public AnAgentWhoseKeyChanged {
 protected:
  // A roster by `root`, with the link by which `from` names it.
  HttpReply post(const crypto::PrivateKey& root, const crypto::PrivateKey& from, const std::string& domain = "corp.example") {
    const protocol::Roster roster{"default", world.domain, ++world.rsn, unix_now(), unix_now() + 86'400, {{agent->id, agent->as.public_key().jwk()}}};
    const auto jws = crypto::sign(root, protocol::typ_roster, protocol::encode(roster), crypto::CarryKey::yes).value();
    const protocol::Succession link{"default", domain, root.public_key().jwk(), unix_now()};
    const auto succession = crypto::sign(from, protocol::typ_root, protocol::encode(link), crypto::CarryKey::yes).value();
    const protocol::SubmitClaims claims{agent->id, world.domain, crypto::sha256_url(jws), unix_now()};
    const auto submit = crypto::sign(agent->as, protocol::typ_submit, protocol::encode(claims)).value();
    return https("POST", world.url() + "/agent/v1/roster", json::serialize(json::object{{"roster", jws}, {"jws", submit}, {"root", succession}}));
  }
};

TEST_F(ADomainsRoot, IsSucceededByTheOneItNames) {
  const auto next = crypto::PrivateKey::generate().value(), third = crypto::PrivateKey::generate().value();
  const auto reply = post(next, world.dr);
  ASSERT_EQ(reply.status, 200) << reply.error();
  EXPECT_EQ(reply.text("dr"), next.kid());
  agent->next("keys");  // of its welcome
  std::optional<std::string> told;
  while (auto body = agent->next("keys", 1s)) {
    told = body;
    if (protocol::decode<protocol::ServiceKeys>(*told).value().roots.contains(world.domain)) break;
  }
  ASSERT_TRUE(told);
  EXPECT_EQ(protocol::decode<protocol::ServiceKeys>(*told).value().roots.at(world.domain).size(), 1U);
  EXPECT_EQ(world.post_roster({agent.get()}).status, 409) << "the former root signs nothing any more";
  EXPECT_EQ(post(third, next).status, 200);
  world.stop();
  world.start();
  EXPECT_EQ(https("GET", world.url() + "/api/v1/keys", {}, bearer).body.at("roots").as_array().size(), 2U) << "the whole way, for whoever knows the first one";
}

TEST_F(ADomainsRoot, IsNotSucceededByAnother) {
  const auto next = crypto::PrivateKey::generate().value(), stranger = crypto::PrivateKey::generate().value();
  EXPECT_EQ(post(next, stranger).status, 409);
  EXPECT_EQ(post(next, next).status, 409);
  EXPECT_EQ(post(next, world.dr, "other.example").status, 409);
  EXPECT_EQ(post(world.dr, world.dr).status, 409) << "not by itself either";
  EXPECT_EQ(world.post_roster({agent.get()}).status, 200);
}

TEST_F(ADomainsRoot, ThatIsForgottenCutsItsAgentsOffAndTheNextRosterSetsAnother) {
  ASSERT_TRUE(world.store().forget_root(world.domain).value());
  EXPECT_TRUE(agent->gone());
  world.dr = crypto::PrivateKey::generate().value();
  EXPECT_EQ(world.post_roster({agent.get()}).status, 200);
  EXPECT_FALSE(world.store().forget_root("other.example").value());
}

// ---- the service's root ---------------------------------------------------------------------------------------
TEST(AServiceWhoseRootIsElsewhere, EnrollsAgentsAndTellsThemWhatThatRootEndorses) {
  ServiceWorld world;
  const auto state = world.config.state_dir;
  FakeAgent early(world), late(world);
  ASSERT_EQ(early.enroll(world.token()).status, 200);
  ASSERT_EQ(early.connect(), "welcome");
  ASSERT_TRUE(early.next("keys"));
  const auto root = service::export_root(state, world.folder() / "sr", Secret::copy_of("a dozen words on paper"), true).value();
  const auto enrolled = late.enroll(world.token());
  ASSERT_EQ(enrolled.status, 200);
  const auto& sr = enrolled.body.at("sr");
  EXPECT_EQ(crypto::thumbprint({std::string(sr.at("x").as_string()), std::string(sr.at("y").as_string())}), root.kid());

  auto orders = service::Keys::open(state, world.config.public_url, unix_now()).value();
  const auto request = orders.request(unix_now(), 1, true).value();
  const auto away = crypto::PrivateKey::load_sealed(world.folder() / "sr", Secret::copy_of("a dozen words on paper")).value();
  ASSERT_TRUE(orders.install(service::endorse(away, request, unix_now()).value(), unix_now(), false));
  const auto told = early.next("keys");
  ASSERT_TRUE(told) << "within a second, by the running service";
  const auto sk = protocol::decode<protocol::ServiceKeys>(*told).value().sk;
  ASSERT_EQ(sk.size(), 2U);
  EXPECT_TRUE(crypto::check_endorsement(sk[0], root.kid(), world.config.public_url, unix_now()));
  world.stop();
  world.start();
  EXPECT_EQ(late.connect(), "welcome");
  EXPECT_EQ(protocol::decode<protocol::ServiceKeys>(late.next("keys").value()).value().sk.size(), 2U);
}

TEST(AServiceWhoseRootIsElsewhere, SaysThatItsLastEndorsementEnds) {
  ServiceWorld world;
  world.stop();
  const auto state = world.config.state_dir;
  for (const auto& entry : std::vector<std::filesystem::directory_entry>(std::filesystem::directory_iterator(state), {}))
    if (entry.path().filename().string().starts_with("sk-")) std::filesystem::remove(entry.path());
  const auto made = unix_now() - 20 * 86'400 - 3'600;  // ten days less an hour are left: nine, whatever second it is
  ASSERT_TRUE(service::Keys::open(state, world.config.public_url, made));
  const auto said = [&] {
    testing::internal::CaptureStderr();
    world.start();
    world.stop();
    return testing::internal::GetCapturedStderr();
  };
  EXPECT_EQ(said().find("service.endorsement_ends"), std::string::npos) << "with its root it makes the next one itself";
  ASSERT_TRUE(service::export_root(state, world.folder() / "sr", Secret::copy_of("a dozen words on paper"), true));
  const auto log = said();
  EXPECT_NE(log.find("warning service.endorsement_ends at=" + std::to_string(made + 30 * 86'400) + " days=9 sr="), std::string::npos) << log;
}

}  // namespace
}  // namespace wb::test
