#include "policy/lockout.hpp"

#include <gtest/gtest.h>

namespace wb::policy {
namespace {

constexpr UnixSeconds now = 1'800'000'000;
protocol::PasswordPolicy locks_after(int threshold, std::int64_t window_s = 600) {
  protocol::PasswordPolicy policy;
  policy.lockout_threshold = threshold, policy.lockout_window_s = window_s;
  return policy;
}
bool near(int threshold, int wrong, UnixSeconds last = now - 10) { return near_lock(locks_after(threshold), wrong, last, now).near; }

TEST(AnAccount, IsNearItsLockTwoWrongPasswordsBefore) {
  EXPECT_FALSE(near(5, 2));
  EXPECT_TRUE(near(5, 3));
  EXPECT_TRUE(near(5, 4));
  EXPECT_FALSE(near(3, 0));
  EXPECT_TRUE(near(3, 1));
}

TEST(AnAccount, ThatOneOrTwoWrongPasswordsLockIsNearAfterTheFirst) {
  for (const int threshold : {1, 2}) {
    EXPECT_FALSE(near(threshold, 0)) << threshold;
    EXPECT_TRUE(near(threshold, 1)) << threshold;
  }
}

TEST(AnAccount, IsNeverNearWhereNothingLocks) { EXPECT_FALSE(near(0, 1'000)); }

TEST(WrongPasswords, AreForgottenWhenTheirTimeIsOver) {
  EXPECT_TRUE(near(5, 4, now - 599));
  EXPECT_FALSE(near(5, 4, now - 600));
  EXPECT_EQ(near_lock(locks_after(5), 4, now - 10, now).until, now + 590);
  const auto for_ever = near_lock(locks_after(5, 0), 4, now - 1'000'000, now);
  EXPECT_TRUE(for_ever.near);
  EXPECT_FALSE(for_ever.until);
}

}  // namespace
}  // namespace wb::policy
