#include "service/keys.hpp"

#include <algorithm>
#include <fstream>
#include <optional>

#include "core/log.hpp"
#include "crypto/jws.hpp"
#include "crypto/trust.hpp"
#include "protocol/codec.hpp"

namespace wb::service {
namespace {

constexpr std::int64_t day = 86'400, sk_life = 30 * day, renew_before = day, skew = 60;

// Loads the key, or makes it. Two processes may make it at once: save() never overwrites, so the slower one loads.
Result<crypto::PrivateKey> load_or_make(const std::filesystem::path& file) {
  if (auto there = crypto::PrivateKey::load(file); there || there.error().kind != Fault::Kind::unreachable) return there;
  auto made = crypto::PrivateKey::generate();
  if (!made) return made;
  auto saved = made->save(file);
  if (saved) {
    log::info("service.key_made", log::field("file", file.string()), log::field("kid", made->kid()));
    return made;
  }
  if (saved.error().kind != Fault::Kind::refused) return saved.error();
  return crypto::PrivateKey::load(file);
}

std::string text_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// The payload of an endorsement of ours that is valid now and for this issuer.
std::optional<protocol::Endorsement> believed(const std::string& jws, const std::string& sr, const std::string& iss, UnixSeconds now) {
  if (!crypto::check_endorsement(jws, sr, iss, now)) return std::nullopt;
  auto payload = crypto::verify_pinned(jws, protocol::typ_endorse, sr);
  if (!payload) return std::nullopt;
  auto endorsement = protocol::decode<protocol::Endorsement>(*payload);
  return endorsement ? std::optional(*endorsement) : std::nullopt;
}

}  // namespace

Result<Keys> Keys::open(const std::filesystem::path& state_dir, std::string iss, UnixSeconds now) {
  auto root = load_or_make(state_dir / "sr.pem");
  if (!root) return root.error();
  Keys keys(state_dir, std::move(iss), std::move(*root));
  if (auto loaded = keys.load(now); !loaded) return loaded.error();
  if (auto renewed = keys.renew(now); !renewed) return renewed.error();
  return keys;
}

Result<void> Keys::load(UnixSeconds now) {
  struct Found {
    protocol::Endorsement claims;
    std::string jws;
    std::filesystem::path file;
  };
  std::vector<Found> found;
  std::error_code ec;
  for (const auto& entry : std::filesystem::directory_iterator(dir_, ec)) {
    if (entry.path().extension() != ".jws" || !entry.path().filename().string().starts_with("sk-")) continue;
    const auto jws = text_of(entry.path());
    if (auto claims = believed(jws, root_.kid(), iss_, now)) found.push_back({*claims, jws, entry.path()});
  }
  if (ec) return fault(Fault::Kind::internal, "keys.load", dir_.string() + ": " + ec.message());
  std::sort(found.begin(), found.end(), [](const Found& a, const Found& b) { return a.claims.exp > b.claims.exp; });
  for (auto& f : found) {
    if (endorsed_.empty()) {
      auto key = crypto::PrivateKey::load(f.file.replace_extension(".pem"));
      if (!key || key->public_key().jwk() != f.claims.sk) continue;  // an endorsement without its key signs nothing
      signing_ = std::move(*key);
    }
    endorsed_.push_back({std::move(f.jws), f.claims.exp});
  }
  return {};
}

Result<bool> Keys::renew(UnixSeconds now) {
  if (!endorsed_.empty() && endorsed_.front().exp - now > renew_before) return false;
  auto key = crypto::PrivateKey::generate();
  if (!key) return key.error();
  const auto stem = dir_ / ("sk-" + key->kid());
  if (auto saved = key->save(stem.string() + ".pem"); !saved) return saved.error();
  const protocol::Endorsement claims{iss_, key->public_key().jwk(), now, now - skew, now + sk_life};
  auto jws = crypto::sign(root_, protocol::typ_endorse, protocol::encode(claims), crypto::CarryKey::yes);
  if (!jws) return jws.error();
  std::ofstream out(stem.string() + ".jws", std::ios::binary);
  if (!(out << *jws << std::flush)) return fault(Fault::Kind::internal, "keys.renew", stem.string() + ".jws: cannot be written");
  signing_ = std::move(*key);
  endorsed_.insert(endorsed_.begin(), {std::move(*jws), claims.exp});
  log::info("service.key_made", log::field("file", stem.string() + ".pem"), log::field("kid", signing_.kid()));
  return true;
}

std::vector<std::string> Keys::endorsements(UnixSeconds now) const {
  std::vector<std::string> valid;
  for (const auto& e : endorsed_)
    if (e.exp > now && valid.size() < 4) valid.push_back(e.jws);
  return valid;
}

}  // namespace wb::service
