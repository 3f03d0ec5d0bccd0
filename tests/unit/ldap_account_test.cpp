#include <gtest/gtest.h>

#include <algorithm>

#include "ldap/account.hpp"

namespace wb::ldap {
namespace {

using namespace std::string_literals;

const std::string guid = "\x2c\x80\x0f\x42\x78\xef\x16\x4e\x85\x81\xb9\xca\x98\x7e\x46\xed"s;
const std::string sid = "\x01\x02\x00\x00\x00\x00\x00\x05\x20\x00\x00\x00\x21\x02\x00\x00"s;

constexpr UnixSeconds now = 1'795'000'000;
Settings settings() {
  Settings settings;
  settings.marker_attribute = "adminDisplayName";
  settings.contacts = {"mail", "proxyAddresses"};
  return settings;
}

Entry an_entry() {
  return {"CN=Alice,DC=corp", {{"objectGUID", {guid}}, {"objectSid", {sid}}, {"userAccountControl", {"512"}}, {"pwdLastSet", {"134397163122747233"}}, {"tokenGroups", {sid}}}};
}
Result<Account> read(Entry entry) { return account_from(entry, Detail::probe, settings(), "dc1.corp.example", now); }
Account with(const char* name, const char* value) {
  auto entry = an_entry();
  std::erase_if(entry.attributes, [&](const auto& attribute) { return attribute.first == name; });
  entry.attributes.push_back({name, {value}});
  auto account = read(std::move(entry));
  EXPECT_TRUE(account);
  return account ? *account : Account{};
}

TEST(AnAccount, CarriesTheExpectationOfTheSwap) {
  const auto account = with("adminDisplayName", "wb1;x;1;A");
  EXPECT_EQ(account.sub, "420f802c-ef78-4e16-8581-b9ca987e46ed");
  EXPECT_EQ(account.sid, "S-1-5-32-545");
  EXPECT_EQ(account.pre.dc, "dc1.corp.example");
  EXPECT_EQ(account.pre.pls, "134397163122747233");
  EXPECT_EQ(account.pre.ver, -1) << "no metadata: the directory keeps no version";
  EXPECT_EQ(account.pre.mk, "wb1;x;1;A");
  EXPECT_EQ(read(an_entry())->pre.mk, std::nullopt);
}

TEST(AnAccount, TellsItsState) {
  EXPECT_TRUE(with("userAccountControl", "514").state.disabled);
  EXPECT_TRUE(with("msDS-User-Account-Control-Computed", "16").state.locked);
  EXPECT_TRUE(with("msDS-User-Account-Control-Computed", "8388608").state.expired);
  EXPECT_TRUE(with("userAccountControl", "66048").state.never_expires);
  EXPECT_TRUE(with("pwdLastSet", "0").state.must_change);
  EXPECT_TRUE(with("ADMINCOUNT", "1").admin_count);
  EXPECT_EQ(with("accountExpires", "9223372036854775807").expires_at, 0);
  EXPECT_EQ(with("accountExpires", "134397163122747233").expires_at, 134397163122747233);
  const auto plain = read(an_entry())->state;
  EXPECT_FALSE(plain.disabled || plain.locked || plain.must_change || plain.expired || plain.never_expires);
}

TEST(AnAccount, CountsAsLockedByItsTimeWhenTheFlagsWereNotRead) {
  EXPECT_TRUE(with("lockoutTime", "134397163122747233").state.locked);
  EXPECT_FALSE(with("lockoutTime", "0").state.locked);
}

TEST(AnAccount, IsNotAskedForConstructedAttributesBehindAWrite) {
  const auto names = account_attributes(Detail::after, settings());
  for (const auto* costly : {"tokenGroups", "msDS-ResultantPSO", "msDS-User-Account-Control-Computed"}) EXPECT_EQ(std::count(names.begin(), names.end(), costly), 0) << costly;
  EXPECT_EQ(std::count(names.begin(), names.end(), "adminDisplayName"), 1);
}

TEST(AnAccount, WhosePasswordNeverExpiresNeedNotChangeIt) {
  auto entry = an_entry();
  entry.attributes[2].second = {"66048"};
  entry.attributes[3].second = {"0"};
  EXPECT_FALSE(read(entry)->state.must_change);
}

TEST(AnAccount, IsNotJudgedWhenItsGroupsCannotBeSeen) {
  auto entry = an_entry();
  entry.attributes.pop_back();
  EXPECT_EQ(read(entry).error().where, "ldap.groups");
  entry = an_entry();
  entry.attributes.push_back({"memberOf;range=0-1499", {"CN=x"}});
  EXPECT_EQ(read(entry).error().where, "ldap.groups");
}

TEST(AnAccount, IsNothingWithoutItsIdentity) {
  for (std::size_t missing = 0; missing < 3; ++missing) {
    auto entry = an_entry();
    entry.attributes.erase(entry.attributes.begin() + static_cast<long>(missing));
    EXPECT_EQ(read(entry).error().kind, Fault::Kind::malformed);
  }
}

TEST(APolicy, IsReadFromTheDomainAndFromAPso) {
  const Entry domain{"DC=corp", {{"minPwdLength", {"8"}}, {"pwdProperties", {"1"}}, {"pwdHistoryLength", {"5"}}, {"minPwdAge", {"-864000000000"}}, {"maxPwdAge", {"-9223372036854775808"}}}};
  const auto of_domain = policy_from(domain, false);
  ASSERT_TRUE(of_domain);
  EXPECT_EQ(of_domain->min_length, 8);
  EXPECT_TRUE(of_domain->complexity);
  EXPECT_EQ(of_domain->history, 5);
  EXPECT_EQ(of_domain->min_age_s, 86'400);
  EXPECT_EQ(of_domain->max_age_s, 0);
  const Entry pso{"CN=p", {{"msDS-MinimumPasswordLength", {"20"}}, {"msDS-PasswordComplexityEnabled", {"FALSE"}}}};
  EXPECT_EQ(policy_from(pso, true)->min_length, 20);
  EXPECT_FALSE(policy_from(pso, true)->complexity);
  EXPECT_FALSE(policy_from(Entry{"CN=p", {}}, true)) << "a PSO that may not be read";
}

}  // namespace
}  // namespace wb::ldap
