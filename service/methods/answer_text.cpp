#include "service/methods/answer_text.hpp"

#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#include <cstdlib>
#include <memory>

#include "core/secret.hpp"

namespace wb::service {
namespace {
// libunistring's answers come from malloc and are copies of a secret.
struct Text {
  std::uint8_t* data = nullptr;
  std::size_t size = 0;
  Text() = default;
  Text(const Text&) = delete;
  Text& operator=(const Text&) = delete;
  ~Text() {
    if (data) cleanse(data, size);
    std::free(data);
  }
};

const std::uint8_t* bytes(std::string_view text) { return reinterpret_cast<const std::uint8_t*>(text.data()); }

// fn(code point) for each; the text is valid UTF-8.
template <class F> void each(const std::uint8_t* text, std::size_t size, F fn) {
  ucs4_t c = 0;
  for (std::size_t at = 0; at < size;) {
    at += static_cast<std::size_t>(u8_mbtouc(&c, text + at, size - at));
    fn(c);
  }
}

void append(std::string& out, ucs4_t c) {
  std::uint8_t buffer[6];
  const int length = u8_uctomb(buffer, c, sizeof buffer);
  if (length > 0) out.append(reinterpret_cast<const char*>(buffer), static_cast<std::size_t>(length));
}

// What can't be seen can't be typed again: soft hyphens, joiners, marks of direction.
std::string visible(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  each(bytes(text), text.size(), [&out](ucs4_t c) {
    if (!uc_is_property_default_ignorable_code_point(c)) append(out, c);
  });
  return out;
}

std::string spaced(const Text& text) {
  std::string out;
  out.reserve(text.size);
  bool gap = false;
  each(text.data, text.size, [&](ucs4_t c) {
    const bool space = uc_is_property_white_space(c);
    if (!space && gap && !out.empty()) out += ' ';
    gap = space;
    if (!space) append(out, c);
  });
  return out;
}

}  // namespace

std::optional<std::string> normalised(std::string_view text) {
  if (text.size() > answer_bytes_max || u8_check(bytes(text), text.size()) != nullptr) return std::nullopt;
  bool control = false;
  each(bytes(text), text.size(), [&control](ucs4_t c) { control = control || (uc_is_cntrl(c) && !uc_is_property_white_space(c)); });
  if (control) return std::nullopt;
  auto seen = visible(text);
  Text folded;  // u8_casefold decomposes first: so full-width letters and those of mathematics fold as the letters they are
  folded.data = u8_casefold(bytes(seen), seen.size(), nullptr, UNINORM_NFKC, nullptr, &folded.size);
  cleanse(seen.data(), seen.size());
  if (!folded.data && !seen.empty()) return std::nullopt;  // no memory
  return spaced(folded);
}

std::size_t characters_in(std::string_view text) { return u8_mbsnlen(bytes(text), text.size()); }

}  // namespace wb::service
