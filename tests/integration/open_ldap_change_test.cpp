// The person's own change and the sign-in, against a real slapd with slapo-ppolicy.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/clock.hpp"
#include "tests/integration/open_ldap_world.hpp"

namespace wb::ldap {
namespace {

using namespace wb::test;

class AnOpenLdapChange : public BesideSlapd {
 protected:
  WriteAnswer change(const Account& account, const std::string& old, const std::string& to) {
    const auto before = secret(old);
    auto answer = directory_->write_password(order_for(account), secret(to), &before);
    if (!answer) throw std::runtime_error(answer.error().where + ": " + answer.error().detail);
    return std::move(*answer);
  }
};
class AnOpenLdapSignIn : public BesideSlapd {
 protected:
  SignIn sign_in(const std::string& name, const std::string& password) {
    auto answer = directory_->authenticate(found(*directory_, name), secret(password));
    if (!answer) throw std::runtime_error(answer.error().where + ": " + answer.error().detail);
    return answer->sign_in;
  }
};

TEST_F(AnOpenLdapChange, ReplacesThePasswordThatItKnows) {
  const auto account = found(*directory_, fresh_user());
  const auto answer = change(account, start_, "New-Passw0rd-1");
  EXPECT_EQ(answer.refusal, Refusal::none) << answer.detail;
  ASSERT_TRUE(answer.after);
  EXPECT_TRUE(answer.after->pre.mk && answer.after->pre.mk->ends_with(";A"));
  EXPECT_NE(answer.after->pre.pls, account.pre.pls);
  EXPECT_EQ(bind_code(account.dn, "New-Passw0rd-1"), 0);
  EXPECT_EQ(bind_code(account.dn, start_), 49);
}

TEST_F(AnOpenLdapChange, IsRefusedWithAWrongOldPassword) {
  const auto name = fresh_user();
  ASSERT_EQ(refusal_of(name, "Hashed-Passw0rd-1"), Refusal::none);
  const auto account = found(*directory_, name);
  EXPECT_EQ(change(account, "not-the-one", "New-Passw0rd-1").refusal, Refusal::old_password_wrong);
  const auto stored = root_read(account.dn, "userPassword");
  ASSERT_TRUE(stored.starts_with("{SSHA}"));
  EXPECT_EQ(change(account, stored, "New-Passw0rd-1").refusal, Refusal::old_password_wrong) << "what is stored is not the password";
  EXPECT_EQ(found(*directory_, account.sub).pre, account.pre);
  EXPECT_EQ(bind_code(account.dn, "Hashed-Passw0rd-1"), 0);
}

TEST_F(AnOpenLdapChange, IsBoundByThePolicy) {
  const auto account = found(*directory_, fresh_user());
  EXPECT_EQ(change(account, start_, "short").refusal, Refusal::too_short);
  ASSERT_EQ(change(account, start_, "New-Passw0rd-1").refusal, Refusal::none);
  EXPECT_EQ(change(found(*directory_, account.sub), "New-Passw0rd-1", start_).refusal, Refusal::in_history);
}

TEST_F(AnOpenLdapChange, IsWhatASafePolicyAsksFor) {
  const auto sam = found(*directory_, "sam");
  EXPECT_EQ(write(order_for(sam), "New-Passw0rd-1").refusal, Refusal::no_rights) << "pwdSafeModify forbids a reset";
  EXPECT_EQ(change(sam, start_, "New-Passw0rd-1").refusal, Refusal::none);
}

TEST_F(AnOpenLdapChange, FailsAsAnySwapWhenSomebodyWasFaster) {
  const auto account = found(*directory_, fresh_user());
  root_replace(account.dn, "userPassword", {"Meanwhile-Passw0rd-1"});
  EXPECT_EQ(change(account, "Meanwhile-Passw0rd-1", "New-Passw0rd-1").refusal, Refusal::swap_failed);
  EXPECT_EQ(bind_code(account.dn, "Meanwhile-Passw0rd-1"), 0);
}

TEST_F(AnOpenLdapChange, WorksThoughThePasswordMustBeChangedFirst) {
  const auto name = fresh_user();
  auto order = order_for(found(*directory_, name));
  order.must_change = true;
  ASSERT_EQ(write(order, "Given-Passw0rd-1").refusal, Refusal::none);
  const auto account = found(*directory_, name);
  ASSERT_TRUE(account.state.must_change);
  EXPECT_EQ(change(account, "Given-Passw0rd-1", "Own-Passw0rd-1").refusal, Refusal::none);
  EXPECT_FALSE(found(*directory_, name).state.must_change);
}

TEST_F(AnOpenLdapChange, WorksThoughThePasswordHasExpired) {
  const auto max = found(*directory_, "max");
  EXPECT_EQ(change(max, start_, "New-Passw0rd-1").refusal, Refusal::none);
}

TEST_F(AnOpenLdapSignIn, TellsWhatThePasswordIsWorth) {
  const auto name = fresh_user();
  EXPECT_EQ(sign_in(name, start_), SignIn::accepted);
  EXPECT_EQ(sign_in(name, "not-the-one"), SignIn::wrong_password);
  const auto account = found(*directory_, name);
  EXPECT_EQ(account.wrong_passwords, 1);
  EXPECT_NEAR(static_cast<double>(account.last_wrong_password), static_cast<double>(unix_now()), 5);
  const auto policy = directory_->policy_of(account);
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->lockout_threshold, 3);
}

TEST_F(AnOpenLdapSignIn, TellsThatThePasswordMustBeChanged) {
  const auto name = fresh_user();
  auto order = order_for(found(*directory_, name));
  order.must_change = true;
  ASSERT_EQ(write(order, "Given-Passw0rd-1").refusal, Refusal::none);
  EXPECT_EQ(sign_in(name, "Given-Passw0rd-1"), SignIn::must_change);
  EXPECT_EQ(sign_in(name, "not-the-one"), SignIn::wrong_password);
}

TEST_F(AnOpenLdapSignIn, SaysNothingOfALockButThatThePasswordIsWrong) {
  const auto account = found(*directory_, fresh_user());
  lock_out(account.dn);
  EXPECT_EQ(sign_in(account.sub, start_), SignIn::wrong_password) << "so the lock is read beforehand";
  const auto locked = found(*directory_, account.sub);
  EXPECT_TRUE(locked.state.locked);
  EXPECT_GT(locked.lockout_time, 0);
}

TEST_F(AnOpenLdapSignIn, WithNoPasswordIsNotTried) {
  const auto answer = directory_->authenticate(found(*directory_, "alice"), secret(""));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, Fault::Kind::refused);
}

}  // namespace
}  // namespace wb::ldap
