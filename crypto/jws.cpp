#include "crypto/jws.hpp"

#include "core/base64url.hpp"
#include "crypto/evp.hpp"
#include "protocol/shapes.hpp"

namespace wb::crypto {
namespace {
constexpr std::size_t signature_bytes = 64;

Fault malformed(std::string detail) { return fault(Fault::Kind::malformed, "jws.parse", std::move(detail)); }

// Strict (docs/PROTOCOL.md section 3): these members, all of them, no others.
Result<void> read_header(std::string_view text, std::string_view typ, CarryKey carry, UnverifiedJws& out) {
  auto parsed = protocol::parse_json(text);
  if (parsed.has_error()) return malformed("header: " + parsed.error().detail);
  protocol::Members members(*parsed, protocol::Members::Unknown::refused);
  std::string alg, named;
  members.text("alg", alg).text("typ", named).text("kid", out.kid);
  Jwk jwk;
  if (carry == CarryKey::yes) protocol::read_member(members, "jwk", jwk);
  if (auto done = members.finish(); done.has_error()) return malformed("header: " + done.error().detail);
  if (alg != "ES256") return malformed("header: alg: expected ES256");
  if (named != typ) return malformed("header: typ: expected " + std::string(typ));
  if (!is_thumbprint(out.kid)) return malformed("header: kid: expected a thumbprint");
  if (carry == CarryKey::no) return {};
  auto key = PublicKey::from_jwk(jwk);
  if (key.has_error()) return malformed("header: jwk: not a point on P-256");
  if (key->kid() != out.kid) return malformed("header: kid is not the thumbprint of jwk");
  out.jwk = std::move(*key);
  return {};
}

Result<SelfSigned> verify_carried(std::string_view text, std::string_view typ, std::optional<std::string_view> pin) {
  auto jws = parse_jws(text, typ, CarryKey::yes);
  if (jws.has_error()) return jws.error();
  if (pin && jws->kid != *pin) return fault(Fault::Kind::refused, "jws.verify", "not signed by the pinned key");
  if (!es256_holds(jws->signing_input, jws->signature, jws->jwk->get())) return fault(Fault::Kind::refused, "jws.verify", "signature");
  return SelfSigned{std::move(*jws->jwk), std::move(jws->payload)};
}

}  // namespace

Result<std::string> sign(const PrivateKey& key, std::string_view typ, std::string_view payload, CarryKey carry) {
  // By hand: the typ is ours and the rest is base64url, so that nothing needs escaping.
  std::string header = R"({"alg":"ES256","typ":")" + std::string(typ) + R"(","kid":")" + key.kid() + '"';
  const auto& jwk = key.public_key().jwk();
  if (carry == CarryKey::yes) header += R"(,"jwk":{"kty":"EC","crv":"P-256","x":")" + jwk.x + R"(","y":")" + jwk.y + R"("})";
  const auto input = base64url(header + "}") + "." + base64url(payload);
  auto raw = es256_sign(input, key.get());
  if (raw.has_error()) return raw.error();
  return input + "." + base64url(*raw);
}

Result<UnverifiedJws> parse_jws(std::string_view text, std::string_view typ, CarryKey carry) {
  if (text.size() > protocol::message_bytes_max) return malformed("over the size limit");
  const auto first = text.find('.'), last = text.rfind('.');
  if (first == std::string_view::npos || first == last) return malformed("expected three parts");
  const auto header = from_base64url(text.substr(0, first));
  auto payload = from_base64url(text.substr(first + 1, last - first - 1));  // a dot too many is not base64url
  auto signature = from_base64url(text.substr(last + 1));
  if (!header || !payload || !signature) return malformed("not base64url");
  if (signature->size() != signature_bytes) return malformed("expected a signature of 64 bytes");
  UnverifiedJws out;
  if (auto read = read_header(*header, typ, carry, out); read.has_error()) return read.error();
  out.payload = std::move(*payload);
  out.signature = std::move(*signature);
  out.signing_input = text.substr(0, last);
  return out;
}

Result<std::string> verify(std::string_view text, std::string_view typ, const PublicKey& key) {
  auto jws = parse_jws(text, typ, CarryKey::no);
  if (jws.has_error()) return jws.error();
  if (jws->kid != key.kid()) return fault(Fault::Kind::refused, "jws.verify", "signed by another key");
  if (!es256_holds(jws->signing_input, jws->signature, key.get())) return fault(Fault::Kind::refused, "jws.verify", "signature");
  return std::move(jws->payload);
}

Result<std::string> verify_pinned(std::string_view text, std::string_view typ, std::string_view pin) {
  auto known = verify_carried(text, typ, pin);
  if (known.has_error()) return known.error();
  return std::move(known->payload);
}

Result<SelfSigned> verify_self_signed(std::string_view text, std::string_view typ) { return verify_carried(text, typ, std::nullopt); }

}  // namespace wb::crypto
