#include "ldap/text.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <limits>

#include "core/ids.hpp"
#include "protocol/messages.hpp"

namespace wb::ldap {
namespace {

constexpr char digits[] = "0123456789abcdef";
// The order of objectGUID's bytes in its text.
constexpr std::array<std::size_t, 16> guid_order{3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
constexpr std::int64_t ticks_per_second = 10'000'000;
constexpr std::int64_t unix_epoch_seconds = 11'644'473'600;  // from 1601 to 1970

std::uint8_t byte_at(std::string_view bytes, std::size_t at) { return static_cast<std::uint8_t>(bytes[at]); }

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Takes one code point off the front; nullopt: ill-formed (RFC 3629: no overlong form, no surrogate, no more than
// U+10FFFF).
std::optional<char32_t> next_code_point(std::string_view& text) {
  const auto lead = byte_at(text, 0);
  const std::size_t length = lead < 0x80 ? 1 : lead < 0xC2 ? 0
      : lead < 0xE0                                        ? 2
      : lead < 0xF0                                        ? 3
      : lead < 0xF5                                        ? 4
                                                           : 0;
  if (length == 0 || text.size() < length) return std::nullopt;
  char32_t point = length == 1 ? lead : lead & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    const auto next = byte_at(text, i);
    if ((next & 0xC0U) != 0x80U) return std::nullopt;
    point = point << 6 | (next & 0x3FU);
  }
  constexpr std::array<char32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};
  if (point < least[length] || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) return std::nullopt;
  text.remove_prefix(length);
  return point;
}

// How many UTF-16 units a password has; 0: it is not one.
std::size_t password_units(std::string_view utf8) {
  std::size_t units = 0;
  while (!utf8.empty()) {
    const auto point = next_code_point(utf8);
    if (!point || *point == 0) return 0;
    units += *point > 0xFFFF ? 2 : 1;
    if (units > protocol::password_units_max) return 0;
  }
  return units;
}

// Without regard to the case of ASCII letters. At the end of the words four characters of the password are enough: the server
// may have cut it there.
bool stands_in(std::string_view words, std::string_view password) {
  constexpr std::size_t telling = 4;
  const auto same = [](char a, char b) { return a == b || (std::isalpha(static_cast<unsigned char>(a)) && (a ^ b) == 0x20); };
  if (std::search(words.begin(), words.end(), password.begin(), password.end(), same) != words.end()) return true;
  for (auto length = std::min(words.size(), password.size()); length >= telling; --length)
    if (std::equal(password.begin(), password.begin() + static_cast<std::ptrdiff_t>(length), words.end() - static_cast<std::ptrdiff_t>(length), same)) return true;
  return false;
}

}  // namespace

std::string filter_escape(std::string_view value) {
  std::string escaped;
  for (const char c : value) {
    const auto byte = static_cast<std::uint8_t>(c);
    if (c == '*' || c == '(' || c == ')' || c == '\\' || byte < 0x20 || byte == 0x7F) {
      escaped += '\\';
      escaped += digits[byte >> 4];
      escaped += digits[byte & 15];
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string kept_text(std::string_view words, const Sent& sent) {
  constexpr std::size_t most = 300;
  std::string narrow(words);
  std::erase(narrow, '\0');  // ASCII in UTF-16
  for (const auto* secret : {sent.password, sent.old})
    if (secret && !secret->empty() && secret->expose([&](std::string_view text) { return stands_in(narrow, text); })) return "(withheld: a password stands in it)";
  return printable(words, most);
}

std::optional<std::string> guid_text(std::string_view bytes) {
  if (bytes.size() != 16) return std::nullopt;
  std::string text;
  for (std::size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    const auto byte = byte_at(bytes, guid_order[i]);
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

std::optional<std::string> guid_bytes(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  std::string bytes(16, '\0');
  std::size_t at = 0;
  for (std::size_t i = 0; i < 16; ++i) {
    if ((i == 4 || i == 6 || i == 8 || i == 10) && text[at++] != '-') return std::nullopt;
    const int high = hex_value(text[at]), low = hex_value(text[at + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes[guid_order[i]] = static_cast<char>(high * 16 + low);
    at += 2;
  }
  return bytes;
}

std::string guid_dn(std::string_view guid) { return "<GUID=" + std::string(guid) + ">"; }

std::optional<std::string> sid_text(std::string_view bytes) {
  if (bytes.size() < 8 || byte_at(bytes, 0) != 1) return std::nullopt;
  const std::size_t count = byte_at(bytes, 1);
  if (count < 1 || count > 15 || bytes.size() != 8 + 4 * count) return std::nullopt;  // SDDL has no spelling for one of none, either
  std::uint64_t authority = 0;
  for (std::size_t i = 2; i < 8; ++i) authority = authority << 8 | byte_at(bytes, i);
  std::string text = "S-1-" + std::to_string(authority);
  for (std::size_t i = 0; i < count; ++i) {
    std::uint32_t part = 0;
    for (std::size_t b = 4; b-- > 0;) part = part << 8 | byte_at(bytes, 8 + 4 * i + b);
    text += '-' + std::to_string(part);
  }
  return text;
}

std::optional<std::int64_t> integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

UnixSeconds unix_from_filetime(std::int64_t filetime) { return filetime / ticks_per_second - unix_epoch_seconds; }
std::int64_t filetime_from_unix(UnixSeconds seconds) { return (seconds + unix_epoch_seconds) * ticks_per_second; }
std::int64_t seconds_from_interval(std::int64_t interval) {
  if (interval >= 0 || interval == std::numeric_limits<std::int64_t>::min()) return 0;
  return -interval / ticks_per_second;
}

std::optional<Secret> quoted_utf16(const Secret& utf8) {
  return utf8.expose([](std::string_view text) -> std::optional<Secret> {
    const auto units = password_units(text);
    if (units == 0) return std::nullopt;
    auto quoted = Secret::of_size(2 * (units + 2));
    quoted.expose_mutable([&](std::span<char> out) {
      std::size_t at = 0;
      auto put = [&](std::uint32_t unit) {
        out[at++] = static_cast<char>(unit & 0xFF);
        out[at++] = static_cast<char>(unit >> 8);
      };
      put('"');
      while (!text.empty()) {
        const char32_t point = *next_code_point(text);
        if (point <= 0xFFFF) {
          put(point);
        } else {
          put(0xD800 + ((point - 0x10000) >> 10));
          put(0xDC00 + ((point - 0x10000) & 0x3FF));
        }
      }
      put('"');
    });
    return quoted;
  });
}

}  // namespace wb::ldap
