#include "ldap/tls_probe.hpp"

#include <fcntl.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string_view>

namespace wb::ldap {
namespace {

struct Free {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* session) const { SSL_free(session); }
};

bool wait_for(int socket, short event, Deadline deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
  pollfd waiting{socket, event, 0};
  return left > 0 && ::poll(&waiting, 1, static_cast<int>(left)) > 0;
}

// StartTLS (RFC 4511 section 4.14) as message 1; true when the server agrees. Its answer is short: a length of one byte.
bool ask_for_tls(int socket, Deadline deadline) {
  constexpr std::string_view request(
      "\x30\x1d\x02\x01\x01\x77\x18\x80\x16"
      "1.3.6.1.4.1.1466.20037",
      31);
  if (::write(socket, request.data(), request.size()) != static_cast<ssize_t>(request.size())) return false;
  std::string answer;
  while (answer.size() < 2 || answer.size() < 2U + static_cast<unsigned char>(answer[1])) {
    char byte = 0;
    if (!wait_for(socket, POLLIN, deadline) || ::read(socket, &byte, 1) != 1) return false;
    answer += byte;
    if (answer.size() == 2 && static_cast<unsigned char>(byte) > 127) return false;
  }
  // messageID 1, ExtendedResponse, resultCode ENUMERATED success
  return answer.size() >= 10 && answer.substr(2, 4) == std::string_view("\x02\x01\x01\x78", 4) && answer.substr(7, 3) == std::string_view("\x0a\x01\x00", 3);
}

// Drives the handshake without blocking; true when it has come to an end, good or bad.
bool shake_hands(SSL* session, int socket, Deadline deadline) {
  for (;;) {
    const int done = SSL_connect(session);
    const int wants = SSL_get_error(session, done);
    if (wants != SSL_ERROR_WANT_READ && wants != SSL_ERROR_WANT_WRITE) return true;
    if (!wait_for(socket, wants == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, deadline)) return false;
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

std::string why_not_trusted(const Endpoint& endpoint, Encryption encryption, const std::string& authorities, Deadline deadline) {
  const std::string unknown = "the TLS handshake failed";
  auto socket = dial(endpoint, deadline, std::chrono::seconds(5));
  if (!socket) return unknown;
  ::fcntl(socket->get(), F_SETFL, ::fcntl(socket->get(), F_GETFL) | O_NONBLOCK);
  if (encryption != Encryption::ldaps && !ask_for_tls(socket->get(), deadline)) return unknown;
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
