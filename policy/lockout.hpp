// How near an account is to being locked by wrong passwords. A person who changes their password or proves that they know
// it may mistype; an agent that passes wrong passwords on must not be the one that locks the account, or whoever can ask it
// can lock anybody. So it stops while two more wrong ones are still allowed: one for the person at their own desk, and one
// for another agent that was asked at the same moment. Pure.
//
// Below a threshold of 4 there is no room for that: with 1 or 2 no count is safe, and with 1 the first wrong password locks
// whatever we do. There, and with 3, an account is let through only while nothing counts against it.
#pragma once
#include <optional>

#include "core/clock.hpp"
#include "protocol/messages.hpp"

namespace wb::policy {

struct WrongPasswords {
  int count = 0;         // as the directory keeps it; may be of a window that is over
  UnixSeconds last = 0;  // 0: never
};

struct Nearness {
  bool near = false;                            // nothing may be tried now
  std::optional<UnixSeconds> retry_after = {};  // from when they no longer count; nullopt: when a right one has come
};

// The policy's lockout_threshold (0: nothing locks) and lockout_window_s (0: they count until a right one) decide.
Nearness near_lockout(const protocol::PasswordPolicy& policy, const WrongPasswords& wrong, UnixSeconds now);

}  // namespace wb::policy
