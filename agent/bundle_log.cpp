#include "agent/bundle_log.hpp"

#include <algorithm>
#include <charconv>
#include <deque>
#include <fstream>
#include <regex>
#include <sstream>

#include "core/events.hpp"
#include "core/ids.hpp"
#include "platform/run_program.hpp"
#include "protocol/json.hpp"

namespace wb::agent {
namespace {
namespace json = protocol::json;
constexpr std::size_t lines_max = 500, line_max = 4'000, journal_bytes_max = 4 * 1024 * 1024;
constexpr std::streamoff log_bytes_max = 1024 * 1024;  // from its end
constexpr std::chrono::seconds journal_limit{10};

bool is_event(const std::string& name) { return log::find_event(name) != nullptr; }

std::string member(const json::object& entry, std::string_view name) {
  const auto* value = entry.if_contains(name);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

// One entry as journalctl has it; nullopt: it is not taken. _PID is journald's own word: what process 1 says is systemd's, of the unit.
std::optional<json::object> taken(const std::string& line) {
  const auto entry = protocol::parse_json(line);
  if (!entry || !entry->is_object()) return std::nullopt;
  const auto message = member(entry->get_object(), "MESSAGE"), time = member(entry->get_object(), "__REALTIME_TIMESTAMP");
  if (!is_log_line(message) && !is_log_message(message) && member(entry->get_object(), "_PID") != "1") return std::nullopt;
  std::int64_t microseconds = 0;
  std::from_chars(time.data(), time.data() + time.size(), microseconds);
  return json::object{{"at", microseconds / 1'000'000}, {"message", printable(message, line_max)}};
}
}  // namespace

bool is_log_line(std::string_view line) {
  static const std::regex text(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\S{1,6} (?:debug|info|warning|error) ([a-z0-9_.]+)(?= |$))");
  static const std::regex object(R"re(\{"time":"[0-9T:.+-]+","level":"(?:debug|info|warn|error)","event":"([a-z0-9_.]+)")re");
  if (line.size() > line_max) return false;
  std::match_results<std::string_view::const_iterator> found;
  const auto begins_with = [&](const std::regex& form) { return std::regex_search(line.begin(), line.end(), found, form, std::regex_constants::match_continuous); };
  return (begins_with(text) || begins_with(object)) && is_event(found[1]);
}

bool is_log_message(std::string_view message) {
  return message.size() <= line_max && is_event(std::string(message.substr(0, message.find(' '))));
}

bool is_unit(std::string_view name) {
  const auto right = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || std::string_view("@._-\\").find(c) != std::string_view::npos; };
  return !name.empty() && name.size() <= 255 && std::all_of(name.begin(), name.end(), right);
}

json::object log_of(const std::filesystem::path& file) {
  if (file.empty()) return {{"error", "no --log FILE was given"}};
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  if (!in) return {{"error", "can't be read"}};
  in.seekg(std::max<std::streamoff>(0, static_cast<std::streamoff>(in.tellg()) - log_bytes_max));
  std::deque<std::string> lines;
  std::int64_t others = 0;
  for (std::string line; std::getline(in, line);) {
    if (!is_log_line(line)) {
      ++others;
      continue;
    }
    lines.push_back(printable(line, line_max));
    if (lines.size() > lines_max) lines.pop_front();
  }
  json::array out;
  for (auto& line : lines) out.emplace_back(line);
  return {{"lines", out}, {"not_taken", others}};
}

json::object journal_of(const std::string& unit, const std::filesystem::path& journalctl) {
  if (!is_unit(unit)) return {{"error", "that is no unit's name"}};
  const auto said = platform::run_program(journalctl, {"--unit=" + unit, "--lines=" + std::to_string(lines_max), "--output=json", "--output-fields=MESSAGE,_PID", "--no-pager", "--quiet"}, journal_limit, journal_bytes_max);
  if (!said) return {{"error", printable(said.error().where + ": " + said.error().detail, 300)}};
  json::array lines;
  std::int64_t others = 0;
  std::istringstream in(*said);
  for (std::string line; std::getline(in, line);) {
    if (auto one = taken(line)) lines.push_back(std::move(*one));
    else ++others;
  }
  return {{"unit", unit}, {"lines", lines}, {"not_taken", others}};
}

}  // namespace wb::agent
