// Locks and other states of accounts in OpenLDAP, against a real slapd.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "tests/integration/open_ldap_world.hpp"

namespace wb::ldap {
namespace {

using namespace wb::test;

class AnOpenLdapUnlock : public BesideSlapd {};
class AnOpenLdapState : public BesideSlapd {};
class AnAdministratorsLock : public BesideSlapd {};

// ---- locks -------------------------------------------------------------------------------------------------
TEST_F(AnOpenLdapUnlock, EndsALockAndKeepsThePassword) {
  const auto account = found(*directory_, fresh_user());
  lock_out(account.dn);
  EXPECT_TRUE(found(*directory_, account.sub).state.locked);
  EXPECT_EQ(bind_code(account.dn, start_), 49);
  auto answer = directory_->unlock(account.sub);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->refusal, Refusal::none) << answer->detail;
  ASSERT_TRUE(answer->after);
  EXPECT_FALSE(answer->after->state.locked);
  EXPECT_EQ(bind_code(account.dn, start_), 0);
  auto idle = directory_->unlock(account.sub);
  ASSERT_TRUE(idle);
  EXPECT_EQ(idle->refusal, Refusal::none) << "nothing to unlock is no mistake";
}

TEST_F(AnOpenLdapUnlock, ComesWithEveryReset) {
  const auto account = found(*directory_, fresh_user());
  lock_out(account.dn);
  const auto answer = write(order_for(account), "New-Passw0rd-1");
  ASSERT_TRUE(answer.after);
  EXPECT_FALSE(answer.after->state.locked);
  EXPECT_EQ(bind_code(account.dn, "New-Passw0rd-1"), 0);
}

TEST_F(AnAdministratorsLock, OutlivesAnUnlock) {
  const auto account = found(*directory_, fresh_user());
  root_replace(account.dn, "pwdAccountLockedTime", {"000001010000Z"});
  auto answer = directory_->unlock(account.sub);
  ASSERT_TRUE(answer && answer->after);
  EXPECT_TRUE(answer->after->state.disabled);
  EXPECT_EQ(root_read(account.dn, "pwdAccountLockedTime"), "000001010000Z");
}

TEST_F(AnAdministratorsLock, OutlivesEveryReset) {
  const auto account = found(*directory_, fresh_user());
  root_replace(account.dn, "pwdAccountLockedTime", {"000001010000Z"});  // behind our back: we remember it unlocked
  auto answer = write(order_for(account), "New-Passw0rd-1");
  EXPECT_EQ(answer.refusal, Refusal::none) << answer.detail;
  ASSERT_TRUE(answer.after);
  EXPECT_TRUE(answer.after->state.disabled);
  EXPECT_FALSE(answer.after->state.locked);
  EXPECT_EQ(root_read(account.dn, "pwdAccountLockedTime"), "000001010000Z") << "by itself the overlay would have deleted it";
  EXPECT_EQ(bind_code(account.dn, "New-Passw0rd-1"), 49);
  const auto locked = found(*directory_, account.sub);
  root_replace(account.dn, "pwdAccountLockedTime", {});  // and the other way round
  EXPECT_EQ(write(order_for(locked), "New-Passw0rd-2").refusal, Refusal::none);
  EXPECT_EQ(root_read(account.dn, "pwdAccountLockedTime"), "");
  EXPECT_EQ(bind_code(account.dn, "New-Passw0rd-2"), 0);
}

// ---- states ------------------------------------------------------------------------------------------------
TEST_F(AnOpenLdapState, SeesALockRunOut) {
  const auto account = found(*directory_, "lola");
  lock_out(account.dn);
  ASSERT_NE(root_read(account.dn, "pwdAccountLockedTime"), "");
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  bool locked = true;
  while (locked && std::chrono::steady_clock::now() < until) {
    auto now = directory_->read(account.sub);
    ASSERT_TRUE(now && *now);
    locked = (*now)->state.locked;
  }
  EXPECT_FALSE(locked) << "its policy locks for a second";
  EXPECT_NE(root_read(account.dn, "pwdAccountLockedTime"), "") << "the attribute stays";
}

TEST_F(AnOpenLdapState, KnowsWhoseMustAndNeverExpires) {
  EXPECT_TRUE(found(*directory_, "alice").state.never_expires);
  EXPECT_FALSE(found(*directory_, "max").state.never_expires);
  root_replace(person("uid=max"), "userPassword", {distinct_password()});
  EXPECT_FALSE(found(*directory_, "max").state.expired);
}

}  // namespace
}  // namespace wb::ldap
