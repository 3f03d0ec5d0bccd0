// Several addresses of one service, with the pauses between tries, in virtual time.
#include "agent/service_hosts.hpp"

#include <gmock/gmock.h>

#include <random>

#include "service/settings.hpp"
#include "agent/agent.hpp"

namespace wb::agent {
namespace {
using namespace std::chrono_literals;
using ::testing::ElementsAre;

ServiceHosts three() { return ServiceHosts({{"a", 443, ""}, {"b", 443, ""}, {"c", 443, ""}}); }

TEST(ServiceHosts, AreTriedInTurnAroundAndAround) {
  auto hosts = three();
  std::vector<std::string> tried;
  for (int i = 0; i < 5; ++i) {
    tried.push_back(hosts.current().host);
    hosts.failed();
  }
  EXPECT_THAT(tried, ElementsAre("a", "b", "c", "a", "b"));
}

TEST(ServiceHosts, StayAtTheOneThatWorked) {
  auto hosts = three();
  hosts.failed();
  hosts.lived(59s);
  EXPECT_EQ(hosts.current().host, "b");
}

TEST(ServiceHosts, BeginWithTheFirstAgainAfterAStableLink) {
  auto hosts = three();
  hosts.failed();
  hosts.lived(60s);
  EXPECT_EQ(hosts.current().host, "a");
}

// A day without the service, in virtual time: how often it is dialled, and never more often for having more addresses.
TEST(AnAgentWithoutAService, DialsOverAllItsAddressesAsOftenAsOverOne) {
  for (auto hosts : {ServiceHosts({{"a", 443, ""}}), three()}) {
    Backoff backoff;
    std::minstd_rand dice(7);
    std::map<std::string, int> tries;
    int all = 0;
    for (std::chrono::milliseconds now{0}; now < 24h; now += backoff.next(std::uniform_real_distribution<double>(0, 1)(dice))) {
      ++tries[hosts.current().host];
      hosts.failed();
      ++all;
    }
    EXPECT_GT(all, 2500);  // a mean of 30 s, once the ceiling of 60 s is reached
    EXPECT_LT(all, 3300);
    EXPECT_EQ(tries.size(), hosts.size());
    for (const auto& [host, count] : tries) EXPECT_NEAR(count, all / static_cast<int>(hosts.size()), 1) << host;
  }
}

// 2,000 agents that lost their service at one moment, in virtual time: no second of the first minute sees more than a
// quarter of them once the first two have passed, and all have tried within the first second.
TEST(AReconnectStorm, IsSpreadByFullJitter) {
  std::minstd_rand dice(11);
  std::uniform_real_distribution<double> fair(0, 1);
  std::vector<int> per_second(60);
  for (int agent = 0; agent < 2'000; ++agent) {
    Backoff backoff;
    for (std::chrono::milliseconds now{0};;) {
      now += backoff.next(fair(dice));
      if (now >= 60s) break;
      ++per_second[static_cast<std::size_t>(now / 1s)];
    }
  }
  for (std::size_t second = 3; second < per_second.size(); ++second) EXPECT_LT(per_second[second], 1'000) << second;
  for (std::size_t second = 30; second < per_second.size(); ++second) EXPECT_LT(per_second[second], 250) << second;
}

TEST(TheTimingsThatAreShipped, OutliveALoadBalancerThatCutsAfter30SecondsOfSilence) {
  const service::Settings service;
  EXPECT_LE(service.heartbeat * 1.2, 30s) << "a heartbeat of 25 s, 20 % later at most";
  EXPECT_EQ(AgentTimings{}.silence, 60s);
  EXPECT_EQ(Backoff::Shape{}.base, 500ms);
  EXPECT_EQ(Backoff::Shape{}.cap, 60s);
  EXPECT_EQ(Backoff::Shape{}.stable, 60s);
}

}  // namespace
}  // namespace wb::agent
