#include "agent/key_book.hpp"

#include <algorithm>

#include "protocol/json.hpp"
#include "protocol/shapes.hpp"

namespace wb::agent {
namespace {
namespace json = protocol::json;
using protocol::Members;

Result<KeyRecord> read_record(const json::value& value) {
  Members m(value, Members::Unknown::ignored);
  KeyRecord r;
  m.text("kid", r.kid).text("file", r.file).integer("made", r.made).integer("replaced", r.replaced);
  if (m.ok() && (r.file.empty() || r.file.find('/') != std::string::npos)) m.problem("file", "expected a plain name");
  if (auto done = m.finish(); !done) return done.error();
  return r;
}
}  // namespace

bool rotation_due(const KeyBook& book, UnixSeconds now) { return !book.ae.empty() && now - book.ae.front().made >= ae_life_s; }

Result<KeyBook> rotated(KeyBook book, KeyRecord next, UnixSeconds now) {
  book = pruned(std::move(book), now);
  if (book.ae.size() >= ae_max) return fault(Fault::Kind::exhausted, "keys.rotate", "three former keys are still in use, the oldest until " + std::to_string(book.ae.back().ends()) + " (Unix seconds); --discard gives them up");
  if (!book.ae.empty()) book.ae.front().replaced = now;
  next.made = now, next.replaced = 0;
  book.ae.insert(book.ae.begin(), std::move(next));
  return book;
}

KeyBook pruned(KeyBook book, UnixSeconds now) {
  std::erase_if(book.ae, [now](const auto& r) { return r.replaced != 0 && r.ends() <= now; });
  return book;
}

std::string encode_keys(const KeyBook& book) {
  json::array ae;
  for (const auto& r : book.ae) ae.push_back(json::object{{"kid", r.kid}, {"file", r.file}, {"made", r.made}, {"replaced", r.replaced}});
  return json::serialize(json::object{{"v", 1}, {"ae", std::move(ae)}}) + "\n";
}

Result<KeyBook> decode_keys(std::string_view text) {
  auto parsed = protocol::parse_json(text);
  if (!parsed) return parsed.error();
  Members m(*parsed, Members::Unknown::ignored);
  KeyBook book;
  m.version();
  protocol::read_list(m, "ae", ae_max, book.ae, read_record);
  if (m.ok() && (book.ae.empty() || book.ae.front().replaced != 0)) m.problem("ae", "expected the current key first");
  if (auto done = m.finish(); !done) return done.error();
  return book;
}

}  // namespace wb::agent
