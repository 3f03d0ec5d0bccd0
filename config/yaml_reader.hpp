// Typed reads of a YAML file that collect every problem instead of stopping at the first. yaml-cpp stays in the .cpp.
#pragma once
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/shapes.hpp"
#include "config/yaml_document.hpp"

namespace wb::config {

// "agent.yaml:12:7: directory.uris: expected a list of ldaps:// URIs". Exit code 78 (EX_CONFIG) goes with them.
// Line 0: the file as a whole. `expected` continues the word "expected"; it never repeats the value that was found,
// which could be a password in the wrong place.
struct Problem {
  std::string file;
  int line = 0, column = 0;
  std::string key, expected;
};
using Problems = std::vector<Problem>;
std::string to_string(const Problem& problem);

class Section;

// One file being read. After the reads, problems() is everything that is wrong with it, in the order of lines.
class Reader {
 public:
  explicit Reader(std::filesystem::path file);
  // Reads nothing: only the keys that are asked for are of interest.
  static Reader of_no_file() { return Reader(); }

  // Everything is inside. `body` is not called when the file could not be read or is not YAML.
  void read(const std::function<void(Section&)>& body);
  Problems problems() const;
  const std::vector<std::string>& keys() const { return keys_; }  // asked for so far: "domains[].directory.uris"
  std::filesystem::path folder() const;                           // of the file, absolute: relative paths start here

 private:
  friend class Section;
  Reader() : schema_only_(true) {}
  void problem(const Place& place, std::string key, std::string expected);

  std::filesystem::path file_;
  Value root_;
  Problems problems_;
  std::vector<std::string> keys_;
  bool schema_only_ = false;
};

// One map of the file. A target is only written when its value is right: what stays is the default.
class Section {
 public:
  Section(Reader& reader, const Value& map, std::string path, std::string schema_path);
  Section(const Section&) = delete;
  Section& operator=(const Section&) = delete;

  template <class T, class S> void required(std::string_view key, T& target, const Shape<S>& shape) {
    if (const auto* value = want(key, shape.expected)) take(key, *value, target, shape);
  }
  template <class T, class S> void optional(std::string_view key, T& target, const Shape<S>& shape) {
    if (const auto* value = find(key)) take(key, *value, target, shape);
  }
  // A list of `least` to `most` values. `least` 0: the key may be missing.
  template <class T> void list(std::string_view key, std::vector<T>& target, const Shape<T>& shape, std::size_t least, std::size_t most) {
    std::vector<T> found;
    for (const auto* item : items(key, shape.expected, least, most)) {
      T one{};
      take(key, *item, one, shape);
      found.push_back(std::move(one));
    }
    if (!found.empty()) target = std::move(found);
  }
  // A map, or a list of 1 to `most` maps; a missing one is read as an empty one, so that what it needs is named.
  void section(std::string_view key, bool needed, const std::function<void(Section&)>& body);
  void sections(std::string_view key, std::size_t most, const std::function<void(Section&)>& body);
  // A key that people try and that must not be: the special expectation instead of "unknown".
  void refused(std::string_view key, std::string expected);
  // Something is wrong with a value that is of the right shape.
  void problem(std::string_view key, std::string expected);
  // Keys nobody asked for are problems. Called by whoever made the section, after the body.
  void finish();

 private:
  const Entry* entry(std::string_view key) const;
  const Value* find(std::string_view key);
  const Value* want(std::string_view key, std::string_view expected);
  std::vector<const Value*> items(std::string_view key, const std::string& expected, std::size_t least, std::size_t most);
  void nested(const Value& value, std::string path, std::string schema_path, const std::function<void(Section&)>& body);
  std::string path_of(std::string_view key) const;    // domains[0].domain
  std::string schema_of(std::string_view key) const;  // domains[].domain
  template <class T, class S> void take(std::string_view key, const Value& value, T& target, const Shape<S>& shape) {
    if (auto read = shape.read(value)) target = static_cast<T>(std::move(*read));
    else reader_.problem(value.place, path_of(key), shape.expected);
  }

  Reader& reader_;
  const Value& map_;
  std::string path_, schema_path_;
  std::vector<std::string> known_;
  std::vector<std::string> refused_;
};

}  // namespace wb::config
