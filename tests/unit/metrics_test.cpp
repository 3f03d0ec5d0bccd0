#include "agent/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wb::agent {
namespace {
using testing::HasSubstr;
using testing::Not;

Snapshot a_moment() {
  Snapshot now;
  now.link_up = true;
  auto& corp = now.domains["corp.example"];
  corp.ready = true;
  corp.directory.dc = "dc1.corp.example";
  corp.directory.hints = true;
  corp.directory.controllers = {{"dc1.corp.example", true, true, true, false, 0, 12.5, ""}, {"dc2.corp.example", false, false, false, false, 1500, 3, "ldap.connect: refused"}};
  now.refused["signature"] = 7;
  return now;
}
protocol::JobResult a_result() {
  protocol::JobResult result;
  result.op = protocol::Op::reset, result.code = protocol::Code::rejected, result.reason = "too_short";
  result.dc = "dc1.corp.example", result.total_ms = 42, result.directory_ms = 40;
  return result;
}

TEST(TheNumbersOfAnAgent, TellWhatIsInForceAndWhoAnswers) {
  const auto text = Metrics().text(a_moment());
  for (const auto* line : {"writeback_agent_link_up 1\n", "writeback_agent_domain_ready{domain=\"corp.example\"} 1\n", "writeback_agent_history_enforced{domain=\"corp.example\"} 1\n",
           "writeback_agent_controller_up{dc=\"dc2.corp.example\",domain=\"corp.example\"} 0\n", "writeback_agent_controller_shut_seconds{dc=\"dc2.corp.example\",domain=\"corp.example\"} 1.5\n",
           "writeback_agent_controller_connect_seconds{dc=\"dc1.corp.example\",domain=\"corp.example\"} 0.0125\n", "writeback_agent_messages_refused_total{reason=\"signature\"} 7\n"})
    EXPECT_THAT(text, HasSubstr(line));
}

TEST(TheNumbersOfAnAgent, CountJobsByOutcomeAndTime) {
  Metrics metrics;
  metrics.settled("corp.example", a_result());
  metrics.settled("corp.example", a_result());
  const auto text = metrics.text(a_moment());
  EXPECT_THAT(text, HasSubstr("writeback_agent_jobs_total{code=\"rejected\",domain=\"corp.example\",op=\"reset\",reason=\"too_short\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("writeback_agent_job_duration_seconds_bucket{domain=\"corp.example\",op=\"reset\",le=\"0.05\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("writeback_agent_job_directory_seconds_sum{dc=\"dc1.corp.example\",domain=\"corp.example\",op=\"reset\"} 0.08\n"));
}

TEST(TheNumbersOfAnAgent, TellWhenWhatItBelievesEnds) {
  auto now = a_moment();
  EXPECT_THAT(Metrics().text(now), Not(HasSubstr("expiry_timestamp"))) << "before a first link nothing is known";
  now.service_keys_end = 1'900'000'000;
  now.domains["corp.example"].roster_ends = 1'800'000'000;
  const auto text = Metrics().text(now);
  EXPECT_THAT(text, HasSubstr("writeback_agent_roster_expiry_timestamp_seconds{domain=\"corp.example\"} 1800000000"));
  EXPECT_THAT(text, HasSubstr("writeback_agent_service_key_expiry_timestamp_seconds 1900000000"));
}

TEST(TheNumbersOfAnAgent, ForgetAControllerThatIsGone) {
  const Metrics metrics;
  auto now = a_moment();
  EXPECT_THAT(metrics.text(now), HasSubstr("dc2.corp.example"));
  now.domains["corp.example"].directory.controllers.pop_back();
  EXPECT_THAT(metrics.text(now), Not(HasSubstr("dc2.corp.example")));
}

TEST(AnAgentsHealth, IsReadyWhenTheLinkAndEveryDomainAre) {
  auto now = a_moment();
  EXPECT_TRUE(health_of(now).ready);
  now.link_up = false;
  EXPECT_FALSE(health_of(now).ready);
  now = a_moment();
  now.domains["other.example"].reason = "ldap.connect: nobody there";
  const auto health = health_of(now);
  EXPECT_FALSE(health.ready);
  EXPECT_THAT(health.json, HasSubstr(R"("other.example":{"ready":false,"reason":"ldap.connect: nobody there")"));
  now = a_moment();
  now.draining = true;
  EXPECT_FALSE(health_of(now).ready);
  EXPECT_FALSE(health_of(Snapshot{true, false, true, 0, {}, {}, {}}).ready) << "no domain at all";
}

}  // namespace
}  // namespace wb::agent
