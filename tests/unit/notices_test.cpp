#include "service/notify/notices.hpp"

#include <gtest/gtest.h>

namespace wb::service {
namespace {

const Catalogue& catalogue() {
  static const auto loaded = Catalogue::load();
  return *loaded;
}

Letter code_mail(std::string_view account = "alice", std::string_view helpdesk = "Questions? +49 30 1234") {
  return letter_of(wording_of(catalogue(), "en", Notice::verification_code), {{"account", account}, {"organisation", "Contoso & Sons"}, {"helpdesk", helpdesk}, {"code", "12345678"}, {"minutes", "5"}});
}

TEST(ACodesMail, SaysTheCodeInBothParts) {
  const auto letter = code_mail();
  EXPECT_EQ(letter.subject, "Your code for Contoso & Sons");
  EXPECT_EQ(letter.language, "en");
  EXPECT_NE(letter.text.find("\n\n12345678\n\n"), std::string::npos) << letter.text;
  EXPECT_TRUE(letter.text.ends_with("\n\nQuestions? +49 30 1234\n")) << letter.text;
  EXPECT_NE(letter.html.find("<strong>12345678</strong>"), std::string::npos) << letter.html;
  EXPECT_NE(letter.html.find("<html lang=\"en\">"), std::string::npos);
}

TEST(AMail, EscapesWhatIsPutIntoItsHtml) {
  const auto letter = code_mail("<img src=x onerror='alert(1)'>&\n\n{link}");
  EXPECT_EQ(letter.html.find("<img"), std::string::npos) << letter.html;
  EXPECT_NE(letter.html.find("&lt;img src=x onerror=&#39;alert(1)&#39;&gt;&amp;  {link}"), std::string::npos) << letter.html;
  EXPECT_NE(letter.html.find("<title>Your code for Contoso &amp; Sons</title>"), std::string::npos);
  EXPECT_NE(letter.text.find("of <img src=x onerror='alert(1)'>&  {link}. The code"), std::string::npos) << "one line, and no new placeholder: " << letter.text;
}

TEST(AMail, LeavesOutAHelpdeskThatThereIsNot) {
  const auto letter = code_mail("alice", "");
  EXPECT_TRUE(letter.text.ends_with("without the code nothing happens.\n")) << letter.text;
  EXPECT_EQ(letter.html.find("<p></p>"), std::string::npos);
}

TEST(AMail, MakesItsLinkOne) {
  const auto letter = letter_of(wording_of(catalogue(), "de", Notice::password_reset),
      {{"account", "alice"}, {"organisation", "Contoso"}, {"helpdesk", ""}, {"time", "09:14 UTC am 22. November"}, {"link", "https://reset.example/stop?a=1&b=\"2\""}});
  EXPECT_EQ(letter.language, "de");
  EXPECT_NE(letter.html.find("<a href=\"https://reset.example/stop?a=1&amp;b=&quot;2&quot;\">"), std::string::npos) << letter.html;
  EXPECT_NE(letter.text.find("\n\nhttps://reset.example/stop?a=1&b=\"2\"\n"), std::string::npos) << letter.text;
}

TEST(EveryMail, HasNoPlaceholderLeft) {
  for (const auto& language : catalogue().languages())
    for (int notice = 0; notice <= static_cast<int>(Notice::reminder); ++notice) {
      const auto letter = letter_of(wording_of(catalogue(), language, static_cast<Notice>(notice)),
          {{"account", "alice"}, {"organisation", "Contoso"}, {"helpdesk", "h"}, {"code", "1"}, {"minutes", "5"}, {"time", "t"}, {"link", "l"}, {"method", "m"}});
      for (const auto& text : {letter.subject, letter.text, letter.html}) EXPECT_EQ(placeholders(text), std::vector<std::string>()) << language << " " << to_string(static_cast<Notice>(notice));
      EXPECT_GT(letter.text.size(), 60U);
    }
}

Letter reset_mail(std::string_view language) {
  return letter_of(wording_of(catalogue(), language, Notice::password_reset),
      {{"account", "alice"}, {"organisation", "Contoso"}, {"helpdesk", "Contoso"}, {"time", "t"}, {"link", "https://reset.example/stop"}});
}

TEST(AMailInArabic, IsFromRightToLeftAndItsLinkIsNot) {
  const auto html = reset_mail("ar").html;
  EXPECT_NE(html.find("<html lang=\"ar\" dir=\"rtl\">"), std::string::npos) << html;
  EXPECT_NE(html.find("<body dir=\"rtl\" "), std::string::npos) << html;
  EXPECT_EQ(html.find("<p>"), std::string::npos) << "each paragraph says it, for readers that throw the rest away: " << html;
  EXPECT_NE(html.find("<p dir=\"rtl\"><a href=\"https://reset.example/stop\" dir=\"ltr\">"), std::string::npos) << html;
  const auto code = letter_of(wording_of(catalogue(), "ar", Notice::verification_code), {{"account", "a"}, {"organisation", "o"}, {"helpdesk", ""}, {"code", "12345678"}, {"minutes", "5"}}).html;
  EXPECT_NE(code.find("<strong dir=\"ltr\">12345678</strong>"), std::string::npos) << code;
}

TEST(AMailInArabic, BeginsEachParagraphOfItsTextInArabic) {  // where nothing says the direction, the first letter does
  for (int notice = 0; notice <= static_cast<int>(Notice::reminder); ++notice) {
    const auto letter = letter_of(wording_of(catalogue(), "ar", static_cast<Notice>(notice)),
        {{"account", "alice"}, {"organisation", "C"}, {"helpdesk", ""}, {"code", "1"}, {"minutes", "5"}, {"time", "t"}, {"link", "1"}, {"method", "m"}});
    for (const auto& text : {"\n\n" + letter.subject, "\n\n" + letter.text})
      for (auto at = text.find("\n\n"); at != std::string::npos; at = text.find("\n\n", at + 1)) {
        const char first = text[at + 2];
        EXPECT_TRUE(first == '1' || first == '\xd8' || first == '\xd9') << text.substr(at);
      }
  }
}

TEST(AMailInAnyOtherLanguage, SaysNothingOfItsDirection) {
  for (const auto& language : catalogue().languages()) {
    if (language == "ar") continue;
    EXPECT_EQ(reset_mail(language).html.find("dir="), std::string::npos) << language;
  }
}

TEST(AnOperatorsHtml, IsTakenAsItIsWithItsValuesEscaped) {
  const MessageFile files[] = {{"en", R"({"mail.reminder.subject":"s","mail.reminder.text":"{account} {link}"})"}, {"en", R"({"mail.reminder.html":"<h1>{account}</h1><a href=\"{link}\">{organisation}</a>"})"}};
  const auto own = Catalogue::from(files);
  ASSERT_TRUE(own);
  const auto letter = letter_of(wording_of(*own, "en", Notice::reminder), {{"account", "<a>"}, {"link", "https://x/?a&b"}, {"organisation", "C"}, {"helpdesk", ""}});
  EXPECT_EQ(letter.html, "<h1>&lt;a&gt;</h1><a href=\"https://x/?a&amp;b\">C</a>");
}

TEST(ALanguageWithoutThatMail, GetsTheEnglishOne) {
  const auto letter = letter_of(wording_of(catalogue(), "sv", Notice::reminder), {{"account", "alice"}, {"link", "l"}, {"organisation", "C"}, {"helpdesk", ""}});
  EXPECT_EQ(letter.language, "en");
  EXPECT_NE(letter.html.find("<html lang=\"en\">"), std::string::npos);
}

}  // namespace
}  // namespace wb::service
