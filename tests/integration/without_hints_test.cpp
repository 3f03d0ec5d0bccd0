// A controller without the policy hints control: Debian 12's Samba. Run with: ad-lab run --samba 4.17 <program>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/directory_world.hpp"

namespace wb::ldap {
namespace {

using namespace wb::test;

Settings with(HistoryEnforcement history) {
  auto settings = lab_settings();
  settings.history = history;
  return settings;
}
Refusal write(Directory& directory, const std::string& name, const std::string& password) {
  auto answer = directory.write_password(order_for(found(directory, name)), secret(password));
  EXPECT_TRUE(answer) << answer.error().detail;
  return answer ? answer->refusal : Refusal::directory_error;
}

TEST(AControllerWithoutPolicyHints, ResetsAndSaysThatHistoryIsNotEnforced) {
  const auto directory = open_directory(with(HistoryEnforcement::prefer));
  const auto state = directory->check();
  EXPECT_TRUE(state.ready) << state.reason;
  EXPECT_FALSE(state.hints);
  const auto name = fresh_user();
  ASSERT_EQ(write(*directory, name, "First-Passw0rd-1"), Refusal::none);
  EXPECT_EQ(write(*directory, name, "First-Passw0rd-1"), Refusal::none) << "an administrator's reset may repeat a password";
}

TEST(AControllerWithoutPolicyHints, ToldNoEarliestTimeOfAReset) {
  const auto directory = open_directory(with(HistoryEnforcement::prefer));
  auto gina = found(*directory, "gina");
  admin_set_password(gina.dn, distinct_password());
  const auto policy = directory->policy_of(found(*directory, "gina"));
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->min_age_s, 86'400);
  EXPECT_FALSE(policy->change_from) << "a reset is not bound by it there";
  EXPECT_EQ(write(*directory, "gina", distinct_password()), Refusal::none);
}

TEST(AControllerWithoutPolicyHints, IsNotReadyAndWritesNothingWhereHistoryIsRequired) {
  const auto directory = open_directory(with(HistoryEnforcement::require));
  const auto state = directory->check();
  EXPECT_FALSE(state.ready);
  EXPECT_THAT(state.reason, testing::HasSubstr("no policy hints control"));
  const auto name = fresh_user();
  const auto before = found(*directory, name).pre;
  EXPECT_EQ(write(*directory, name, distinct_password()), Refusal::directory_error);
  EXPECT_EQ(found(*directory, name).pre, before);
}

TEST(AControllerWithoutPolicyHints, EnforcesHistoryOnThePersonsOwnChange) {
  const auto directory = open_directory(with(HistoryEnforcement::require));
  const auto account = found(*directory, fresh_user());
  const auto old = secret(env("AD_USER_PW"));
  const auto answer = directory->write_password(order_for(account), old, &old);
  ASSERT_TRUE(answer) << answer.error().detail;
  EXPECT_EQ(answer->refusal, Refusal::in_history) << answer->detail;
}

TEST(AControllerWithoutPolicyHints, WouldIgnoreThemWhereTheyAreNotCritical) {
  const auto dn = found(*open_directory(lab_settings()), fresh_user()).dn;
  const auto password = distinct_password();
  admin_set_password(dn, password);
  for (const auto* oid : {"1.2.840.113556.1.4.2239", "1.2.840.113556.1.4.2066"}) {
    EXPECT_EQ(admin_reset_with_hints(dn, password, oid, true), 12) << "critical: unavailable, nothing is written";
    EXPECT_EQ(admin_reset_with_hints(dn, password, oid, false), 0) << "not critical: ignored in silence. So we send them critical or not at all";
  }
}

}  // namespace
}  // namespace wb::ldap
