// Which text a letter has: a domain's own one before the shipped one, the wanted language before English.
#include <gtest/gtest.h>

#include <filesystem>

#include "service/sspr/letter_change.hpp"

namespace wb::service::sspr {
namespace {

struct OwnTexts : testing::Test {
  std::filesystem::path folder = [] { std::string name = "/tmp/wb-letters-XXXXXX"; return std::filesystem::path(::mkdtemp(name.data())); }();
  Store store = Store::open(folder / "store.sqlite").value();
  std::vector<MessageFile> files{embedded_messages().begin(), embedded_messages().end()};
  Catalogue catalogue = [this] {
    files.push_back({"sv", R"({"refusal.session_expired":"Tiden är ute."})"});  // an operator's, without letters
    files.push_back({"de", R"({"mail.reminder.html":"<h1>{account} {link}</h1>"})"});
    return Catalogue::from(files).value();
  }();
  Letters letters{store.database(), catalogue};
  ~OwnTexts() override { std::filesystem::remove_all(folder); }

  std::int64_t write(const std::string& language, const std::optional<OwnWording>& own, const std::string& domain = "corp.example") {
    const LetterKey key{domain, Notice::reminder, language};
    return letters.put_within(key, letters.current(key)->version, own, "cli", 7).value().value_or(-1);
  }
  // "language: subject"
  std::string said(const std::string& language, const std::string& domain = "corp.example") {
    const auto wording = letters.wording(domain, language, Notice::reminder);
    return wording.language + ": " + wording.subject;
  }
  const std::string english = "en: " + catalogue.text("en", "mail.reminder.subject"), german = "de: " + catalogue.text("de", "mail.reminder.subject");
};

TEST_F(OwnTexts, AreSaidInTheirLanguageAndDomainAlone) {
  EXPECT_EQ(said("de"), german);
  EXPECT_EQ(write("de", OwnWording{"Meine", "{link}"}), 1);
  EXPECT_EQ(said("de"), "de: Meine");
  EXPECT_EQ(said("en"), english);
  EXPECT_EQ(said("de", "other.example"), german);
  EXPECT_EQ(letters.wording("corp.example", "de", Notice::invitation).subject, catalogue.text("de", "mail.invitation.subject"));
}

TEST_F(OwnTexts, InEnglishStandInForALanguageThatHasNone) {
  EXPECT_EQ(said("sv"), english);
  write("en", OwnWording{"Mine", "{link}"});
  EXPECT_EQ(said("sv"), "en: Mine");
  EXPECT_EQ(said("de"), german) << "which has a shipped one";
  write("sv", OwnWording{"Min", "{link}"});
  EXPECT_EQ(said("sv"), "sv: Min");
}

TEST_F(OwnTexts, HaveNoHtmlOfTheOperators) {
  EXPECT_EQ(letters.wording("corp.example", "de", Notice::reminder).html, "<h1>{account} {link}</h1>");
  write("de", OwnWording{"Meine", "{link}"});
  EXPECT_EQ(letters.wording("corp.example", "de", Notice::reminder).html, "");
}

TEST_F(OwnTexts, AreGivenBackAndAllVersionsStay) {
  write("de", OwnWording{"Eins", "{link}"});
  write("en", OwnWording{"One", "{link}"});
  EXPECT_EQ(write("de", std::nullopt), 2);
  EXPECT_EQ(said("de"), german);
  const auto own = letters.own("corp.example").value();
  ASSERT_EQ(own.size(), 1U);
  EXPECT_EQ(own[0].notice + " " + own[0].language, "reminder en");
  const auto all = letters.history({"corp.example", Notice::reminder, "de"}, 10).value();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_FALSE(all[0].own);
  EXPECT_EQ(all[1].own, (OwnWording{"Eins", "{link}"}));
  EXPECT_EQ(all[1].at, 7);
}

TEST_F(OwnTexts, OfWhoWasFasterStay) {
  const LetterKey key{"corp.example", Notice::reminder, "de"};
  write("de", OwnWording{"Eins", "{link}"});
  EXPECT_EQ(letters.put_within(key, 0, OwnWording{"Zwei", "{link}"}, "cli", 8).value(), std::nullopt);
  EXPECT_EQ(letters.put_within(key, 2, OwnWording{"Zwei", "{link}"}, "cli", 8).value(), std::nullopt);
  EXPECT_EQ(said("de"), "de: Eins");
  const SettingsAuthor late{"corp.example", {ActorKind::operator_}, "cli"};
  const LetterVersion seen{0, 0, {}, std::nullopt};
  for (const auto& wanted : {OwnWording{"Zwei", "{link}"}, shipped(catalogue, key)}) EXPECT_EQ(save_letter(store, catalogue, late, key, seen, wanted, 8'000).value(), std::nullopt) << wanted.subject;
  EXPECT_EQ(said("de"), "de: Eins");
  EXPECT_TRUE(store.audit().page({}, 0, 10).value().rows.empty());
}

TEST_F(OwnTexts, ThatCantBeReadAreNoReasonToSendNothing) {
  ASSERT_TRUE(store.database().run("DROP TABLE letters"));
  EXPECT_EQ(said("de"), german);
}

}  // namespace
}  // namespace wb::service::sspr
