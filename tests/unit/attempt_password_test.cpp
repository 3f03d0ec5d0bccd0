// Changes and sign-ins, row by row: jobs that show the directory a password which may be wrong, once and never twice.
#include "tests/support/attempt_story.hpp"

namespace wb::agent {
namespace {

using ldap::SignIn;

Attempt as(Op op, Attempt a) {
  a.job.op = op;
  return a;
}
Attempt change(bool second = false, bool marker = true) { return as(Op::change, attempt(second, marker)); }
Attempt sign_in(bool second = false) { return as(Op::authenticate, attempt(second)); }

protocol::PasswordPolicy locks_after(int threshold, std::int64_t window_s = 1'800) {
  protocol::PasswordPolicy policy;
  policy.lockout_threshold = threshold, policy.lockout_window_s = window_s;
  return policy;
}
// As read for a change or a sign-in: with the policy, at the time of the probe.
Event seen(ldap::Account a, std::optional<protocol::PasswordPolicy> policy = locks_after(5), Denial denial = Denial::none) {
  return ReadDone{std::move(a), denial, std::move(policy), probed};
}
ldap::Account with(protocol::AccountState state) {
  auto a = untouched;
  a.state = state;
  return a;
}
ldap::Account mistyped(int times, UnixSeconds last = probed - 60) {
  auto a = untouched;
  a.wrong_passwords = times, a.last_wrong_password = last;
  return a;
}
Event said(SignIn verdict) { return SignedIn{verdict}; }

// ---- what is not even tried ---------------------------------------------------------------------------------
TEST(APasswordOfTheirOwn, IsNotShownToADirectoryThatWouldCountItForNothing) {
  const auto account_expired = with({.account_expired = true}), locked = with({.locked = true}), fixed = with({.cannot_change = true});
  check({
      {"denied", change(), {seen(untouched, locks_after(5), Denial::protected_account)}, "denied/protected"},
      {"denied comes first", change(), {seen(locked, locks_after(5), Denial::disabled)}, "denied/disabled"},
      {"account expired", change(), {seen(account_expired)}, "failed/account_expired"},
      {"locked", change(), {seen(locked)}, "failed/locked"},
      {"not allowed", change(), {seen(fixed)}, "failed/cannot_change"},
      {"gone", change(), {read(std::nullopt)}, "failed/not_found"},
      {"nobody knows the policy", change(), {seen(untouched, std::nullopt)}, "failed/directory_error"},
      {"sign-in, denied", sign_in(), {seen(untouched, locks_after(5), Denial::out_of_scope)}, "denied/out_of_scope"},
      {"sign-in, locked", sign_in(), {seen(locked)}, "failed/locked"},
      {"sign-in, of who may not change it", sign_in(), {seen(fixed)}, "sign in"},
      {"sign-in, account expired: the directory tells who knows the password", sign_in(), {seen(account_expired)}, "sign in"},
      {"sign-in, gone", sign_in(), {read(std::nullopt)}, "failed/not_found"},
      {"sign-in, nobody knows the policy", sign_in(), {seen(untouched, std::nullopt)}, "failed/directory_error"},
  });
}

TEST(APasswordOfTheirOwn, IsNotShownWhileALockIsNear) {
  for (const auto& a : {change(), sign_in()}) {
    const std::string tried = a.job.op == Op::change ? "read, write" : "read, sign in";
    EXPECT_EQ(story(a, {seen(mistyped(2))}), tried);
    EXPECT_EQ(story(a, {seen(mistyped(3))}), "read, denied/lockout_near");
    EXPECT_EQ(story(a, {seen(mistyped(3, probed - 1'800))}), tried) << "they count no more";
    EXPECT_EQ(story(a, {seen(mistyped(3), locks_after(0))}), tried);
  }
}

TEST(ALockThatIsNear, SaysFromWhenItIsNot) {
  AttemptMachine machine(change());
  machine.start();
  EXPECT_EQ(std::get<Say>(machine.on(seen(mistyped(4, probed - 60)))).retry_after, probed + 1'740);
  AttemptMachine for_ever(sign_in());
  for_ever.start();
  EXPECT_EQ(std::get<Say>(for_ever.on(seen(mistyped(4), locks_after(5, 0)))).retry_after, std::nullopt);
}

// ---- change -------------------------------------------------------------------------------------------------
TEST(AChange, IsTheSwapOfAReset) {
  check({
      {"done", change(), {seen(untouched), answer(Refusal::none, marked)}, "write, applied"},
      {"must change, expired", change(), {seen(with({.must_change = true, .expired = true})), answer(Refusal::none, marked)}, "write, applied"},
      {"wrong old password", change(), {seen(untouched), answer(Refusal::old_password_wrong, untouched)}, "write, rejected/old_password_wrong"},
      {"in the history", change(), {seen(untouched), answer(Refusal::in_history, untouched)}, "write, rejected/in_history"},
      {"not allowed after all", change(), {seen(untouched), answer(Refusal::cannot_change, untouched)}, "write, failed/cannot_change"},
      {"locked meanwhile", change(), {seen(untouched), answer(Refusal::locked, untouched)}, "write, failed/locked"},
      {"moved before", change(), {seen(moved)}, "superseded"},
      {"moved, and therefore wrong", change(), {seen(untouched), answer(Refusal::old_password_wrong, moved)}, "write, superseded"},
      {"swap failed", change(), {seen(untouched), answer(Refusal::swap_failed, moved)}, "write, superseded"},
      {"sealed for something else", change(), {seen(untouched), NotAPassword{{Code::invalid, "malformed", {}}}}, "write, invalid/malformed"},
      {"another DC", change(), {seen(on("dc2", untouched))}, "reprobe"},
      {"unreadable", change(), {unread(Kind::unreachable)}, "reprobe"},
      {"lost, and done", change(), {seen(untouched), lost(Kind::lost, marked)}, "write, applied"},
      {"lost, nothing to see", change(), {seen(untouched), lost(Kind::timed_out, untouched)}, "write, in_doubt"},
      {"lost, somebody else", change(), {seen(untouched), lost(Kind::lost, moved)}, "write, void 1;V"},
      {"not sent", change(), {seen(untouched), lost(Kind::unreachable)}, "write, reprobe"},
      {"too late", change(), {seen(untouched), TooLate{}}, "write, invalid/expired"},
      {"cancelled", change(), {seen(untouched), Cancelled{}}, "write, nothing"},
  });
}

TEST(ASecondChange, IsNeverSentAndSettledAsAResolveWould) {
  const auto done = answer(Refusal::none, account(7, "1000", "wb1;" + jti + ";2;V"));
  check({
      {"it was done", change(true), {read(marked)}, "applied"},
      {"it was voided", change(true), {read(voided)}, "failed/void"},
      {"nothing to see", change(true), {read(untouched), done}, "void 2;V, failed/void"},
      {"the late write came first", change(true), {read(untouched), answer(Refusal::swap_failed, marked)}, "void 2;V, applied"},
      {"the void is lost", change(true), {read(untouched), lost(Kind::lost, untouched)}, "void 2;V, in_doubt"},
      {"too late to void", change(true), {read(untouched), TooLate{}}, "void 2;V, in_doubt"},
      {"nothing to see, no marker", change(true, false), {read(untouched)}, "in_doubt"},
      {"moved under an untouched marker", change(true), {read(moved), answer(Refusal::none, moved_and_voided)}, "void 2;V, superseded"},
      {"moved, no marker", change(true, false), {read(moved)}, "unknown"},
      {"a foreign marker", change(true), {read(remarked)}, "unknown"},
      {"forbidden now", change(true), {read(untouched, Denial::protected_account)}, "unknown"},
      {"locked, near a lock: it is not sent in any case", change(true), {read(with({.locked = true})), done}, "void 2;V, failed/void"},
      {"unreadable", change(true), {unread(Kind::timed_out)}, "in_doubt"},
      {"gone", change(true), {read(std::nullopt)}, "failed/not_found"},
  });
}

TEST(AnOpenIntentOfAChange, IsLookedAtAsAResets) {
  const auto left = as(Op::change, look());
  check({{"applied", left, {read(marked)}, "applied"}, {"nothing to see so far", left, {read(untouched)}, "in_doubt"}, {"somebody else", left, {read(moved)}, "superseded"}});
}

// ---- sign-in ------------------------------------------------------------------------------------------------
TEST(ASignIn, SaysWhatTheDirectorySays) {
  const auto row = [](SignIn verdict, const char* told) { return Row{told, sign_in(), {seen(untouched), said(verdict)}, told}; };
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
  });
}

TEST(ASignIn, DependsOnTheDomainControllerAndOnNoPassword) {
  check({
      {"changed since the probe", sign_in(), {seen(moved)}, "sign in"},
      {"a foreign marker", sign_in(), {seen(foreign)}, "sign in"},
      {"another DC", sign_in(), {seen(on("dc2", untouched))}, "reprobe"},
  });
}

TEST(ASignIn, IsNeverTriedTwice) {
  check({
      {"lost", sign_in(), {seen(untouched), lost(Kind::lost)}, "sign in, unknown"},
      {"timed out", sign_in(), {seen(untouched), lost(Kind::timed_out)}, "sign in, unknown"},
      {"not sent", sign_in(), {seen(untouched), lost(Kind::unreachable)}, "sign in, reprobe"},
      {"no place", sign_in(), {seen(untouched), lost(Kind::exhausted)}, "sign in, reprobe"},
      {"an answer that says nothing", sign_in(), {seen(untouched), Unanswered{fault(Kind::refused, "ldap.sign_in"), {}}}, "sign in, failed/directory_error"},
      {"unreadable", sign_in(), {unread(Kind::unreachable)}, "reprobe"},
      {"too late", sign_in(), {seen(untouched), TooLate{}}, "sign in, invalid/expired"},
      {"cancelled", sign_in(), {seen(untouched), Cancelled{}}, "sign in, nothing"},
      {"not to be opened", sign_in(), {seen(untouched), NotAPassword{{Code::invalid, "decrypt", {}}}}, "sign in, invalid/decrypt"},
  });
  EXPECT_EQ(story(sign_in(true), {}), "unknown") << "not even read";
  EXPECT_EQ(story(as(Op::authenticate, look()), {}), "unknown") << "an open intent";
}

// ---- what a driver asks -------------------------------------------------------------------------------------
TEST(AReading, IsWholeWhereAPasswordWillBeShown) {
  EXPECT_TRUE(shows_password(change()));
  EXPECT_TRUE(shows_password(sign_in()));
  EXPECT_FALSE(shows_password(change(true)));
  EXPECT_FALSE(shows_password(as(Op::change, look())));
  EXPECT_FALSE(shows_password(attempt()));
  EXPECT_FALSE(shows_password(resolve()));
}

TEST(AnAnswer, LastsWhenNobodyElseCanMakeItUntrue) {
  EXPECT_TRUE(lasts(Op::reset, Code::applied));
  EXPECT_TRUE(lasts(Op::change, Code::applied_but));
  EXPECT_FALSE(lasts(Op::change, Code::rejected)) << "an earlier attempt may have landed since";
  for (const auto code : {Code::ok, Code::rejected, Code::failed, Code::denied}) EXPECT_TRUE(lasts(Op::authenticate, code));
  for (const auto code : {Code::unknown, Code::busy}) EXPECT_FALSE(lasts(Op::authenticate, code));
}

}  // namespace
}  // namespace wb::agent
