#include "agent/check/report.hpp"

#include <algorithm>

#include "core/ids.hpp"
#include "protocol/json.hpp"

namespace wb::agent {
namespace {
constexpr std::size_t words_max = 400;
std::string_view group_of(std::string_view code) { return code.substr(0, code.find('.')); }
std::string_view meaning_of(const CheckLine& line) {
  const auto* text = protocol::text_of_code(line.code);
  return text ? text->meaning : std::string_view();
}
}  // namespace

std::string in_days(UnixSeconds end) { return "in " + std::to_string((end - unix_now()) / 86'400) + " days"; }

std::string said(const Fault& why) { return why.where + ": " + (why.detail.empty() ? std::string(to_string(why.kind)) : why.detail); }

void Report::certificate(Finding soon, std::string subject, UnixSeconds ends) {
  constexpr std::int64_t warning_s = 14 * 86'400;
  if (ends != 0 && ends - unix_now() < warning_s) warn(soon, std::move(subject), in_days(ends));
}

void Report::pass(std::string group, std::string subject, std::string detail) { lines_.push_back({CheckResult::pass, std::move(group), std::move(subject), printable(detail, words_max), {}}); }

void Report::skip(std::string group, std::string subject, std::string why) { lines_.push_back({CheckResult::skip, std::move(group), std::move(subject), printable(why, words_max), {}}); }

void Report::add(CheckResult result, Finding finding, std::string subject, std::string detail, std::string remedy) {
  const auto& text = protocol::text_of(finding);
  if (remedy.empty()) remedy = text.remedy;
  lines_.push_back({result, std::string(text.code), std::move(subject), printable(detail, words_max), std::move(remedy)});
}

bool Report::failed(std::string_view group) const {
  return std::any_of(lines_.begin(), lines_.end(), [&](const auto& line) { return line.result == CheckResult::fail && group_of(line.code) == group; });
}

CheckResult Report::worst() const {
  const auto any = [this](CheckResult result) { return std::any_of(lines_.begin(), lines_.end(), [result](const auto& line) { return line.result == result; }); };
  return any(CheckResult::fail) ? CheckResult::fail : any(CheckResult::warn) ? CheckResult::warn
                                                                             : CheckResult::pass;
}

std::string Report::text() const {
  std::string out;
  for (const auto& line : lines_) {
    std::string word(to_string(line.result));
    std::transform(word.begin(), word.end(), word.begin(), [](char c) { return static_cast<char>(c - 'a' + 'A'); });
    auto code = line.code;
    code.resize(std::max<std::size_t>(code.size(), 22), ' ');
    out += word + "  " + code + "  " + printable(line.subject, 200) + (line.detail.empty() ? "" : ": " + line.detail) + "\n";
    if (line.remedy.empty()) continue;
    out += "      what it means: " + std::string(meaning_of(line)) + "\n      what mends it: " + line.remedy + "\n";
  }
  return out;
}

std::string Report::json() const {
  namespace json = protocol::json;
  json::array checks;
  for (const auto& line : lines_)
    checks.push_back(json::object{{"result", to_string(line.result)}, {"code", line.code}, {"subject", printable(line.subject, 200)}, {"detail", line.detail}, {"meaning", meaning_of(line)}, {"remedy", printable(line.remedy, words_max)}});
  return json::serialize(json::object{{"result", to_string(worst())}, {"checks", checks}});
}

}  // namespace wb::agent
