// What the audit says of a person's way through a reset: Entra's activities and status reasons (docs/OPERATIONS.md, "Audit").
// Pure.
#pragma once
#include "service/audit.hpp"
#include "service/sspr/sessions.hpp"

namespace wb::service::sspr {

// An entry about this session: who, whose, from where, and the correlation id.
AuditEntry entry_of(const KeptSession& session, Activity activity, bool success, StatusReason reason);
StatusReason started(Method method);
StatusReason completed(Method method);
StatusReason blocked(Method method);
// Why a session that is over has not led to a new password; none where it is not told apart. `before`: as it stood when it ended,
// as its end forgets how far it had come.
StatusReason reason_of(const Session& flow, const Session& before);
// Of a session whose time has run out without an end.
StatusReason abandoned(const Session& flow);
StatusReason contacted(const Session& flow);  // an administrator was asked for help

}  // namespace wb::service::sspr
