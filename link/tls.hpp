// TLS 1.3 (RFC 8446) as both ends of a link use it: no older version, no renegotiation, no tickets, no early data.
#pragma once
#include <boost/asio/ssl/context.hpp>
#include <openssl/ssl.h>

#include <filesystem>
#include <memory>
#include <string>

#include "core/result.hpp"
#include "link/settings.hpp"

namespace wb::link {

using TlsContext = std::shared_ptr<boost::asio::ssl::context>;

// Fault refused, where "tls.certificate" or "tls.key": unreadable, encrypted, or they don't belong together; "key.mode": others may read the key.
Result<TlsContext> server_tls(const std::filesystem::path& certificate_file, const std::filesystem::path& key_file);
std::string end_of(const TlsContext& server);  // its certificate's notAfter: 2026-11-26T12:00:00Z; "-" for none
// Trusts ca_file (PEM), or the system's store when it is empty, and what intercept_ca_file holds. Fault refused, where "tls.ca".
Result<TlsContext> client_tls(const TrustSettings& trust);
// After the handshake: the name of the authority of intercept_ca_file that vouches for the peer; empty when none of them
// does. Fault refused "tls.ca": the file can't be read any more.
Result<std::string> interceptor(SSL* tls, const TrustSettings& trust);

// Why the peer's certificate was not believed: filled during the handshake, empty when it was.
struct Verification {
  enum class Flaw { issuer,  // an authority that is not trusted
    name,
    time,
    other } flaw = Flaw::other;
  std::string problem;  // "unable to get local issuer certificate, issuer CN=...": printable, short
};
// The handshake fails unless the certificate is for `host`: a DNS name (sent as SNI; no partial wildcards) or an IP
// address (matched against iPAddress names, RFC 6125 and RFC 5280). False when OpenSSL refuses the name.
bool expect_host(SSL* tls, const std::string& host);
// To be called from the verification callback with its arguments; notes the first problem, and gives `good` back.
bool note_verification(bool good, X509_STORE_CTX* store, Verification& seen);

// 32 bytes of the exporter for protocol::exporter_label with an empty context (RFC 8446 section 7.5); empty on failure.
std::string channel_exporter(SSL* tls);

}  // namespace wb::link
