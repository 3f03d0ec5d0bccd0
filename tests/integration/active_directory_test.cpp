// Resets and readings against a real Samba AD. Run with: tests/support/ad/ad-lab run <program>
#include <gtest/gtest.h>

#include "ldap/text.hpp"
#include "tests/integration/directory_world.hpp"

namespace wb::ldap {
namespace {

using namespace wb::test;

class ADirectory : public testing::Test {
 protected:
  static void SetUpTestSuite() { open_ = open_directory(lab_settings()); }
  static void TearDownTestSuite() { open_.reset(); }
  Directory& directory() { return *open_; }
  std::string upn(const std::string& name) { return name + "@" + env("AD_DOMAIN"); }
  Refusal write(const WriteOrder& order, const std::string& password) {
    auto answer = directory().write_password(order, secret(password));
    if (!answer) {
      ADD_FAILURE() << answer.error().where << ' ' << answer.error().detail;
      return Refusal::none;
    }
    last_ = std::move(*answer);
    return last_.refusal;
  }
  WriteAnswer last_;

 private:
  static inline std::unique_ptr<Directory> open_;
};

TEST_F(ADirectory, IsReadyAndNamesItsController) {
  const auto state = directory().check();
  EXPECT_TRUE(state.ready) << state.reason;
  EXPECT_EQ(state.dc, "dc1.corp.example");
  EXPECT_TRUE(state.marker);
  EXPECT_EQ(state.hints, has_hints());
}

TEST_F(ADirectory, FindsAnAccountByEveryNameItHas) {
  const auto alice = found(directory(), "alice");
  EXPECT_EQ(alice.sam, "alice");
  EXPECT_EQ(alice.display_name, "Alice Liddell");
  EXPECT_EQ(alice.contacts.at("mail"), std::vector<std::string>{"alice@corp.example"});
  EXPECT_EQ(alice.contacts.at("telephoneNumber"), std::vector<std::string>{"+49 221 5550100"});
  EXPECT_EQ(alice.dn, "CN=Alice Liddell,OU=People,DC=corp,DC=example");
  EXPECT_EQ(alice.sid.rfind("S-1-5-21-", 0), 0U);
  EXPECT_GE(alice.group_sids.size(), 1U);
  EXPECT_GE(alice.pre.ver, 1);
  EXPECT_EQ(alice.pre.dc, "dc1.corp.example");
  for (const auto* name : {"alice@corp.example", "ALICE", "CORP\\alice", "corp\\Alice", "corp.example\\alice"}) EXPECT_EQ(found(directory(), name).sub, alice.sub) << name;
  EXPECT_EQ(found(directory(), alice.sub).sub, alice.sub);
  EXPECT_EQ((*directory().read(alice.sub))->dn, alice.dn);
}

TEST_F(ADirectory, FindsNobodyByNamesThatAreNobodys) {
  for (const auto* name : {"nobody", "*", "a*", "alice)(objectClass=*", "", "OTHER\\alice", "CORP\\", "@corp.example", "\\alice", "alice\xff",
           "00000000-0000-4000-8000-000000000000", "dc1$", "Domain Admins"}) {
    auto answer = directory().find(name);
    ASSERT_TRUE(answer) << name << ' ' << answer.error().where << ' ' << answer.error().detail;
    EXPECT_FALSE(*answer) << name;
  }
  EXPECT_FALSE(*directory().find(std::string(1000, 'a')));
  EXPECT_FALSE(*directory().read("not-a-guid"));
}

TEST_F(ADirectory, GivesASignInNameToItsOwnerWhateverOthersMailSays) {
  const auto owner = fresh_user(), other = fresh_user();
  const auto other_account = found(directory(), other);
  admin_replace(other_account.dn, "mail", upn(owner));
  EXPECT_EQ(found(directory(), upn(owner)).sam, owner);
}

TEST_F(ADirectory, DoesNotGuessBetweenTwoOwnersOfOneMailAddress) {
  const auto one = found(directory(), fresh_user()), two = found(directory(), fresh_user());
  admin_replace(one.dn, "mail", "shared@elsewhere.example");
  EXPECT_EQ(found(directory(), "shared@elsewhere.example").sub, one.sub);
  admin_replace(two.dn, "mail", "shared@elsewhere.example");
  const auto answer = directory().find("shared@elsewhere.example");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, Fault::Kind::refused);
  EXPECT_EQ(answer.error().detail, "ambiguous");
}

TEST_F(ADirectory, ResetsPeopleWhateverTheirNamesLookLike) {
  for (const auto* name : {"alice", "bob", "carol"}) {
    const auto account = found(directory(), name);
    const auto password = distinct_password();
    const auto order = order_for(account);
    EXPECT_EQ(write(order, password), Refusal::none) << name << ' ' << last_.detail;
    EXPECT_EQ(last_.hints_used, has_hints());
    ASSERT_TRUE(last_.after);
    EXPECT_EQ(last_.after->sub, account.sub);
    EXPECT_EQ(last_.after->pre.mk, order.marker);
    EXPECT_EQ(last_.after->pre.ver, account.pre.ver + 1);
    EXPECT_NE(last_.after->pre.pls, account.pre.pls);
    EXPECT_EQ(bind_code(upn(name), password), 0) << name;
    EXPECT_EQ(bind_code(upn(name), env("AD_USER_PW")), 49) << "the old password must be dead";
  }
}

TEST_F(ADirectory, TakesAnyUnicodePasswordByteForByte) {
  std::string keys = "Aa1";
  while (keys.size() < 3 + 4 * 126) keys += "\xf0\x9f\x94\x91";
  const auto name = fresh_user();
  for (const std::string password : {"Gr\xc3\xbc\xc3\x9f-Stra\xc3\x9f"
                                     "e-1",
           "caf\xc3\xa9-Passw0rd", "cafe\xcc\x81-Passw0rd", "\"Quoted\"-Passw0rd\"", "  Blanks-Passw0rd-1  ",
           "Back\\slash-Passw0rd", "\xf0\x9f\x94\x91-Passw0rd-\xf0\x9f\x98\x80"}) {
    EXPECT_EQ(write(order_for(found(directory(), name)), password), Refusal::none) << last_.detail;
    EXPECT_EQ(bind_code(upn(name), password), 0) << password;
  }
  EXPECT_EQ(write(order_for(found(directory(), name)), keys + "x"), Refusal::none) << "256 units";
  EXPECT_EQ(bind_code(upn(name), keys + "x"), 0);
}

TEST_F(ADirectory, DoesNotConfuseComposedAndDecomposedLetters) {
  const auto name = fresh_user();
  EXPECT_EQ(write(order_for(found(directory(), name)), "caf\xc3\xa9-Passw0rd"), Refusal::none);
  EXPECT_EQ(bind_code(upn(name), "cafe\xcc\x81-Passw0rd"), 49);
}

TEST_F(ADirectory, IsNeverSentWhatIsNoPassword) {
  const auto account = found(directory(), fresh_user());
  for (const std::string& password : {std::string(), std::string("Passw0rd-\xff"), std::string("Passw0rd-\0-x", 12), std::string(257, 'a'), std::string("Passw0rd-\xed\xa0\xbd")}) {
    const auto answer = directory().write_password(order_for(account), secret(password));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, Fault::Kind::malformed);
  }
  EXPECT_EQ((*directory().read(account.sub))->pre, account.pre);
}

TEST_F(ADirectory, NamesTheRuleThatRefused) {
  const auto account = found(directory(), fresh_user());
  EXPECT_EQ(write(order_for(account), "Aa1-xyz"), Refusal::too_short);
  EXPECT_EQ(last_.detail, has_hints() ? "ldap 53, 0000052D, too_short" : "ldap 19, 0000052D, too_short");
  ASSERT_TRUE(last_.after);
  EXPECT_EQ(last_.after->pre, account.pre) << "nothing was written, not even the marker";
  EXPECT_EQ(write(order_for(account), "onlysmallletters"), Refusal::not_complex);
  const auto frida = found(directory(), "frida");
  EXPECT_EQ(write(order_for(frida), "Short-Passw0rd-1"), Refusal::too_short) << "a PSO wants 20";
  EXPECT_EQ(write(order_for(frida), "Long-Enough-Passw0rd-1"), Refusal::none) << last_.detail;
}

TEST_F(ADirectory, RefusesAPasswordOfTheHistoryUnlessHistoryIsNotAsked) {
  if (!has_hints()) return;  // what is true there stands in without_hints_test.cpp
  const auto name = fresh_user();
  const auto first = distinct_password();
  EXPECT_EQ(write(order_for(found(directory(), name)), first), Refusal::none);
  EXPECT_EQ(write(order_for(found(directory(), name)), distinct_password()), Refusal::none);
  auto again = order_for(found(directory(), name));
  EXPECT_EQ(write(again, first), Refusal::in_history);
  again.enforce_history = false;
  EXPECT_EQ(write(again, first), Refusal::none) << last_.detail;
  EXPECT_FALSE(last_.hints_used);
}

TEST_F(ADirectory, RefusesAPasswordThatIsTooYoungAndSaysFromWhen) {
  if (!has_hints()) return;
  auto gina = found(directory(), "gina");
  const auto password = distinct_password();
  admin_set_password(gina.dn, password);
  gina = found(directory(), "gina");
  const auto policy = directory().policy_of(gina);
  ASSERT_TRUE(policy) << policy.error().detail;
  EXPECT_EQ(policy->min_age_s, 86'400);
  ASSERT_TRUE(policy->change_from);
  EXPECT_NEAR(static_cast<double>(*policy->change_from), static_cast<double>(unix_now() + 86'400), 30);
  EXPECT_EQ(write(order_for(gina), distinct_password()), Refusal::too_young);
}

TEST_F(ADirectory, TellsThePolicyThatAppliesToAnAccount) {
  const auto alice = directory().policy_of(found(directory(), "alice"));
  ASSERT_TRUE(alice);
  EXPECT_EQ(alice->min_length, 8);
  EXPECT_TRUE(alice->complexity);
  EXPECT_EQ(alice->history, 5);
  EXPECT_EQ(alice->max_age_s, 0);
  EXPECT_FALSE(alice->change_from);
  const auto frida = found(directory(), "frida");
  EXPECT_EQ(directory().policy_of(frida)->min_length, 20);
  EXPECT_EQ(directory().policy_of(**directory().read(frida.sub))->min_length, 20) << "also for one that read() has read";
}

TEST_F(ADirectory, SwapsNothingWhenThePasswordWasChangedMeanwhile) {
  const auto name = fresh_user();
  const auto account = found(directory(), name);
  const auto theirs = distinct_password();
  admin_set_password(account.dn, theirs);
  EXPECT_EQ(write(order_for(account), distinct_password()), Refusal::swap_failed);
  ASSERT_TRUE(last_.after);
  EXPECT_EQ(last_.after->pre.ver, account.pre.ver + 1);
  EXPECT_EQ(last_.after->pre.mk, account.pre.mk);
  EXPECT_EQ(bind_code(upn(name), theirs), 0);
}

TEST_F(ADirectory, PutsASwapFailureBeforeAnyPolicyVerdict) {
  const auto account = found(directory(), fresh_user());
  admin_set_password(account.dn, distinct_password());
  EXPECT_EQ(write(order_for(account), "x"), Refusal::swap_failed) << last_.detail;
}

TEST_F(ADirectory, TakesTheSameOrderOnce) {
  const auto order = order_for(found(directory(), fresh_user()));
  const auto password = distinct_password();
  EXPECT_EQ(write(order, password), Refusal::none);
  const auto after = last_.after;
  EXPECT_EQ(write(order, password), Refusal::swap_failed);
  EXPECT_EQ(last_.after->pre, after->pre);
}

TEST_F(ADirectory, RefusesASecondAttemptWhoseMarkerExpectationIsOld) {
  auto account = found(directory(), fresh_user());
  EXPECT_EQ(write(order_for(account), distinct_password()), Refusal::none);
  auto stale = order_for(*last_.after);
  stale.pre.mk = account.pre.mk;  // nothing: but there is a marker now
  EXPECT_EQ(write(stale, distinct_password()), Refusal::swap_failed) << last_.detail;
  stale.pre.mk = "wb1;somebody;1;A";
  EXPECT_EQ(write(stale, distinct_password()), Refusal::swap_failed) << last_.detail;
}

TEST_F(ADirectory, VoidsWithTheMarkerAlone) {
  const auto before = found(directory(), fresh_user());
  auto answer = directory().write_marker(before.sub, before.pre, "wb1;01JD;2;V");
  ASSERT_TRUE(answer) << answer.error().where << ' ' << answer.error().detail;
  EXPECT_EQ(answer->refusal, Refusal::none) << answer->detail;
  ASSERT_TRUE(answer->after);
  EXPECT_EQ(answer->after->pre.mk, "wb1;01JD;2;V");
  EXPECT_EQ(answer->after->pre.pls, before.pre.pls);
  EXPECT_EQ(answer->after->pre.ver, before.pre.ver);

  auto late = order_for(before);
  late.marker = "wb1;01JD;1;A";
  EXPECT_EQ(write(late, distinct_password()), Refusal::swap_failed) << "the write it was to keep out";
  auto again = directory().write_marker(before.sub, before.pre, "wb1;01JE;1;V");
  ASSERT_TRUE(again);
  EXPECT_EQ(again->refusal, Refusal::swap_failed) << "nothing is written over a foreign marker";
  EXPECT_EQ(again->after->pre.mk, "wb1;01JD;2;V");
  auto expected = before.pre;
  expected.mk = "wb1;01JD;2;V";
  EXPECT_EQ(directory().write_marker(before.sub, expected, "wb1;01JF;1;V")->refusal, Refusal::none) << "the expected one is";
}

TEST_F(ADirectory, TellsWhenTheMarkerWasLastWrittenWhateverItsValueIsNow) {
  EXPECT_TRUE(directory().check().ready) << "reads the attribute's number from the schema";
  const auto before = found(directory(), fresh_user());
  EXPECT_EQ(before.marker_changed, 0) << "never";
  const auto start = unix_now();
  admin_replace(before.dn, "adminDisplayName", "x");
  admin_replace(before.dn, "adminDisplayName", "");
  const auto after = (*directory().read(before.sub)).value();
  EXPECT_EQ(after.pre.mk, before.pre.mk) << "it looks untouched";
  ASSERT_TRUE(after.marker_changed);
  EXPECT_NEAR(static_cast<double>(*after.marker_changed), static_cast<double>(start), 30);
}

TEST_F(ADirectory, ReadsOnThePinnedControllerOrNotAtAll) {
  const auto someone = found(directory(), "bob");
  EXPECT_TRUE(directory().read(someone.sub, someone.pre.dc));
  const auto elsewhere = directory().read(someone.sub, "dc9.corp.example");
  ASSERT_FALSE(elsewhere);
  EXPECT_EQ(elsewhere.error().kind, Fault::Kind::unreachable);
  EXPECT_EQ(elsewhere.error().where, "ldap.pinned");
}

TEST_F(ADirectory, RefusesAMarkerAttributeThatHoldsSeveralValues) {
  auto settings = lab_settings();
  settings.marker_attribute = "otherMailbox";
  const auto state = open_directory(settings)->check();
  EXPECT_FALSE(state.ready);
  EXPECT_NE(state.reason.find("single-valued"), std::string::npos) << state.reason;
}

TEST_F(ADirectory, WorksWithoutAMarker) {
  auto settings = lab_settings();
  settings.marker_attribute.clear();
  const auto plain = open_directory(settings);
  const auto account = found(*plain, fresh_user());
  auto order = order_for(account);
  const auto answer = plain->write_password(order, secret(distinct_password()));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->refusal, Refusal::none);
  EXPECT_EQ(admin_read(account.dn, "adminDisplayName"), "");
  EXPECT_EQ(plain->write_password(order, secret(distinct_password()))->refusal, Refusal::swap_failed);
}

TEST_F(ADirectory, CanDemandAChangeAtTheNextSignIn) {
  const auto name = fresh_user();
  auto order = order_for(found(directory(), name));
  order.must_change = true;
  EXPECT_EQ(write(order, distinct_password()), Refusal::none) << last_.detail;
  EXPECT_FALSE(last_.hints_used);
  ASSERT_TRUE(last_.after);
  EXPECT_TRUE(last_.after->state.must_change);
  EXPECT_EQ(last_.after->pre.pls, "0");
}

TEST_F(ADirectory, SeesThatZeroOverZeroIsNotUntouched) {
  auto settings = lab_settings();
  settings.marker_attribute.clear();
  const auto plain = open_directory(settings);
  const auto name = fresh_user();
  auto first = order_for(found(*plain, name));
  first.must_change = true;
  ASSERT_EQ(plain->write_password(first, secret(distinct_password()))->refusal, Refusal::none);
  auto second = order_for(found(*plain, name));
  second.must_change = true;
  EXPECT_EQ(plain->write_password(second, secret(distinct_password()))->refusal, Refusal::none);
  EXPECT_EQ(plain->write_password(second, secret(distinct_password()))->refusal, Refusal::swap_failed);
}

TEST_F(ADirectory, ResetsOneWhoMustChangeThePassword) {
  const auto erik = found(directory(), "erik");
  EXPECT_TRUE(erik.state.must_change);
  EXPECT_EQ(erik.pre.pls, "0");
  const auto password = distinct_password();
  EXPECT_EQ(write(order_for(erik), password), Refusal::none) << last_.detail;
  EXPECT_FALSE(last_.after->state.must_change);
  EXPECT_EQ(bind_code(upn("erik"), password), 0);
}

TEST_F(ADirectory, ResetsADisabledAccountAndSaysThatItIs) {
  const auto dora = found(directory(), "dora");
  EXPECT_TRUE(dora.state.disabled);
  EXPECT_EQ(write(order_for(dora), distinct_password()), Refusal::none);
  EXPECT_TRUE(last_.after->state.disabled);
}

TEST_F(ADirectory, UnlocksALockedAccount) {
  const auto name = fresh_user();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(bind_code(upn(name), "wrong"), 49);
  const auto locked = found(directory(), name);
  ASSERT_TRUE(locked.state.locked);
  EXPECT_EQ(bind_code(upn(name), env("AD_USER_PW")), 49);
  const auto answer = directory().unlock(locked.sub);
  ASSERT_TRUE(answer) << answer.error().detail;
  EXPECT_EQ(answer->refusal, Refusal::none);
  ASSERT_TRUE(answer->after);
  EXPECT_FALSE(answer->after->state.locked);
  EXPECT_EQ(bind_code(upn(name), env("AD_USER_PW")), 0);
}

TEST_F(ADirectory, UnlocksInTheSameModifyAsTheReset) {
  const auto name = fresh_user();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(bind_code(upn(name), "wrong"), 49);
  auto order = order_for(found(directory(), name));
  const auto first = distinct_password(), second = distinct_password();
  EXPECT_EQ(write(order, first), Refusal::none);
  EXPECT_TRUE(last_.after->state.locked) << "a reset alone does not unlock";
  order = order_for(*last_.after);
  order.unlock = true;
  EXPECT_EQ(write(order, second), Refusal::none) << last_.detail;
  EXPECT_FALSE(last_.after->state.locked);
  EXPECT_EQ(bind_code(upn(name), second), 0);
}

TEST_F(ADirectory, RefusesWhoIsNotDelegatedToTheAgent) {
  const auto boss = found(directory(), "boss");
  EXPECT_TRUE(boss.admin_count);
  EXPECT_EQ(std::count_if(boss.group_sids.begin(), boss.group_sids.end(), [](const auto& sid) { return sid.ends_with("-512"); }), 1) << "Domain Admins";
  EXPECT_EQ(boss.group_dns.size(), 1U);
  for (const auto* name : {"boss", "hugo"}) {
    const auto account = found(directory(), name);
    EXPECT_EQ(write(order_for(account), distinct_password()), Refusal::no_rights) << name << ' ' << last_.detail;
    EXPECT_TRUE(last_.detail.ends_with("no_rights, missing: write pwdLastSet, write lockoutTime, write adminDisplayName")) << last_.detail;
    EXPECT_EQ(last_.after->pre, account.pre);
    const auto unlocked = directory().unlock(account.sub);
    EXPECT_EQ(unlocked->refusal, Refusal::no_rights) << name;
    EXPECT_TRUE(unlocked->detail.ends_with("no_rights, missing: write lockoutTime")) << unlocked->detail;
  }
}

TEST_F(ADirectory, SaysThatAnAccountIsGone) {
  auto order = order_for(found(directory(), fresh_user()));
  order.sub = "01234567-89ab-4cde-8f01-23456789abcd";
  EXPECT_EQ(write(order, distinct_password()), Refusal::not_found) << last_.detail;
  EXPECT_FALSE(last_.after);
  EXPECT_EQ(directory().unlock(order.sub)->refusal, Refusal::not_found);
  EXPECT_FALSE(*directory().read(order.sub));
}

TEST_F(ADirectory, RefusesOrdersThatCannotBeOnes) {
  const auto good = order_for(found(directory(), fresh_user()));
  auto bad = good;
  bad.sub = "x>,DC=corp";
  EXPECT_EQ(directory().write_password(bad, secret("Passw0rd-x1")).error().where, "ldap.order");
  bad = good;
  bad.pre.pls = "never";
  EXPECT_EQ(directory().write_password(bad, secret("Passw0rd-x1")).error().where, "ldap.order");
  EXPECT_EQ(directory().unlock("alice").error().where, "ldap.order");
}

}  // namespace
}  // namespace wb::ldap
