// The person's own change and the sign-in against a real slapd with slapo-ppolicy. Run with: tests/support/slapd/slapd-lab run <program>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "core/clock.hpp"
#include "ldap/text.hpp"
#include "tests/integration/open_ldap_world.hpp"

namespace wb::ldap {
namespace {

using namespace wb::test;
using testing::HasSubstr;

class BesideAPerson : public BesideSlapd {
 protected:
  // Read until it is so: the server's clock decides.
  template <class Is> Account until(const std::string& sub, Is is) {
    for (const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);;) {
      auto now = directory_->read(sub);
      if (!now || !*now) throw std::runtime_error("not readable");
      if (is(**now)) return **now;
      if (std::chrono::steady_clock::now() > end) throw std::runtime_error("it does not become so");
    }
  }
};
class AnOpenLdapChange : public BesideAPerson {};
class AnOpenLdapSignIn : public BesideAPerson {};

// ---- change ------------------------------------------------------------------------------------------------
TEST_F(AnOpenLdapChange, ReplacesThePasswordThatItKnowsInOneSwap) {
  const auto before = found(*directory_, fresh_user());
  const auto answer = change(before, start_, "New-Passw0rd-1");
  EXPECT_EQ(answer.refusal, Refusal::none) << answer.detail;
  ASSERT_TRUE(answer.after);
  EXPECT_NE(answer.after->pre.pls, before.pre.pls);
  EXPECT_TRUE(answer.after->pre.mk && answer.after->pre.mk->ends_with(";A"));
  EXPECT_EQ(bind_code(before.dn, "New-Passw0rd-1"), 0);
  EXPECT_EQ(bind_code(before.dn, start_), 49);
  EXPECT_THAT(root_read(before.dn, "userPassword"), testing::StartsWith("{SSHA}")) << "hashed";
  const auto now = found(*directory_, before.sub);
  EXPECT_EQ(change(now, "New-Passw0rd-1", "New-Passw0rd-2").refusal, Refusal::none) << "and what is hashed is compared as well";
}

TEST_F(AnOpenLdapChange, CarriesAnyUnicodeByteExactly) {
  const auto account = found(*directory_, fresh_user());
  std::string was = start_;
  for (const std::string& password : std::vector<std::string>{"Grüße-Köln-ß1", "🔑🐎-Correct-1", "  Blanks around 1A  ", "Quote\"s'-`and`-\\back\\1"}) {
    EXPECT_EQ(change(found(*directory_, account.sub), was, password).refusal, Refusal::none) << password;
    was = password;
  }
  EXPECT_EQ(bind_code(account.dn, was), 0);
}

TEST_F(AnOpenLdapChange, IsRefusedWithAWrongOldPasswordAndCounted) {
  const auto before = found(*directory_, fresh_user());
  const auto answer = change(before, "not-the-one", "New-Passw0rd-1");
  EXPECT_EQ(answer.refusal, Refusal::old_password_wrong) << answer.detail;
  EXPECT_THAT(answer.detail, HasSubstr("counted by a sign-in"));
  const auto after = found(*directory_, before.sub);
  EXPECT_EQ(after.pre, before.pre) << "nothing of it was written, the marker neither";
  EXPECT_EQ(after.wrong_passwords, 1);
  EXPECT_NEAR(static_cast<double>(after.last_wrong_password), static_cast<double>(unix_now()), 5);
  change(before, "not-that-either", "New-Passw0rd-1");
  change(before, "nor-that", "New-Passw0rd-1");
  EXPECT_TRUE(found(*directory_, before.sub).state.locked) << "as at any other door";
}

TEST_F(AnOpenLdapChange, IsBoundByThePolicyAsAResetIs) {
  const auto account = found(*directory_, fresh_user());
  EXPECT_EQ(change(account, start_, "short").refusal, Refusal::too_short);
  EXPECT_EQ(change(account, start_, start_).refusal, Refusal::in_history);
  EXPECT_EQ(change(account, "not-the-one", "short").refusal, Refusal::old_password_wrong) << "the old one comes first";
  const auto gina = person("uid=gina");
  root_replace(gina, "userPassword", {"Long-enough-Passw0rd-8"});
  root_replace(gina, "pwdReset", {});  // a new password of her own, as far as anybody can see
  EXPECT_EQ(change(found(*directory_, "gina"), "Long-enough-Passw0rd-8", "Long-enough-Passw0rd-9").refusal, Refusal::too_young);
  EXPECT_EQ(change(account, start_, "{SSHA}MO8uuloW4lXzvcdpfjy022HblM1a4nDH").refusal, Refusal::policy) << "not sent";
}

TEST_F(AnOpenLdapChange, WorksWhereTheServerWantsTheOldPassword) {
  const auto sam = found(*directory_, "sam");
  ASSERT_EQ(refusal_of("sam", "New-Passw0rd-1"), Refusal::no_rights) << "pwdSafeModify";
  EXPECT_EQ(change(sam, "not-the-one", "New-Passw0rd-1").refusal, Refusal::old_password_wrong);
  EXPECT_EQ(change(sam, start_, "New-Passw0rd-1").refusal, Refusal::none);
}

TEST_F(AnOpenLdapChange, FailsAsAnySwapWhenSomebodyWasFaster) {
  const auto before = found(*directory_, fresh_user());
  root_replace(before.dn, "userPassword", {"Helpdesk-Passw0rd-1"});
  EXPECT_EQ(change(before, "Helpdesk-Passw0rd-1", "New-Passw0rd-1").refusal, Refusal::swap_failed);
  EXPECT_EQ(change(before, start_, "New-Passw0rd-1").refusal, Refusal::swap_failed) << "wrong now, and right when it was typed";
  EXPECT_EQ(bind_code(before.dn, "Helpdesk-Passw0rd-1"), 0);
  const auto marked = found(*directory_, fresh_user());
  root_replace(marked.dn, "wbLastJob", {"wb1;01JOTHER;1;V"});
  EXPECT_EQ(change(marked, start_, "New-Passw0rd-1").refusal, Refusal::swap_failed);
}

TEST_F(AnOpenLdapChange, NeverTakesAnotherWhoNowHasTheName) {
  const auto one = fresh_user(), other = fresh_user();
  const auto account = found(*directory_, one);
  root_replace(person("uid=" + other), "userPassword", {"Others-Passw0rd-1"});
  root_rename(person("uid=" + one), "cn=Gone " + one);
  root_rename(person("uid=" + other), "uid=" + one);
  EXPECT_EQ(change(account, start_, "New-Passw0rd-1").refusal, Refusal::none) << "wrong for the one, right for the other";
  EXPECT_EQ(bind_code(person("cn=Gone " + one), "New-Passw0rd-1"), 0);
  EXPECT_EQ(bind_code(person("uid=" + one), "Others-Passw0rd-1"), 0) << "the one that has the DN now was left alone";
}

TEST_F(AnOpenLdapChange, WorksThoughThePasswordMustBeChangedOrHasExpired) {
  const auto must = found(*directory_, fresh_user());
  root_replace(must.dn, "pwdReset", {"TRUE"});
  ASSERT_TRUE(found(*directory_, must.sub).state.must_change);
  const auto answer = change(found(*directory_, must.sub), start_, "New-Passw0rd-1");
  EXPECT_EQ(answer.refusal, Refusal::none) << answer.detail;
  EXPECT_FALSE(answer.after && answer.after->state.must_change);
  EXPECT_EQ(sign_in(must, "New-Passw0rd-1"), SignIn::accepted);
  const auto aged = found(*directory_, "aged");
  root_replace(aged.dn, "userPassword", {"Aged-Passw0rd-1"});
  const auto expired = until(aged.sub, [](const Account& a) { return a.state.expired; });
  EXPECT_EQ(change(expired, "Aged-Passw0rd-1", "New-Passw0rd-1").refusal, Refusal::none);
}

TEST_F(AnOpenLdapChange, IsKnownBeforehandToBeForbidden) {
  EXPECT_TRUE(found(*directory_, "fixed").state.cannot_change) << "slapd asks it of the account itself only";
  EXPECT_FALSE(found(*directory_, "alice").state.cannot_change);
}

// ---- sign-in -----------------------------------------------------------------------------------------------
TEST_F(AnOpenLdapSignIn, TellsARightPasswordFromAWrongOne) {
  const auto account = found(*directory_, fresh_user());
  EXPECT_EQ(sign_in(account, start_), SignIn::accepted);
  EXPECT_EQ(sign_in(account, "not-the-one"), SignIn::wrong_password);
  EXPECT_EQ(found(*directory_, account.sub).wrong_passwords, 1);
  EXPECT_EQ(sign_in(account, start_), SignIn::accepted);
  EXPECT_EQ(found(*directory_, account.sub).wrong_passwords, 0) << "a right one ends the count";
}

TEST_F(AnOpenLdapSignIn, NamesAPasswordThatMustBeChangedOrHasExpiredToThoseWhoKnowIt) {
  const auto must = found(*directory_, fresh_user());
  root_replace(must.dn, "pwdReset", {"TRUE"});
  EXPECT_EQ(sign_in(must, start_), SignIn::must_change);
  EXPECT_EQ(sign_in(must, "not-the-one"), SignIn::wrong_password);
  const auto aged = found(*directory_, "aged");
  root_replace(aged.dn, "userPassword", {"Aged-Passw0rd-2"});
  until(aged.sub, [&](const Account& a) { return sign_in(a, "Aged-Passw0rd-2") != SignIn::accepted; });
  EXPECT_EQ(sign_in(aged, "Aged-Passw0rd-2"), SignIn::password_expired);
  EXPECT_EQ(sign_in(aged, "not-the-one"), SignIn::wrong_password);
}

TEST_F(AnOpenLdapSignIn, OfALockedAccountIsWrongWhateverItShowsSoTheLockIsReadBefore) {
  const auto account = found(*directory_, fresh_user());
  lock_out(account.dn);
  EXPECT_EQ(sign_in(account, start_), SignIn::wrong_password) << "slapd does not say more, unless ppolicy_use_lockout is set";
  const auto locked = found(*directory_, account.sub);
  EXPECT_TRUE(locked.state.locked);
  EXPECT_NEAR(static_cast<double>(unix_from_filetime(locked.lockout_time)), static_cast<double>(unix_now()), 5);
}

TEST_F(AnOpenLdapSignIn, HasAPolicyThatSaysWhatLocks) {
  const auto policy = directory_->policy_of(found(*directory_, "lola"));
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->lockout_threshold, 3);
  EXPECT_EQ(policy->lockout_window_s, 0);
  EXPECT_EQ(policy->lockout_duration_s, 1);
}

TEST_F(AnOpenLdapSignIn, IsUnknownWhereTheServerStandsStill) {
  auto settings = lab_settings();
  settings.operation_timeout = std::chrono::milliseconds(300);
  settings.connect_timeout = std::chrono::milliseconds(300);
  const auto impatient = open_directory(settings);
  const auto account = found(*impatient, fresh_user());
  const Frozen frozen;
  const auto answer = impatient->authenticate(account, secret(start_));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, Fault::Kind::unreachable) << "it never came to the bind";
}

}  // namespace
}  // namespace wb::ldap
