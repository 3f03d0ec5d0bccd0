// Jobs whose effect is not known: resolves, open intents of a former life, attempts after others, voids.
#include <gtest/gtest.h>

#include "tests/support/agent_world.hpp"

namespace wb::test {
namespace {
using protocol::Code;
using protocol::Job;
using Shared = FakeDirectory::Shared;

std::optional<std::string> marker_of(AgentWorld& w) {
  const std::lock_guard lock(w.directory->mutex);
  return w.directory->accounts.at(alice).pre.mk;
}
queue::JournalEntry intent_of(const AgentWorld& w, const Job& job) {
  queue::JournalEntry e;
  e.jti = job.jti, e.fence = job.fence, e.att = job.att, e.sub = job.sub, e.exp = job.exp, e.iat = job.iat, e.created = unix_now();
  e.domain = w.maker.domain, e.pre = job.pre, e.marker = true;
  return e;
}
void leave_open(const AgentWorld& w, const Job& job, const protocol::Trace& trace = {}) {
  auto journal = queue::Journal::open(w.folder / "journal.sqlite");
  ASSERT_TRUE(journal);
  auto intent = intent_of(w, job);
  intent.trace = trace;
  ASSERT_TRUE(journal->intent(intent));
}
// As if another agent, or a former life, had done it.
void applied_by_another(AgentWorld& w, const Job& job) {
  w.directory->changed_by_somebody_else(alice);
  w.directory->set([&](Shared& s) { s.accounts.at(alice).pre.mk = agent::marker_text(job.jti, job.fence); });
}

TEST(AnAgent, SaysWhatItCanDo) {
  AgentWorld world;
  world.play([](AgentWorld& w) -> Awaitable<> {
    auto claims = co_await w.hellos.receive();
    EXPECT_EQ(claims->caps, (std::vector<std::string>{"probe", "reset", "unlock", "change", "authenticate", "resolve", "named_groups"}));
  });
}

TEST(AResolve, VoidsAJobThatWasNeverWritten) {
  AgentWorld world;
  world.play([](AgentWorld& w) -> Awaitable<> {
    auto [job, sec] = w.reset();
    w.post_job(w.maker.resolve(job, 3));
    auto r = co_await w.result();
    EXPECT_EQ(r.code, Code::failed);
    EXPECT_EQ(r.reason, "void");
    EXPECT_EQ(r.fence, 3);
    EXPECT_EQ(marker_of(w), "wb1;" + job.jti + ";3;V");
    EXPECT_EQ(w.directory->count(&Shared::writes), 0);
    job.fence = 4, job.att = 4;  // and the job itself can no longer be done
    w.post_job(job, sec);
    auto late = co_await w.result();
    EXPECT_EQ(late.reason, "void");
    EXPECT_EQ(w.directory->count(&Shared::writes), 0);
  });
}

TEST(AResolve, FindsWhatAnotherAgentDid) {
  AgentWorld world;
  world.play([](AgentWorld& w) -> Awaitable<> {
    auto [job, sec] = w.reset();
    applied_by_another(w, job);
    w.post_job(w.maker.resolve(job, 3));
    auto r = co_await w.result();
    EXPECT_EQ(r.code, Code::applied);
    EXPECT_EQ(r.op, protocol::Op::resolve);
    EXPECT_EQ(w.directory->count(&Shared::voids), 0);
  });
}

TEST(AResolve, OfAJobThatRunsHereIsBusy) {
  AgentWorld world;
  world.play([](AgentWorld& w) -> Awaitable<> {
    w.directory->set([](Shared& s) { s.hold_writes = true; });
    auto [job, sec] = w.reset();
    w.post_job(job, sec);
    (void)co_await w.next("progress");
    w.post_job(w.maker.resolve(job, 2));
    auto busy = co_await w.result();
    EXPECT_EQ(busy.code, Code::busy);
    EXPECT_EQ(busy.fence, 2);
    w.directory->set([](Shared& s) { s.hold_writes = false; });
    auto r = co_await w.result();
    EXPECT_EQ(r.code, Code::applied);
    EXPECT_EQ(r.fence, 1);
  });
}

TEST(AResolve, OfAJobThatWasAnsweredHereIsAnsweredFromTheJournal) {
  AgentWorld world;
  world.play([](AgentWorld& w) -> Awaitable<> {
    auto [job, sec] = w.reset();
    w.post_job(job, sec);
    auto first = co_await w.result();
    EXPECT_EQ(first.code, Code::applied);
    const int reads = w.directory->count(&Shared::reads);
    w.post_job(w.maker.resolve(job, 9));
    auto r = co_await w.result();
    EXPECT_EQ(r.code, Code::applied);
    EXPECT_EQ(r.fence, 9);
    EXPECT_EQ(w.directory->count(&Shared::reads), reads);
  });
}

// Between our two fences it was in other hands, which may have written.
TEST(ARefusalOfOurs, IsNotRepeatedWhenOthersHadTheJobSince) {
  AgentWorld world;
  world.play([](AgentWorld& w) -> Awaitable<> {
    w.directory->set([](Shared& s) { s.refuse = ldap::Refusal::too_short; });
    auto [job, sec] = w.reset();
    w.post_job(job, sec);
    auto first = co_await w.result();
    EXPECT_EQ(first.reason, "too_short");
    applied_by_another(w, job);
    w.post_job(w.maker.resolve(job, 3));
    auto r = co_await w.result();
    EXPECT_EQ(r.code, Code::applied);
  });
}

TEST(ARefusalOfALaterAttempt, VoidsBeforeItIsSaid) {
  AgentWorld world;
  world.play([](AgentWorld& w) -> Awaitable<> {
    w.directory->set([](Shared& s) { s.refuse = ldap::Refusal::in_history; });
    auto [job, sec] = w.reset();
    job.fence = 2, job.att = 2;
    w.post_job(job, sec);
    auto r = co_await w.result();
    EXPECT_EQ(r.reason, "in_history");
    EXPECT_EQ(marker_of(w), "wb1;" + job.jti + ";2;V");
  });
}

TEST(ARefusalOfALaterAttempt, IsNotSaidWhenItCantBeVoided) {
  AgentWorld world;
  world.play([](AgentWorld& w) -> Awaitable<> {
    w.directory->set([](Shared& s) { s.refuse = ldap::Refusal::in_history, s.void_fault = fault(Fault::Kind::unreachable, "ldap.pinned"); });
    auto [job, sec] = w.reset();
    job.fence = 2, job.att = 2;
    w.post_job(job, sec);
    auto r = co_await w.result();
    EXPECT_EQ(r.code, Code::in_doubt);
  });
}

TEST(AJobThatComesBackWhileItRuns, IsLookedAtAgainWhenOthersHadItMeanwhile) {
  AgentWorld world;
  world.play([](AgentWorld& w) -> Awaitable<> {
    w.directory->set([](Shared& s) { s.hold_writes = true; });
    auto [job, sec] = w.reset();
    w.post_job(job, sec);
    (void)co_await w.next("progress");
    job.fence = 3, job.att = 3;  // fence 2 was somebody else's
    w.post_job(job, sec);
    for (bool again = false; !again;) {
      auto accept = co_await w.next("accept");
      again = protocol::decode<protocol::JobRef>(accept.body).value().fence == 3;
    }
    w.directory->set([](Shared& s) { s.refuse = ldap::Refusal::in_history, s.hold_writes = false; });
    auto r = co_await w.result();
    EXPECT_EQ(r.reason, "in_history");
    EXPECT_EQ(r.fence, 3);
    EXPECT_EQ(w.directory->count(&Shared::writes), 2);
    EXPECT_EQ(marker_of(w), "wb1;" + job.jti + ";3;V");
  });
}

TEST(AnOpenIntent, IsSettledBeforeNewWork) {
  AgentWorld world;
  auto [job, sec] = world.reset();
  leave_open(world, job);
  applied_by_another(world, job);
  world.play([jti = job.jti](AgentWorld& w) -> Awaitable<> {
    auto r = co_await w.result();
    EXPECT_EQ(r.jti, jti);
    EXPECT_EQ(r.code, Code::applied);
    EXPECT_EQ(r.fence, 1);
  });
  EXPECT_TRUE(queue::Journal::open(world.folder / "journal.sqlite").value().find(job.jti).value()->result_jws);
}

TEST(AnOpenIntent, IsSpokenOfByTheNamesThatItsJobHadInTheFormerLife) {
  AgentWorld world;
  auto [job, sec] = world.reset();
  leave_open(world, job, {"01ARZ3NDEKTSV4RRFFQ69G5FAV", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"});
  applied_by_another(world, job);
  testing::internal::CaptureStderr();
  world.play([](AgentWorld& w) -> Awaitable<> { (void)co_await w.result(); });
  const auto said = testing::internal::GetCapturedStderr();
  const auto names = "jti=" + job.jti + " correlation_id=01ARZ3NDEKTSV4RRFFQ69G5FAV trace_id=0af7651916cd43dd8448eb211c80319c";
  for (const auto* event : {"intent.looked_at ", "job.settled "}) EXPECT_NE(said.find(event + names), std::string::npos) << said;
}

TEST(AnOpenIntent, OfWhichNothingIsToBeSeenIsInDoubtAndNothingIsWritten) {
  AgentWorld world;
  auto [job, sec] = world.reset();
  leave_open(world, job);
  world.play([](AgentWorld& w) -> Awaitable<> {
    auto r = co_await w.result();
    EXPECT_EQ(r.code, Code::in_doubt);
    EXPECT_EQ(w.directory->count(&Shared::voids), 0);
    EXPECT_EQ(w.directory->count(&Shared::writes), 0);
  });
}

TEST(AnOpenIntent, KeepsTheDomainFromBeingReadyWhileItCantBeLookedAt) {
  AgentWorld world;
  auto [job, sec] = world.reset();
  leave_open(world, job);
  world.directory->set([](Shared& s) { s.read_fault = [] { return std::optional(fault(Fault::Kind::timed_out, "ldap.read")); }; });
  auto body = [](AgentWorld& w) -> Awaitable<> {
    w.start_agent();
    for (std::string why; why.find("left open") == std::string::npos;) why = co_await w.until_ready(false);
    auto [other, other_sec] = w.reset();
    w.post_job(other, other_sec);
    auto refused = co_await w.result();
    EXPECT_EQ(refused.code, Code::busy) << "no new work before";
    w.directory->set([](Shared& s) { s.read_fault = nullptr; });
    (void)co_await w.until_ready(true);
    auto r = co_await w.result();
    EXPECT_EQ(r.code, Code::in_doubt);
    co_await w.stop_agent();
  };
  world.run([&](LinkWorld&) { return body(world); });
}

}  // namespace
}  // namespace wb::test
