#include "tests/support/crypto_world.hpp"

namespace wb::crypto {
namespace {

std::string shown(const Secret& s) {
  return s.expose([](std::string_view text) { return std::string(text); });
}
// "pw|old", or the detail of the fault in brackets.
std::string read(std::string_view text) {
  auto got = read_passwords(Secret::copy_of(text));
  if (got.has_error()) return "[" + got.error().detail + "]";
  return shown(got->pw) + (got->old ? "|" + shown(*got->old) : "");
}
std::string read_pw(const std::string& literal) { return read(R"({"pw":")" + literal + R"(","pad":""})"); }

TEST(APlaintext, GivesItsPasswordsInAnyOrder) {
  EXPECT_EQ(read(R"({"pw":"new","pad":""})"), "new");
  EXPECT_EQ(read(R"({"pw":"new","old":"was","pad":"    "})"), "new|was");
  EXPECT_EQ(read("\n{ \"pad\" : \"\" ,\t\"old\":\"was\",\r\"pw\":\"new\" } "), "new|was");
  EXPECT_EQ(read("{\"\\u0070w\":\"new\",\"pad\":\"\"}"), "new") << "a name may be escaped too";
}

TEST(APlaintext, ResolvesEveryEscape) {
  EXPECT_EQ(read_pw(R"(\"\\\/\b\f\n\r\t)"), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(read_pw(R"(\u0041\u00e9\u00E9\u20ac\uFFFF)"), "A\xc3\xa9\xc3\xa9\xe2\x82\xac\xef\xbf\xbf");
  EXPECT_EQ(read_pw(R"(\ud83d\ude00\uDBFF\uDFFF)"), "\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf");
  EXPECT_EQ(read_pw("\xf0\x9f\x98\x80 e\xcc\x81"), "\xf0\x9f\x98\x80 e\xcc\x81") << "raw, and never normalised";
  EXPECT_EQ(read_pw("\x7f"), "\x7f");
}

TEST(APlaintext, ThatIsNotTheContractsIsRefused) {
  for (const auto* text : {"", "{}", "null", "[]", "\"pw\"", R"({"pw":"a"})", R"({"pad":""})", R"({"pw":"a","pad":"")", R"({"pw":"a","pad":""}x)", R"({"pw":"a","pad":""}{})",
           R"({"pw":"a","pad":"",})", R"({"pw":"a" "pad":""})", R"({"pw":"a","pw":"b","pad":""})", R"({"pw":"a","pad":"","pad":""})", R"({"pw":"a","pad":"","x":"y"})",
           R"({"pw":1,"pad":""})", R"({"pw":null,"pad":""})", R"({"pw":["a"],"pad":""})", R"({"pw":"a","old":null,"pad":""})", R"({'pw':'a','pad':''})", R"({"pw":"a,"pad":""})",
           "{\"pw\":\"a\nb\",\"pad\":\"\"}", "{\"pw\":\"a\",\"pad\":\"\xff\"}", R"({"pw":"\x41","pad":""})", R"({"pw":"\u12","pad":""})", R"({"pw":"\u12G4","pad":""})",
           R"({"pw":"\ud83d\u12","pad":""})", R"({"pw":"\)", R"({"pw":"\u)", "\xef\xbb\xbf{\"pw\":\"a\",\"pad\":\"\"}"})
    EXPECT_EQ(read(text), "[json]") << text;
}

TEST(APlaintext, IsReadSafelyWhereverItIsCut) {
  const std::string whole = R"({"pw":"\ud83d\ude00\u00e9\"","old":"x\\","pad":"  "})";
  for (std::size_t i = 0; i < whole.size(); ++i) EXPECT_EQ(read(std::string_view(whole).substr(0, i)), "[json]") << i;
  EXPECT_EQ(read(whole), "\xf0\x9f\x98\x80\xc3\xa9\"|x\\");
}

TEST(APasswordThatIsNone, IsRefusedWithTheReason) {
  EXPECT_EQ(read_pw(""), "[empty]");
  EXPECT_EQ(read(R"({"pw":"a","old":"","pad":""})"), "[empty]");
  for (const auto* none : {R"(\ud83d)", R"(\ude00)", R"(\ud83dx)", R"(\ud83d\ud83d)", R"(\ude00\ud83d)", R"(\ud83d\u0041)", R"(\u0000)", R"(a\u0000b)", "\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "a\xc3"})
    EXPECT_EQ(read_pw(none), "[not_unicode]") << none;
}

TEST(APassword, IsCountedInUtf16CodeUnits) {
  const auto times = [](std::string_view what, int n) { std::string out; while (n-- > 0) out += what; return out; };
  EXPECT_EQ(read_pw(times("x", 256)), times("x", 256));
  EXPECT_EQ(read_pw(times("x", 257)), "[too_long]");
  EXPECT_EQ(read_pw(times("\xe2\x82\xac", 256)), times("\xe2\x82\xac", 256)) << "three bytes, one unit";
  EXPECT_EQ(read_pw(times("\xf0\x9f\x98\x80", 128)), times("\xf0\x9f\x98\x80", 128));
  EXPECT_EQ(read_pw(times("\xf0\x9f\x98\x80", 129)), "[too_long]") << "four bytes, two units";
  EXPECT_EQ(read_pw(times(R"(\u20ac)", 256)), times("\xe2\x82\xac", 256));
}

TEST(AMadePlaintext, ComesBackByteForByteAndHidesTheLength) {
  std::string controls;
  for (char c = 1; c < 0x20; ++c) controls += c;
  for (const auto& pw : {std::string("x"), std::string("\"\\/"), controls, std::string("\xf0\x9f\x98\x80"), std::string(256, '"'), std::string(110, 'x'), std::string(111, 'x'), std::string(112, 'x')}) {
    const auto made = make_plaintext(Secret::copy_of(pw));
    EXPECT_EQ(made.size() % 128, 0U);
    EXPECT_EQ(read(shown(made)), pw);
  }
  EXPECT_EQ(make_plaintext(Secret::copy_of("x")).size(), make_plaintext(Secret::copy_of(std::string(100, 'x'))).size());
}

TEST(AMadePlaintext, HoldsTheOldPasswordOfAChange) {
  for (const auto& old : {std::string("was"), std::string("\"\\/\n"), std::string(200, '"')}) {
    const auto before = Secret::copy_of(old);
    const auto made = make_plaintext(Secret::copy_of("new"), &before);
    EXPECT_EQ(made.size() % 128, 0U);
    EXPECT_EQ(read(shown(made)), "new|" + old);
  }
}

}  // namespace
}  // namespace wb::crypto
