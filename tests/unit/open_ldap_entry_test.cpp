#include "ldap/open_ldap_entry.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ldap/text.hpp"

namespace wb::ldap {
namespace {

using testing::HasSubstr;

constexpr const char* sub = "b94c2db0-79d9-1041-8ffb-19eb78f42a5a";
constexpr UnixSeconds changed_at = 1'795'253'338;  // 2026-11-21 09:28:58 UTC

Settings settings() {
  Settings settings;
  settings.marker_attribute = "wbLastJob";
  settings.contacts = {"mail"};
  return settings;
}

Entry entry_with(std::vector<std::pair<std::string, std::vector<std::string>>> more) {
  Entry entry;
  entry.dn = "uid=alice,ou=People,dc=example,dc=org";
  entry.attributes = {{"entryUUID", {sub}}, {"uid", {"alice"}}, {"cn", {"Alice"}}};
  entry.attributes.insert(entry.attributes.end(), more.begin(), more.end());
  return entry;
}

Account account_of(const Entry& entry, const std::optional<PolicyRules>& rules = PolicyRules(), UnixSeconds now = changed_at + 10) {
  auto account = person_from(entry, rules, settings(), "ldap1.example.org", now);
  EXPECT_TRUE(account);
  return account ? std::move(*account) : Account();
}

TEST(AGeneralizedTime, IsReadAndWrittenToTheSameMoment) {
  for (const auto& [text, unix] : {std::pair("19700101000000Z", 0), std::pair("20000229235959Z", 951'868'799), std::pair("20261121092858Z", 1'795'253'338)}) {
    const auto time = filetime_from_generalized(text);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(unix_from_filetime(*time), unix) << text;
    EXPECT_EQ(generalized_from_filetime(*time), text);
  }
  EXPECT_EQ(filetime_from_generalized("202611210928Z"), filetime_from_generalized("20261121092800Z"));
  const auto exact = filetime_from_generalized("20261121092858.618299Z");
  ASSERT_TRUE(exact);
  EXPECT_EQ(*exact - *filetime_from_generalized("20261121092858Z"), 6'182'990);
  EXPECT_EQ(generalized_from_filetime(*exact), "20261121092858.618299Z");
}

TEST(AGeneralizedTime, IsRefusedWhenItIsNone) {
  for (const auto* text : {"", "Z", "20261121092858", "20261321092858Z", "20260230092858Z", "2026112109285Z", "20261121242858Z", "20261121092858.Z", "20261121092858x1Z", "20261121092858+0100", "-0261121092858Z"})
    EXPECT_FALSE(filetime_from_generalized(text)) << text;
}

TEST(AnOpenLdapEntry, BecomesAnAccount) {
  const auto account = account_of(entry_with({{"pwdChangedTime", {"20261121092858Z"}}, {"wbLastJob", {"wb1;x;1;A"}}, {"modifyTimestamp", {"20261121092859Z"}}, {"mail", {"a@b"}}}));
  EXPECT_EQ(account.sub, sub);
  EXPECT_EQ(account.pre, (protocol::Pre{"ldap1.example.org", -1, std::to_string(filetime_from_unix(changed_at)), "wb1;x;1;A"}));
  EXPECT_EQ(account.marker_changed, changed_at + 1);
  EXPECT_EQ(account.display_name, "Alice");
  EXPECT_EQ(account.contacts.at("mail"), std::vector<std::string>{"a@b"});
  EXPECT_TRUE(account.state.never_expires);
  EXPECT_FALSE(account.state.disabled || account.state.locked || account.state.must_change || account.state.expired);
}

TEST(AnOpenLdapEntry, IsRefusedWithoutWhatTheSwapNeeds) {
  Entry nameless;
  EXPECT_FALSE(person_from(nameless, std::nullopt, {}, "dc", 0));
  EXPECT_FALSE(person_from(entry_with({{"pwdChangedTime", {"yesterday"}}}), std::nullopt, {}, "dc", 0));
}

TEST(AnOpenLdapEntry, IsLockedAsLongAsItsPolicySays) {
  const auto entry = entry_with({{"pwdAccountLockedTime", {"20261121092858Z"}}});
  PolicyRules rules;
  EXPECT_FALSE(account_of(entry, rules).state.locked) << "the overlay heeds no lock without pwdLockout";
  rules.lockout = true;
  EXPECT_TRUE(account_of(entry, rules, changed_at + 1'000'000).state.locked) << "without a duration for ever";
  rules.lockout_s = 60;
  EXPECT_TRUE(account_of(entry, rules, changed_at + 59).state.locked);
  EXPECT_FALSE(account_of(entry, rules, changed_at + 60).state.locked);
  EXPECT_TRUE(account_of(entry, std::nullopt).state.locked) << "rules that can't be read release nobody";
}

TEST(AnOpenLdapEntry, IsDisabledByAnAdministratorsLockOrOutsideItsTime) {
  EXPECT_TRUE(account_of(entry_with({{"pwdAccountLockedTime", {"000001010000Z"}}})).state.disabled);
  EXPECT_FALSE(account_of(entry_with({{"pwdAccountLockedTime", {"000001010000Z"}}})).state.locked);
  EXPECT_FALSE(account_of(entry_with({{"pwdAccountLockedTime", {"20261121092858Z"}}})).state.disabled);
  EXPECT_TRUE(account_of(entry_with({{"pwdEndTime", {"20261121092858Z"}}})).state.disabled);
  EXPECT_FALSE(account_of(entry_with({{"pwdEndTime", {"20261121093000Z"}}})).state.disabled);
  EXPECT_TRUE(account_of(entry_with({{"pwdStartTime", {"20261121093000Z"}}})).state.disabled);
}

TEST(AnOpenLdapEntry, CountsTheWrongPasswordsThatStillCount) {
  const auto entry = entry_with({{"pwdFailureTime", {"20261121092858.618299Z", "20261121092905Z", "20261121092901.1Z", "nonsense"}}});
  PolicyRules rules;
  EXPECT_EQ(account_of(entry, rules).wrong_passwords, 3) << "no interval: until a right one";
  EXPECT_EQ(account_of(entry, rules).last_wrong_password, changed_at + 7);
  rules.shown.lockout_window_s = 60;
  EXPECT_EQ(account_of(entry, rules, changed_at + 61).wrong_passwords, 2);
  EXPECT_EQ(account_of(entry, rules, changed_at + 61).last_wrong_password, changed_at + 7);
  EXPECT_EQ(account_of(entry, rules, changed_at + 1'000).wrong_passwords, 0);
  EXPECT_EQ(account_of(entry, std::nullopt).wrong_passwords, 3);
  EXPECT_EQ(account_of(entry_with({})).last_wrong_password, 0);
}

TEST(AnOpenLdapEntry, TellsSinceWhenItIsLocked) {
  EXPECT_EQ(account_of(entry_with({{"pwdAccountLockedTime", {"20261121092858Z"}}})).lockout_time, filetime_from_unix(changed_at));
  EXPECT_EQ(account_of(entry_with({{"pwdAccountLockedTime", {"000001010000Z"}}})).lockout_time, 0) << "that ends when an administrator says so";
  EXPECT_EQ(account_of(entry_with({})).lockout_time, 0);
}

TEST(AnOpenLdapEntry, MayNotChangeItsPasswordWhereItsPolicySaysSo) {
  PolicyRules rules;
  EXPECT_FALSE(account_of(entry_with({}), rules).state.cannot_change);
  rules.may_change = false;
  EXPECT_TRUE(account_of(entry_with({}), rules).state.cannot_change);
  EXPECT_FALSE(account_of(entry_with({}), std::nullopt).state.cannot_change) << "the server has the last word";
}

TEST(AnOpenLdapEntry, ExpiresByItsPolicysAge) {
  const auto entry = entry_with({{"pwdChangedTime", {"20261121092858Z"}}});
  PolicyRules rules;
  rules.shown.max_age_s = 3'600;
  EXPECT_FALSE(account_of(entry, rules, changed_at + 3'599).state.expired);
  EXPECT_TRUE(account_of(entry, rules, changed_at + 3'600).state.expired);
  EXPECT_FALSE(account_of(entry, rules).state.never_expires);
}

TEST(AnOpenLdapEntry, MustChangeOnlyWhereItsPolicyHeedsIt) {
  const auto entry = entry_with({{"pwdReset", {"TRUE"}}});
  PolicyRules rules;
  EXPECT_FALSE(account_of(entry, rules).state.must_change);
  rules.must_change = true;
  EXPECT_TRUE(account_of(entry, rules).state.must_change);
}

TEST(ACondition, NamesTheEntryAndWhatMustNotHaveMoved) {
  protocol::Pre pre{"dc", -1, std::to_string(filetime_from_unix(changed_at)), "a*(b"};
  EXPECT_EQ(condition_filter({sub, true, true, true}, pre, "wbLastJob"),
      "(&(entryUUID=b94c2db0-79d9-1041-8ffb-19eb78f42a5a)(pwdChangedTime=20261121092858Z)(wbLastJob=a\\2a\\28b)(!(pwdAccountLockedTime=000001010000Z)))");
  pre.pls = "0";
  pre.mk.reset();
  EXPECT_EQ(condition_filter({sub, true, true, false}, pre, "wbLastJob"), "(&(entryUUID=b94c2db0-79d9-1041-8ffb-19eb78f42a5a)(!(pwdChangedTime=*))(!(wbLastJob=*)))");
  EXPECT_EQ(condition_filter({sub, true, true, false}, pre, ""), "(&(entryUUID=b94c2db0-79d9-1041-8ffb-19eb78f42a5a)(!(pwdChangedTime=*)))");
}

TEST(APassword, IsTakenForAHashByItsBeginning) {
  for (const auto* text : {"{SSHA}x", "{x}", "{CLEARTEXT}a", "{crypt}$6$"}) EXPECT_TRUE(looks_like_a_hash(text)) << text;
  for (const auto* text : {"", "{", "{}x", "x{SSHA}", "{SSHA", "}SSHA{"}) EXPECT_FALSE(looks_like_a_hash(text)) << text;
}

TEST(APolicyControl, TellsItsError) {
  EXPECT_EQ(policy_error(std::string("\x30\x03\x81\x01\x06", 5)), 6);
  EXPECT_EQ(policy_error(std::string("\x30\x08\xa0\x03\x80\x01\x05\x81\x01\x08", 10)), 8);
  EXPECT_EQ(policy_error(std::string("\x30\x05\xa0\x03\x80\x01\x05", 7)), std::nullopt) << "a warning only";
  EXPECT_EQ(policy_error(std::string("\x30\x00", 2)), std::nullopt);
  EXPECT_EQ(policy_error(std::string("\x30\x03\x81\x01\xff", 5)), std::nullopt) << "a negative number";
}

TEST(APolicyControl, IsReadNoFurtherThanItGoes) {
  const std::string whole("\x30\x08\xa0\x03\x80\x01\x05\x81\x01\x08", 10);
  for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_EQ(policy_error(whole.substr(0, size)), std::nullopt) << size;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      auto bent = whole;
      bent[at] = static_cast<char>(byte);
      policy_error(bent);  // whatever it says: the sanitizers watch
    }
  }
}

TEST(OpenLdapsAnswer, IsNamed) {
  struct Case {
    int code;
    std::optional<int> error;
    Refusal refusal;
    const char* words;
  };
  for (const auto& [code, error, refusal, words] : {Case{0, {}, Refusal::none, ""}, {122, {}, Refusal::swap_failed, "assertion"}, {19, 6, Refusal::too_short, "ppolicy 6"}, {19, 7, Refusal::too_young, ""},
           {19, 8, Refusal::in_history, ""}, {19, 5, Refusal::policy, "quality"}, {19, 9, Refusal::policy, "too long"}, {50, 4, Refusal::no_rights, "pwdSafeModify"}, {50, {}, Refusal::no_rights, ""},
           {50, 2, Refusal::no_rights, "service account"}, {32, {}, Refusal::not_found, ""}, {13, {}, Refusal::not_encrypted, ""}, {8, {}, Refusal::not_encrypted, ""}, {10, {}, Refusal::read_only, "replica"},
           {12, {}, Refusal::directory_error, "assertion control"}, {65, {}, Refusal::directory_error, "marker"}, {19, {}, Refusal::directory_error, ""}, {80, {}, Refusal::directory_error, "ldap 80"}}) {
    const auto diagnosis = diagnose_open_ldap(code, error, WriteKind::reset);
    ASSERT_TRUE(diagnosis) << code;
    EXPECT_EQ(diagnosis->refusal, refusal) << code << " " << error.value_or(-1);
    EXPECT_THAT(diagnosis->detail, HasSubstr(words));
  }
}

TEST(OpenLdapsAnswer, ToAChangeTellsAWrongOldPassword) {
  EXPECT_EQ(diagnose_open_ldap(53, 4, WriteKind::change)->refusal, Refusal::old_password_wrong);
  EXPECT_EQ(diagnose_open_ldap(19, 8, WriteKind::change)->refusal, Refusal::in_history);
  EXPECT_EQ(diagnose_open_ldap(122, {}, WriteKind::change)->refusal, Refusal::swap_failed);
  const auto manage = diagnose_open_ldap(16, {}, WriteKind::change);
  EXPECT_EQ(manage->refusal, Refusal::directory_error) << "right or wrong: nobody knows";
  EXPECT_THAT(manage->detail, HasSubstr("manage access"));
}

TEST(OpenLdapsAnswer, ToASignInIsNamed) {
  struct Case {
    int code;
    std::optional<int> error;
    std::optional<SignIn> verdict;
  };
  for (const auto& [code, error, verdict] : {Case{0, {}, SignIn::accepted}, {0, 2, SignIn::must_change}, {49, {}, SignIn::wrong_password}, {49, 0, SignIn::password_expired}, {49, 1, SignIn::locked}, {53, {}, {}}, {8, {}, {}}, {80, 1, {}}})
    EXPECT_EQ(diagnose_open_ldap_sign_in(code, error), verdict) << code << ' ' << error.value_or(-1);
}

TEST(OpenLdapsAnswer, IsAFaultWhereTryingAgainMayHelp) {
  for (const int code : {20, 51, 52}) {
    const auto diagnosis = diagnose_open_ldap(code, {}, WriteKind::reset);
    ASSERT_FALSE(diagnosis);
    EXPECT_EQ(diagnosis.error().kind, Fault::Kind::unreachable);
  }
}

TEST(APolicyEntry, BecomesRules) {
  Entry entry;
  EXPECT_FALSE(rules_from(entry));
  entry.attributes = {{"pwdAttribute", {"userPassword"}}, {"pwdMinLength", {"8"}}, {"pwdInHistory", {"5"}}, {"pwdMinAge", {"60"}}, {"pwdMaxAge", {"-1"}}, {"pwdLockout", {"TRUE"}}, {"pwdLockoutDuration", {"300"}}};
  auto rules = rules_from(entry);
  ASSERT_TRUE(rules);
  EXPECT_EQ(rules->shown.min_length, 0) << "without pwdCheckQuality nobody counts";
  EXPECT_EQ(rules->shown.history, 5);
  EXPECT_EQ(rules->shown.min_age_s, 60);
  EXPECT_EQ(rules->shown.max_age_s, 0);
  EXPECT_TRUE(rules->lockout);
  EXPECT_EQ(rules->lockout_s, 300);
  EXPECT_FALSE(rules->must_change);
  EXPECT_TRUE(rules->may_change) << "unless it says otherwise";
  EXPECT_EQ(rules->shown.lockout_threshold, 0);
  EXPECT_EQ(rules->shown.lockout_duration_s, 300);
  entry.attributes.push_back({"pwdCheckQuality", {"1"}});
  EXPECT_EQ(rules_from(entry)->shown.min_length, 8);
}

TEST(APolicyEntry, TellsWhatLocks) {
  Entry entry;
  entry.attributes = {{"pwdAttribute", {"userPassword"}}, {"pwdLockout", {"TRUE"}}, {"pwdMaxFailure", {"5"}}, {"pwdFailureCountInterval", {"600"}}, {"pwdLockoutDuration", {"900"}}, {"pwdAllowUserChange", {"FALSE"}}};
  const auto rules = rules_from(entry);
  EXPECT_EQ(rules->shown.lockout_threshold, 5);
  EXPECT_EQ(rules->shown.lockout_window_s, 600);
  EXPECT_EQ(rules->shown.lockout_duration_s, 900);
  EXPECT_FALSE(rules->may_change);
  entry.attributes[1].second = {"FALSE"};
  EXPECT_EQ(rules_from(entry)->shown.lockout_threshold, 0) << "nothing locks";
  EXPECT_EQ(rules_from(entry)->shown.lockout_duration_s, 0);
}

}  // namespace
}  // namespace wb::ldap
