#include "crypto/jws.hpp"

#include <openssl/err.h>

#include "core/base64url.hpp"
#include "crypto/evp.hpp"
#include "protocol/shapes.hpp"

namespace wb::crypto {
namespace {
constexpr std::size_t half = 32;  // of an ES256 signature, r || s (RFC 7518 section 3.4)

Fault malformed(std::string detail) { return fault(Fault::Kind::malformed, "jws.parse", std::move(detail)); }

Result<std::string> raw_signature(std::string_view der) {
  const auto* at = bytes(der);
  const EcdsaSig sig(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  std::string raw(2 * half, '\0');
  const bool ok = sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig.get()), bytes(raw.data()), half) == half &&
                  BN_bn2binpad(ECDSA_SIG_get0_s(sig.get()), bytes(raw.data()) + half, half) == half;
  if (!ok) return openssl_fault("jws.sign");
  return raw;
}

std::string der_signature(std::string_view raw) {
  const EcdsaSig sig(ECDSA_SIG_new());
  Bignum r(BN_bin2bn(bytes(raw), half, nullptr)), s(BN_bin2bn(bytes(raw) + half, half, nullptr));
  if (!sig || !r || !s || ECDSA_SIG_set0(sig.get(), r.get(), s.get()) != 1) return {};
  (void)r.release();  // the signature owns them now
  (void)s.release();
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(sig.get(), &der);
  if (size <= 0) return {};
  std::string out(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return out;
}

bool signature_holds(const UnverifiedJws& jws, EVP_PKEY* key) {
  const auto der = der_signature(jws.signature);
  const MdCtx ctx(EVP_MD_CTX_new());
  const bool holds = !der.empty() && ctx && EVP_DigestVerifyInit_ex(ctx.get(), nullptr, "SHA256", nullptr, nullptr, key, nullptr) == 1 &&
                     EVP_DigestVerify(ctx.get(), bytes(der), der.size(), bytes(jws.signing_input), jws.signing_input.size()) == 1;
  if (!holds) ERR_clear_error();
  return holds;
}

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
  if (!signature_holds(*jws, jws->jwk->get())) return fault(Fault::Kind::refused, "jws.verify", "signature");
  return SelfSigned{std::move(*jws->jwk), std::move(jws->payload)};
}

}  // namespace

Result<std::string> sign(const PrivateKey& key, std::string_view typ, std::string_view payload, CarryKey carry) {
  // By hand: the typ is ours and the rest is base64url, so that nothing needs escaping.
  std::string header = R"({"alg":"ES256","typ":")" + std::string(typ) + R"(","kid":")" + key.kid() + '"';
  const auto& jwk = key.public_key().jwk();
  if (carry == CarryKey::yes) header += R"(,"jwk":{"kty":"EC","crv":"P-256","x":")" + jwk.x + R"(","y":")" + jwk.y + R"("})";
  const auto input = base64url(header + "}") + "." + base64url(payload);
  const MdCtx ctx(EVP_MD_CTX_new());
  std::string der(80, '\0');
  std::size_t size = der.size();
  if (!ctx || EVP_DigestSignInit_ex(ctx.get(), nullptr, "SHA256", nullptr, nullptr, key.get(), nullptr) != 1 ||
      EVP_DigestSign(ctx.get(), bytes(der.data()), &size, bytes(input), input.size()) != 1)
    return openssl_fault("jws.sign");
  auto raw = raw_signature(std::string_view(der).substr(0, size));
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
  if (signature->size() != 2 * half) return malformed("expected a signature of 64 bytes");
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
  if (!signature_holds(*jws, key.get())) return fault(Fault::Kind::refused, "jws.verify", "signature");
  return std::move(jws->payload);
}

Result<std::string> verify_pinned(std::string_view text, std::string_view typ, std::string_view pin) {
  auto known = verify_carried(text, typ, pin);
  if (known.has_error()) return known.error();
  return std::move(known->payload);
}

Result<SelfSigned> verify_self_signed(std::string_view text, std::string_view typ) { return verify_carried(text, typ, std::nullopt); }

}  // namespace wb::crypto
