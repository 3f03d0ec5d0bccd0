#include <gtest/gtest.h>

#include "ldap/ds389.hpp"
#include "ldap/text.hpp"

namespace wb::ldap {
namespace {

constexpr UnixSeconds now = 1'795'253'338;  // 2026-11-21 09:28:58 UTC

Entry entry_with(std::vector<std::pair<std::string, std::vector<std::string>>> more) {
  Entry entry;
  entry.dn = "uid=alice,ou=People,dc=example,dc=org";
  entry.attributes = {{"nsUniqueId", {"644d51af-e94511f1-827cbfed-e3081045"}}, {"uid", {"alice"}}};
  entry.attributes.insert(entry.attributes.end(), more.begin(), more.end());
  return entry;
}
Account account_of(const Entry& entry, const PolicyRules& rules = PolicyRules()) {
  auto account = ds389_schema().person(entry, rules, Settings(), "ds1.example.org", now);
  EXPECT_TRUE(account);
  return account ? std::move(*account) : Account();
}

TEST(ANsUniqueId, IsAnIdentityAndBack) {
  const auto sub = sub_of_unique_id("644D51AF-e94511f1-827cbfed-e3081045");
  ASSERT_TRUE(sub);
  EXPECT_EQ(*sub, "644d51af-e945-11f1-827c-bfede3081045");
  EXPECT_EQ(unique_id_of_sub(*sub), "644d51af-e94511f1-827cbfed-e3081045");
  for (const auto* text : {"", "644d51af-e945-11f1-827c-bfede3081045", "644d51af-e94511f1-827cbfed-e308104g", "644d51af-e94511f1-827cbfed-e30810455"}) EXPECT_FALSE(sub_of_unique_id(text)) << text;
}

TEST(A389Entry, HasTheTimeOfItsPassword) {
  EXPECT_EQ(account_of(entry_with({})).pre.pls, "0");
  EXPECT_EQ(account_of(entry_with({{"pwdUpdateTime", {"20261121092858Z"}}})).pre.pls, std::to_string(filetime_from_unix(now)));
  EXPECT_FALSE(ds389_schema().person(entry_with({{"pwdUpdateTime", {"yesterday"}}}), std::nullopt, Settings(), "dc", now));
}

TEST(A389Entry, IsLockedUntilItsTimeOrForGood) {
  PolicyRules rules;
  const auto locked = [&](const char* until) { return account_of(entry_with({{"accountUnlockTime", {until}}}), rules).state.locked; };
  EXPECT_FALSE(locked("20261121092859Z")) << "nobody heeds it without passwordLockout";
  rules.lockout = true;
  EXPECT_TRUE(locked("20261121092859Z"));
  EXPECT_FALSE(locked("20261121092858Z"));
  EXPECT_TRUE(locked("19700101000000Z"));
}

TEST(A389Entry, CountsWrongPasswordsUntilTheyAreForgotten) {
  PolicyRules rules;
  rules.shown.lockout_window_s = 600;
  const auto counted = account_of(entry_with({{"passwordRetryCount", {"2"}}, {"retryCountResetTime", {"20261121093858Z"}}}), rules);
  EXPECT_EQ(counted.wrong_passwords, 2);
  EXPECT_EQ(counted.last_wrong_password, now);
  EXPECT_EQ(account_of(entry_with({{"passwordRetryCount", {"2"}}, {"retryCountResetTime", {"20261121092858Z"}}}), rules).wrong_passwords, 0);
}

TEST(A389Entry, MustChangeOrHasExpired) {
  PolicyRules rules;
  rules.must_change = true;
  rules.shown.max_age_s = 60;
  const auto state = [&](const char* ends) { return account_of(entry_with({{"passwordExpirationTime", {ends}}}), rules).state; };
  EXPECT_TRUE(state("19700101000000Z").must_change);
  EXPECT_FALSE(state("19700101000000Z").expired || state("19700101000001Z").must_change || state("19700101000001Z").expired);
  EXPECT_TRUE(state("20261121092858Z").expired);
  EXPECT_FALSE(state("20261121092859Z").expired);
  EXPECT_TRUE(account_of(entry_with({{"nsAccountLock", {"TRUE"}}})).state.disabled);
}

TEST(A389Answer, CarriesAControlWithLongLengths) {
  EXPECT_EQ(policy_error(std::string("\x30\x84\x00\x00\x00\x03\x81\x01\x05", 9)), 5);
  EXPECT_EQ(policy_error(std::string("\x30\x84\x00\x00\x00\x04\x81\x01\x05", 9)), std::nullopt) << "it ends too early";
  EXPECT_EQ(policy_error(std::string("\x30\x85\x00\x00\x00\x00\x03\x81\x01\x05", 10)), std::nullopt);
  EXPECT_EQ(policy_error(std::string("\x30\x84\xff\xff\xff\xff\x81\x01\x05", 9)), std::nullopt);
}

TEST(A389Answer, IsNamedByItsTextWhereTheControlIsVague) {
  const auto refusal = [](int code, std::optional<int> error, const char* text) { return ds389_schema().diagnose(code, error, text, WriteKind::reset)->refusal; };
  EXPECT_EQ(refusal(19, 5, "invalid password syntax - password must be at least 8 characters long"), Refusal::too_short);
  EXPECT_EQ(refusal(19, 5, "invalid password syntax - password must contain at least 3 character categories (valid"), Refusal::not_complex);
  EXPECT_EQ(refusal(19, std::nullopt, "password in history"), Refusal::in_history);
  EXPECT_EQ(refusal(19, 8, "password in history"), Refusal::in_history);
  EXPECT_EQ(refusal(19, 7, "within password minimum age"), Refusal::too_young);
  EXPECT_EQ(refusal(19, 5, "invalid password syntax - passwords with storage scheme are not allowed"), Refusal::policy);
  EXPECT_EQ(refusal(16, std::nullopt, ""), Refusal::swap_failed);
  EXPECT_EQ(refusal(65, std::nullopt, "single-valued attribute \"pwdUpdateTime\" has multiple values"), Refusal::swap_failed);
  EXPECT_EQ(refusal(65, std::nullopt, "attribute \"wbLastJob\" not allowed"), Refusal::directory_error);
  EXPECT_EQ(refusal(50, 3, "Insufficient 'write' privilege"), Refusal::no_rights);
}

}  // namespace
}  // namespace wb::ldap
