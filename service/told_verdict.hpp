// What policy/verdict_text says, in the person's language: the same sentences from the message catalogue. Pure.
#pragma once
#include <string>
#include <string_view>

#include "core/clock.hpp"
#include "policy/verdict_text.hpp"
#include "service/catalogue.hpp"

namespace wb::service {

// In English exactly policy::verdict_text(code, reason, details) (tests/unit/told_verdict_test.cpp).
std::string told_verdict(const Catalogue& catalogue, std::string_view language, protocol::Code code, std::string_view reason, const policy::Details& details = {});

// "09:14 UTC on 22 November": a refusal's {time}, from which on something is possible, is rounded up to the minute; a mail's, at which something
// has happened, down.
std::string told_not_before(const Catalogue& catalogue, std::string_view language, UnixSeconds at);
std::string told_happened(const Catalogue& catalogue, std::string_view language, UnixSeconds at);

}  // namespace wb::service
