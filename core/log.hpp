// Logging by event name and typed fields. "Not loggable" is the default: only types with a field() overload pass.
//   log::info("job.settled", log::field("jti", jti), log::field("code", "applied"), log::field("ms", 3.2));
// Event names are stable and stand in the catalogue with a number (core/events.hpp, docs/OPERATIONS.md). Never log input text: names of events, ids, codes.
#pragma once
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/kept_file.hpp"
#include "core/result.hpp"

namespace wb::log {

enum class Level { debug,
  info,
  warn,
  error };

struct Field {
  std::string_view name;
  std::string value;
  bool bare = false;  // a number, true or false: without quotes in JSON
};

Field field(std::string_view name, std::string_view value);  // cleaned to printable ASCII, cut at 200 characters
inline Field field(std::string_view name, const std::string& value) { return field(name, std::string_view(value)); }
inline Field field(std::string_view name, const char* value) { return field(name, std::string_view(value)); }
Field field(std::string_view name, double value);
template <std::integral T> Field field(std::string_view name, T value) { return {name, std::to_string(value), true}; }
inline Field field(std::string_view name, bool value) { return {name, value ? "true" : "false", true}; }

// text: time level event key=value ...; json: one object a line, RFC 8259: {"time":...,"level":...,"event":...,"event_id":...,<fields>}.
// An event that Microsoft has a number for gets it as the field ms_event.
enum class Format { text,
  json };
enum class To { standard_error,
  journal,
  syslog,
  file };
struct Destination {  // as it is configured; platform/log_output opens it
  Format format = Format::text;
  To to = To::standard_error;
  KeptFile file;
  std::filesystem::path syslog_socket;  // with To::syslog: who reads there takes RFC 5424; empty: the machine's own
  bool operator==(const Destination&) const = default;
};

// Where records go instead of standard error.
struct Output {
  enum class Shape { line,  // as standard error has it, without its line end
    message,                // text without time and level, which the taker adds
    fields,                 // journald's native protocol: NAME=value, each with a line end
    rfc5424 };              // a whole message of RFC 5424
  Shape shape = Shape::line;
  // Called by one thread at a time; must not log. False: the record is lost, which is counted, and said on standard error for the
  // first of a spell; `log.resumed` then says how many it were.
  std::function<bool(Level level, std::string_view record)> write;
  std::string origin{};  // with rfc5424: HOSTNAME, APP-NAME and PROCID, a space between
};

void start(Level least);                       // to standard error as text, unless send() said otherwise
void send(Format format, Output output = {});  // no `write`: standard error
std::uint64_t lost();                          // records, since the program's start
void write(Level level, std::string_view event, std::span<const Field> fields);
inline void write(Level level, std::string_view event, std::initializer_list<Field> fields) { write(level, event, std::span<const Field>(fields.begin(), fields.size())); }
bool enabled(Level level);

// The fields that stand first in every line about one thing, a job for example.
using About = std::vector<Field>;
void write(Level level, std::string_view event, About about, std::initializer_list<Field> more);

template <class... F> void debug(std::string_view event, const F&... f) {
  if (enabled(Level::debug)) write(Level::debug, event, {f...});
}
template <class... F> void info(std::string_view event, const F&... f) { write(Level::info, event, {f...}); }
template <class... F> void warn(std::string_view event, const F&... f) { write(Level::warn, event, {f...}); }
template <class... F> void error(std::string_view event, const F&... f) { write(Level::error, event, {f...}); }
template <class... F> void info(std::string_view event, const About& about, const F&... f) { write(Level::info, event, about, {f...}); }
template <class... F> void warn(std::string_view event, const About& about, const F&... f) { write(Level::warn, event, about, {f...}); }
// A fault, with where and why.
void fault(std::string_view event, const Fault& fault);
void fault(std::string_view event, const About& about, const Fault& fault);

}  // namespace wb::log
