#include "ldap/metadata.hpp"

namespace wb::ldap {
namespace {

constexpr std::size_t head_bytes = 16;   // version 1, reserved, count, reserved
constexpr std::size_t entry_bytes = 48;  // attid, version, time (8), invocation id (16), originating usn (8), usn (8)

std::uint32_t u32(std::string_view blob, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i-- > 0;) value = value << 8 | static_cast<std::uint8_t>(blob[at + i]);
  return value;
}

}  // namespace

std::optional<std::uint32_t> attribute_version(std::string_view blob, std::uint32_t attid) {
  if (blob.size() < head_bytes || u32(blob, 0) != 1) return std::nullopt;
  const std::size_t count = u32(blob, 8);
  if (count != (blob.size() - head_bytes) / entry_bytes || (blob.size() - head_bytes) % entry_bytes != 0) return std::nullopt;
  for (std::size_t i = 0; i < count; ++i) {
    const auto at = head_bytes + i * entry_bytes;
    if (u32(blob, at) == attid) return u32(blob, at + 4);
  }
  return 0;
}

}  // namespace wb::ldap
