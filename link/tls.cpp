#include "link/tls.hpp"

#include <boost/asio/ip/address.hpp>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <ctime>

#include "core/certificate_end.hpp"
#include "core/ids.hpp"
#include "platform/private_files.hpp"
#include "protocol/messages.hpp"

namespace wb::link {
namespace ssl = boost::asio::ssl;
namespace {

TlsContext tls13(ssl::context::method side) {
  auto made = std::make_shared<ssl::context>(side);
  auto* raw = made->native_handle();
  SSL_CTX_set_min_proto_version(raw, TLS1_3_VERSION);
  SSL_CTX_set_max_proto_version(raw, TLS1_3_VERSION);
  SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS);  // an idle link holds no record buffers
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_max_early_data(raw, 0);
  return made;
}

std::string name_text(const X509_NAME* name) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), &BIO_free);
  if (!name || !out || X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_ONELINE) < 0) return {};
  char* text = nullptr;
  const auto size = BIO_get_mem_data(out.get(), &text);
  return printable({text, static_cast<std::size_t>(size)}, 100);
}

Fault unusable(const char* where, const std::filesystem::path& file, const boost::system::error_code& ec) {
  return fault(Fault::Kind::refused, where, printable(file.string(), 120) + ": " + printable(ec.message()));
}
}  // namespace

Result<TlsContext> server_tls(const std::filesystem::path& certificate_file, const std::filesystem::path& key_file) {
  auto made = tls13(ssl::context::tls_server);
  SSL_CTX_set_num_tickets(made->native_handle(), 0);
  boost::system::error_code ec;
  // OpenSSL would ask for an encrypted key's password on the terminal, and wait.
  made->set_password_callback([](std::size_t, ssl::context::password_purpose) { return std::string(); }, ec);
  if (ec) return unusable("tls.key", key_file, ec);
  made->use_certificate_chain_file(certificate_file.string(), ec);
  if (ec) return unusable("tls.certificate", certificate_file, ec);
  if (auto kept = platform::kept_from_others(key_file, "key.mode"); !kept) return kept.error();
  made->use_private_key_file(key_file.string(), ssl::context::pem, ec);  // checks that it fits the certificate, if both are of one kind
  if (ec) return unusable("tls.key", key_file, ec);
  if (SSL_CTX_check_private_key(made->native_handle()) != 1) {
    ERR_clear_error();
    return fault(Fault::Kind::refused, "tls.key", printable(key_file.string(), 120) + ": not the key of the certificate");
  }
  return made;
}

std::string end_of(const TlsContext& server) {
  const std::time_t at = end_of_certificate(SSL_CTX_get0_certificate(server->native_handle()));
  std::tm parts{};
  char text[40];
  if (at == 0 || !::gmtime_r(&at, &parts)) return "-";
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

Result<TlsContext> client_tls(const TrustSettings& trust) {
  auto made = tls13(ssl::context::tls_client);
  boost::system::error_code ec;
  if (trust.ca_file.empty()) made->set_default_verify_paths(ec);
  else made->load_verify_file(trust.ca_file.string(), ec);
  if (ec) return unusable("tls.ca", trust.ca_file, ec);
  if (!trust.intercept_ca_file.empty()) made->load_verify_file(trust.intercept_ca_file.string(), ec);
  if (ec) return unusable("tls.ca", trust.intercept_ca_file, ec);
  made->set_verify_mode(ssl::verify_peer);
  return made;
}

Result<std::string> interceptor(SSL* tls, const TrustSettings& trust) {
  if (trust.intercept_ca_file.empty()) return std::string();
  const std::unique_ptr<BIO, decltype(&BIO_free)> file(BIO_new_file(trust.intercept_ca_file.c_str(), "r"), &BIO_free);
  if (!file) return fault(Fault::Kind::refused, "tls.ca", printable(trust.intercept_ca_file.string(), 120) + " is gone");
  const auto* chain = SSL_get0_verified_chain(tls);
  std::string name;
  while (name.empty()) {
    const std::unique_ptr<X509, decltype(&X509_free)> one(PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr), &X509_free);
    if (!one) break;
    for (int i = 0; i < sk_X509_num(chain); ++i)
      if (X509_cmp(sk_X509_value(chain, i), one.get()) == 0) name = name_text(X509_get_subject_name(one.get()));
  }
  ERR_clear_error();  // the end of the file is one
  return name;
}

bool expect_host(SSL* tls, const std::string& host) {
  auto* wanted = SSL_get0_param(tls);
  X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  boost::system::error_code not_address;
  (void)boost::asio::ip::make_address(host, not_address);
  if (!not_address) return X509_VERIFY_PARAM_set1_ip_asc(wanted, host.c_str()) == 1;
  return X509_VERIFY_PARAM_set1_host(wanted, host.c_str(), host.size()) == 1 && SSL_set_tlsext_host_name(tls, host.c_str()) == 1;
}

bool note_verification(bool good, X509_STORE_CTX* store, Verification& seen) {
  if (good || !seen.problem.empty()) return good;
  seen.problem = printable(X509_verify_cert_error_string(X509_STORE_CTX_get_error(store)));
  const auto* certificate = X509_STORE_CTX_get_current_cert(store);
  if (certificate) seen.problem += ", issuer " + name_text(X509_get_issuer_name(certificate));
  const int error = X509_STORE_CTX_get_error(store);
  const bool stranger = error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY || error == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN ||
      error == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT || error == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE || error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT;
  const bool another = error == X509_V_ERR_HOSTNAME_MISMATCH || error == X509_V_ERR_IP_ADDRESS_MISMATCH;
  const bool untimely = error == X509_V_ERR_CERT_HAS_EXPIRED || error == X509_V_ERR_CERT_NOT_YET_VALID;
  seen.flaw = stranger ? Verification::Flaw::issuer : another ? Verification::Flaw::name
      : untimely                                              ? Verification::Flaw::time
                                                              : Verification::Flaw::other;
  if (stranger) seen.problem += " (not an authority that we trust: a box between that reads TLS?)";
  return false;
}

std::string channel_exporter(SSL* tls) {
  std::string out(32, '\0');
  const auto label = protocol::exporter_label;
  // use_context = 1 with nothing in it: the "empty context" of the contract by its letter. TLS 1.3 makes no difference
  // between an empty context and none.
  const unsigned char nothing = 0;
  const int ok = SSL_export_keying_material(tls, reinterpret_cast<unsigned char*>(out.data()), out.size(), label.data(), label.size(), &nothing, 0, 1);
  return ok == 1 ? out : std::string();
}

}  // namespace wb::link
