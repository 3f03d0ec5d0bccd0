#include "service/notify/own_wording.hpp"

#include <gtest/gtest.h>

namespace wb::service {
namespace {

const Catalogue& catalogue() {
  static const auto loaded = Catalogue::load();
  return *loaded;
}

const OwnWording good{"{organisation}: your code", "Hello {account},\n\n{code}\n\nFor {minutes} minutes. {helpdesk}"};

// "letter_text", or "letter_unknown_placeholder {x}"; empty: it may be sent.
std::string refused(const OwnWording& own, Notice notice = Notice::verification_code) {
  const auto found = flaw_of(catalogue(), notice, own);
  return found ? std::string(to_string(found->flaw)) + (found->what.empty() ? "" : " " + found->what) : std::string();
}
std::string refused_text(const std::string& text, Notice notice = Notice::verification_code) { return refused({good.subject, text}, notice); }
std::string refused_subject(const std::string& subject) { return refused({subject, good.text}); }

TEST(AnOwnText, MayBeSentWhereItSaysWhatTheLetterIsFor) {
  EXPECT_EQ(refused(good), "");
  EXPECT_EQ(refused_text("{code}"), "") << "the others are left to whoever writes";
  EXPECT_EQ(refused({"Über {account}", "文章 {code}\n<b>&"}), "");
}

TEST(AnOwnText, MustSayTheCodeOrTheLink) {
  EXPECT_EQ(refused_text("Hello {account}"), "letter_missing_placeholder {code}");
  EXPECT_EQ(refused_text("Hello {account}", Notice::password_reset), "letter_missing_placeholder {link}");
  EXPECT_EQ(refused_text("Hello {account}", Notice::reset_link), "letter_missing_placeholder {link}");
  EXPECT_EQ(refused_text("Hello {account}", Notice::frozen), "") << "there is neither in it";
}

TEST(AnOwnText, IsRefusedWithBracesThatAreNoPlaceholderOfTheLetter) {
  const std::pair<std::string, std::string> wrong[] = {{"{cdoe}", "{cdoe}"}, {"{Code}", "{Code}"}, {"{ code }", "{ code }"}, {"{time}", "{time}"}, {"{link}", "{link}"}, {"{", "{"}, {"}", "}"}, {"{}", "{}"}, {"{{code}}", "{"}, {"{co{code}de}", "{co"},
      {"{c\n}", "{c"}, {"{" + std::string(100, 'x') + "}", "{" + std::string(39, 'x')}};
  for (const auto& [text, what] : wrong) EXPECT_EQ(refused_text("{code} " + text), "letter_unknown_placeholder " + what) << text;
  EXPECT_EQ(refused_subject("{tiem}"), "letter_unknown_placeholder {tiem}");
}

TEST(AnOwnSubject, NeverSaysTheCodeOrTheLink) {
  EXPECT_EQ(refused_subject("{code} is your code"), "letter_secret_in_subject {code}");
  EXPECT_EQ(refused({"{link}", "{link}"}, Notice::invitation), "letter_secret_in_subject {link}");
}

TEST(AnOwnSubject, IsOneLineOfAtMost200Characters) {
  for (const std::string bad : {"", " ", "a\nBcc: everybody@corp.example", "a\rb", "a\tb", "a\x7f", "a\xC2\x80", "a\xC2\x9B"}) EXPECT_EQ(refused_subject(bad), "letter_subject 200") << bad;
  EXPECT_EQ(refused_subject(std::string("a\0b", 3)), "letter_subject 200");
  EXPECT_EQ(refused_subject("a\xC2\xA0"), "") << "a space that does not break";
  std::string longest;
  for (int i = 0; i < 200; ++i) longest += "ü";
  EXPECT_EQ(refused_subject(longest), "");
  EXPECT_EQ(refused_subject(longest + "ü"), "letter_subject 200");
}

TEST(AnOwnText, HasAtMost3000CharactersAndNoControlsButTheEndsOfLines) {
  for (const std::string bad : {"", "\n \n", "{code}\r\n", "{code}\t", "{code}\x1b[31m", "{code}\xC2\x85"}) EXPECT_EQ(refused_text(bad), "letter_text 3000") << bad;
  std::string longest = "{code}";
  for (int i = 6; i < 3'000; ++i) longest += "ü";
  EXPECT_EQ(refused_text(longest), "");
  EXPECT_EQ(refused_text(longest + "ü"), "letter_text 3000");
}

// What of a letter is needed the catalogue says: whatever is shipped could have been written.
TEST(EveryShippedText, CouldBeOnesOwn) {
  for (const auto& language : catalogue().languages())
    for (const auto notice : all_notices()) {
      const auto shipped = wording_of(catalogue(), language, notice);
      EXPECT_EQ(refused({shipped.subject, shipped.text}, notice), "") << language << " " << to_string(notice);
    }
}

TEST(WhatALetterKnows, IsWhatTheEnglishOneSaysAndWhatAllMaySay) {
  EXPECT_EQ(placeholders_of(catalogue(), Notice::verification_code), (std::vector<std::string>{"account", "code", "helpdesk", "minutes", "organisation"}));
  EXPECT_EQ(placeholders_of(catalogue(), Notice::frozen), (std::vector<std::string>{"account", "helpdesk", "organisation", "time"}));
  EXPECT_EQ(needed_of(catalogue(), Notice::method_added), std::vector<std::string>{"link"});
  EXPECT_EQ(needed_of(catalogue(), Notice::frozen), std::vector<std::string>());
}

TEST(AnOwnLetter, ShowsMarkupAsTheTextThatItIs) {
  const auto letter = letter_of({"en", "<b>{account}</b>", "<script>alert(1)</script>\n\n<a href=\"https://evil.example\">{account}</a>", {}}, {{"account", "<i>"}});
  EXPECT_EQ(letter.subject, "<b><i></b>");
  for (const auto* tag : {"<b>", "<script", "<a", "<i>"}) EXPECT_EQ(letter.html.find(tag), std::string::npos) << letter.html;
  EXPECT_NE(letter.html.find("&lt;a href=&quot;https://evil.example&quot;&gt;&lt;i&gt;&lt;/a&gt;"), std::string::npos) << letter.html;
}

}  // namespace
}  // namespace wb::service
