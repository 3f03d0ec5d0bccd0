// What a name that nobody has is shown instead of an account: of a name always the same, and nothing that a real one could not be. Pure.
#pragma once
#include <string>
#include <string_view>

#include "core/clock.hpp"
#include "core/secret.hpp"
#include "protocol/messages.hpp"

namespace wb::service::sspr {

// `name`: the Spelling's key (sspr/spelling), the same for all spellings of it.
// A random objectGUID's text (RFC 9562, version 4).
std::string decoy_sub(const Secret& key, std::string_view domain, std::string_view name);
// As of somebody whose password is at most 90 days old, and was perhaps set by us before.
protocol::Pre decoy_pre(const Secret& key, std::string_view domain, std::string_view name, std::string dc, UnixSeconds now);

}  // namespace wb::service::sspr
