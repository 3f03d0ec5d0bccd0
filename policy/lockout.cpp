#include "policy/lockout.hpp"

#include <algorithm>

namespace wb::policy {

Nearness near_lockout(const protocol::PasswordPolicy& policy, const WrongPasswords& wrong, UnixSeconds now) {
  constexpr int left_for_others = 2;
  constexpr std::int64_t for_ever = 100LL * 366 * 86'400;  // nobody waits for that, and no sum overflows
  if (policy.lockout_threshold <= 0 || wrong.count < std::max(1, policy.lockout_threshold - left_for_others)) return {};
  if (policy.lockout_window_s <= 0 || policy.lockout_window_s > for_ever) return {true, std::nullopt};
  const auto over = wrong.last + policy.lockout_window_s;
  if (now >= over) return {};
  return {true, over};
}

}  // namespace wb::policy
