#include "service/catalogue.hpp"

#include <algorithm>

#include "core/ids.hpp"
#include "platform/private_files.hpp"
#include "protocol/json.hpp"
#include "service/language.hpp"

namespace wb::service {
namespace {
constexpr std::size_t file_bytes_max = 256 * 1024, files_max = 64, warnings_max = 100;
constexpr std::string_view english = "en";

// Known wherever a mail is written: a template may say them or not.
bool is_optional(std::string_view name) { return name == "organisation" || name == "helpdesk"; }

bool is_name(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; }

// fn(text, is a placeholder) for each piece, in order.
template <class F> void pieces(std::string_view text, F fn) {
  while (!text.empty()) {
    const auto open = text.find('{');
    auto end = open == std::string_view::npos ? open : open + 1;
    while (end < text.size() && is_name(text[end])) ++end;
    const bool placeholder = end < text.size() && text[end] == '}' && end > open + 1;
    fn(text.substr(0, placeholder ? open : std::min(end, text.size())), false);
    if (placeholder) fn(text.substr(open + 1, end - open - 1), true);
    text.remove_prefix(std::min(placeholder ? end + 1 : end, text.size()));
  }
}

std::string in_one_line(std::string_view value) {
  std::string out(value);
  std::replace_if(
      out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, ' ');
  return out;
}

template <class F> std::string filled(std::string_view text, Values values, F shape) {
  std::string out;
  pieces(text, [&](std::string_view piece, bool placeholder) {
    const auto* value = std::find_if(values.begin(), values.end(), [&](const auto& v) { return placeholder && v.first == piece; });
    if (!placeholder) out += piece;
    else if (value != values.end()) out += shape(value->second);
    else out.append("{").append(piece).append("}");  // a bug of ours, and better seen than hidden
  });
  return out;
}

// What a text must say: all placeholders but the optional ones, once each, sorted.
std::vector<std::string> needed(std::string_view text) {
  auto names = placeholders(text);
  std::erase_if(names, is_optional);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

// Beyond English's keys: the HTML of a mail, for operators who want their own (service/notify/notices).
bool is_html_of_a_mail(std::string_view key) { return key.starts_with("mail.") && key.ends_with(".html"); }

// The names that its text would be given.
std::string text_beside(std::string_view key) { return std::string(key.substr(0, key.size() - 5)) + ".text"; }
}  // namespace

std::string escaped_html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') out += "&amp;";
    else if (c == '<') out += "&lt;";
    else if (c == '>') out += "&gt;";
    else if (c == '"') out += "&quot;";
    else if (c == '\'') out += "&#39;";
    else out += c;
  }
  return out;
}

std::string filled_text(std::string_view text, Values values) { return filled(text, values, in_one_line); }

std::string filled_html(std::string_view text, Values values) {
  return filled(text, values, [](std::string_view value) { return escaped_html(in_one_line(value)); });
}

std::vector<std::string> placeholders(std::string_view text) {
  std::vector<std::string> names;
  pieces(text, [&names](std::string_view piece, bool placeholder) {
    if (placeholder) names.emplace_back(piece);
  });
  return names;
}

Result<void> Catalogue::add(std::string_view language, std::string_view json) {
  const auto where = std::string(language) + ".json";
  const auto parsed = protocol::parse_json(json);
  if (!parsed) return fault(Fault::Kind::malformed, "catalogue.file", where + ": " + parsed.error().detail);
  if (!parsed->is_object()) return fault(Fault::Kind::malformed, "catalogue.file", where + ": not an object");
  auto& texts = texts_[std::string(language)];
  for (const auto& [key, value] : parsed->get_object()) {
    if (!value.is_string()) return fault(Fault::Kind::malformed, "catalogue.file", where + ": " + printable(key) + " is not a text");
    texts.insert_or_assign(std::string(key), std::string(value.get_string()));
  }
  return {};
}

Result<void> Catalogue::check(const Texts& model) {
  const auto warn = [this](std::string text) {
    if (warnings_.size() < warnings_max) warnings_.push_back(std::move(text));
  };
  for (const auto& [language, texts] : texts_) {
    for (const auto& [key, text] : model)
      if (!texts.contains(key) && !is_html_of_a_mail(key)) warn(language + ": " + key + " is missing");
    for (const auto& [key, text] : texts) {
      const bool html = is_html_of_a_mail(key);
      const auto like = model.find(html ? text_beside(key) : key);
      if (like == model.end()) warn(language + ": " + printable(key) + " is not known");
      else if (needed(text) != needed(like->second)) return fault(Fault::Kind::malformed, "catalogue.file", language + ".json: " + key + " has other placeholders than English");
    }
  }
  return {};
}

Result<Catalogue> Catalogue::from(std::span<const MessageFile> files) {
  Catalogue catalogue;
  Texts model;
  for (const auto& file : files) {
    if (auto added = catalogue.add(file.language, file.json); !added) return added.error();
    if (&file == files.data()) model = catalogue.texts_[std::string(english)];
  }
  if (auto checked = catalogue.check(model); !checked) return checked.error();
  return catalogue;
}

Result<Catalogue> Catalogue::load(const std::filesystem::path& overrides) {
  std::vector<MessageFile> files(embedded_messages().begin(), embedded_messages().end());
  if (overrides.empty()) return from(files);
  std::error_code ec;
  std::map<std::string, std::string> own;  // sorted: the same folder is always the same catalogue
  std::size_t seen = 0;
  for (std::filesystem::directory_iterator at(overrides, ec), end; !ec && at != end; at.increment(ec)) {
    if (++seen > files_max) return fault(Fault::Kind::refused, "catalogue.folder", "more than 64 files");
    if (at->path().extension() != ".json") continue;
    const auto language = lowered(at->path().stem().string());
    if (!is_language_tag(language)) return fault(Fault::Kind::malformed, "catalogue.file", "a file that is not called as a language is: " + printable(language));
    auto text = platform::read_file(at->path(), file_bytes_max);
    if (!text) return text.error();
    own.insert_or_assign(language, std::move(*text));
  }
  if (ec) return fault(Fault::Kind::refused, "catalogue.folder", ec.message());
  for (const auto& [language, json] : own) files.push_back({language, json});
  return from(files);
}

const std::string* Catalogue::find(std::string_view language, std::string_view key) const {
  for (const auto tongue : {language, english}) {
    const auto texts = texts_.find(tongue);
    if (texts == texts_.end()) continue;
    if (const auto text = texts->second.find(key); text != texts->second.end()) return &text->second;
  }
  return nullptr;
}

std::string Catalogue::text(std::string_view language, std::string_view key, Values values) const {
  const auto* text = find(language, key);
  return text ? filled_text(*text, values) : std::string(key);
}

std::string Catalogue::html(std::string_view language, std::string_view key, Values values) const {
  const auto* text = find(language, key);
  return text ? filled_html(*text, values) : std::string(key);
}

bool Catalogue::has(std::string_view language, std::string_view key) const {
  const auto texts = texts_.find(language);
  return texts != texts_.end() && texts->second.contains(key);
}

std::vector<std::string> Catalogue::languages() const {
  std::vector<std::string> out;
  for (const auto& [language, texts] : texts_) out.push_back(language);
  return out;
}

std::vector<std::string> Catalogue::keys() const {
  std::vector<std::string> out;
  for (const auto& [key, text] : texts_.find(english)->second) out.push_back(key);
  return out;
}

}  // namespace wb::service
