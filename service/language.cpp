#include "service/language.hpp"

#include <algorithm>

#include "core/ids.hpp"

namespace wb::service {
namespace {
constexpr std::string_view right_to_left_languages[] = {"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"};
constexpr std::string_view right_to_left_scripts[] = {"adlm", "arab", "hebr", "nkoo", "syrc", "thaa"};
constexpr std::size_t header_bytes_max = 1024, ranges_max = 32;

struct Range {
  std::string tag;
  int weight = 1000;  // thousandths
};

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t"), last = text.find_last_not_of(" \t");
  return first == std::string_view::npos ? std::string_view() : text.substr(first, last - first + 1);
}

// "0.8" -> 800 (RFC 9110 section 12.4.2: at most three digits, at most 1); nullopt: no weight.
std::optional<int> thousandths(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1') || (text.size() > 1 && text[1] != '.')) return std::nullopt;
  int number = (text[0] - '0') * 1000, place = 100;
  for (const char c : text.substr(std::min<std::size_t>(text.size(), 2))) {
    if (c < '0' || c > '9') return std::nullopt;
    number += (c - '0') * place;
    place /= 10;
  }
  return number <= 1000 ? std::optional(number) : std::nullopt;
}

std::optional<Range> read_range(std::string_view text) {
  const auto semicolon = text.find(';');
  Range range{lowered(trimmed(text.substr(0, semicolon)))};
  if (range.tag != "*" && !is_language_tag(range.tag)) return std::nullopt;
  if (semicolon == std::string_view::npos) return range;
  const auto parameter = lowered(trimmed(text.substr(semicolon + 1)));
  const auto weight = parameter.starts_with("q=") ? thousandths(std::string_view(parameter).substr(2)) : std::nullopt;
  if (!weight) return std::nullopt;
  range.weight = *weight;
  return range;
}

std::vector<Range> read_ranges(std::string_view header) {
  std::vector<Range> ranges;
  if (header.size() > header_bytes_max) return ranges;
  for (std::size_t seen = 0; !header.empty() && seen < ranges_max; ++seen) {
    const auto comma = header.find(',');
    if (auto range = read_range(header.substr(0, comma))) ranges.push_back(std::move(*range));
    header.remove_prefix(comma == std::string_view::npos ? header.size() : comma + 1);
  }
  std::stable_sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) { return a.weight > b.weight; });
  return ranges;
}
}  // namespace

bool is_language_tag(std::string_view text) {
  if (text.empty() || text.size() > 35) return false;
  std::size_t group = 0;
  bool first = true;
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'), digit = c >= '0' && c <= '9';
    if (c == '-' ? group == 0 : (++group > 8 || !(letter || (digit && !first)))) return false;
    if (c == '-') group = 0, first = false;
  }
  return group > 0;
}

std::optional<std::string> fitting(std::string_view tag, const std::vector<std::string>& available) {
  const auto wanted = lowered(tag);
  for (auto left = wanted; !left.empty();) {
    for (const auto& one : available)
      if (lowered(one) == left) return one;
    const auto hyphen = left.rfind('-');
    left.resize(hyphen == std::string::npos ? 0 : hyphen);
  }
  for (const auto& one : available)
    if (lowered(one).starts_with(wanted + '-')) return one;
  return std::nullopt;
}

std::string negotiated(std::string_view mkt, std::string_view accept_language, const std::vector<std::string>& available, const std::string& fallback) {
  if (is_language_tag(mkt)) {
    if (const auto asked = fitting(mkt, available)) return *asked;
  }
  auto ranges = read_ranges(accept_language);
  std::vector<std::string> left;
  for (const auto& one : available) {  // q=0 takes away what it names, and nothing of what is named with a weight
    const auto names = [&one](const Range& r) { return lowered(one) == r.tag; };
    const auto range = std::find_if(ranges.begin(), ranges.end(), names);
    if (range == ranges.end() || range->weight > 0) left.push_back(one);
  }
  for (const auto& range : ranges) {
    if (range.weight == 0) break;
    if (range.tag == "*") return std::find(left.begin(), left.end(), fallback) != left.end() || left.empty() ? fallback : left.front();
    if (const auto found = fitting(range.tag, left)) return *found;
  }
  return fallback;
}

bool is_right_to_left(std::string_view tag) {
  const auto wanted = lowered(tag);
  const auto groups = std::string_view(wanted);
  const auto hyphen = groups.find('-');
  const auto language = groups.substr(0, hyphen);
  const auto second = hyphen == std::string_view::npos ? std::string_view() : groups.substr(hyphen + 1, groups.find('-', hyphen + 1) - hyphen - 1);
  const auto has = [](const auto& names, std::string_view name) { return std::find(std::begin(names), std::end(names), name) != std::end(names); };
  return second.size() == 4 ? has(right_to_left_scripts, second) : has(right_to_left_languages, language);  // RFC 5646 section 2.2.3: four letters are a script
}

}  // namespace wb::service
