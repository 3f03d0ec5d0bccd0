// The breakers on volume at work: an agent that is asked for more writes, or more probes, than its limits allow.
#include <gtest/gtest.h>

#include "tests/support/agent_world.hpp"

namespace wb::test {
namespace {
using protocol::Code;
using Shared = FakeDirectory::Shared;

TEST(AnAccountThatIsWrittenTooOften, IsDeniedWithTheTimeOfTheNextTryAndAlsoAfterARestart) {
  AgentWorld world;
  world.config.domains[0].volume = {.account_per_minute = 2};
  world.play([](AgentWorld& w) -> Awaitable<> {
    for (int i = 0; i < 2; ++i) {
      auto [job, sec] = w.reset();
      w.post_job(job, sec);
      auto r = co_await w.result();
      EXPECT_EQ(r.code, Code::applied);
    }
    for (const bool restarted : {false, true}) {
      if (restarted) {
        auto stopping = w.stop_agent();
        co_await std::move(stopping);
        w.start_agent();
        auto up = w.until_ready(true);
        co_await std::move(up);
      }
      auto [job, sec] = w.reset();
      w.post_job(job, sec);
      auto r = co_await w.result();
      EXPECT_EQ(r.code, Code::denied) << restarted;
      EXPECT_EQ(r.reason, "too_often");
      EXPECT_GT(r.retry_after.value_or(0), unix_now());
      EXPECT_FALSE(r.dc || r.pls) << "a denied account is not talked about";
    }
    EXPECT_EQ(w.directory->count(&Shared::writes), 2);
  });
}

TEST(AnAccountThatIsWrittenTooOften, IsOnlyBusyToALaterAttemptWhichMayHaveBeenWritten) {
  AgentWorld world;
  world.config.domains[0].volume = {.account_per_minute = 1};
  world.play([](AgentWorld& w) -> Awaitable<> {
    auto [first, first_sec] = w.reset();
    w.post_job(first, first_sec);
    auto r = co_await w.result();
    EXPECT_EQ(r.code, Code::applied);
    auto [job, sec] = w.reset();
    job.att = 2, job.fence = 2;
    w.post_job(job, sec);
    r = co_await w.result();
    EXPECT_EQ(r.code, Code::busy);
    EXPECT_EQ(r.reason, "volume");
    EXPECT_EQ(w.directory->count(&Shared::writes), 1);
  });
}

TEST(AFlood, IsAnsweredBusyAndMakesTheDomainNotReady) {
  AgentWorld world;
  world.config.domains[0].volume = {.per_minute = 2, .account_per_minute = 10};
  world.play([](AgentWorld& w) -> Awaitable<> {
    for (int i = 0; i < 3; ++i) {
      auto [job, sec] = w.reset();
      w.post_job(job, sec);
      auto r = co_await w.result();
      EXPECT_EQ(r.code, i < 2 ? Code::applied : Code::busy);
      if (i == 2) { EXPECT_EQ(r.reason, "volume"); }
    }
    auto down = w.until_ready(false);
    auto why = co_await std::move(down);
    EXPECT_EQ(why, "the limit of writes is reached (guardrails.volume)");
    EXPECT_EQ(w.directory->count(&Shared::writes), 2);
  });
}

TEST(AnAuditedFlood, IsWrittenAllTheSame) {
  AgentWorld world;
  world.config.domains[0].volume = {.mode = policy::Mode::audit, .per_minute = 1, .account_per_minute = 1};
  world.play([](AgentWorld& w) -> Awaitable<> {
    for (int i = 0; i < 3; ++i) {
      auto [job, sec] = w.reset();
      w.post_job(job, sec);
      auto r = co_await w.result();
      EXPECT_EQ(r.code, Code::applied);
    }
    EXPECT_EQ(w.directory->count(&Shared::writes), 3);
  });
}

// ---- probes -------------------------------------------------------------------------------------------------
TEST(ANameThatIsProbedTooOften, IsDeniedWithTheTimeWhetherThereIsSuchAnAccountOrNot) {
  AgentWorld world;
  world.config.domains[0].probes = {.account_per_minute = 2};
  world.play([](AgentWorld& w) -> Awaitable<> {
    for (const auto& [name, code] : {std::pair("alice", Code::ok), std::pair("boss", Code::denied), std::pair("nobody", Code::failed)}) {
      for (int i = 0; i < 2; ++i) {
        w.post_job(w.maker.probe(name));
        auto r = co_await w.result();
        EXPECT_EQ(r.code, code) << name;
        EXPECT_NE(r.reason, "too_often") << name;
      }
    }
    for (const auto* name : {"Alice", "BOSS", "nobody"}) {
      w.post_job(w.maker.probe(name));
      auto r = co_await w.result();
      EXPECT_EQ(r.code, Code::denied) << name;
      EXPECT_EQ(r.reason, "too_often") << name;
      EXPECT_GT(r.retry_after.value_or(0), unix_now()) << name;
      EXPECT_FALSE(r.probe || r.sub || r.dc) << name;
    }
    EXPECT_EQ(w.directory->count(&Shared::finds), 6) << "what is refused is not read";
  });
}

TEST(AFloodOfProbes, IsAnsweredBusyWithTheTimeWhileWritesGoOn) {
  AgentWorld world;
  world.config.domains[0].probes = {.per_minute = 2};
  world.play([](AgentWorld& w) -> Awaitable<> {
    for (const auto& [name, code] : {std::pair("alice", Code::ok), std::pair("x", Code::failed), std::pair("y", Code::busy)}) {
      w.post_job(w.maker.probe(name));
      auto r = co_await w.result();
      EXPECT_EQ(r.code, code) << name;
      if (code == Code::busy) {
        EXPECT_EQ(r.reason, "volume");
        EXPECT_GT(r.retry_after.value_or(0), unix_now());
      }
    }
    EXPECT_EQ(w.directory->count(&Shared::finds), 2);
    auto [job, sec] = w.reset();
    w.post_job(job, sec);
    auto r = co_await w.result();
    EXPECT_EQ(r.code, Code::applied);
  });
}

TEST(AFloodOfProbes, IsAnsweredAllTheSameWhereItIsOnlyAudited) {
  AgentWorld world;
  world.config.domains[0].probes = {.mode = policy::Mode::audit, .per_minute = 1, .account_per_minute = 1};
  world.play([](AgentWorld& w) -> Awaitable<> {
    for (int i = 0; i < 3; ++i) {
      w.post_job(w.maker.probe("alice"));
      auto r = co_await w.result();
      EXPECT_EQ(r.code, Code::ok);
    }
  });
}

}  // namespace
}  // namespace wb::test
