// Domains that come, go and change while the agent runs; against a service that is played here and directories in memory.
#include <gtest/gtest.h>

#include "tests/support/agent_world.hpp"

namespace wb::test {
namespace {
using protocol::Code;
using Shared = FakeDirectory::Shared;

const std::string other = "other.example";

struct ReloadWorld : AgentWorld {
  // As `writeback-agent enroll` leaves it for a second domain.
  void enrol_other() {
    auto identity = agent::load_identity(folder).value();
    identity.domains.emplace(other, agent::DomainPin{});
    EXPECT_TRUE(agent::save_identity(folder, identity));
  }
  config::AgentConfig with_other() const {
    auto next = config;
    next.domains.push_back(next.domains.front());
    next.domains.back().directory.domain = other;
    return next;
  }
  // A heartbeat that knows the domain, or one that does not.
  Awaitable<> until_known(std::string domain, bool known) {
    for (;;) {
      auto coming = next("hb");
      auto envelope = co_await std::move(coming);
      if (protocol::decode<protocol::AgentHeartbeat>(envelope.body).value().ready.contains(domain) == known) co_return;
    }
  }
};

TEST(ADomainThatIsAdded, IsServedOnALinkThatTakesOverWithoutAnInterruption) {
  ReloadWorld world;
  world.play([&](AgentWorld& w) -> Awaitable<> {
    auto first = co_await w.hellos.receive();
    EXPECT_FALSE(first->from);
    w.directory->set([](Shared& s) { s.hold_writes = true; });
    auto [job, sec] = w.reset();
    w.post_job(job, sec);
    (void)co_await w.next("progress");
    world.enrol_other();
    w.agent->reload(world.with_other());
    auto second = co_await w.hellos.receive();
    EXPECT_EQ(second->from, w.sessions.front());
    EXPECT_GT(second->epoch, first->epoch);
    EXPECT_EQ(second->domains, (std::vector<std::string>{w.maker.domain, other}));
    (void)co_await w.ends.receive();  // of the older link, once the newer one is welcomed
    auto known = world.until_known(other, true);
    co_await std::move(known);
    w.directory->set([](Shared& s) { s.hold_writes = false; });
    EXPECT_EQ((co_await w.result()).code, Code::applied) << "the write that was under way, on the newer link";
    EXPECT_EQ(w.directory->count(&Shared::writes), 1);
  });
}

TEST(ADomainThatIsAdded, ButNotEnrolledIsLeftOut) {
  ReloadWorld world;
  world.play([&](AgentWorld& w) -> Awaitable<> {
    (void)co_await w.hellos.receive();
    w.agent->reload(world.with_other());
    auto job = w.maker.probe("alice");
    w.post_job(job);
    EXPECT_EQ((co_await w.result()).code, Code::ok);
    EXPECT_EQ(w.agent->snapshot().domains.size(), 1U);
  });
}

TEST(ADomainThatIsTakenOut, FinishesItsWritesFirst) {
  ReloadWorld world;
  world.enrol_other();
  world.config = world.with_other();
  world.play([&](AgentWorld& w) -> Awaitable<> {
    (void)co_await w.hellos.receive();
    w.directory->set([](Shared& s) { s.hold_writes = true; });
    auto [job, sec] = w.reset();
    w.post_job(job, sec);
    (void)co_await w.next("progress");
    auto next = w.config;
    next.domains.erase(next.domains.begin());
    w.agent->reload(next);
    EXPECT_EQ(co_await w.until_ready(false), "draining");
    auto refused = w.maker.probe("alice");
    w.post_job(refused);
    const auto answer = co_await w.result();
    EXPECT_EQ(answer.code, Code::busy) << "no new jobs, another agent may have it";
    EXPECT_TRUE(w.agent->snapshot().domains.contains(w.maker.domain)) << "its write is still under way";
    w.directory->set([](Shared& s) { s.hold_writes = false; });
    EXPECT_EQ((co_await w.result()).code, Code::applied);
    auto second = co_await w.hellos.receive();
    EXPECT_EQ(second->domains, (std::vector<std::string>{other}));
    auto gone = world.until_known(w.maker.domain, false);
    co_await std::move(gone);
    EXPECT_FALSE(w.agent->snapshot().domains.contains(w.maker.domain));
  });
}

TEST(ADomainThatHasChanged, IsOpenedAnewOnTheSameLink) {
  ReloadWorld world;
  world.play([](AgentWorld& w) -> Awaitable<> {
    (void)co_await w.hellos.receive();
    auto next = w.config;
    next.domains[0].guardrails.allow_ous = {"OU=Elsewhere,DC=corp,DC=example"};
    w.agent->reload(next);
    EXPECT_EQ(co_await w.until_ready(false), "draining");
    (void)co_await w.until_ready(true);
    w.post_job(w.maker.probe("alice"));
    const auto answer = co_await w.result();
    EXPECT_EQ(answer.reason, "out_of_scope") << "by the new rules";
    EXPECT_EQ(w.sessions.size(), 1U);
  });
}

TEST(AnUnchangedConfiguration, ChangesNothing) {
  ReloadWorld world;
  world.play([](AgentWorld& w) -> Awaitable<> {
    (void)co_await w.hellos.receive();
    w.agent->reload(w.config);
    w.post_job(w.maker.probe("alice"));
    EXPECT_EQ((co_await w.result()).code, Code::ok);
    EXPECT_EQ(w.sessions.size(), 1U);
    EXPECT_TRUE(w.agent->snapshot().domains.at(w.maker.domain).ready);
  });
}

TEST(AStopInTheMiddleOfAReload, EndsBoth) {
  ReloadWorld world;
  world.play([&](AgentWorld& w) -> Awaitable<> {
    (void)co_await w.hellos.receive();
    world.enrol_other();
    w.agent->reload(world.with_other());
    w.agent->reload(w.config);  // while the first is under way
    auto stopping = w.stop_agent();
    co_await std::move(stopping);
    EXPECT_FALSE(w.agent);
  });
}

}  // namespace
}  // namespace wb::test
