// The two operations that present a password of the account's: a change and a sign-in. Nobody is locked out by them.
#include <gtest/gtest.h>

#include "tests/support/attempt_story.hpp"

namespace wb::agent {
namespace {
using namespace test;
using ldap::SignIn;

constexpr UnixSeconds now = probed + 5;

Attempt changing(bool second = false, bool marker = true) {
  auto a = attempt(second, marker);
  a.job.op = Op::change;
  return a;
}
Attempt signing_in(bool second = false) {
  auto a = attempt(second);
  a.job.op = Op::authenticate;
  return a;
}
protocol::PasswordPolicy locks_after(int threshold) {
  protocol::PasswordPolicy policy;
  policy.lockout_threshold = threshold, policy.lockout_window_s = 600;
  return policy;
}
Event read_with(ldap::Account a, int threshold = 5, Denial denial = Denial::none) { return ReadDone{std::move(a), denial, locks_after(threshold), now}; }
ldap::Account in_state(void (*change)(ldap::Account&)) {
  auto a = untouched;
  change(a);
  return a;
}
const auto locked = in_state([](auto& a) { a.state.locked = true; });
const auto expired = in_state([](auto& a) { a.state.account_expired = true; });
const auto forbidden = in_state([](auto& a) { a.state.cannot_change = true; });
const auto often_wrong = in_state([](auto& a) { a.wrong_passwords = 3, a.last_wrong_password = now - 60; });
Event tried(SignIn sign_in) { return SignedIn{sign_in}; }

TEST(AChange, IsWrittenByAFirstAttempt) {
  check({
      {"untouched", changing(), {read_with(untouched), answer(Refusal::none, marked)}, "write, applied"},
      {"the old one is wrong", changing(), {read_with(untouched), answer(Refusal::old_password_wrong, untouched)}, "write, rejected/old_password_wrong"},
      {"not allowed to", changing(), {read_with(untouched), answer(Refusal::cannot_change, untouched)}, "write, failed/cannot_change"},
      {"somebody was faster", changing(), {read_with(moved)}, "superseded"},
      {"the answer was lost, and it was done", changing(), {read_with(untouched), lost(Kind::lost, marked)}, "write, applied"},
      {"the answer was lost", changing(), {read_with(untouched), lost(Kind::timed_out)}, "write, in_doubt"},
      {"protected", changing(), {read_with(untouched, 5, Denial::protected_account)}, "denied/protected"},
  });
}

TEST(AChange, PresentsNoPasswordWhereItCanOnlyFailOrMayLock) {
  check({
      {"locked", changing(), {read_with(locked)}, "failed/locked"},
      {"the account has expired", changing(), {read_with(expired)}, "failed/account_expired"},
      {"it may not change its password", changing(), {read_with(forbidden)}, "failed/cannot_change"},
      {"two more would lock it", changing(), {read_with(often_wrong)}, "denied/lockout_near"},
      {"ten are allowed", changing(), {read_with(often_wrong, 10)}, "write"},
      {"the limit is not readable", changing(), {read(untouched)}, "failed/no_rights"},
  });
}

TEST(AChangeThatIsNearTheLock, SaysFromWhenItMayBeTriedAgain) {
  AttemptMachine machine(changing());
  const auto action = machine.on(read_with(often_wrong));
  EXPECT_EQ(std::get<Say>(action).retry_after, now - 60 + 600);
}

TEST(ASecondAttemptAtAChange, SettlesItAndNeverSendsItAgain) {
  check({
      {"nothing was done", changing(true), {read_with(untouched), answer(Refusal::none, voided)}, "void 2;V, failed/void"},
      {"it was done", changing(true), {read_with(marked)}, "applied"},
      {"it was voided", changing(true), {read_with(voided)}, "failed/void"},
      {"somebody else changed it", changing(true), {read_with(moved), answer(Refusal::none, moved_and_voided)}, "void 2;V, superseded"},
      {"nothing to see, and no marker", changing(true, false), {read_with(untouched)}, "in_doubt"},
      {"moved, and no marker", changing(true, false), {read_with(moved)}, "unknown"},
      {"near the lock, which does not matter", changing(true), {read_with(often_wrong)}, "void 2;V"},
  });
}

TEST(ASignIn, IsTriedOnceAndTold) {
  const auto row = [](SignIn sign_in, const char* told) { return Row{told, signing_in(), {read_with(untouched), tried(sign_in)}, told}; };
  check({
      row(SignIn::accepted, "sign in, ok"),
      row(SignIn::wrong_password, "sign in, rejected/old_password_wrong"),
      row(SignIn::locked, "sign in, failed/locked"),
      row(SignIn::must_change, "sign in, failed/must_change"),
      row(SignIn::password_expired, "sign in, failed/password_expired"),
      row(SignIn::account_expired, "sign in, failed/account_expired"),
      row(SignIn::disabled, "sign in, failed/disabled"),
      row(SignIn::logon_hours, "sign in, failed/logon_hours"),
      row(SignIn::workstation, "sign in, failed/workstation"),
      {"the password moved since the probe", signing_in(), {read_with(moved)}, "sign in"},
  });
}

TEST(ASignIn, IsNotTriedWhereItCanOnlyFailOrMayLock) {
  check({
      {"locked", signing_in(), {read_with(locked)}, "failed/locked"},
      {"two more would lock it", signing_in(), {read_with(often_wrong)}, "denied/lockout_near"},
      {"protected", signing_in(), {read_with(untouched, 5, Denial::protected_account)}, "denied/protected"},
      {"nobody", signing_in(), {read(std::nullopt)}, "failed/not_found"},
      {"on another DC, which counts for itself", signing_in(), {read_with(on("dc2", untouched))}, "reprobe"},
      {"cannot change its password, and may sign in", signing_in(), {read_with(forbidden)}, "sign in"},
  });
}

TEST(ASignIn, IsNeverTriedAgain) {
  EXPECT_EQ(name(AttemptMachine(signing_in(true)).start()), "unknown") << "an earlier attempt may have been counted";
  auto left_open = signing_in();
  left_open.work = Work::look;
  EXPECT_EQ(name(AttemptMachine(left_open).start()), "unknown");
  check({
      {"no answer", signing_in(), {read_with(untouched), lost(Kind::timed_out)}, "sign in, unknown"},
      {"the link broke", signing_in(), {read_with(untouched), lost(Kind::lost)}, "sign in, unknown"},
      {"nothing was sent", signing_in(), {read_with(untouched), lost(Kind::unreachable)}, "sign in, reprobe"},
      {"cancelled before", signing_in(), {read_with(untouched), Cancelled{}}, "sign in, nothing"},
      {"too late", signing_in(), {read_with(untouched), TooLate{}}, "sign in, invalid/expired"},
      {"it does not open", signing_in(), {read_with(untouched), NotAPassword{{Code::invalid, "decrypt", {}}}}, "sign in, invalid/decrypt"},
  });
}

}  // namespace
}  // namespace wb::agent
