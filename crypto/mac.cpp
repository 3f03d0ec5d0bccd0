#include "crypto/mac.hpp"

#include <openssl/crypto.h>
#include <openssl/hmac.h>

#include <cstdlib>

#include "crypto/evp.hpp"

namespace wb::crypto {
namespace {

std::string hmac(const EVP_MD* digest, const Secret& key, std::string_view text) {
  std::string out(static_cast<std::size_t>(EVP_MD_get_size(digest)), '\0');
  const bool made = key.expose([&](std::string_view k) { return HMAC(digest, k.data(), static_cast<int>(k.size()), bytes(text), text.size(), bytes(out.data()), nullptr) != nullptr; });
  if (!made) std::abort();  // no memory: nothing that was signed or compared would mean anything
  return out;
}

}  // namespace

std::string hmac_sha256(const Secret& key, std::string_view text) { return hmac(md_sha256(), key, text); }
std::string hmac_sha1(const Secret& key, std::string_view text) { return hmac(EVP_sha1(), key, text); }

bool same_bytes(std::string_view a, std::string_view b) { return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0; }

std::string hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += digits[byte >> 4U];
    out += digits[byte & 15U];
  }
  return out;
}

}  // namespace wb::crypto
