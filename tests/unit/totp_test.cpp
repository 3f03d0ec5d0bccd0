#include "service/methods/totp.hpp"

#include <gtest/gtest.h>

#include <set>

#include "service/methods/base32.hpp"
#include "crypto/mac.hpp"
#include "service/methods/fair_random.hpp"

namespace wb::service {
namespace {

const auto text_of = [](std::string_view v) { return std::string(v); };
Secret key_of_the_rfc() { return Secret::copy_of("12345678901234567890"); }

TEST(Hotp, MatchesTheVectorsOfRfc4226) {  // appendix D
  const char* const vectors[] = {"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"};
  for (std::uint64_t counter = 0; counter < 10; ++counter) EXPECT_EQ(hotp(key_of_the_rfc(), counter), vectors[counter]) << counter;
}

TEST(Hotp, MatchesTheVectorsOfRfc6238) {  // appendix B, SHA-1
  const std::pair<std::int64_t, const char*> vectors[] = {{59, "94287082"}, {1111111109, "07081804"}, {1111111111, "14050471"}, {1234567890, "89005924"}, {2000000000, "69279037"}, {20000000000, "65353130"}};
  for (const auto& [at, code] : vectors) EXPECT_EQ(hotp(key_of_the_rfc(), static_cast<std::uint64_t>(at / totp_step_s), 8), code) << at;
}

TEST(Base32, MatchesTheVectorsOfRfc4648WithoutPadding) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""}, {"f", "MY"}, {"fo", "MZXQ"}, {"foo", "MZXW6"}, {"foob", "MZXW6YQ"}, {"fooba", "MZXW6YTB"}, {"foobar", "MZXW6YTBOI"}};
  for (const auto& [plain, text] : vectors) EXPECT_EQ(base32(Secret::copy_of(plain)), Secret::copy_of(text)) << plain;
}

TEST(AnAppsCode, IsAcceptedInItsStepAndOneToEitherSide) {
  constexpr UnixSeconds now = 1111111111;
  constexpr auto step = now / totp_step_s;
  for (auto at = step - 3; at <= step + 3; ++at) {
    const auto check = check_totp(key_of_the_rfc(), hotp(key_of_the_rfc(), static_cast<std::uint64_t>(at)), now, std::nullopt);
    const bool inside = at >= step - 1 && at <= step + 1;
    EXPECT_EQ(check.verdict, inside ? TotpVerdict::accepted : TotpVerdict::wrong) << at - step;
    if (inside) { EXPECT_EQ(check.step, at); }
  }
}

TEST(AnAppsCode, IsReadAsAppsShowIt) {
  for (const auto* typed : {"050471", "050 471", " 050471 "}) EXPECT_EQ(check_totp(key_of_the_rfc(), typed, 1111111111, std::nullopt).verdict, TotpVerdict::accepted) << typed;
}

TEST(AnAppsCode, IsAcceptedAtTheBeginningOfTime) {
  EXPECT_EQ(check_totp(key_of_the_rfc(), "755224", 0, std::nullopt).verdict, TotpVerdict::accepted);
}

TEST(AnAcceptedCode, IsRefusedAgainAndSoIsEveryEarlierOne) {
  constexpr UnixSeconds now = 1111111111;
  constexpr auto step = now / totp_step_s;
  const auto code = [](std::int64_t at) { return hotp(key_of_the_rfc(), static_cast<std::uint64_t>(at)); };
  EXPECT_EQ(check_totp(key_of_the_rfc(), code(step), now, step).verdict, TotpVerdict::replayed);
  EXPECT_EQ(check_totp(key_of_the_rfc(), code(step - 1), now, step).verdict, TotpVerdict::replayed);
  EXPECT_EQ(check_totp(key_of_the_rfc(), code(step), now, step + 1).verdict, TotpVerdict::replayed) << "a clock that was set back";
  EXPECT_EQ(check_totp(key_of_the_rfc(), code(step + 1), now, step).verdict, TotpVerdict::accepted);
  EXPECT_EQ(check_totp(key_of_the_rfc(), "000000", now, step).verdict, TotpVerdict::wrong);
}

TEST(WhatIsNoCode, IsWrong) {
  const std::string long_one(100'000, '0');
  for (const std::string_view typed : {"", "05047", "0504711", "05047x", "050471\n", "-50471", "٠٥٠٤٧١", "050471                          0", "14050471"})
    EXPECT_EQ(check_totp(key_of_the_rfc(), typed, 1111111111, std::nullopt).verdict, TotpVerdict::wrong) << typed;
  EXPECT_EQ(check_totp(key_of_the_rfc(), long_one, 1111111111, std::nullopt).verdict, TotpVerdict::wrong);
  EXPECT_EQ(check_totp(key_of_the_rfc(), "050471" + std::string(40, ' '), 1111111111, std::nullopt).verdict, TotpVerdict::wrong);
}

TEST(ANewKey, HasTwentyBytesOfItsOwn) {
  std::set<std::string> seen;
  for (int i = 0; i < 20; ++i) seen.insert(new_totp_key().expose(text_of));
  EXPECT_EQ(seen.size(), 20U);
  EXPECT_EQ(seen.begin()->size(), 20U);
}

TEST(TheEnrolmentUri, IsWhatAppsRead) {
  const auto uri = otpauth_uri(key_of_the_rfc(), "Contoso AG", "alice@contoso.example");
  EXPECT_EQ(uri.expose(text_of), "otpauth://totp/Contoso%20AG:alice%40contoso.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Contoso%20AG&algorithm=SHA1&digits=6&period=30");
}

TEST(TheEnrolmentUri, KeepsNamesInTheirPlaces) {
  const auto uri = otpauth_uri(key_of_the_rfc(), "a:b/c?d&e=f#g%h", "ü+\n").expose(text_of);
  EXPECT_TRUE(uri.starts_with("otpauth://totp/a%20b%2Fc%3Fd%26e%3Df%23g%25h:%C3%BC%2B%0A?secret=GEZ")) << uri;
}

TEST(Hmac, MatchesTheVectorsOfRfc2202AndRfc4231) {
  const auto hex = [](const std::string& bytes) {
    std::string out;
    for (const unsigned char c : bytes) out += std::string{"0123456789abcdef"[c >> 4], "0123456789abcdef"[c & 15]};
    return out;
  };
  EXPECT_EQ(hex(crypto::hmac_sha1(Secret::copy_of("Jefe"), "what do ya want for nothing?")), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
  EXPECT_EQ(hex(crypto::hmac_sha256(Secret::copy_of("Jefe"), "what do ya want for nothing?")), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(FairDice, FallOnEveryNumberAndNoOther) {
  int seen[7] = {};
  for (int i = 0; i < 7'000; ++i) {
    const auto number = fair_random(7);
    ASSERT_LT(number, 7U);
    ++seen[number];
  }
  for (const int count : seen) EXPECT_GT(count, 700) << "1,000 are expected, and 700 are ten standard deviations away";
  EXPECT_EQ(fair_random(1), 0U);
}

}  // namespace
}  // namespace wb::service
