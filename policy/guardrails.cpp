#include "policy/guardrails.hpp"

#include <algorithm>
#include <array>

#include "policy/dn.hpp"

namespace wb::policy {
namespace {

// Accounts and groups that AD itself holds to be privileged: MS-DTYP section 2.4.2.4 and "Appendix C: Protected
// Accounts and Groups in Active Directory". RIDs belong to a domain (S-1-5-21-x-y-z-RID), whichever domain it is.
struct WellKnown {
  std::string_view tail, name;
};
constexpr std::array<WellKnown, 2> accounts = {{{"500", "Administrator"}, {"502", "krbtgt"}}};
constexpr std::array<WellKnown, 9> domain_groups = {{{"498", "Enterprise Read-only Domain Controllers"}, {"512", "Domain Admins"}, {"516", "Domain Controllers"},
    {"518", "Schema Admins"}, {"519", "Enterprise Admins"}, {"520", "Group Policy Creator Owners"},
    {"521", "Read-only Domain Controllers"}, {"526", "Key Admins"}, {"527", "Enterprise Key Admins"}}};
constexpr std::array<WellKnown, 6> builtin_groups = {{{"544", "Administrators"}, {"548", "Account Operators"}, {"549", "Server Operators"}, {"550", "Print Operators"},
    {"551", "Backup Operators"}, {"552", "Replicator"}}};

std::string folded(std::string_view sid) {
  std::string out(sid);
  for (auto& c : out) c = c == 's' ? 'S' : c;
  return out;
}

template <std::size_t N> std::string_view name_in(const std::array<WellKnown, N>& table, std::string_view tail) {
  for (const auto& row : table)
    if (row.tail == tail) return row.name;
  return {};
}

std::string_view rid_in_domain(std::string_view sid) {
  if (!sid.starts_with("S-1-5-21-")) return {};
  return sid.substr(sid.rfind('-') + 1);
}

std::string_view privileged_group(std::string_view sid) {
  constexpr std::string_view builtin = "S-1-5-32-";
  if (sid.starts_with(builtin)) return name_in(builtin_groups, sid.substr(builtin.size()));
  return name_in(domain_groups, rid_in_domain(sid));
}

// Why the account is out of scope; empty: it is in scope.
std::string scope_problem(const Guardrails& rules, const Subject& subject) {
  const auto dn = parse_dn(subject.dn);
  if (!dn || dn->empty()) return "the account's DN can't be read";
  for (const auto& ou : rules.deny_ous) {
    const auto base = parse_dn(ou);
    if (!base || base->empty()) return "deny_ous holds something that is no DN: " + ou;
    if (is_below(*dn, *base)) return "below deny_ous: " + ou;
  }
  for (const auto& ou : rules.allow_ous) {
    const auto base = parse_dn(ou);
    if (base && is_below(*dn, *base)) return {};
  }
  return "below none of allow_ous";
}

std::string admin_problem(const Subject& subject) {
  if (subject.admin_count) return "adminCount=1";
  const auto sid = folded(subject.sid);
  if (!is_sid(sid)) return "the account's SID was not read";
  if (const auto name = name_in(accounts, rid_in_domain(sid)); !name.empty()) return "the account is " + std::string(name);
  if (subject.group_sids.empty()) return "the account's group SIDs were not read";
  for (const auto& group : subject.group_sids) {
    if (!is_sid(group)) return "a group SID of the account can't be read";
    if (const auto name = privileged_group(folded(group)); !name.empty()) return "member of " + std::string(name);
  }
  return {};
}

std::string group_problem(const Guardrails& rules, const Subject& subject) {
  for (const auto& group : rules.protected_groups) {
    if (is_sid(group)) {
      const auto is_it = [wanted = folded(group)](const std::string& sid) { return folded(sid) == wanted; };
      if (std::any_of(subject.group_sids.begin(), subject.group_sids.end(), is_it)) return "member of protected_groups: " + group;
      continue;
    }
    const auto wanted = parse_dn(group);
    if (!wanted || wanted->empty()) return "protected_groups holds something that is no DN and no SID: " + group;
    for (const auto& dn : subject.group_dns)
      if (const auto found = parse_dn(dn); !found || *found == *wanted) return "member of protected_groups: " + group;
  }
  return {};
}

}  // namespace

Decision decide(const Guardrails& rules, const Subject& subject) {
  // Scope first: of an account that is out of scope the cloud learns nothing, not even that it is privileged.
  if (auto why = scope_problem(rules, subject); !why.empty()) return {Denial::out_of_scope, std::move(why)};
  if (rules.protect_admins)
    if (auto why = admin_problem(subject); !why.empty()) return {Denial::protected_account, std::move(why)};
  if (auto why = group_problem(rules, subject); !why.empty()) return {Denial::protected_account, std::move(why)};
  return {};
}

bool is_below(std::string_view dn, std::string_view base) {
  const auto lower = parse_dn(dn), upper = parse_dn(base);
  return lower && upper && is_below(*lower, *upper);
}

}  // namespace wb::policy
