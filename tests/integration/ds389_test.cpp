// The same dialect beside a real 389 Directory Server. Run with: tests/support/389ds/ds-lab run <program>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/clock.hpp"
#include "ldap/text.hpp"
#include "tests/integration/open_ldap_world.hpp"

namespace wb::ldap {
namespace {

using namespace wb::test;
using testing::HasSubstr;
using testing::StartsWith;

Settings ds_settings() {
  auto settings = lab_settings();
  settings.type = DirectoryType::ds389;
  settings.policy_dn.clear();
  return settings;
}

class BesideA389 : public BesideSlapd {
 protected:
  BesideA389() { directory_ = open_directory(ds_settings()); }
  Account now(const Account& account) {
    auto read = directory_->read(account.sub);
    if (!read || !*read) throw std::runtime_error("not readable");
    return **read;
  }
};
class A389DirectoryServer : public BesideA389 {};
class A389Reset : public BesideA389 {};
class A389Swap : public BesideA389 {};
class A389Change : public BesideA389 {};
class A389SignIn : public BesideA389 {};

TEST_F(A389DirectoryServer, IsReadyAndTellsItsRules) {
  auto settings = ds_settings();
  settings.named_groups = {"cn=admins,ou=groups," + env("SLAPD_BASE")};
  const auto state = open_directory(settings)->check();
  EXPECT_TRUE(state.ready) << state.reason;
  const auto alice = found(*directory_, "alice");
  auto policy = directory_->policy_of(alice);
  ASSERT_TRUE(policy) << policy.error().detail;
  EXPECT_EQ(policy->min_length, 8);
  EXPECT_EQ(policy->history, 5);
  EXPECT_EQ(policy->lockout_threshold, 3);
  EXPECT_EQ(policy->lockout_window_s, 600);
  EXPECT_EQ(policy->lockout_duration_s, 3600);
  EXPECT_EQ(policy->max_age_s, 0);
}

TEST_F(A389DirectoryServer, FindsPeopleByEveryNameAndTheirGroups) {
  const auto alice = found(*directory_, "alice");
  EXPECT_EQ(alice.dn, person("uid=alice"));
  for (const auto* name : {"ALICE", "alice@example.org", "example\\alice", alice.sub.c_str()}) EXPECT_EQ(found(*directory_, name).sub, alice.sub) << name;
  EXPECT_EQ(alice.contacts.at("mobile"), std::vector<std::string>{"+49 170 1"});
  EXPECT_THAT(found(*directory_, "boss").group_dns, testing::ElementsAre("cn=admins,ou=groups," + env("SLAPD_BASE")));
}

TEST_F(A389DirectoryServer, IsNotReadyWhereItDoesNotDateChanges) {
  root_replace("cn=config", "passwordTrackUpdateTime", {"off"});
  EXPECT_THAT(open_directory(ds_settings())->check().reason, HasSubstr("passwordTrackUpdateTime is off"));
  root_replace("cn=config", "passwordTrackUpdateTime", {"on"});
}

// ---- reset -------------------------------------------------------------------------------------------------
TEST_F(A389Reset, SetsThePasswordHashedAndReadsTheAccountBack) {
  const auto before = found(*directory_, fresh_user());
  const auto order = order_for(before);
  const auto answer = write(order, "Grüße-🔑-пароль-1");
  EXPECT_EQ(answer.refusal, Refusal::none) << answer.detail;
  EXPECT_EQ(answer.detail, "");
  ASSERT_TRUE(answer.after);
  EXPECT_EQ(answer.after->pre.mk, order.marker);
  EXPECT_NEAR(static_cast<double>(unix_from_filetime(std::stoll(answer.after->pre.pls))), static_cast<double>(unix_now()), 2);
  EXPECT_THAT(root_read(before.dn, "userPassword"), StartsWith("{SSHA512}"));
  EXPECT_EQ(bind_code(before.dn, "Grüße-🔑-пароль-1"), 0);
  EXPECT_EQ(bind_code(before.dn, start_), 49);
  const auto later = found(*directory_, before.sub);  // and once more, from a password that has a time
  EXPECT_EQ(write(order_for(later), "New-Passw0rd-2").refusal, Refusal::none);
  EXPECT_NE(now(before).pre.pls, later.pre.pls);
}

TEST_F(A389Reset, NamesTheRuleThatRefusedItAndLeavesTheAccountAsItWas) {
  const auto account = found(*directory_, fresh_user());
  for (const auto& [password, refusal] : std::vector<std::pair<std::string, Refusal>>{{"sh0rt-A", Refusal::too_short}, {start_, Refusal::in_history}, {"onlylowercase", Refusal::not_complex},
           {"{SSHA}MO8uuloW4lXzvcdpfjy022HblM1a4nDH", Refusal::policy}}) {
    const auto answer = write(order_for(account), password);
    EXPECT_EQ(answer.refusal, refusal) << password << answer.detail << answer.said;
    EXPECT_EQ(now(account).pre, account.pre);
  }
  EXPECT_EQ(refusal_of("hugo", distinct_password()), Refusal::no_rights) << "the service account's rights end at ou=People";
}

TEST_F(A389Reset, CanDemandAChangeAtTheNextSignIn) {
  const auto account = found(*directory_, fresh_user());
  auto order = order_for(account);
  order.must_change = true;
  const auto answer = write(order, "New-Passw0rd-1");
  EXPECT_EQ(answer.refusal, Refusal::none) << answer.detail;
  EXPECT_EQ(answer.detail, "");
  ASSERT_TRUE(answer.after);
  EXPECT_TRUE(answer.after->state.must_change);
  EXPECT_EQ(answer.after->pre.mk, order.marker);
  EXPECT_EQ(sign_in(account, "New-Passw0rd-1"), SignIn::must_change);
  EXPECT_EQ(change(found(*directory_, account.sub), "New-Passw0rd-1", "New-Passw0rd-2").refusal, Refusal::none);
  EXPECT_EQ(sign_in(account, "New-Passw0rd-2"), SignIn::accepted);
}

TEST_F(A389Reset, EndsALockWhereItIsAskedTo) {
  const auto account = found(*directory_, fresh_user());
  lock_out(account.dn);
  ASSERT_TRUE(now(account).state.locked);
  EXPECT_EQ(sign_in(account, start_), SignIn::locked);
  auto alone = directory_->unlock(account.sub);
  ASSERT_TRUE(alone);
  EXPECT_EQ(alone->refusal, Refusal::none) << alone->detail;
  EXPECT_FALSE(now(account).state.locked);
  EXPECT_EQ(now(account).wrong_passwords, 0);
  EXPECT_EQ(sign_in(account, start_), SignIn::accepted);
  lock_out(account.dn);
  auto order = order_for(account);
  order.unlock = true;
  const auto answer = write(order, "New-Passw0rd-1");
  EXPECT_EQ(answer.refusal, Refusal::none) << answer.detail;
  EXPECT_FALSE(now(account).state.locked);
  EXPECT_EQ(sign_in(account, "New-Passw0rd-1"), SignIn::accepted);
}

// ---- the swap ----------------------------------------------------------------------------------------------
TEST_F(A389Swap, TakesTheSameOrderOnceAndStandsBackBehindOthers) {
  const auto account = found(*directory_, fresh_user());
  const auto order = order_for(account);
  ASSERT_EQ(write(order, "New-Passw0rd-1").refusal, Refusal::none);
  EXPECT_EQ(write(order, "New-Passw0rd-2").refusal, Refusal::swap_failed);
  const auto helped = found(*directory_, fresh_user());
  root_replace(helped.dn, "userPassword", {"Helpdesk-Passw0rd-1"});
  EXPECT_EQ(write(order_for(helped), "New-Passw0rd-1").refusal, Refusal::swap_failed) << "never changed before";
  const auto again = found(*directory_, helped.sub);
  root_replace(helped.dn, "userPassword", {"Helpdesk-Passw0rd-2"});
  EXPECT_EQ(write(order_for(again), "New-Passw0rd-1").refusal, Refusal::swap_failed);
  EXPECT_EQ(bind_code(helped.dn, "Helpdesk-Passw0rd-2"), 0);
  const auto marked = found(*directory_, fresh_user());
  root_replace(marked.dn, "wbLastJob", {"wb1;01JOTHER;1;A"});
  EXPECT_EQ(write(order_for(marked), "New-Passw0rd-1").refusal, Refusal::swap_failed);
}

TEST_F(A389Swap, IsTheServersOwnNotOursToCheck) {
  auto other = open_directory(ds_settings());
  ASSERT_TRUE(other->check().ready);
  expect_one_of_four_writers(*other, 8);
}

TEST_F(A389Swap, OfTheMarkerAloneShutsOutTheWriteThatComesLate) {
  const auto account = found(*directory_, fresh_user());
  auto voided = directory_->write_marker(account.sub, account.pre, "wb1;01JTEST;9;V");
  ASSERT_TRUE(voided);
  EXPECT_EQ(voided->refusal, Refusal::none) << voided->detail;
  EXPECT_EQ(write(order_for(account), "New-Passw0rd-1").refusal, Refusal::swap_failed);
  EXPECT_EQ(bind_code(account.dn, start_), 0);
}

// ---- change, sign-in ---------------------------------------------------------------------------------------
TEST_F(A389Change, ReplacesThePasswordThatItKnowsAndNoOther) {
  const auto account = found(*directory_, fresh_user());
  const auto wrong = change(account, "not-the-one", "New-Passw0rd-1");
  EXPECT_EQ(wrong.refusal, Refusal::old_password_wrong) << wrong.detail;
  EXPECT_THAT(wrong.detail, HasSubstr("counted by a sign-in"));
  EXPECT_EQ(now(account).wrong_passwords, 1);
  EXPECT_NEAR(static_cast<double>(now(account).last_wrong_password), static_cast<double>(unix_now()), 5);
  EXPECT_EQ(change(account, start_, "sh0rt-A").refusal, Refusal::too_short);
  EXPECT_EQ(change(account, start_, "New-Passw0rd-1").refusal, Refusal::none);
  EXPECT_EQ(bind_code(account.dn, "New-Passw0rd-1"), 0);
  EXPECT_EQ(change(account, "New-Passw0rd-1", "New-Passw0rd-2").refusal, Refusal::swap_failed) << "by a probe of before";
}

TEST_F(A389SignIn, TellsARightPasswordFromAWrongOneAndADisabledAccount) {
  const auto account = found(*directory_, fresh_user());
  EXPECT_EQ(sign_in(account, start_), SignIn::accepted);
  EXPECT_EQ(sign_in(account, "not-the-one"), SignIn::wrong_password);
  root_replace(account.dn, "nsAccountLock", {"true"});
  EXPECT_TRUE(now(account).state.disabled);
  EXPECT_EQ(sign_in(account, start_), SignIn::disabled);
}

}  // namespace
}  // namespace wb::ldap
