// Jobs whose end is not known: asked again before exp, resolved after it (docs/PROTOCOL.md section 6).
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/job_story.hpp"

namespace wb::queue {
namespace {

using namespace event;

// ---- in doubt before exp ------------------------------------------------------------------------------------
class AJobInDoubt : public testing::Test {
 protected:
  Job job;
  void SetUp() override {
    job.at(0s, Start{});
    job.at(0s, Found{"A"});
    job.at(0s, Accepted{"A", 1});
    ASSERT_EQ(job.at(1s, Answered{"A", 1, Code::in_doubt}), "ack A 1");
  }
};

TEST_F(AJobInDoubt, IsOfferedAgainAfterAGrowingPauseWithoutSpendingItsAttempts) {
  const std::chrono::milliseconds pauses[] = {500ms, 1s, 2s, 4s, 8s, 8s, 8s};
  std::chrono::nanoseconds now = 1s;
  std::int64_t fence = 1;
  for (const auto pause : pauses) {
    EXPECT_EQ(job.machine().state(), JobState::ready);
    EXPECT_EQ(job.machine().holder(), std::nullopt);
    EXPECT_EQ(job.at(now, AgentsChanged{}), "") << "not before its pause is over";
    EXPECT_EQ(job.machine().next_deadline(), Time(now + pause));
    now += pause;
    EXPECT_EQ(job.at(now, Tick{}), "find avoid A");
    ++fence;
    EXPECT_EQ(job.at(now, Found{"A"}), "offer A fence " + std::to_string(fence) + " att " + std::to_string(fence));
    EXPECT_EQ(job.at(now, Answered{"A", fence, Code::in_doubt}), "ack A " + std::to_string(fence));
  }
}
TEST_F(AJobInDoubt, LooksForAnAgentWhenItsPauseIsOverAndNobodyWasThere) {
  job.at(1500ms, Tick{});
  EXPECT_EQ(job.at(1500ms, NoneFound{false}), "");
  EXPECT_TRUE(job.machine().looking());
  EXPECT_EQ(job.machine().next_deadline(), Time(120s));
  EXPECT_EQ(job.at(2s, AgentsChanged{}), "find avoid A");
}
TEST(AJobInDoubtAgainAndAgain, IsOfferedAtMostTwentyFourTimes) {
  JobTimings quick;
  quick.doubt_most = 1s;
  Job job(JobMachine(Time(120s), quick));
  job.at(0s, Start{});
  for (std::int64_t fence = 1; fence <= 24; ++fence) {
    EXPECT_EQ(job.at(fence * 1s, Tick{}), fence == 1 ? "find" : "find avoid A");
    job.at(fence * 1s, Found{"A"});
    EXPECT_EQ(job.at(fence * 1s, Answered{"A", fence, Code::in_doubt}), "ack A " + std::to_string(fence));
  }
  EXPECT_EQ(job.machine().next_deadline(), Time(120s));
  EXPECT_EQ(job.at(30s, AgentsChanged{}), "");
  EXPECT_EQ(job.at(120s, Tick{}), "tell, find resolver");
}
TEST_F(AJobInDoubt, IsToldAtExp) {
  job.at(1500ms, Tick{});
  job.at(1500ms, NoneFound{false});
  EXPECT_EQ(job.at(120s, Tick{}), "tell, find resolver");
}
TEST_F(AJobInDoubt, CountsItsOtherAttemptsAsBefore) {
  job.at(1500ms, Tick{});
  for (const char* agent : {"A", "B", "C"}) {
    EXPECT_TRUE(job.at(2s, Found{agent}).starts_with("offer"));
    const auto said = job.at(2s, LinkLost{agent});
    EXPECT_EQ(said.empty(), std::string(agent) == "C") << "three that were lost, and no fourth";
  }
}
TEST_F(AJobInDoubt, IsNotEndedByAnAgentThatDidNotLook) {
  job.at(1500ms, Tick{});
  job.at(1500ms, Found{"B"});
  for (auto code : {Code::invalid, Code::reprobe}) {
    Job copy(job.machine());
    EXPECT_EQ(copy.at(2s, Answered{"B", 2, code}), "ack B 2") << protocol::to_string(code);
    EXPECT_EQ(copy.machine().state(), JobState::ready);
    EXPECT_EQ(copy.machine().next_deadline(), Time(3s)) << "the second pause";
  }
  EXPECT_EQ(job.at(2s, Answered{"B", 2, Code::failed}), "ack B 2, finish result");
}
TEST(ADoubtAfterALostLease, StillStartsThePause) {
  Job job;
  job.at(0s, Start{});
  job.at(0s, Found{"A"});
  job.at(1s, LinkLost{"A"});
  job.at(1s, NoneFound{false});
  EXPECT_EQ(job.at(2s, Answered{"A", 1, Code::in_doubt}), "ack A 1");
  EXPECT_EQ(job.machine().next_deadline(), Time(2500ms));
  EXPECT_EQ(job.at(2500ms, Tick{}), "find avoid A");
}
TEST(AnUnlockInDoubt, IsUnknownAtExp) {
  Job job(JobMachine(Time(120s), {}, protocol::Op::unlock));
  job.at(0s, Start{});
  job.at(0s, Found{"A"});
  EXPECT_EQ(job.at(1s, Answered{"A", 1, Code::in_doubt}), "ack A 1");
  EXPECT_EQ(job.at(1500ms, Tick{}), "find avoid A");
  job.at(1500ms, NoneFound{false});
  EXPECT_EQ(job.at(120s, Tick{}), "finish unknown");
}
TEST(ASignInWithoutAWord, IsUnknownAtExp) {
  Job job(JobMachine(Time(120s), {}, protocol::Op::authenticate));
  job.at(0s, Start{});
  job.at(0s, Found{"A"});
  job.at(0s, Accepted{"A", 1});
  EXPECT_EQ(job.at(119s, Progress{"A", 1}), "");
  EXPECT_EQ(job.at(125s, Tick{}), "cancel A 1, finish unknown");
}
TEST(ASignIn, EndsWithWhatItsAgentSays) {
  for (const auto code : {Code::ok, Code::rejected, Code::failed, Code::denied, Code::unknown, Code::reprobe}) {
    Job job(JobMachine(Time(120s), {}, protocol::Op::authenticate));
    job.at(0s, Start{});
    job.at(0s, Found{"A"});
    EXPECT_EQ(job.at(1s, Answered{"A", 1, code}), "ack A 1, finish result") << protocol::to_string(code);
  }
}
TEST(ASignIn, ThatWasAskedElsewhereSinceEndsWithTheLaterWordAndALateOkChangesNothing) {
  Job job(JobMachine(Time(120s), {}, protocol::Op::authenticate));
  job.at(0s, Start{});
  job.at(0s, Found{"A"});
  EXPECT_EQ(job.at(1s, LinkLost{"A"}), "find avoid A");
  job.at(1s, Found{"B"});
  EXPECT_EQ(job.at(1s, Answered{"A", 1, Code::ok}), "ack A 1, drop stale fence");
  EXPECT_EQ(job.at(2s, Answered{"B", 2, Code::unknown}), "ack B 2, finish result");
  for (const auto* outcome : {"unknown", "expired", "in_doubt"}) EXPECT_FALSE(upgrades(outcome, Code::ok)) << outcome;
}
TEST(AChangeWithoutAWord, IsToldAndResolvedAsAReset) {
  for (const auto op : {protocol::Op::reset, protocol::Op::change}) {
    Job job(JobMachine(Time(120s), {}, op));
    job.at(0s, Start{});
    job.at(0s, Found{"A"});
    job.at(0s, Accepted{"A", 1});
    job.at(1s, LinkLost{"A"});
    job.at(1s, NoneFound{false});
    EXPECT_EQ(job.at(120s, Tick{}), "tell, find resolver");
  }
}
TEST(AProbeInDoubt, IsOver) {
  Job job(JobMachine(Time(10s), {}, protocol::Op::probe));
  job.at(0s, Start{});
  job.at(0s, Found{"A"});
  EXPECT_EQ(job.at(1s, Answered{"A", 1, Code::in_doubt}), "ack A 1, finish result");
}

// ---- resolving ----------------------------------------------------------------------------------------------
class AResolvingJob : public testing::Test {
 protected:
  Job job;
  void SetUp() override {
    job.at(0s, Start{});
    job.at(0s, Found{"A"});
    job.at(0s, Accepted{"A", 1});
    job.at(1s, LinkLost{"A"});
    job.at(1s, NoneFound{false});
    ASSERT_EQ(job.at(120s, Tick{}), "tell, find resolver");
  }
  void offered() { ASSERT_EQ(job.at(120s, Found{"B"}), "resolve B fence 2 att 2"); }
};

TEST_F(AResolvingJob, IsToldOnceAndOfferedAsAResolve) {
  offered();
  EXPECT_EQ(job.machine().state(), JobState::resolving);
  EXPECT_EQ(job.machine().holder(), "B");
  EXPECT_EQ(job.machine().next_deadline(), Time(122s));
  EXPECT_EQ(job.machine().attempts().size(), 1U) << "a resolve is no attempt";
}
TEST_F(AResolvingJob, EndsWithWhatTheResolveRead) {
  offered();
  for (auto code : {Code::applied, Code::applied_but, Code::failed, Code::superseded, Code::unknown}) {
    Job copy(job.machine());
    EXPECT_EQ(copy.at(121s, Answered{"B", 2, code}), "ack B 2, finish result") << protocol::to_string(code);
    EXPECT_EQ(copy.machine().state(), JobState::final);
  }
}
TEST_F(AResolvingJob, PausesAfterWhatSettlesNothing) {
  offered();
  for (auto code : {Code::busy, Code::in_doubt, Code::invalid, Code::reprobe, Code::rejected, Code::denied, Code::ok}) {
    Job copy(job.machine());
    EXPECT_EQ(copy.at(121s, Answered{"B", 2, code}), "ack B 2") << protocol::to_string(code);
    EXPECT_EQ(copy.machine().state(), JobState::resolving);
    EXPECT_EQ(copy.machine().holder(), std::nullopt);
    EXPECT_EQ(copy.machine().next_deadline(), Time(122s));
    EXPECT_EQ(copy.at(121s, AgentsChanged{}), "") << "a place that became free shortens no pause";
    EXPECT_EQ(copy.at(122s, Tick{}), "find resolver avoid B");
  }
}
TEST_F(AResolvingJob, WaitsLongerEachTimeUpToAMinute) {
  std::chrono::nanoseconds now = 120s;
  std::int64_t fence = 1;
  for (const auto pause : {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s}) {
    job.at(now, Found{"B"});
    job.at(now, Answered{"B", ++fence, Code::in_doubt});
    EXPECT_EQ(job.machine().next_deadline(), Time(now + pause));
    now += pause;
    EXPECT_EQ(job.at(now, Tick{}), "find resolver avoid B");
  }
}
TEST_F(AResolvingJob, IsOfferedAtOnceWhenTheFirstAgentComes) {
  EXPECT_EQ(job.at(120s, NoneFound{false}), "");
  EXPECT_TRUE(job.machine().looking());
  EXPECT_EQ(job.machine().next_deadline(), Time(121s));
  EXPECT_EQ(job.at(120500ms, AgentsChanged{}), "find resolver");
  EXPECT_EQ(job.at(120500ms, Found{"A"}), "resolve A fence 2 att 2");
}
TEST_F(AResolvingJob, GoesOnAfterAResolveThatWasLostNotAcceptedOrNotSent) {
  offered();
  for (const auto& [at, end, said] : std::vector<std::tuple<std::chrono::seconds, JobEvent, std::string>>{
           {121s, LinkLost{"B"}, ""}, {122s, Tick{}, "cancel B 2"}, {121s, NotSent{"B"}, ""}}) {
    Job copy(job.machine());
    EXPECT_EQ(copy.at(at, end), said);
    EXPECT_EQ(copy.machine().holder(), std::nullopt);
    EXPECT_EQ(copy.at(at + 1s, Tick{}), "find resolver avoid B");
    EXPECT_EQ(copy.at(at + 1s, Found{"A"}), "resolve A fence 3 att 2");
  }
}
TEST_F(AResolvingJob, KeepsALeaseAsLongAsThereIsProgressAndNoLongerThanTheOfferIsGood) {
  offered();
  job.at(121s, Accepted{"B", 2});
  EXPECT_EQ(job.machine().next_deadline(), Time(126s));
  job.at(124s, Progress{"B", 2});
  EXPECT_EQ(job.machine().next_deadline(), Time(129s));
  EXPECT_EQ(job.machine().state(), JobState::resolving);
  job.at(239s, Progress{"B", 2});
  EXPECT_EQ(job.machine().next_deadline(), Time(240s));
  EXPECT_EQ(job.at(240s, Tick{}), "cancel B 2");
}
TEST_F(AResolvingJob, BelievesAppliedFromEveryAttempt) {
  offered();
  Job first(job.machine());
  EXPECT_EQ(first.at(121s, Answered{"A", 1, Code::applied}), "ack A 1, cancel B 2, finish result");
  job.at(121s, LinkLost{"B"});
  job.at(122s, Tick{});
  job.at(122s, Found{"A"});
  EXPECT_EQ(job.at(123s, Answered{"B", 2, Code::applied_but}), "ack B 2, cancel A 3, finish result");
}
TEST_F(AResolvingJob, BelievesNothingElseOfAnEarlierAttempt) {
  offered();
  for (auto code : {Code::failed, Code::superseded, Code::rejected, Code::unknown, Code::in_doubt, Code::invalid}) EXPECT_EQ(job.at(121s, Answered{"A", 1, code}), "ack A 1, drop stale fence") << protocol::to_string(code);
  EXPECT_EQ(job.at(121s, Progress{"A", 1}), "drop stale progress");
  EXPECT_EQ(job.at(121s, Accepted{"A", 1}), "drop stale accept, cancel A 1");
  job.at(121s, LinkLost{"B"});
  job.at(122s, Tick{});
  job.at(122s, Found{"C"});
  EXPECT_EQ(job.at(123s, Answered{"B", 2, Code::superseded}), "ack B 2, drop stale fence") << "C was asked after it";
}
TEST_F(AResolvingJob, TakesTheWordOfItsOnlyAgentThatCameBack) {
  job.at(120s, NoneFound{false});
  for (auto code : {Code::failed, Code::superseded, Code::rejected, Code::denied, Code::unknown, Code::invalid}) {
    Job copy(job.machine());
    EXPECT_EQ(copy.at(130s, Answered{"A", 1, code}), "ack A 1, finish result") << protocol::to_string(code);
  }
  EXPECT_EQ(job.at(130s, Answered{"A", 1, Code::in_doubt}), "ack A 1, drop stale fence");
  EXPECT_EQ(job.machine().state(), JobState::resolving);
}
TEST_F(AResolvingJob, StaysUnknownAfterADay) {
  job.at(120s, NoneFound{false});
  EXPECT_EQ(job.at(120s + 24h - 1s, Tick{}), "find resolver");
  job.at(120s + 24h - 1s, NoneFound{false});
  EXPECT_EQ(job.machine().next_deadline(), Time(120s + 24h));
  EXPECT_EQ(job.at(120s + 24h, Tick{}), "finish unknown");
}
TEST_F(AResolvingJob, EndsWhenItIsReleased) {
  Job waiting(job.machine());
  EXPECT_EQ(waiting.at(130s, Released{}), "finish released");
  offered();
  EXPECT_EQ(job.at(121s, Released{}), "cancel B 2, finish released");
}
TEST(AJobBeforeItsEnd, IsNotReleased) {
  Job job;
  job.at(0s, Start{});
  job.at(0s, Found{"A"});
  EXPECT_EQ(job.at(1s, Released{}), "");
  EXPECT_EQ(job.machine().state(), JobState::leased);
}

}  // namespace
}  // namespace wb::queue
