// A YAML file as a small tree of ours, with the place of every value: what yaml_reader.hpp reads from. The subset that
// configuration needs: one document, no anchors or aliases (no bombs), at most 16 levels and 20 000 values.
#pragma once
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

namespace wb::config {

constexpr std::size_t file_bytes_max = 1024 * 1024;
constexpr std::size_t depth_max = 16, values_max = 20'000;

struct Place {
  int line = 0, column = 0;
};  // from 1; line 0: the file as a whole

struct Entry;
struct Value {
  enum class Kind { null,
    scalar,
    list,
    map } kind = Kind::null;
  Place place;
  std::string text;            // of a scalar
  bool plain = false;          // not in quotes: may be a number or true/false
  std::vector<Value> items;    // of a list
  std::vector<Entry> entries;  // of a map, in the file's order, duplicates included
};
struct Entry {
  std::string key;
  Place place;
  Value value;
};

struct NotYaml {
  Place place;
  std::string expected;
};  // "expected" goes on as in Problem

std::variant<Value, NotYaml> read_yaml_file(const std::filesystem::path& file);

}  // namespace wb::config
