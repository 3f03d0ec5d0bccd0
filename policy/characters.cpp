#include "policy/characters.hpp"

namespace wb::policy {
namespace {

// Unicode's general categories Lu and Ll (UnicodeData.txt) for Latin, Greek and Cyrillic. Where capital and small letter
// take turns the step is 2. `to_lower` is what must be added.
struct Cased {
  char32_t first, last;
  unsigned step;
  int to_lower;
};
constexpr Cased capitals[] = {{'A', 'Z', 1, 32}, {0xC0, 0xD6, 1, 32}, {0xD8, 0xDE, 1, 32}, {0x100, 0x12E, 2, 1}, {0x130, 0x130, 1, -199}, {0x132, 0x136, 2, 1},
    {0x139, 0x147, 2, 1}, {0x14A, 0x176, 2, 1}, {0x178, 0x178, 1, -121}, {0x179, 0x17D, 2, 1}, {0x218, 0x21E, 2, 1}, {0x386, 0x386, 1, 38}, {0x388, 0x38A, 1, 37},
    {0x38C, 0x38C, 1, 64}, {0x38E, 0x38F, 1, 63}, {0x391, 0x3A1, 1, 32}, {0x3A3, 0x3AB, 1, 32}, {0x400, 0x40F, 1, 80}, {0x410, 0x42F, 1, 32}, {0x460, 0x480, 2, 1},
    {0x48A, 0x4BE, 2, 1}, {0x4C0, 0x4C0, 1, 15}, {0x4C1, 0x4CD, 2, 1}, {0x4D0, 0x52E, 2, 1}, {0x1E00, 0x1E94, 2, 1}, {0x1EA0, 0x1EFE, 2, 1}};
constexpr Cased small[] = {{'a', 'z', 1, 0}, {0xDF, 0xF6, 1, 0}, {0xF8, 0xFF, 1, 0}, {0x101, 0x12F, 2, 0}, {0x131, 0x131, 1, 0}, {0x133, 0x137, 2, 0},
    {0x138, 0x138, 1, 0}, {0x13A, 0x148, 2, 0}, {0x149, 0x149, 1, 0}, {0x14B, 0x177, 2, 0}, {0x17A, 0x17E, 2, 0}, {0x17F, 0x17F, 1, 0}, {0x219, 0x21F, 2, 0},
    {0x390, 0x390, 1, 0}, {0x3AC, 0x3CE, 1, 0}, {0x430, 0x45F, 1, 0}, {0x461, 0x481, 2, 0}, {0x48B, 0x4BF, 2, 0}, {0x4C2, 0x4CE, 2, 0}, {0x4CF, 0x4CF, 1, 0},
    {0x4D1, 0x52F, 2, 0}, {0x1E01, 0x1E95, 2, 0}, {0x1E96, 0x1E9D, 1, 0}, {0x1EA1, 0x1EFF, 2, 0}};
struct Span {
  char32_t first, last;
};
// Letters without case (Lo): Hebrew, Arabic, Devanagari, Thai, Hiragana, Katakana, Hangul, Han.
constexpr Span caseless[] = {{0x5D0, 0x5EA}, {0x620, 0x63F}, {0x641, 0x64A}, {0x904, 0x939}, {0xE01, 0xE30}, {0x3041, 0x3096}, {0x30A1, 0x30FA}, {0x3400, 0x4DBF},
    {0x4E00, 0x9FFF}, {0xAC00, 0xD7A3}};
constexpr Span money[] = {{0xA2, 0xA5}, {0x20A0, 0x20C0}};

const Cased* cased_in(const auto& table, char32_t c) {
  for (const auto& row : table)
    if (c >= row.first && c <= row.last && (c - row.first) % row.step == 0) return &row;
  return nullptr;
}

bool in(const auto& table, char32_t c) {
  for (const auto& span : table)
    if (c >= span.first && c <= span.last) return true;
  return false;
}

// One code point off the front; 0 where there is none.
char32_t take(std::string_view& utf8) {
  const auto lead = static_cast<unsigned char>(utf8.front());
  const std::size_t length = lead < 0x80 ? 1 : lead < 0xC2 ? 0
      : lead < 0xE0                                        ? 2
      : lead < 0xF0                                        ? 3
      : lead < 0xF5                                        ? 4
                                                           : 0;
  if (length == 0 || length > utf8.size()) return 0;
  char32_t point = length == 1 ? lead : lead & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    const auto next = static_cast<unsigned char>(utf8[i]);
    if ((next & 0xC0U) != 0x80) return 0;
    point = (point << 6U) | (next & 0x3FU);
  }
  utf8.remove_prefix(length);
  return point;
}

}  // namespace

Kind kind_of(char32_t c) {
  if (c >= '0' && c <= '9') return Kind::digit;
  if (cased_in(capitals, c)) return Kind::upper;
  if (cased_in(small, c)) return Kind::lower;
  if (c > 0x20 && c < 0x7F) return Kind::symbol;
  if (in(caseless, c)) return Kind::other_letter;
  return in(money, c) ? Kind::currency : Kind::unsure;
}

char32_t lower(char32_t c) {
  const auto* row = cased_in(capitals, c);
  return row ? static_cast<char32_t>(static_cast<std::int32_t>(c) + row->to_lower) : c;
}

std::u32string decoded(std::string_view utf8, std::size_t most) {
  std::u32string out;
  while (!utf8.empty() && out.size() < most) {
    const auto point = take(utf8);
    if (point == 0) break;
    out += point;
  }
  return out;
}

PasswordPoints::PasswordPoints(std::string_view utf8) {
  while (!utf8.empty() && size_ < most) {
    const auto point = take(utf8);
    if (point == 0) break;
    points_[size_++] = point;
  }
}

}  // namespace wb::policy
