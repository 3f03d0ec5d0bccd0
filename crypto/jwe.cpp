#include "crypto/jwe.hpp"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>

#include <algorithm>
#include <set>

#include "core/base64url.hpp"
#include "core/ids.hpp"
#include "crypto/evp.hpp"
#include "crypto/sealed_parts.hpp"
#include "protocol/codec.hpp"

namespace wb::crypto {
namespace {

// RFC 7518 section 4.6.2: AlgorithmID || PartyUInfo || PartyVInfo || SuppPubInfo, each with its length before it;
// the last is the key's length in bits.
std::string concat_info() {
  std::string info("\0\0\0\x0e", 4);
  info += sealed_alg;
  info.append(
      "\0\0\0\0"
      "\0\0\0\0"
      "\0\0\x01\x00",
      12);
  return info;
}

// ECDH (RFC 7518 section 4.6): the shared x coordinate, left-padded. The peer is not checked again (a third of the
// whole opening): no PublicKey exists that is off the curve, and P-256, with cofactor 1, has no smaller subgroup.
Result<Secret> agree(EVP_PKEY* ours, EVP_PKEY* theirs) {
  const KeyTurn turn(ours);
  const PkeyCtx ctx(EVP_PKEY_CTX_new_from_pkey(nullptr, ours, turn.properties()));
  auto z = Secret::of_size(key_bytes);
  std::size_t size = key_bytes;
  const bool agreed = ctx && EVP_PKEY_derive_init(ctx.get()) == 1 && EVP_PKEY_derive_set_peer_ex(ctx.get(), theirs, 0) == 1 &&
      z.expose_mutable([&](std::span<char> out) { return EVP_PKEY_derive(ctx.get(), bytes(out.data()), &size); }) == 1;
  if (!agreed || size != key_bytes) return openssl_fault("jwe.agree");
  return z;
}

Result<Secret> key_encryption_key(EVP_PKEY* ours, EVP_PKEY* theirs) {
  static const std::string info = concat_info();
  auto z = agree(ours, theirs);
  if (z.has_error()) return z.error();
  const KdfCtx ctx(EVP_KDF_CTX_new(kdf_concat()));
  auto kek = Secret::of_size(key_bytes);
  char digest[] = "SHA256";
  const bool derived = ctx && z->expose_mutable([&](std::span<char> shared) {
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, shared.data(), shared.size()),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, const_cast<char*>(info.data()), info.size()),
        OSSL_PARAM_construct_end()};
    return kek.expose_mutable([&](std::span<char> out) { return EVP_KDF_derive(ctx.get(), bytes(out.data()), out.size(), params); });
  }) == 1;
  if (!derived) return openssl_fault("jwe.derive");
  return kek;
}

// AES key wrap (RFC 3394). false: the wrapped key is not of this key (or OpenSSL failed, which looks the same).
bool wrap(bool encrypt, const Secret& kek, const unsigned char* in, std::size_t size, unsigned char* out, std::size_t expected) {
  const CipherCtx ctx(EVP_CIPHER_CTX_new());
  if (!ctx) return false;
  EVP_CIPHER_CTX_set_flags(ctx.get(), EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
  const bool ready = kek.expose([&](std::string_view key) { return EVP_CipherInit_ex2(ctx.get(), cipher_aes256_wrap(), bytes(key), nullptr, encrypt ? 1 : 0, nullptr); }) == 1;
  int written = 0;
  const bool done = ready && EVP_CipherUpdate(ctx.get(), out, &written, in, static_cast<int>(size)) == 1 && static_cast<std::size_t>(written) == expected;
  if (!done) ERR_clear_error();
  return done;
}

std::optional<Secret> gcm_open(const Secret& cek, const SealedParts& parts) {
  const CipherCtx ctx(EVP_CIPHER_CTX_new());
  auto plain = Secret::of_size(parts.ciphertext.size());
  auto tag = parts.tag;
  int some = 0;
  const bool opened = ctx && cek.expose([&](std::string_view key) { return EVP_DecryptInit_ex2(ctx.get(), cipher_aes256_gcm(), bytes(key), bytes(parts.iv), nullptr); }) == 1 &&
      EVP_DecryptUpdate(ctx.get(), nullptr, &some, bytes(parts.protected_text), static_cast<int>(parts.protected_text.size())) == 1 &&
      plain.expose_mutable([&](std::span<char> out) {
        return EVP_DecryptUpdate(ctx.get(), bytes(out.data()), &some, bytes(parts.ciphertext), static_cast<int>(parts.ciphertext.size()));
      }) == 1 &&
      EVP_CIPHER_CTX_ctrl(ctx.get(), EVP_CTRL_AEAD_SET_TAG, static_cast<int>(tag.size()), tag.data()) == 1 &&
      EVP_DecryptFinal_ex(ctx.get(), bytes(tag.data()), &some) == 1;  // writes nothing: GCM has no last block
  if (opened) return plain;
  ERR_clear_error();
  return std::nullopt;
}

// Fills ciphertext and tag.
bool gcm_seal(const Secret& cek, const Secret& plaintext, SealedParts& parts) {
  const CipherCtx ctx(EVP_CIPHER_CTX_new());
  parts.ciphertext.resize(plaintext.size());
  parts.tag.resize(tag_bytes);
  int some = 0;
  return ctx && cek.expose([&](std::string_view key) { return EVP_EncryptInit_ex2(ctx.get(), cipher_aes256_gcm(), bytes(key), bytes(parts.iv), nullptr); }) == 1 &&
      EVP_EncryptUpdate(ctx.get(), nullptr, &some, bytes(parts.protected_text), static_cast<int>(parts.protected_text.size())) == 1 &&
      plaintext.expose([&](std::string_view in) { return EVP_EncryptUpdate(ctx.get(), bytes(parts.ciphertext.data()), &some, bytes(in), static_cast<int>(in.size())); }) == 1 &&
      EVP_EncryptFinal_ex(ctx.get(), bytes(parts.tag.data()), &some) == 1 &&
      EVP_CIPHER_CTX_ctrl(ctx.get(), EVP_CTRL_AEAD_GET_TAG, static_cast<int>(tag_bytes), parts.tag.data()) == 1;
}

// {"header":{"kid","epk"},"encrypted_key"} with an ephemeral key of its own.
Result<std::string> seal_for(const PublicKey& recipient, const Secret& cek) {
  auto ephemeral = PrivateKey::generate();
  if (ephemeral.has_error()) return ephemeral.error();
  auto kek = key_encryption_key(ephemeral->get(), recipient.get());
  if (kek.has_error()) return kek.error();
  std::string wrapped(wrapped_bytes + 8, '\0');
  const bool done = cek.expose([&](std::string_view key) { return wrap(true, *kek, bytes(key), key.size(), bytes(wrapped.data()), wrapped_bytes); });
  if (!done) return openssl_fault("jwe.wrap");
  wrapped.resize(wrapped_bytes);
  const auto& epk = ephemeral->public_key().jwk();
  return R"({"header":{"kid":")" + recipient.kid() + R"(","epk":{"kty":"EC","crv":"P-256","x":")" + epk.x + R"(","y":")" + epk.y +
      R"("}},"encrypted_key":")" + base64url(wrapped) + R"("})";
}

}  // namespace

Result<Secret> open_sealed(std::string_view jwe, const PrivateKey& ours) {
  auto parts = parse_sealed(jwe);
  if (parts.has_error()) return parts.error();
  const auto refused = [](const char* detail) { return fault(Fault::Kind::refused, "jwe.open", detail); };
  const auto mine = std::find_if(parts->recipients.begin(), parts->recipients.end(), [&](const auto& r) { return r.kid == ours.kid(); });
  if (mine == parts->recipients.end()) return refused("recipient");
  auto epk = PublicKey::from_jwk(mine->epk);
  if (epk.has_error()) return epk.error();
  auto kek = key_encryption_key(ours.get(), epk->get());
  if (kek.has_error()) return kek.error();
  auto cek = Secret::of_size(wrapped_bytes);  // the unwrapping writes 32 of them
  const bool unwrapped = cek.expose_mutable([&](std::span<char> out) { return wrap(false, *kek, bytes(mine->wrapped), wrapped_bytes, bytes(out.data()), key_bytes); });
  if (!unwrapped) return refused("decrypt");
  cek.truncate(key_bytes);
  auto plain = gcm_open(cek, *parts);
  if (!plain) return refused("decrypt");
  return std::move(*plain);
}

Result<std::string> seal(const std::vector<PublicKey>& recipients, const protocol::SealBinding& binding, const Secret& plaintext) {
  std::set<std::string_view> kids;
  for (const auto& recipient : recipients) kids.insert(recipient.kid());
  if (recipients.empty() || recipients.size() > protocol::recipients_max || kids.size() != recipients.size())
    return fault(Fault::Kind::malformed, "jwe.seal", "expected 1 to 32 distinct recipients");
  SealedParts parts;
  parts.protected_text = base64url(R"({"alg":"ECDH-ES+A256KW","enc":"A256GCM","typ":"wb-sealed+jwe","wb":)" + protocol::encode(binding) + "}");
  parts.iv = random_bytes(iv_bytes);
  auto cek = Secret::of_size(key_bytes);
  cek.expose_mutable([](std::span<char> out) {
    auto random = random_bytes(out.size());
    std::copy(random.begin(), random.end(), out.begin());
    cleanse(random.data(), random.size());
  });
  if (!gcm_seal(cek, plaintext, parts)) return openssl_fault("jwe.seal");
  std::string out = R"({"protected":")" + parts.protected_text + R"(","recipients":[)";
  for (const auto& recipient : recipients) {
    auto sealed = seal_for(recipient, cek);
    if (sealed.has_error()) return sealed.error();
    if (&recipient != &recipients.front()) out += ',';
    out += *sealed;
  }
  return out + R"(],"iv":")" + base64url(parts.iv) + R"(","ciphertext":")" + base64url(parts.ciphertext) + R"(","tag":")" + base64url(parts.tag) + R"("})";
}

}  // namespace wb::crypto
