#include "service/notify/own_wording.hpp"

#include <algorithm>
#include <set>

#include "core/ids.hpp"

namespace wb::service {
namespace {

constexpr std::size_t shown_bytes_max = 40;  // of a placeholder that nobody knows

bool is_secret(std::string_view name) { return name == "code" || name == "link"; }

std::string in_braces(std::string_view name) { return "{" + std::string(name) + "}"; }

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

bool is_control(char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }
bool is_control_but_line_end(char c) { return is_control(c) && c != '\n'; }

// U+0080 to U+009F, which some terminals obey.
bool has_upper_control(std::string_view text) {
  for (auto at = text.find('\xC2'); at != std::string_view::npos; at = text.find('\xC2', at + 1))
    if (at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) < 0xA0U) return true;
  return false;
}

bool fits(std::string_view text, std::size_t most, bool (*is_bad)(char)) {
  const bool blank = text.find_first_not_of(" \n") == std::string_view::npos;
  return !blank && characters(text) <= most && std::none_of(text.begin(), text.end(), is_bad) && !has_upper_control(text);
}

// The first braces that are no placeholder of these.
std::optional<std::string> unknown_in(std::string_view text, const std::vector<std::string>& known) {
  std::string rest(text);
  for (const auto& name : known)
    for (auto at = rest.find(in_braces(name)); at != std::string::npos; at = rest.find(in_braces(name), at)) rest.replace(at, name.size() + 2, "\n");
  const auto begin = rest.find_first_of("{}");
  if (begin == std::string::npos) return std::nullopt;
  auto shown = rest.substr(begin, std::min(rest.find('\n', begin) - begin, shown_bytes_max));
  if (const auto end = shown.find('}'); end != std::string::npos) shown.resize(end + 1);
  return printable(shown);
}

bool says(std::string_view text, std::string_view name) { return text.find(in_braces(name)) != std::string_view::npos; }

}  // namespace

std::string_view to_string(Flaw flaw) {
  switch (flaw) {
    case Flaw::subject: return "letter_subject";
    case Flaw::text: return "letter_text";
    case Flaw::unknown_placeholder: return "letter_unknown_placeholder";
    case Flaw::missing_placeholder: return "letter_missing_placeholder";
    case Flaw::secret_in_subject: return "letter_secret_in_subject";
  }
  return "letter_text";
}

std::vector<std::string> placeholders_of(const Catalogue& catalogue, Notice notice) {
  const auto english = wording_of(catalogue, "en", notice);
  std::set<std::string> names{"account", "organisation", "helpdesk"};
  for (const auto& text : {english.subject, english.text})
    for (auto& name : placeholders(text)) names.insert(std::move(name));
  return {names.begin(), names.end()};
}

std::vector<std::string> needed_of(const Catalogue& catalogue, Notice notice) {
  auto names = placeholders_of(catalogue, notice);
  std::erase_if(names, [](const auto& name) { return !is_secret(name); });
  return names;
}

std::optional<FoundFlaw> flaw_of(const Catalogue& catalogue, Notice notice, const OwnWording& own) {
  if (!fits(own.subject, own_subject_most, is_control)) return FoundFlaw{Flaw::subject, std::to_string(own_subject_most)};
  if (!fits(own.text, own_text_most, is_control_but_line_end)) return FoundFlaw{Flaw::text, std::to_string(own_text_most)};
  const auto known = placeholders_of(catalogue, notice);
  for (const auto& text : {own.subject, own.text})
    if (auto unknown = unknown_in(text, known)) return FoundFlaw{Flaw::unknown_placeholder, std::move(*unknown)};
  for (const auto& name : needed_of(catalogue, notice)) {
    if (says(own.subject, name)) return FoundFlaw{Flaw::secret_in_subject, in_braces(name)};
    if (!says(own.text, name)) return FoundFlaw{Flaw::missing_placeholder, in_braces(name)};
  }
  return std::nullopt;
}

}  // namespace wb::service
