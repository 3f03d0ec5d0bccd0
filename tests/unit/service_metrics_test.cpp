#include "service/service_metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace wb::service {
namespace {
using testing::HasSubstr;
using testing::Not;

ServiceSnapshot a_moment() {
  ServiceSnapshot now;
  now.mail = true, now.letters_waiting = 3, now.signing_ends = 1'900'000'000;
  now.domains["corp.example"] = {2, 1, 1'800'000'000};
  return now;
}

TEST(TheNumbersOfAService, TellWhoIsThereForADomainAndWhatEnds) {
  const auto text = ServiceMetrics().text(a_moment());
  for (const auto* line : {"reset_service_agents_connected{domain=\"corp.example\"} 2\n", "reset_service_agents_ready{domain=\"corp.example\"} 1\n", "reset_service_letters_waiting 3\n",
           "reset_service_roster_expiry_timestamp_seconds{domain=\"corp.example\"} 1800000000", "reset_service_signing_key_expiry_timestamp_seconds 1900000000", "reset_service_store_writable 1\n"})
    EXPECT_THAT(text, HasSubstr(line));
  EXPECT_THAT(ServiceMetrics().text({}), Not(HasSubstr("letters_waiting"))) << "no mail leaves here";
}

TEST(TheNumbersOfAService, CountWhatTheAuditSaysByItsWords) {
  ServiceMetrics metrics;
  metrics.happened(Activity::reset_self_service, StatusReason::none, "corp.example");
  metrics.happened(Activity::reset_self_service, StatusReason::none, "corp.example");
  metrics.answered(429);
  const auto text = metrics.text(a_moment());
  EXPECT_THAT(text, HasSubstr("reset_service_activities_total{activity=\"" + std::string(to_string(Activity::reset_self_service)) + "\",domain=\"corp.example\",reason=\"" + std::string(to_string(StatusReason::none)) + "\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("reset_service_http_responses_total{status=\"429\"} 1\n"));
}

TEST(TheNumbersOfAService, DoNotGrowWithoutEndWhateverDomainsAreNamed) {
  ServiceMetrics metrics;
  for (std::size_t i = 0; i < ServiceMetrics::domains_counted + 5; ++i) metrics.happened(Activity::signed_in, StatusReason::none, "d" + std::to_string(i) + ".example");
  const auto text = metrics.text({});
  EXPECT_THAT(text, HasSubstr("domain=\"d999.example\""));
  EXPECT_THAT(text, Not(HasSubstr("domain=\"d1000.example\"")));
  EXPECT_THAT(text, HasSubstr("domain=\"\",reason=\"" + std::string(to_string(StatusReason::none)) + "\"} 5\n"));
}

TEST(TheNumbersOfAService, AreNamedByTheRulesOfPrometheus) {
  ServiceMetrics metrics;
  metrics.happened(Activity::signed_in, StatusReason::none, "corp.example");
  metrics.answered(200);
  std::istringstream lines(metrics.text(a_moment()));
  int types = 0;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string hash, what, name, type;
    words >> hash >> what >> name >> type;
    if (hash != "#" || what != "TYPE") continue;
    ++types;
    EXPECT_THAT(name, testing::MatchesRegex("reset_service_[a-z_]+"));
    EXPECT_EQ(type == "counter", name.ends_with("_total")) << name;
  }
  EXPECT_EQ(types, 11);
}

TEST(TheHealthOfAService, IsItsStoresAndNamesTheDomainsAgents) {
  auto now = a_moment();
  EXPECT_TRUE(health_of(now).ready);
  EXPECT_EQ(health_of(now).json, R"({"ready":true,"store":null,"mail":true,"domains":{"corp.example":{"connected":2,"ready":1}}})");
  now.store_trouble = "SQLITE_FULL: database or disk is full";
  EXPECT_FALSE(health_of(now).ready);
  EXPECT_THAT(health_of(now).json, HasSubstr(R"("store":"SQLITE_FULL: database or disk is full")"));
  EXPECT_THAT(ServiceMetrics().text(now), HasSubstr("reset_service_store_writable 0\n"));
}

}  // namespace
}  // namespace wb::service
