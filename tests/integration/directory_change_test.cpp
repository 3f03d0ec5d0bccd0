// The person's own change and the sign-in against a real Samba AD. Run with: tests/support/ad/ad-lab run <program>
#include <gtest/gtest.h>

#include "core/clock.hpp"
#include "ldap/text.hpp"
#include "tests/integration/directory_world.hpp"

namespace wb::ldap {
namespace {

using namespace wb::test;

class AChange : public testing::Test {
 protected:
  static void SetUpTestSuite() { open_ = open_directory(lab_settings()); }
  static void TearDownTestSuite() { open_.reset(); }
  Directory& directory() { return *open_; }
  std::string upn(const std::string& name) { return name + "@" + env("AD_DOMAIN"); }
  WriteAnswer change(const Account& account, const std::string& old, const std::string& to) {
    const auto before = secret(old);
    auto answer = directory().write_password(order_for(account), secret(to), &before);
    EXPECT_TRUE(answer) << answer.error().where << ' ' << answer.error().detail;
    WriteAnswer none;
    none.refusal = Refusal::directory_error;
    return answer ? std::move(*answer) : std::move(none);
  }
  SignIn sign_in(const Account& account, const std::string& password) {
    auto answer = directory().authenticate(account, secret(password));
    EXPECT_TRUE(answer) << answer.error().where << ' ' << answer.error().detail;
    return answer ? answer->sign_in : SignIn::wrong_password;
  }

 private:
  static inline std::unique_ptr<Directory> open_;
};

TEST_F(AChange, ReplacesThePasswordThatItKnows) {
  const auto user = fresh_user();
  const auto before = found(directory(), user);
  const auto password = distinct_password();
  const auto answer = change(before, env("AD_USER_PW"), password);
  EXPECT_EQ(answer.refusal, Refusal::none) << answer.detail;
  ASSERT_TRUE(answer.after);
  EXPECT_EQ(answer.after->pre.ver, before.pre.ver + 1);
  EXPECT_NE(answer.after->pre.pls, before.pre.pls);
  EXPECT_TRUE(answer.after->pre.mk && answer.after->pre.mk->ends_with(";A"));
  EXPECT_EQ(bind_code(upn(user), password), 0);
}

TEST_F(AChange, IsRefusedWithAWrongOldPasswordAndCounted) {
  const auto before = found(directory(), fresh_user());
  const auto answer = change(before, "not-the-one", distinct_password());
  EXPECT_EQ(answer.refusal, Refusal::old_password_wrong) << answer.detail;
  EXPECT_EQ(answer.said, "00000056: Constraint violation - check_password_restrictions: The old password specified doesn't match!") << "kept for the operator";
  const auto after = found(directory(), before.sub);
  EXPECT_EQ(after.pre, before.pre) << "nothing of it was written, the marker neither";
  EXPECT_EQ(after.wrong_passwords, 1);
  EXPECT_GE(after.last_wrong_password, unix_now() - 60);
}

TEST_F(AChange, IsBoundByHistoryAndLengthWithoutAnyControl) {
  const auto account = found(directory(), fresh_user());
  const auto refused = [&](const std::string& to, Refusal why, const std::string& words) {
    const auto answer = change(account, env("AD_USER_PW"), to);
    EXPECT_EQ(answer.refusal, why) << answer.detail;
    EXPECT_TRUE(answer.said.starts_with("0000052D: Constraint violation - check_password_restrictions: the password " + words)) << answer.said;  // ldap_diagnose_test.cpp has them
  };
  refused(env("AD_USER_PW"), Refusal::in_history, "was already used (in history)!");
  refused("Ab1!", Refusal::too_short, "is too short. It should be equal ");
  refused("alllowercaseletters", Refusal::not_complex, "does not meet the complexity criteria!");
}

TEST_F(AChange, OfALockedAccountIsNamedAsThat) {
  const auto user = fresh_user();
  for (int i = 0; i < 3; ++i) EXPECT_NE(bind_code(upn(user), "not-the-one"), 0);
  const auto answer = change(found(directory(), user), env("AD_USER_PW"), distinct_password());
  EXPECT_EQ(answer.refusal, Refusal::locked) << answer.detail;
  EXPECT_TRUE(answer.said.starts_with("00000775: Password change not permitted, account locked out!")) << answer.said;
}

TEST_F(AChange, FailsAsAnySwapWhenSomebodyWasFaster) {
  const auto user = fresh_user();
  const auto before = found(directory(), user);
  const auto meanwhile = distinct_password();
  admin_set_password(before.dn, meanwhile);
  EXPECT_EQ(change(before, meanwhile, distinct_password()).refusal, Refusal::swap_failed);
  EXPECT_EQ(bind_code(upn(user), meanwhile), 0);
}

TEST_F(AChange, WorksThoughThePasswordMustBeChangedFirst) {
  const auto user = fresh_user();
  admin_replace(found(directory(), user).dn, "pwdLastSet", "0");
  const auto account = found(directory(), user);
  ASSERT_TRUE(account.state.must_change);
  EXPECT_EQ(sign_in(account, env("AD_USER_PW")), SignIn::must_change);
  const auto password = distinct_password();
  EXPECT_EQ(change(account, env("AD_USER_PW"), password).refusal, Refusal::none);
  EXPECT_EQ(sign_in(found(directory(), user), password), SignIn::accepted);
}

TEST_F(AChange, TellsARightPasswordFromAWrongOne) {
  const auto account = found(directory(), fresh_user());
  EXPECT_EQ(sign_in(account, env("AD_USER_PW")), SignIn::accepted);
  EXPECT_EQ(sign_in(account, "not-the-one"), SignIn::wrong_password);
  EXPECT_EQ(found(directory(), account.sub).wrong_passwords, 1);
}

}  // namespace
}  // namespace wb::ldap
