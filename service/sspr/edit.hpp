// Settings as an operator types them: scope=all methods=app_code,email groups+=CN=Staff,OU=Groups,DC=corp,DC=example. Pure.
#pragma once
#include <string>
#include <vector>

#include "core/result.hpp"
#include "service/sspr/settings.hpp"

namespace wb::service::sspr {

// Each word is MEMBER=VALUE, or MEMBER+=ITEM and MEMBER-=ITEM for lists (adding what is there and taking away what is not are
// mistakes). VALUE is JSON, or what stands for it: a text without quotes; for methods, own_mail_domains and
// contact_attributes a list with commas; for the other lists, whose items hold commas, one item; nothing for an empty list.
// Fault malformed "settings.set", detail naming the member and what was expected.
Result<Settings> edited(const Settings& settings, const std::vector<std::string>& words);

}  // namespace wb::service::sspr
