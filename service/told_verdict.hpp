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

// A refusal's text, and from when on it makes sense again: "... Try again after 09:14 UTC on 22 November.", rounded up to the minute.
std::string told_from(const Catalogue& catalogue, std::string_view language, std::string text, UnixSeconds at);
// "09:14 UTC on 22 November": a mail's {time}, at which something has happened, rounded down.
std::string told_happened(const Catalogue& catalogue, std::string_view language, UnixSeconds at);

}  // namespace wb::service
