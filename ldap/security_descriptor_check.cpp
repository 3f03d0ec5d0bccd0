#include "ldap/security_descriptor_check.hpp"

#include <algorithm>

namespace wb::ldap {

Decision check_access(const SecurityDescriptor& descriptor, const Token& token, const Asked& asked) {
  if (!descriptor.has_dacl) return {true, std::nullopt};
  auto open = asked.mask;
  for (const auto& ace : descriptor.dacl) {
    if (open == 0) break;
    if (ace.kind == Ace::Kind::other || ace.is(Ace::inherit_only) || !token.contains(ace.sid)) continue;
    const bool typed = !ace.object_type.empty();
    if (typed && std::find(asked.types.begin(), asked.types.end(), ace.object_type) == asked.types.end()) continue;
    if (ace.kind == Ace::Kind::allow) open &= ~ace.mask;
    else if (open & ace.mask) return {false, ace};
  }
  return {open == 0, std::nullopt};
}

SecurityDescriptor inherited_by(const SecurityDescriptor& container, const std::string& class_guid) {
  SecurityDescriptor child;
  child.control = SecurityDescriptor::self_relative | SecurityDescriptor::dacl_present;
  child.has_dacl = container.has_dacl;
  for (auto ace : container.dacl) {
    if (!ace.is(Ace::container_inherit)) continue;
    if (!ace.inherited_object_type.empty() && ace.inherited_object_type != class_guid) continue;
    ace.flags = static_cast<std::uint8_t>((ace.flags & ~Ace::inherit_only) | Ace::inherited);
    ace.bytes.clear();
    child.dacl.push_back(std::move(ace));
  }
  return child;
}

}  // namespace wb::ldap
