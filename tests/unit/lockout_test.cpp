#include "policy/lockout.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace wb::policy {
namespace {

constexpr UnixSeconds noon = 1'800'000'000;

protocol::PasswordPolicy locks_after(int threshold, std::int64_t window_s = 1'800) {
  protocol::PasswordPolicy policy;
  policy.lockout_threshold = threshold;
  policy.lockout_window_s = window_s;
  return policy;
}
bool near(int threshold, int count) { return near_lockout(locks_after(threshold), {count, noon - 1}, noon).near; }

TEST(ALockout, IsNearWhenTwoMoreWrongPasswordsWouldLock) {
  EXPECT_FALSE(near(5, 0));
  EXPECT_FALSE(near(5, 2));
  EXPECT_TRUE(near(5, 3));
  EXPECT_TRUE(near(5, 4));
  EXPECT_TRUE(near(5, 50));
  EXPECT_FALSE(near(4, 1));
  EXPECT_TRUE(near(4, 2));
}

TEST(ALockout, ThatComesEarlyLetsThroughOnlyWhoHasNothingAgainstThem) {
  for (const int threshold : {1, 2, 3}) {
    EXPECT_FALSE(near(threshold, 0)) << threshold;
    EXPECT_TRUE(near(threshold, 1)) << threshold;
  }
}

TEST(ALockout, IsNeverNearWhereNothingLocks) {
  EXPECT_FALSE(near(0, 1'000));
  EXPECT_FALSE(near(-1, 1'000));
}

TEST(WrongPasswordsOfAWindowThatIsOver, CountNoMore) {
  const auto policy = locks_after(5);
  EXPECT_EQ(near_lockout(policy, {4, noon - 1'799}, noon).retry_after, noon + 1);
  EXPECT_TRUE(near_lockout(policy, {4, noon - 1'799}, noon).near);
  EXPECT_FALSE(near_lockout(policy, {4, noon - 1'800}, noon).near);
  EXPECT_FALSE(near_lockout(policy, {4, 0}, noon).near) << "no time of any is known: none was ever counted here";
}

TEST(WrongPasswordsWithoutAWindow, CountUntilARightOneComes) {
  const auto nearness = near_lockout(locks_after(5, 0), {3, noon - 10'000'000}, noon);
  EXPECT_TRUE(nearness.near);
  EXPECT_EQ(nearness.retry_after, std::nullopt);
}

TEST(WrongPasswordsOfTheFuture, CountFromThen) {
  EXPECT_EQ(near_lockout(locks_after(5), {3, noon + 60}, noon).retry_after, noon + 1'860) << "the directory's clock is not ours";
}

TEST(ALockoutWindow, MayBeAbsurdlyLong) {
  const auto ever = std::numeric_limits<std::int64_t>::max();
  const auto nearness = near_lockout(locks_after(5, ever), {4, noon}, noon);
  EXPECT_TRUE(nearness.near);
  EXPECT_EQ(nearness.retry_after, std::nullopt);
}

}  // namespace
}  // namespace wb::policy
