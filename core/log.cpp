#include "core/log.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <cmath>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "core/events.hpp"
#include "core/ids.hpp"

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

std::string_view name_of(Level level) {
  switch (level) {
    case Level::debug: return "debug";
    case Level::info: return "info";
    case Level::warn: return "warn";
    case Level::error: return "error";
  }
  return "info";
}
// RFC 5424 section 6.2.1, also journald's PRIORITY.
char priority_of(Level level) {
  switch (level) {
    case Level::debug: return '7';
    case Level::info: return '6';
    case Level::warn: return '4';
    case Level::error: return '3';
  }
  return '6';
}

std::string time_now() {
  static spdlog::pattern_formatter formatter("%Y-%m-%dT%H:%M:%S.%e%z", spdlog::pattern_time_type::local, "");
  spdlog::memory_buf_t text;
  formatter.format(spdlog::details::log_msg("", spdlog::level::info, ""), text);
  return {text.data(), text.size()};
}

// A value made without field() is not clean; nothing may end a line or a literal.
char clean(char c) { return c < ' ' || c > '~' ? '?' : c; }

std::string as_text(std::string_view event, std::span<const Field> fields) {
  std::string line(event);
  for (const auto& f : fields) {
    line.append(" ").append(f.name).append("=");
    const bool quoted = f.value.empty() || f.value.find_first_of(" \"=") != std::string::npos;
    if (quoted) line += '"';
    for (const char c : f.value) line += c == '"' ? '\'' : clean(c);
    if (quoted) line += '"';
  }
  return line;
}

void literal(std::string& line, std::string_view text) {
  line += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') line += '\\';
    line += clean(c);
  }
  line += '"';
}
// The event's number in the catalogue, where it has a field for it; the tests' events have none.
std::optional<Field> number_of(std::string_view event) {
  const auto* known = find_event(event);
  return known ? std::optional(field("event_id", known->id)) : std::nullopt;
}

std::string as_json(Level level, std::string_view event, std::span<const Field> fields) {
  std::string line = R"({"time":")" + time_now() + R"(","level":")" + std::string(name_of(level)) + R"(","event":)";
  literal(line, event);
  const auto member = [&line](const Field& f) {
    literal(line += ',', f.name);
    line += ':';
    if (f.bare) line += f.value;
    else literal(line, f.value);
  };
  if (const auto number = number_of(event)) member(*number);
  for (const auto& f : fields) member(f);
  return line + "}";
}

// systemd's "Journal Native Protocol": values of one line each, which ours all are. Names are A to Z, 0 to 9 and _.
std::string as_journal(Format format, Level level, std::string_view event, std::span<const Field> fields) {
  std::string record = std::string("PRIORITY=") + priority_of(level) + "\nMESSAGE=" + (format == Format::json ? as_json(level, event, fields) : as_text(event, fields)) + "\nWRITEBACK_EVENT=" + std::string(event) + "\n";
  const auto entry = [&record](const Field& f) {
    record += "WRITEBACK_";
    for (const char c : f.name) record += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : (c >= '0' && c <= '9') ? c
                                                                                                                           : '_';
    record += '=';
    for (const char c : f.value) record += clean(c);
    record += '\n';
  };
  if (const auto number = number_of(event)) entry(*number);
  for (const auto& f : fields) entry(f);
  return record;
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
  if (w.output.write && w.output.shape == Output::Shape::fields) return as_journal(w.format, level, event, fields);
  if (w.format == Format::json) return as_json(level, event, fields);
  if (w.output.write && w.output.shape == Output::Shape::message) return as_text(event, fields);
  return time_now() + " " + (level == Level::warn ? "warning" : std::string(name_of(level))) + " " + as_text(event, fields);
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
  to_standard_error(Level::error, time_now() + " error " + as_text(lost_event, {}));
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
