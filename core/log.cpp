#include "core/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <stdexcept>

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
    l->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
    l->flush_on(spdlog::level::debug);
    return l;
  }();
  return *made;
}
}  // namespace

Field field(std::string_view name, std::string_view value) { return {name, printable(value, 200)}; }

Field field(std::string_view name, double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", value);
  return {name, text};
}

void start(Level least) { logger().set_level(level_of(least)); }
bool enabled(Level level) { return logger().should_log(level_of(level)); }

void write(Level level, std::string_view event, std::span<const Field> fields) {
  std::string line(event);
  for (const auto& f : fields) {
    line.append(" ").append(f.name).append("=");
    const bool quoted = f.value.empty() || f.value.find_first_of(" \"=") != std::string::npos;
    if (!quoted) {
      line += f.value;
      continue;
    }
    line += '"';
    for (const char c : f.value) line += (c == '"') ? '\'' : c;
    line += '"';
  }
  logger().log(level_of(level), spdlog::string_view_t(line));
}

void fault(std::string_view event, const Fault& f) {
  write(Level::warn, event, {field("where", f.where), field("kind", to_string(f.kind)), field("detail", f.detail)});
}

}  // namespace log
}  // namespace wb
