#include "queue/job_machine.hpp"

#include <gtest/gtest.h>

#include "tests/support/job_story.hpp"

namespace wb::queue {
namespace {

using namespace event;

class AJobThatIsReady : public testing::Test {
 protected:
  Job job;
  void SetUp() override { ASSERT_EQ(job.at(0s, Start{}), "find"); }
};

TEST_F(AJobThatIsReady, IsOfferedWithTheFirstFence) {
  EXPECT_EQ(job.at(0s, Found{"A"}), "offer A fence 1 att 1");
  EXPECT_EQ(job.machine().state(), JobState::leased);
  EXPECT_EQ(job.machine().holder(), "A");
}
TEST_F(AJobThatIsReady, EndsAtOnceWhenNoAgentIsThere) {
  EXPECT_EQ(job.at(0s, NoneFound{false}), "finish unavailable");
  EXPECT_EQ(job.machine().next_deadline(), std::nullopt);
}
TEST_F(AJobThatIsReady, WaitsForRoomAndExpiresWithoutIt) {
  EXPECT_EQ(job.at(0s, NoneFound{true}), "");
  EXPECT_EQ(job.machine().next_deadline(), Time(120s));
  EXPECT_EQ(job.at(1s, AgentsChanged{}), "find");
  EXPECT_EQ(job.at(120s, Tick{}), "finish expired");
}
TEST_F(AJobThatIsReady, IsNotOfferedAfterExp) {
  EXPECT_EQ(job.at(120s, Found{"A"}), "");
  EXPECT_EQ(job.at(120s, AgentsChanged{}), "");
}
TEST_F(AJobThatIsReady, IgnoresWhoWasNeverAsked) {
  EXPECT_EQ(job.at(1s, Answered{"M", 1, Code::applied}), "ack M 1, drop stale fence");
  EXPECT_EQ(job.at(1s, Accepted{"M", 0}), "drop stale accept, cancel M 0");
  EXPECT_EQ(job.machine().state(), JobState::ready);
}

class AnOffer : public testing::Test {
 protected:
  Job job;
  void SetUp() override {
    job.at(0s, Start{});
    ASSERT_EQ(job.at(0s, Found{"A"}), "offer A fence 1 att 1");
  }
};

TEST_F(AnOffer, GoesToTheNextAgentAfterTwoSeconds) {
  EXPECT_EQ(job.machine().next_deadline(), Time(2s));
  EXPECT_EQ(job.at(1999ms, Tick{}), "");
  EXPECT_EQ(job.at(2s, Tick{}), "cancel A 1, find avoid A");
  EXPECT_EQ(job.at(2s, Found{"B"}), "offer B fence 2 att 2");
}
TEST_F(AnOffer, IsTakenLateWhenNobodyElseWasFound) {
  job.at(2s, Tick{});
  EXPECT_EQ(job.at(2s, NoneFound{false}), "");  // A may have it: not "unavailable"
  EXPECT_EQ(job.at(3s, Accepted{"A", 1}), "");
  EXPECT_EQ(job.machine().holder(), "A");
  EXPECT_EQ(job.machine().next_deadline(), Time(8s));
}
TEST_F(AnOffer, IsCancelledWhenAcceptedAfterAnotherGotIt) {
  job.at(2s, Tick{});
  job.at(2s, Found{"B"});
  EXPECT_EQ(job.at(3s, Accepted{"A", 1}), "drop stale accept, cancel A 1");
  EXPECT_EQ(job.machine().holder(), "B");
}
TEST_F(AnOffer, AnsweredBusyGoesOnWithTheSameAttempt) {
  EXPECT_EQ(job.at(1s, Answered{"A", 1, Code::busy}), "ack A 1, find except A");
  EXPECT_EQ(job.at(1s, Found{"B"}), "offer B fence 2 att 1");
}
TEST_F(AnOffer, AnsweredBusyIsRepeatedAfterAMoment) {
  job.at(1s, Answered{"A", 1, Code::busy});
  EXPECT_EQ(job.at(1s, NoneFound{true}), "");
  EXPECT_EQ(job.machine().next_deadline(), Time(1250ms));
  EXPECT_EQ(job.at(1250ms, Tick{}), "find");
  EXPECT_EQ(job.at(1250ms, Found{"A"}), "offer A fence 2 att 1");
}
TEST_F(AnOffer, NeverAcceptedMayStillHaveBeenDone) {
  job.at(2s, Tick{});
  job.at(2s, NoneFound{false});
  EXPECT_EQ(job.at(120s, Tick{}), "tell, find resolver");  // the link may have died silently behind it
}

class AnAcceptedJob : public testing::Test {
 protected:
  Job job;
  void SetUp() override {
    job.at(0s, Start{});
    job.at(0s, Found{"A"});
    ASSERT_EQ(job.at(1s, Accepted{"A", 1}), "");
  }
};

TEST_F(AnAcceptedJob, EndsWithItsResult) {
  for (auto code : {Code::ok, Code::applied, Code::applied_but, Code::rejected, Code::denied, Code::superseded, Code::failed, Code::reprobe, Code::invalid, Code::unknown}) {
    Job copy(job.machine());
    EXPECT_EQ(copy.at(2s, Answered{"A", 1, code}), "ack A 1, finish result") << protocol::to_string(code);
    EXPECT_EQ(copy.machine().state(), JobState::final);
    EXPECT_EQ(copy.machine().holder(), std::nullopt);
  }
}
TEST_F(AnAcceptedJob, KeepsItsLeaseAsLongAsThereIsProgress) {
  EXPECT_EQ(job.machine().next_deadline(), Time(6s));
  EXPECT_EQ(job.at(5s, Progress{"A", 1}), "");
  EXPECT_EQ(job.machine().state(), JobState::applying);
  EXPECT_EQ(job.machine().next_deadline(), Time(10s));
  EXPECT_EQ(job.at(6s, Tick{}), "");
  EXPECT_EQ(job.at(10s, Tick{}), "cancel A 1, find avoid A");
}
TEST_F(AnAcceptedJob, IsOfferedAgainAtOnceWhenTheLinkIsLost) {
  EXPECT_EQ(job.at(2s, LinkLost{"B"}), "");
  EXPECT_EQ(job.at(2s, LinkLost{"A"}), "find avoid A");
  EXPECT_EQ(job.at(2s, Found{"B"}), "offer B fence 2 att 2");
}
TEST_F(AnAcceptedJob, IsTheServicesToSettleAtExpWhenItsAgentVanishedAndNobodyElseCame) {
  job.at(2s, Progress{"A", 1});
  job.at(2s, LinkLost{"A"});
  EXPECT_EQ(job.at(2s, NoneFound{false}), "");
  EXPECT_EQ(job.at(119s, AgentsChanged{}), "find avoid A");
  EXPECT_EQ(job.at(120s, Tick{}), "tell, find resolver");
  EXPECT_EQ(job.machine().state(), JobState::resolving);
}
TEST_F(AnAcceptedJob, TakesTheResultOfAnAgentThatCameBack) {
  job.at(2s, LinkLost{"A"});
  EXPECT_EQ(job.at(3s, Answered{"A", 1, Code::rejected}), "ack A 1, finish result");
}
TEST_F(AnAcceptedJob, OutlivesExpOnlyByTheGrace) {
  job.at(119s, Progress{"A", 1});
  EXPECT_EQ(job.machine().next_deadline(), Time(124s));
  EXPECT_EQ(job.at(149s, Progress{"A", 1}), "");
  EXPECT_EQ(job.machine().next_deadline(), Time(150s));
  job.at(150s, Progress{"A", 1});
  EXPECT_EQ(job.at(150s, Tick{}), "cancel A 1, tell, find resolver");
}

class ASecondAttempt : public testing::Test {
 protected:
  Job job;
  void SetUp() override {
    job.at(0s, Start{});
    job.at(0s, Found{"A"});
    job.at(1s, Accepted{"A", 1});
    job.at(2s, LinkLost{"A"});
    ASSERT_EQ(job.at(2s, Found{"B"}), "offer B fence 2 att 2");
    job.at(2s, Accepted{"B", 2});
  }
};

TEST_F(ASecondAttempt, IsNotDisturbedByAStaleRefusal) {
  EXPECT_EQ(job.at(3s, Answered{"A", 1, Code::rejected}), "ack A 1, drop stale fence");
  EXPECT_EQ(job.machine().state(), JobState::leased);
}
TEST_F(ASecondAttempt, IsNotDisturbedByAStaleProgressOrBusy) {
  EXPECT_EQ(job.at(3s, Progress{"A", 1}), "drop stale progress");
  EXPECT_EQ(job.at(3s, Answered{"A", 1, Code::busy}), "ack A 1, drop stale fence");
  EXPECT_EQ(job.machine().holder(), "B");
}
TEST_F(ASecondAttempt, EndsWithAStaleAppliedBecauseThatIsAFact) {
  EXPECT_EQ(job.at(3s, Answered{"A", 1, Code::applied}), "ack A 1, cancel B 2, finish result");
}
TEST_F(ASecondAttempt, DoesNotBelieveAFenceOfSomebodyElse) {
  EXPECT_EQ(job.at(3s, Answered{"A", 2, Code::applied}), "ack A 2, drop stale fence");
}
TEST_F(ASecondAttempt, IsFollowedByAThirdAndNoFourth) {
  EXPECT_EQ(job.at(4s, LinkLost{"B"}), "find avoid A B");
  EXPECT_EQ(job.at(4s, Found{"A"}), "offer A fence 3 att 3");
  EXPECT_EQ(job.at(6s, Tick{}), "");  // not cancelled: its answer is the last that can come
  EXPECT_EQ(job.at(7s, AgentsChanged{}), "");
  EXPECT_EQ(job.at(8s, Answered{"A", 3, Code::superseded}), "ack A 3, finish result");
}

TEST(ARedeliveryToTheSameAgent, IsSettledByItsAnswerToEitherFence) {
  Job job;
  job.at(0s, Start{});
  job.at(0s, Found{"A"});
  job.at(2s, Tick{});
  ASSERT_EQ(job.at(2s, Found{"A"}), "offer A fence 2 att 2");
  EXPECT_EQ(job.at(3s, Answered{"A", 1, Code::rejected}), "ack A 1, cancel A 2, finish result");
}

TEST(AnOfferThatWasNotSent, NeverWas) {
  Job job;
  job.at(0s, Start{});
  job.at(0s, Found{"A"});
  EXPECT_EQ(job.at(0s, NotSent{"A"}), "find except A");
  EXPECT_EQ(job.at(0s, Found{"B"}), "offer B fence 2 att 1");
  EXPECT_EQ(job.at(0s, NotSent{"B"}), "find except A B");
  job.at(0s, NoneFound{true});
  EXPECT_EQ(job.machine().next_deadline(), Time(250ms));
  EXPECT_EQ(job.at(120s, Tick{}), "finish expired");
}

TEST(AnOfferWhoseLinkWasLost, MayHaveBeenTaken) {
  for (const bool lapsed : {false, true}) {
    Job job;
    job.at(0s, Start{});
    job.at(0s, Found{"A"});
    if (lapsed) job.at(2s, Tick{}), job.at(2s, NoneFound{false});
    job.at(3s, LinkLost{"A"});
    EXPECT_EQ(job.at(120s, Tick{}), "tell, find resolver") << lapsed;
  }
}

TEST(AFinalJob, AcksAndDropsWhateverComes) {
  Job job;
  job.at(0s, Start{});
  job.at(0s, NoneFound{false});
  EXPECT_EQ(job.at(1s, Answered{"A", 1, Code::applied}), "ack A 1, drop already final");
  EXPECT_EQ(job.at(1s, LinkLost{"A"}), "");
  EXPECT_EQ(job.at(1s, Tick{}), "");
  EXPECT_EQ(job.at(1s, AgentsChanged{}), "");
}

TEST(AJobLoadedAfterARestart, WaitsForAgentsToComeBack) {
  Job job(JobMachine::restored(Time(120s), {}));
  EXPECT_EQ(job.at(0s, Start{}), "find");
  EXPECT_EQ(job.at(0s, NoneFound{false}), "");
  EXPECT_EQ(job.at(120s, Tick{}), "finish expired");
}
TEST(AJobLoadedAfterARestart, GoesOnBehindItsLastFence) {
  Job job(JobMachine::restored(Time(120s), {4, {{"A", 4, 1}}}));
  EXPECT_EQ(job.at(0s, Start{}), "find avoid A");
  Job late(job.machine());
  EXPECT_EQ(late.at(1s, Answered{"A", 4, Code::applied}), "ack A 4, finish result");
  EXPECT_EQ(job.at(1s, Found{"A"}), "offer A fence 5 att 2");
}
TEST(AJobLoadedAfterARestart, IsInDoubtAtExpIfItHadBeenOffered) {
  Job job(JobMachine::restored(Time(120s), {1, {{"A", 1, 1}}}));
  job.at(0s, Start{});
  job.at(0s, NoneFound{false});
  EXPECT_EQ(job.at(120s, Tick{}), "tell, find resolver");
}
TEST(AJobLoadedAfterARestart, GoesOnWithTheAgentThatStillWorksOnIt) {
  Job job(JobMachine::restored(Time(120s), {1, {{"A", 1, 1}}}));
  job.at(0s, Start{});
  job.at(0s, NoneFound{false});
  EXPECT_EQ(job.at(1s, Progress{"A", 1}), "");
  EXPECT_EQ(job.machine().holder(), "A");
  EXPECT_EQ(job.machine().next_deadline(), Time(6s));
}
TEST(AJobLoadedAfterARestart, IsToldOnceOnlyWhenItWasResolving) {
  Job job(JobMachine::restored(Time(-60s), {3, {{"A", 1, 1}, {"B", 3, 2}}, true}));
  EXPECT_EQ(job.at(0s, Start{}), "find resolver");
  EXPECT_EQ(job.at(0s, NoneFound{false}), "");
  Job late(job.machine());
  EXPECT_EQ(late.at(1s, Answered{"A", 1, Code::applied}), "ack A 1, finish result");
  EXPECT_EQ(job.at(1s, AgentsChanged{}), "find resolver");
  EXPECT_EQ(job.at(1s, Found{"A"}), "resolve A fence 4 att 3");
}

TEST(ALateResult, UpgradesOnlyWhatWasNotKnownAndOnlyToApplied) {
  for (const char* open : {"unknown", "expired", "in_doubt"}) {
    EXPECT_TRUE(upgrades(open, Code::applied)) << open;
    EXPECT_TRUE(upgrades(open, Code::applied_but)) << open;
    EXPECT_FALSE(upgrades(open, Code::rejected)) << open;
    EXPECT_FALSE(upgrades(open, Code::superseded)) << open;
  }
  for (const char* settled : {"applied", "rejected", "failed", "superseded", "unavailable"}) EXPECT_FALSE(upgrades(settled, Code::applied)) << settled;
}

}  // namespace
}  // namespace wb::queue
