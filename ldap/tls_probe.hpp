// Says in words why a server's certificate is not believed. For the operator only: what it finds decides nothing.
#pragma once
#include <filesystem>
#include <string>

#include "ldap/dial.hpp"

namespace wb::ldap {

// `ca_file`, or this system's own collection where that is empty.
std::string certificate_authorities(const std::filesystem::path& ca_file);

// Connects again with OpenSSL (after StartTLS, where `encryption` is not ldaps) and verifies as libldap did: "certificate has expired", "unable to get local issuer
// certificate", "hostname mismatch", ... or "the TLS handshake failed" when there is nothing better to say.
std::string why_not_trusted(const Endpoint& endpoint, Encryption encryption, const std::string& authorities, Deadline deadline);

}  // namespace wb::ldap
