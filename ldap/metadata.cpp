#include "ldap/metadata.hpp"

#include <charconv>

namespace wb::ldap {
namespace {

constexpr std::size_t head_bytes = 16;   // version 1, reserved, count, reserved
constexpr std::size_t entry_bytes = 48;  // attid, version, time (8), invocation id (16), originating usn (8), usn (8)

constexpr std::uint64_t unix_epoch = 11'644'473'600;           // in seconds since 1601
constexpr std::uint64_t time_max = unix_epoch + (1ULL << 40);  // beyond it is nonsense

std::uint32_t u32(std::string_view blob, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i-- > 0;) value = value << 8 | static_cast<std::uint8_t>(blob[at + i]);
  return value;
}

std::uint64_t u64(std::string_view blob, std::size_t at) { return u32(blob, at) | static_cast<std::uint64_t>(u32(blob, at + 4)) << 32; }

}  // namespace

std::optional<AttributeMetadata> attribute_metadata(std::string_view blob, std::uint32_t attid) {
  if (blob.size() < head_bytes || u32(blob, 0) != 1) return std::nullopt;
  const std::size_t count = u32(blob, 8);
  if (count != (blob.size() - head_bytes) / entry_bytes || (blob.size() - head_bytes) % entry_bytes != 0) return std::nullopt;
  for (std::size_t i = 0; i < count; ++i) {
    const auto at = head_bytes + i * entry_bytes;
    if (u32(blob, at) != attid) continue;
    const auto since_1601 = u64(blob, at + 8);
    AttributeMetadata found{u32(blob, at + 4), std::nullopt};
    if (since_1601 > unix_epoch && since_1601 < time_max) found.changed = static_cast<std::int64_t>(since_1601 - unix_epoch);
    return found;
  }
  return AttributeMetadata{};
}

std::optional<std::uint32_t> attid_from_oid(std::string_view oid) {
  struct Prefix {
    std::string_view oid;
    std::uint32_t number;
  };
  for (const auto& prefix : {Prefix{"1.2.840.113556.1.2.", 0x0002'0000}, Prefix{"1.2.840.113556.1.4.", 0x0009'0000}, Prefix{"2.5.4.", 0}}) {
    if (!oid.starts_with(prefix.oid)) continue;
    const auto last = oid.substr(prefix.oid.size());
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(last.data(), last.data() + last.size(), number);
    if (error != std::errc() || end != last.data() + last.size() || number > 0x3FFF) return std::nullopt;  // longer ones are numbered otherwise
    return prefix.number | number;
  }
  return std::nullopt;
}

}  // namespace wb::ldap
