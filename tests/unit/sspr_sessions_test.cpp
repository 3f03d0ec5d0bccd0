// Sessions as they are kept.
#include <gtest/gtest.h>

#include "service/sspr/schema.hpp"
#include "service/sspr/sessions.hpp"

namespace wb::service::sspr {
namespace {

KeptSession some(const std::string& id = "01M8BV9GKWRA9ZAS6NR22CVJV5") {
  KeptSession k;
  k.id = id, k.hash = std::string(32, 'h'), k.domain = "corp.example", k.name = "alice@corp.example", k.name_key = "alice@corp.example", k.language = "de", k.settings_version = 3;
  k.flow.phase = Phase::proving, k.flow.expires = 1'900, k.flow.passed = {Method::app_code}, k.flow.current = Method::email, k.flow.code_until = 1'300, k.flow.wrong = 2;
  k.flow.account.sub = "7c1f", k.flow.account.registered = {Method::app_code, Method::email}, k.flow.account.barrier = Reason::frozen, k.flow.account.until = 7;
  k.code = SentCode{std::string(32, '\x01'), 1'000, 1'300, 4, false};
  k.method = "m", k.asked = {"q1", "q2"}, k.probe = "p", k.jti = "j";
  k.said = Reason::password_refused, k.said_code = "rejected", k.said_reason = "too_short", k.said_until = 9, k.min_length = 12, k.history = 24, k.min_age_s = 86'400;
  k.seen = true, k.begun_ms = 1'000'123, k.address = "192.0.2.1", k.device = "d", k.looks = 2;
  k.found = {{"f", Method::email, "a…@e…org", "wv1.1.x", 0, 0, 0}};
  return k;
}

struct KeptSessions : testing::Test {
  std::filesystem::path folder = [] {
    char name[] = "/tmp/wb-sess-XXXXXX";
    return std::filesystem::path(::mkdtemp(name));
  }();
  queue::Database database = queue::Database::open(folder / "store.sqlite").value();
  Sessions sessions{database};
  KeptSessions() { EXPECT_TRUE(database.migrate({schema})); }
  ~KeptSessions() override { std::filesystem::remove_all(folder); }
};

TEST_F(KeptSessions, ComeBackAsTheyWere) {
  ASSERT_TRUE(sessions.add(some()).value());
  EXPECT_EQ(sessions.find(some().id, some().hash).value(), some());
  auto next = some();
  next.flow.phase = Phase::new_password, next.code.reset(), next.flow.current.reset();
  ASSERT_TRUE(sessions.keep(next));
  EXPECT_EQ(sessions.find(next.id, next.hash).value(), next);
}

TEST_F(KeptSessions, AreNobodyElses) {
  ASSERT_TRUE(sessions.add(some()).value());
  EXPECT_FALSE(sessions.find(some().id, std::string(32, 'x')).value());
  EXPECT_FALSE(sessions.find(some().id, "").value());
  EXPECT_FALSE(sessions.find("01M8BV9GKWRA9ZAS6NR22CVJV6", some().hash).value());
}

TEST_F(KeptSessions, ThatAreOverAreTakenAwayOnce) {
  ASSERT_TRUE(sessions.add(some()).value());
  EXPECT_TRUE(sessions.take_ended(1'899, 10).value().empty());
  const auto ended = sessions.take_ended(1'900, 10).value();
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].name, some().name);
  EXPECT_FALSE(sessions.find(some().id, some().hash).value());
}

TEST(AKeptSession, OfAnEarlierVersionGoesOnUnderTheNameThatWasTyped) {
  auto began = some();
  began.name = "Alice@corp.example";
  auto text = to_json(began);
  const std::string key = R"("name_key":"alice@corp.example",)";
  text.erase(text.find(key), key.size());
  EXPECT_EQ(session_from(text).value().name_key, "alice@corp.example");
}

TEST(AKeptSession, ThatWasChangedOutsideIsRefusedAndNotGuessedAt) {
  const auto good = to_json(some());
  EXPECT_TRUE(session_from(good));
  for (std::size_t at = 0; at < good.size(); at += 7) EXPECT_FALSE(session_from(good.substr(0, at))) << at;
  for (const auto& [piece, other] : {std::pair("\"proving\"", "\"flying\""), std::pair("\"frozen\"", "\"\\u0000\""), std::pair("\"email\"", "\"fax\""), std::pair("\"wrong\":2", "\"wrong\":\"2\""),
           std::pair("\"code\":{", "\"code\":{\"more\":1,")}) {
    auto text = good;
    text.replace(text.find(piece), std::string(piece).size(), other);
    EXPECT_FALSE(session_from(text)) << other;
  }
}

}  // namespace
}  // namespace wb::service::sspr
