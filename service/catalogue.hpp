// Every text that leaves the service for people, in every language: key -> text with {placeholders}.
//
// The texts of the project are part of the binary (service/messages/<language>.json: one flat JSON object each); a folder of the
// operator's may replace single texts of them and bring further languages, by files of the same names. The project's English is what all
// others are held against: each of its keys is in them, or English is said and a warning given; placeholders are the same, but that
// a mail may say {organisation} and {helpdesk} or not.
#pragma once
#include <filesystem>
#include <initializer_list>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.hpp"

namespace wb::service {

struct MessageFile {
  std::string_view language, json;
};
// What the build has put in.
std::span<const MessageFile> embedded_messages();

using Values = std::initializer_list<std::pair<std::string_view, std::string_view>>;  // name, value

class Catalogue {
 public:
  // `overrides`: empty for none. Read once, at the start.
  //   refused    catalogue.folder   not a folder, or more than 64 files in it
  //   malformed  catalogue.file     no flat object of texts, a name that is no language, or placeholders other than English has;
  //                                 the detail names file and key, never a text
  //   and what platform::read_file says: unreachable, exhausted (over 256 KiB), internal, at file.read
  static Result<Catalogue> load(const std::filesystem::path& overrides = {});
  // The same from texts alone, later ones over earlier ones of their language. The first is the English that all others, later English
  // ones too, are held against.
  static Result<Catalogue> from(std::span<const MessageFile> files);

  // The text with its values put in; in English where that language does not have it; the key itself where there is none at all.
  // A value is put in once and never read for placeholders; its control characters become spaces, so that it stays in its line.
  std::string text(std::string_view language, std::string_view key, Values values = {}) const;
  // The same for HTML: the values are escaped (&, <, >, ", '), the text is not.
  std::string html(std::string_view language, std::string_view key, Values values = {}) const;
  bool has(std::string_view language, std::string_view key) const;  // in that very language

  std::vector<std::string> languages() const;
  std::vector<std::string> keys() const;                                  // of English
  const std::vector<std::string>& warnings() const { return warnings_; }  // for the log at the start: "de: key is missing"

 private:
  using Texts = std::map<std::string, std::string, std::less<>>;
  Result<void> add(std::string_view language, std::string_view json);
  Result<void> check(const Texts& model);
  const std::string* find(std::string_view language, std::string_view key) const;

  std::map<std::string, Texts, std::less<>> texts_;  // by language
  std::vector<std::string> warnings_;
};

std::string escaped_html(std::string_view text);
// The two ways of putting values in, for a text that is not from a catalogue as it stands.
std::string filled_text(std::string_view text, Values values);
std::string filled_html(std::string_view text, Values values);
// {name}s of a text: small letters, digits and _ in braces. All other braces are braces.
std::vector<std::string> placeholders(std::string_view text);

}  // namespace wb::service
