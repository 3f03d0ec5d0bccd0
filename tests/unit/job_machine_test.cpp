#include "queue/job_machine.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace wb::queue {
namespace {

using namespace std::chrono_literals;
using protocol::Code;
using Time = JobMachine::Time;

// A job with an exp of 120 s at time 0, and a pen that writes down what the machine asks for.
class Job {
 public:
  explicit Job(JobMachine machine = JobMachine(Time(120s))) : machine_(std::move(machine)) {}
  std::string at(std::chrono::nanoseconds time, const JobEvent& event) {
    now_ = Time(time);
    std::string said;
    for (const auto& a : machine_.on(event, now_)) said += (said.empty() ? "" : ", ") + std::visit([&](const auto& x) { return words(x); }, a);
    return said;
  }
  JobMachine& machine() { return machine_; }

 private:
  static std::string list(const std::vector<std::string>& names) {
    std::string s;
    for (const auto& n : names) s += (s.empty() ? "" : " ") + n;
    return s;
  }
  static std::string words(const action::FindAgent& a) {
    return std::string(a.resolve ? "find resolver" : "find") + (a.except.empty() ? "" : " except " + list(a.except)) + (a.avoid.empty() ? "" : " avoid " + list(a.avoid));
  }
  static std::string words(const action::Offer& a) { return (a.resolve ? "resolve " : "offer ") + a.agent + " fence " + std::to_string(a.fence) + " att " + std::to_string(a.att); }
  static std::string words(const action::Cancel& a) { return "cancel " + a.agent + " " + std::to_string(a.fence); }
  static std::string words(const action::Ack& a) { return "ack " + a.agent + " " + std::to_string(a.fence); }
  static std::string words(const action::Dropped& a) { return std::string("drop ") + a.why; }
  static std::string words(const action::Tell&) { return "tell"; }
  static std::string words(const action::Finish& a) {
    switch (a.ending) {
      case Ending::result: return "finish result";
      case Ending::expired: return "finish expired";
      case Ending::unavailable: return "finish unavailable";
      case Ending::unknown: return "finish unknown";
      case Ending::released: return "finish released";
    }
    return "?";
  }
  JobMachine machine_;
  Time now_{};
};

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
