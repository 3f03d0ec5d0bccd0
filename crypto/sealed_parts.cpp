#include "crypto/sealed_parts.hpp"

#include <set>

#include "core/base64url.hpp"
#include "core/ids.hpp"
#include "crypto/evp.hpp"
#include "protocol/codec.hpp"
#include "protocol/shapes.hpp"

namespace wb::crypto {
namespace {
using protocol::Members;
namespace json = protocol::json;

Fault bad_jwe(std::string detail) { return fault(Fault::Kind::malformed, "jwe.parse", std::move(detail)); }

// A member of base64url text that stands for `least` to `most` bytes.
void read_bytes(Members& members, std::string_view name, std::size_t least, std::size_t most, std::string& out) {
  std::string text;
  members.text(name, text);
  if (!members.ok()) return;
  auto raw = from_base64url(text);
  if (!raw || raw->size() < least || raw->size() > most) return members.problem(name, "not base64url of the right size");
  out = std::move(*raw);
}

Result<protocol::SealBinding> read_protected(std::string_view text) {
  auto parsed = protocol::parse_json(text);
  if (parsed.has_error()) return bad_jwe("protected: " + parsed.error().detail);
  Members members(*parsed, Members::Unknown::refused);
  std::string alg, enc, typ;
  members.text("alg", alg).text("enc", enc).text("typ", typ);
  const auto* wb = members.any("wb");
  if (auto done = members.finish(); done.has_error()) return bad_jwe("protected: " + done.error().detail);
  if (alg != sealed_alg || enc != sealed_enc) return bad_jwe("protected: expected ECDH-ES+A256KW and A256GCM");
  if (typ != protocol::typ_sealed) return bad_jwe("protected: typ: expected wb-sealed+jwe");
  auto binding = protocol::decode<protocol::SealBinding>(json::serialize(*wb));
  if (binding.has_error()) return bad_jwe("wb: " + binding.error().detail);
  if (!is_ulid(binding->jti)) return bad_jwe("wb: jti: expected a ulid");
  const auto nce = from_base64url(binding->nce);
  if (!nce || nce->size() != 16) return bad_jwe("wb: nce: expected 16 bytes");
  if (binding->exp <= binding->iat || binding->exp - binding->iat > protocol::seal_seconds_max) return bad_jwe("wb: exp: at most 120 s after iat");
  return binding;
}

Result<SealedParts::Recipient> read_recipient(const json::value& value) {
  Members members(value, Members::Unknown::refused);
  SealedParts::Recipient out;
  const auto* header = members.any("header");
  read_bytes(members, "encrypted_key", wrapped_bytes, wrapped_bytes, out.wrapped);
  if (auto done = members.finish(); done.has_error()) return done.error();
  Members named(*header, Members::Unknown::refused);
  named.text("kid", out.kid);
  protocol::read_member(named, "epk", out.epk);
  if (auto done = named.finish(); done.has_error()) return done.error();
  if (!is_thumbprint(out.kid)) return bad_jwe("kid: expected a thumbprint");
  if (point_of(out.epk).empty()) return bad_jwe("epk: not a point on P-256");
  return out;
}

}  // namespace

Result<SealedParts> parse_sealed(std::string_view jwe) {
  if (jwe.size() > protocol::job_bytes_max) return bad_jwe("over the size limit");
  auto parsed = protocol::parse_json(jwe);
  if (parsed.has_error()) return bad_jwe(parsed.error().detail);
  Members members(*parsed, Members::Unknown::refused);
  SealedParts out;
  members.text("protected", out.protected_text);
  read_bytes(members, "iv", iv_bytes, iv_bytes, out.iv);
  read_bytes(members, "ciphertext", pad_bytes, plaintext_bytes_max, out.ciphertext);
  read_bytes(members, "tag", tag_bytes, tag_bytes, out.tag);
  protocol::read_list(members, "recipients", protocol::recipients_max, out.recipients, read_recipient);
  if (auto done = members.finish(); done.has_error()) return bad_jwe(done.error().detail);
  if (out.ciphertext.size() % pad_bytes != 0) return bad_jwe("ciphertext: not padded to 128 bytes");
  if (out.recipients.empty()) return bad_jwe("recipients: expected 1 to 32");
  std::set<std::string_view> kids;
  for (const auto& recipient : out.recipients) {
    if (!kids.insert(recipient.kid).second) return bad_jwe("recipients: a kid stands there twice");
    out.header.kids.push_back(recipient.kid);
  }
  const auto header = from_base64url(out.protected_text);
  if (!header) return bad_jwe("protected: not base64url");
  auto binding = read_protected(*header);
  if (binding.has_error()) return binding.error();
  out.header.binding = std::move(*binding);
  return out;
}

Result<SealedHeader> read_sealed(std::string_view jwe) {
  auto parts = parse_sealed(jwe);
  if (parts.has_error()) return parts.error();
  return std::move(parts->header);
}

}  // namespace wb::crypto
