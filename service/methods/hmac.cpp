#include "service/methods/hmac.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <cstdlib>
#include <cstring>
#include <memory>

#include "core/ids.hpp"

namespace wb::service {
namespace {
template <auto Free> struct Freed {
  template <class T> void operator()(T* p) const { Free(p); }
};
using MacCtx = std::unique_ptr<EVP_MAC_CTX, Freed<EVP_MAC_CTX_free>>;

EVP_MAC* algorithm() {
  static EVP_MAC* const fetched = EVP_MAC_fetch(nullptr, OSSL_MAC_NAME_HMAC, nullptr);  // for the life of the process
  return fetched;
}
}  // namespace

std::string hmac(HmacDigest digest, const Secret& key, std::string_view data) {
  char sha1[] = "SHA1", sha256[] = "SHA256";
  const OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest == HmacDigest::sha1 ? sha1 : sha256, 0),
      OSSL_PARAM_construct_end(),
  };
  const MacCtx ctx(EVP_MAC_CTX_new(algorithm()));
  std::string out(EVP_MAX_MD_SIZE, '\0');
  std::size_t size = 0;
  const auto begun = ctx && key.expose([&](std::string_view bytes) {
    return EVP_MAC_init(ctx.get(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), params) == 1;
  });
  const bool made = begun && EVP_MAC_update(ctx.get(), reinterpret_cast<const unsigned char*>(data.data()), data.size()) == 1 &&
      EVP_MAC_final(ctx.get(), reinterpret_cast<unsigned char*>(out.data()), &size, out.size()) == 1;
  if (!made) std::abort();
  out.resize(size);
  return out;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::uint32_t fair_random(std::uint32_t bound) {
  // The largest multiple of bound that fits: what lies above would favour the small numbers, and is thrown again.
  const std::uint64_t range = std::uint64_t{1} << 32, fair = range - range % bound;
  for (;;) {
    std::uint32_t number = 0;
    std::memcpy(&number, random_bytes(sizeof number).data(), sizeof number);
    if (number < fair) return number % bound;
  }
}

}  // namespace wb::service
