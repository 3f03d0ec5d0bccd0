// The root (SR) on another machine: taken there, and the endorsements that a person brings from it.
#include <algorithm>
#include <map>

#include "core/log.hpp"
#include "platform/private_files.hpp"
#include "protocol/json.hpp"
#include "protocol/shapes.hpp"
#include "service/keys.hpp"

namespace wb::service {
namespace {
namespace fs = std::filesystem;

constexpr std::size_t passphrase_min = 12;

Fault key_refused(std::string where, std::string detail) { return fault(Fault::Kind::refused, std::move(where), std::move(detail)); }

Result<void> removed(const fs::path& file) {
  std::error_code ec;
  fs::remove(file, ec);
  if (ec) return fault(Fault::Kind::internal, "keys.remove", file.string() + ": " + ec.message());
  return {};
}

}  // namespace

Result<crypto::PublicKey> export_root(const fs::path& state_dir, const fs::path& file, const Secret& passphrase, bool remove) {
  auto root = crypto::PrivateKey::load(state_dir / "sr.pem");
  std::error_code ec;
  if (!root && !fs::exists(state_dir / "sr.pem", ec)) return key_refused("keys.export", "the root is not on this machine");
  if (!root) return root.error();
  if (passphrase.size() < passphrase_min) return key_refused("keys.export", "the passphrase has fewer than 12 bytes");
  const bool there = fs::exists(file, ec);  // perhaps by an export that was cut off
  if (!there)
    if (auto saved = root->save_sealed(file, passphrase); !saved) return saved.error();
  auto back = crypto::PrivateKey::load_sealed(file, passphrase);
  const bool bare = there && crypto::PrivateKey::load(file);  // sr.pem itself, or a copy that anybody could use
  if (there && (!back || back->kid() != root->kid() || bare)) return key_refused("keys.export", file.string() + " exists, and is not this root under this passphrase; a key is never overwritten");
  if (!back || back->kid() != root->kid()) return fault(Fault::Kind::internal, "keys.export", file.string() + " can't be read back");
  if (!remove) return root->public_key();
  // First the name of what agents believe, then the key: a service that found neither would make another root.
  if (auto named = platform::write_private_file(state_dir / "sr.jwk", protocol::json::serialize(protocol::shape(root->public_key().jwk()))); !named) return named.error();
  if (auto gone = removed(state_dir / "sr.pem"); !gone) return gone.error();
  return root->public_key();
}

Result<crypto::PublicKey> import_root(const fs::path& state_dir, const fs::path& file, const Secret& passphrase) {
  auto root = crypto::PrivateKey::load_sealed(file, passphrase);
  if (!root) return root.error();
  std::error_code ec;
  if (fs::exists(state_dir / "sr.pem", ec)) return key_refused("keys.import", "a root is on this machine already");
  auto text = platform::read_file(state_dir / "sr.jwk");
  if (!text) return key_refused("keys.import", "this state folder knows no root that was taken elsewhere: " + text.error().detail);
  if (*text != protocol::json::serialize(protocol::shape(root->public_key().jwk()))) return key_refused("keys.import", "not the root of this service");
  if (auto saved = root->save(state_dir / "sr.pem"); !saved) return saved.error();
  if (auto gone = removed(state_dir / "sr.jwk"); !gone) return gone.error();
  return root->public_key();
}

std::vector<std::string> Keys::waiting() const {
  std::vector<std::string> kids;
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(dir_, ec)) {
    const auto stem = entry.path().stem().string();
    if (entry.path().extension() != ".pem" || !stem.starts_with("sk-")) continue;
    const auto kid = stem.substr(3);
    if (!fs::exists(file_of(kid, ".jws"), ec) && !fs::exists(file_of(kid, ".withdrawn"), ec)) kids.push_back(kid);
  }
  std::sort(kids.begin(), kids.end());
  return kids;
}

Result<KeyRequest> Keys::request(UnixSeconds now, std::size_t count, bool fresh) {
  if (count == 0 || count > request_keys_max) return key_refused("keys.request", "expected 1 to 13 keys");
  KeyRequest request{iss_, root_.kid(), now, {}};
  std::vector<SigningKeyTimes> times;
  for (const auto* keys : {&endorsed_, &ahead_})
    for (const auto& key : *keys) times.push_back(key.times);
  if (!fresh) request.from = std::max(now, covered_until(std::move(times), now) - 2 * sk_announce_s);
  for (const auto& kid : waiting()) {
    if (fresh) {
      if (auto gone = removed(file_of(kid, ".pem")); !gone) return gone.error();
      continue;
    }
    auto key = crypto::PrivateKey::load(file_of(kid, ".pem"));
    if (!key) return key.error();
    if (key->kid() != kid) return fault(Fault::Kind::malformed, "keys.request", file_of(kid, ".pem").string() + ": not the key of its name");
    if (request.sk.size() < count) request.sk.push_back(key->public_key().jwk());
  }
  while (request.sk.size() < count) {
    auto key = crypto::PrivateKey::generate();
    if (!key) return key.error();
    if (auto saved = key->save(file_of(key->kid(), ".pem")); !saved) return saved.error();
    request.sk.push_back(key->public_key().jwk());
  }
  return request;
}

Result<void> Keys::install(const std::vector<std::string>& endorsements, UnixSeconds now, bool withdraw) {
  if (endorsements.empty() || endorsements.size() > request_keys_max) return fault(Fault::Kind::malformed, "keys.install", "expected 1 to 13 endorsements, each on a line");
  std::map<std::string, std::string> fresh;
  std::set<std::string> kept;
  if (auto looked = look(now); !looked) return looked;
  auto valid = endorsed_.size();
  bool one_valid = false;
  int number = 0;
  for (const auto& jws : endorsements) {
    const auto no = [n = ++number](Fault::Kind kind, const std::string& why) { return fault(kind, "keys.install", "endorsement " + std::to_string(n) + ": " + why); };
    auto read = check_offered(jws, root_.kid(), iss_, now);
    if (!read) return no(read.error().kind, read.error().detail);
    std::error_code ec;
    if (fs::exists(file_of(read->kid, ".withdrawn"), ec)) return no(Fault::Kind::refused, "its key was withdrawn");
    auto key = crypto::PrivateKey::load(file_of(read->kid, ".pem"));
    if (!key || key->kid() != read->kid) return no(Fault::Kind::refused, "this service has no such key: it was asked for elsewhere, or given up since");
    if (auto there = platform::read_file(file_of(read->kid, ".jws")); there && *there != jws) return no(Fault::Kind::refused, "its key has another endorsement already");
    else if (!there && fresh.emplace(read->kid, jws).second && read->begins <= now) ++valid;
    one_valid = one_valid || read->begins <= now;
    if (!kept.insert(read->kid).second) return no(Fault::Kind::refused, "one key twice");
  }
  if (withdraw && !one_valid) return key_refused("keys.install", "none of these is valid now, so no other can be withdrawn: keys request --fresh");
  if (!withdraw && valid > endorsements_max) return fault(Fault::Kind::exhausted, "keys.install", "more than four signing keys would be valid; --withdraw gives the others up");
  for (const auto& [kid, jws] : fresh) {
    if (auto written = endorsed(kid, jws, now); !written) return written;
  }
  if (withdraw)
    if (auto done = withdraw_but(kept, now); !done) return done;
  auto renewed = renew(now);
  if (!renewed) return renewed.error();
  return {};
}

Result<void> Keys::withdraw_but(const std::set<std::string>& kept, UnixSeconds now) {
  auto all = found(now);
  if (!all) return all.error();
  for (const auto& old : *all) {
    if (kept.contains(old.kid)) continue;
    std::error_code ec;
    fs::rename(old.file, file_of(old.kid, ".withdrawn"), ec);
    if (ec) return fault(Fault::Kind::internal, "keys.withdraw", old.file.string() + ": " + ec.message());
  }
  for (const auto& kid : waiting())  // who could read those could read these
    if (!kept.contains(kid))
      if (auto gone = removed(file_of(kid, ".pem")); !gone) return gone;
  return {};
}

}  // namespace wb::service
