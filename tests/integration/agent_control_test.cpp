// The control socket of a running agent; against a service that is played here and a directory in memory.
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include "agent/control_client.hpp"
#include "platform/local_socket.hpp"
#include "protocol/json.hpp"
#include "tests/support/agent_world.hpp"

namespace wb::test {
namespace {
using protocol::Code;
using testing::HasSubstr;
using Shared = FakeDirectory::Shared;
namespace json = protocol::json;

struct ControlWorld : AgentWorld {
  std::filesystem::path socket() const { return folder / "control.sock"; }
  Awaitable<json::value> asked(std::string line) {
    auto asking = agent::ask_agent(socket(), std::move(line));
    auto answer = co_await std::move(asking);
    if (!answer) {
      ADD_FAILURE() << answer.error().where << " " << answer.error().detail;
      co_return json::value(json::object{});
    }
    co_return protocol::parse_json(*answer, 12).value();
  }
};
bool ok(const json::value& answer) { return answer.as_object().contains("ok"); }
std::string error_of(const json::value& answer) { return answer.as_object().contains("error") ? std::string(answer.at("error").as_string()) : ""; }

TEST(ARunningAgent, TellsAtItsSocketHowItIsAndWhatItAnswered) {
  ControlWorld world;
  world.play([&](AgentWorld& w) -> Awaitable<> {
    w.post_job(w.maker.probe("alice"));
    const auto answered = co_await w.result();
    auto asking = world.asked("status");
    const auto status = co_await std::move(asking);
    EXPECT_TRUE(status.at("link").at("up").as_bool());
    EXPECT_EQ(status.at("link").at("session").as_string(), w.sessions.back());
    EXPECT_TRUE(status.at("domains").at(w.maker.domain).at("ready").as_bool());
    const auto& recent = status.at("jobs").at("recent").as_array();
    EXPECT_EQ(recent.size(), 1U);
    EXPECT_EQ(recent.at(0).at("jti").as_string(), answered.jti);
    EXPECT_EQ(recent.at(0).at("code").as_string(), "ok");
    EXPECT_EQ(json::serialize(status).find("alice"), std::string::npos) << "nobody's name";
    EXPECT_EQ(status.at("keys").at("encryption").at("kid").as_string(), w.keys.ae.kid());
    struct stat is {};
    EXPECT_EQ(::stat(world.socket().c_str(), &is), 0);
    EXPECT_EQ(is.st_mode & 0777, 0660U);
  });
  EXPECT_FALSE(std::filesystem::exists(world.socket())) << "it goes with the agent";
}

TEST(ARunningAgent, TellsOfTheJobInItsHands) {
  ControlWorld world;
  world.play([&](AgentWorld& w) -> Awaitable<> {
    w.directory->set([](Shared& s) { s.hold_writes = true; });
    auto [job, sec] = w.reset();
    w.post_job(job, sec);
    (void)co_await w.next("progress");
    auto asking = world.asked("status");
    const auto status = co_await std::move(asking);
    const auto& in_flight = status.at("jobs").at("in_flight").as_array();
    EXPECT_EQ(in_flight.size(), 1U);
    EXPECT_EQ(in_flight.at(0).at("jti").as_string(), job.jti);
    EXPECT_TRUE(in_flight.at(0).at("applying").as_bool());
    w.directory->set([](Shared& s) { s.hold_writes = false; });
    EXPECT_EQ((co_await w.result()).code, Code::applied);
  });
}

TEST(AnAgentThatIsDrained, TakesNoJobsFinishesItsOwnAndTakesThemAgainWhenResumed) {
  ControlWorld world;
  world.play([&](AgentWorld& w) -> Awaitable<> {
    w.directory->set([](Shared& s) { s.hold_writes = true; });
    auto [job, sec] = w.reset();
    w.post_job(job, sec);
    (void)co_await w.next("progress");
    auto draining = world.asked("drain");
    EXPECT_TRUE(ok(co_await std::move(draining)));
    EXPECT_EQ(co_await w.until_ready(false), "draining");
    w.post_job(w.maker.probe("alice"));
    EXPECT_EQ((co_await w.result()).code, Code::busy);
    EXPECT_FALSE(agent::health_of(w.agent->snapshot()).ready);
    w.directory->set([](Shared& s) { s.hold_writes = false; });
    EXPECT_EQ((co_await w.result()).code, Code::applied) << "what it had is finished";
    auto resuming = world.asked("resume");
    EXPECT_TRUE(ok(co_await std::move(resuming)));
    (void)co_await w.until_ready(true);
    w.post_job(w.maker.probe("alice"));
    EXPECT_EQ((co_await w.result()).code, Code::ok);
    EXPECT_EQ(w.sessions.size(), 1U) << "on the same link";
  });
}

TEST(AnAgentsControlSocket, TakesItsOrdersAndSaysWhatIsWrongWithOthers) {
  ControlWorld world;
  world.play([&](AgentWorld& w) -> Awaitable<> {
    const auto asked = [&world](std::string line) { return world.asked(std::move(line)); };
    auto none = asked("reload");
    EXPECT_EQ(error_of(co_await std::move(none)), "unsupported") << "nobody has said how";
    w.agent->on_reload([] { return std::vector<std::string>{"agent.yaml:1:1: a mistake"}; });
    auto wrong = asked("reload");
    EXPECT_THAT(json::serialize(co_await std::move(wrong)), HasSubstr("agent.yaml:1:1: a mistake"));
    w.agent->on_reload([] { return std::vector<std::string>{}; });
    auto right = asked("reload");
    EXPECT_TRUE(ok(co_await std::move(right)));
    auto loud = asked("log-level debug");
    EXPECT_TRUE(ok(co_await std::move(loud)));
    EXPECT_TRUE(log::enabled(log::Level::debug));
    auto usual = asked("log-level info");
    EXPECT_TRUE(ok(co_await std::move(usual)));
    EXPECT_FALSE(log::enabled(log::Level::debug));
    const std::pair<std::string, std::string> bad[] = {{"log-level shouting", "unreadable"}, {"log-level", "unreadable"}, {"drain now", "unreadable"}, {"explode", "unsupported"}, {"", "unreadable"}, {"status\x01", "unreadable"}, {std::string(300, 'x'), "unreadable"}};
    for (const auto& [line, error] : bad) {
      auto refusing = asked(line);
      EXPECT_EQ(error_of(co_await std::move(refusing)), error) << line;
    }
    EXPECT_TRUE(agent::health_of(w.agent->snapshot()).ready) << "none of them did anything";
  });
}

// ---- the door alone -----------------------------------------------------------------------------------------
struct ADoor : testing::Test {
  ADoor() {
    char name[] = "/tmp/wb-door-XXXXXX";
    folder = ::mkdtemp(name);
    settings.path = folder / "s";
    settings.timeout = std::chrono::milliseconds(100);
    settings.connections_max = 2;
  }
  ~ADoor() override { std::filesystem::remove_all(folder); }
  auto opened() {
    return agent::ControlDoor::start(io, settings, [](const std::string& line) { return "you said " + line; });
  }
  Result<std::string> asked() {
    Result<std::string> out = fault(Fault::Kind::internal, "", "");
    auto asking = agent::ask_agent(settings.path, "x", std::chrono::seconds(5));
    asio::co_spawn(io, std::move(asking), [&](std::exception_ptr, Result<std::string> got) { out = std::move(got), io.stop(); });
    io.restart();
    io.run();
    return out;
  }
  asio::io_context io;
  std::filesystem::path folder;
  agent::ControlDoor::Settings settings;
};

TEST_F(ADoor, ReplacesTheSocketOfADeadProcessAndNothingElse) {
  ::close(platform::listen_locally(settings.path, 1).value());
  ASSERT_TRUE(std::filesystem::exists(settings.path));
  auto door = opened();
  ASSERT_TRUE(door);
  EXPECT_EQ(asked().value(), "you said x");
  EXPECT_EQ(opened().error().kind, Fault::Kind::refused) << "somebody answers there";
  door->reset();
  std::filesystem::create_directory(settings.path);
  EXPECT_EQ(opened().error().kind, Fault::Kind::refused) << "no socket";
  settings.path = folder / std::string(120, 's');
  EXPECT_EQ(opened().error().kind, Fault::Kind::refused) << "too long";
}

TEST_F(ADoor, ClosesOnWhoSaysNothingAndTakesOnlySoMany) {
  auto door = opened();
  ASSERT_TRUE(door);
  std::vector<asio::local::stream_protocol::socket> silent;
  for (int i = 0; i < 2; ++i) silent.emplace_back(io).connect({settings.path.string()});
  EXPECT_EQ(asked().error().kind, Fault::Kind::lost) << "one too many";
  for (auto& socket : silent) {  // until the door has lost its patience
    char byte = 0;
    boost::system::error_code ended;
    socket.async_receive(asio::buffer(&byte, 1), [&](auto ec, auto) { ended = ec, io.stop(); });
    io.restart();
    io.run();
    EXPECT_EQ(ended, asio::error::eof);
  }
  EXPECT_EQ(asked().value(), "you said x");
}

TEST_F(ADoor, ThatIsNotThereIsNamedByTheVerbs) {
  std::ostringstream out, err;
  EXPECT_EQ(agent::control(settings.path, {"status"}, out, err), agent::exit_not_running);
  EXPECT_THAT(err.str(), HasSubstr("no agent runs"));
  ::close(platform::listen_locally(settings.path, 1).value());
  EXPECT_EQ(agent::control(settings.path, {"status"}, out, err), agent::exit_not_running) << "a dead one's socket";
  EXPECT_EQ(out.str(), "");
}

TEST(WhoMayControlAnAgent, IsRootItsUserAndItsGroup) {
  constexpr std::uint32_t user = 100, group = 200, others = 300;
  EXPECT_TRUE(platform::may_control({0, others, {}}, user, group));
  EXPECT_TRUE(platform::may_control({user, others, {}}, user, group));
  EXPECT_TRUE(platform::may_control({others, group, {}}, user, group));
  EXPECT_TRUE(platform::may_control({others, others, {others, group}}, user, group));
  EXPECT_FALSE(platform::may_control({others, others, {}}, user, group));
  EXPECT_FALSE(platform::may_control({group, user, {user}}, user, group)) << "a user's number is no group's";
}

TEST(ALocalPeer, IsKnownByTheKernelsWord) {
  asio::io_context io;
  asio::local::stream_protocol::socket one(io), other(io);
  char name[] = "/tmp/wb-peer-XXXXXX";
  const std::filesystem::path folder = ::mkdtemp(name);
  asio::local::stream_protocol::acceptor acceptor(io);
  acceptor.assign(asio::local::stream_protocol(), platform::listen_locally(folder / "s", 1).value());
  one.connect({(folder / "s").string()});
  acceptor.native_non_blocking(false);
  acceptor.accept(other);
  const auto peer = platform::peer_of(other.native_handle());
  ASSERT_TRUE(peer);
  EXPECT_EQ(peer->user, ::geteuid());
  EXPECT_EQ(peer->group, ::getegid());
  EXPECT_FALSE(platform::peer_of(-1));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace wb::test
