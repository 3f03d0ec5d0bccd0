#include "crypto/password_digest.hpp"

#include <openssl/evp.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "protocol/codec.hpp"

namespace wb::crypto {
namespace {

std::uint32_t rotated(std::uint32_t x, unsigned by) { return (x << by) | (x >> (32 - by)); }

// RFC 1320 section 3.4: one block of 64 bytes. `w` is cleansed by the caller.
void md4_block(std::array<std::uint32_t, 4>& state, const unsigned char* bytes, std::array<std::uint32_t, 16>& w) {
  for (std::size_t i = 0; i < 16; ++i)
    w[i] = bytes[i * 4] | static_cast<std::uint32_t>(bytes[i * 4 + 1]) << 8U | static_cast<std::uint32_t>(bytes[i * 4 + 2]) << 16U |
        static_cast<std::uint32_t>(bytes[i * 4 + 3]) << 24U;
  static constexpr std::array<std::array<std::size_t, 16>, 3> order = {{{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
      {0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15}, {0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15}}};
  static constexpr std::array<std::array<unsigned, 4>, 3> shifts = {{{3, 7, 11, 19}, {3, 5, 9, 13}, {3, 9, 11, 15}}};
  static constexpr std::array<std::uint32_t, 3> added = {0, 0x5A82'7999, 0x6ED9'EBA1};
  auto [a, b, c, d] = state;
  for (std::size_t round = 0; round < 3; ++round)
    for (std::size_t i = 0; i < 16; ++i) {
      const auto f = round == 0 ? (b & c) | (~b & d) : round == 1 ? (b & c) | (b & d) | (c & d)
                                                                  : b ^ c ^ d;
      const auto next = rotated(a + f + w[order[round][i]] + added[round], shifts[round][i % 4]);
      a = d, d = c, c = b, b = next;
    }
  state[0] += a, state[1] += b, state[2] += c, state[3] += d;
}

// What the message needs behind it: 0x80, zeros, its length in bits (RFC 1320 sections 3.1 and 3.2).
std::size_t padded(std::size_t bytes) { return (bytes + 8) / 64 * 64 + 64; }

// The password in UTF-16LE, room for the padding behind it.
Secret utf16le(std::string_view utf8, std::size_t units) {
  auto out = Secret::of_size(padded(units * 2));
  out.expose_mutable([&](std::span<char> to) {
    std::size_t at = 0;
    const auto put = [&](std::uint32_t unit) {
      to[at++] = static_cast<char>(unit & 0xFFU);
      to[at++] = static_cast<char>(unit >> 8U);
    };
    for (std::size_t i = 0; i < utf8.size();) {  // well-formed: its units were counted
      const auto lead = static_cast<unsigned char>(utf8[i]);
      const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2
          : lead < 0xF0                                        ? 3
                                                               : 4;
      std::uint32_t point = length == 1 ? lead : lead & (0xFFU >> (length + 1));
      for (std::size_t k = 1; k < length; ++k) point = (point << 6U) | (static_cast<unsigned char>(utf8[i + k]) & 0x3FU);
      i += length;
      if (point >= 0x10000) put(0xD800 + ((point - 0x10000) >> 10U));
      put(point >= 0x10000 ? 0xDC00 + ((point - 0x10000) & 0x3FFU) : point);
    }
  });
  return out;
}

}  // namespace

Result<Secret> sha1_of(const Secret& password_utf8) {
  auto out = Secret::of_size(20);
  const bool done = password_utf8.expose([&out](std::string_view pw) {
    return out.expose_mutable([&](std::span<char> to) {
      return EVP_Digest(pw.data(), pw.size(), reinterpret_cast<unsigned char*>(to.data()), nullptr, EVP_sha1(), nullptr) == 1;
    });
  });
  if (!done) return fault(Fault::Kind::internal, "password.digest", "OpenSSL has no SHA-1");
  return out;
}

Result<Secret> ntlm_of(const Secret& password_utf8) {
  const auto units = password_utf8.expose([](std::string_view pw) { return protocol::utf16_units(pw); });
  if (!units) return fault(Fault::Kind::malformed, "password.digest", "not UTF-8");
  auto message = password_utf8.expose([&](std::string_view pw) { return utf16le(pw, *units); });
  std::array<std::uint32_t, 4> state = {0x6745'2301, 0xEFCD'AB89, 0x98BA'DCFE, 0x1032'5476};
  std::array<std::uint32_t, 16> words{};
  message.expose_mutable([&](std::span<char> bytes) {
    bytes[*units * 2] = static_cast<char>(0x80);
    const auto bits = static_cast<std::uint64_t>(*units) * 16;
    for (std::size_t i = 0; i < 8; ++i) bytes[bytes.size() - 8 + i] = static_cast<char>(bits >> (8 * i));
    for (std::size_t at = 0; at < bytes.size(); at += 64) md4_block(state, reinterpret_cast<const unsigned char*>(bytes.data()) + at, words);
  });
  auto out = Secret::of_size(16);
  out.expose_mutable([&](std::span<char> to) {
    for (std::size_t i = 0; i < 16; ++i) to[i] = static_cast<char>(state[i / 4] >> (8 * (i % 4)));
  });
  cleanse(state.data(), sizeof state);
  cleanse(words.data(), sizeof words);
  return out;
}

}  // namespace wb::crypto
