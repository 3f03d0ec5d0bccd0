#include "ldap/security_descriptor.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "ldap/text.hpp"

namespace wb::ldap {
namespace {

constexpr std::uint8_t allow = 0x00, deny = 0x01, allow_object = 0x05, deny_object = 0x06;  // ACE_HEADER.AceType
constexpr std::uint32_t object_type_present = 1, inherited_object_type_present = 2;
constexpr std::uint8_t acl_revision_ds = 4;
constexpr std::size_t descriptor_head = 20, acl_head = 8, ace_head = 4;

// Little-endian numbers out of bytes that may end anywhere.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  bool has(std::size_t count) const { return bytes_.size() >= count; }
  std::uint32_t number(std::size_t width) {
    std::uint32_t value = 0;
    for (std::size_t i = width; i-- > 0;) value = value << 8 | static_cast<std::uint8_t>(bytes_[i]);
    bytes_.remove_prefix(width);
    return value;
  }
  std::string_view take(std::size_t count) {
    const auto taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
  }
  std::string_view rest() const { return bytes_; }

 private:
  std::string_view bytes_;
};

// A SID at the front of `bytes`, whatever stands behind it.
std::optional<std::string> leading_sid(std::string_view bytes) {
  if (bytes.size() < 8) return std::nullopt;
  const auto size = 8 + 4 * static_cast<std::size_t>(static_cast<std::uint8_t>(bytes[1]));
  if (bytes.size() < size) return std::nullopt;
  return sid_text(bytes.substr(0, size));
}

std::uint32_t spelled_out(std::uint32_t mask) {
  constexpr std::uint32_t generic_all = 0x1000'0000, generic_execute = 0x2000'0000, generic_write = 0x4000'0000, generic_read = 0x8000'0000;
  using namespace right;
  auto out = mask & 0x0FFF'FFFFU;
  if (mask & generic_all) out |= 0x000F'01FF;
  if (mask & generic_execute) out |= read_control | list_children;
  if (mask & generic_write) out |= read_control | write_property | validated_write;
  if (mask & generic_read) out |= read_control | read_property | list_children | list_object;
  return out;
}

// One entry; `bytes` is exactly as long as its header says.
std::optional<Ace> parse_ace(std::string_view bytes) {
  Reader reader(bytes);
  const auto type = static_cast<std::uint8_t>(reader.number(1));
  Ace ace;
  ace.flags = static_cast<std::uint8_t>(reader.number(1));
  ace.bytes = bytes;
  reader.take(2);
  const bool object = type == allow_object || type == deny_object;
  if (!object && type != allow && type != deny) return ace;
  ace.kind = type == allow || type == allow_object ? Ace::Kind::allow : Ace::Kind::deny;
  if (!reader.has(object ? 8 : 4)) return std::nullopt;
  ace.mask = spelled_out(reader.number(4));
  const auto present = object ? reader.number(4) : 0;
  for (const auto& [bit, text] : {std::pair(object_type_present, &ace.object_type), std::pair(inherited_object_type_present, &ace.inherited_object_type)}) {
    if (!(present & bit)) continue;
    if (!reader.has(16)) return std::nullopt;
    *text = *guid_text(reader.take(16));
  }
  auto sid = leading_sid(reader.rest());
  if (!sid) return std::nullopt;
  ace.sid = std::move(*sid);
  return ace;
}

std::optional<std::vector<Ace>> parse_acl(std::string_view bytes) {
  Reader head(bytes);
  if (!head.has(acl_head)) return std::nullopt;
  const auto revision = head.number(1);
  head.take(1);
  const auto size = head.number(2), count = head.number(2);
  if ((revision != 2 && revision != acl_revision_ds) || size < acl_head || size > bytes.size()) return std::nullopt;
  Reader reader(bytes.substr(acl_head, size - acl_head));
  std::vector<Ace> aces;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (!reader.has(ace_head)) return std::nullopt;
    Reader look(reader.rest());
    look.take(2);
    const auto length = look.number(2);
    if (length < ace_head || !reader.has(length)) return std::nullopt;
    auto ace = parse_ace(reader.take(length));
    if (!ace) return std::nullopt;
    aces.push_back(std::move(*ace));
  }
  return aces;
}

void put(std::string& out, std::size_t width, std::size_t value) {
  for (std::size_t i = 0; i < width; ++i) out += static_cast<char>(value >> (8 * i) & 0xFF);
}

std::optional<std::string> ace_bytes(const Ace& ace) {
  if (!ace.bytes.empty()) return ace.bytes;
  const auto sid = sid_bytes(ace.sid);
  if (!sid || ace.kind == Ace::Kind::other) return std::nullopt;
  const bool object = !ace.object_type.empty() || !ace.inherited_object_type.empty();
  std::string body;
  put(body, 4, ace.mask);
  if (object) put(body, 4, (ace.object_type.empty() ? 0 : object_type_present) | (ace.inherited_object_type.empty() ? 0 : inherited_object_type_present));
  for (const auto* type : {&ace.object_type, &ace.inherited_object_type}) {
    if (type->empty()) continue;
    const auto guid = guid_bytes(*type);
    if (!guid) return std::nullopt;
    body += *guid;
  }
  body += *sid;
  std::string out;
  const bool allows = ace.kind == Ace::Kind::allow;
  put(out, 1, object ? (allows ? allow_object : deny_object) : (allows ? allow : deny));
  put(out, 1, ace.flags);
  put(out, 2, ace_head + body.size());
  return out + body;
}

}  // namespace

std::optional<SecurityDescriptor> parse_security_descriptor(std::string_view bytes) {
  Reader reader(bytes);
  if (!reader.has(descriptor_head) || reader.number(1) != 1) return std::nullopt;
  reader.take(1);
  SecurityDescriptor descriptor;
  descriptor.control = static_cast<std::uint16_t>(reader.number(2));
  if (!(descriptor.control & SecurityDescriptor::self_relative)) return std::nullopt;
  const std::size_t owner = reader.number(4), group = reader.number(4), sacl = reader.number(4), dacl = reader.number(4);
  for (const auto offset : {owner, group, sacl, dacl})
    if (offset != 0 && (offset < descriptor_head || offset >= bytes.size())) return std::nullopt;
  for (const auto offset : {owner, group}) {
    if (offset == 0) continue;
    auto sid = leading_sid(bytes.substr(offset));
    if (!sid) return std::nullopt;
    if (offset == owner) descriptor.owner = std::move(*sid);
  }
  if (sacl != 0 && !parse_acl(bytes.substr(sacl))) return std::nullopt;
  if (!(descriptor.control & SecurityDescriptor::dacl_present) || dacl == 0) return descriptor;
  auto aces = parse_acl(bytes.substr(dacl));
  if (!aces) return std::nullopt;
  descriptor.has_dacl = true;
  descriptor.dacl = std::move(*aces);
  return descriptor;
}

std::optional<std::string> dacl_bytes(const SecurityDescriptor& descriptor) {
  std::string aces;
  for (const auto& ace : descriptor.dacl) {
    const auto one = ace_bytes(ace);
    if (!one) return std::nullopt;
    aces += *one;
  }
  if (aces.size() + acl_head > 0xFFFF) return std::nullopt;
  constexpr auto kept = SecurityDescriptor::dacl_protected | SecurityDescriptor::dacl_auto_inherited;
  std::string out;
  put(out, 2, 1);
  put(out, 2, SecurityDescriptor::self_relative | SecurityDescriptor::dacl_present | (descriptor.control & kept));
  out.append(12, '\0');  // owner, group, SACL: none
  put(out, 4, descriptor_head);
  put(out, 2, acl_revision_ds);
  put(out, 2, acl_head + aces.size());
  put(out, 4, descriptor.dacl.size());
  return out + aces;
}

void add_explicit(SecurityDescriptor& descriptor, Ace ace) {
  auto& list = descriptor.dacl;
  const auto first_inherited = std::find_if(list.begin(), list.end(), [](const Ace& one) { return one.is(Ace::inherited); });
  list.insert(first_inherited, std::move(ace));
}

std::string sddl(const Ace& ace) {
  // The order in which Windows writes them.
  constexpr std::array<std::pair<std::uint32_t, std::string_view>, 13> rights{{{right::create_child, "CC"}, {right::delete_child, "DC"},
      {right::list_children, "LC"}, {right::validated_write, "SW"}, {right::read_property, "RP"}, {right::write_property, "WP"},
      {right::delete_tree, "DT"}, {right::list_object, "LO"}, {right::control_access, "CR"}, {right::delete_object, "SD"},
      {right::read_control, "RC"}, {right::write_dacl, "WD"}, {right::write_owner, "WO"}}};
  const bool object = !ace.object_type.empty() || !ace.inherited_object_type.empty();
  std::string text = std::string("(") + (object ? "O" : "") + (ace.kind == Ace::Kind::deny ? "D;" : "A;");
  if (ace.is(Ace::object_inherit)) text += "OI";
  if (ace.is(Ace::container_inherit)) text += "CI";
  if (ace.is(Ace::no_propagate)) text += "NP";
  if (ace.is(Ace::inherit_only)) text += "IO";
  if (ace.is(Ace::inherited)) text += "ID";
  text += ';';
  for (const auto& [bit, letters] : rights)
    if (ace.mask & bit) text += letters;
  return text + ';' + ace.object_type + ';' + ace.inherited_object_type + ';' + ace.sid + ')';
}

std::optional<std::string> sid_bytes(std::string_view text) {
  if (!text.starts_with("S-1-")) return std::nullopt;
  text.remove_prefix(4);
  std::vector<std::uint64_t> numbers;
  for (bool more = true; more;) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc()) return std::nullopt;
    numbers.push_back(number);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    more = !text.empty();
    if (more && text.front() != '-') return std::nullopt;
    if (more) text.remove_prefix(1);
  }
  if (numbers.size() > 16 || numbers[0] >> 48 != 0) return std::nullopt;
  std::string bytes;
  put(bytes, 1, 1);
  put(bytes, 1, numbers.size() - 1);
  for (std::size_t i = 6; i-- > 0;) bytes += static_cast<char>(numbers[0] >> (8 * i) & 0xFF);
  for (std::size_t i = 1; i < numbers.size(); ++i) {
    if (numbers[i] > 0xFFFF'FFFF) return std::nullopt;
    put(bytes, 4, numbers[i]);
  }
  return bytes;
}

}  // namespace wb::ldap
