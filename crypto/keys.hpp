// P-256 keys: made, stored, named. A private key is an EVP_PKEY and stays one, so that OpenSSL providers (TPM,
// PKCS#11) can hold it later. Names are RFC 7638 thumbprints.
#pragma once
#include <openssl/evp.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "core/result.hpp"
#include "protocol/messages.hpp"

namespace wb::crypto {

using protocol::Jwk;

struct PkeyFree {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Pkey = std::unique_ptr<EVP_PKEY, PkeyFree>;

// RFC 7638 section 3: base64url(SHA-256({"crv":"P-256","kty":"EC","x":...,"y":...})).
std::string thumbprint(const Jwk& key);
std::string sha256(std::string_view bytes);      // 32 raw bytes
std::string sha256_url(std::string_view bytes);  // base64url of it

// A public key checked to be on the curve. Fault malformed otherwise.
class PublicKey {
 public:
  static Result<PublicKey> from_jwk(const Jwk& jwk);
  const Jwk& jwk() const { return jwk_; }
  const std::string& kid() const { return kid_; }
  EVP_PKEY* get() const { return key_.get(); }

 private:
  std::shared_ptr<EVP_PKEY> key_;
  Jwk jwk_;
  std::string kid_;
};

class PrivateKey {
 public:
  static Result<PrivateKey> generate();
  // PEM (PKCS#8, unencrypted) in a file of mode 0600 owned by us or root; Fault refused when wider or foreign-owned
  // (detail says the chmod that mends it), unreachable when missing, malformed when not a P-256 key.
  static Result<PrivateKey> load(const std::filesystem::path& file);
  // Creates the file 0600, written aside, synced and renamed; never overwrites (Fault refused).
  Result<void> save(const std::filesystem::path& file) const;
  const PublicKey& public_key() const { return public_; }
  const std::string& kid() const { return public_.kid(); }
  EVP_PKEY* get() const { return key_.get(); }

 private:
  // Takes a key whose public half matches and that is on P-256; Fault malformed otherwise.
  static Result<PrivateKey> adopt(Pkey key, std::string_view where);
  std::shared_ptr<EVP_PKEY> key_;
  PublicKey public_;
};

}  // namespace wb::crypto
