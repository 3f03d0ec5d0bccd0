#include "service/notify/notices.hpp"

#include <algorithm>

#include "service/language.hpp"

namespace wb::service {
namespace {
std::vector<std::string_view> paragraphs(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const auto end = text.find("\n\n");
    out.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 2);
  }
  return out;
}

bool is_left_out(std::string_view paragraph, Values values) {
  return std::any_of(values.begin(), values.end(), [paragraph](const auto& v) { return v.second.empty() && paragraph == '{' + std::string(v.first) + '}'; });
}

// The attributes that say it, in each paragraph too: mail readers on the web throw <html> and <body> away. A link and a code in such a text
// keep their own order.
struct Direction {
  std::string whole, inner;
};

Direction direction_of(std::string_view language) { return is_right_to_left(language) ? Direction{" dir=\"rtl\"", " dir=\"ltr\""} : Direction{}; }

// Without pictures, styles from elsewhere and anything that is fetched: mail readers show it as it is.
std::string paragraph_html(std::string_view paragraph, const Direction& dir, Values values) {
  const auto begin = "<p" + dir.whole;
  if (paragraph == "{link}") return begin + filled_html("><a href=\"{link}\"", values) + dir.inner + filled_html(">{link}</a></p>\n", values);
  if (paragraph == "{code}") return begin + " style=\"font-size:1.8em;letter-spacing:.15em\"><strong" + dir.inner + filled_html(">{code}</strong></p>\n", values);
  std::string lines;
  for (const char c : escaped_html(paragraph)) lines += c == '\n' ? std::string("<br>\n") : std::string{c};
  return begin + '>' + filled_html(lines, values) + "</p>\n";
}

std::string html_of(std::string_view language, std::string_view subject, std::string_view text, Values values) {
  const auto dir = direction_of(language);
  std::string out = "<!DOCTYPE html>\n<html lang=\"" + escaped_html(language) + '"' + dir.whole + ">\n<head><meta charset=\"utf-8\"><title>" + escaped_html(subject) + "</title></head>\n";
  out += "<body" + dir.whole + " style=\"font-family:sans-serif;max-width:36em;margin:2em auto;line-height:1.5\">\n";
  for (const auto paragraph : paragraphs(text))
    if (!is_left_out(paragraph, values)) out += paragraph_html(paragraph, dir, values);
  return out + "</body>\n</html>\n";
}
}  // namespace

std::string_view to_string(Notice notice) {
  switch (notice) {
    case Notice::verification_code: return "verification_code";
    case Notice::registration_code: return "registration_code";
    case Notice::second_proof_code: return "second_proof_code";
    case Notice::password_reset: return "password_reset";
    case Notice::password_changed: return "password_changed";
    case Notice::account_unlocked: return "account_unlocked";
    case Notice::method_added: return "method_added";
    case Notice::method_removed: return "method_removed";
    case Notice::method_changed: return "method_changed";
    case Notice::administrator_reset: return "administrator_reset";
    case Notice::frozen: return "frozen";
    case Notice::help_wanted: return "help_wanted";
    case Notice::reset_link: return "reset_link";
    case Notice::invitation: return "invitation";
    case Notice::reminder: return "reminder";
  }
  return "reminder";
}

std::vector<Notice> all_notices() {
  std::vector<Notice> out;
  for (int at = 0; at <= static_cast<int>(Notice::reminder); ++at) out.push_back(static_cast<Notice>(at));
  return out;
}

std::optional<Notice> notice_from(std::string_view name) {
  const auto all = all_notices();
  const auto found = std::find_if(all.begin(), all.end(), [name](Notice one) { return to_string(one) == name; });
  return found == all.end() ? std::nullopt : std::optional(*found);
}

Wording wording_of(const Catalogue& catalogue, std::string_view language, Notice notice) {
  const auto key = "mail." + std::string(to_string(notice));
  const auto spoken = catalogue.has(language, key + ".text") ? language : std::string_view("en");
  const auto as_it_stands = [&](const char* part) { return catalogue.text(spoken, key + part); };  // its placeholders are still in it
  return {std::string(spoken), as_it_stands(".subject"), as_it_stands(".text"), catalogue.has(spoken, key + ".html") ? as_it_stands(".html") : std::string()};
}

Letter letter_of(const Wording& wording, Values values) {
  Letter letter{filled_text(wording.subject, values), {}, {}, wording.language};
  for (const auto paragraph : paragraphs(wording.text))
    if (!is_left_out(paragraph, values)) letter.text += (letter.text.empty() ? "" : "\n\n") + filled_text(paragraph, values);
  letter.text += '\n';
  letter.html = wording.html.empty() ? html_of(wording.language, letter.subject, wording.text, values) : filled_html(wording.html, values);
  return letter;
}

}  // namespace wb::service
