// What self-service did for an organisation, in numbers (docs/SSPR.md, "Reports"): counted from the audit, and from who is registered. Pure
// but for report_of(), which reads both in small steps: people are waiting on this thread.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "core/async.hpp"
#include "service/audit.hpp"
#include "service/sspr/self_service.hpp"

namespace wb::service::sspr {

constexpr std::int64_t report_days_max = 92;
constexpr std::int64_t report_rows_max = 200'000;  // of the audit, that are looked at
constexpr int report_people_max = 1'000'000;

class Report {
 public:
  // One row of the audit, as JSON. What is no news of self-service does not count; nor does what can't be read.
  void add(std::string_view row);
  void add(const Person& person, const std::vector<RegisteredMethod>& methods, const Settings& rules);
  bool complete = true;

  // {days: [{day, resets, unlocks, changes, by_administrator, refused, abandoned, blocked}], outcomes, causes, methods, seconds: {p50, p95, counted, spread: [{up_to, count}]}, coverage}
  protocol::json::object shown() const;

 private:
  using Counts = std::map<std::string, std::int64_t>;
  std::map<std::string, Counts> days_;  // "2026-11-26", UTC
  Counts outcomes_, causes_, methods_, registered_;
  std::map<std::string, std::int64_t> began_;  // correlation id -> ms
  std::vector<double> seconds_;                // from a way's beginning to the directory's word
  std::int64_t people_ = 0, in_scope_ = 0, ready_ = 0, frozen_ = 0;
};

// `from_ms` <= at < `to_ms`. Fault: the store's, or cancelled.
Awaitable<Result<Report>> report_of(SelfService& self, std::string domain, std::int64_t from_ms, std::int64_t to_ms);

}  // namespace wb::service::sspr
