// The agent's side of a signing key that the roster changes: against a service that is played here.
#include <gtest/gtest.h>

#include "tests/support/agent_world.hpp"

namespace wb::test {
namespace {
using protocol::Code;

struct NextKeyWorld : AgentWorld {
  // As `keys rotate --signing` leaves it.
  void make_next() { next_key = agent::make_next_as(folder).value(); }
  protocol::RosterAgent us_next() const { return {"A1", next_key->public_key().jwk()}; }
  // The key that states the domain under this roster.
  Awaitable<std::string> stated_by(std::int64_t rsn) {
    for (;;) {
      auto coming = next("keys");
      auto envelope = co_await std::move(coming);
      const auto said = protocol::decode<protocol::AgentKeys>(envelope.body).value();
      if (!said.statements.contains(maker.domain)) continue;
      const auto jws = crypto::parse_jws(said.statements.at(maker.domain), protocol::typ_statement, crypto::CarryKey::no).value();
      if (protocol::decode<protocol::Statement>(jws.payload)->rsn == rsn) co_return jws.kid;
    }
  }
  void approve(protocol::RosterAgent as, std::int64_t rsn) {
    roster = {std::move(as)};
    post(keys_text(rsn));
  }
  Awaitable<> until_promoted() {
    while (agent::has_next_as(folder)) (void)co_await asio::post(io.get_executor(), use_tuple);
  }
};

TEST(AnAgentWhoseNextSigningKeyIsApproved, TakesOverWithItAndForgetsTheFormer) {
  NextKeyWorld world;
  world.make_next();
  const auto kid = world.next_key->kid();
  world.play([&](AgentWorld& w) -> Awaitable<> {
    (void)co_await w.hellos.receive();
    w.directory->set([](FakeDirectory::Shared& s) { s.hold_writes = true; });
    auto [job, sec] = w.reset();
    w.post_job(job, sec);
    (void)co_await w.next("progress");
    world.approve(world.us_next(), 2);
    EXPECT_EQ((co_await world.stated_by(2)), kid) << "over the link that stands";
    auto second = co_await w.hellos.receive();
    EXPECT_TRUE(w.last_by_next);
    EXPECT_EQ(second->from, w.sessions.front()) << "without an interruption";
    auto promoted = world.until_promoted();
    co_await std::move(promoted);
    EXPECT_EQ(agent::load_keys(w.folder)->as.kid(), kid);
    w.directory->set([](FakeDirectory::Shared& s) { s.hold_writes = false; });
    auto coming = w.next("result");
    auto envelope = co_await std::move(coming);
    const auto jws = protocol::decode<protocol::ResultMessage>(envelope.body).value().jws;
    auto payload = crypto::verify(jws, protocol::typ_result, w.next_key->public_key());
    if (!payload) payload = crypto::verify(jws, protocol::typ_result, w.keys.as.public_key());  // the service takes either
    EXPECT_EQ(protocol::decode<protocol::JobResult>(payload.value())->code, Code::applied) << "the write that was under way";
  });
}

TEST(AnAgentThatWasKilledBeforeTheRename, FindsOutWhichKeyIsInForce) {
  NextKeyWorld world;
  world.make_next();
  world.roster = {world.us_next()};
  world.takes_present = false;  // the service has seen a hello by the next one
  const auto kid = world.next_key->kid();
  world.play([&](AgentWorld& w) -> Awaitable<> {
    (void)co_await w.hellos.receive();
    EXPECT_TRUE(w.last_by_next);
    auto promoted = world.until_promoted();
    co_await std::move(promoted);
    EXPECT_EQ(agent::load_keys(w.folder)->as.kid(), kid);
  });
}

TEST(AnAgentWhoseNextSigningKeyNobodyHasApproved, GoesOnWithThePresentOne) {
  NextKeyWorld world;
  world.make_next();
  world.takes_next = false;
  const auto kid = world.keys.as.kid();
  world.play([&](AgentWorld& w) -> Awaitable<> {
    (void)co_await w.hellos.receive();
    EXPECT_FALSE(w.last_by_next);
    world.approve(w.us(), 2);
    EXPECT_EQ((co_await world.stated_by(2)), kid);
    w.post_job(w.maker.probe("alice"));
    EXPECT_EQ((co_await w.result()).code, Code::ok);
    EXPECT_TRUE(agent::has_next_as(w.folder));
  });
}

TEST(AnAgentWhoseOperatorIsQuick, LooksForTheNextKeyWhenTheRosterNamesIt) {
  NextKeyWorld world;
  world.timings.keys = std::chrono::hours(1);
  world.play([&](AgentWorld& w) -> Awaitable<> {
    (void)co_await w.hellos.receive();
    world.make_next();
    world.approve(world.us_next(), 2);
    (void)co_await w.hellos.receive();
    EXPECT_TRUE(w.last_by_next);
    auto promoted = world.until_promoted();
    co_await std::move(promoted);
  });
}

TEST(AnAgentThatARosterNamesWithAForeignKey, SaysSoAndGoesOnWhenItIsMended) {
  NextKeyWorld world;
  world.play([&](AgentWorld& w) -> Awaitable<> {
    (void)co_await w.hellos.receive();
    world.approve({"A1", crypto::PrivateKey::generate().value().public_key().jwk()}, 2);
    EXPECT_EQ((co_await w.until_ready(false)), "foreign_key");
    world.approve(w.us(), 3);
    (void)co_await w.until_ready(true);
    w.post_job(w.maker.probe("alice"));
    EXPECT_EQ((co_await w.result()).code, Code::ok);
    EXPECT_EQ(w.sessions.size(), 1U) << "over the same link";
  });
}

}  // namespace
}  // namespace wb::test
