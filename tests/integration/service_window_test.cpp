// What an agent is given at once, and what it may say at once: windows, `busy`, heartbeats, floods.
#include <gtest/gtest.h>

#include "tests/support/service_world.hpp"

namespace wb::test {
namespace {

using protocol::Code;

class AnAgentsWindow : public testing::Test {
 protected:
  ServiceWorld world;
  std::string bearer = world.client();
  std::unique_ptr<FakeAgent> agent = world.active_agent();
  std::vector<std::future<HttpReply>> asked;

  void ask(int probes = 1) {
    for (int i = 0; i < probes; ++i) asked.push_back(std::async(std::launch::async, [this] { return https("POST", world.url() + "/api/v1/probes", R"({"name":"alice"})", bearer); }));
  }
  // What `agent` is given until nothing more comes.
  std::vector<protocol::Job> given(std::size_t expected) {
    std::vector<protocol::Job> jobs;
    while (auto got = agent->next_job(jobs.size() < expected ? 10'000ms : 150ms)) jobs.push_back(got->job);
    return jobs;
  }
  void answer(const std::vector<protocol::Job>& jobs) {
    for (const auto& job : jobs) agent->answer_probe(job);
  }
  void all_are_served() {
    for (auto& one : asked) EXPECT_EQ(one.get().text("outcome"), "ok");
  }
};

TEST_F(AnAgentsWindow, OfItsHelloIsNeverExceeded) {
  agent->epoch++;
  ASSERT_EQ(agent->connect([](protocol::HelloClaims& hello) { hello.window = 3; }), "welcome");
  agent->state(world.rsn);
  agent->ready(true, 0);  // a heartbeat that says nothing of it
  ask(7);
  const auto first = given(3);
  ASSERT_EQ(first.size(), 3U);
  agent->answer_probe(first[0]);
  auto second = given(1);
  EXPECT_EQ(second.size(), 1U) << "one ended, and one came";
  answer({first[1], first[2]}), answer(second);
  const auto last = given(3);
  EXPECT_EQ(last.size(), 3U);
  answer(last);
  all_are_served();
}

TEST_F(AnAgentsWindow, ShrinksAndGrowsWithItsHeartbeats) {
  agent->ready(true, 1);
  ask(6);
  const auto alone = given(1);
  EXPECT_EQ(alone.size(), 1U);
  agent->ready(true, 3);
  const auto grown = given(2);
  EXPECT_EQ(grown.size(), 2U) << "at once, though none has ended";
  agent->ready(true, 2);
  answer(alone);
  EXPECT_EQ(given(0).size(), 0U) << "it still has two";
  answer(grown);
  const auto rest = given(2);
  EXPECT_EQ(rest.size(), 2U);
  answer(rest);
  answer(given(1));
  all_are_served();
}

TEST_F(AnAgentsWindow, IsNeverMoreThanTheServiceAllows) {
  agent->ready(true, 64);
  ask(10);
  const auto first = given(8);
  EXPECT_EQ(first.size(), 8U);
  answer(first);
  answer(given(2));
  all_are_served();
}

TEST_F(AnAgentsWindow, ThatIsFullAfterAllIsAskedAgainALittleLaterAndNoAttemptIsSpent) {
  ask();
  for (int fence = 1; fence <= 5; ++fence) {  // more often than there are attempts
    const Stopwatch watch;
    const auto got = agent->next_job();
    ASSERT_TRUE(got) << fence;
    EXPECT_EQ(got->job.fence, fence);
    EXPECT_EQ(got->job.att, 1);
    EXPECT_GE(watch.ms(), fence > 1 ? 150 : 0) << "it is not hammered";
    if (fence < 5) agent->answer(got->job, Code::busy, [](auto& r) { r.reason = "window"; });
    else agent->answer_probe(got->job);
  }
  all_are_served();
}

class TwoAgentsWindows : public AnAgentsWindow {
 protected:
  std::unique_ptr<FakeAgent> other = world.active_agent();
  void SetUp() override {
    while (world.ready_now(bearer) != 2) {}
  }
};

TEST_F(TwoAgentsWindows, OfWhichOneIsFullHandTheJobToTheOtherAtOnce) {
  ask();
  auto got = agent->next_job(200ms);
  auto* full = got ? agent.get() : other.get();
  auto* free = got ? other.get() : agent.get();
  if (!got) got = other->next_job();
  ASSERT_TRUE(got);
  const Stopwatch watch;
  full->answer(got->job, Code::busy, [](auto& r) { r.reason = "window"; });
  const auto moved = free->next_job();
  ASSERT_TRUE(moved);
  EXPECT_LT(watch.ms(), 1'500) << "not only when the offer lapses";
  EXPECT_EQ(moved->job.jti, got->job.jti);
  EXPECT_EQ(moved->job.fence, 2);
  EXPECT_EQ(moved->job.att, 1) << "busy: nothing was done";
  free->answer_probe(moved->job);
  all_are_served();
}

TEST_F(TwoAgentsWindows, AreFilledWithRegardToWhatTheyHaveFromElsewhere) {
  for (auto* loaded : {agent.get(), other.get()}) {
    auto* free = loaded == agent.get() ? other.get() : agent.get();
    loaded->ready(true, 8, 5);  // of an earlier link perhaps, or of leases that lapsed
    free->ready(true, 8, 0);
    // Heartbeats are not answered: a message that is shows that they were read.
    for (auto* one : {loaded, free}) {
      one->send(protocol::message_text("hello?", protocol::JobRef{}));
      ASSERT_TRUE(one->next("error"));
    }
    ask(3);
    for (int i = 0; i < 3; ++i) {
      const auto got = free->next_job();
      ASSERT_TRUE(got) << i;
      free->answer_probe(got->job);
    }
    EXPECT_FALSE(loaded->next_job(0ms));
  }
  all_are_served();
}

// ---- floods -------------------------------------------------------------------------------------------------
TEST(AnAgentThatFloods, IsToldToSlowDownAndCutOff) {
  auto shape = ServiceWorld::quick();
  shape.messages_per_second = 10, shape.messages_at_once = 100;
  ServiceWorld world(shape);
  auto agent = world.active_agent(), other = world.active_agent();
  for (int i = 0; i < 200; ++i) agent->ready();  // each of them a good one
  const auto said = agent->next("error");
  ASSERT_TRUE(said);
  const auto error = protocol::decode<protocol::Error>(*said).value();
  EXPECT_EQ(error.code, "slow_down");
  EXPECT_EQ(error.retry_after_ms, 5'000);
  EXPECT_TRUE(agent->gone());
  EXPECT_FALSE(other->gone(0ms)) << "and nobody else";
  agent->epoch++;
  EXPECT_EQ(agent->connect(), "welcome") << "it may come back";
}

}  // namespace
}  // namespace wb::test
