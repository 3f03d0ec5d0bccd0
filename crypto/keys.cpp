#include "crypto/keys.hpp"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

#include "core/base64url.hpp"
#include "crypto/evp.hpp"

namespace wb::crypto {
namespace {

// The public half of a key that OpenSSL (or a provider) holds. x and y are left-padded to 32 bytes.
Result<Jwk> jwk_of(EVP_PKEY* key) {
  const auto coordinate = [key](const char* name) -> std::optional<std::string> {
    BIGNUM* number = nullptr;
    if (EVP_PKEY_get_bn_param(key, name, &number) != 1) return std::nullopt;
    const Bignum owned(number);
    std::string out(32, '\0');
    if (BN_bn2binpad(number, bytes(out.data()), 32) != 32) return std::nullopt;
    return base64url(out);
  };
  const auto x = coordinate(OSSL_PKEY_PARAM_EC_PUB_X), y = coordinate(OSSL_PKEY_PARAM_EC_PUB_Y);
  if (!x || !y) return openssl_fault("key.public");
  return Jwk{*x, *y};
}

}  // namespace

std::string sha256(std::string_view input) {
  std::string out(32, '\0');
  if (EVP_Digest(input.data(), input.size(), bytes(out.data()), nullptr, md_sha256(), nullptr) != 1) std::abort();
  return out;
}
std::string sha256_url(std::string_view input) { return base64url(sha256(input)); }

std::string thumbprint(const Jwk& key) {
  return sha256_url(R"({"crv":"P-256","kty":"EC","x":")" + key.x + R"(","y":")" + key.y + R"("})");
}

Result<PublicKey> PublicKey::from_jwk(const Jwk& jwk) {
  auto point = point_of(jwk);
  if (point.empty()) return fault(Fault::Kind::malformed, "key.public", "not a point on P-256");
  char group[] = "P-256";
  const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()),
      OSSL_PARAM_construct_end()};
  const PkeyCtx ctx(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* made = nullptr;
  if (!ctx || EVP_PKEY_fromdata_init(ctx.get()) != 1 || EVP_PKEY_fromdata(ctx.get(), &made, EVP_PKEY_PUBLIC_KEY, const_cast<OSSL_PARAM*>(params)) != 1)
    return openssl_fault("key.public");
  PublicKey key;
  key.key_.reset(made, PkeyFree{});
  key.jwk_ = jwk;
  key.kid_ = thumbprint(jwk);
  return key;
}

Result<PrivateKey> PrivateKey::generate() {
  Pkey made(EVP_EC_gen("P-256"));
  if (!made) return openssl_fault("key.generate");
  return adopt(std::move(made), "key.generate");
}

Result<PrivateKey> PrivateKey::adopt(Pkey key, std::string_view where) {
  const PkeyCtx ctx(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  // Pairwise: a file whose public half was swapped would have us publish a key we can't use.
  if (!ctx || EVP_PKEY_pairwise_check(ctx.get()) != 1) {
    ERR_clear_error();
    return fault(Fault::Kind::malformed, std::string(where), "not a P-256 private key");
  }
  return name(std::move(key), where);
}

Result<PrivateKey> PrivateKey::name(Pkey key, std::string_view where) {
  char group[32] = {};
  std::size_t length = 0;
  const bool p256 = EVP_PKEY_get_group_name(key.get(), group, sizeof group, &length) == 1 &&
      (std::string_view(group, length) == SN_X9_62_prime256v1 || std::string_view(group, length) == "P-256");  // providers have their own spelling
  if (!p256) {
    ERR_clear_error();
    return fault(Fault::Kind::malformed, std::string(where), "not a P-256 private key");
  }
  auto jwk = jwk_of(key.get());
  if (jwk.has_error()) return jwk.error();
  auto half = PublicKey::from_jwk(*jwk);
  if (half.has_error()) return half.error();
  PrivateKey made;
  made.key_ = std::move(key);
  made.public_ = std::move(*half);
  return made;
}

}  // namespace wb::crypto
