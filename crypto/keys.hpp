// P-256 keys: made, stored, named. A private key is an EVP_PKEY and stays one: where its file holds a URI in place of a
// key, an OpenSSL provider (TPM, PKCS#11) holds it and it never comes here. Names are RFC 7638 thumbprints.
#pragma once
#include <openssl/evp.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "core/result.hpp"
#include "core/secret.hpp"
#include "protocol/messages.hpp"

namespace wb::crypto {

using protocol::Jwk;

struct PkeyFree {
  void operator()(EVP_PKEY* key) const;
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
  // Instead of PEM the file may hold one line with the URI of a key (OSSL_STORE, ossl_store(7)): "pkcs11:...", "handle:0x81000001".
  static Result<PrivateKey> load(const std::filesystem::path& file);
  // The key that a provider of this machine's OpenSSL configuration knows under this URI; tried once, with an agreement or a
  // signature. Fault unreachable when it has none, malformed when that is no P-256 key or does not work.
  static Result<PrivateKey> from_store(const std::string& uri);
  // A key that left the machine: PEM, with a passphrase (PBES2: scrypt, AES-256-CBC; `openssl pkey` reads it). load_sealed
  // takes a file without one too. Fault refused for a wrong passphrase; else as load() and save().
  static Result<PrivateKey> load_sealed(const std::filesystem::path& file, const Secret& passphrase);
  Result<void> save_sealed(const std::filesystem::path& file, const Secret& passphrase) const;
  // Creates the file 0600, written aside, synced and renamed; never overwrites (Fault refused).
  Result<void> save(const std::filesystem::path& file) const;
  const PublicKey& public_key() const { return public_; }
  const std::string& kid() const { return public_.kid(); }
  EVP_PKEY* get() const { return key_.get(); }
  const std::string& uri() const { return uri_; }  // where a provider holds it; empty: the key itself is in the file

 private:
  // Takes a key whose public half matches and that is on P-256; Fault malformed otherwise.
  static Result<PrivateKey> adopt(Pkey key, std::string_view where);
  static Result<PrivateKey> name(Pkey key, std::string_view where);  // the same without the check of the private half
  std::shared_ptr<EVP_PKEY> key_;
  PublicKey public_;
  std::string uri_;
};

}  // namespace wb::crypto
