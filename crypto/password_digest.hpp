// The hashes by which lists of breached passwords know a password. Not for storing or proving anything: SHA-1 and MD4 are
// broken for that, and an NTLM hash is as good as the password; so it comes and goes as a Secret.
#pragma once
#include "core/result.hpp"
#include "core/secret.hpp"

namespace wb::crypto {

Result<Secret> sha1_of(const Secret& password_utf8);  // 20 bytes, of the UTF-8. Fault internal "password.digest"
// MD4 (RFC 1320) of the UTF-16LE (MS-NLMP section 3.3.1), 16 bytes. Our own: OpenSSL 3 has MD4 in its legacy provider
// only. Fault malformed: not UTF-8.
Result<Secret> ntlm_of(const Secret& password_utf8);

}  // namespace wb::crypto
