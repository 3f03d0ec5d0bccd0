#include "service/sspr/reports.hpp"

#include <algorithm>
#include <chrono>

#include "service/sspr/account.hpp"

namespace wb::service::sspr {
namespace {

namespace json = protocol::json;
constexpr int rows_at_once = 500, people_at_once = 200;
constexpr double spread_s[] = {15, 30, 60, 120, 300, 600};  // up to how many seconds; and more than that
constexpr std::size_t began_max = 50'000, seconds_max = 200'000, names_max = 200;

std::string day_of(std::int64_t at_ms) {
  namespace c = std::chrono;
  const c::year_month_day day(c::floor<c::days>(c::sys_time<c::milliseconds>(c::milliseconds(at_ms))));
  char text[16];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(day.year()), static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()));
  return text;
}

json::object shape(const std::map<std::string, std::int64_t>& counts) {
  json::object out;
  for (const auto& [name, count] : counts) out[name] = count;
  return out;
}

void count(std::map<std::string, std::int64_t>& counts, const std::string& name) {
  if (counts.size() < names_max || counts.contains(name)) ++counts[name];
}

// What a row means for the day it stands in; empty: nothing.
std::string column_of(std::string_view activity, bool success, std::string_view reason) {
  if (activity == to_string(Activity::reset_by_admin)) return success ? "by_administrator" : "";
  if (activity == to_string(Activity::change_self_service)) return success ? "changes" : "refused";
  const bool unlock = activity == to_string(Activity::unlock_self_service);
  if (!unlock && activity != to_string(Activity::reset_self_service)) return activity == to_string(Activity::blocked) ? "blocked" : "";
  if (success) return unlock ? "unlocks" : "resets";
  return reason.starts_with("abandoned.") || reason.starts_with("cancelled.") ? "abandoned" : "refused";
}

double percentile(std::vector<double> values, double of) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1, static_cast<std::size_t>(of * static_cast<double>(values.size())))];
}

// How many took how long: {up_to, count}, the last one without an end.
json::array spread(const std::vector<double>& values) {
  json::array out;
  double from = -1;
  for (const double to : spread_s) {
    out.push_back(json::object{{"up_to", to}, {"count", std::count_if(values.begin(), values.end(), [&](double one) { return one > from && one <= to; })}});
    from = to;
  }
  out.push_back(json::object{{"up_to", nullptr}, {"count", std::count_if(values.begin(), values.end(), [&](double one) { return one > from; })}});
  return out;
}

}  // namespace

void Report::add(std::string_view row) {
  auto parsed = protocol::parse_json(row, 12);
  if (!parsed) return;
  std::string activity, reason, status, way;
  std::int64_t at = 0;
  if (!protocol::Members(*parsed, protocol::Members::Unknown::ignored).text("activity", activity).text("reason", reason).text("status", status).text("correlation_id", way).integer("at_ms", at).finish()) return;
  constexpr std::string_view passed = "progress.completed_";
  if (activity == to_string(Activity::user_started_reset) && began_.size() < began_max) began_.emplace(way, at);
  if (reason.starts_with(passed)) count(methods_, reason.substr(passed.size()));
  const bool success = status == "success";
  const auto column = column_of(activity, success, reason);
  if (column.empty()) return;
  count(days_[day_of(at)], column);
  count(outcomes_, column);
  if (!success && !reason.empty()) count(causes_, reason);
  const auto began = began_.find(way);
  if (began == began_.end() || column == "abandoned") return;
  if (seconds_.size() < seconds_max) seconds_.push_back(static_cast<double>(at - began->second) / 1'000);
  began_.erase(began);
}

void Report::add(const Person& person, const std::vector<RegisteredMethod>& methods, const Settings& rules) {
  ++people_;
  if (person.frozen != 0) ++frozen_;
  const auto kinds = kinds_of(rules, methods);
  const auto barrier = standing(rules, person.groups, kinds).barrier;
  if (barrier == Reason::not_enabled || barrier == Reason::administrator) return;
  ++in_scope_;
  if (barrier == Reason::none) ++ready_;
  for (const auto kind : kinds) count(registered_, std::string(to_string(kind)));
}

json::object Report::shown() const {
  json::array days;
  for (const auto& [day, counts] : days_) {
    json::object one{{"day", day}};
    for (const char* column : {"resets", "unlocks", "changes", "by_administrator", "refused", "abandoned", "blocked"}) {
      const auto found = counts.find(column);
      one[column] = found == counts.end() ? 0 : found->second;
    }
    days.push_back(std::move(one));
  }
  json::object coverage{{"people", people_}, {"in_scope", in_scope_}, {"ready", ready_}, {"frozen", frozen_}, {"registered", shape(registered_)}};
  json::object seconds{{"p50", percentile(seconds_, 0.5)}, {"p95", percentile(seconds_, 0.95)}, {"counted", static_cast<std::int64_t>(seconds_.size())}, {"spread", spread(seconds_)}};
  return {{"complete", complete}, {"days", std::move(days)}, {"outcomes", shape(outcomes_)}, {"causes", shape(causes_)}, {"methods", shape(methods_)}, {"seconds", std::move(seconds)}, {"coverage", std::move(coverage)}};
}

static Awaitable<Result<void>> add_audit(SelfService* self, Report* report, AuditFilter filter) {
  std::int64_t after = 0;
  for (std::int64_t looked = 0; looked < report_rows_max; looked += rows_at_once) {
    auto page = self->store.audit().page(filter, after, rows_at_once);
    if (!page) co_return page.error();
    for (const auto& row : page->rows) report->add(row.row);
    if (static_cast<int>(page->rows.size()) < rows_at_once) co_return Result<void>();
    after = page->next;
    const bool go_on = co_await sleep_for(std::chrono::milliseconds(1));
    if (!go_on) co_return fault(Fault::Kind::cancelled, "sspr.report", "the service is stopping");
  }
  report->complete = false;
  co_return Result<void>();
}

Awaitable<Result<Report>> report_of(SelfService& self, std::string domain, std::int64_t from_ms, std::int64_t to_ms) {
  Report report;
  auto rules = self.rules.current(domain);
  if (!rules) co_return rules.error();
  AuditFilter filter;
  filter.domain = domain, filter.from_ms = from_ms, filter.to_ms = to_ms;
  auto adding = add_audit(&self, &report, std::move(filter));
  auto added = co_await std::move(adding);
  if (!added) co_return added.error();
  std::string after;
  for (int looked = 0; looked < report_people_max; looked += people_at_once) {
    auto some = self.people.list(domain, after, people_at_once);
    if (!some) co_return some.error();
    for (const auto& one : *some) {
      auto methods = self.people.methods(domain, one.sub);
      if (!methods) co_return methods.error();
      report.add(one, *methods, rules->settings);
    }
    if (static_cast<int>(some->size()) < people_at_once) co_return report;
    after = some->back().sub;
    const bool go_on = co_await sleep_for(std::chrono::milliseconds(1));
    if (!go_on) co_return fault(Fault::Kind::cancelled, "sspr.report", "the service is stopping");
  }
  report.complete = false;
  co_return report;
}

}  // namespace wb::service::sspr
