// An OpenLDAP entry as our Account, and the conditions our writes make. Pure.
//
// pre.pls is pwdChangedTime, as a FILETIME in decimal so that the wire has one shape for both dialects; "0": the
// password was never changed under slapo-ppolicy (an imported entry), and then the write depends on the attribute's
// absence. Why this and nothing else:
// - entryCSN moves with every change of the entry, also with each wrong sign-in (the overlay notes pwdFailureTime):
//   whoever knows a name could make every reset of it end as "superseded".
// - The hash in userPassword moves with the password alone, but the agent would have to read everybody's hashes, and
//   to hand them to the cloud inside `pre`.
// - modifyTimestamp has both faults: whole seconds, and it moves with everything.
// pwdChangedTime moves with the password alone, is written by nobody but the overlay, and is visible to anybody who may
// read the entry. It has whole seconds: two changes in one second look alike. So a probe never takes its pre-image from
// a second that may not be over yet (OpenLdap::find). What is changed after that bears a later second.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/result.hpp"
#include "ldap/connection.hpp"
#include "ldap/directory.hpp"
#include "ldap/password_policy.hpp"
#include "ldap/settings.hpp"

namespace wb::ldap {

// A generalized time (RFC 4517 section 3.3.13) in UTC with at least minutes, as slapd writes them <-> FILETIME.
std::optional<std::int64_t> filetime_from_generalized(std::string_view text);
std::string generalized_from_filetime(std::int64_t filetime);

std::vector<std::string> person_attributes(const Settings& settings);

// pwdAccountLockedTime: 000001010000Z: an administrator has locked the account until he unlocks it. The overlay deletes
// that lock, too, whenever a password is reset.
bool locked_for_good(const Entry& entry);

// What every server calls the same: names, groups, contacts, the marker; pls "0".
Account named_account(const Entry& entry, const Settings& settings, const std::string& dc);

// Without `rules` (they may be unreadable) a lock counts as lasting, and nothing as expired. marker_changed is
// modifyTimestamp: no server tells when a single attribute was written, but it was not later than that.
// Fault malformed: no entryUUID, or times that are none. The groups are not filled in.
Result<Account> person_from(const Entry& entry, const std::optional<PolicyRules>& rules, const Settings& settings,
    const std::string& dc, UnixSeconds now);

// Filters (RFC 4515) for the assertion control. Each names the entry by its entryUUID: a DN may belong to somebody else
// by the time the write arrives.
struct Condition {
  std::string sub;
  bool password = false;             // pwdChangedTime is as in `pre`
  bool marker = false;               // the marker is as in `pre`
  bool not_locked_for_good = false;  // no administrator's lock
};
std::string condition_filter(const Condition& condition, const protocol::Pre& pre, const std::string& marker_attribute);

// slapd takes "{SSHA}..." for a hash that somebody made elsewhere and stores it as it is: such a password would be
// another one than was typed. Which schemes a server knows can't be asked, so none of this form is sent.
bool looks_like_a_hash(std::string_view password);

}  // namespace wb::ldap
