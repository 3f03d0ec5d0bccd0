// Characters as password rules see them: decoded, lower-cased, sorted into Windows' categories. Pure; no locale.
//
// Known are Latin, Greek and Cyrillic letters (the "European languages" of Windows' rule) and the main scripts without
// case. What is not known is `unsure`: a rule that may refuse counts it in the person's favour.
#pragma once
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "core/secret.hpp"

namespace wb::policy {

enum class Kind { upper,
  lower,
  digit,         // 0 to 9
  symbol,        // ~!@#$%^&*_-+=`|\(){}[]:;"'<>,.?/
  other_letter,  // alphabetic without case: Han, Kana, Hangul, Hebrew, Arabic, Thai, ...
  currency,      // counts as nothing, says Microsoft
  unsure };
Kind kind_of(char32_t c);
char32_t lower(char32_t c);  // one to one; what has no simple lower case stays as it is

// The code points of well-formed UTF-8; stops at what is not (callers have checked: protocol/password.hpp), and at `most`.
std::u32string decoded(std::string_view utf8, std::size_t most);

// A password's code points, at most 256 (protocol::password_units_max), on the stack and cleansed at the end.
class PasswordPoints {
 public:
  static constexpr std::size_t most = 256;
  explicit PasswordPoints(std::string_view utf8);
  ~PasswordPoints() { cleanse(points_.data(), sizeof points_); }
  PasswordPoints(const PasswordPoints&) = delete;
  PasswordPoints& operator=(const PasswordPoints&) = delete;
  std::u32string_view view() const { return {points_.data(), size_}; }
  template <class F> void each(F change) {
    for (std::size_t i = 0; i < size_; ++i) points_[i] = change(points_[i]);
  }

 private:
  std::array<char32_t, most> points_;
  std::size_t size_ = 0;
};

}  // namespace wb::policy
