// What a running agent tells the service of what its doctor finds; against a service that is played here.
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <set>

#include "tests/support/agent_world.hpp"

namespace wb::test {
namespace {
using Shared = FakeDirectory::Shared;
using tcp = asio::ip::tcp;

struct ADoctorsWorld : AgentWorld {
  ADoctorsWorld() {
    std::signal(SIGPIPE, SIG_IGN);  // as main() does: libldap writes with write(2)
    service_caps = {"findings"};
    config.domains[0].directory.uris = {"ldaps://127.0.0.1:1"};  // of the doctor alone: the agent's own directory is in memory
    config.domains[0].directory.bind_password_file = folder / "password";
    timings.self_check_pause = 1ms;
  }
  Awaitable<protocol::AgentFindings> findings() {
    auto coming = next("findings");
    auto envelope = co_await std::move(coming);
    co_return protocol::decode<protocol::AgentFindings>(envelope.body).value();
  }
  static std::set<std::string> failures(const protocol::AgentFindings& told) {
    std::set<std::string> out;
    for (const auto& one : told.findings)
      if (one.result == protocol::CheckResult::fail) out.insert(one.code + " " + one.domain + " " + one.subject);
    return out;
  }
};

TEST(AnAgentThatIsWelcomed, TellsWhatItsDoctorFinds) {
  ADoctorsWorld world;
  world.play([&world](AgentWorld&) -> Awaitable<> {
    auto told = co_await world.findings();
    EXPECT_EQ(ADoctorsWorld::failures(told), (std::set<std::string>{"config.secret  ", "directory.tcp corp.example 127.0.0.1:1"}));
    EXPECT_EQ(told.findings[0].result, protocol::CheckResult::fail) << "the worst first";
    EXPECT_LE(told.age_s, 5);
  });
}

TEST(AnAgentThatIsWelcomed, TellsNothingToAServiceThatWouldCountItAsAMistake) {
  ADoctorsWorld world;
  world.service_caps = {"something_else"};
  world.play([](AgentWorld& w) -> Awaitable<> {
    for (int i = 0; i < 20; ++i) {
      w.post_job(w.maker.probe("alice"));
      (void)co_await w.result();
    }
    w.directory->set([](Shared& s) { s.state.ready = false; });
    (void)co_await w.until_ready(false);
    w.directory->set([](Shared& s) { s.state.ready = true; });
    (void)co_await w.until_ready(true);
    EXPECT_EQ(w.heard["findings"], 0);
  });
}

TEST(AnAgentThatIsWelcomed, AgainSaysTheSameAgainWithoutAnotherLook) {
  ADoctorsWorld world;
  world.play([&world](AgentWorld& w) -> Awaitable<> {
    auto first = co_await world.findings();
    std::ofstream(w.folder / "password") << "Svc-Passw0rd-1!\n";
    std::filesystem::permissions(w.folder / "password", std::filesystem::perms::owner_read);
    w.peer->abort();
    auto again = co_await world.findings();
    EXPECT_EQ(ADoctorsWorld::failures(again), ADoctorsWorld::failures(first));
  });
}

TEST(AnAgentThatCeasesToBeReady, LooksAgainAndOnceMoreWhenItIsReady) {
  ADoctorsWorld world;
  world.play([&world](AgentWorld& w) -> Awaitable<> {
    (void)co_await world.findings();
    std::ofstream(w.folder / "password") << "Svc-Passw0rd-1!\n";
    std::filesystem::permissions(w.folder / "password", std::filesystem::perms::owner_read);
    w.directory->set([](Shared& s) { s.state.ready = false; });
    auto second = co_await world.findings();
    EXPECT_EQ(ADoctorsWorld::failures(second), (std::set<std::string>{"directory.tcp corp.example 127.0.0.1:1"}));
    std::filesystem::remove(w.folder / "password");
    w.directory->set([](Shared& s) { s.state.ready = true; });
    auto third = co_await world.findings();
    EXPECT_TRUE(ADoctorsWorld::failures(third).contains("config.secret  "));
  });
}

TEST(AnAgentThatRunsForLong, LooksAgainAndAgain) {
  ADoctorsWorld world;
  world.timings.self_check = 20ms;
  world.play([&world](AgentWorld&) -> Awaitable<> {
    for (int i = 0; i < 3; ++i) (void)co_await world.findings();
  });
}

TEST(AnAgentThatFlaps, IsNotLookedAtAgainBeforeItsPauseIsOver) {
  ADoctorsWorld world;
  world.timings.self_check_pause = std::chrono::minutes(10);
  world.play([&world](AgentWorld& w) -> Awaitable<> {
    (void)co_await world.findings();
    for (int i = 0; i < 5; ++i) {
      w.directory->set([&](Shared& s) { s.state.ready = i % 2 == 1; });
      (void)co_await w.until_ready(i % 2 == 1);
    }
    EXPECT_EQ(w.heard["findings"], 1);
  });
}

// It listens and says nothing: the doctor waits for its whole connect_timeout.
TEST(AnAgentWhoseDoctorWaits, AnswersJobsMeanwhile) {
  ADoctorsWorld world;
  tcp::acceptor mute(world.io, {asio::ip::address_v4::loopback(), 0});
  world.config.domains[0].directory.uris = {"ldaps://127.0.0.1:" + std::to_string(mute.local_endpoint().port())};
  world.config.domains[0].directory.connect_timeout = 2s;
  world.play([&](AgentWorld& w) -> Awaitable<> {
    auto [ec, waiting] = co_await mute.async_accept(use_tuple);  // the doctor is there
    EXPECT_FALSE(ec);
    w.post_job(w.maker.probe("alice"));
    EXPECT_EQ((co_await w.result()).code, protocol::Code::ok);
    EXPECT_EQ(w.heard["findings"], 0);
    auto told = co_await world.findings();
    EXPECT_FALSE(ADoctorsWorld::failures(told).empty());
  });
}

}  // namespace
}  // namespace wb::test
