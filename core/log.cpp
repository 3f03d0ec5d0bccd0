#include "core/log.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <cmath>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <utility>
#include <vector>

#include "core/events.hpp"
#include "core/ids.hpp"
#include "core/log_forms.hpp"

namespace wb {

void throw_exception_from_error(const Fault& fault, const boost::source_location& at) {
  throw std::logic_error(fault.where + ": " + std::string(to_string(fault.kind)) + " " + fault.detail + " (value of a fault taken at " + at.to_string() + ")");
}

namespace log {
namespace {
spdlog::level::level_enum level_of(Level level) {
  switch (level) {
    case Level::debug: return spdlog::level::debug;
    case Level::info: return spdlog::level::info;
    case Level::warn: return spdlog::level::warn;
    case Level::error: return spdlog::level::err;
  }
  return spdlog::level::info;
}

spdlog::logger& logger() {
  static auto made = [] {
    auto l = std::make_shared<spdlog::logger>("wb", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    l->set_pattern("%v");
    l->flush_on(spdlog::level::debug);
    return l;
  }();
  return *made;
}

std::string time_now() {
  static spdlog::pattern_formatter formatter("%Y-%m-%dT%H:%M:%S.%e%z", spdlog::pattern_time_type::local, "");
  spdlog::memory_buf_t text;
  formatter.format(spdlog::details::log_msg("", spdlog::level::info, ""), text);
  return {text.data(), text.size()};
}

constexpr std::string_view lost_event{"log.lost"}, resumed_event{"log.resumed"};
struct Way {
  std::mutex mutex;  // of all but `lost`
  Format format = Format::text;
  Output output;
  std::uint64_t spell = 0;  // lost since the last one that was kept
  std::atomic<std::uint64_t> lost = 0;
};
Way& way() {
  static Way one;
  return one;
}

std::string record_of(const Way& w, Level level, std::string_view event, std::span<const Field> fields) {
  const Record record{time_now(), level, event, fields};
  switch (w.output.write ? w.output.shape : Output::Shape::line) {
    case Output::Shape::line: break;
    case Output::Shape::message: return as_message(w.format, record);
    case Output::Shape::fields: return as_journal(w.format, record);
    case Output::Shape::rfc5424: return as_rfc5424(w.format, record, w.output.origin);
  }
  return w.format == Format::json ? as_json(record) : as_line(record);
}
void to_standard_error(Level level, const std::string& line) { logger().log(level_of(level), spdlog::string_view_t(line)); }

}  // namespace

Field field(std::string_view name, std::string_view value) { return {name, printable(value, 200)}; }

Field field(std::string_view name, double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", value);
  return {name, text, std::isfinite(value)};
}

void start(Level least) { logger().set_level(level_of(least)); }
bool enabled(Level level) { return logger().should_log(level_of(level)); }
std::uint64_t lost() { return way().lost; }

void send(Format format, Output output) {
  auto& w = way();
  const std::lock_guard lock(w.mutex);
  w.format = format, w.output = std::move(output), w.spell = 0;
}

void write(Level level, std::string_view event, std::span<const Field> fields) {
  if (!enabled(level)) return;
  std::vector<Field> numbered;
  if (const auto* known = find_event(event); known && known->microsoft != 0) {
    numbered.assign(fields.begin(), fields.end());
    numbered.push_back(field("ms_event", known->microsoft));
    fields = numbered;
  }
  auto& w = way();
  const std::lock_guard lock(w.mutex);
  const auto record = record_of(w, level, event, fields);
  if (!w.output.write) return to_standard_error(level, record);
  if (w.output.write(level, record)) {
    if (w.spell == 0) return;
    const Field count[] = {field("records", std::exchange(w.spell, 0))};
    (void)w.output.write(Level::warn, record_of(w, Level::warn, resumed_event, count));
    return;
  }
  ++w.lost;
  if (w.spell++ > 0) return;
  to_standard_error(Level::error, as_line({time_now(), Level::error, lost_event, {}}));
}

void write(Level level, std::string_view event, About about, std::initializer_list<Field> more) {
  about.insert(about.end(), more);
  write(level, event, std::span<const Field>(about));
}

void fault(std::string_view event, const Fault& f) { fault(event, About(), f); }
void fault(std::string_view event, const About& about, const Fault& f) {
  write(Level::warn, event, about, {field("where", f.where), field("kind", to_string(f.kind)), field("detail", f.detail)});
}

}  // namespace log
}  // namespace wb
