#include "crypto/evp.hpp"

#include <openssl/err.h>
#include <openssl/obj_mac.h>
#include <openssl/provider.h>

#include <cstdlib>

#include "core/base64url.hpp"
#include "crypto/keys.hpp"

namespace wb::crypto {
namespace {
// Without its algorithms this program can do nothing, and never will: the same answer as for a missing RNG.
template <class T> T* or_abort(T* fetched) {
  if (!fetched) std::abort();
  return fetched;
}
}  // namespace

const EVP_MD* md_sha256() {
  static const std::unique_ptr<EVP_MD, Freed<EVP_MD_free>> md(or_abort(EVP_MD_fetch(nullptr, "SHA256", nullptr)));
  return md.get();
}
const EVP_CIPHER* cipher_aes256_gcm() {
  static const std::unique_ptr<EVP_CIPHER, Freed<EVP_CIPHER_free>> gcm(or_abort(EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr)));
  return gcm.get();
}
const EVP_CIPHER* cipher_aes256_wrap() {
  static const std::unique_ptr<EVP_CIPHER, Freed<EVP_CIPHER_free>> wrap(or_abort(EVP_CIPHER_fetch(nullptr, "AES-256-WRAP", nullptr)));
  return wrap.get();
}
EVP_KDF* kdf_concat() {
  static const std::unique_ptr<EVP_KDF, Freed<EVP_KDF_free>> kdf(or_abort(EVP_KDF_fetch(nullptr, "SSKDF", nullptr)));
  return kdf.get();
}

KeyTurn::KeyTurn(const EVP_PKEY* key) {
  const auto* provider = key ? EVP_PKEY_get0_provider(key) : nullptr;
  const std::string_view name = provider ? OSSL_PROVIDER_get0_name(provider) : "default";
  if (name == "default" || name == "fips" || name == "base") return;
  query_ = "?provider=" + std::string(name);
  turn_ = of_all();
}

std::unique_lock<std::mutex> KeyTurn::of_all() {
  static std::mutex mutex;
  return std::unique_lock(mutex);
}

void PkeyFree::operator()(EVP_PKEY* key) const {
  const KeyTurn turn(key);
  EVP_PKEY_free(key);
}

Fault openssl_fault(std::string where) {
  ERR_clear_error();
  return fault(Fault::Kind::internal, std::move(where), "openssl");
}

std::string point_of(const protocol::Jwk& jwk) {
  static const std::unique_ptr<EC_GROUP, Freed<EC_GROUP_free>> p256(or_abort(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1)));
  if (jwk.x.size() != 43 || jwk.y.size() != 43) return {};
  const auto x = from_base64url(jwk.x), y = from_base64url(jwk.y);
  if (!x || !y) return {};
  std::string encoded = "\x04" + *x + *y;
  const EcPoint point(EC_POINT_new(p256.get()));
  if (!point || EC_POINT_oct2point(p256.get(), point.get(), bytes(encoded), encoded.size(), nullptr) != 1) {
    ERR_clear_error();
    return {};
  }
  return encoded;
}

bool is_thumbprint(std::string_view text) { return text.size() == 43 && from_base64url(text).has_value(); }

}  // namespace wb::crypto
