#include "agent/keys.hpp"

#include <algorithm>

#include "crypto/jwe.hpp"
#include "platform/private_files.hpp"

namespace wb::agent {
namespace {
using std::filesystem::path;

path next_file(const path& state_dir) { return state_dir / "as-next.pem"; }
path book_file(const path& state_dir) { return state_dir / "keys.json"; }

Result<crypto::PrivateKey> load_or_make(const path& file) {
  auto loaded = crypto::PrivateKey::load(file);
  if (loaded || loaded.error().kind != Fault::Kind::unreachable) return loaded;
  std::error_code ec;
  if (std::filesystem::exists(file, ec)) return loaded;  // it names a provider's key, which is not there now
  auto made = crypto::PrivateKey::generate();
  if (!made) return made;
  if (auto saved = made->save(file); !saved) return saved.error();
  return made;
}

UnixSeconds written_at(const path& file) {
  std::error_code ec;
  const auto time = std::filesystem::last_write_time(file, ec);
  if (ec) return unix_now();
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::file_clock::to_sys(time).time_since_epoch()).count();
}

bool is_ae_file(const std::string& name) { return name == "ae.pem" || (name.starts_with("ae-") && name.ends_with(".pem")); }

// The files of encryption keys that the book does not name (any more).
void remove_unnamed(const path& state_dir, const KeyBook& book) {
  std::error_code ec;
  std::vector<path> stray;
  for (const auto& entry : std::filesystem::directory_iterator(state_dir, ec)) {
    const auto name = entry.path().filename().string();
    if (is_ae_file(name) && std::none_of(book.ae.begin(), book.ae.end(), [&](const auto& r) { return r.file == name; })) stray.push_back(entry.path());
  }
  for (const auto& file : stray) std::filesystem::remove(file, ec);
}

Result<KeyBook> rotate(const path& state_dir, KeyBook book, Former former, UnixSeconds now, const std::string& uri) {
  auto next = uri.empty() ? crypto::PrivateKey::generate() : crypto::PrivateKey::from_store(uri);
  if (!next) return next.error();
  if (std::any_of(book.ae.begin(), book.ae.end(), [&](const auto& r) { return r.kid == next->kid(); })) return fault(Fault::Kind::refused, "keys.rotate", "that is a key of now, or a former one: it needs a new one");
  if (former == Former::discard) book.ae.clear();
  const auto name = "ae-" + next->kid() + ".pem";
  auto after = rotated(std::move(book), {next->kid(), name, 0, 0}, now);
  if (!after) return after;
  if (auto saved = next->save(state_dir / name); !saved) return saved.error();
  if (auto written = platform::write_private_file(book_file(state_dir), encode_keys(*after)); !written) return written.error();
  remove_unnamed(state_dir, *after);
  return after;
}

// Both the running agent and the command line write keys.json.
Result<platform::FileLock> lock(const path& state_dir) { return platform::FileLock::take(state_dir / "keys.lock", std::chrono::seconds(5)); }

}  // namespace

const crypto::PrivateKey& Keys::opening(std::string_view sealed) const {
  if (former.empty()) return ae;
  const auto header = crypto::read_sealed(sealed);
  if (!header) return ae;
  const auto is_for = [&](const crypto::PrivateKey& key) { return std::find(header->kids.begin(), header->kids.end(), key.kid()) != header->kids.end(); };
  const auto found = is_for(ae) ? former.end() : std::find_if(former.begin(), former.end(), is_for);
  return found == former.end() ? ae : *found;
}

std::vector<std::string> Keys::kids() const {
  std::vector<std::string> all{ae.kid()};
  for (const auto& key : former) all.push_back(key.kid());
  return all;
}

Result<KeyBook> load_key_book(const path& state_dir) {
  auto text = platform::read_file(book_file(state_dir));
  if (text) return decode_keys(*text);
  if (text.error().kind != Fault::Kind::unreachable) return text.error();
  auto first = crypto::PrivateKey::load(state_dir / "ae.pem");
  if (!first) return first.error();
  return KeyBook{{{first->kid(), "ae.pem", written_at(state_dir / "ae.pem"), 0}}};
}

Result<Keys> load_keys(const path& state_dir) {
  auto as = crypto::PrivateKey::load(state_dir / "as.pem");
  if (!as) return as.error();
  auto book = load_key_book(state_dir);
  if (!book) return book.error();
  Keys keys{std::move(*as), {}};
  keys.as_made = written_at(state_dir / "as.pem");
  auto next = crypto::PrivateKey::load(next_file(state_dir));
  if (next) keys.next = std::move(*next);
  else if (has_next_as(state_dir)) return next.error();
  for (const auto& record : book->ae) {
    auto key = crypto::PrivateKey::load(state_dir / record.file);
    if (!key) return key.error();
    if (key->kid() != record.kid) return fault(Fault::Kind::malformed, "keys.load", (state_dir / record.file).string() + ": not the key that keys.json names");
    if (record.replaced == 0) keys.ae = std::move(*key);
    else keys.former.push_back(std::move(*key));
  }
  return keys;
}

Result<Keys> load_or_make_keys(const path& state_dir) {
  if (auto as = load_or_make(state_dir / "as.pem"); !as) return as.error();
  std::error_code ec;
  if (!std::filesystem::exists(book_file(state_dir), ec))
    if (auto ae = load_or_make(state_dir / "ae.pem"); !ae) return ae.error();
  return load_keys(state_dir);
}

bool has_next_as(const path& state_dir) {
  std::error_code ec;
  return std::filesystem::exists(next_file(state_dir), ec);
}

Result<crypto::PrivateKey> make_next_as(const path& state_dir, const std::string& uri) {
  auto locked = lock(state_dir);
  if (!locked) return locked.error();
  if (uri.empty()) return load_or_make(next_file(state_dir));
  if (has_next_as(state_dir)) return fault(Fault::Kind::refused, "keys.rotate", next_file(state_dir).string() + " is there already: go on with it, without --uri");
  auto next = crypto::PrivateKey::from_store(uri);
  if (!next) return next;
  if (auto saved = next->save(next_file(state_dir)); !saved) return saved.error();
  return next;
}

// A power cut may take the rename back: then both are there again, and the link finds out which one is in force.
Result<void> promote_next_as(const path& state_dir) {
  auto locked = lock(state_dir);
  if (!locked) return locked.error();
  if (!has_next_as(state_dir)) return {};
  std::error_code ec;
  std::filesystem::rename(next_file(state_dir), state_dir / "as.pem", ec);
  if (ec) return fault(Fault::Kind::internal, "keys.promote", ec.message());
  return {};
}

Result<KeyBook> rotate_ae(const path& state_dir, Former former, UnixSeconds now, const std::string& uri) {
  auto locked = lock(state_dir);
  if (!locked) return locked.error();
  auto book = load_key_book(state_dir);
  if (!book) return book;
  return rotate(state_dir, std::move(*book), former, now, uri);
}

Result<Tended> tend_keys(const path& state_dir, UnixSeconds now) {
  auto locked = lock(state_dir);
  if (!locked) return locked.error();
  auto book = load_key_book(state_dir);
  if (!book) return book.error();
  if (rotation_due(*book, now)) {
    auto current = crypto::PrivateKey::load(state_dir / book->ae.front().file);
    if (!current) return current.error();
    if (!current->uri().empty()) return Tended{std::move(*book), false, true};
    auto next = rotate(state_dir, std::move(*book), Former::keep, now, {});
    if (!next) return next.error();
    return Tended{std::move(*next), true, false};
  }
  auto left = pruned(*book, now);
  if (left != *book) {
    if (auto written = platform::write_private_file(book_file(state_dir), encode_keys(left)); !written) return written.error();
    remove_unnamed(state_dir, left);
  }
  return Tended{std::move(left), false, false};
}

}  // namespace wb::agent
