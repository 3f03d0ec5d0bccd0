#include "service/methods/answer_text.hpp"

#include <gtest/gtest.h>

namespace wb::service {
namespace {

std::string utf8(std::uint32_t c) {
  std::string out;
  if (c < 0x80) return {static_cast<char>(c)};
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((c >> shift) & 0x3f)); };
  if (c < 0x800) out += static_cast<char>(0xc0 | (c >> 6));
  else if (c < 0x10000) out += static_cast<char>(0xe0 | (c >> 12)), tail(6);
  else out += static_cast<char>(0xf0 | (c >> 18)), tail(12), tail(6);
  tail(0);
  return out;
}

TEST(AnAnswer, HasOneSpelling) {
  const std::pair<const char*, const char*> same[] = {
      {"  Z\u00fcrich ", "zu\u0308RICH"},                                                            // composed or not
      {"Stra\u00dfe", "STRASSE"},                                                                    // full folding
      {"New \t\n  York", "new york"},                                                                // runs of spaces
      {"New\u00a0York", "New\u2003York"},                                                            // spaces of other kinds
      {"\uff21\uff22\uff23", "abc"},                                                                 // full width
      {"\U0001d400bc", "abc"},                                                                       // letters of mathematics: they fold only after they are letters
      {"\ufb01le", "file"},                                                                          // a ligature
      {"ab\u00adc\u200bd", "abcd"},                                                                  // what can't be seen
      {"\u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2", "\u03c3\u03af\u03c3\u03c5\u03c6\u03bf\u03c3"},  // final sigma
  };
  for (const auto& [a, b] : same) EXPECT_EQ(normalised(a), normalised(b)) << a << " / " << b;
  EXPECT_EQ(normalised("  Z\u00fcrich "), "z\u00fcrich");
}

TEST(AnAnswer, KeepsWhatTellsItApart) {
  EXPECT_NE(normalised("Zurich"), normalised("Z\u00fcrich"));
  EXPECT_NE(normalised("newyork"), normalised("new york"));
  EXPECT_NE(normalised("abc."), normalised("abc"));
}

TEST(AnAnswer, DoesNotChangeTheSecondTime) {
  for (std::uint32_t c = 0x20; c < 0x110000; c += c < 0x3000 ? 1 : 41) {
    if (c >= 0xd800 && c < 0xe000) continue;
    const auto once = normalised("a" + utf8(c) + "b");
    if (!once) continue;
    ASSERT_EQ(normalised(*once), once) << std::hex << c;
  }
}

TEST(WhatIsNoText, IsNoAnswer) {
  for (const std::string_view bad : {std::string_view("abc\xff"), std::string_view("\xc3"), std::string_view("\xed\xa0\x80"), std::string_view("\xc0\xaf"), std::string_view("a\0bc", 4), std::string_view("abc\x1b[2J"), std::string_view("abc\x7f")})
    EXPECT_FALSE(normalised(bad)) << testing::PrintToString(bad);
  EXPECT_FALSE(normalised(std::string(answer_bytes_max + 1, 'a')));
  EXPECT_TRUE(normalised(std::string(answer_bytes_max, 'a')));
  EXPECT_EQ(normalised(""), "");
  EXPECT_EQ(normalised(" \u200b\t "), "");
}

TEST(Characters, AreCountedAsCodePoints) {
  EXPECT_EQ(characters_in(""), 0U);
  EXPECT_EQ(characters_in("z\u00fcrich"), 6U);
  EXPECT_EQ(characters_in("\u6771\u4eac\U0001f600"), 3U);
}

}  // namespace
}  // namespace wb::service
