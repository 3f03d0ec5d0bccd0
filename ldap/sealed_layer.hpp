// The security layer of SASL's GSSAPI mechanism (RFC 4752 section 3.3) under libldap: what is written is sealed, what is read
// must have been. Each piece has its length in front, four bytes in network order (RFC 4422 section 3.7).
#pragma once
#include <cstdint>
#include <memory>

#include "core/result.hpp"
#include "ldap/gss_session.hpp"

struct ldap;

namespace wb::ldap {

inline constexpr std::uint32_t largest_sealed = 65536;  // we tell the server that no piece may be longer

// From here on everything on this connection is sealed; `theirs`: the longest piece that the server takes. The layer ends with
// the connection. A piece that is too long or not sealed by the server ends it: libldap then says LDAP_SERVER_DOWN.
Result<void> put_under_seal(::ldap* connection, std::unique_ptr<GssSession> session, std::uint32_t theirs);

}  // namespace wb::ldap
