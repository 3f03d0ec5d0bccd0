// Distinguished names (RFC 4514) and SIDs, as far as comparing them needs. Pure.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wb::policy {

// One name component, ready to be compared: "ou=people", the parts of a multi-valued one sorted. Types and values are
// folded to lower case in ASCII only: a DN in a configuration whose other letters differ in case from the directory's
// spelling matches nothing, so copy DNs from the directory.
using Rdn = std::vector<std::string>;
using Dn = std::vector<Rdn>;  // the most specific component first, as written

// Undoes escapes (\, and \2C), strips blanks around separators, decodes #hex values of the string types, takes OIDs of
// the usual types for their names. nullopt: not RFC 4514 (unescaped " ; < > included). The empty text is the empty DN.
std::optional<Dn> parse_dn(std::string_view text);

// True when `dn` is `base` or below it. The empty DN is nobody's base: a forgotten value must not mean "everything".
bool is_below(const Dn& dn, const Dn& base);

// "S-1-5-21-..." in digits; at most 15 subauthorities (MS-DTYP section 2.4.2.1).
bool is_sid(std::string_view text);

}  // namespace wb::policy
