// Replication metadata: which version an attribute has reached on this DC. It moves at each originating write, also
// when the value stays the same (pwdLastSet 0 over 0), which makes it the swap's second witness.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace wb::ldap {

constexpr std::uint32_t attid_unicode_pwd = 0x0009'005A;  // 1.2.840.113556.1.4.90 through the well-known prefix table

// The version of one attribute out of replPropertyMetaData as LDAP returns it (MS-ADTS 3.1.1.1.9, laid out as
// PROPERTY_META_DATA_VECTOR, MS-DRSR 5.166: 16 bytes of head, then 48 bytes an attribute, little-endian).
// 0: never written. nullopt: not such a blob.
std::optional<std::uint32_t> attribute_version(std::string_view blob, std::uint32_t attid);

}  // namespace wb::ldap
