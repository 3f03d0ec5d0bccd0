// As much BER (X.690) as a server of LDAP messages for tests needs: it writes them, and reads what a client asks.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wb::test::ber {

inline std::string tlv(int tag, std::string_view content) {
  std::string out(1, static_cast<char>(tag));
  if (content.size() < 128) {
    out += static_cast<char>(content.size());
  } else {
    out += '\x84';
    for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(content.size() >> shift & 0xff);
  }
  return out.append(content);
}
inline std::string integer(int value, int tag = 0x02) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xff);
  return tlv(tag, bytes);
}
inline std::string message(int id, int tag, std::string_view content) { return tlv(0x30, integer(id) + tlv(tag, content)); }
// LDAPResult (RFC 4511 section 4.1.9); `more`: what an operation of that tag has behind it.
inline std::string result(int id, int tag, int code, std::string_view text = {}, std::string_view more = {}) {
  return message(id, tag, integer(code, 0x0a) + tlv(0x04, {}) + tlv(0x04, text) + std::string(more));
}
using Attributes = std::vector<std::pair<std::string, std::vector<std::string>>>;
inline std::string entry(int id, std::string_view dn, const Attributes& attributes) {
  std::string list;
  for (const auto& [name, values] : attributes) {
    std::string set;
    for (const auto& value : values) set += tlv(0x04, value);
    list += tlv(0x30, tlv(0x04, name) + tlv(0x31, set));
  }
  return message(id, 0x64, tlv(0x04, dn) + tlv(0x30, list));
}

// One element off the front of `from`. Tag 0: there is no whole one.
struct Element {
  int tag = 0;
  std::string_view content;
};
inline Element take(std::string_view& from) {
  if (from.size() < 2) return {};
  std::size_t length = static_cast<unsigned char>(from[1]), head = 2;
  if (length > 127) {
    const auto count = length & 0x7f;
    if (count > 4 || from.size() < 2 + count) return {};
    length = 0;
    for (std::size_t i = 0; i < count; ++i) length = length << 8 | static_cast<unsigned char>(from[2 + i]);
    head += count;
  }
  if (from.size() - head < length) return {};
  const Element element{static_cast<unsigned char>(from[0]), from.substr(head, length)};
  from.remove_prefix(head + length);
  return element;
}
inline int number(std::string_view content) {
  int value = 0;
  for (const char c : content) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

}  // namespace wb::test::ber
