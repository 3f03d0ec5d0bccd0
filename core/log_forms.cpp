#include "core/log_forms.hpp"

#include <algorithm>

#include "core/events.hpp"

namespace wb::log {
namespace {

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
int severity_of(Level level) {
  switch (level) {
    case Level::debug: return 7;
    case Level::info: return 6;
    case Level::warn: return 4;
    case Level::error: return 3;
  }
  return 6;
}

// A value made without field() is not clean; nothing may end a line or a literal.
char clean(char c) { return c < ' ' || c > '~' ? '?' : c; }
void escaped(std::string& to, std::string_view text, std::string_view special) {
  for (const char c : text) {
    if (special.find(c) != std::string_view::npos) to += '\\';
    to += clean(c);
  }
}

std::string as_text(const Record& record) {
  std::string line(record.event);
  for (const auto& f : record.fields) {
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
  escaped(line, text, "\"\\");
  line += '"';
}

// The fields, before them the event's number in the catalogue: for the forms that have a place for it. Events of tests have none.
template <class F> void each_field(const Record& record, F take) {
  if (const auto* known = find_event(record.event)) take(field("event_id", known->id));
  for (const auto& f : record.fields) take(f);
}

constexpr int facility = 3;  // daemon
constexpr std::size_t octets_max = 8'192;
constexpr std::string_view sd_id = "writeback@32473";  // the number that RFC 5612 sets aside: we have none of our own

}  // namespace

std::string as_line(const Record& record) {
  return record.time + " " + (record.level == Level::warn ? "warning" : std::string(name_of(record.level))) + " " + as_text(record);
}

std::string as_json(const Record& record) {
  std::string line = R"({"time":")" + record.time + R"(","level":")" + std::string(name_of(record.level)) + R"(","event":)";
  literal(line, record.event);
  each_field(record, [&line](const Field& f) {
    literal(line += ',', f.name);
    line += ':';
    if (f.bare) line += f.value;
    else literal(line, f.value);
  });
  return line + "}";
}

std::string as_message(Format format, const Record& record) { return format == Format::json ? as_json(record) : as_text(record); }

// systemd's "Journal Native Protocol": values of one line each, which ours all are. Names are A to Z, 0 to 9 and _.
std::string as_journal(Format format, const Record& record) {
  std::string out = "PRIORITY=" + std::to_string(severity_of(record.level)) + "\nMESSAGE=" + as_message(format, record) + "\nWRITEBACK_EVENT=" + std::string(record.event) + "\n";
  each_field(record, [&out](const Field& f) {
    out += "WRITEBACK_";
    for (const char c : f.name) out += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : (c >= '0' && c <= '9') ? c
                                                                                                                        : '_';
    out += '=';
    for (const char c : f.value) out += clean(c);
    out += '\n';
  });
  return out;
}

// Section 6: <PRI>1 TIMESTAMP HOSTNAME APP-NAME PROCID MSGID [SD-ID NAME="VALUE"...] MSG; in a value ", \ and ] are escaped (6.3.3).
std::string as_rfc5424(Format format, const Record& record, std::string_view origin) {
  std::string out = "<" + std::to_string(facility * 8 + severity_of(record.level)) + ">1 " + record.time + " ";
  out.append(origin).append(" ").append(record.event).append(" [").append(sd_id);
  each_field(record, [&out](const Field& f) {
    out.append(" ").append(f.name).append("=\"");
    escaped(out, f.value, "\"\\]");
    out += '"';
  });
  out.append("] ").append(as_message(format, record));
  out.resize(std::min(out.size(), octets_max));
  return out;
}

}  // namespace wb::log
