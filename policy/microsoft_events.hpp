// The event numbers of Microsoft's password writeback (source PasswordResetService, learn.microsoft.com "Troubleshoot
// self-service password reset writeback"), where one of them means the same: for those who have rules on them. Pure.
#pragma once
#include <string_view>

#include "protocol/messages.hpp"

namespace wb::policy {

// 0: none of theirs fits. docs/REFUSALS.md has them in its table.
int microsoft_event(protocol::Op op, protocol::Code code, std::string_view reason);

}  // namespace wb::policy
