#include "service/catalogue.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "core/ids.hpp"
#include "service/methods/questions.hpp"

namespace wb::service {
namespace {

Result<Catalogue> of(std::string_view en, std::string_view de = "{}", std::string_view more = "{}") {
  const MessageFile files[] = {{"en", en}, {"de", de}, {"de", more}};
  return Catalogue::from(files);
}

TEST(TheCataloguesOfTheProject, AreCompleteAndAlike) {
  const auto catalogue = Catalogue::load();
  ASSERT_TRUE(catalogue) << catalogue.error().detail;
  EXPECT_EQ(catalogue->warnings(), std::vector<std::string>());
  EXPECT_EQ(catalogue->languages(), (std::vector<std::string>{"ar", "de", "en", "es", "fr", "it", "ja", "nl", "pl", "pt", "tr", "zh"}));
  EXPECT_GT(catalogue->keys().size(), 150U);
}

TEST(TheCataloguesOfTheProject, HaveNoEnglishLeftOver) {
  const std::set<std::string> the_same{"de month.4", "de month.8", "de month.9", "de month.11", "fr method.email", "fr span.minute", "fr span.minutes", "nl method.email", "pt method.email"};
  const auto catalogue = Catalogue::load();
  ASSERT_TRUE(catalogue);
  std::set<std::string> found;
  for (const auto& language : catalogue->languages())
    for (const auto& key : catalogue->keys()) {
      const auto text = catalogue->text(language, key);
      EXPECT_TRUE(catalogue->has(language, key)) << language << " " << key;
      EXPECT_FALSE(text.empty()) << language << " " << key;
      if (language != "en" && text == catalogue->text("en", key)) found.insert(language + ' ' + key);
    }
  EXPECT_EQ(found, the_same);
}

TEST(TheCataloguesOfTheProject, AreWrittenInTheLettersOfTheirLanguage) {
  const auto catalogue = Catalogue::load();
  ASSERT_TRUE(catalogue);
  for (const std::string language : {"ar", "ja", "zh"})
    for (const auto& key : catalogue->keys()) {
      const auto text = catalogue->text(language, key);
      const auto foreign = std::count_if(text.begin(), text.end(), [](char c) { return (c & 0x80) != 0; });
      EXPECT_GT(foreign, 0) << language << " " << key << ": " << text;
    }
}

TEST(TheCataloguesOfTheProject, HaveTheParagraphsOfEnglishInEachMail) {  // a code, a link and the helpdesk stand alone
  const auto catalogue = Catalogue::load();
  ASSERT_TRUE(catalogue);
  for (const auto& language : catalogue->languages())
    for (const auto& key : catalogue->keys()) {
      if (!key.starts_with("mail.")) continue;
      const auto text = catalogue->text(language, key), english = catalogue->text("en", key);
      for (const std::string alone : {"\n\n", "\n\n{code}\n\n", "\n\n{link}\n\n", "\n\n{helpdesk}"}) EXPECT_EQ(text.find(alone) != std::string::npos, english.find(alone) != std::string::npos) << language << " " << key;
    }
}

TEST(TheCataloguesOfTheProject, HaveATextForEveryQuestion) {
  const auto catalogue = Catalogue::load();
  ASSERT_TRUE(catalogue);
  const auto keys = catalogue->keys();
  EXPECT_EQ(std::count_if(keys.begin(), keys.end(), [](const auto& key) { return key.starts_with("question."); }), 35);
  for (const auto& language : catalogue->languages()) {
    std::set<std::string> texts;
    for (const auto id : predefined_questions()) {
      const auto key = "question." + std::string(id);
      EXPECT_TRUE(catalogue->has(language, key)) << language << " " << key;
      texts.insert(catalogue->text(language, key));
    }
    EXPECT_EQ(texts.size(), 35U) << language;
  }
}

TEST(AText, HasItsValuesPutInOnceAndInItsLine) {
  const auto catalogue = of(R"({"a":"{x} and {y}, {x}; {no}{} { x} {{y}} {X} {x"})");
  ASSERT_TRUE(catalogue);
  EXPECT_EQ(catalogue->text("en", "a", {{"x", "{y}"}, {"y", "1\r\n2\t3"}}), "{y} and 1  2 3, {y}; {no}{} { x} {1  2 3} {X} {x");
  EXPECT_EQ(catalogue->text("en", "a"), "{x} and {y}, {x}; {no}{} { x} {{y}} {X} {x") << "without values it stays as it is";
}

TEST(AnHtmlText, HasItsValuesEscapedAndItselfNot) {
  const auto catalogue = of(R"({"a":"<b title=\"{x}\">{x}</b>"})");
  ASSERT_TRUE(catalogue);
  EXPECT_EQ(catalogue->html("en", "a", {{"x", "<script>'\"&</script>"}}),
      "<b title=\"&lt;script&gt;&#39;&quot;&amp;&lt;/script&gt;\">&lt;script&gt;&#39;&quot;&amp;&lt;/script&gt;</b>");
}

TEST(AMissingText, IsSaidInEnglishAndWarnedOf) {
  const auto catalogue = of(R"({"a":"one","b":"two"})", R"({"a":"eins","c":"drei"})");
  ASSERT_TRUE(catalogue);
  EXPECT_EQ(catalogue->text("de", "a"), "eins");
  EXPECT_EQ(catalogue->text("de", "b"), "two");
  EXPECT_EQ(catalogue->text("fr", "b"), "two");
  EXPECT_EQ(catalogue->text("en", "nothing"), "nothing");
  EXPECT_EQ(catalogue->warnings(), (std::vector<std::string>{"de: b is missing", "de: c is not known"}));
}

TEST(ALaterFile, ReplacesSingleTexts) {
  const auto catalogue = of(R"({"a":"one","b":"two"})", R"({"a":"eins","b":"zwei"})", R"({"b":"beide"})");
  ASSERT_TRUE(catalogue);
  EXPECT_EQ(catalogue->text("de", "a"), "eins");
  EXPECT_EQ(catalogue->text("de", "b"), "beide");
}

TEST(ATranslation, HasThePlaceholdersOfEnglish) {
  EXPECT_TRUE(of(R"({"a":"{x} {y}"})", R"({"a":"{y} {x} {x}"})"));
  for (const auto* other : {R"({"a":"{x}"})", R"({"a":"{x} {y} {z}"})", R"({"a":"none"})"}) {
    const auto refused = of(R"({"a":"{x} {y}"})", other);
    ASSERT_FALSE(refused) << other;
    EXPECT_EQ(refused.error().where, "catalogue.file");
    EXPECT_EQ(refused.error().detail, "de.json: a has other placeholders than English");
  }
  EXPECT_TRUE(of(R"({"mail.a.text":"{x} {helpdesk}"})", R"({"mail.a.text":"{x} {organisation}"})")) << "these two are always known, and need not be said";
  EXPECT_TRUE(of(R"({"mail.a.text":"{x}"})", R"({"mail.a.html":"<p>{x}</p>"})"));
  EXPECT_FALSE(of(R"({"mail.a.text":"{x}"})", R"({"mail.a.html":"<p>{y}</p>"})"));
}

TEST(WhatIsNoCatalogue, IsRefusedWithoutRepeatingIt) {
  for (const auto* bad : {"", "[]", "{", R"({"a":1})", R"({"a":{"b":"c"}})", R"({"a":"1","a":"2"})", "{\"a\":\"\xff\"}", R"({"a":null})"}) {
    const auto refused = of(bad);
    ASSERT_FALSE(refused) << bad;
    EXPECT_EQ(refused.error().kind, Fault::Kind::malformed);
    EXPECT_TRUE(refused.error().detail.starts_with("en.json: ")) << refused.error().detail;
  }
}

class AFolderOfTheOperators : public testing::Test {
 protected:
  AFolderOfTheOperators() { std::filesystem::create_directories(folder_); }
  ~AFolderOfTheOperators() override { std::filesystem::remove_all(folder_); }
  void write(const std::string& name, std::string_view text) { std::ofstream(folder_ / name) << text; }
  std::filesystem::path folder_ = std::filesystem::temp_directory_path() / ("wb-catalogue-" + new_ulid());
};

TEST_F(AFolderOfTheOperators, ReplacesTextsAndBringsLanguages) {
  write("en.json", R"({"mail.verification_code.subject":"{organisation}: your code"})");
  write("sv.json", R"({"refusal.session_expired":"Tiden är ute."})");
  write("README", "not read");
  const auto catalogue = Catalogue::load(folder_);
  ASSERT_TRUE(catalogue) << catalogue.error().detail;
  EXPECT_EQ(catalogue->text("en", "mail.verification_code.subject", {{"organisation", "Contoso"}}), "Contoso: your code");
  EXPECT_EQ(catalogue->text("de", "refusal.session_expired"), "Ihre Zeit ist abgelaufen. Fangen Sie neu an.");
  EXPECT_EQ(catalogue->text("sv", "refusal.session_expired"), "Tiden är ute.");
  EXPECT_EQ(catalogue->text("sv", "refusal.wrong_answer"), "That is not right.");
  EXPECT_FALSE(catalogue->warnings().empty());
}

TEST_F(AFolderOfTheOperators, IsRefusedWhenATemplateForgotTheCode) {
  for (const std::string language : {"de", "en"}) {
    write(language + ".json", R"({"mail.verification_code.text":"Hallo {account}, {minutes}"})");
    const auto refused = Catalogue::load(folder_);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().detail, language + ".json: mail.verification_code.text has other placeholders than English");
    std::filesystem::remove(folder_ / (language + ".json"));
  }
}

TEST_F(AFolderOfTheOperators, IsRefusedWhenItIsNotOne) {
  const auto missing = Catalogue::load(folder_ / "none");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().where, "catalogue.folder");
  write("nonsense_1.json", "{}");
  EXPECT_EQ(Catalogue::load(folder_).error().where, "catalogue.file");
}

TEST_F(AFolderOfTheOperators, IsRefusedWhenAFileIsTooLarge) {
  write("fr.json", "{\"a\":\"" + std::string(256 * 1024, 'x') + "\"}");
  const auto refused = Catalogue::load(folder_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Fault::Kind::exhausted);
}

TEST_F(AFolderOfTheOperators, IsRefusedWhenItHoldsTooMuch) {
  for (int i = 0; i < 65; ++i) write("file" + std::to_string(i), "");
  EXPECT_EQ(Catalogue::load(folder_).error().where, "catalogue.folder");
}

}  // namespace
}  // namespace wb::service
