// Temporary access passes: what a helpdesk that has made sure who somebody is gives them, to be typed once instead of a method.
//
// Twelve characters of Crockford's base 32 (60 random bits; no letter that could be taken for a digit), shown in fours. Only an
// HMAC-SHA256 under a key of the server's is kept, for this person: a copy of the database alone lets nobody try.
#pragma once
#include <string>
#include <string_view>

#include "core/clock.hpp"
#include "core/secret.hpp"
#include "protocol/json.hpp"
#include "service/notify/notices.hpp"

namespace wb::service {

struct NewPass {
  Secret text;      // "8QF3-0ZKM-V2TC", to be told, and forgotten
  std::string mac;  // 32 bytes: what is kept
};
NewPass new_pass(const Secret& server_key, std::string_view domain, std::string_view sub);
// Of what somebody typed: capitals or not, with or without hyphens and blanks, O for 0, I and L for 1. What is no pass has a MAC too,
// which nothing else has.
std::string pass_mac(const Secret& server_key, std::string_view domain, std::string_view sub, const Secret& typed);

// {"pass": "8QF3-0ZKM-V2TC", "expires"}: shown once.
protocol::json::object pass_offer(const Secret& text, UnixSeconds expires);

// The mail with a link that holds the pass, in its fragment: browsers send that to nobody. `page`: https://reset.example; `root`: thumbprint of the
// domain's root, so that a browser that has none yet can seal; empty: there is none.
struct LinkLetter {
  std::string_view page, root, account, organisation, helpdesk, minutes;
};
Letter link_letter(const Wording& wording, const Secret& text, const LinkLetter& about);

}  // namespace wb::service
