// Temporary access passes at rest: a ticket of Purpose::pass, of which a person has one at most. Given by a helpdesk, typed in a reset
// (sspr/gates), spent by whoever is first. Never for administrators, and where the organisation has `pass` among its methods.
//
// A pass that was told on the phone proves as a method of its own; one that came as a link in a mail proves the mailbox, like a code:
// else whoever reads one mailbox had two methods.
#pragma once
#include <optional>
#include <string_view>
#include <vector>

#include "service/audit_entry.hpp"
#include "service/sspr/self_service.hpp"

namespace wb::service::sspr {

constexpr int pass_minutes_least = 10, pass_minutes_most = 24 * 60, pass_minutes_otherwise = 60;

struct IssuedPass {
  Secret text;
  UnixSeconds expires = 0;
};
// In place of an earlier one. The audit's row `account.temporary_pass_issued` is written with it. nullopt: there are too many tickets.
Result<std::optional<IssuedPass>> issue_pass(SelfService& self, const Person& person, int minutes, bool mailed, const Actor& actor, std::string_view address);

// Whether there is one that is typed instead of a method.
Result<bool> has_pass(Tickets& tickets, std::string_view domain, std::string_view sub, UnixSeconds now);
Method proven_by(const Ticket& pass);

}  // namespace wb::service::sspr
