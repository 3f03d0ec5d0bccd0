#include "service/captcha.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "core/base64url.hpp"
#include "core/ids.hpp"
#include "crypto/keys.hpp"
#include "crypto/mac.hpp"
#include "protocol/json.hpp"
#include "service/guards_schema.hpp"

namespace wb::service {
namespace {

namespace json = protocol::json;
using Outcome = std::variant<Captcha::Solved, CaptchaRefusal>;
constexpr UnixSeconds now = 1'900'000'000;

Secret key(char c = 'k') { return Secret::copy_of(std::string(32, c)); }

struct AChallenge : testing::Test {
  Captcha captcha{key()};
  json::object made(UnixSeconds expires = now + 300, std::string_view purpose = "start", std::int64_t number = 42) {
    auto body = protocol::parse_json(captcha.challenge_of(purpose, 1'000, number, expires)).value().as_object();
    body.erase("maxnumber");
    body["number"] = number;
    return body;
  }
  static std::string payload(const json::object& body) { return base64(json::serialize(body)); }
  std::string refused(const std::string& text, UnixSeconds at = now) {
    const auto outcome = captcha.check(text, "start", at);
    const auto* no = std::get_if<CaptchaRefusal>(&outcome);
    return no ? std::string(to_string(*no)) : "solved";
  }
  std::string changed(std::string_view member, const json::value& value) {
    auto body = made();
    body[member] = value;
    return refused(payload(body));
  }
};

TEST_F(AChallenge, IsSolvedByTrying) {
  const auto body = protocol::parse_json(captcha.challenge("start", "192.0.2.1", now)).value();
  const auto text = [&](const char* name) { return std::string(body.at(name).as_string()); };
  EXPECT_EQ(text("algorithm"), "SHA-256");
  EXPECT_EQ(body.at("maxnumber").as_int64(), 50'000);
  EXPECT_TRUE(text("salt").ends_with("?expires=" + std::to_string(now + 300) + "&for=start&")) << text("salt");
  std::int64_t number = 0;
  while (number <= 50'000 && crypto::hex(crypto::sha256(text("salt") + std::to_string(number))) != text("challenge")) ++number;
  ASSERT_LE(number, 50'000);
  const json::object solution{{"algorithm", "SHA-256"}, {"challenge", text("challenge")}, {"number", number}, {"salt", text("salt")}, {"signature", text("signature")}, {"took", 12}};
  EXPECT_EQ(refused(payload(solution)), "solved");
}

TEST_F(AChallenge, EndsWithItsTime) {
  EXPECT_EQ(refused(payload(made()), now + 299), "solved");
  EXPECT_EQ(refused(payload(made()), now + 300), "expired");
  EXPECT_EQ(refused(payload(made(now + 86'400))), "expired") << "longer than any of ours lives";
}

TEST_F(AChallenge, OpensWhatItIsForAlone) { EXPECT_EQ(refused(payload(made(now + 300, "register"))), "wrong_purpose"); }

TEST_F(AChallenge, IsOursAlone) {
  const Captcha other{key('x')};
  auto body = protocol::parse_json(other.challenge_of("start", 1'000, 42, now + 300)).value().as_object();
  body.erase("maxnumber");
  body["number"] = 42;
  EXPECT_EQ(refused(payload(body)), "not_ours");
  EXPECT_EQ(changed("signature", json::string(64, 'a')), "not_ours");
}

TEST_F(AChallenge, CanNotHaveItsTimeStretchedByItsNumber) {
  // The number's first digit as the salt's last one: the same text is hashed.
  auto body = made();
  auto salt = std::string(body["salt"].as_string());
  body["salt"] = salt + "4", body["number"] = 2;
  EXPECT_EQ(refused(payload(body)), "malformed") << "the hash is right, the salt is none of ours";
}

TEST_F(AChallenge, WantsItsVeryNumber) {
  EXPECT_EQ(changed("number", 43), "wrong_number");
  EXPECT_EQ(changed("number", -1), "malformed");
  EXPECT_EQ(changed("number", "42"), "malformed");
  EXPECT_EQ(changed("number", 42.5), "malformed");
}

TEST_F(AChallenge, TakesNoOtherShape) {
  EXPECT_EQ(changed("algorithm", "SHA-1"), "other_algorithm");
  EXPECT_EQ(changed("challenge", "ab"), "malformed");
  EXPECT_EQ(changed("challenge", json::string(64, 'A')), "malformed");
  EXPECT_EQ(changed("more", 1), "malformed");
  EXPECT_EQ(changed("took", "long"), "malformed");
  EXPECT_EQ(changed("salt", "x?expires=9999999999"), "wrong_number");
  auto fewer = made();
  fewer.erase("salt");
  EXPECT_EQ(refused(payload(fewer)), "malformed");
  for (const char* text : {"", "=", "====", "a", "ab=c", "e30-", "e30", "e31=", " e30="}) EXPECT_EQ(refused(text), "not_base64") << text;
  EXPECT_EQ(refused(base64("{")), "not_json");
  EXPECT_EQ(refused(base64("[]")), "malformed");
  EXPECT_EQ(refused(base64(std::string(100, '['))), "not_json");
  EXPECT_EQ(refused(std::string(2'049, 'A')), "too_long");
}

TEST(ASolution, IsGoodOnceAlsoAfterARestart) {
  std::string name = "/tmp/wb-captcha-XXXXXX";
  const std::filesystem::path folder(::mkdtemp(name.data()));
  const Captcha captcha{key()};
  auto body = protocol::parse_json(captcha.challenge_of("start", 1'000, 7, now + 300)).value().as_object();
  body.erase("maxnumber");
  body["number"] = 7;
  const auto payload = base64(json::serialize(body));
  for (const bool first : {true, false}) {
    auto database = queue::Database::open(folder / "store.sqlite").value();
    ASSERT_TRUE(database.migrate({"CREATE TABLE clients(id TEXT) STRICT", guards_schema}));
    Limits limits(database, key('l'));
    EXPECT_EQ(captcha.redeem(payload, "register", limits, now * 1'000).value(), CaptchaRefusal::wrong_purpose);
    EXPECT_EQ(captcha.redeem(payload, "start", limits, now * 1'000 + 500).value(), first ? std::nullopt : std::optional(CaptchaRefusal::used));
    EXPECT_EQ(captcha.redeem(payload, "start", limits, now * 1'000 + 600).value(), CaptchaRefusal::used);
  }
  std::filesystem::remove_all(folder);
}

TEST(TheDifficulty, DoublesAndEnds) {
  const Difficulty d{1'000, 10'000, 2};
  std::vector<std::int64_t> numbers;
  for (const auto recent : {0, 1, 2, 3, 4, 5, 6, 7, 1'000'000}) numbers.push_back(maxnumber(d, recent));
  EXPECT_EQ(numbers, (std::vector<std::int64_t>{1'000, 1'000, 1'000, 2'000, 4'000, 8'000, 10'000, 10'000, 10'000}));
}

TEST(AnAddress, CountsWithItsNetwork) {
  EXPECT_EQ(address_bucket("192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(address_bucket("::ffff:192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(address_bucket("2001:db8:1:2:3:4:5:6"), address_bucket("2001:db8:1:2::1"));
  EXPECT_NE(address_bucket("2001:db8:1:3::1"), address_bucket("2001:db8:1:2::1"));
}

TEST(AnAddress, IsForgivenAfterTheWindow) {
  using namespace std::chrono_literals;
  RecentAttempts attempts(10min);
  const BootClock::time_point start(100h);
  EXPECT_EQ(attempts.count("a", start), 0);
  EXPECT_EQ(attempts.count("a", start + 1s), 1);
  EXPECT_EQ(attempts.count("b", start + 1s), 0);
  EXPECT_EQ(attempts.count("a", start + 6min), 2) << "still within the window";
  EXPECT_EQ(attempts.count("a", start + 12min), 1) << "what came in the last half";
  EXPECT_EQ(attempts.count("a", start + 40min), 0);
}

TEST(AnAddress, IsOneOfSoManyAsCanBeRemembered) {
  using namespace std::chrono_literals;
  RecentAttempts attempts(10min, 100);
  const BootClock::time_point start(100h);
  for (int i = 0; i < 1'000; ++i) (void)attempts.count(std::to_string(i), start + std::chrono::milliseconds(i));
  EXPECT_EQ(attempts.remembered(), 100U);
  EXPECT_EQ(attempts.count("new", start + 2s), 100) << "as if it had tried often";
  EXPECT_EQ(attempts.count("7", start + 2s), 1);
  EXPECT_EQ(attempts.count("new", start + 11min), 0);
}

}  // namespace
}  // namespace wb::service
