#include "policy/lockout.hpp"

#include <algorithm>

namespace wb::policy {

NearLock near_lock(const protocol::PasswordPolicy& policy, int wrong, UnixSeconds last, UnixSeconds now) {
  constexpr int spare = 2;
  if (policy.lockout_threshold <= 0) return {};
  // AD and slapo-ppolicy leave the number as it is and forget it with the next attempt (MS-SAMR 3.1.1.8.5).
  const bool forgotten = policy.lockout_window_s > 0 && now >= last + policy.lockout_window_s;
  if (forgotten || wrong < std::max(1, policy.lockout_threshold - spare)) return {};
  return {true, policy.lockout_window_s > 0 ? std::optional(last + policy.lockout_window_s) : std::nullopt};
}

}  // namespace wb::policy
