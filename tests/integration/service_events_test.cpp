// GET /api/v1/jobs/{jti}/events: a job, as it goes.
#include "core/ids.hpp"
#include "tests/support/service_world.hpp"

namespace wb::test {
namespace {

struct AStreamOfAJobsEvents : testing::Test {
  explicit AStreamOfAJobsEvents(service::Settings s = ServiceWorld::quick()) : world(std::move(s)) {}
  ServiceWorld world;
  std::unique_ptr<FakeAgent> agent = world.active_agent();
  std::string bearer = world.client();

  std::string submitted() {  // its jti; the agent has it
    const auto probed = world.probe(*agent, bearer);
    const auto binding = world.binding(probed);
    EXPECT_EQ(world.submit(bearer, probed.id, world.seal({agent.get()}, binding, "Correct-Horse-7")).status, 202);
    return binding.jti;
  }
  std::string path(const std::string& jti) { return world.url() + "/api/v1/jobs/" + jti + "/events"; }
  std::future<HttpReply> opened(const std::string& jti) {
    return std::async(std::launch::async, [this, jti] { return https("GET", path(jti), {}, bearer); });
  }
  // Until the stream is there, and waits for a change.
  void watched(const std::string& jti) {
    for (const auto end = std::chrono::steady_clock::now() + 10s; std::chrono::steady_clock::now() < end;)
      if (world.watching_calls(jti) > 0) return;
    ADD_FAILURE() << "nobody watches";
  }
};

TEST_F(AStreamOfAJobsEvents, TellsEachChangeAndTheOutcomeLast) {
  const auto jti = submitted();
  auto stream = opened(jti);
  watched(jti);
  const auto job = agent->next_job();
  ASSERT_TRUE(job);
  agent->accept(job->job);
  agent->applying(job->job);
  const auto applying = [&] { return world.look(bearer, jti, 0).text("state") == "applying"; };
  for (const auto end = std::chrono::steady_clock::now() + 10s; !applying() && std::chrono::steady_clock::now() < end;) {}
  agent->answer(job->job, protocol::Code::applied, [](auto& r) { r.usn = 7; });
  const auto reply = stream.get();
  EXPECT_EQ(reply.status, 200);
  EXPECT_NE(reply.headers.find("text/event-stream"), std::string::npos);
  EXPECT_TRUE(reply.raw.starts_with("event: state\ndata: {\"state\":\"leased\",\"attempts\":1}\n\nevent: state\ndata: {\"state\":\"applying\",\"attempts\":1}\n\n")) << reply.raw;
  const auto last = reply.raw.find("event: state\ndata: {\"state\":\"final\",\"attempts\":1}\n\nevent: outcome\ndata: {\"jti\":\"" + jti);
  EXPECT_NE(last, std::string::npos) << reply.raw;
  EXPECT_TRUE(reply.raw.ends_with("}\n\n"));
  const auto again = https("GET", path(jti), {}, bearer);
  EXPECT_EQ(again.raw, reply.raw.substr(last)) << "of a job that is over, at once";
}

TEST_F(AStreamOfAJobsEvents, EndsWithoutAnOutcomeWhenTheServiceStops) {
  const auto jti = submitted();
  auto stream = opened(jti);
  watched(jti);
  const auto before = std::chrono::steady_clock::now();
  world.stop();
  EXPECT_LT(std::chrono::steady_clock::now() - before, 4s) << "it is not cut: that takes 5 s";
  const auto reply = stream.get();
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.raw.find("event: outcome"), std::string::npos);
  EXPECT_TRUE(reply.raw.ends_with("\n\n")) << reply.raw;
  world.start();
}

TEST_F(AStreamOfAJobsEvents, IsForItsClientsAlone) {
  const auto jti = submitted();
  EXPECT_EQ(https("GET", path(jti), {}, world.client("other.example")).status, 404);
  EXPECT_EQ(https("GET", path(new_ulid()), {}, bearer).status, 404);
  EXPECT_EQ(https("GET", path("no-ulid"), {}, bearer).status, 404);
  EXPECT_EQ(https("GET", path(jti), {}, {}).status, 401);
}

struct OneStreamOfAService : AStreamOfAJobsEvents {
  static service::Settings one() {
    auto s = ServiceWorld::quick();
    s.event_streams_max = 1;
    return s;
  }
  OneStreamOfAService() : AStreamOfAJobsEvents(one()) {}
};

TEST_F(OneStreamOfAService, LeavesNoRoomForAnotherUntilItEnds) {
  const auto jti = submitted();
  auto first = opened(jti);
  watched(jti);
  EXPECT_EQ(https("GET", path(jti), {}, bearer).status, 429);
  const auto job = agent->next_job();
  ASSERT_TRUE(job);
  agent->answer(job->job, protocol::Code::applied, [](auto& r) { r.usn = 7; });
  EXPECT_EQ(first.get().status, 200);
  EXPECT_EQ(https("GET", path(jti), {}, bearer).status, 200);
}

struct AStreamOfAJobThatTakesTooLong : AStreamOfAJobsEvents {
  static service::Settings short_lived() {
    auto s = ServiceWorld::quick();
    s.events_beat = 30ms, s.events_most = 1'000ms;
    return s;
  }
  AStreamOfAJobThatTakesTooLong() : AStreamOfAJobsEvents(short_lived()) {}
};

TEST_F(AStreamOfAJobThatTakesTooLong, ShowsThatItLivesAndEndsWithoutAnOutcome) {
  const auto reply = opened(submitted()).get();
  EXPECT_EQ(reply.status, 200);
  EXPECT_NE(reply.raw.find("\n\n: still here\n\n"), std::string::npos);
  EXPECT_EQ(reply.raw.find("event: outcome"), std::string::npos) << reply.raw;
}

}  // namespace
}  // namespace wb::test
