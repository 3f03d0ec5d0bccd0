// ES256 (RFC 7518 section 3.4): JOSE wants r || s, OpenSSL speaks DER.
#include <openssl/err.h>

#include "crypto/evp.hpp"

namespace wb::crypto {
namespace {
constexpr std::size_t half = 32;

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

}  // namespace

bool es256_holds(std::string_view input, std::string_view signature, EVP_PKEY* key) {
  if (signature.size() != 2 * half) return false;
  const auto der = der_signature(signature);
  const MdCtx ctx(EVP_MD_CTX_new());
  const bool holds = !der.empty() && ctx && EVP_DigestVerifyInit_ex(ctx.get(), nullptr, "SHA256", nullptr, nullptr, key, nullptr) == 1 &&
      EVP_DigestVerify(ctx.get(), bytes(der), der.size(), bytes(input), input.size()) == 1;
  if (!holds) ERR_clear_error();
  return holds;
}

Result<std::string> es256_sign(std::string_view input, EVP_PKEY* key) {
  const KeyTurn turn(key);
  const PkeyCtx ctx(EVP_PKEY_CTX_new_from_pkey(nullptr, key, turn.properties()));
  std::string digest(half, '\0');  // by ourselves: a provider may send each block to its device
  std::string der(80, '\0');
  std::size_t size = der.size();
  if (!ctx || EVP_Digest(input.data(), input.size(), bytes(digest.data()), nullptr, md_sha256(), nullptr) != 1 || EVP_PKEY_sign_init(ctx.get()) != 1 ||
      EVP_PKEY_CTX_set_signature_md(ctx.get(), md_sha256()) != 1 || EVP_PKEY_sign(ctx.get(), bytes(der.data()), &size, bytes(digest), digest.size()) != 1)
    return openssl_fault("jws.sign");
  return raw_signature(std::string_view(der).substr(0, size));
}

}  // namespace wb::crypto
