// An Active Directory entry as our Account and PasswordPolicy. Pure.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "ldap/connection.hpp"
#include "ldap/directory.hpp"
#include "ldap/settings.hpp"

namespace wb::ldap {

// How much to ask for. The constructed attributes cost a DC more than all others together (Samba: 0.2 ms the plain
// ones, +0.33 msDS-User-Account-Control-Computed, +0.28 msDS-ResultantPSO, +0.22 tokenGroups), so a write asks for few.
enum class Detail {
  probe,  // all
  guard,  // before a write: what the guardrails and the swap need
  after,  // behind a write: its state and the swap's values
};
std::vector<std::string> account_attributes(Detail detail, const Settings& settings);
constexpr std::uint32_t uf_lockout = 0x0000'0010;  // in the computed flags (MS-ADTS 2.2.16)
constexpr std::string_view computed_control = "msDS-User-Account-Control-Computed";

// `dc` is the host the entry was read from. Fault malformed: not an account as AD shows one. Fault refused: the
// service account may not see what the guardrails need (tokenGroups), or there is too much of it to judge.
// `marker_attid` names the marker attribute in the replication metadata; nullopt: not known, and neither is marker_changed.
// Without the computed flags, `locked` means that lockoutTime is set: the lock may have run out, ask for the flags then.
Result<Account> account_from(const Entry& entry, Detail detail, const Settings& settings, const std::string& dc,
    UnixSeconds now, std::optional<std::uint32_t> marker_attid = std::nullopt);

// 0 where the attribute is missing, negative or no number.
std::int64_t whole_number(const Entry& entry, std::string_view name);

// The values of those attributes that are there, at most 16 each.
std::map<std::string, std::vector<std::string>> contacts_of(const Entry& entry, const std::vector<std::string>& wanted);

std::vector<std::string> policy_attributes(bool pso);
// Of the domain's head, or of a PSO (MS-ADTS 3.1.1.1.9.. msDS-PasswordSettings). nullopt: unreadable.
std::optional<protocol::PasswordPolicy> policy_from(const Entry& entry, bool pso);

}  // namespace wb::ldap
