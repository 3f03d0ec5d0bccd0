// Windows security descriptors as Active Directory returns them in nTSecurityDescriptor: reading, and writing back the
// list of access control entries. MS-DTYP sections 2.4.2 (SID), 2.4.4 (ACE), 2.4.5 (ACL), 2.4.6 (SECURITY_DESCRIPTOR),
// self-relative form. Pure; takes any bytes.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wb::ldap {

// The bits of an access mask that a directory knows (MS-ADTS section 5.1.3.2).
namespace right {
constexpr std::uint32_t create_child = 0x1, delete_child = 0x2, list_children = 0x4, validated_write = 0x8, read_property = 0x10,
                        write_property = 0x20, delete_tree = 0x40, list_object = 0x80, control_access = 0x100, delete_object = 0x1'0000,
                        read_control = 0x2'0000, write_dacl = 0x4'0000, write_owner = 0x8'0000;
}  // namespace right

struct Ace {
  enum class Kind { allow,
    deny,
    other };  // audit, conditional (callback) and unknown entries: kept as bytes, never understood
  enum Flag : std::uint8_t { object_inherit = 0x01,
    container_inherit = 0x02,
    no_propagate = 0x04,
    inherit_only = 0x08,
    inherited = 0x10 };

  Kind kind = Kind::other;
  std::uint8_t flags = 0;
  std::uint32_t mask = 0;             // generic rights already spelled out (MS-ADTS 5.1.3.2)
  std::string object_type;            // GUID text of an attribute, property set, extended right or class; empty: all
  std::string inherited_object_type;  // GUID text of the class that inherits it; empty: every class
  std::string sid;                    // S-1-5-21-...
  std::string bytes;                  // as it was read; empty for one of our making

  bool is(Flag flag) const { return (flags & flag) != 0; }
};

struct SecurityDescriptor {
  static constexpr std::uint16_t dacl_present = 0x0004, dacl_auto_inherited = 0x0400, dacl_protected = 0x1000, self_relative = 0x8000;
  std::uint16_t control = 0;
  std::string owner;                                                     // SID text; empty: none, or not asked for
  bool has_dacl = false;                                                 // no list at all: everybody may do everything
  std::vector<Ace> dacl;                                                 // in the order in which it is evaluated
  bool is_protected() const { return (control & dacl_protected) != 0; }  // nothing is inherited from the parent
};

// nullopt: not a whole, self-relative descriptor.
std::optional<SecurityDescriptor> parse_security_descriptor(std::string_view bytes);

// A descriptor with this list alone, for a write with LDAP_SERVER_SD_FLAGS_OID = DACL. nullopt: more than an ACL
// can hold (64 KiB), or an entry with a SID or GUID that is not one.
std::optional<std::string> dacl_bytes(const SecurityDescriptor& descriptor);

// The list with one more entry where the canonical order wants it: behind the explicit ones, before the inherited.
void add_explicit(SecurityDescriptor& descriptor, Ace ace);

// One entry in SDDL (MS-DTYP 2.5.1): "(OA;CIIO;CR;00299570-...;bf967aba-...;S-1-5-21-...)".
std::string sddl(const Ace& ace);

// "S-1-5-..." as bytes (MS-DTYP 2.4.2.2); nullopt: not a SID.
std::optional<std::string> sid_bytes(std::string_view text);

}  // namespace wb::ldap
