// A helpdesk lifts what the limits hold against an account.
#pragma once
#include "service/limits.hpp"
#include "service/store.hpp"

namespace wb::service {

// The label of crypto::Vault::derived() for the keys of service/limits: the same for whoever opens the store.
constexpr std::string_view limits_key_label = "limits", captcha_key_label = "captcha", device_key_label = "device";
// An account as service/limits counts it. `sub`: its objectGUID, or of a name that nobody has the name.
std::string limits_account(std::string_view domain, std::string_view sub);

// Every counter of the account is forgotten, and that is audited, in one transaction. How many there were; it is audited also when
// there was none.
Result<std::int64_t> unblock(Store& store, Limits& limits, const std::string& domain, const std::string& sub, const Actor& actor, std::int64_t now_ms);

}  // namespace wb::service
