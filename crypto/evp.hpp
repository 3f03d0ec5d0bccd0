// Inside crypto/ only: owners for OpenSSL's objects, and the algorithms we use, fetched once (a fetch by name costs
// more than the AES it is for).
#pragma once
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "core/result.hpp"
#include "core/secret.hpp"
#include "protocol/messages.hpp"

namespace wb::crypto {

template <auto Free> struct Freed {
  template <class T> void operator()(T* p) const { Free(p); }
};
using PkeyCtx = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX_free>>;
using MdCtx = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;
using CipherCtx = std::unique_ptr<EVP_CIPHER_CTX, Freed<EVP_CIPHER_CTX_free>>;
using KdfCtx = std::unique_ptr<EVP_KDF_CTX, Freed<EVP_KDF_CTX_free>>;
using EcdsaSig = std::unique_ptr<ECDSA_SIG, Freed<ECDSA_SIG_free>>;
using Bignum = std::unique_ptr<BIGNUM, Freed<BN_free>>;
using EcPoint = std::unique_ptr<EC_POINT, Freed<EC_POINT_free>>;

const EVP_MD* md_sha256();
const EVP_CIPHER* cipher_aes256_gcm();
const EVP_CIPHER* cipher_aes256_wrap();
EVP_KDF* kdf_concat();  // RFC 7518 section 4.6.2 = SP 800-56A, which OpenSSL calls SSKDF

inline const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
inline unsigned char* bytes(char* text) { return reinterpret_cast<unsigned char*>(text); }

// OpenSSL said no where it never should: its error queue is emptied, not shown (it may quote input).
Fault openssl_fault(std::string where);

// 0x04 || x || y when both are canonical base64url of 32 bytes and the point lies on P-256; empty otherwise. Much
// cheaper than making an EVP_PKEY.
std::string point_of(const protocol::Jwk& jwk);
// A base64url SHA-256: what every kid and sh is.
bool is_thumbprint(std::string_view text);

// What is done with a private key that another provider than OpenSSL's own holds (TPM, token) is asked of that provider by name: left
// to itself OpenSSL takes the implementation it finds first, its own, which has no private key. And one at a time, for all such keys:
// tpm2-openssl has one connection to the TPM and no lock of its own. Of an ordinary key both are nothing.
class KeyTurn {
 public:
  explicit KeyTurn(const EVP_PKEY* key);
  static std::unique_lock<std::mutex> of_all();                                         // also for loading and freeing such keys
  const char* properties() const { return query_.empty() ? nullptr : query_.c_str(); }  // property(7): for EVP_PKEY_CTX_new_from_pkey

 private:
  std::string query_;
  std::unique_lock<std::mutex> turn_;
};

// ES256 (RFC 7518 section 3.4) over these bytes; the signature is r || s, 64 bytes.
bool es256_holds(std::string_view input, std::string_view signature, EVP_PKEY* key);
Result<std::string> es256_sign(std::string_view input, EVP_PKEY* key);

}  // namespace wb::crypto
