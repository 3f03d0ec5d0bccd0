#include "ldap/tls_probe.hpp"

#include <fcntl.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <memory>

namespace wb::ldap {
namespace {

struct Free {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* session) const { SSL_free(session); }
};

// Drives the handshake without blocking; true when it has come to an end, good or bad.
bool shake_hands(SSL* session, int socket, Deadline deadline) {
  for (;;) {
    const int done = SSL_connect(session);
    const int wants = SSL_get_error(session, done);
    if (wants != SSL_ERROR_WANT_READ && wants != SSL_ERROR_WANT_WRITE) return true;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    pollfd waiting{socket, static_cast<short>(wants == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT), 0};
    if (left <= 0 || ::poll(&waiting, 1, static_cast<int>(left)) == 0) return false;
  }
}

}  // namespace

std::string certificate_authorities(const std::filesystem::path& ca_file) {
  if (!ca_file.empty()) return ca_file.string();
  constexpr std::array collections{"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem"};
  for (const auto* file : collections)
    if (::access(file, R_OK) == 0) return file;
  return collections[0];
}

std::string why_not_trusted(const Endpoint& endpoint, const std::string& authorities, Deadline deadline) {
  const std::string unknown = "the TLS handshake failed";
  auto socket = dial(endpoint, deadline, std::chrono::seconds(5));
  if (!socket) return unknown;
  ::fcntl(socket->get(), F_SETFL, ::fcntl(socket->get(), F_GETFL) | O_NONBLOCK);
  const std::unique_ptr<SSL_CTX, Free> context(SSL_CTX_new(TLS_client_method()));
  if (!context || SSL_CTX_load_verify_locations(context.get(), authorities.c_str(), nullptr) != 1) return unknown;
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  const std::unique_ptr<SSL, Free> session(SSL_new(context.get()));
  if (!session || SSL_set_fd(session.get(), socket->get()) != 1) return unknown;
  auto* expected = SSL_get0_param(session.get());
  if (X509_VERIFY_PARAM_set1_ip_asc(expected, endpoint.host.c_str()) != 1) {
    X509_VERIFY_PARAM_set1_host(expected, endpoint.host.c_str(), endpoint.host.size());
    SSL_set_tlsext_host_name(session.get(), endpoint.host.c_str());
  }
  if (!shake_hands(session.get(), socket->get(), deadline)) return unknown;
  const long reason = SSL_get_verify_result(session.get());
  if (reason == X509_V_OK) return unknown;
  return "the certificate is not trusted: " + std::string(X509_verify_cert_error_string(reason)) + " (see ca_file)";
}

}  // namespace wb::ldap
