// What the audit amounts to.
#include <gtest/gtest.h>

#include "service/sspr/reports.hpp"

namespace wb::service::sspr {
namespace {

namespace json = protocol::json;
constexpr std::int64_t noon = 1'795'608'000'000;  // 2026-11-25 12:00 UTC

struct AReport : testing::Test {
  Report report;
  std::int64_t seq = 0;
  void happened(Activity activity, bool success, StatusReason reason, std::int64_t at = noon, const std::string& way = "w") {
    AuditEntry entry;
    entry.activity = activity, entry.success = success, entry.reason = reason, entry.correlation_id = way, entry.actor = {ActorKind::stranger};
    report.add(canonical_row(entry, ++seq, at, "default"));
  }
};

TEST_F(AReport, CountsEachDayByWhatBecameOfIt) {
  happened(Activity::reset_self_service, true, StatusReason::directory_applied);
  happened(Activity::reset_self_service, true, StatusReason::directory_applied, noon + 86'400'000);
  happened(Activity::reset_self_service, false, StatusReason::failed_on_premises_error);
  happened(Activity::reset_self_service, false, StatusReason::abandoned_after_user_name);
  happened(Activity::unlock_self_service, true, StatusReason::directory_applied);
  happened(Activity::change_self_service, true, StatusReason::directory_applied);
  happened(Activity::reset_by_admin, true, StatusReason::directory_applied);
  happened(Activity::blocked, false, StatusReason::blocked_app);
  happened(Activity::policy_changed, true, StatusReason::none);
  const auto shown = report.shown();
  EXPECT_EQ(shown.at("days").at(0), (json::value{{"day", "2026-11-25"}, {"resets", 1}, {"unlocks", 1}, {"changes", 1}, {"by_administrator", 1}, {"refused", 1}, {"abandoned", 1}, {"blocked", 1}}));
  EXPECT_EQ(shown.at("days").at(1).at("day"), "2026-11-26");
  EXPECT_EQ(shown.at("days").at(1).at("resets"), 1);
  EXPECT_EQ(shown.at("causes").at(to_string(StatusReason::failed_on_premises_error)), 1);
}

TEST_F(AReport, KnowsHowLongAWayTookAndByWhichMethods) {
  for (int way = 1; way <= 4; ++way) {
    const auto name = std::to_string(way);
    happened(Activity::user_started_reset, true, StatusReason::none, noon, name);
    happened(Activity::flow_progress, true, StatusReason::completed_app, noon + 10, name);
    happened(Activity::reset_self_service, true, StatusReason::directory_applied, noon + way * 10'000, name);
  }
  happened(Activity::reset_self_service, true, StatusReason::directory_applied, noon, "began before");
  const auto shown = report.shown();
  EXPECT_EQ(shown.at("seconds").at("counted"), 4);
  EXPECT_EQ(shown.at("seconds").at("p50").as_double(), 30);
  std::vector<std::int64_t> spread;
  for (const auto& one : shown.at("seconds").at("spread").as_array()) spread.push_back(one.at("count").as_int64());
  EXPECT_EQ(spread, (std::vector<std::int64_t>{1, 2, 1, 0, 0, 0, 0})) << "10 | 20, 30 | 40 seconds";
  EXPECT_TRUE(shown.at("seconds").at("spread").as_array().back().at("up_to").is_null());
  EXPECT_EQ(shown.at("methods"), (json::value{{"app", 4}}));
}

TEST_F(AReport, CoversWhomTheRulesMean) {
  Settings rules;
  rules.scope = Scope::selected, rules.groups = {"CN=Staff"};
  Person staff, guest;
  staff.groups = {"CN=Staff"}, guest.frozen = 1;
  RegisteredMethod app;
  report.add(staff, {app}, rules);
  report.add(staff, {}, rules);
  report.add(guest, {app}, rules);
  EXPECT_EQ(report.shown().at("coverage"), (json::value{{"people", 3}, {"in_scope", 2}, {"ready", 1}, {"frozen", 1}, {"registered", {{"app_code", 1}}}}));
}

TEST_F(AReport, PassesOverWhatItCantRead) {
  for (const auto* row : {"", "{", "[]", "{}", R"({"activity":1})"}) report.add(row);
  EXPECT_TRUE(report.shown().at("days").as_array().empty());
}

}  // namespace
}  // namespace wb::service::sspr
