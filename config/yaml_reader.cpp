#include "config/yaml_reader.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <system_error>
#include <utility>

namespace wb::config {
namespace {

std::size_t edits_between(std::string_view a, std::string_view b) {  // Levenshtein
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto corner = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto swap = corner + (a[i - 1] == b[j - 1] ? 0 : 1);
      corner = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, swap}));
    }
  }
  return row.back();
}

// The known key that was probably meant; empty when none is close.
std::string nearest(std::string_view key, const std::vector<std::string>& known) {
  std::string best;
  auto least = std::max<std::size_t>(1, std::min<std::size_t>(key.size(), 40) / 3) + 1;
  if (key.size() > 40) return best;
  for (const auto& candidate : known) {
    const auto edits = edits_between(key, candidate);
    if (edits < least) {
      least = edits;
      best = candidate;
    }
  }
  return best;
}

// A key of the file as it may be shown: never control characters, never long.
std::string shown(std::string_view key) {
  std::string out;
  for (const char c : key.substr(0, 40)) out += (c > 0x20 && c < 0x7f) ? c : '?';
  return out;
}

}  // namespace

std::string to_string(const Problem& p) {
  std::string out = p.file;
  if (p.line > 0) out += ':' + std::to_string(p.line) + ':' + std::to_string(p.column);
  if (!p.key.empty()) out += ": " + p.key;
  return out + ": expected " + p.expected;
}

Reader::Reader(std::filesystem::path file) : file_(std::move(file)) {
  auto document = read_yaml_file(file_);
  if (auto* bad = std::get_if<NotYaml>(&document)) problem(bad->place, {}, std::move(bad->expected));
  else root_ = std::get<Value>(std::move(document));
}

void Reader::read(const std::function<void(Section&)>& body) {
  if (!problems_.empty()) return;
  if (root_.kind != Value::Kind::map && root_.kind != Value::Kind::null) return problem(root_.place, {}, "a map of keys and values");
  Section top(*this, root_, {}, {});
  body(top);
  top.finish();
}

Problems Reader::problems() const {
  auto sorted = problems_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Problem& a, const Problem& b) { return std::pair(a.line, a.column) < std::pair(b.line, b.column); });
  return sorted;
}

std::filesystem::path Reader::folder() const {
  std::error_code no;
  return std::filesystem::absolute(file_, no).parent_path();
}

void Reader::problem(const Place& place, std::string key, std::string expected) {
  if (schema_only_) return;
  problems_.push_back({file_.string(), place.line, place.column, std::move(key), std::move(expected)});
}

Section::Section(Reader& reader, const Value& map, std::string path, std::string schema_path)
    : reader_(reader), map_(map), path_(std::move(path)), schema_path_(std::move(schema_path)) {}

std::string Section::path_of(std::string_view key) const { return path_.empty() ? std::string(key) : path_ + '.' + std::string(key); }
std::string Section::schema_of(std::string_view key) const { return schema_path_.empty() ? std::string(key) : schema_path_ + '.' + std::string(key); }

const Entry* Section::entry(std::string_view key) const {
  for (const auto& e : map_.entries)
    if (e.key == key) return &e;
  return nullptr;
}

const Value* Section::find(std::string_view key) {
  known_.emplace_back(key);
  auto& all = reader_.keys_;
  const auto name = schema_of(key);
  if (std::find(all.begin(), all.end(), name) == all.end()) all.push_back(name);
  const auto* found = entry(key);
  return found ? &found->value : nullptr;
}

const Value* Section::want(std::string_view key, std::string_view expected) {
  const auto* found = find(key);
  if (!found) reader_.problem(map_.place, path_of(key), std::string(expected) + ", but the key is missing");
  return found;
}

std::vector<const Value*> Section::items(std::string_view key, const std::string& expected, std::size_t least, std::size_t most) {
  const auto range = "a list of " + std::to_string(least) + " to " + std::to_string(most) + ", each " + expected;
  const auto* found = least > 0 ? want(key, range) : find(key);
  std::vector<const Value*> out;
  if (!found || (found->kind == Value::Kind::null && least == 0)) return out;
  const auto count = found->items.size();
  if (found->kind != Value::Kind::list || count < least || count > most) {
    reader_.problem(found->place, path_of(key), range);
    return out;
  }
  for (const auto& item : found->items) out.push_back(&item);
  return out;
}

void Section::nested(const Value& value, std::string path, std::string schema_path, const std::function<void(Section&)>& body) {
  if (value.kind != Value::Kind::map && value.kind != Value::Kind::null) return reader_.problem(value.place, std::move(path), "a map of keys and values");
  Section inner(reader_, value, std::move(path), std::move(schema_path));
  body(inner);
  inner.finish();
}

void Section::section(std::string_view key, bool needed, const std::function<void(Section&)>& body) {
  const auto* found = find(key);
  if (!found && !needed && !reader_.schema_only_) return;
  Value empty;  // a missing one stands where its parent stands
  empty.place = map_.place;
  nested(found ? *found : empty, path_of(key), schema_of(key), body);
}

void Section::sections(std::string_view key, std::size_t most, const std::function<void(Section&)>& body) {
  const auto schema = schema_of(key) + "[]";
  if (reader_.schema_only_) {
    find(key);
    return nested(Value{}, path_of(key), schema, body);
  }
  std::size_t index = 0;
  for (const auto* item : items(key, "a map of keys and values", 1, most))
    nested(*item, path_of(key) + '[' + std::to_string(index++) + ']', schema, body);
}

void Section::refused(std::string_view key, std::string expected) {
  refused_.emplace_back(key);
  if (const auto* found = entry(key)) reader_.problem(found->place, path_of(key), std::move(expected));
}

void Section::problem(std::string_view key, std::string expected) {
  const auto* found = entry(key);
  reader_.problem(found ? found->value.place : map_.place, path_of(key), std::move(expected));
}

void Section::finish() {
  std::map<std::string_view, Place> seen;
  for (const auto& e : map_.entries) {
    if (const auto [first, fresh] = seen.emplace(e.key, e.place); !fresh) {
      reader_.problem(e.place, path_of(shown(e.key)), "the key once, and it stands in line " + std::to_string(first->second.line) + " already");
      continue;
    }
    const auto is = [&e](const std::vector<std::string>& list) { return std::find(list.begin(), list.end(), e.key) != list.end(); };
    if (is(known_) || is(refused_)) continue;
    const auto meant = nearest(e.key, known_);
    reader_.problem(e.place, path_of(shown(e.key)), meant.empty() ? "a key of this section, and this is none" : "a key of this section, perhaps " + meant);
  }
}

}  // namespace wb::config
