// Where private keys come from and go to: PEM (PKCS#8) in a file, with a passphrase where it leaves the machine, or the
// URI of a key that a provider holds (OSSL_STORE).
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/store.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cstring>

#include "core/ids.hpp"
#include "crypto/evp.hpp"
#include "crypto/key_file.hpp"
#include "crypto/keys.hpp"

namespace wb::crypto {
namespace {
using Bio = std::unique_ptr<BIO, Freed<BIO_free>>;
using StoreCtx = std::unique_ptr<OSSL_STORE_CTX, Freed<OSSL_STORE_close>>;
using StoreInfo = std::unique_ptr<OSSL_STORE_INFO, Freed<OSSL_STORE_INFO_free>>;
using Pkcs8 = std::unique_ptr<PKCS8_PRIV_KEY_INFO, Freed<PKCS8_PRIV_KEY_INFO_free>>;
using SealedPkcs8 = std::unique_ptr<X509_SIG, Freed<X509_SIG_free>>;
using Algorithm = std::unique_ptr<X509_ALGOR, Freed<X509_ALGOR_free>>;

constexpr int asked_max = 16;                                            // objects behind one URI
constexpr std::uint64_t scrypt_n = 1 << 14, scrypt_r = 8, scrypt_p = 8;  // 16 MiB, a third of a second
constexpr std::string_view scheme_letters = "abcdefghijklmnopqrstuvwxyz0123456789+.-";

// What BIO_s_secmem (OpenSSL's secure heap) collected.
Secret taken(BIO* bio) {
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio, &data);
  auto text = Secret::copy_of({data, static_cast<std::size_t>(size)});
  cleanse(data, static_cast<std::size_t>(size));
  return text;
}

Result<Secret> pem_of(EVP_PKEY* key) {
  const Bio bio(BIO_new(BIO_s_secmem()));
  if (!bio || PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) return openssl_fault("key.save");
  return taken(bio.get());
}

// The one line of a file that holds a URI; empty when it is something else.
std::string uri_in(const Secret& text) {
  return text.expose([](std::string_view all) {
    const auto line = all.substr(0, all.find_first_of("\r\n"));
    const auto colon = line.find(':');
    const bool rest_blank = all.substr(line.size()).find_first_not_of("\r\n \t") == std::string_view::npos;
    const bool scheme = colon != std::string_view::npos && colon > 1 && line.substr(0, colon).find_first_not_of(scheme_letters) == std::string_view::npos;
    return scheme && rest_blank ? std::string(line) : std::string();
  });
}

// With what it can: an agreement (AE) or a signature (AS, roots). A provider's key can't be looked at, only tried.
bool works(const PrivateKey& key) {
  const auto other = PrivateKey::generate();
  if (!other) return false;
  const auto agreed = [](EVP_PKEY* ours, EVP_PKEY* theirs) {
    auto z = Secret::of_size(32);
    std::size_t size = z.size();
    const KeyTurn turn(ours);
    const PkeyCtx ctx(EVP_PKEY_CTX_new_from_pkey(nullptr, ours, turn.properties()));
    const bool done = ctx && EVP_PKEY_derive_init(ctx.get()) == 1 && EVP_PKEY_derive_set_peer(ctx.get(), theirs) == 1 &&
        z.expose_mutable([&](std::span<char> out) { return EVP_PKEY_derive(ctx.get(), bytes(out.data()), &size); }) == 1;
    if (!done) z.wipe();
    return z;
  };
  const auto mine = agreed(key.get(), other->get()), theirs = agreed(other->get(), key.public_key().get());
  bool good = !mine.empty() && mine == theirs;
  if (!good) {
    const std::string text = "wb key trial";
    const auto signature = es256_sign(text, key.get());
    good = signature && es256_holds(text, *signature, key.public_key().get());
  }
  ERR_clear_error();
  return good;
}

// The first key behind the URI, if any.
Pkey found_in_store(const std::string& uri) {
  const auto turn = KeyTurn::of_all();
  const StoreCtx store(OSSL_STORE_open_ex(uri.c_str(), nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr));
  Pkey found;
  for (int asked = 0; store && !found && asked < asked_max && OSSL_STORE_eof(store.get()) == 0; ++asked) {
    const StoreInfo info(OSSL_STORE_load(store.get()));
    if (info && OSSL_STORE_INFO_get_type(info.get()) == OSSL_STORE_INFO_PKEY) found.reset(OSSL_STORE_INFO_get1_PKEY(info.get()));
  }
  return found;
}

int give(char* buffer, int room, int, void* secret) {
  return static_cast<const Secret*>(secret)->expose([&](std::string_view text) {
    if (text.empty() || text.size() > static_cast<std::size_t>(room)) return -1;
    std::memcpy(buffer, text.data(), text.size());
    return static_cast<int>(text.size());
  });
}

Pkey read_pem(const Secret& text, const Secret* passphrase) {
  return text.expose([&](std::string_view pem) {
    const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    const auto none = [](char*, int, int, void*) { return -1; };
    return Pkey(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, passphrase ? give : +none, const_cast<Secret*>(passphrase)) : nullptr);
  });
}

}  // namespace

Result<PrivateKey> PrivateKey::load(const std::filesystem::path& file) {
  auto text = read_private(file);
  if (text.has_error()) return text.error();
  if (const auto uri = uri_in(*text); !uri.empty()) return from_store(uri);
  auto key = read_pem(*text, nullptr);
  if (!key) {
    ERR_clear_error();
    return fault(Fault::Kind::malformed, "key.load", file.string() + ": no unencrypted PEM private key in it");
  }
  return adopt(std::move(key), "key.load");
}

Result<PrivateKey> PrivateKey::from_store(const std::string& uri) {
  auto found = found_in_store(uri);
  ERR_clear_error();
  // The URI may hold a PIN: only its scheme is told.
  const auto scheme = printable(uri.substr(0, uri.find(':')), 16);
  if (!found) return fault(Fault::Kind::unreachable, "key.store", "no key behind the " + scheme + ": URI; is its provider active in this machine's openssl.cnf?");
  auto key = name(std::move(found), "key.store");
  if (key.has_error()) return key;
  if (!works(*key)) return fault(Fault::Kind::malformed, "key.store", "the key behind the " + scheme + ": URI neither agrees nor signs");
  key->uri_ = uri;
  return key;
}

Result<void> PrivateKey::save(const std::filesystem::path& file) const {
  if (!uri_.empty()) return write_fresh(file, Secret::copy_of(uri_ + "\n"));
  auto pem = pem_of(key_.get());
  if (pem.has_error()) return pem.error();
  return write_fresh(file, *pem);
}

Result<PrivateKey> PrivateKey::load_sealed(const std::filesystem::path& file, const Secret& passphrase) {
  auto text = read_private(file);
  if (text.has_error()) return text.error();
  if (const auto uri = uri_in(*text); !uri.empty()) return from_store(uri);
  auto key = read_pem(*text, &passphrase);
  const bool sealed = text->expose([](std::string_view pem) { return pem.find("ENCRYPTED") != std::string_view::npos; });
  if (!key) {
    ERR_clear_error();
    if (sealed) return fault(Fault::Kind::refused, "key.load", file.string() + ": not the passphrase it was sealed with");
    return fault(Fault::Kind::malformed, "key.load", file.string() + ": no PEM private key in it");
  }
  return adopt(std::move(key), "key.load");
}

Result<void> PrivateKey::save_sealed(const std::filesystem::path& file, const Secret& passphrase) const {
  if (!uri_.empty()) return fault(Fault::Kind::refused, "key.export", "a provider holds this key: it does not come out");
  const Pkcs8 plain(EVP_PKEY2PKCS8(key_.get()));
  auto salt = random_bytes(16);
  Algorithm how(PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), bytes(salt.data()), 16, nullptr, scrypt_n, scrypt_r, scrypt_p));
  if (!plain || !how) return openssl_fault("key.export");
  const SealedPkcs8 sealed(passphrase.expose([&](std::string_view text) { return PKCS8_set0_pbe(text.data(), static_cast<int>(text.size()), plain.get(), how.get()); }));
  if (!sealed) return openssl_fault("key.export");
  (void)how.release();  // it is the sealed key's now
  const Bio bio(BIO_new(BIO_s_mem()));
  if (!bio || PEM_write_bio_PKCS8(bio.get(), sealed.get()) != 1) return openssl_fault("key.export");
  return write_fresh(file, taken(bio.get()));
}

}  // namespace wb::crypto
