// Who believes whom: rosters, statements and endorsements checked as docs/PROTOCOL.md section 3 says. Pure: takes now.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/result.hpp"
#include "crypto/jws.hpp"
#include "protocol/messages.hpp"

namespace wb::crypto {

// A roster under a known root: signature, tenant, domain, not expired, rsn >= least_rsn, 1 to 32 agents, distinct.
Result<protocol::Roster> check_roster(std::string_view jws, std::string_view dr_pin, std::string_view ten, std::string_view dom, std::int64_t least_rsn, UnixSeconds now);
// Where a chain of successions (the oldest first) leads from the root that is known: each link is signed by the root before
// it and names the next. What is not signed by the root reached so far is passed over: it lies before it, or is nothing.
std::string follow_roots(const std::vector<std::string>& chain, std::string dr_pin, std::string_view ten, std::string_view dom);
// A statement of an agent that stands in this roster, of the same rsn, not expired, kids = thumbprints.
Result<protocol::Statement> check_statement(std::string_view jws, const protocol::Roster& roster, UnixSeconds now);
struct Endorsed {
  PublicKey key;
  UnixSeconds exp = 0;
  const std::string& kid() const { return key.kid(); }
};
constexpr UnixSeconds endorsement_skew_s = 60;
// An SK endorsed by the pinned SR for this issuer, valid now (60 s of skew allowed).
Result<Endorsed> check_endorsement(std::string_view jws, std::string_view sr_pin, std::string_view iss, UnixSeconds now);

}  // namespace wb::crypto
