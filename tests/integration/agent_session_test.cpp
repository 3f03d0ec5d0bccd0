// The agent over a real link, against a service that is played here and a directory in memory.
#include <gtest/gtest.h>

#include "tests/support/agent_world.hpp"

namespace wb::test {
namespace {
using protocol::Code;
using Shared = FakeDirectory::Shared;

TEST(AReadyAgent, AnswersAProbe) {
  AgentWorld world;
  world.play([](AgentWorld& w) -> Awaitable<> {
    auto job = w.maker.probe("alice");
    w.post_job(job);
    auto accepted = co_await w.next("accept");
    EXPECT_EQ(protocol::decode<protocol::JobRef>(accepted.body).value().jti, job.jti);
    auto r = co_await w.result();
    EXPECT_EQ(r.code, Code::ok);
    CO_REQUIRE(r.probe);
    EXPECT_EQ(r.probe->sub, alice);
    EXPECT_EQ(r.probe->pre, w.directory->accounts.at(alice).pre);
    EXPECT_EQ(r.probe->policy.min_length, 8);
    EXPECT_TRUE(r.probe->contacts.empty()) << "nobody asked";
  });
}

TEST(AReadyAgent, WritesASealedPasswordOnceAndSaysSo) {
  AgentWorld world;
  world.play([](AgentWorld& w) -> Awaitable<> {
    auto [job, sec] = w.reset("Grüße-🔑-1");
    w.post_job(job, sec);
    auto progress = co_await w.next("progress");
    EXPECT_EQ(protocol::decode<protocol::Progress>(progress.body).value().state, "applying");
    auto r = co_await w.result();
    EXPECT_EQ(r.code, Code::applied);
    EXPECT_EQ(r.fence, job.fence);
    EXPECT_EQ(r.dc, "dc1.corp.example");
    EXPECT_EQ(w.directory->count(&Shared::applied), 1);
    EXPECT_EQ(w.directory->passwords[alice], "Grüße-🔑-1");
    EXPECT_EQ(w.directory->accounts.at(alice).pre.mk, "wb1;" + job.jti + ";1;A");
  });
}

TEST(AReadyAgent, RefusesWhatIsNoPasswordBeforeTheDirectorySeesIt) {
  AgentWorld world;
  world.play([](AgentWorld& w) -> Awaitable<> {
    for (const auto& [password, reason] : {std::pair(std::string(), "empty"), std::pair(std::string(257, 'a'), "too_long")}) {
      auto [job, sec] = w.reset(password);
      w.post_job(job, sec);
      auto r = co_await w.result();
      EXPECT_EQ(r.code, Code::rejected);
      EXPECT_EQ(r.reason, reason);
    }
    EXPECT_EQ(w.directory->count(&Shared::writes), 0);
  });
}

TEST(AReadyAgent, SaysUntilWhenAPasswordIsTooYoungAndHowLongOneMustBe) {
  AgentWorld world;
  world.play([](AgentWorld& w) -> Awaitable<> {
    w.directory->set([](Shared& s) { s.refuse = ldap::Refusal::too_young, s.policy.change_from = 1'900'000'000, s.policy.min_age_s = 86'400; });
    auto first = w.reset();
    w.post_job(first.job, first.sec);
    auto r = co_await w.result();
    EXPECT_EQ(r.reason, "too_young");
    EXPECT_EQ(r.retry_after, 1'900'000'000);
    w.directory->set([](Shared& s) { s.refuse = ldap::Refusal::too_short, s.policy.min_length = 13; });
    auto second = w.reset();
    w.post_job(second.job, second.sec);
    r = co_await w.result();
    EXPECT_EQ(r.reason, "too_short");
    EXPECT_NE(r.text.find("13"), std::string::npos) << r.text;
  });
}

TEST(AnUnlock, GoesWithoutAPassword) {
  AgentWorld world;
  world.play([](AgentWorld& w) -> Awaitable<> {
    w.directory->set([](Shared& s) { s.accounts.at(alice).state.locked = true; });
    auto job = w.maker.reset(alice, w.directory->accounts.at(alice).pre);
    job.op = protocol::Op::unlock;
    w.post_job(job);
    auto r = co_await w.result();
    EXPECT_EQ(r.code, Code::applied);
    EXPECT_FALSE(w.directory->accounts.at(alice).state.locked);
  });
}

// ---- delivery -----------------------------------------------------------------------------------------------
TEST(AJobThatIsRedelivered, GetsTheJournaledAnswerWithoutASecondWrite) {
  AgentWorld world;
  world.play([](AgentWorld& w) -> Awaitable<> {
    auto [job, sec] = w.reset();
    w.post_job(job, sec);
    auto first = co_await w.result();
    EXPECT_EQ(first.code, Code::applied);
    job.fence = 7, job.att = 2;
    w.post_job(job, sec);
    auto second = co_await w.result();
    EXPECT_EQ(second.code, Code::applied);
    EXPECT_EQ(second.fence, 7);
    EXPECT_EQ(second.att, 2);
    EXPECT_EQ(second.pls, first.pls);
    EXPECT_EQ(w.directory->count(&Shared::writes), 1);
  });
}

TEST(AJobThatIsRedelivered, ToAnAgentThatWasRestartedGetsTheSameAnswer) {
  AgentWorld world;
  world.play([](AgentWorld& w) -> Awaitable<> {
    auto [job, sec] = w.reset();
    w.post_job(job, sec);
    (void)co_await w.result();
    co_await w.stop_agent();
    w.start_agent();
    (void)co_await w.until_ready(true);
    w.post_job(job, sec);
    auto replayed = co_await w.result();
    EXPECT_EQ(replayed.reason, "replay");
    job.fence = 2, job.att = 2;
    w.post_job(job, sec);
    auto r = co_await w.result();
    EXPECT_EQ(r.code, Code::applied);
    EXPECT_EQ(w.directory->count(&Shared::writes), 1);
  });
}

TEST(AJobThatIsRedelivered, WhileItRunsIsAnsweredOnceUnderItsNewestFence) {
  AgentWorld world;
  world.play([](AgentWorld& w) -> Awaitable<> {
    w.directory->set([](Shared& s) { s.hold_writes = true; });
    auto [job, sec] = w.reset();
    w.post_job(job, sec);
    (void)co_await w.next("progress");
    job.fence = 2, job.att = 2;
    w.post_job(job, sec);
    for (bool again = false; !again;) {
      auto accept = co_await w.next("accept");
      again = protocol::decode<protocol::JobRef>(accept.body).value().fence == 2;
    }
    (void)co_await w.next("progress");  // the lease is renewed while the write goes on
    w.directory->set([](Shared& s) { s.hold_writes = false; });
    auto r = co_await w.result();
    EXPECT_EQ(r.code, Code::applied);
    EXPECT_EQ(r.fence, 2);
    EXPECT_EQ(w.directory->count(&Shared::writes), 1);
  });
}

TEST(AReplay, IsRefusedForProbesAndForWrites) {
  AgentWorld world;
  world.play([](AgentWorld& w) -> Awaitable<> {
    auto probe = w.maker.probe("alice");
    w.post_job(probe);
    EXPECT_EQ((co_await w.result()).code, Code::ok);
    w.post_job(probe);
    auto r = co_await w.result();
    EXPECT_EQ(r.code, Code::invalid);
    EXPECT_EQ(r.reason, "replay");
    auto [job, sec] = w.reset();
    w.post_job(job, sec);
    EXPECT_EQ((co_await w.result()).code, Code::applied);
    w.post_job(job, sec);
    EXPECT_EQ((co_await w.result()).reason, "replay");
    EXPECT_EQ(w.directory->count(&Shared::writes), 1);
  });
}

TEST(AWriteWhoseAnswerWasLost, IsAppliedWhenTheMarkerStandsThere) {
  AgentWorld world;
  world.play([](AgentWorld& w) -> Awaitable<> {
    w.directory->set([](Shared& s) { s.write_fault = fault(Fault::Kind::lost, "ldap.modify"); });
    auto [job, sec] = w.reset();
    w.post_job(job, sec);
    EXPECT_EQ((co_await w.result()).code, Code::applied);
    EXPECT_EQ(w.directory->count(&Shared::applied), 1);
  });
}

TEST(AWriteWhoseAnswerWasLost, StaysInDoubtWhenNothingIsSeenAndIsTriedAgainWhenAsked) {
  AgentWorld world;
  world.play([](AgentWorld& w) -> Awaitable<> {
    w.directory->set([](Shared& s) { s.write_fault = fault(Fault::Kind::timed_out, "ldap.modify"), s.write_lands = false; });
    auto [job, sec] = w.reset();
    w.post_job(job, sec);
    EXPECT_EQ((co_await w.result()).code, Code::in_doubt);
    w.directory->set([](Shared& s) { s.write_fault.reset(); });
    job.fence = 2, job.att = 2;
    w.post_job(job, sec);
    EXPECT_EQ((co_await w.result()).code, Code::applied);
    EXPECT_EQ(w.directory->count(&Shared::applied), 1);
  });
}

TEST(AnOlderJob, NeverOverwritesANewerPassword) {
  AgentWorld world;
  world.play([](AgentWorld& w) -> Awaitable<> {
    auto [job, sec] = w.reset();
    w.directory->changed_by_somebody_else(alice);
    w.post_job(job, sec);
    EXPECT_EQ((co_await w.result()).code, Code::superseded);
    EXPECT_EQ(w.directory->count(&Shared::applied), 0);
  });
}

TEST(TwoJobsForOneAccount, AreOneWriteAndOneBusy) {
  AgentWorld world;
  world.play([](AgentWorld& w) -> Awaitable<> {
    w.directory->set([](Shared& s) { s.hold_writes = true; });
    auto first = w.reset(), second = w.reset();
    w.post_job(first.job, first.sec);
    (void)co_await w.next("progress");
    w.post_job(second.job, second.sec);
    auto busy = co_await w.result();
    EXPECT_EQ(busy.jti, second.job.jti);
    EXPECT_EQ(busy.code, Code::busy);
    EXPECT_EQ(busy.reason, "account");
    w.directory->set([](Shared& s) { s.hold_writes = false; });
    EXPECT_EQ((co_await w.result()).code, Code::applied);
  });
}

TEST(AFullWindow, AnswersBusy) {
  AgentWorld world;
  world.directory->add("6fd0a2c4-1111-2222-3333-000000000003", "bob");
  world.play([](AgentWorld& w) -> Awaitable<> {
    w.directory->set([](Shared& s) { s.hold_writes = true; });
    auto one = w.reset("New-Passw0rd-1", alice), two = w.reset("New-Passw0rd-1", "6fd0a2c4-1111-2222-3333-000000000003");
    w.post_job(one.job, one.sec);
    w.post_job(two.job, two.sec);
    auto third = w.maker.probe("alice");
    w.post_job(third);
    auto r = co_await w.result();
    EXPECT_EQ(r.jti, third.jti);
    EXPECT_EQ(r.code, Code::busy);
    EXPECT_EQ(r.reason, "window");
    w.directory->set([](Shared& s) { s.hold_writes = false; });
    (void)co_await w.result();
    (void)co_await w.result();
  });
}

// ---- what is not to be believed -----------------------------------------------------------------------------
TEST(AJobNotToBeBelieved, IsInvalidWithTheReasonAndTheLinkStays) {
  AgentWorld world;
  world.play([](AgentWorld& w) -> Awaitable<> {
    auto expired = w.maker.probe("alice", unix_now() - 100);
    w.post_job(expired);
    EXPECT_EQ((co_await w.result()).reason, "expired");
    auto astray = w.maker.probe("alice");
    astray.aud = "demo/other.example";
    w.post_job(astray);
    EXPECT_EQ((co_await w.result()).reason, "audience");
    auto stranger = w.maker;
    stranger.sk = crypto::PrivateKey::generate().value();
    w.post("job", stranger.message(w.maker.probe("alice")));
    EXPECT_EQ((co_await w.result()).reason, "signature");
    auto [job, sec] = w.reset();
    w.post_job(job, w.reset().sec);
    EXPECT_EQ((co_await w.result()).reason, "binding");
    w.post("job", protocol::JobMessage{"not.a.job", std::nullopt, 1000});
    EXPECT_EQ(co_await w.error_code(), "invalid");
    w.post_job(w.maker.probe("alice"));
    EXPECT_EQ((co_await w.result()).code, Code::ok) << "the same link still serves";
    EXPECT_EQ(w.hellos.size(), 1U);
  });
}

TEST(APasswordSealedToSomebodyElse, IsInvalidAndNothingIsWritten) {
  AgentWorld world;
  world.play([](AgentWorld& w) -> Awaitable<> {
    auto job = w.maker.reset(alice, w.directory->accounts.at(alice).pre);
    auto sec = JobMaker::seal(job, w.maker.binding_of(job), {crypto::PrivateKey::generate().value().public_key()});
    w.post_job(job, sec);
    auto r = co_await w.result();
    EXPECT_EQ(r.code, Code::invalid);
    EXPECT_EQ(r.reason, "decrypt");
    EXPECT_EQ(w.directory->count(&Shared::writes), 0);
  });
}

TEST(AMessageNobodyKnows, IsAnsweredUnsupportedAndTheLinkStays) {
  AgentWorld world;
  world.play([](AgentWorld& w) -> Awaitable<> {
    w.post(protocol::encode_envelope({"dance", {}, std::nullopt, "{}"}));
    EXPECT_EQ(co_await w.error_code(), "unsupported");
    w.post(protocol::encode_envelope({"job", {}, std::nullopt, "{\"jws\":1}"}));
    EXPECT_EQ(co_await w.error_code(), "malformed");
    w.post(protocol::encode_envelope({"job", {}, std::nullopt, "{\"jws\":\"" + std::string(33'000, 'a') + "\",\"ttl_ms\":1}"}));
    EXPECT_EQ(co_await w.error_code(), "malformed");
    w.post_job(w.maker.probe("alice"));
    EXPECT_EQ((co_await w.result()).code, Code::ok);
    EXPECT_EQ(w.agent->refusals().total(agent::security::type), 1U);
    EXPECT_EQ(w.agent->refusals().total(agent::security::body), 2U);
  });
}

TEST(ATextThatIsNoMessage, EndsTheLinkAndTheAgentComesBack) {
  for (const auto& text : {std::string("nonsense"), std::string(70'000, 'x')}) {
    AgentWorld world;
    world.play([text](AgentWorld& w) -> Awaitable<> {
      (void)co_await w.hellos.receive();
      w.post(text);
      (void)co_await w.ends.receive();
      (void)co_await w.hellos.receive();
      (void)co_await w.until_ready(true);
    });
  }
}

}  // namespace
}  // namespace wb::test
