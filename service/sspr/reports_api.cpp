#include "service/sspr/reports_api.hpp"

#include "service/audit_query.hpp"

namespace wb::service::sspr {
namespace {

constexpr std::int64_t day_ms = 86'400'000, days_otherwise = 30;

}  // namespace

std::vector<Endpoint> ReportsApi::endpoints() {
  return {{"GET", "/api/v1/reports", service::Scope::settings, [this](HttpCall call) { return report(std::move(call)); }}};
}

Reply ReportsApi::report(HttpCall call) {
  std::map<std::string, std::string> words;
  for (const auto& [name, text] : call.request.query)
    if (name == "from" || name == "to") words.emplace(name, text);
  auto asked = audit_query(words);
  if (const auto* problem = std::get_if<std::string>(&asked)) co_return sspr::told(self_, call.request, 400, "malformed_request", *problem);
  const auto& filter = std::get<AuditQuery>(asked).filter;
  const auto to = filter.to_ms.value_or(unix_now_ms() + 1), from = filter.from_ms.value_or(to - days_otherwise * day_ms);
  if (from >= to || to - from > report_days_max * day_ms) co_return sspr::told(self_, call.request, 400, "malformed_request", "from, to: at most 92 days");
  if (*going_ > 0) co_return refuse(Refusal::busy, "another report is being made", 2'000);
  const InUse going(going_);
  auto making = report_of(self_, call.caller.domain, from, to);
  auto made = co_await std::move(making);
  if (!made) co_return refuse_for(made.error());
  auto shown = made->shown();
  shown["from_ms"] = from, shown["to_ms"] = to;
  co_return answer(200, shown);
}

}  // namespace wb::service::sspr
