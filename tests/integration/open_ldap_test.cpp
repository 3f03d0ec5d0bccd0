// The OpenLDAP dialect against a real slapd with slapo-ppolicy, as a service account that is not the rootdn.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/clock.hpp"
#include "ldap/text.hpp"
#include "tests/integration/open_ldap_world.hpp"

namespace wb::ldap {
namespace {

using namespace wb::test;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Finding : public BesideSlapd {};
class AnOpenLdapReset : public BesideSlapd {};
class AnOpenLdapSwap : public BesideSlapd {};

// ---- finding -----------------------------------------------------------------------------------------------
TEST_F(Finding, AnsweresToEveryKindOfName) {
  const auto alice = found(*directory_, "alice");
  EXPECT_EQ(alice.dn, person("uid=alice"));
  EXPECT_EQ(alice.sub, root_read(alice.dn, "entryUUID"));
  EXPECT_EQ(alice.display_name, "Alice Liddell");
  EXPECT_EQ(alice.contacts.at("mail"), std::vector<std::string>{"alice@example.org"});
  EXPECT_EQ(alice.contacts.at("mobile"), std::vector<std::string>{"+49 170 1"});
  EXPECT_EQ(alice.contacts.at("telephoneNumber"), std::vector<std::string>{"+49 30 1"});
  EXPECT_TRUE(alice.group_sids.empty());
  for (const auto* name : {"ALICE", "alice@example.org", "Alice@Example.org", "example\\alice", "EXAMPLE.ORG\\alice", alice.sub.c_str()}) {
    EXPECT_EQ(found(*directory_, name).sub, alice.sub) << name;
  }
}

TEST_F(Finding, NamesTheServerAsThePinAndKeepsNoVersion) {
  const auto account = found(*directory_, "carol");
  EXPECT_EQ("ldaps://" + account.pre.dc, env("SLAPD_LDAPS_URI"));
  EXPECT_EQ(account.pre.ver, -1);
  EXPECT_EQ(account.pre.pls, "0") << "imported: never changed under the overlay";
  EXPECT_EQ(account.pre.mk, std::nullopt);
}

TEST_F(Finding, FindsNobodyByWildcardsInjectionsAndStrangeNames) {
  for (const std::string& name : std::vector<std::string>{"nobody", "*", "a*", "alice)(uid=*", "alice\\2a", "", "OTHER\\alice", "alice@elsewhere.org", "cn=svc-wb", "svc-wb"}) {
    auto account = directory_->find(name);
    ASSERT_TRUE(account) << name << ": " << account.error().detail;
    EXPECT_FALSE(*account) << name;
  }
  auto account = directory_->find(std::string("alice\0", 6));
  EXPECT_TRUE(account && !*account);
}

TEST_F(Finding, SaysWhenANameIsAmbiguous) {
  auto twins = directory_->find("twins@example.org");
  ASSERT_FALSE(twins);
  EXPECT_EQ(twins.error().kind, Fault::Kind::refused);
  EXPECT_EQ(twins.error().detail, "ambiguous");
  EXPECT_EQ(found(*directory_, "twin1").sam, "twin1");
}

TEST_F(Finding, SeesGroupsThroughNestingAndThePrimaryOne) {
  const auto groups = "ou=groups," + env("SLAPD_BASE");
  EXPECT_THAT(found(*directory_, "boss").group_dns, testing::UnorderedElementsAre("cn=staff," + groups, "cn=admins," + groups));
  EXPECT_THAT(found(*directory_, "primo").group_dns, testing::ElementsAre("cn=wheel," + groups));
  EXPECT_THAT(found(*directory_, "carol").group_dns, testing::ElementsAre("cn=wheel," + groups));
  EXPECT_THAT(found(*directory_, "alice").group_dns, IsEmpty());
  auto read = directory_->read(found(*directory_, "boss").sub);
  ASSERT_TRUE(read && *read);
  EXPECT_THAT((*read)->group_dns, Contains("cn=admins," + groups)) << "the guardrails read it again before a write";
}

TEST_F(Finding, TellsTheRulesThatBindTheAccount) {
  auto common = directory_->policy_of(found(*directory_, "alice"));
  ASSERT_TRUE(common) << common.error().detail;
  EXPECT_EQ(common->min_length, 8);
  EXPECT_EQ(common->history, 5);
  EXPECT_FALSE(common->complexity);
  auto strict = directory_->policy_of(found(*directory_, "gina"));
  ASSERT_TRUE(strict) << strict.error().detail;
  EXPECT_EQ(strict->min_length, 12);
  EXPECT_EQ(strict->history, 2);
  EXPECT_EQ(strict->min_age_s, 86'400);
}

TEST_F(Finding, TakesNoPreImageFromASecondThatIsNotOver) {
  const auto name = fresh_user();
  for (int i = 0; i < 5; ++i) {
    root_replace(person("uid=" + name), "userPassword", {distinct_password()});
    const auto before = found(*directory_, name);
    root_replace(person("uid=" + name), "userPassword", {distinct_password()});  // at once: in another second all the same
    auto after = directory_->read(before.sub);
    ASSERT_TRUE(after && *after);
    EXPECT_NE((*after)->pre.pls, before.pre.pls);
    EXPECT_EQ(write(order_for(before), distinct_password()).refusal, Refusal::swap_failed);
  }
}

// ---- writing -----------------------------------------------------------------------------------------------
TEST_F(AnOpenLdapReset, SetsThePasswordHashedAndReadsTheAccountBack) {
  const auto name = fresh_user();
  const auto before = found(*directory_, name);
  const auto order = order_for(before);
  const auto answer = write(order, "New-Passw0rd-1");
  EXPECT_EQ(answer.refusal, Refusal::none) << answer.detail;
  EXPECT_THAT(answer.detail, IsEmpty());
  ASSERT_TRUE(answer.after);
  EXPECT_EQ(answer.after->pre.mk, order.marker);
  EXPECT_NEAR(static_cast<double>(unix_from_filetime(std::stoll(answer.after->pre.pls))), static_cast<double>(unix_now()), 2);
  EXPECT_EQ(root_read(before.dn, "wbLastJob"), order.marker);
  EXPECT_THAT(root_read(before.dn, "userPassword"), testing::StartsWith("{SSHA}"));
  EXPECT_EQ(bind_code(before.dn, "New-Passw0rd-1"), 0);
  EXPECT_EQ(bind_code(before.dn, start_), 49);
}

TEST_F(AnOpenLdapReset, CarriesAnyUnicodeByteExactly) {
  const auto account = found(*directory_, fresh_user());
  for (const std::string& password : std::vector<std::string>{"Grüße-Köln-ß1", "naïve-e\u0301-Combining-1", "naïve-\u00e9-Composed-1", "🔑🐎-Correct-1", "пароль-Ab1-Ж", "Quote\"s'-`and`-\\back\\1",
           "  Blanks around 1A  ", "Tab\there-1A", "%00-{not}-a-hash", "{-not a hash"}) {
    auto now = found(*directory_, account.sub);
    const auto answer = write(order_for(now), password);
    EXPECT_EQ(answer.refusal, Refusal::none) << password << answer.detail;
    EXPECT_EQ(bind_code(account.dn, password), 0) << password;
  }
}

TEST_F(AnOpenLdapReset, ReachesEveryDistinguishedName) {
  for (const std::string& name : std::vector<std::string>{"bob", "plus", "space", "umlaut"}) {
    const auto account = found(*directory_, name);
    const auto password = distinct_password();
    const auto answer = write(order_for(account), password);
    EXPECT_EQ(answer.refusal, Refusal::none) << name << answer.detail;
    EXPECT_EQ(bind_code(account.dn, password), 0) << account.dn;
  }
}

TEST_F(AnOpenLdapReset, FollowsAnAccountThatWasRenamed) {
  const auto name = fresh_user();
  const auto account = found(*directory_, name);
  root_rename(account.dn, "cn=Renamed " + name);
  const auto password = distinct_password();
  const auto answer = write(order_for(account), password);
  EXPECT_EQ(answer.refusal, Refusal::none) << answer.detail;
  EXPECT_EQ(bind_code(person("cn=Renamed " + name), password), 0);
}

TEST_F(AnOpenLdapReset, NeverTakesAnotherWhoNowHasTheName) {
  const auto one = fresh_user(), other = fresh_user();
  const auto account = found(*directory_, one);
  root_rename(person("uid=" + one), "cn=Gone " + one);
  root_rename(person("uid=" + other), "uid=" + one);
  const auto password = distinct_password();
  EXPECT_EQ(write(order_for(account), password).refusal, Refusal::none);
  EXPECT_EQ(bind_code(person("cn=Gone " + one), password), 0);
  EXPECT_EQ(bind_code(person("uid=" + one), start_), 0) << "the one that has the DN now was left alone";
}

TEST_F(AnOpenLdapReset, NamesTheRuleThatRefusedIt) {
  const auto name = fresh_user();
  EXPECT_EQ(refusal_of(name, "short"), Refusal::too_short);
  EXPECT_EQ(refusal_of(name, start_), Refusal::in_history) << "the current one";
  EXPECT_EQ(refusal_of(name, "New-Passw0rd-1"), Refusal::none);
  EXPECT_EQ(refusal_of(name, start_), Refusal::in_history);
  EXPECT_EQ(refusal_of("gina", "Eleven-ch-1"), Refusal::too_short);
  EXPECT_EQ(refusal_of("gina", "Long-enough-Passw0rd-1"), Refusal::none);
  EXPECT_EQ(refusal_of("gina", "Long-enough-Passw0rd-2"), Refusal::too_young);
  auto policy = directory_->policy_of(found(*directory_, "gina"));
  ASSERT_TRUE(policy && policy->change_from);
  EXPECT_NEAR(static_cast<double>(*policy->change_from), static_cast<double>(unix_now() + 86'400), 10);
  const auto forbidden = write(order_for(found(*directory_, "sam")), distinct_password());
  EXPECT_EQ(forbidden.refusal, Refusal::no_rights);
  EXPECT_THAT(forbidden.detail, HasSubstr("pwdSafeModify"));
  const auto outside = write(order_for(found(*directory_, "hugo")), distinct_password());
  EXPECT_EQ(outside.refusal, Refusal::no_rights) << "the service account's rights end at ou=People";
}

TEST_F(AnOpenLdapReset, LeavesTheAccountAsItWasWhenRefused) {
  const auto account = found(*directory_, fresh_user());
  const auto answer = write(order_for(account), "short");
  ASSERT_TRUE(answer.after);
  EXPECT_EQ(answer.after->pre, account.pre);
  EXPECT_EQ(bind_code(account.dn, start_), 0);
}

TEST_F(AnOpenLdapReset, SendsNothingThatWouldBeTakenForAHash) {
  const auto account = found(*directory_, fresh_user());
  for (const std::string& password : std::vector<std::string>{"{SSHA}MO8uuloW4lXzvcdpfjy022HblM1a4nDH", "{CLEARTEXT}Passw0rd-1", "{cRyPt}abcdefgh"}) {
    const auto answer = write(order_for(account), password);
    EXPECT_EQ(answer.refusal, Refusal::policy);
    EXPECT_THAT(answer.detail, HasSubstr("not sent"));
    EXPECT_THAT(answer.detail, Not(HasSubstr(password)));
  }
  EXPECT_EQ(bind_code(account.dn, start_), 0);
}

TEST_F(AnOpenLdapReset, RefusesWhatIsNoPassword) {
  const auto account = found(*directory_, fresh_user());
  for (const std::string& password : std::vector<std::string>{std::string("Nul-\0-Passw0rd", 14), std::string("\xff\xfe-Passw0rd"), std::string(257, 'a')}) {
    auto answer = directory_->write_password(order_for(account), secret(password));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, Fault::Kind::malformed);
  }
}

TEST_F(AnOpenLdapReset, CanDemandAChangeAtTheNextSignIn) {
  const auto account = found(*directory_, fresh_user());
  auto order = order_for(account);
  order.must_change = true;
  const auto answer = write(order, "New-Passw0rd-1");
  ASSERT_TRUE(answer.after);
  EXPECT_TRUE(answer.after->state.must_change);
  EXPECT_EQ(root_read(account.dn, "pwdReset"), "TRUE");
  EXPECT_EQ(refusal_of(account.sub, "New-Passw0rd-2"), Refusal::none);
  EXPECT_EQ(root_read(account.dn, "pwdReset"), "") << "a reset without the demand takes it back";
}

TEST_F(AnOpenLdapReset, SaysWhereSuchADemandIsMoot) {
  auto order = order_for(found(*directory_, "lax"));
  order.must_change = true;
  const auto answer = write(order, "New-Passw0rd-1");
  ASSERT_TRUE(answer.after);
  EXPECT_FALSE(answer.after->state.must_change) << "its policy has no pwdMustChange";
  EXPECT_THAT(answer.detail, HasSubstr("pwdMustChange"));
}

TEST_F(AnOpenLdapReset, SaysWhenTheAccountIsGone) {
  auto account = found(*directory_, fresh_user());
  account.sub = "11111111-2222-1333-8444-555555555555";
  EXPECT_EQ(write(order_for(account), distinct_password()).refusal, Refusal::not_found);
  auto read = directory_->read(account.sub);
  EXPECT_TRUE(read && !*read);
}

// ---- the swap ----------------------------------------------------------------------------------------------
TEST_F(AnOpenLdapSwap, TakesTheSameOrderOnce) {
  const auto account = found(*directory_, fresh_user());
  const auto order = order_for(account);
  const auto first = write(order, "New-Passw0rd-1");
  ASSERT_TRUE(first.after);
  for (const std::string& again : std::vector<std::string>{"New-Passw0rd-1", "New-Passw0rd-2", "short"}) {
    const auto second = write(order, again);
    EXPECT_EQ(second.refusal, Refusal::swap_failed) << again << second.detail;
    ASSERT_TRUE(second.after);
    EXPECT_EQ(second.after->pre, first.after->pre);
  }
  EXPECT_EQ(bind_code(account.dn, "New-Passw0rd-1"), 0);
}

TEST_F(AnOpenLdapSwap, StandsBackBehindAHelpdesk) {
  const auto account = found(*directory_, fresh_user());
  root_replace(account.dn, "userPassword", {"Helpdesk-Passw0rd-1"});
  const auto answer = write(order_for(account), "New-Passw0rd-1");
  EXPECT_EQ(answer.refusal, Refusal::swap_failed) << answer.detail;
  ASSERT_TRUE(answer.after);
  EXPECT_NE(answer.after->pre.pls, account.pre.pls);
  EXPECT_EQ(bind_code(account.dn, "Helpdesk-Passw0rd-1"), 0);
}

TEST_F(AnOpenLdapSwap, StandsBackBehindAForeignMarker) {
  const auto account = found(*directory_, fresh_user());
  root_replace(account.dn, "wbLastJob", {"wb1;01JOTHER;1;A"});
  EXPECT_EQ(write(order_for(account), "New-Passw0rd-1").refusal, Refusal::swap_failed);
  root_replace(account.dn, "wbLastJob", {});
  EXPECT_EQ(write(order_for(account), "New-Passw0rd-1").refusal, Refusal::none);
  auto marked = found(*directory_, account.sub);
  root_replace(account.dn, "wbLastJob", {});
  EXPECT_EQ(write(order_for(marked), "New-Passw0rd-2").refusal, Refusal::swap_failed) << "a marker that was cleared";
}

TEST_F(AnOpenLdapSwap, IsNotDisturbedByWrongSignInsAndOtherAttributes) {
  const auto account = found(*directory_, fresh_user());
  bind_code(account.dn, "wrong");
  root_replace(account.dn, "description", {"moved house"});
  const auto answer = write(order_for(account), "New-Passw0rd-1");
  EXPECT_EQ(answer.refusal, Refusal::none) << answer.detail;
}

// What no reading before the write could ensure: two agents, the same pre-image, at the same moment.
TEST_F(AnOpenLdapSwap, IsTheServersOwnNotOursToCheck) {
  auto other = open_directory(lab_settings());
  ASSERT_TRUE(other->check().ready);
  expect_one_of_four_writers(*other, 12);
}

TEST_F(AnOpenLdapSwap, OfTheMarkerAloneShutsOutTheWriteThatComesLate) {
  const auto account = found(*directory_, fresh_user());
  auto voided = directory_->write_marker(account.sub, account.pre, "wb1;01JTEST;9;V");
  ASSERT_TRUE(voided);
  EXPECT_EQ(voided->refusal, Refusal::none) << voided->detail;
  ASSERT_TRUE(voided->after);
  EXPECT_EQ(voided->after->pre.mk, "wb1;01JTEST;9;V");
  EXPECT_EQ(voided->after->pre.pls, account.pre.pls);
  ASSERT_TRUE(voided->after->marker_changed);
  EXPECT_NEAR(static_cast<double>(*voided->after->marker_changed), static_cast<double>(unix_now()), 2);
  EXPECT_EQ(write(order_for(account), "New-Passw0rd-1").refusal, Refusal::swap_failed);
  EXPECT_EQ(bind_code(account.dn, start_), 0);
  auto again = directory_->write_marker(account.sub, account.pre, "wb1;01JOTHER;1;V");
  ASSERT_TRUE(again);
  EXPECT_EQ(again->refusal, Refusal::swap_failed);
}

}  // namespace
}  // namespace wb::ldap
