// What the service does about jobs whose end it does not know, and about agents and services that go away
// (docs/PROTOCOL.md section 6).
#include <gtest/gtest.h>

#include "tests/support/service_world.hpp"

namespace wb::test {
namespace {

using protocol::Code;
using protocol::Op;
constexpr const char* password = "Doubtful-9f3b-password!";

service::Settings quick() {
  auto shape = ServiceWorld::quick();
  shape.jobs.doubt_first = 50ms;
  shape.jobs.resolve_first = 50ms;
  return shape;
}

class AnAccountsJob : public testing::Test {
 protected:
  ServiceWorld world{quick()};
  std::string bearer = world.client();
  std::unique_ptr<FakeAgent> agent = world.active_agent();

  struct Submitted {
    protocol::SealBinding binding;
    FakeAgent::Received got;
  };
  // Probed, submitted with so many seconds to live, and received by `agent`.
  Submitted submitted(int seconds = 120) {
    const auto probed = world.probe(*agent, bearer);
    auto binding = world.binding(probed);
    binding.exp = unix_now() + seconds;
    EXPECT_EQ(world.submit(bearer, probed.id, world.seal({agent.get()}, binding, password)).status, 202);
    auto got = agent->next_job();
    EXPECT_TRUE(got);
    return {binding, got.value_or(FakeAgent::Received{})};
  }
  void connected(FakeAgent::Tweak tweak = {}) {
    agent->epoch++;
    ASSERT_EQ(agent->connect(std::move(tweak)), "welcome");
    agent->state(world.rsn);
    agent->ready();
  }
  // Taken by the agent, which is then never heard of until the end.
  Submitted doubtful() {
    auto job = submitted(2);
    agent->accept(job.got.job);
    agent->cut();
    const auto told = world.look(bearer, job.binding.jti);
    EXPECT_EQ(told.text("state"), "resolving");
    EXPECT_EQ(told.text("outcome"), "in_doubt");
    EXPECT_NE(told.text("text").find("may already work"), std::string::npos);
    return job;
  }
  HttpReply ended(const std::string& jti) {
    for (;;)
      if (auto reply = world.look(bearer, jti); reply.text("state") == "final" || reply.status != 200) return reply;
  }
};

// ---- waiting for the outcome --------------------------------------------------------------------------------
TEST_F(AnAccountsJob, IsAnsweredByItsSubmitWhenThatWaits) {
  const auto probed = world.probe(*agent, bearer);
  const auto binding = world.binding(probed);
  const auto sealed = world.seal({agent.get()}, binding, password);
  auto submitting = std::async(std::launch::async, [&] { return world.submit(bearer, probed.id, sealed, 30'000); });
  const auto got = agent->next_job();
  ASSERT_TRUE(got);
  agent->answer(got->job, Code::applied);
  const auto reply = submitting.get();
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.text("outcome"), "applied");
  EXPECT_EQ(reply.text("jti"), binding.jti);
  EXPECT_FALSE(reply.text("result").empty());
  EXPECT_EQ(world.submit(bearer, probed.id, sealed, 30'000).text("outcome"), "applied") << "the same again";
  EXPECT_EQ(world.submit(bearer, probed.id, sealed).status, 202) << "and as ever without a wait";
}
TEST_F(AnAccountsJob, IsAcceptedWhenTheWaitIsOverBeforeItsEnd) {
  const auto probed = world.probe(*agent, bearer);
  const auto reply = world.submit(bearer, probed.id, world.seal({agent.get()}, world.binding(probed), password), 20);
  EXPECT_EQ(reply.status, 202);
  EXPECT_EQ(reply.text("state"), "leased");
  EXPECT_EQ(https("POST", world.url() + "/api/v1/jobs?wait_ms=soon", "{}", bearer).status, 400);
}
TEST_F(AnAccountsJob, IsToldInDoubtByTheSubmitThatWaits) {
  const auto probed = world.probe(*agent, bearer);
  auto binding = world.binding(probed);
  binding.exp = unix_now() + 2;
  auto submitting = std::async(std::launch::async, [&] { return world.submit(bearer, probed.id, world.seal({agent.get()}, binding, password), 30'000); });
  const auto got = agent->next_job();
  ASSERT_TRUE(got);
  agent->accept(got->job);
  agent->cut();
  const auto reply = submitting.get();
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.text("state"), "resolving");
  EXPECT_EQ(reply.text("outcome"), "in_doubt");
}

// ---- in doubt -----------------------------------------------------------------------------------------------
TEST_F(AnAccountsJob, AnsweredInDoubtIsOfferedAgainWithItsPassword) {
  const auto job = submitted();
  agent->accept(job.got.job);
  agent->answer(job.got.job, Code::in_doubt);
  EXPECT_TRUE(agent->next("ack"));
  const auto again = agent->next_job();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->job.op, Op::reset);
  EXPECT_EQ(again->job.fence, 2);
  EXPECT_EQ(again->job.att, 2);
  EXPECT_EQ(again->message.sec, job.got.message.sec);
  agent->answer(again->job, Code::applied);
  EXPECT_EQ(ended(job.binding.jti).text("outcome"), "applied");
}
TEST_F(AnAccountsJob, IsResolvedWithoutItsPasswordAfterItsEnd) {
  const auto job = doubtful();
  EXPECT_EQ(world.store().job(job.binding.jti).value()->sealed, std::nullopt);
  connected();
  const auto resolve = agent->next_job();
  ASSERT_TRUE(resolve);
  const auto& r = resolve->job;
  EXPECT_EQ(r.op, Op::resolve);
  EXPECT_EQ(r.jti, job.binding.jti);
  EXPECT_EQ(r.sub, job.got.job.sub);
  EXPECT_EQ(r.pre, job.got.job.pre);
  EXPECT_GT(r.fence, job.got.job.fence);
  EXPECT_EQ(r.sh, std::nullopt);
  EXPECT_EQ(resolve->message.sec, std::nullopt);
  EXPECT_GT(r.exp, unix_now());
  EXPECT_LE(r.exp, r.iat + 120);
  EXPECT_GT(resolve->message.ttl_ms, 100'000);
  agent->accept(r);
  agent->answer(r, Code::in_doubt);
  const auto again = agent->next_job();
  ASSERT_TRUE(again) << "until the answer is one for good";
  agent->answer(again->job, Code::failed, [](auto& result) { result.reason = "void"; });
  const auto done = ended(job.binding.jti);
  EXPECT_EQ(done.text("outcome"), "failed");
  EXPECT_EQ(done.text("reason"), "void");
  EXPECT_EQ(done.body.at("attempts").to_number<int>(), 1) << "resolves are not counted";
}
TEST_F(AnAccountsJob, IsResolvedOnlyByAgentsThatSayTheyCan) {
  const auto job = doubtful();
  connected([](auto& claims) { claims.caps = {"probe", "reset", "unlock"}; });
  const auto probed = world.probe(*agent, bearer);  // it is ready, and was asked this and nothing before
  EXPECT_EQ(world.look(bearer, job.binding.jti, 100).text("state"), "resolving");
  EXPECT_FALSE(agent->next_job(0ms));
}
TEST_F(AnAccountsJob, EndsWithTheLateAnswerOfItsAgent) {
  const auto job = doubtful();
  agent->epoch++;
  ASSERT_EQ(agent->connect(), "welcome");  // its results come before it is ready
  agent->answer(job.got.job, Code::applied);
  EXPECT_EQ(ended(job.binding.jti).text("outcome"), "applied");
  EXPECT_TRUE(agent->next("ack"));
}
TEST_F(AnAccountsJob, InDoubtKeepsItsAccountFromOtherDomainControllersOnly) {
  const auto job = doubtful();
  connected();
  const auto resolve = agent->next_job();
  ASSERT_TRUE(resolve);
  agent->accept(resolve->job);  // and goes on
  auto probing = std::async(std::launch::async, [&] { return https("POST", world.url() + "/api/v1/probes", R"({"name":"alice"})", bearer); });
  const auto probe = agent->next_job();
  ASSERT_TRUE(probe);
  agent->answer(probe->job, Code::ok, [](auto& r) {
    protocol::ProbeAnswer answer;
    answer.sub = "6f1c2f0e-8a57-4d0f-9a1b-0c6f3a2b1d4e", answer.dc = "dc2.corp.example", answer.now = unix_now(), answer.pre = {"dc2.corp.example", 3, "133", std::nullopt};
    r.probe = answer;
  });
  const auto reply = probing.get();
  const auto answer = protocol::decode<protocol::ProbeAnswer>(json::serialize(reply.body.at("answer"))).value();
  const ServiceWorld::Probed elsewhere{reply.text("probe"), answer.pre, answer.sub};
  const auto refused = world.submit(bearer, elsewhere.id, world.seal({agent.get()}, world.binding(elsewhere), password));
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(refused.error(), "in_doubt");
  const auto same = world.probe(*agent, bearer);
  EXPECT_EQ(world.submit(bearer, same.id, world.seal({agent.get()}, world.binding(same), password)).status, 202);
}
TEST_F(AnAccountsJob, InDoubtEndsWhenAnOperatorReleasesIt) {
  const auto job = doubtful();
  ASSERT_TRUE(world.store().release(job.binding.jti).value());
  const auto done = ended(job.binding.jti);
  EXPECT_EQ(done.text("outcome"), "unknown");
  EXPECT_EQ(done.text("reason"), "released");
}
TEST_F(AnAccountsJob, InDoubtSurvivesTheServiceAndIsNotToldTwice) {
  const auto job = doubtful();
  for (int i = 0; i < 2; ++i) {
    world.kill();
    world.start();
    const auto told = world.look(bearer, job.binding.jti, 0);
    EXPECT_EQ(told.text("state"), "resolving");
    EXPECT_EQ(told.text("outcome"), "in_doubt");
    connected();
    const auto resolve = agent->next_job();
    ASSERT_TRUE(resolve);
    EXPECT_EQ(resolve->job.op, Op::resolve);
    EXPECT_EQ(resolve->job.fence, 2 + i) << "no fence twice";
    if (i == 0) continue;
    agent->answer(resolve->job, Code::superseded);
    EXPECT_EQ(ended(job.binding.jti).text("outcome"), "superseded");
  }
}

// ---- the service is killed ----------------------------------------------------------------------------------
TEST_F(AnAccountsJob, IsTakenUpAgainAfterTheServiceWasKilledAndItsAgentsResultTaken) {
  const auto job = submitted();
  agent->accept(job.got.job);
  agent->applying(job.got.job);
  while (world.look(bearer, job.binding.jti, 0).text("state") != "applying") {}
  world.kill();
  world.start();
  EXPECT_EQ(world.look(bearer, job.binding.jti, 0).text("state"), "ready");
  agent->epoch++;
  ASSERT_EQ(agent->connect(), "welcome");
  agent->answer(job.got.job, Code::applied);  // of the fence before the kill
  EXPECT_TRUE(agent->next("ack"));
  EXPECT_EQ(ended(job.binding.jti).text("outcome"), "applied");
  EXPECT_EQ(world.store().job(job.binding.jti).value()->sealed, std::nullopt);
}
TEST_F(AnAccountsJob, WithAnOutcomeKeepsItWhenTheServiceIsKilledBeforeTheAck) {
  auto slow = quick();
  slow.ack_delay = 60s;
  ServiceWorld patient(slow);
  const auto client = patient.client();
  auto one = patient.active_agent();
  const auto probed = patient.probe(*one, client);
  const auto binding = patient.binding(probed);
  ASSERT_EQ(patient.submit(client, probed.id, patient.seal({one.get()}, binding, password)).status, 202);
  ASSERT_TRUE(one->next("ack")) << "the probe's: nothing of it is worth a flush";
  const auto got = one->next_job();
  ASSERT_TRUE(got);
  one->answer(got->job, Code::applied);
  EXPECT_EQ(patient.look(client, binding.jti).text("outcome"), "applied") << "the caller does not wait for the ack";
  EXPECT_FALSE(one->next("ack", 0ms));
  patient.kill();
  patient.shape.ack_delay = 1ms;
  patient.start();
  EXPECT_EQ(patient.look(client, binding.jti, 0).text("outcome"), "applied");
  one->epoch++;
  ASSERT_EQ(one->connect(), "welcome");
  one->answer(got->job, Code::applied);  // not acked: sent again
  EXPECT_TRUE(one->next("ack"));
  EXPECT_EQ(patient.look(client, binding.jti, 0).text("outcome"), "applied");
}

// ---- agents come and go -------------------------------------------------------------------------------------
TEST_F(AnAccountsJob, GoesAtOnceToAnotherAgentWhenOneDrains) {
  auto second = world.active_agent();
  const auto probe_of = [&](FakeAgent& one, FakeAgent& other) {
    other.ready(false);
    while (https("GET", world.url() + "/api/v1/keys", {}, bearer).body.at("ready_agents").as_int64() != 1) {}
    return world.probe(one, bearer);
  };
  const auto probed = probe_of(*agent, *second);
  const auto binding = world.binding(probed);
  ASSERT_EQ(world.submit(bearer, probed.id, world.seal({agent.get(), second.get()}, binding, password)).status, 202);
  const auto first = agent->next_job();
  ASSERT_TRUE(first);
  second->ready();
  agent->send(protocol::message_text("draining", protocol::Draining{}));
  agent->answer(first->job, Code::busy, [](auto& r) { r.reason = "window"; });
  const auto moved = second->next_job(1s);  // long before the 2 s of an offer
  ASSERT_TRUE(moved);
  EXPECT_EQ(moved->job.fence, 2);
  EXPECT_EQ(moved->job.att, 1) << "the one that drains did nothing";
  second->answer(moved->job, Code::applied);
  EXPECT_EQ(ended(binding.jti).text("outcome"), "applied");
  for (int i = 0; i < 3; ++i) world.probe(*second, bearer);
  EXPECT_FALSE(agent->next_job(0ms)) << "nothing more for it";
}
TEST_F(AnAccountsJob, IsNotGivenToAnAgentWithoutItsDirectory) {
  auto second = world.active_agent();
  agent->ready(false);
  while (https("GET", world.url() + "/api/v1/keys", {}, bearer).body.at("ready_agents").as_int64() != 1) {}
  for (int i = 0; i < 4; ++i) {
    const auto probed = world.probe(*second, bearer);
    const auto binding = world.binding(probed);
    ASSERT_EQ(world.submit(bearer, probed.id, world.seal({agent.get(), second.get()}, binding, password)).status, 202);
    const auto got = second->next_job();
    ASSERT_TRUE(got);
    second->answer(got->job, Code::applied);
    EXPECT_EQ(ended(binding.jti).text("outcome"), "applied");
  }
  EXPECT_FALSE(agent->next_job(0ms));
}
TEST(TwoReadyAgents, ShareTheWork) {
  ServiceWorld world(quick());
  const auto bearer = world.client();
  auto first = world.active_agent(), second = world.active_agent();
  while (https("GET", world.url() + "/api/v1/keys", {}, bearer).body.at("ready_agents").as_int64() != 2) {}
  std::vector<std::future<HttpReply>> probes;
  for (int i = 0; i < 4; ++i) probes.push_back(std::async(std::launch::async, [&] { return https("POST", world.url() + "/api/v1/probes", R"({"name":"alice"})", bearer); }));
  for (auto* agent : {first.get(), second.get()})
    for (int i = 0; i < 2; ++i) {
      const auto got = agent->next_job();
      ASSERT_TRUE(got) << "two for each";
      agent->answer_probe(got->job);
    }
  for (auto& probe : probes) EXPECT_EQ(probe.get().text("outcome"), "ok");
}

}  // namespace
}  // namespace wb::test
