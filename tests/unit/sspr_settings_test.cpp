// An organisation's settings: strict in what they take, and what they say of a person.
#include <gtest/gtest.h>

#include "service/sspr/settings.hpp"

namespace wb::service::sspr {
namespace {

const std::string staff = "CN=Staff,OU=Groups,DC=corp,DC=example", interns = "CN=Interns,OU=Groups,DC=corp,DC=example", admins = "S-1-5-21-1-2-3-1108";

Settings selected() {
  Settings s;
  s.scope = Scope::selected;
  s.groups = {staff};
  s.excluded_groups = {interns};
  s.administrator_groups = {admins};
  s.methods = {Method::app_code, Method::email, Method::questions};
  return s;
}

// The default document with one piece of its text exchanged.
std::string with(const std::string& piece, const std::string& other) {
  auto text = to_json(Settings());
  const auto at = text.find(piece);
  EXPECT_NE(at, std::string::npos) << piece;
  return text.replace(at, piece.size(), other);
}

// More than a probe may name.
std::string many_groups() {
  std::string out;
  for (int i = 0; i < 20; ++i) out += (i == 0 ? "" : R"(",")") + ("CN=" + std::to_string(i) + std::string(1'000, 'x'));
  return out;
}

TEST(Settings, AreWrittenAndReadWithoutALoss) {
  EXPECT_EQ(settings_from(to_json(Settings())).value(), Settings());
  auto s = selected();
  s.custom_questions = {"Wie hieß dein erstes Haustier?"};
  s.helpdesk = "mailto:help@corp.example", s.brand_name = "Corp", s.brand_text = "Nur 8–18 Uhr", s.brand_logo = "https://corp.example/logo.svg", s.brand_colour = "#00aaFF";
  s.own_mail_domains = {"corp.example"};
  EXPECT_EQ(settings_from(to_json(s)).value(), s);
}

TEST(Settings, OfBeforeThereWasATextOfTheirOwnHaveNone) {
  auto text = to_json(Settings());
  const std::string member = R"("brand_text":"",)";
  const auto at = text.find(member);
  ASSERT_NE(at, std::string::npos) << text;
  EXPECT_EQ(settings_from(text.erase(at, member.size())).value(), Settings());
}

TEST(Settings, TakeALogoThatIsThePictureItself) {
  auto s = selected();
  for (const std::string logo : {"data:image/png;base64,iVBORw0KGgo=", "data:image/svg+xml;base64,PHN2Zy8+", "data:image/webp;base64,AA==", "data:image/jpeg;base64,/9j/"}) {
    s.brand_logo = logo;
    const auto read = settings_from(to_json(s));
    ASSERT_TRUE(read) << read.error().detail;
    EXPECT_EQ(read->brand_logo, logo);
  }
}

TEST(Settings, LetNobodyInByDefault) { EXPECT_EQ(standing(Settings(), {staff}, {Method::app_code}).barrier, Reason::not_enabled); }

TEST(SettingsThatAreWrong, AreRefusedAndTheMemberIsNamed) {
  struct Row {
    std::string text, names;
  };
  std::string twenty_one;
  for (int i = 0; i < 21; ++i) twenty_one += (i > 0 ? ",\"question " : "\"question ") + std::to_string(i) + "\"";
  const std::vector<Row> rows = {
      {"", "JSON"},
      {"[]", "object"},
      {R"({"scope":"all"})", "methods"},
      {with(R"("scope":"none")", R"("scope":"some")"), "scope"},
      {with(R"("scope":"none")", R"("scope":"selected")"), "groups"},
      {with(R"("excluded_groups":[])", R"("excluded_groups":[")" + many_groups() + R"("])"), "groups"},
      {with(R"("scope":"none")", R"("scope":"none","scop":"all")"), "does not know"},
      {with(R"("scope":"none")", R"("scope":"none","scope":"all")"), "duplicate"},
      {with(R"(["app_code","email"])", R"(["app_code","fax"])"), "methods"},
      {with(R"(["app_code","email"])", R"(["email","email"])"), "methods"},
      {with(R"("methods_required":1)", R"("methods_required":3)"), "methods_required"},
      {with(R"("methods_required":1)", R"("methods_required":"1")"), "methods_required"},
      {with(R"("questions_to_register":5)", R"("questions_to_register":6)"), "questions_to_register"},
      {with(R"("questions_to_register":5)", R"("questions_to_register":2)"), "questions_to_register"},
      {with(R"("questions_to_ask":3)", R"("questions_to_ask":6)"), "questions_to_ask"},
      {with(R"("reconfirm_days":180)", R"("reconfirm_days":731)"), "reconfirm_days"},
      {with(R"("custom_questions":[])", R"("custom_questions":[)" + twenty_one + "]"), "custom_questions"},
      {with(R"("custom_questions":[])", R"("custom_questions":["ab"])"), "custom_questions"},
      {with(R"("custom_questions":[])", R"("custom_questions":["abc","abc"])"), "custom_questions"},
      {with(R"("custom_questions":[])", R"("custom_questions":["Which ship?","WHICH  ship?"])"), "custom_questions"},
      {with(R"("custom_questions":[])", R"("custom_questions":["Which\u0001ship?"])"), "custom_questions"},
      {with(R"("helpdesk":"")", R"("helpdesk":"javascript:alert")"), "helpdesk"},
      {with(R"("brand_logo":"")", R"("brand_logo":"http://corp.example/")"), "brand_logo"},
      {with(R"("brand_logo":"")", R"("brand_logo":"data:text/html;base64,AAAA")"), "brand_logo"},
      {with(R"("brand_logo":"")", R"("brand_logo":"data:image/png;base64,")"), "brand_logo"},
      {with(R"("brand_logo":"")", R"("brand_logo":"data:image/png;base64,AAA")"), "brand_logo"},
      {with(R"("brand_logo":"")", R"("brand_logo":"data:image/png;base64,AA=A")"), "brand_logo"},
      {with(R"("brand_logo":"")", R"("brand_logo":"data:image/png;base64,A===")"), "brand_logo"},
      {with(R"("brand_logo":"")", R"("brand_logo":"data:image/svg+xml,<svg/>")"), "brand_logo"},
      {with(R"("brand_logo":"")", R"("brand_logo":"data:image/png;base64,)" + std::string(logo_bytes_max, 'A') + "\""), "brand_logo"},
      {with(R"("brand_colour":"")", R"("brand_colour":"red")"), "brand_colour"},
      {with(R"("own_mail_domains":[])", R"("own_mail_domains":["Corp.Example"])"), "own_mail_domains"},
      {with(R"("write_back":true)", R"("write_back":null)"), "write_back"},
      {std::string(settings_bytes_max + 1, ' '), "32 KiB"},
  };
  for (const auto& row : rows) {
    const auto read = settings_from(row.text);
    ASSERT_FALSE(read) << row.text;
    EXPECT_NE(read.error().detail.find(row.names), std::string::npos) << row.names << " in: " << read.error().detail;
  }
}

TEST(SettingsThatNobodyCouldUse, AreRefused) {
  auto s = selected();
  s.methods = {Method::email};
  s.methods_required = 2;
  EXPECT_FALSE(settings_from(to_json(s))) << "two of one";
  s.methods = {Method::questions};
  s.methods_required = 1;
  EXPECT_FALSE(settings_from(to_json(s))) << "questions alone";
  s.questions_alone = true;
  EXPECT_TRUE(settings_from(to_json(s)));
}

TEST(AChange, IsToldMemberByMemberWithOldAndNewValue) {
  auto after = selected();
  after.methods_required = 2;
  EXPECT_EQ(changes(selected(), after), (std::vector<Change>{{"methods_required", "1", "2"}}));
  EXPECT_TRUE(changes(after, after).empty());
}

TEST(SomebodysStanding, IsInScopeByAGroupWhateverItsCase) {
  EXPECT_EQ(standing(selected(), {"cn=staff,ou=groups,dc=corp,dc=example"}, {Method::email}).barrier, Reason::none);
  EXPECT_EQ(standing(selected(), {"CN=Others,DC=corp,DC=example"}, {Method::email}).barrier, Reason::not_enabled);
}

TEST(SomebodysStanding, WhoIsInAnExcludedGroupIsOutWhateverElseHolds) {
  auto s = selected();
  EXPECT_EQ(standing(s, {staff, interns}, {Method::email}).barrier, Reason::not_enabled);
  s.scope = Scope::all;
  EXPECT_EQ(standing(s, {interns}, {Method::email}).barrier, Reason::not_enabled);
}

TEST(SomebodysStanding, UsesOnlyMethodsThatAreAllowed) {
  auto s = selected();
  s.methods = {Method::app_code};
  EXPECT_TRUE(standing(s, {staff}, {Method::email}).usable.empty());
  EXPECT_EQ(standing(s, {staff}, {Method::email}).barrier, Reason::not_registered);
}

TEST(SomebodysStanding, WithTheQuestionsAloneIsNotRegisteredUnlessThatIsAllowed) {
  auto s = selected();
  EXPECT_EQ(standing(s, {staff}, {Method::questions}).barrier, Reason::not_registered);
  s.questions_alone = true;
  EXPECT_EQ(standing(s, {staff}, {Method::questions}).barrier, Reason::none);
}

TEST(AnSsprAdministrator, HasTwoMethodsAndNeverQuestions) {
  const auto one = standing(selected(), {staff, admins}, {Method::email, Method::questions});
  EXPECT_TRUE(one.administrator);
  EXPECT_EQ(one.usable, std::vector{Method::email});
  EXPECT_EQ(one.barrier, Reason::not_registered);
  EXPECT_EQ(standing(selected(), {staff, admins}, {Method::email, Method::app_code}).barrier, Reason::none);
}

TEST(AnSsprAdministrator, IsOutWhereTheirsIsSwitchedOff) {
  auto s = selected();
  s.administrators_may_reset = false;
  EXPECT_EQ(standing(s, {staff, admins}, {Method::email, Method::app_code}).barrier, Reason::administrator);
  EXPECT_EQ(standing(s, {staff}, {Method::email, Method::app_code}).barrier, Reason::none);
}

TEST(WriteBackThatIsOff, LetsNobodyReset) {
  auto s = selected();
  s.write_back = false;
  EXPECT_EQ(standing(s, {staff}, {Method::email}).barrier, Reason::not_enabled);
}

}  // namespace
}  // namespace wb::service::sspr
