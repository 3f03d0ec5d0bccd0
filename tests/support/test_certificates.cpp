#include "tests/support/test_certificates.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <stdexcept>
#include <system_error>

namespace wb::test {
namespace {
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using File = std::unique_ptr<FILE, decltype(&std::fclose)>;

void must(bool ok, const char* what) {
  if (!ok) throw std::runtime_error(std::string("test certificates: ") + what);
}

void extend(X509* to, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, to, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  must(extension != nullptr, value.c_str());
  X509_add_ext(to, extension, -1);
  X509_EXTENSION_free(extension);
}

Certificate blank(EVP_PKEY* key, const std::string& name, long serial) {
  Certificate made(X509_new(), &X509_free);
  X509_set_version(made.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), 60L * 86'400);
  X509_set_pubkey(made.get(), key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8,
      reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  return made;
}

File open_new(const std::filesystem::path& path) {
  File file(std::fopen(path.c_str(), "wx"), &std::fclose);
  must(file != nullptr, path.c_str());
  return file;
}

struct OwnFolder {
  OwnFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "wb-certificates-XXXXXX").string();
    must(::mkdtemp(pattern.data()) != nullptr, "mkdtemp");
    path = pattern;
    certificates = make_certificates(path, "DNS:localhost,IP:127.0.0.1,IP:::1");
  }
  ~OwnFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  OwnFolder(const OwnFolder&) = delete;
  OwnFolder& operator=(const OwnFolder&) = delete;
  std::filesystem::path path;
  TestCertificates certificates;
};
}  // namespace

TestCertificates make_certificates(const std::filesystem::path& folder, const std::string& names, const std::string& ca_name, CertificateFlaw flaw) {
  const TestCertificates paths{folder / "ca.pem", folder / "cert.pem", folder / "key.pem"};
  const Key ca_key(EVP_EC_gen("P-256"), &EVP_PKEY_free), key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  must(ca_key && key, "EVP_EC_gen");

  auto ca = blank(ca_key.get(), ca_name, 1);
  X509_set_issuer_name(ca.get(), X509_get_subject_name(ca.get()));
  extend(ca.get(), ca.get(), NID_basic_constraints, "critical,CA:TRUE");
  extend(ca.get(), ca.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  extend(ca.get(), ca.get(), NID_subject_key_identifier, "hash");
  must(X509_sign(ca.get(), ca_key.get(), EVP_sha256()) > 0, "sign CA");

  auto server = blank(key.get(), "Writeback test server", 2);
  const bool self_signed = flaw == CertificateFlaw::self_signed;
  if (flaw == CertificateFlaw::expired) X509_gmtime_adj(X509_getm_notAfter(server.get()), -60);
  if (flaw == CertificateFlaw::ends_soon) X509_gmtime_adj(X509_getm_notAfter(server.get()), 86'400);
  if (flaw == CertificateFlaw::not_yet_valid) X509_gmtime_adj(X509_getm_notBefore(server.get()), 3600);
  X509_set_issuer_name(server.get(), X509_get_subject_name(self_signed ? server.get() : ca.get()));
  extend(server.get(), ca.get(), NID_basic_constraints, "critical,CA:FALSE");
  extend(server.get(), ca.get(), NID_ext_key_usage, "serverAuth");
  extend(server.get(), ca.get(), NID_subject_alt_name, names);
  if (!self_signed) extend(server.get(), ca.get(), NID_authority_key_identifier, "keyid");
  must(X509_sign(server.get(), self_signed ? key.get() : ca_key.get(), EVP_sha256()) > 0, "sign certificate");

  must(PEM_write_X509(open_new(paths.ca).get(), ca.get()) == 1, "write CA");
  must(PEM_write_X509(open_new(paths.cert).get(), server.get()) == 1, "write certificate");
  must(PEM_write_PrivateKey(open_new(paths.key).get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1, "write key");
  std::filesystem::permissions(paths.key, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);  // else nobody would use it
  return paths;
}

const TestCertificates& test_certificates() {
  static const OwnFolder own;
  return own.certificates;
}

}  // namespace wb::test
