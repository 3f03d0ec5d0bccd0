// The agent and its link: cut, silent, refused, stopped; against a service that is played here and a directory in memory.
#include <gtest/gtest.h>

#include "tests/support/agent_world.hpp"

namespace wb::test {
namespace {
using protocol::Code;
using Shared = FakeDirectory::Shared;

// ---- links come and go --------------------------------------------------------------------------------------
TEST(ALinkThatIsCut, IsDialledAgainAndUnackedResultsAreSaidAgain) {
  AgentWorld world;
  world.play([](AgentWorld& w) -> Awaitable<> {
    (void)co_await w.hellos.receive();
    auto [job, sec] = w.reset();
    w.post_job(job, sec);
    auto first = co_await w.result(false);
    EXPECT_EQ(first.code, Code::applied);
    w.peer->abort();
    (void)co_await w.hellos.receive();
    auto again = co_await w.result();
    EXPECT_EQ(again.jti, job.jti);
    EXPECT_EQ(again.code, Code::applied);
    EXPECT_EQ(w.directory->count(&Shared::writes), 1);
  });
}

TEST(ALinkThatIsCut, DuringAWriteLosesNothing) {
  AgentWorld world;
  world.play([](AgentWorld& w) -> Awaitable<> {
    (void)co_await w.hellos.receive();
    w.directory->set([](Shared& s) { s.hold_writes = true; });
    auto [job, sec] = w.reset();
    w.post_job(job, sec);
    (void)co_await w.next("progress");
    w.peer->abort();
    (void)co_await w.hellos.receive();
    w.directory->set([](Shared& s) { s.hold_writes = false; });
    EXPECT_EQ((co_await w.result()).code, Code::applied);
  });
}

TEST(ARestartedAgent, DeliversTheResultsItsFormerLifeCouldNotAndHasAGreaterEpoch) {
  AgentWorld world;
  world.play([](AgentWorld& w) -> Awaitable<> {
    auto before = co_await w.hellos.receive();
    auto [job, sec] = w.reset();
    w.post_job(job, sec);
    (void)co_await w.result(false);
    co_await w.stop_agent();
    w.start_agent();
    auto after = co_await w.hellos.receive();
    EXPECT_GT(after->epoch, before->epoch);
    auto r = co_await w.result();
    EXPECT_EQ(r.jti, job.jti);
    EXPECT_EQ(r.code, Code::applied);
  });
}

TEST(AResultThatIsNotAcked, IsSaidAgainOnTheSameLink) {
  AgentWorld world;
  world.play([](AgentWorld& w) -> Awaitable<> {
    auto job = w.maker.probe("alice");
    w.post_job(job);
    (void)co_await w.result(false);
    auto again = co_await w.result();
    EXPECT_EQ(again.jti, job.jti);
  });
}

// Until the agent says so; its own tries go on meanwhile.
Awaitable<> until_no_link(AgentWorld& w, agent::LinkTrouble trouble) {
  const Stopwatch watch;
  for (;;) {
    const auto now = w.agent->snapshot();
    if (now.no_link && now.no_link->trouble == trouble) co_return;
    CO_REQUIRE(watch.ms() < 10'000);
    co_await asio::post(w.io, asio::use_awaitable);
  }
}

TEST(AnAgentWithoutALink, TellsWhyUntilItHasOne) {
  AgentWorld world;
  world.play([](AgentWorld& w) -> Awaitable<> {
    EXPECT_FALSE(w.agent->snapshot().no_link);
    w.cb = "none";
    w.peer->abort();
    co_await until_no_link(w, agent::LinkTrouble::lost);
    co_await until_no_link(w, agent::LinkTrouble::channel_binding);
    const auto now = w.agent->snapshot();
    EXPECT_EQ(now.no_link->service, w.maker.issuer);
    EXPECT_EQ(now.no_link->where, "session.challenge");
    EXPECT_NE(now.no_link->detail.find("binds no channel"), std::string::npos);
    EXPECT_LE(std::abs(now.no_link->at - unix_now()), 2);
    EXPECT_FALSE(health_of(now).ready);
    w.cb = "exporter";
    (void)co_await w.until_ready(true);
    EXPECT_FALSE(w.agent->snapshot().no_link) << "that is over";
  });
}

TEST(AnAgentWithoutALink, BecauseOfItsProxyTellsThat) {
  AgentWorld world;
  world.config.proxy.use = link::ProxySettings::Use::fixed, world.config.proxy.url = "http://127.0.0.1:1";
  world.run([&world](LinkWorld&) {
    return [](AgentWorld& w) -> Awaitable<> {
      w.start_agent();
      co_await until_no_link(w, agent::LinkTrouble::proxy_unreachable);
      EXPECT_NE(w.agent->snapshot().no_link->detail.find("127.0.0.1:1"), std::string::npos);
      auto stopping = w.stop_agent();
      co_await std::move(stopping);
    }(world);
  });
}

// ---- readiness ----------------------------------------------------------------------------------------------
TEST(ADirectoryThatGoesAway, IsSaidInTheNextHeartbeatWithTheReason) {
  AgentWorld world;
  world.play([](AgentWorld& w) -> Awaitable<> {
    w.directory->set([](Shared& s) { s.state.ready = false, s.state.reason = "ldap.connect: unreachable"; });
    EXPECT_EQ(co_await w.until_ready(false), "ldap.connect: unreachable");
    w.directory->set([](Shared& s) { s.state.ready = true, s.state.reason.clear(); });
    (void)co_await w.until_ready(true);
  });
}

// What /readyz answers as a reason, with 503; empty: 200.
std::string told_reason(const AgentWorld& w) {
  const auto now = w.agent->snapshot();
  const auto& one = now.domains.at("corp.example");
  EXPECT_EQ(health_of(now).ready, one.ready);
  EXPECT_EQ(one.ready, one.reason.empty());
  return one.reason;
}

TEST(AnAgentThatIsNotInTheRoster, IsNotReadyUntilItIsApproved) {
  AgentWorld world;
  world.roster = {{"A2", crypto::PrivateKey::generate().value().public_key().jwk()}};
  world.run([&world](LinkWorld&) -> Awaitable<> {
    world.start_agent();
    EXPECT_EQ(co_await world.until_ready(false), "not_approved");
    EXPECT_EQ(told_reason(world), "not_approved");
    world.roster.push_back(world.us());
    world.post(world.keys_text(2));
    auto keys = co_await world.next("keys");
    EXPECT_TRUE(protocol::decode<protocol::AgentKeys>(keys.body).value().statements.contains("corp.example"));
    (void)co_await world.until_ready(true);
    EXPECT_EQ(agent::load_identity(world.folder).value().domains.at("corp.example").dr, world.maker.dr.kid()) << "the pin is on disk";
    EXPECT_EQ(told_reason(world), "");
    world.roster.pop_back();
    world.post(world.keys_text(3));
    EXPECT_EQ(co_await world.until_ready(false), "not_approved");
    EXPECT_EQ(told_reason(world), "not_approved") << "it was taken out again";
    co_await world.stop_agent();
  });
}

TEST(AServiceWhoseClockIsFarOff, GetsNoReadyAgent) {
  AgentWorld world;
  world.clock_ahead = 400;
  world.run([&world](LinkWorld&) -> Awaitable<> {
    world.start_agent();
    EXPECT_EQ(co_await world.until_ready(false), "clock_skew");
    EXPECT_EQ(told_reason(world), "clock_skew");
    world.post_job(world.maker.probe("alice", unix_now() + 400));
    EXPECT_EQ((co_await world.result()).reason, "clock_skew");
    co_await world.stop_agent();
  });
}

TEST(AServiceThatBindsNoChannel, GetsNoHelloUnlessThatIsAllowed) {
  AgentWorld world;
  world.cb = "none";
  world.run([&world](LinkWorld&) -> Awaitable<> {
    world.start_agent();
    (void)co_await world.ends.receive();
    EXPECT_EQ(world.hellos.size(), 0U);
    co_await world.stop_agent();
    world.config.channel_binding = config::AgentConfig::ChannelBinding::allow_none;
    world.start_agent();
    auto hello = co_await world.hellos.receive();
    EXPECT_EQ(hello->cb, "");
    co_await world.stop_agent();
  });
}

// ---- the end ------------------------------------------------------------------------------------------------
TEST(AnAgentThatIsStopped, FinishesItsWriteSaysGoodbyeAndTakesNothingNew) {
  AgentWorld world;
  world.play([](AgentWorld& w) -> Awaitable<> {
    w.directory->set([](Shared& s) { s.hold_writes = true; });
    auto [job, sec] = w.reset();
    w.post_job(job, sec);
    (void)co_await w.next("progress");
    w.agent->stop();
    (void)co_await w.next("draining");
    w.post_job(w.maker.probe("alice"));
    auto busy = co_await w.result();
    EXPECT_EQ(busy.code, Code::busy);
    w.directory->set([](Shared& s) { s.hold_writes = false; });
    EXPECT_EQ((co_await w.result()).code, Code::applied);
    (void)co_await w.ends.receive();
    (void)co_await w.stops.receive();
    w.agent.reset();
  });
}

TEST(AnAgentWithoutAService, EndsAtOnceWhenItIsStopped) {
  AgentWorld world;
  world.run([&world](LinkWorld&) -> Awaitable<> {
    world.config.service_url = "https://127.0.0.1:1";
    world.start_agent();
    co_await sleep_for(5ms);
    co_await world.stop_agent();
  });
}

TEST(AMachineThatIsNotEnrolled, SaysWhatToDo) {
  AgentWorld world;
  std::filesystem::remove(world.folder / "identity.json");
  auto started = agent::Agent::start(world.io, world.config, world.timings, [&](const ldap::Settings&) { return std::make_unique<FakeDirectory>(world.directory); });
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().where, "agent.identity");
  EXPECT_NE(started.error().detail.find("writeback-agent enroll"), std::string::npos);
}

}  // namespace
}  // namespace wb::test
