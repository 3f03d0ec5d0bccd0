// metrics.listen of service.yaml: numbers and health of a running service.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/support/service_world.hpp"

namespace wb::test {
namespace {
using ::testing::HasSubstr;

// Not one that the system gives to whoever asks for any (ip_local_port_range, 32768 and more).
int port_of_this_test() { return 20'000 + ::getpid() % 10'000; }

class AServiceWithADoorForNumbers : public testing::Test {
 protected:
  ServiceWorld world{ServiceWorld::quick(), [](config::ServiceConfig& config) { config.metrics = {"127.0.0.1", port_of_this_test()}; }};
  static HttpReply get(const std::string& path) { return https("GET", "http://127.0.0.1:" + std::to_string(port_of_this_test()) + path); }
};

TEST_F(AServiceWithADoorForNumbers, TellsWhichAgentsAreReadyAndIsReadyWithoutThem) {
  EXPECT_EQ(get("/livez").raw, "ok\n");
  EXPECT_EQ(get("/elsewhere").status, 404);
  auto agent = world.active_agent();
  const auto bearer = world.client();
  const auto there = get("/readyz");
  EXPECT_EQ(there.status, 200);
  EXPECT_EQ(there.raw, "{\"ready\":true,\"store\":null,\"mail\":false,\"domains\":{\"corp.example\":{\"connected\":1,\"ready\":1}}}\n");
  agent->cut();
  for (const auto end = std::chrono::steady_clock::now() + 10s; world.ready_now(bearer) > 0 && std::chrono::steady_clock::now() < end;) {}
  const auto alone = get("/readyz");
  EXPECT_EQ(alone.status, 200) << "a balancer that left it out would keep the agents out, too";
  EXPECT_THAT(alone.raw, HasSubstr("{\"connected\":0,\"ready\":0}"));
  EXPECT_THAT(get("/metrics").raw, HasSubstr("reset_service_agents_ready{domain=\"corp.example\"} 0\n"));
}

TEST_F(AServiceWithADoorForNumbers, CountsCallsAndRowsOfTheAudit) {
  auto agent = world.active_agent();
  EXPECT_EQ(https("GET", world.url() + "/api/v1/audit").status, 401);
  const auto text = get("/metrics").raw;
  EXPECT_THAT(text, HasSubstr("reset_service_http_responses_total{status=\"401\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("reset_service_activities_total{activity=\"" + std::string(to_string(service::Activity::agent_enrolled)) + "\",domain=\"corp.example\""));
  EXPECT_THAT(text, HasSubstr("reset_service_roster_expiry_timestamp_seconds{domain=\"corp.example\"} "));
  EXPECT_THAT(text, HasSubstr("reset_service_signing_key_expiry_timestamp_seconds "));
}

TEST_F(AServiceWithADoorForNumbers, EndsWhenItIsTold) {
  EXPECT_EQ(get("/livez").status, 200);
  world.stop();
  world.start();
  EXPECT_EQ(get("/livez").status, 200) << "its port was free again";
}

}  // namespace
}  // namespace wb::test
