// Replication metadata: which version an attribute has reached on this DC. It moves at each originating write, also
// when the value stays the same (pwdLastSet 0 over 0), which makes it the swap's second witness. And when: a marker that
// was cleared, or rewritten with its old value, has a newer time than it looks.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wb::ldap {

constexpr std::uint32_t attid_unicode_pwd = 0x0009'005A;         // 1.2.840.113556.1.4.90 through the well-known prefix table
constexpr std::uint32_t attid_admin_display_name = 0x0002'00C2;  // 1.2.840.113556.1.2.194

struct AttributeMetadata {
  std::uint32_t version = 0;                // 0: never written
  std::optional<std::int64_t> changed = 0;  // Unix seconds of the last originating write, by that DC's clock; 0: never
                                            // written; nullopt: a time that is none
};

// One attribute out of replPropertyMetaData as LDAP returns it (MS-ADTS 3.1.1.1.9, laid out as
// PROPERTY_META_DATA_VECTOR, MS-DRSR 5.166: 16 bytes of head, then 48 bytes an attribute, little-endian; times are
// seconds since 1601). nullopt: not such a blob.
std::optional<AttributeMetadata> attribute_metadata(std::string_view blob, std::uint32_t attid);

// The ATTRTYP of an attribute whose OID stands under a prefix that has the same number in every forest (MS-DRSR 5.16.4).
// nullopt: another prefix, whose number is the forest's own.
std::optional<std::uint32_t> attid_from_oid(std::string_view oid);

}  // namespace wb::ldap
