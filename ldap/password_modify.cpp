#include "ldap/password_modify.hpp"

#include <cstdint>

namespace wb::ldap {
namespace {

constexpr std::uint8_t sequence = 0x30, identity_tag = 0x80, old_tag = 0x81, new_tag = 0x82;

// How many octets the length itself takes (X.690 section 8.1.3): one below 128, else one that says how many follow.
std::size_t length_octets(std::size_t length) {
  std::size_t octets = 1;
  for (std::size_t rest = length < 128 ? 0 : length; rest > 0; rest >>= 8) ++octets;
  return octets;
}

std::size_t element_size(std::size_t length) { return 1 + length_octets(length) + length; }

// Writes into a buffer of exactly the right size.
class Writer {
 public:
  explicit Writer(std::span<char> out) : out_(out) {}
  void head(std::uint8_t tag, std::size_t length) {
    put(tag);
    const auto octets = length_octets(length);
    if (octets > 1) put(static_cast<std::uint8_t>(0x80U | (octets - 1)));
    for (std::size_t i = octets > 1 ? octets - 1 : 1; i > 0; --i) put(static_cast<std::uint8_t>(length >> (8 * (i - 1))));
  }
  void element(std::uint8_t tag, std::string_view content) {
    head(tag, content.size());
    for (const char c : content) put(static_cast<std::uint8_t>(c));
  }

 private:
  void put(std::uint8_t byte) { out_[at_++] = static_cast<char>(byte); }
  std::span<char> out_;
  std::size_t at_ = 0;
};

}  // namespace

Secret password_modify_value(std::string_view dn, const Secret& new_utf8, const Secret* old_utf8) {
  const auto inside = element_size(dn.size()) + (old_utf8 ? element_size(old_utf8->size()) : 0) + element_size(new_utf8.size());
  auto value = Secret::of_size(element_size(inside));
  value.expose_mutable([&](std::span<char> out) {
    Writer writer(out);
    writer.head(sequence, inside);
    writer.element(identity_tag, dn);
    if (old_utf8) old_utf8->expose([&](std::string_view text) { writer.element(old_tag, text); });
    new_utf8.expose([&](std::string_view text) { writer.element(new_tag, text); });
  });
  return value;
}

}  // namespace wb::ldap
