#include "service/backup.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <optional>
#include <set>

#include "crypto/keys.hpp"
#include "crypto/vault.hpp"
#include "platform/private_files.hpp"
#include "protocol/json.hpp"
#include "service/service.hpp"
#include "service/sspr/people.hpp"

namespace wb::service::backup {
namespace {

namespace fs = std::filesystem;
namespace json = protocol::json;
constexpr std::size_t files_max = 1'200, manifest_bytes_max = 512 * 1024;
constexpr const char* store_name = "store.sqlite";
constexpr const char* staged_name = "restore.new";         // copied, perhaps not all of it
constexpr const char* exchanging_name = "restore.moving";  // a file: of what was read through, some may be in its place and some not

Fault refused(const char* where, const std::string& why) { return fault(Fault::Kind::refused, where, why); }
Fault damaged(const std::string& why) { return fault(Fault::Kind::malformed, "restore.read", why); }

// A key, or what vouches for one. Also what a manifest may name: never a path.
bool is_key(const std::string& name) {
  const bool plain = std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '_' || c == '.'; });
  const bool signing = name.starts_with("sk-") && (name.ends_with(".pem") || name.ends_with(".jws"));
  return plain && name.size() <= 128 && (name == "sr.pem" || signing || (name.starts_with("vault-") && name.ends_with(".key")));
}

// Of the state, what is ours to set aside.
bool is_state(const std::string& name) { return is_key(name) || name == store_name || name == "store.sqlite-wal" || name == "store.sqlite-shm" || (name.starts_with("sk-") && name.ends_with(".withdrawn")); }

std::vector<std::string> names_in(const fs::path& folder, bool (*wanted)(const std::string&)) {
  std::vector<std::string> names;
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(folder, ec))
    if (wanted(entry.path().filename().string()) && entry.is_regular_file(ec)) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

// Lower-case hex of SHA-256, and the size; a store may be larger than memory.
std::optional<File> read_through(const fs::path& folder, const std::string& name) {
  std::ifstream in(folder / name, std::ios::binary);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> digest(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  if (!in || !digest || EVP_DigestInit_ex(digest.get(), EVP_sha256(), nullptr) != 1) return std::nullopt;
  File file{name, 0, {}};
  std::string piece(256 * 1024, '\0');
  while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())), in.gcount() > 0) {
    EVP_DigestUpdate(digest.get(), piece.data(), static_cast<std::size_t>(in.gcount()));
    file.bytes += in.gcount();
  }
  OPENSSL_cleanse(piece.data(), piece.size());  // keys went through it
  unsigned char raw[32];
  if (in.bad() || EVP_DigestFinal_ex(digest.get(), raw, nullptr) != 1) return std::nullopt;
  for (const unsigned char byte : raw) file.sha256 += "0123456789abcdef"[byte >> 4U], file.sha256 += "0123456789abcdef"[byte & 15U];
  return file;
}

std::string text_of(const Manifest& m) {
  json::array files;
  for (const auto& file : m.files) files.push_back(json::object{{"name", file.name}, {"bytes", file.bytes}, {"sha256", file.sha256}});
  return json::serialize(json::object{{"format", 1}, {"version", m.version}, {"made", m.made}, {"tenant", m.tenant}, {"public_url", m.public_url}, {"files", files}}) + "\n";
}

Result<File> file_of(const json::value& value) {
  File file;
  protocol::Members m(value, protocol::Members::Unknown::refused);
  m.text("name", file.name).integer("bytes", file.bytes).text("sha256", file.sha256);
  if (m.ok() && file.name != store_name && !is_key(file.name)) m.problem("name", "expected a file of the service's state");
  if (auto done = m.finish(); !done) return done.error();
  return file;
}

Result<Manifest> manifest_of(const fs::path& folder) {
  auto text = platform::read_file(folder / "manifest.json", manifest_bytes_max);
  if (!text) return damaged(folder.string() + " holds no manifest.json that can be read: it is no backup, or one that did not come to its end");
  auto parsed = protocol::parse_json(*text);
  if (!parsed) return damaged("manifest.json: " + parsed.error().detail);
  Manifest out;
  int format = 0;
  protocol::Members m(*parsed, protocol::Members::Unknown::refused);
  m.number("format", format).text("version", out.version).integer("made", out.made).text("tenant", out.tenant).text("public_url", out.public_url);
  if (m.ok() && format != 1) m.problem("format", "expected 1: it is of a later program");
  const auto* files = m.any("files");
  if (m.ok() && (!files->is_array() || files->get_array().size() > files_max)) m.problem("files", "expected a list of at most " + std::to_string(files_max));
  std::set<std::string> names;
  for (std::size_t i = 0; m.ok() && i < files->get_array().size(); ++i) {
    auto file = file_of(files->get_array()[i]);
    if (!file) m.problem("files", file.error().detail);
    else if (!names.insert(file->name).second) m.problem("files", "the same twice");
    else out.files.push_back(std::move(*file));
  }
  if (m.ok() && (!names.contains(store_name) || !names.contains("sr.pem"))) m.problem("files", "expected store.sqlite and sr.pem among them");
  if (auto done = m.finish(); !done) return damaged("manifest.json: " + done.error().detail);
  return out;
}

// What was copied is what was backed up, and the service will be able to use it.
Result<void> check(const fs::path& staged, const Manifest& manifest) {
  bool vault_there = false;
  for (const auto& file : manifest.files) {
    const auto now = read_through(staged, file.name);
    if (!now || now->bytes != file.bytes || now->sha256 != file.sha256) return damaged(file.name + " is not what was backed up");
    vault_there = vault_there || file.name.starts_with("vault-");
  }
  if (auto root = crypto::PrivateKey::load(staged / "sr.pem"); !root) return damaged("sr.pem: " + root.error().detail);
  std::vector<int> keys;
  if (vault_there) {
    auto vault = crypto::Vault::open(staged);
    if (!vault) return damaged(vault.error().detail);
    keys = vault->numbers();
  }
  auto store = Store::open(staged / store_name);
  if (!store) return damaged("store.sqlite: " + store.error().detail);
  if (auto sound = store->database().check(); !sound) return damaged("store.sqlite: " + sound.error().detail);
  auto used = sspr::People(store->database()).keys_in_use();
  if (!used) return used.error();
  for (const auto& [number, methods] : *used)
    if (std::find(keys.begin(), keys.end(), number) == keys.end()) return damaged("vault-" + std::to_string(number) + ".key is missing: " + std::to_string(methods) + " methods are sealed under it");
  return {};
}

Result<void> stage(const fs::path& from, const fs::path& staged, const Manifest& manifest) {
  std::error_code ec;
  fs::remove_all(staged, ec);  // of a run that was interrupted before it changed anything
  if (auto made = platform::private_folder(staged); !made) return made.error();
  for (const auto& file : manifest.files)
    if (auto copied = platform::copy_private_file(from / file.name, staged / file.name); !copied) return copied.error();
  return check(staged, manifest);
}

Result<void> move(const fs::path& from, const fs::path& to, const std::string& name) {
  std::error_code ec;
  fs::rename(from / name, to / name, ec);
  if (ec) return fault(Fault::Kind::internal, "restore.exchange", name + ": " + ec.message());
  return {};
}

// Renames within one folder: no byte is copied. An interruption leaves the mark, which whole() reports; a further run leaves it where it is.
Result<fs::path> exchange(const fs::path& state_dir, const Manifest& manifest, UnixSeconds now) {
  if (auto marked = platform::write_private_file(state_dir / exchanging_name, ""); !marked) return marked.error();
  fs::path aside;
  std::error_code ec;
  if (const auto old = names_in(state_dir, &is_state); !old.empty()) {
    aside = state_dir / ("replaced-" + std::to_string(now));
    for (int again = 2; fs::exists(aside, ec); ++again) aside = state_dir / ("replaced-" + std::to_string(now) + "-" + std::to_string(again));
    if (auto made = platform::private_folder(aside); !made) return made.error();
    for (const auto& name : old)
      if (auto moved = move(state_dir, aside, name); !moved) return moved.error();
  }
  for (const auto& file : manifest.files)
    if (auto moved = move(state_dir / staged_name, state_dir, file.name); !moved) return moved.error();
  fs::remove_all(state_dir / staged_name, ec);
  fs::remove(state_dir / exchanging_name, ec);
  if (ec) return fault(Fault::Kind::internal, "restore.exchange", std::string(exchanging_name) + ": " + ec.message());
  return aside;
}

// The store first: a method in it is sealed under a key that was there before it.
Result<Manifest> fill(const config::ServiceConfig& config, Store& store, const fs::path& folder) {
  if (auto copied = store.database().copy_to(folder / store_name); !copied) return copied.error();
  auto names = names_in(config.state_dir, &is_key);
  if (std::find(names.begin(), names.end(), "sr.pem") == names.end()) return refused("backup.make", config.state_dir.string() + " holds no sr.pem");
  for (const auto& name : names)
    if (auto copied = platform::copy_private_file(config.state_dir / name, folder / name); !copied) return copied.error();
  names.emplace_back(store_name);
  Manifest manifest{WB_VERSION, config.tenant, config.public_url, unix_now(), {}};
  for (const auto& name : names) {
    auto file = read_through(folder, name);
    if (!file) return fault(Fault::Kind::internal, "backup.make", name + ": can't be read back");
    manifest.files.push_back(std::move(*file));
  }
  if (auto written = platform::write_private_file(folder / "manifest.json", text_of(manifest)); !written) return written.error();
  return manifest;
}

}  // namespace

Result<Manifest> make(const config::ServiceConfig& config, const fs::path& folder) {
  std::error_code ec;
  if (auto sound = whole(config.state_dir); !sound) return sound.error();
  if (!fs::exists(store_file(config), ec)) return refused("backup.make", config.state_dir.string() + " holds no store");
  if (fs::exists(folder, ec)) return refused("backup.make", folder.string() + ": is there already");
  auto store = Store::open(store_file(config));
  if (!store) return store.error();
  if (auto made = platform::private_folder(folder); !made) return made.error();
  auto manifest = fill(config, *store, folder);
  if (!manifest) fs::remove_all(folder, ec);  // keys without a purpose
  return manifest;
}

Result<PutBack> put_back(const config::ServiceConfig& config, const fs::path& folder, bool replace) {
  auto manifest = manifest_of(folder);
  if (!manifest) return manifest.error();
  if (auto mine = platform::private_folder(config.state_dir); !mine) return mine.error();
  auto lock = platform::FileLock::take(config.state_dir / lock_name);
  if (!lock && lock.error().kind == Fault::Kind::refused) return refused("restore.running", "the service runs on " + config.state_dir.string() + ": stop it first");
  if (!lock) return lock.error();
  const bool unfinished = !whole(config.state_dir);
  if (!replace && !unfinished && !names_in(config.state_dir, &is_state).empty())
    return refused("restore.target", config.state_dir.string() + " holds a service's state already; --replace sets it aside");
  if (auto staged = stage(folder, config.state_dir / staged_name, *manifest); !staged) {
    std::error_code ignored;
    fs::remove_all(config.state_dir / staged_name, ignored);
    return staged.error();
  }
  auto aside = exchange(config.state_dir, *manifest, unix_now());
  if (!aside) return aside.error();
  return PutBack{std::move(*manifest), std::move(*aside)};
}

Result<void> whole(const fs::path& state_dir) {
  std::error_code ec;
  if (!fs::exists(state_dir / exchanging_name, ec)) return {};
  return refused("restore.unfinished", "a restore was interrupted while it exchanged the files of " + state_dir.string() + ": run it again");
}

}  // namespace wb::service::backup
