#include "service/keys.hpp"

#include <algorithm>
#include <chrono>

#include "core/log.hpp"
#include "platform/private_files.hpp"
#include "protocol/json.hpp"
#include "protocol/shapes.hpp"

namespace wb::service {
namespace {

constexpr std::int64_t clock_skew_s = 60;

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

// SR's public half: sr.jwk once it was taken elsewhere, and sr.pem, which is made where there is neither.
Result<crypto::PublicKey> root_of(const std::filesystem::path& dir) {
  auto text = platform::read_file(dir / "sr.jwk");
  if (!text && text.error().kind != Fault::Kind::unreachable) return text.error();
  std::error_code ec;
  std::optional<crypto::PublicKey> named;
  if (text) {
    auto value = protocol::parse_json(*text);
    auto jwk = value ? protocol::read_jwk(*value) : Result<protocol::Jwk>(value.error());
    auto key = jwk ? crypto::PublicKey::from_jwk(*jwk) : Result<crypto::PublicKey>(jwk.error());
    if (!key) return fault(Fault::Kind::malformed, "keys.load", (dir / "sr.jwk").string() + ": not a public key");
    if (!std::filesystem::exists(dir / "sr.pem", ec)) return key;
    named = std::move(*key);
  }
  auto root = load_or_make(dir / "sr.pem");
  if (!root) return root.error();
  if (named && named->kid() != root->kid()) return fault(Fault::Kind::refused, "keys.load", (dir / "sr.pem").string() + ": not the root that sr.jwk names, which agents believe");
  return root->public_key();
}

bool is_endorsement(const std::filesystem::path& file) { return file.extension() == ".jws" && file.filename().string().starts_with("sk-"); }

std::vector<SigningKeyTimes> times_of(const auto& keys) {
  std::vector<SigningKeyTimes> times;
  for (const auto& key : keys) times.push_back(key.times);
  return times;
}

// When the endorsement was written down: one that was brought later than it begins is announced from then on.
UnixSeconds written(const std::filesystem::path& file) {
  std::error_code ec;
  const auto at = std::filesystem::last_write_time(file, ec);
  return ec ? 0 : std::chrono::duration_cast<std::chrono::seconds>(std::chrono::file_clock::to_sys(at).time_since_epoch()).count();
}

}  // namespace

Result<Keys> Keys::open(const std::filesystem::path& state_dir, std::string iss, UnixSeconds now, Needs needs) {
  auto root = root_of(state_dir);
  if (!root) return root.error();
  Keys keys(state_dir, std::move(iss), std::move(*root));
  if (auto renewed = keys.renew(now); !renewed && (needs == Needs::signing || renewed.error().kind != Fault::Kind::refused)) return renewed.error();
  return keys;
}

bool Keys::root_is_here() const {
  std::error_code ec;
  return std::filesystem::exists(dir_ / "sr.pem", ec);
}

Result<std::vector<Keys::Held>> Keys::found(UnixSeconds now) const {
  std::vector<Held> all;
  std::error_code ec;
  for (const auto& entry : std::filesystem::directory_iterator(dir_, ec)) {
    if (!is_endorsement(entry.path())) continue;
    auto text = platform::read_file(entry.path());
    auto read = text ? read_endorsement(std::move(*text), root_.kid(), iss_) : Result<EndorsedKey>(text.error());
    auto key = entry.path();
    if (!read || now >= read->times.exp + clock_skew_s || !std::filesystem::exists(key.replace_extension(".pem"), ec)) continue;  // an endorsement without its key signs nothing
    if (const auto at = written(entry.path()); at <= now) read->times.iat = std::max(read->times.iat, at);
    all.push_back({std::move(*read), entry.path()});
  }
  if (ec) return fault(Fault::Kind::internal, "keys.load", dir_.string() + ": " + ec.message());
  std::sort(all.begin(), all.end(), [](const Held& a, const Held& b) { return std::pair(a.times.iat, a.times.exp) > std::pair(b.times.iat, b.times.exp); });
  return all;
}

Result<void> Keys::look(UnixSeconds now) {
  auto all = found(now);
  if (!all) return all.error();
  const auto valid = std::stable_partition(all->begin(), all->end(), [&](const Held& h) { return h.begins > now; });
  ahead_.assign(all->begin(), valid);
  endorsed_.assign(valid, all->end());
  return {};
}

Result<bool> Keys::renew(UnixSeconds now) {
  const auto before = endorsed_;
  if (auto looked = look(now); !looked) return looked.error();
  if (root_is_here() && (endorsed_.empty() || next_key_due(times_of(ahead_.empty() ? endorsed_ : ahead_), now))) {
    if (auto made = make(now); !made) return made.error();
    if (auto looked = look(now); !looked) return looked.error();
  }
  looked_ = seen();
  const bool news = !std::equal(before.begin(), before.end(), endorsed_.begin(), endorsed_.end(), [](const auto& a, const auto& b) { return a.kid == b.kid; });
  if (auto chosen = choose(now); !chosen) return chosen.error();
  return news;
}

Result<void> Keys::choose(UnixSeconds now) {
  const auto which = signing_key(times_of(endorsed_), now);
  if (!which && !root_is_here()) return fault(Fault::Kind::refused, "keys.renew", "no signing key is endorsed now, and the root is not on this machine: reset-service keys request");
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

// SR is read for each endorsement and not kept: it may be taken elsewhere while the service runs.
Result<std::string> Keys::make(UnixSeconds now) {
  auto root = crypto::PrivateKey::load(dir_ / "sr.pem");
  if (!root) return root.error();
  if (root->kid() != root_.kid()) return fault(Fault::Kind::refused, "keys.renew", (dir_ / "sr.pem").string() + ": another root than this service's");
  auto key = crypto::PrivateKey::generate();
  if (!key) return key.error();
  if (auto saved = key->save(file_of(key->kid(), ".pem")); !saved) return saved.error();
  auto jws = endorse(*root, iss_, key->public_key().jwk(), now, now);
  if (!jws) return jws.error();
  if (auto written = endorsed(key->kid(), *jws, now); !written) return written.error();
  log::info("service.key_made", log::field("file", file_of(key->kid(), ".pem").string()), log::field("kid", key->kid()));
  return key->kid();
}

Result<void> Keys::endorsed(const std::string& kid, const std::string& jws, UnixSeconds now) {
  if (auto written = platform::write_private_file(file_of(kid, ".jws"), jws); !written) return written;
  std::error_code ignored;  // else it is announced by the file system's clock
  std::filesystem::last_write_time(file_of(kid, ".jws"), std::chrono::file_clock::from_sys(std::chrono::sys_seconds(std::chrono::seconds(now))), ignored);
  return {};
}

Result<void> Keys::rotate(UnixSeconds now, bool withdraw) {
  if (!root_is_here()) return fault(Fault::Kind::refused, "keys.rotate", "the root is not on this machine: keys request --fresh, keys endorse where the root is, keys install (--withdraw)");
  if (auto looked = look(now); !looked) return looked;
  if (!withdraw && endorsed_.size() >= endorsements_max) return fault(Fault::Kind::exhausted, "keys.rotate", "four signing keys are valid already; --withdraw gives the others up");
  auto made = make(now);
  if (!made) return made.error();
  if (withdraw)
    if (auto done = withdraw_but({*made}, now); !done) return done;
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
  for (const auto& e : ahead_) out.push_back({e.kid, e.times, State::later});
  for (const auto& e : endorsed_) out.push_back({e.kid, e.times, signing_.get() && e.kid == signing_.kid() ? State::signs : State::valid});
  return out;
}

std::vector<std::string> Keys::endorsements(UnixSeconds now) const {
  std::vector<std::string> valid;
  for (const auto& e : endorsed_)
    if (e.times.exp > now && valid.size() < endorsements_max) valid.push_back(e.jws);
  return valid;
}

std::optional<UnixSeconds> Keys::ends_soon(UnixSeconds now) const {
  if (root_is_here()) return std::nullopt;
  auto times = times_of(endorsed_);
  for (const auto& e : ahead_) times.push_back(e.times);
  const auto end = covered_until(std::move(times), now);
  return end - now < sk_warn_s ? std::optional(end) : std::nullopt;
}

}  // namespace wb::service
