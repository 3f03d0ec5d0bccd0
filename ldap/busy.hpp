// A server that answers, but has no time or is going down: LDAP busy (51) and unavailable (52), RFC 4511 appendix A.2. It is told from one
// that does not answer, and treated as that: the next controller is asked.
#pragma once
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace wb::ldap {

constexpr std::string_view busy_words = " is busy or going down";

constexpr bool says_busy(int code) { return code == 51 || code == 52; }
// Fault unreachable. `who`: "the DC", with what the operator is told before it.
inline Fault busy_fault(std::string where, const std::string& who) { return fault(Fault::Kind::unreachable, std::move(where), who + std::string(busy_words)); }
inline bool is_busy(const Fault& fault) { return fault.kind == Fault::Kind::unreachable && fault.detail.find(busy_words) != std::string::npos; }

}  // namespace wb::ldap
