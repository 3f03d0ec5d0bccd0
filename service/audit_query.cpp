#include "service/audit_query.hpp"

#include <charconv>
#include <chrono>

namespace wb::service {
namespace {

std::optional<std::int64_t> whole(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (ec != std::errc() || end != text.data() + text.size() || text.empty() || text[0] == '-') return std::nullopt;
  return number;
}

std::string activities_known() {
  std::string text;
  for (const auto name : activity_names()) text += (text.empty() ? "" : ", ") + std::string(name);
  return text;
}

// What is wrong with one word; empty: nothing.
std::string read_word(const std::string& name, const std::string& text, AuditQuery& query) {
  if (name == "after") {
    const auto seq = whole(text);
    if (!seq) return "after: a whole number, the seq of a row";
    query.after = *seq;
  } else if (name == "activity") {
    query.filter.activity = activity_from(text);
    if (!query.filter.activity) return "activity: one of " + activities_known();
  } else if (name == "correlation_id" || name == "target") {
    if (text.empty() || text.size() > audit_word_bytes_max) return name + ": 1 to " + std::to_string(audit_word_bytes_max) + " bytes, as a row has it";
    (name == "target" ? query.filter.target : query.filter.correlation_id) = text;
  } else if (name == "from" || name == "to") {
    const auto at = time_from(text);
    if (!at) return name + ": a time as 2026-11-26 or 2026-11-26T12:00:00Z";
    (name == "from" ? query.filter.from_ms : query.filter.to_ms) = at;
  } else if (name == "limit") {
    const auto most = whole(text);
    if (!most || *most < 1 || *most > audit_rows_max) return "limit: 1 to " + std::to_string(audit_rows_max);
    query.limit = static_cast<int>(*most);
  } else {
    return "only after, activity, correlation_id, target, from, to and limit may be asked";
  }
  return {};
}

}  // namespace

std::variant<AuditQuery, std::string> audit_query(const std::map<std::string, std::string>& words) {
  AuditQuery query;
  for (const auto& [name, text] : words)
    if (auto problem = read_word(name, text, query); !problem.empty()) return problem;
  if (query.filter.from_ms && query.filter.to_ms && *query.filter.from_ms >= *query.filter.to_ms) return std::string("to: later than from");
  return query;
}

std::optional<std::int64_t> time_from(std::string_view text) {
  constexpr std::string_view shape = "dddd-dd-ddTdd:dd:ddZ";
  if (text.size() != 10 && text.size() != shape.size()) return std::nullopt;
  int parts[6] = {};
  int part = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (shape[i] == 'd' && text[i] >= '0' && text[i] <= '9') parts[part] = 10 * parts[part] + (text[i] - '0');
    else if (shape[i] == 'd' || text[i] != shape[i]) return std::nullopt;
    else ++part;
  }
  namespace c = std::chrono;
  const c::year_month_day day{c::year(parts[0]), c::month(static_cast<unsigned>(parts[1])), c::day(static_cast<unsigned>(parts[2]))};
  if (!day.ok() || parts[3] > 23 || parts[4] > 59 || parts[5] > 59) return std::nullopt;
  const auto at = c::sys_days(day) + c::hours(parts[3]) + c::minutes(parts[4]) + c::seconds(parts[5]);
  return c::duration_cast<c::milliseconds>(at.time_since_epoch()).count();
}

}  // namespace wb::service
