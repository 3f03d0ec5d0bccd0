// How near an account is to its lock: nobody may be locked out by what the cloud lets people try. Pure.
#pragma once
#include <optional>

#include "core/clock.hpp"
#include "protocol/messages.hpp"

namespace wb::policy {

struct NearLock {
  bool near = false;
  std::optional<UnixSeconds> until = {};  // it has passed by itself then; nullopt: a right password or an administrator ends it
};

// Near: one or two more wrong passwords would lock the account. Where one or two do that from the beginning, one that was
// wrong already. `wrong`: as the directory counts them; `last`: when the last one was, 0 for never.
NearLock near_lock(const protocol::PasswordPolicy& policy, int wrong, UnixSeconds last, UnixSeconds now);

}  // namespace wb::policy
