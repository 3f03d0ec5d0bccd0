#include "service/methods/codes.hpp"

#include <gtest/gtest.h>

#include <set>

namespace wb::service {
namespace {

constexpr UnixSeconds now = 1'800'000'000;
const CodeBinding binding{"session-1", "a@example.org"};
const auto text_of = [](std::string_view v) { return std::string(v); };

class ASentCode : public testing::Test {
 protected:
  CodeVerdict check(std::string_view typed, UnixSeconds at = now + 10, const CodeBinding& to = binding) { return check_code(sent_.kept, key_, to, typed, at); }
  // Eight digits, and not these.
  std::string another() const { return digits_[0] == '9' ? "1" + digits_.substr(1) : "9" + digits_.substr(1); }

  Secret key_ = Secret::copy_of("0123456789abcdef0123456789abcdef");
  NewCode sent_ = new_code(key_, binding, now);
  std::string digits_ = sent_.digits.expose(text_of);
};

TEST_F(ASentCode, HasEightDigitsOfWhichOnlyAMacIsKept) {
  EXPECT_EQ(digits_.size(), 8U);
  EXPECT_EQ(digits_.find_first_not_of("0123456789"), std::string::npos);
  EXPECT_EQ(sent_.kept.mac.size(), 32U);
  EXPECT_EQ(sent_.kept.mac.find(digits_), std::string::npos);
  std::set<std::string> seen;
  for (int i = 0; i < 50; ++i) seen.insert(new_code(key_, binding, now).digits.expose(text_of));
  EXPECT_GE(seen.size(), 49U);
}

TEST_F(ASentCode, OpensOnce) {
  EXPECT_EQ(check(digits_), CodeVerdict::right);
  EXPECT_EQ(check(digits_), CodeVerdict::used);
}

TEST_F(ASentCode, MayBeTypedInGroups) {
  EXPECT_EQ(check(" " + digits_.substr(0, 4) + "-" + digits_.substr(4) + " "), CodeVerdict::right);
}

TEST_F(ASentCode, LivesFiveMinutesToTheSecond) {
  EXPECT_EQ(check(digits_, now + 300), CodeVerdict::expired);
  EXPECT_EQ(check(digits_, now - 1), CodeVerdict::expired) << "the clock was set back";
  EXPECT_EQ(sent_.kept.tries_left, 5) << "what is too late costs no try";
  EXPECT_EQ(check(digits_, now + 299), CodeVerdict::right);
}

TEST_F(ASentCode, IsLostAfterFiveWrongTries) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(check(another()), CodeVerdict::wrong);
  EXPECT_EQ(check(digits_), CodeVerdict::too_many_tries);
  EXPECT_FALSE(sent_.kept.used);
}

TEST_F(ASentCode, StillOpensAtTheLastTry) {
  for (int i = 0; i < 4; ++i) EXPECT_EQ(check(another()), CodeVerdict::wrong);
  EXPECT_EQ(check(digits_), CodeVerdict::right);
}

TEST_F(ASentCode, ProvesNothingElsewhere) {
  EXPECT_EQ(check(digits_, now, {"session-2", binding.destination}), CodeVerdict::wrong);
  EXPECT_EQ(check(digits_, now, {binding.session, "b@example.org"}), CodeVerdict::wrong);
  EXPECT_EQ(check(digits_, now, {"session-1a", "@example.org"}), CodeVerdict::wrong) << "the border between the two counts";
  EXPECT_EQ(check_code(sent_.kept, Secret::copy_of("another key of thirty-two bytes."), binding, digits_, now), CodeVerdict::wrong);
  EXPECT_EQ(check(digits_), CodeVerdict::right);
}

TEST_F(ASentCode, TakesNothingElseForIt) {
  const std::string long_one(100'000, '1');
  for (const std::string& typed : {std::string(), digits_.substr(1), digits_ + "0", digits_ + std::string(1, '\0'), long_one, digits_ + std::string(40, ' ')}) {
    auto fresh = sent_.kept;
    EXPECT_EQ(check_code(fresh, key_, binding, typed, now), CodeVerdict::wrong) << typed.size();
    EXPECT_EQ(fresh.tries_left, 4);
  }
}

TEST_F(ASentCode, WithADamagedRecordOpensForNobody) {
  for (const auto& mac : {std::string(), sent_.kept.mac.substr(1), std::string(32, '\0')}) {
    auto damaged = sent_.kept;
    damaged.mac = mac;
    EXPECT_EQ(check_code(damaged, key_, binding, digits_, now), CodeVerdict::wrong);
  }
}

}  // namespace
}  // namespace wb::service
