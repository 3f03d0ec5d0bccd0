// The spellings of LDAP and Active Directory: filters, GUIDs, SIDs, times, quoted passwords. Pure.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.hpp"
#include "core/secret.hpp"

namespace wb::ldap {

// A value inside a search filter (RFC 4515 section 3).
std::string filter_escape(std::string_view value);

// What an operator may see of a server's own words, as they came: printable, at most 300 characters; nothing at all when one
// of the passwords that were sent stands in them, in any case, as UTF-8 or (ASCII) as UTF-16, whole or cut by the server's end.
struct Sent {
  const Secret *password = nullptr, *old = nullptr;  // UTF-8; null: none was sent
};
std::string kept_text(std::string_view words, const Sent& sent);

// objectGUID: 16 bytes, the first three groups little-endian (MS-DTYP 2.3.4) <-> lower-case 8-4-4-4-12.
std::optional<std::string> guid_text(std::string_view bytes);
std::optional<std::string> guid_bytes(std::string_view text);  // any case; nullopt: not a GUID
// The DN form that names an object wherever it has moved (MS-ADTS 3.1.1.3.1.2.4). `guid` must be one.
std::string guid_dn(std::string_view guid);

// objectSid and tokenGroups: binary (MS-DTYP 2.4.2) -> S-1-5-21-...
std::optional<std::string> sid_text(std::string_view bytes);

// A decimal integer as LDAP spells it; nullopt for anything else.
std::optional<std::int64_t> integer(std::string_view text);

// FILETIME: 100 ns since 1601-01-01 UTC. 0 and 2^63-1 mean "never" in AD; the caller knows which.
UnixSeconds unix_from_filetime(std::int64_t filetime);
std::int64_t filetime_from_unix(UnixSeconds seconds);
// AD's durations are negative 100 ns units; -2^63 and 0 mean "none" and give 0.
std::int64_t seconds_from_interval(std::int64_t interval);

// unicodePwd (MS-ADTS 3.1.1.3.1.5): the password in double quotes as UTF-16LE. nullopt: not well-formed UTF-8, a
// U+0000, or not 1 to 256 UTF-16 code units. (Samba takes lone surrogates and NULs: nobody could type them.)
std::optional<Secret> quoted_utf16(const Secret& utf8);

}  // namespace wb::ldap
