#include "service/methods/base32.hpp"

#include <cstdint>
#include <span>

namespace wb::service {

Secret base32(const Secret& bytes) {
  static constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  auto text = Secret::of_size((bytes.size() * 8 + 4) / 5);
  bytes.expose([&](std::string_view in) {
    text.expose_mutable([&](std::span<char> out) {
      std::uint32_t bits = 0;
      int count = 0;
      std::size_t at = 0;
      for (const unsigned char byte : in) {
        bits = (bits << 8) | byte;
        for (count += 8; count >= 5; count -= 5) out[at++] = alphabet[(bits >> (count - 5)) & 31];
      }
      if (count > 0) out[at] = alphabet[(bits << (5 - count)) & 31];
    });
  });
  return text;
}

}  // namespace wb::service
