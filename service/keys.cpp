#include "service/keys.hpp"

#include <algorithm>
#include <fstream>
#include <optional>

#include "core/log.hpp"
#include "crypto/jws.hpp"
#include "crypto/trust.hpp"
#include "platform/private_files.hpp"
#include "protocol/codec.hpp"

namespace wb::service {
namespace {

constexpr std::int64_t skew = 60;
constexpr std::size_t endorsements_max = 4;

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

bool is_endorsement(const std::filesystem::path& file) { return file.extension() == ".jws" && file.filename().string().starts_with("sk-"); }

std::vector<SigningKeyTimes> times_of(const auto& keys) {
  std::vector<SigningKeyTimes> times;
  for (const auto& key : keys) times.push_back(key.times);
  return times;
}

}  // namespace

Result<Keys> Keys::open(const std::filesystem::path& state_dir, std::string iss, UnixSeconds now) {
  auto root = load_or_make(state_dir / "sr.pem");
  if (!root) return root.error();
  Keys keys(state_dir, std::move(iss), std::move(*root));
  if (auto renewed = keys.renew(now); !renewed) return renewed.error();
  return keys;
}

Result<std::vector<Keys::Endorsed>> Keys::found(UnixSeconds now) const {
  std::vector<Endorsed> all;
  std::error_code ec;
  for (const auto& entry : std::filesystem::directory_iterator(dir_, ec)) {
    if (!is_endorsement(entry.path())) continue;
    auto jws = text_of(entry.path());
    const auto claims = believed(jws, root_.kid(), iss_, now);
    auto key = entry.path();
    if (!claims || !std::filesystem::exists(key.replace_extension(".pem"), ec)) continue;  // an endorsement without its key signs nothing
    all.push_back({std::move(jws), crypto::thumbprint(claims->sk), {claims->iat, claims->exp}, entry.path()});
  }
  if (ec) return fault(Fault::Kind::internal, "keys.load", dir_.string() + ": " + ec.message());
  std::sort(all.begin(), all.end(), [](const Endorsed& a, const Endorsed& b) { return a.times.iat > b.times.iat; });
  return all;
}

Result<bool> Keys::renew(UnixSeconds now) {
  auto all = found(now);
  if (!all) return all.error();
  if (next_key_due(times_of(*all), now)) {
    if (auto made = make(now); !made) return made.error();
    all = found(now);
    if (!all) return all.error();
  }
  looked_ = seen();
  const bool news = !std::equal(all->begin(), all->end(), endorsed_.begin(), endorsed_.end(), [](const auto& a, const auto& b) { return a.kid == b.kid; });
  endorsed_ = std::move(*all);
  if (auto chosen = choose(now); !chosen) return chosen.error();
  return news;
}

Result<void> Keys::choose(UnixSeconds now) {
  const auto which = signing_key(times_of(endorsed_), now);
  if (!which) return fault(Fault::Kind::internal, "keys.renew", dir_.string() + ": no signing key can be read back");
  const auto& chosen = endorsed_[*which];
  if (signing_.get() && signing_.kid() == chosen.kid) return {};
  auto file = chosen.file;
  auto key = crypto::PrivateKey::load(file.replace_extension(".pem"));
  if (!key) return key.error();
  if (key->kid() != chosen.kid) return fault(Fault::Kind::malformed, "keys.renew", file.string() + ": not the key of its name");
  if (signing_.get()) log::info("service.key_changed", log::field("kid", key->kid()));
  signing_ = std::move(*key);
  return {};
}

Result<void> Keys::make(UnixSeconds now) {
  auto key = crypto::PrivateKey::generate();
  if (!key) return key.error();
  const auto stem = dir_ / ("sk-" + key->kid());
  if (auto saved = key->save(stem.string() + ".pem"); !saved) return saved.error();
  const protocol::Endorsement claims{iss_, key->public_key().jwk(), now, now - skew, now + sk_life_s};
  auto jws = crypto::sign(root_, protocol::typ_endorse, protocol::encode(claims), crypto::CarryKey::yes);
  if (!jws) return jws.error();
  if (auto written = platform::write_private_file(stem.string() + ".jws", *jws); !written) return written.error();
  log::info("service.key_made", log::field("file", stem.string() + ".pem"), log::field("kid", key->kid()));
  return {};
}

Result<void> Keys::rotate(UnixSeconds now, bool withdraw) {
  auto before = found(now);
  if (!before) return before.error();
  if (!withdraw && before->size() >= endorsements_max) return fault(Fault::Kind::exhausted, "keys.rotate", "four signing keys are valid already; --withdraw gives the others up");
  if (auto made = make(now); !made) return made.error();
  std::error_code ec;
  for (const auto& old : *before) {
    if (!withdraw) break;
    auto aside = old.file;
    std::filesystem::rename(old.file, aside.replace_extension(".withdrawn"), ec);
    if (ec) return fault(Fault::Kind::internal, "keys.rotate", old.file.string() + ": " + ec.message());
  }
  auto renewed = renew(now);
  if (!renewed) return renewed.error();
  return {};
}

std::set<std::string> Keys::seen() const {
  std::set<std::string> names;
  std::error_code ec;
  for (const auto& entry : std::filesystem::directory_iterator(dir_, ec))
    if (is_endorsement(entry.path())) names.insert(entry.path().filename().string());
  return names;
}

std::vector<Keys::Listed> Keys::list() const {
  std::vector<Listed> out;
  for (const auto& e : endorsed_) out.push_back({e.kid, e.times, signing_.get() && e.kid == signing_.kid()});
  return out;
}

std::vector<std::string> Keys::endorsements(UnixSeconds now) const {
  std::vector<std::string> valid;
  for (const auto& e : endorsed_)
    if (e.times.exp > now && valid.size() < endorsements_max) valid.push_back(e.jws);
  return valid;
}

}  // namespace wb::service
