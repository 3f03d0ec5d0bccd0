// Logging by event name and typed fields. "Not loggable" is the default: only types with a field() overload pass.
//   log::info("job.settled", log::field("jti", jti), log::field("code", "applied"), log::field("ms", 3.2));
// Event names are stable and catalogued in docs/OPERATIONS.md. Never log input text: names of events, ids, codes.
#pragma once
#include <concepts>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace wb::log {

enum class Level { debug,
  info,
  warn,
  error };

struct Field {
  std::string_view name;
  std::string value;
};

Field field(std::string_view name, std::string_view value);  // cleaned to printable ASCII, cut at 200 characters
inline Field field(std::string_view name, const std::string& value) { return field(name, std::string_view(value)); }
inline Field field(std::string_view name, const char* value) { return field(name, std::string_view(value)); }
Field field(std::string_view name, double value);
template <std::integral T> Field field(std::string_view name, T value) { return {name, std::to_string(value)}; }
inline Field field(std::string_view name, bool value) { return {name, value ? "true" : "false"}; }

void start(Level least);  // stderr, one line an event: time level event key=value ...
void write(Level level, std::string_view event, std::span<const Field> fields);
inline void write(Level level, std::string_view event, std::initializer_list<Field> fields) { write(level, event, std::span<const Field>(fields.begin(), fields.size())); }
bool enabled(Level level);

template <class... F> void debug(std::string_view event, const F&... f) {
  if (enabled(Level::debug)) write(Level::debug, event, {f...});
}
template <class... F> void info(std::string_view event, const F&... f) { write(Level::info, event, {f...}); }
template <class... F> void warn(std::string_view event, const F&... f) { write(Level::warn, event, {f...}); }
template <class... F> void error(std::string_view event, const F&... f) { write(Level::error, event, {f...}); }
// A fault, with where and why.
void fault(std::string_view event, const Fault& fault);

}  // namespace wb::log
