// What an operator does about an organisation's letters from the command line.
#include "service/sspr/letter_change.hpp"
#include "tests/support/self_service_operator.hpp"

namespace wb::service {
namespace {

const OwnWording bald{"Bald, {account}", "Guten Tag {account},\n\n{link}\n\n{helpdesk}"};

class ALetterAtTheCommandLine : public AnOperatorOfSelfService {
 protected:
  const std::string file = (folder / "letter.txt").string();
  const Catalogue catalogue = Catalogue::load().value();

  int about(const std::string& verb, std::vector<std::string> more = {}, const std::string& language = "de") {
    more.insert(more.begin(), {"letters", verb, "reminder", language});
    return of_corp(more);
  }
  int set_document(const std::string& document, std::vector<std::string> options = {}) {
    std::ofstream(file) << document;
    options.insert(options.begin(), file);
    return about("set", options);
  }
  int set(const OwnWording& wording, std::vector<std::string> options = {}) { return set_document("Subject: " + wording.subject + "\n\n" + wording.text + "\n", std::move(options)); }

  const sspr::LetterKey key{corp, Notice::reminder, "de"};
  OwnWording shipped() { return sspr::shipped(catalogue, key); }
  sspr::LetterVersion now() {
    auto kept = store();
    return sspr::Letters(kept.database(), catalogue).current(key).value();
  }
  // As another way than the command line would have saved it.
  void wrote(const std::optional<OwnWording>& own, int times = 1) {
    auto kept = store();
    sspr::Letters letters(kept.database(), catalogue);
    for (int i = 0; i < times; ++i) ASSERT_TRUE(letters.put_within(key, letters.current(key)->version, own, "administrator:x", 7).value());
  }
  // What the next mail says: "de: subject | text".
  std::string mailed(const std::string& language = "de") {
    auto kept = store();
    const auto wording = sspr::Letters(kept.database(), catalogue).wording(corp, language, Notice::reminder);
    return wording.language + ": " + wording.subject + " | " + wording.text;
  }
  std::vector<std::string> audited() {
    std::vector<std::string> rows;
    for (const auto& row : store().audit().page({corp, Activity::policy_changed, {}, {}}, 0, 100).value().rows) rows.push_back(row.row);
    return rows;
  }
  static std::string text_of(const OwnWording& wording) { return "de: " + wording.subject + " | " + wording.text; }
};

TEST_F(ALetterAtTheCommandLine, IsListedWithWhatItMayAndHasToSayAndItsOwnLanguages) {
  EXPECT_EQ(of_corp({"letters", "list"}), exit_done) << err;
  for (const auto notice : all_notices()) EXPECT_TRUE(said("\n" + std::string(to_string(notice)) + " ") || out.starts_with(to_string(notice))) << to_string(notice);
  EXPECT_TRUE(said("verification_code     {account} {code}* {helpdesk} {minutes} {organisation} \n")) << out;
  EXPECT_TRUE(said("Languages: ar, de, en")) << out;
  EXPECT_FALSE(said("own:")) << out;
  ASSERT_EQ(set(bald), exit_done) << err;
  ASSERT_EQ(about("set", {file}, "fr"), exit_done) << err;
  EXPECT_EQ(of_corp({"letters", "list"}), exit_done);
  EXPECT_TRUE(said("{account} {helpdesk} {link}* {organisation}  own: de, fr\n")) << out;
  EXPECT_EQ(out.find("own:"), out.rfind("own:")) << "of one letter alone";
  EXPECT_EQ(does({"letters", "list", "--domain", "other.example"}), exit_done);
  EXPECT_FALSE(said("own:")) << "a domain is a border";
}

TEST_F(ALetterAtTheCommandLine, IsShownInTheFormInWhichItIsTaken) {
  ASSERT_EQ(about("show"), exit_done) << err;
  EXPECT_EQ(out, "Subject: " + shipped().subject + "\n\n" + shipped().text + "\n");
  EXPECT_EQ(err, "reminder in de, version 0: the shipped text\n");
  EXPECT_EQ(set_document(out), exit_done) << err;
  EXPECT_EQ(out, "nothing to change: that is version 0\n");
  for (const auto& odd : {bald, OwnWording{" x", "\n{link}\n\n"}, OwnWording{"Subject: x", "Subject: y\n\n{link}"}}) {
    wrote(odd);
    ASSERT_EQ(about("show"), exit_done) << err;
    EXPECT_EQ(set_document(out), exit_done) << err;
    EXPECT_TRUE(said("nothing to change")) << out;
  }
  EXPECT_EQ(now().version, 3);
  ASSERT_EQ(about("show"), exit_done);
  EXPECT_EQ(err, "reminder in de, version 3, 1970-01-01T00:00:07Z, administrator:x\n");
  ASSERT_EQ(about("show", {"--shipped"}), exit_done);
  EXPECT_EQ(out, "Subject: " + shipped().subject + "\n\n" + shipped().text + "\n");
  EXPECT_EQ(err, "reminder in de, version 3, 1970-01-01T00:00:07Z, administrator:x: the shipped text\n");
}

TEST_F(ALetterAtTheCommandLine, IsShownAsJsonWithBothTexts) {
  wrote(bald);
  ASSERT_EQ(about("show", {"--json"}), exit_done) << err;
  auto read = protocol::parse_json(out.substr(0, out.size() - 1));
  ASSERT_TRUE(read) << out;
  const auto& body = read->as_object();
  EXPECT_EQ(body.at("letter").as_string(), "reminder");
  EXPECT_EQ(body.at("version").as_int64(), 1);
  EXPECT_EQ(body.at("text").as_string(), bald.text);
  EXPECT_EQ(body.at("shipped").at("subject").as_string(), shipped().subject);
}

TEST_F(ALetterAtTheCommandLine, SaysInMailsWhatWasSet) {
  EXPECT_EQ(set(bald), exit_done) << err;
  EXPECT_EQ(out, "saved: version 1 of reminder in de for corp.example\n");
  EXPECT_EQ(mailed(), text_of(bald));
  EXPECT_TRUE(mailed("fr").starts_with("fr: ")) << mailed("fr");
  EXPECT_TRUE(now().actor.starts_with("cli")) << now().actor;
  EXPECT_EQ(set_document("\xEF\xBB\xBFSubject: Zwei\r\n\r\nEins\r\n\r\n{link}\r\n"), exit_done) << "as editors on Windows write: " << err;
  EXPECT_EQ(mailed(), "de: Zwei | Eins\n\n{link}");
  EXPECT_EQ(set_document("Subject:Drei\n\n{link}"), exit_done) << "without the end of the last line: " << err;
  EXPECT_EQ(mailed(), "de: Drei | {link}");
  EXPECT_EQ(set(shipped()), exit_done);
  EXPECT_TRUE(said("saved: version 4") && said(", the shipped text")) << out;
  EXPECT_FALSE(now().own) << "that is none of one's own";
}

TEST_F(ALetterAtTheCommandLine, ThatWouldNotDoIsRefusedByNameAndNothingIsSaved) {
  const std::pair<OwnWording, std::string> rows[] = {
      {{"", "{link}"}, "letter_subject: The subject needs 1 to 200 characters"},
      {{std::string(201, 'x'), "{link}"}, "letter_subject"},
      {{"a\x1b[31m", "{link}"}, "letter_subject"},
      {{"a\xC2\x9B", "{link}"}, "letter_subject"},
      {{"Bald", ""}, "letter_text: The text needs 1 to 3000 characters"},
      {{"Bald", "{link}" + std::string(3'000, 'x')}, "letter_text"},
      {{"Bald", "{link}\rx"}, "letter_text"},
      {{"Bald", "{link} {lnik}"}, "letter_unknown_placeholder: This letter knows no {lnik}."},
      {{"Bald", "Guten Tag"}, "letter_missing_placeholder: The text has to say {link}"},
      {{"{link}", "{link}"}, "letter_secret_in_subject: {link} may stand in the text only"},
  };
  for (const auto& [wording, says] : rows)
    for (const auto& options : {std::vector<std::string>{}, std::vector<std::string>{"--dry-run"}}) {
      EXPECT_EQ(set(wording, options), exit_failed) << says;
      EXPECT_TRUE(complained("reset-service: " + says)) << says << " in: " << err;
      EXPECT_EQ(out, "");
    }
  EXPECT_EQ(now().version, 0);
  EXPECT_TRUE(audited().empty());
}

TEST_F(ALetterAtTheCommandLine, IsShownAsPeopleWouldGetItBeforeItIsSaved) {
  ASSERT_EQ(of_corp({"settings", "set", "brand_name=Contoso"}), exit_done);
  EXPECT_EQ(set({"{organisation}", "Guten Tag {account}\n\n{link}\n\n{helpdesk}"}, {"--dry-run"}), exit_done) << err;
  EXPECT_TRUE(out.starts_with("Nothing was saved.")) << out;
  EXPECT_TRUE(out.ends_with("\n\nSubject: Contoso\n\nGuten Tag alex@corp.example\n\nhttps://reset.example/#example\n")) << out;
  EXPECT_EQ(now().version, 0);
  EXPECT_EQ(set(shipped(), {"--dry-run"}), exit_done);
  EXPECT_TRUE(said("alex@corp.example")) << "also where there is nothing to change: " << out;
}

TEST_F(ALetterAtTheCommandLine, OfAnotherVersionThanTheOneNamedStays) {
  ASSERT_EQ(set(bald, {"--if-version", "0"}), exit_done) << err;
  EXPECT_EQ(set({"Zwei", "{link}"}, {"--if-version", "0"}), exit_failed);
  EXPECT_TRUE(complained("version 1 is the newest")) << err;
  EXPECT_EQ(about("restore", {"--if-version", "2"}), exit_failed);
  EXPECT_EQ(mailed(), text_of(bald));
  EXPECT_EQ(about("restore", {"--if-version", "1"}), exit_done) << err;
}

TEST_F(ALetterAtTheCommandLine, IsTheShippedOneAgainOrThatOfAnEarlierVersion) {
  ASSERT_EQ(set(bald), exit_done);
  EXPECT_EQ(about("restore", {"--dry-run"}), exit_done);
  EXPECT_TRUE(said("Nothing was saved")) << out;
  EXPECT_EQ(mailed(), text_of(bald));
  EXPECT_EQ(about("restore"), exit_done) << err;
  EXPECT_EQ(out, "saved: version 2 of reminder in de for corp.example, the shipped text\n");
  EXPECT_EQ(mailed(), text_of(shipped()));
  EXPECT_EQ(about("restore"), exit_done);
  EXPECT_EQ(out, "nothing to change: that is version 2\n");
  EXPECT_EQ(about("restore", {"1"}), exit_done);
  EXPECT_EQ(out, "saved: version 3 of reminder in de for corp.example\n");
  EXPECT_EQ(mailed(), text_of(bald));
  EXPECT_EQ(about("restore", {"2"}), exit_done);
  EXPECT_FALSE(now().own) << "it was the shipped one";
  for (const char* word : {"0", "-1", "two", "2x", "99999999999999999999"}) EXPECT_EQ(about("restore", {word}), exit_usage) << word;
  EXPECT_EQ(about("restore", {"9"}), exit_failed) << "it could be meant, and there is none";
  EXPECT_TRUE(complained("no such version")) << err;
  EXPECT_EQ(about("restore", {"1"}, "fr"), exit_failed) << "versions are a language's";
  EXPECT_EQ(now().version, 4);
}

TEST_F(ALetterAtTheCommandLine, OfAnEarlierVersionIsHeldAgainstWhatTheLetterKnowsNow) {
  wrote(OwnWording{"Bald", "{link} {gone}"});
  wrote(std::nullopt);
  EXPECT_EQ(about("restore", {"1"}), exit_failed);
  EXPECT_TRUE(complained("letter_unknown_placeholder: This letter knows no {gone}")) << err;
  EXPECT_EQ(now().version, 2);
}

TEST_F(ALetterAtTheCommandLine, HasAHistoryOfWhoWroteWhatAndWhen) {
  EXPECT_EQ(about("history"), exit_done);
  EXPECT_EQ(out, "reminder in de: nobody has written anything yet; it is the shipped text\n");
  wrote(OwnWording{"\x1b[2J\xC2\x9B Bald", "{link}"});
  ASSERT_EQ(about("restore"), exit_done);
  EXPECT_EQ(about("history"), exit_done);
  EXPECT_TRUE(out.starts_with("version 2  20") && said("  cli") && said("\n  the shipped text\nversion 1  1970-01-01T00:00:07Z  administrator:x\n  Subject: ")) << out;
  EXPECT_FALSE(said("\x1b") || said("\xC2\x9B")) << "nothing of it moves the cursor";
  wrote(OwnWording{"Bald", "\x1b[2J\n{link}\xC2\x9B"});
  ASSERT_EQ(about("show"), exit_done);
  EXPECT_EQ(out, "Subject: Bald\n\n?[2J\n{link}??\n");
  wrote(bald, 98);
  EXPECT_EQ(about("history"), exit_done);
  EXPECT_TRUE(said("version 101  ") && said("version 2  ") && !said("version 1  ") && complained("newest 100")) << err;
}

TEST_F(ALetterAtTheCommandLine, ThatThereIsNotIsTold) {
  for (const char* verb : {"show", "history", "restore"}) {
    EXPECT_EQ(of_corp({"letters", verb, "remind", "de"}), exit_usage);
    EXPECT_TRUE(complained("no such letter; `letters list` prints them")) << err;
    for (const char* language : {"xx", "DE", ""}) EXPECT_EQ(about(verb, {}, language), exit_usage) << language;
    EXPECT_TRUE(complained("no such language: expected one of ar, de, en")) << err;
  }
  EXPECT_EQ(of_corp({"letters", "set", "remind", "de", file}), exit_usage);
  EXPECT_EQ(of_corp({"letters", "set", "reminder", "de"}), exit_usage);
  EXPECT_TRUE(complained("letters set LETTER LANGUAGE FILE")) << err;
  EXPECT_EQ(of_corp({"letters", "show", "reminder"}), exit_usage);
  EXPECT_EQ(does({"letters", "show", "reminder", "de"}), exit_usage);
  EXPECT_TRUE(complained("--domain is missing")) << err;
}

TEST_F(ALetterAtTheCommandLine, IsOfALanguageOfTheOperatorsOwnTexts) {
  fs::create_directories(folder / "texts");
  std::ofstream(folder / "texts/sv.json") << R"({"mail.reminder.subject":"Snart","mail.reminder.text":"Strax, {account}: {link}"})";
  EXPECT_EQ(about("show", {}, "sv"), exit_usage);
  std::ofstream(folder / "service.yaml", std::ios::app) << "mail: {host: smtp.example.com, sender_address: no-reply@example.com, texts: texts}\n";
  EXPECT_EQ(about("show", {}, "sv"), exit_done) << err;
  EXPECT_EQ(out, "Subject: Snart\n\nStrax, {account}: {link}\n");
  std::ofstream(folder / "texts/de.json") << R"({"mail.reminder.text":"{account} {link} )" << std::string(4'000, 'x') << R"("})";
  ASSERT_EQ(set(bald), exit_done) << err;
  EXPECT_EQ(about("restore"), exit_done) << "the operator's, though longer than one's own may be: " << err;
  std::ofstream(folder / "texts/sv.json") << "no catalogue";
  for (const auto* verb : {"list", "show"}) {
    EXPECT_EQ(verb == std::string("list") ? of_corp({"letters", "list"}) : about(verb, {}, "sv"), exit_failed);
    EXPECT_TRUE(complained("catalogue.file")) << err;
  }
}

TEST_F(ALetterAtTheCommandLine, IsNotTakenFromAFileThatIsNone) {
  const std::pair<std::string, std::string> rows[] = {
      {"", "expected `Subject: ...` as the first line"},
      {"\nSubject: Bald\n\n{link}\n", "expected `Subject: ...` as the first line"},
      {"{link}\n", "expected `Subject: ...` as the first line"},
      {"Subject: Bald", "expected an empty line"},
      {"Subject: Bald\n", "expected an empty line"},
      {"Subject: Bald\n{link}\n\nx\n", "expected an empty line"},
      {"Subject: Bald\n\n{link}\xff\n", "expected text in UTF-8"},
      {"Subject: Bald\n\n{link}\n" + std::string(100'000, ' '), "more than 65536 bytes"},
  };
  for (const auto& [document, says] : rows) {
    EXPECT_EQ(set_document(document), exit_failed) << says;
    EXPECT_TRUE(complained(says)) << says << " in: " << err;
  }
  EXPECT_EQ(about("set", {(folder / "missing").string()}), exit_failed);
  EXPECT_TRUE(complained("file.read")) << err;
  EXPECT_EQ(about("set", {folder.string()}), exit_failed) << "a folder";
  EXPECT_EQ(now().version, 0);
}

TEST_F(ALetterAtTheCommandLine, IsAuditedWithWhatItSaidAndSays) {
  ASSERT_EQ(set({shipped().subject, "Eins {link}"}), exit_done);
  ASSERT_EQ(set({"Zwei", "Zwei {link}"}), exit_done);
  ASSERT_EQ(set({"Zwei", "Zwei {link}"}), exit_done);
  ASSERT_EQ(set({"Drei", "Drei {link}"}, {"--dry-run"}), exit_done);
  const auto rows = audited();
  ASSERT_EQ(rows.size(), 3U) << "for each of subject and text that changed";
  const auto has = [&](std::size_t at, const std::string& part) { return rows[at].find(part) != std::string::npos; };
  EXPECT_TRUE(has(0, R"("actor":"operator")") && has(0, R"("setting":"letter.reminder.de.text")") && has(0, R"("new_value":"\"Eins {link}\"")")) << rows[0];
  EXPECT_TRUE(has(1, "letter.reminder.de.subject") && has(1, R"("new_value":"\"Zwei\"")") && has(1, R"("version":2)")) << rows[1];
  EXPECT_TRUE(has(2, "letter.reminder.de.text") && has(2, R"("old_value":"\"Eins {link}\"")")) << rows[2];
}

}  // namespace
}  // namespace wb::service
