#include "agent/keys_list.hpp"

#include <ctime>
#include <ostream>

#include "agent/identity.hpp"
#include "agent/membership.hpp"
#include "crypto/jws.hpp"
#include "platform/process.hpp"
#include "protocol/codec.hpp"

namespace wb::agent {
namespace {

std::string day_of(UnixSeconds at) {
  if (at == 0) return "-";
  const std::time_t time = at;
  std::tm parts{};
  char text[32] = {};
  if (::gmtime_r(&time, &parts)) std::strftime(text, sizeof text, "%Y-%m-%dT%H:%MZ", &parts);
  return text;
}

void line(std::ostream& out, const std::string& what, const std::string& kid, UnixSeconds since, UnixSeconds until, const std::string& where) {
  out << what << std::string(what.size() < 16 ? 16 - what.size() : 1, ' ') << kid << "  " << day_of(since) << "  " << day_of(until) << "  " << where << "\n";
}

}  // namespace

Result<void> list_keys(const config::AgentConfig& config, UnixSeconds now, std::ostream& out) {
  const auto& folder = config.state_dir;
  auto identity = load_identity(folder);
  if (!identity) return identity.error();
  auto keys = load_keys(folder);
  if (!keys) return keys.error();
  auto book = load_key_book(folder);
  if (!book) return book.error();
  const auto place = [&](const crypto::PrivateKey& key, const std::string& file) { return key.uri().empty() ? (folder / file).string() : key.uri().substr(0, key.uri().find(':')) + ": (provider)"; };
  out << "agent: " << identity->agent << " of " << identity->tenant << " at " << identity->service << "\n";
  line(out, "signing", keys->as.kid(), keys->as_made, 0, place(keys->as, "as.pem"));
  if (keys->next) line(out, "  next", keys->next->kid(), 0, 0, place(*keys->next, "as-next.pem") + ", to be approved");
  for (const auto& r : book->ae) {
    const bool current = r.replaced == 0;
    line(out, current ? "encryption" : "  former", r.kid, r.made, current ? r.made + ae_life_s : r.ends(), current ? place(keys->ae, r.file) : (folder / r.file).string());
  }
  if (rotation_due(*book, now)) out << "  the encryption key is due for rotation\n";
  line(out, "service root", identity->sr, 0, 0, "pinned");
  for (const auto& [domain, pin] : identity->domains) {
    std::error_code ec;
    const auto file = root_key_file(folder, domain);
    line(out, "domain root", pin.dr.empty() ? "none yet" : pin.dr, 0, 0, domain + ", roster " + std::to_string(pin.rsn) + (std::filesystem::exists(file, ec) ? ", " + file.string() : ", not here"));
  }
  return {};
}

Result<void> rotate_keys(const config::AgentConfig& config, const std::string& uri, bool discard, UnixSeconds now, std::ostream& out) {
  auto book = rotate_ae(config.state_dir, discard ? Former::discard : Former::keep, now, uri);
  if (!book) return book.error();
  out << "encryption: " << book->ae.front().kid << "\nformer: " << book->ae.size() - 1 << "\nA running agent takes it over within half a minute; at once: kill -HUP.\n";
  return {};
}

Result<void> rotate_signing_key(const config::AgentConfig& config, const std::string& uri, std::ostream& out) {
  auto identity = load_identity(config.state_dir);
  if (!identity) return identity.error();
  auto keys = load_keys(config.state_dir);
  if (!keys) return keys.error();
  if (identity->domains.empty()) return fault(Fault::Kind::refused, "keys.rotate", "not enrolled in any domain");
  auto next = make_next_as(config.state_dir, uri);
  if (!next) return next.error();
  const protocol::SigningClaims claims{identity->agent, keys->as.kid(), unix_now()};
  auto proof = crypto::sign(*next, protocol::typ_signing, protocol::encode(claims), crypto::CarryKey::yes);
  if (!proof) return proof.error();
  auto shown = post_signed(config, *identity, *keys, "/agent/v1/signing-key", "proof", *proof, identity->domains.begin()->first);
  if (!shown) return shown.error();
  out << "agent: " << identity->agent << "\nfingerprint: " << next->kid() << "\nIt is used once it is approved. On the machine that has the domain root:\n";
  for (const auto& [domain, pin] : identity->domains) out << "  " << platform::own_command() << " approve " << identity->agent << " --fingerprint " << next->kid() << " --domain " << domain << "\n";
  return {};
}

}  // namespace wb::agent
