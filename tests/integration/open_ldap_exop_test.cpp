// password_write: exop against a real slapd whose overlay hashes nothing: what is hashed is hashed by the operation.
// Run with: SLAPD_HASHES=operation tests/support/slapd/slapd-lab run <program>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/open_ldap_world.hpp"

namespace wb::ldap {
namespace {

using namespace wb::test;
using testing::HasSubstr;
using testing::StartsWith;

Settings exop_settings() {
  auto settings = lab_settings();
  settings.password_write = PasswordWrite::exop;
  settings.bind_dn = "cn=svc-exop," + env("SLAPD_BASE");
  return settings;
}

class BesideThePasswordModifyOperation : public BesideSlapd {
 protected:
  BesideThePasswordModifyOperation() { directory_ = open_directory(exop_settings()); }
  static WriteAnswer change(Directory& directory, const Account& account, const std::string& old, const std::string& to) {
    const auto before = secret(old);
    auto answer = directory.write_password(order_for(account), secret(to), &before);
    if (!answer) throw std::runtime_error(answer.error().where + ": " + answer.error().detail);
    return std::move(*answer);
  }
  WriteAnswer change(const Account& account, const std::string& old, const std::string& to) { return change(*directory_, account, old, to); }
  Account now(const Account& account) {
    auto read = directory_->read(account.sub);
    if (!read || !*read) throw std::runtime_error("not readable");
    return **read;
  }
};
class AnExtendedReset : public BesideThePasswordModifyOperation {};
class AnExtendedChange : public BesideThePasswordModifyOperation {};
class AnExtendedSwap : public BesideThePasswordModifyOperation {};

// ---- reset -------------------------------------------------------------------------------------------------
TEST_F(AnExtendedReset, IsHashedByTheServerWhereTheOverlayHashesNothing) {
  EXPECT_TRUE(directory_->check().ready);
  const auto before = found(*directory_, fresh_user());
  const auto order = order_for(before);
  const auto answer = write(order, "New-Passw0rd-1");
  EXPECT_EQ(answer.refusal, Refusal::none) << answer.detail;
  EXPECT_EQ(answer.detail, "");
  ASSERT_TRUE(answer.after);
  EXPECT_EQ(answer.after->pre.mk, order.marker);
  EXPECT_NE(answer.after->pre.pls, before.pre.pls);
  EXPECT_THAT(root_read(before.dn, "userPassword"), StartsWith("{SMD5}")) << "olcPasswordHash";
  EXPECT_EQ(bind_code(before.dn, "New-Passw0rd-1"), 0);
  EXPECT_EQ(bind_code(before.dn, start_), 49);
}

TEST_F(AnExtendedReset, CarriesAnyUnicodeAndReachesEveryName) {
  const std::string many(200, 'x');
  for (const auto& [name, password] : std::vector<std::pair<std::string, std::string>>{{"bob", "Grüße-Köln-ß1"}, {"plus", "🔑🐎-пароль-1"}, {"space", "  Blanks around 1A  "}, {"umlaut", "Quote\"s'-`-\\1" + many}}) {
    const auto account = found(*directory_, name);
    const auto answer = write(order_for(account), password);
    EXPECT_EQ(answer.refusal, Refusal::none) << name << answer.detail;
    EXPECT_EQ(bind_code(account.dn, password), 0) << name;
  }
}

TEST_F(AnExtendedReset, NamesTheRuleThatRefusedItAndLeavesTheAccountAsItWas) {
  const auto account = found(*directory_, fresh_user());
  for (const auto& [password, refusal] : {std::pair(std::string("short"), Refusal::too_short), std::pair(start_, Refusal::in_history)}) {
    const auto answer = write(order_for(account), password);
    EXPECT_EQ(answer.refusal, refusal) << answer.detail;
    ASSERT_TRUE(answer.after);
    EXPECT_EQ(answer.after->pre, account.pre) << "the marker is back";
  }
  EXPECT_EQ(write(order_for(account), "New-Passw0rd-1").refusal, Refusal::none) << "so the same probe still serves";
  const auto marked = found(*directory_, account.sub);
  EXPECT_EQ(write(order_for(marked), "New-Passw0rd-1").refusal, Refusal::in_history);
  EXPECT_EQ(now(account).pre, marked.pre) << "and a marker of before is back, too";
  EXPECT_EQ(refusal_of("gina", "Long-enough-Passw0rd-1"), Refusal::none);
  EXPECT_EQ(refusal_of("gina", "Long-enough-Passw0rd-2"), Refusal::too_young);
  EXPECT_EQ(refusal_of("hugo", distinct_password()), Refusal::no_rights);
  const auto forbidden = write(order_for(found(*directory_, "sam")), distinct_password());
  EXPECT_EQ(forbidden.refusal, Refusal::no_rights);
  EXPECT_THAT(forbidden.detail, HasSubstr("pwdSafeModify"));
}

TEST_F(AnExtendedReset, CanDemandAChangeAtTheNextSignInAndUnlocks) {
  const auto account = found(*directory_, fresh_user());
  lock_out(account.dn);
  auto order = order_for(account);
  order.must_change = true;
  const auto answer = write(order, "New-Passw0rd-1");
  EXPECT_EQ(answer.refusal, Refusal::none) << answer.detail;
  ASSERT_TRUE(answer.after);
  EXPECT_TRUE(answer.after->state.must_change);
  EXPECT_FALSE(answer.after->state.locked);
  EXPECT_EQ(refusal_of(account.sub, "New-Passw0rd-2"), Refusal::none);
  EXPECT_FALSE(now(account).state.must_change) << "a reset without the demand takes it back";
}

TEST_F(AnExtendedReset, NeverEndsAnAdministratorsLock) {
  const auto account = found(*directory_, fresh_user());
  root_replace(account.dn, "pwdAccountLockedTime", {"000001010000Z"});  // behind our back: we remember it unlocked
  for (int round = 0; round < 2; ++round) {
    const auto answer = write(order_for(account), "New-Passw0rd-1");
    EXPECT_EQ(answer.refusal, Refusal::locked) << answer.detail;
    EXPECT_EQ(now(account).pre, account.pre);
  }
  EXPECT_EQ(root_read(account.dn, "pwdAccountLockedTime"), "000001010000Z");
}

TEST_F(AnExtendedReset, IsNotBegunWithoutAMarker) {
  auto order = order_for(found(*directory_, fresh_user()));
  order.marker.clear();
  const auto answer = directory_->write_password(order, secret("New-Passw0rd-1"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, Fault::Kind::refused);
  auto settings = exop_settings();
  settings.marker_attribute.clear();
  const auto state = open_directory(settings)->check();
  EXPECT_THAT(state.reason, HasSubstr("exop needs marker_attribute"));
}

TEST_F(AnExtendedReset, UnlocksAloneAsEver) {
  const auto account = found(*directory_, fresh_user());
  lock_out(account.dn);
  const auto answer = directory_->unlock(account.sub);
  ASSERT_TRUE(answer && answer->refusal == Refusal::none);
  EXPECT_EQ(bind_code(account.dn, start_), 0);
}

// ---- change ------------------------------------------------------------------------------------------------
TEST_F(AnExtendedChange, ReplacesThePasswordThatItKnows) {
  const auto before = found(*directory_, fresh_user());
  const auto answer = change(before, start_, "New-Passw0rd-1");
  EXPECT_EQ(answer.refusal, Refusal::none) << answer.detail;
  EXPECT_EQ(bind_code(before.dn, "New-Passw0rd-1"), 0);
  const auto sam = found(*directory_, "sam");
  EXPECT_EQ(change(sam, start_, "New-Passw0rd-1").refusal, Refusal::none) << "pwdSafeModify";
  root_replace(before.dn, "pwdReset", {"TRUE"});
  EXPECT_EQ(change(found(*directory_, before.sub), "New-Passw0rd-1", "New-Passw0rd-2").refusal, Refusal::none) << "though it must be changed";
}

TEST_F(AnExtendedChange, IsRefusedWithAWrongOldPasswordAndCounted) {
  const auto before = found(*directory_, fresh_user());
  const auto answer = change(before, "not-the-one", "New-Passw0rd-1");
  EXPECT_EQ(answer.refusal, Refusal::old_password_wrong) << answer.detail;
  EXPECT_THAT(answer.detail, HasSubstr("counted by a sign-in"));
  EXPECT_EQ(now(before).pre, before.pre);
  EXPECT_EQ(now(before).wrong_passwords, 1);
  EXPECT_EQ(change(before, start_, "short").refusal, Refusal::too_short);
  EXPECT_EQ(change(before, start_, start_).refusal, Refusal::in_history);
}

TEST_F(AnExtendedChange, NeverCallsARightPasswordWrongForWantOfARight) {
  auto settings = exop_settings();
  settings.bind_dn = env("SLAPD_SVCDN");  // may write, and not compare
  const auto directory = open_directory(settings);
  const auto account = found(*directory, fresh_user());
  const auto right = change(*directory, account, start_, "New-Passw0rd-1");
  EXPECT_EQ(right.refusal, Refusal::no_rights);
  EXPECT_THAT(right.detail, HasSubstr("auth access"));
  EXPECT_EQ(change(*directory, account, "not-the-one", "New-Passw0rd-1").refusal, Refusal::old_password_wrong);
  EXPECT_EQ(bind_code(account.dn, start_), 0);
}

// ---- the swap ----------------------------------------------------------------------------------------------
TEST_F(AnExtendedSwap, TakesTheSameOrderOnceAndStandsBackBehindOthers) {
  const auto account = found(*directory_, fresh_user());
  const auto order = order_for(account);
  ASSERT_EQ(write(order, "New-Passw0rd-1").refusal, Refusal::none);
  EXPECT_EQ(write(order, "New-Passw0rd-2").refusal, Refusal::swap_failed);
  const auto helped = found(*directory_, fresh_user());
  root_replace(helped.dn, "userPassword", {"Helpdesk-Passw0rd-1"});
  EXPECT_EQ(write(order_for(helped), "New-Passw0rd-1").refusal, Refusal::swap_failed);
  EXPECT_EQ(bind_code(helped.dn, "Helpdesk-Passw0rd-1"), 0);
  const auto voided = found(*directory_, fresh_user());
  ASSERT_TRUE(directory_->write_marker(voided.sub, voided.pre, "wb1;01JTEST;9;V"));
  EXPECT_EQ(write(order_for(voided), "New-Passw0rd-1").refusal, Refusal::swap_failed);
  EXPECT_EQ(bind_code(voided.dn, start_), 0);
}

TEST_F(AnExtendedSwap, ExcludesTheOtherWayOfWritingToo) {
  auto settings = exop_settings();
  settings.password_write = PasswordWrite::modify;
  const auto other = open_directory(settings);
  ASSERT_TRUE(other->check().ready && directory_->check().ready);
  expect_one_of_four_writers(*other, 8);
}

// What whoever dies between its first step and its last leaves behind (open_ldap_end_to_end_test.py kills agents there).
TEST_F(AnExtendedSwap, ThatWasLeftHalfDoneIsInNobodysWayWhoProbesAnew) {
  const auto account = found(*directory_, fresh_user());
  root_replace(account.dn, "wbLastJob", {"wb1;01JDEAD;1;B"});
  EXPECT_EQ(write(order_for(account), "New-Passw0rd-1").refusal, Refusal::swap_failed);
  const auto voided = directory_->write_marker(account.sub, account.pre, "wb1;01JDEAD;2;V");
  ASSERT_TRUE(voided);
  EXPECT_EQ(voided->refusal, Refusal::swap_failed) << "nobody may say any more that nothing was done";
  EXPECT_EQ(write(order_for(found(*directory_, account.sub)), "New-Passw0rd-1").refusal, Refusal::none);
}

TEST_F(AnExtendedSwap, ThatBeganBesideAFrozenServerSendsNoPassword) {
  auto settings = exop_settings();
  settings.connect_timeout = settings.operation_timeout = std::chrono::milliseconds(400);
  const auto directory = open_directory(settings);
  const auto account = found(*directory, fresh_user());
  {
    const Frozen frozen;
    const auto answer = directory->write_password(order_for(account), secret("New-Passw0rd-1"));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, Fault::Kind::unreachable) << "the marker may still land, the password never";
  }
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (now(account).pre.mk == account.pre.mk && std::chrono::steady_clock::now() < until) {}
  EXPECT_EQ(now(account).pre.pls, account.pre.pls);
  EXPECT_EQ(bind_code(account.dn, start_), 0);
}

}  // namespace
}  // namespace wb::ldap
