// Who is told what, and what the link in a letter does: the parts of self-service on a store of their own, without a network.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "core/ids.hpp"
#include "service/methods/sealed_methods.hpp"
#include "service/sspr/not_me.hpp"
#include "service/sspr/notifier.hpp"

namespace wb::service::sspr {
namespace {

using namespace std::chrono_literals;
using testing::PrintToString;

const std::string corp = "corp.example", way = "01ARZ3NDEKTSV4RRFFQ69G5FAV", administrators = "CN=SSPR,DC=corp,DC=example";
std::string sub_of(int number) { return "7c1f0f4a-0000-4000-8000-" + std::string(12 - std::to_string(number).size(), '0') + std::to_string(number); }
const std::string alice = sub_of(1);

service::Settings quick() {
  service::Settings s;
  s.tenant = "default", s.public_url = "https://sspr.example", s.probe_wait = 1ms;
  return s;
}

struct Told : testing::Test {
  std::filesystem::path folder = [] { std::string name = "/tmp/wb-notify-XXXXXX"; return std::filesystem::path(::mkdtemp(name.data())); }();
  asio::io_context io{1};
  service::Settings settings = quick();
  Store store = Store::open(folder / "store.sqlite", settings.tenant).value();
  Keys keys = Keys::open(folder, settings.public_url, unix_now()).value();
  Rosters rosters{store, settings.tenant};
  Gateway gateway{io.get_executor(), settings, store, keys, rosters};
  Dispatch dispatch{io.get_executor(), settings, store, keys, gateway};
  SelfService self{io.get_executor(), settings, store, rosters, gateway, dispatch, crypto::Vault::open(folder).value(), Catalogue::load().value()};
  Notifier notifier{self};
  NotMe not_me{self};
  struct Mailed {
    std::string to;
    Letter letter;
    UnixSeconds until;
  };
  std::vector<Mailed> post;
  bool mail_works = true;

  Told() {
    gateway.listener(dispatch);
    self.mail = [this](const EmailAddress& to, Letter letter, UnixSeconds until) {
      if (mail_works) post.push_back({to.text(), std::move(letter), until});
      return mail_works;
    };
    self.notify = [this](Occasion occasion) { notifier.tell(std::move(occasion)); };
    decide([](Settings& s) { s.scope = Scope::all, s.brand_name = "Corp", s.administrator_groups = {administrators}; });
    person(1, "alice@corp.example");
  }
  ~Told() override { std::filesystem::remove_all(folder); }

  void decide(const std::function<void(Settings&)>& edit) {
    auto now = self.rules.current(corp).value();
    edit(now.settings);
    EXPECT_TRUE(self.rules.put(corp, now.version, now.settings, "test", unix_now()).value());
  }
  void person(int number, const std::string& mail, const std::string& language = "", std::vector<std::string> groups = {}) {
    EXPECT_TRUE(self.people.saw({corp, sub_of(number), "name" + std::to_string(number), "", mail, language, std::move(groups), unix_now()}));
  }
  void outside(const std::string& address) {
    auto method = sealed_email(self.vault, corp, alice, *read_email(address), unix_now()).value();
    EXPECT_TRUE(self.people.add(corp, alice, method).value());
  }
  static Occasion occasion(Notice notice = Notice::password_reset) {
    Occasion o{notice, corp, alice, "alice@corp.example", "en"};
    o.correlation_id = way, o.at = unix_now();
    return o;
  }
  void settle() {
    io.restart();
    while (self.tasks.size() > 0) io.run_one();
  }
  void tell(Occasion o) {
    self.notify(std::move(o));
    settle();
  }
  std::vector<std::string> addresses() const {
    std::vector<std::string> out;
    for (const auto& one : post) out.push_back(one.to);
    std::sort(out.begin(), out.end());
    return out;
  }
  Letter letter_to(const std::string& address) const {
    for (const auto& one : post)
      if (one.to == address) return one.letter;
    ADD_FAILURE() << "no letter to " << address;
    return {};
  }
  // "activity success reason cause counters", the oldest first.
  std::vector<std::string> audit() {
    std::vector<std::string> out;
    for (const auto& row : store.audit().page({}, 0, 1'000).value().rows) {
      const auto said = protocol::parse_json(row.row, 12).value().as_object();
      const auto& details = said.at("details").as_object();
      const auto text = [&](const char* key) { return details.contains(key) ? json::serialize(details.at(key)) : std::string("-"); };
      out.push_back(std::string(said.at("activity").as_string()) + " " + std::string(said.at("status").as_string()) + " " + std::string(said.at("reason").as_string()) + " " + text("cause") + " " + text("counters"));
    }
    return out;
  }
  std::vector<AuditRow> freezes() {
    AuditFilter wanted;
    wanted.activity = Activity::account_frozen;
    return store.audit().page(wanted, 0, 10).value().rows;
  }
  std::string audit_text() {
    std::string out;
    for (const auto& row : store.audit().page({}, 0, 1'000).value().rows) out += row.row + "\n";
    return out;
  }
  // What stands behind the # in a letter.
  static std::string token_in(const Letter& letter) {
    const auto at = letter.text.find("https://sspr.example/not-me#");
    if (at == std::string::npos) return {};
    const auto begin = at + 28;
    return letter.text.substr(begin, letter.text.find_first_of(" \n", begin) - begin);
  }
  link::HttpResponse report(const std::string& body, const std::string& language = "en") {
    link::HttpRequest request;
    request.method = "POST", request.path = "/api/v1/sspr/not-me", request.body = body, request.accept_language = language, request.peer = "192.0.2.7";
    Router router{store, gateway.refusals()};
    router.add(not_me.endpoints());
    std::optional<link::HttpResponse> response;
    asio::co_spawn(io, router.handle(std::move(request)), [&](std::exception_ptr threw, link::HttpResponse got) {
      EXPECT_FALSE(threw);
      response = std::move(got);
    });
    io.restart();
    while (!response) io.run_one();
    settle();
    return std::move(*response);
  }
  link::HttpResponse report_token(const std::string& token, const std::string& language = "en") { return report(json::serialize(json::object{{"token", token}}), language); }
  std::string ticket(Purpose purpose, UnixSeconds expires = unix_now() + 600) {
    Ticket t;
    t.domain = corp, t.sub = alice, t.purpose = purpose, t.state = R"({"occasion":"password_reset","at":1,"correlation_id":"c"})", t.expires = expires;
    return self.tickets.add(t).value().value();
  }
  UnixSeconds frozen_since() { return self.people.find(corp, alice).value()->frozen; }
};

// ---- the person ---------------------------------------------------------------------------------------------
using APersonWithTwoMailboxes = Told;

TEST_F(APersonWithTwoMailboxes, GetsALetterInEachThatEndsAfterADay) {
  outside("alice@elsewhere.example");
  const auto before = unix_now();
  tell(occasion());
  EXPECT_EQ(addresses(), (std::vector<std::string>{"alice@corp.example", "alice@elsewhere.example"}));
  for (const auto& one : post) {
    EXPECT_EQ(one.letter.subject, "Your password at Corp was reset");
    EXPECT_NE(one.letter.text.find("The password of alice@corp.example was reset at "), std::string::npos) << one.letter.text;
    EXPECT_EQ(token_in(one.letter).substr(0, 5), "wbn1.");
    EXPECT_GE(one.until, before + 86'400);
    EXPECT_LE(one.until, unix_now() + 86'400);
  }
  EXPECT_EQ(token_in(post[0].letter), token_in(post[1].letter)) << "one link for one occasion";
  EXPECT_EQ(audit(), std::vector<std::string>{"user.notified success  - 2"});
}

TEST_F(APersonWithTwoMailboxes, GetsOneLetterWhereBothAreTheSame) {
  outside("Alice@CORP.example");
  tell(occasion());
  EXPECT_EQ(addresses(), std::vector<std::string>{"alice@corp.example"});
}

TEST_F(APersonWithTwoMailboxes, IsToldOfARemovedOneInItToo) {
  auto gone = occasion(Notice::method_removed);
  gone.method = "email", gone.also = {*read_email("former@elsewhere.example"), *read_email("alice@corp.example")};
  tell(gone);
  EXPECT_EQ(addresses(), (std::vector<std::string>{"alice@corp.example", "former@elsewhere.example"}));
  EXPECT_NE(post[0].letter.text.find("e-mail"), std::string::npos) << post[0].letter.text;
}

TEST_F(APersonWithTwoMailboxes, IsNotWrittenToWhereTheOrganisationDoesNotWantIt) {
  decide([](Settings& s) { s.notify_user = false; });
  tell(occasion());
  EXPECT_TRUE(post.empty());
  EXPECT_TRUE(audit().empty());
}

TEST_F(APersonWithTwoMailboxes, IsWrittenToInTheDirectorysLanguageElseInThatOfTheWay) {
  const std::vector<std::array<std::string, 3>> cases{{"de-AT", "en", "de"}, {"DE", "en", "de"}, {"sv;q=0.9, de;q=0.5", "en", "de"}, {"", "de", "de"}, {"xx", "de", "de"}, {"xx", "yy", "en"}, {"\"; DROP", "en", "en"}};
  for (const auto& [directory, session, wanted] : cases) {
    person(1, "alice@corp.example", directory);
    auto one = occasion(Notice::method_added);
    one.language = session, one.method = "questions";
    tell(one);
    ASSERT_FALSE(post.empty());
    EXPECT_EQ(post.back().letter.language, wanted) << directory << " / " << session;
    EXPECT_NE(post.back().letter.text.find(wanted == "de" ? "Sicherheitsfragen" : "security questions"), std::string::npos) << post.back().letter.text;
  }
}

TEST_F(APersonWithTwoMailboxes, IsNotFloodedAndMissesNoOtherNews) {
  outside("alice@elsewhere.example");
  for (int i = 0; i < 30; ++i) tell(occasion(Notice::method_changed));
  EXPECT_EQ(post.size(), 20u) << "ten in ten minutes, to each";
  const auto said = audit();
  EXPECT_EQ(std::count(said.begin(), said.end(), "user.notified failure blocked.destination - 2"), 20) << PrintToString(said);
  EXPECT_EQ(self.tickets.of(corp, alice).value().size(), 10u) << "no link for letters that were not sent";
  tell(occasion());
  EXPECT_EQ(post.size(), 22u) << "a reset is other news";
}

TEST_F(APersonWithTwoMailboxes, IsToldThoughAStrangerHasHadAllTheCodesSent) {
  while (!self.limits.take(mail_claims("default", "alice@corp.example", "corp.example/alice"), unix_now_ms()).value()) {}
  tell(occasion());
  EXPECT_EQ(post.size(), 1u);
}

TEST_F(APersonWithTwoMailboxes, HasItWrittenDownWhereNoLetterCouldBeSent) {
  mail_works = false;
  tell(occasion());
  auto stranger = occasion();
  stranger.sub = sub_of(99);  // whom the store does not know, and no agent is there to ask
  tell(stranger);
  EXPECT_EQ(audit(), (std::vector<std::string>{"user.notified failure  \"no_mail\" 1", "user.notified failure  \"no_address\" 0"}));
}

TEST_F(APersonWithTwoMailboxes, IsWrittenToWithoutALinkWhereNobodyKnowsThem) {
  auto stranger = occasion();
  stranger.sub = sub_of(99), stranger.also = {*read_email("found@elsewhere.example")};
  tell(stranger);
  EXPECT_EQ(addresses(), std::vector<std::string>{"found@elsewhere.example"});
  EXPECT_EQ(token_in(letter_to("found@elsewhere.example")), "");
  EXPECT_TRUE(self.tickets.of(corp, stranger.sub).value().empty());
}

// ---- administrators -----------------------------------------------------------------------------------------
struct AnAdministratorsReset : Told {
  Occasion reset = [] { auto o = occasion(); o.administrator = true; return o; }();
  AnAdministratorsReset() {
    const auto relaxed = store.database().unsynced();
    person(1, "alice@corp.example", "", {administrators});
    for (int number = 2; number < 250; ++number) person(number, "user" + std::to_string(number) + "@corp.example", "", {"CN=Staff,DC=corp,DC=example"});
    person(120, "bob@corp.example", "de", {"CN=Staff,DC=corp,DC=example", "cn=sspr,dc=corp,dc=example"});
    person(249, "carol@corp.example", "", {administrators});
    person(130, "", "", {administrators});  // without a mailbox
  }
};

TEST_F(AnAdministratorsReset, IsToldToAllOthersEachInTheirLanguage) {
  tell(reset);
  EXPECT_EQ(addresses(), (std::vector<std::string>{"alice@corp.example", "bob@corp.example", "carol@corp.example"}));
  EXPECT_EQ(letter_to("alice@corp.example").subject, "Your password at Corp was reset");
  EXPECT_EQ(letter_to("bob@corp.example").language, "de");
  EXPECT_EQ(letter_to("carol@corp.example").subject, "An administrator's password at Corp was reset");
  EXPECT_EQ(token_in(letter_to("carol@corp.example")), "") << "nobody else can freeze them";
  EXPECT_EQ(audit(), (std::vector<std::string>{"user.notified success  - 1", "user.notified success  - 2"}));
}

TEST_F(AnAdministratorsReset, IsToldToThemAloneWhereTheOrganisationWantsItSo) {
  decide([](Settings& s) { s.notify_administrators = false; });
  tell(reset);
  EXPECT_EQ(addresses(), std::vector<std::string>{"alice@corp.example"});
}

TEST_F(AnAdministratorsReset, OfALockAloneIsNotToldToOthers) {
  reset.notice = Notice::account_unlocked;
  tell(reset);
  EXPECT_EQ(addresses(), std::vector<std::string>{"alice@corp.example"});
}

TEST_F(AnAdministratorsReset, IsTheOrganisationsChoiceAndMisuseIsNot) {
  decide([](Settings& s) { s.notify_user = s.notify_administrators = false; });
  person(1, "alice@corp.example");
  EXPECT_EQ(report_token(ticket(Purpose::not_me)).status, 200);
  EXPECT_EQ(addresses(), (std::vector<std::string>{"bob@corp.example", "carol@corp.example"}));
  EXPECT_EQ(letter_to("carol@corp.example").subject, "Misuse reported for name1 at Corp");
}

TEST_F(AnAdministratorsReset, OfWhichNoAdministratorIsKnownIsInTheLog) {
  const auto log_of = [&](const Occasion& occasion) {
    testing::internal::CaptureStderr();
    tell(occasion);
    return testing::internal::GetCapturedStderr();
  };
  EXPECT_EQ(log_of(reset).find("notify.no_administrator"), std::string::npos) << "others were told";
  decide([](Settings& s) { s.administrator_groups = {"CN=Nobody,DC=corp,DC=example"}; });
  EXPECT_NE(log_of(reset).find("warning notify.no_administrator domain=corp.example occasion=administrator_reset"), std::string::npos);
  decide([](Settings& s) { s.administrator_groups.clear(); });
  EXPECT_NE(log_of(reset).find("notify.no_administrator"), std::string::npos);
  decide([](Settings& s) { s.notify_administrators = false; });
  EXPECT_EQ(log_of(reset).find("notify.no_administrator"), std::string::npos) << "nobody had to be told";
}

// ---- this wasn't me -----------------------------------------------------------------------------------------
using TheLinkInALetter = Told;

TEST_F(TheLinkInALetter, FreezesItsPersonAndEndsWhatWasOpenedInTheirName) {
  tell(occasion());
  const auto token = token_in(post.back().letter);
  const auto sign_in = ticket(Purpose::sign_in), pass = ticket(Purpose::pass), invitation = ticket(Purpose::invitation);
  const auto before = unix_now();
  const auto reply = report_token(token);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(protocol::parse_json(reply.body).value().at("frozen"), true);
  EXPECT_GE(frozen_since(), before);
  EXPECT_FALSE(self.tickets.find(Purpose::sign_in, sign_in, unix_now()).value());
  EXPECT_FALSE(self.tickets.find(Purpose::pass, pass, unix_now()).value());
  EXPECT_TRUE(self.tickets.find(Purpose::invitation, invitation, unix_now()).value());
  const auto row = protocol::parse_json(freezes().at(0).row, 12).value();
  EXPECT_EQ(row.at("correlation_id"), way.c_str());
  EXPECT_EQ(row.at("target"), alice.c_str());
  EXPECT_EQ(row.at("address"), "192.0.2.7");
  EXPECT_EQ(row.at("details").at("cause"), "password_reset");
}

TEST_F(TheLinkInALetter, SaysTheSameAgainAndDoesItOnce) {
  tell(occasion());
  const auto token = token_in(post.back().letter);
  const auto first = report_token(token), again = report_token(token);
  EXPECT_EQ(first.body, again.body);
  ASSERT_TRUE(self.people.freeze(corp, alice, 0));  // an administrator has looked into it
  EXPECT_EQ(report_token(token).body, first.body);
  EXPECT_EQ(frozen_since(), 0) << "an old letter shuts nobody out who was let in again";
  EXPECT_EQ(freezes().size(), 1u);
  tell(occasion());
  EXPECT_EQ(report_token(token_in(post.back().letter)).status, 200);
  EXPECT_NE(frozen_since(), 0) << "what comes after that is news";
}

TEST_F(TheLinkInALetter, IsWorthNothingWhenItIsOverOrSomethingElse) {
  const auto good = ticket(Purpose::not_me);
  auto changed = good;
  changed.back() = changed.back() == 'A' ? 'B' : 'A';
  for (const auto& token : {ticket(Purpose::not_me, unix_now()), ticket(Purpose::sign_in), std::string("wbn1"), std::string(), std::string(100'000, 'a'), good + "A", changed, std::string("wbn1.\n.x")}) {
    const auto reply = report_token(token, "de");
    EXPECT_EQ(reply.status, 410) << token;
    const auto body = protocol::parse_json(reply.body).value();
    EXPECT_EQ(body.at("code"), "link_expired");
    EXPECT_EQ(body.at("detail"), "Dieser Link gilt nicht mehr. Wenn etwas in Ihrem Namen getan wurde, rufen Sie Ihre Administration an.");
  }
  EXPECT_EQ(frozen_since(), 0);
}

TEST_F(TheLinkInALetter, IsAskedForInOneShapeAlone) {
  const auto good = ticket(Purpose::not_me);
  for (const std::string& body : std::vector<std::string>{"", "[]", "{}", "{\"token\":1}", "\"x\"", "{\"token\":\"" + good + "\",\"more\":1}", "{\"token\":\"" + good + "\"} x"}) EXPECT_EQ(report(body).status, 400) << body;
  EXPECT_EQ(frozen_since(), 0);
}

TEST_F(TheLinkInALetter, IsGoneWithAPersonWhoWasErased) {
  const auto token = ticket(Purpose::not_me);
  ASSERT_TRUE(store.database().run("DELETE FROM people"));
  EXPECT_EQ(report_token(token).status, 410) << "there would be nobody to freeze";
  person(1, "alice@corp.example");
  ASSERT_TRUE(self.people.erase(corp, alice).value());
  person(1, "alice@corp.example");
  EXPECT_EQ(report_token(token).status, 410) << "the link went with the rest";
}

TEST_F(TheLinkInALetter, StandsNeitherInTheLogNorInTheAuditAndNoAddressDoes) {
  log::start(log::Level::debug);
  outside("alice@elsewhere.example");
  person(2, "carol@corp.example", "", {administrators});
  testing::internal::CaptureStderr();
  auto reset = occasion();
  reset.administrator = true;
  for (int i = 0; i < 12; ++i) tell(reset);
  const auto token = token_in(post.front().letter);
  ASSERT_FALSE(token.empty());
  report_token(token);
  report_token(token + "x");
  mail_works = false;
  tell(occasion(Notice::password_changed));
  const auto log = testing::internal::GetCapturedStderr(), rows = audit_text();
  for (const auto& text : {log, rows})
    for (const auto& secret : {std::string("@"), std::string("elsewhere"), std::string("carol"), std::string("wbn1."), token.substr(token.rfind('.') + 1)}) EXPECT_EQ(text.find(secret), std::string::npos) << secret << " in " << text;
  EXPECT_NE(rows.find("account.frozen"), std::string::npos);
}

}  // namespace
}  // namespace wb::service::sspr
