#include "policy/guardrails.hpp"

#include <algorithm>
#include <array>

#include "core/ids.hpp"
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

std::string canonical_sid(std::string_view sid) {
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

// MS-ADTS section 2.2.16 and MS-SAMR section 2.2.1.9.
namespace uac {
constexpr std::uint32_t disabled = 0x2, temp_duplicate = 0x100, normal = 0x200, trust = 0x800, workstation = 0x1000, server = 0x2000, rodc = 0x400'0000;
}
constexpr std::uint32_t normal_user = 0x3000'0000;

std::string kind_problem(const Subject& subject) {
  if (const auto bits = subject.user_account_control) {
    if (*bits & (uac::server | uac::rodc)) return "the account of a domain controller";
    if (*bits & uac::workstation) return "the account of a computer";
    if (*bits & uac::trust) return "the account of a trust";
    if (*bits & uac::temp_duplicate || !(*bits & uac::normal)) return "not the account of a person (userAccountControl)";
  }
  if (subject.sam_account_type && *subject.sam_account_type != normal_user) return "not the account of a person (sAMAccountType)";
  return {};
}

// What nothing allows.
std::string never_problem(const Guardrails& rules, const Subject& subject) {
  const auto sam = lowered(subject.sam);
  if (sam == "krbtgt" || sam.starts_with("krbtgt_") || rid_in_domain(canonical_sid(subject.sid)) == "502") return "the account is krbtgt";
  if (auto why = kind_problem(subject); !why.empty()) return why;
  if (rules.own_account.empty()) return {};
  constexpr const char* own = "the agent's own account";
  const auto name = lowered(rules.own_account);
  const auto at = name.rfind('@');
  if (!name.empty() && name == lowered(subject.upn)) return own;
  if (at != std::string::npos && !sam.empty() && name.substr(0, at) == sam && (rules.domain.empty() || name.substr(at + 1) == lowered(rules.domain))) return own;
  const auto mine = parse_dn(rules.own_account), dn = parse_dn(subject.dn);
  if (mine && dn && !mine->empty() && *mine == *dn) return own;
  return {};
}

bool names_account(const std::string& rule, const Subject& subject) {
  if (is_sid(rule)) return !subject.sid.empty() && canonical_sid(rule) == canonical_sid(subject.sid);
  const auto wanted = parse_dn(rule), dn = parse_dn(subject.dn);
  return wanted && dn && !wanted->empty() && *wanted == *dn;
}

std::string admin_problem(const Subject& subject) {
  if (subject.admin_count) return "adminCount=1";
  const auto sid = canonical_sid(subject.sid);
  if (!is_sid(sid)) return "the account's SID was not read";
  if (const auto name = name_in(accounts, rid_in_domain(sid)); !name.empty()) return "the account is " + std::string(name);
  if (subject.group_sids.empty()) return "the account's group SIDs were not read";
  for (const auto& group : subject.group_sids) {
    if (!is_sid(group)) return "a group SID of the account can't be read";
    if (const auto name = privileged_group(canonical_sid(group)); !name.empty()) return "member of " + std::string(name);
  }
  return {};
}

enum class Member { no,
  yes,
  unreadable,  // the rule is neither a DN nor a SID
  unknown };   // in AD, a DN whose group the directory did not show: nested members can't be told

// Active Directory and nothing else has any of these.
bool has_sids(const Subject& subject) {
  return !subject.sid.empty() || !subject.group_sids.empty() || subject.user_account_control || subject.sam_account_type;
}

Member member_of(const Guardrails& rules, const Subject& subject, const std::string& group) {
  const auto holds = [&subject](std::string_view sid) {
    const auto is_it = [wanted = canonical_sid(sid)](const std::string& s) { return canonical_sid(s) == wanted; };
    return std::any_of(subject.group_sids.begin(), subject.group_sids.end(), is_it);
  };
  if (is_sid(group)) return holds(group) ? Member::yes : Member::no;
  const auto wanted = parse_dn(group);
  if (!wanted || wanted->empty()) return Member::unreadable;
  const auto is_it = [&wanted](const std::string& dn) { return parse_dn(dn) == *wanted; };
  if (std::any_of(subject.group_dns.begin(), subject.group_dns.end(), is_it)) return Member::yes;
  if (!has_sids(subject)) return Member::no;  // group_dns has the nested ones, too
  const auto known = rules.group_sids.find(group);
  if (known == rules.group_sids.end()) return Member::unknown;
  return holds(known->second) ? Member::yes : Member::no;
}

std::string group_problem(const Guardrails& rules, const Subject& subject) {
  const auto readable = [](const std::string& dn) { return parse_dn(dn).has_value(); };
  if (!rules.protected_groups.empty() && has_sids(subject) && subject.group_sids.empty()) return "the account's group SIDs were not read";
  for (const auto& group : rules.protected_groups) {
    const auto member = member_of(rules, subject, group);
    if (member == Member::unreadable) return "protected_groups holds something that is no DN and no SID: " + group;
    if (member == Member::yes) return "member of protected_groups: " + group;
    if (member == Member::unknown) return "a group of protected_groups was not found, so whom it protects is not known: " + group;
    if (!is_sid(group) && !std::all_of(subject.group_dns.begin(), subject.group_dns.end(), readable)) return "a group of the account can't be read: " + group;
  }
  return {};
}

std::string membership_problem(const Guardrails& rules, const Subject& subject) {
  if (rules.allow_groups.empty()) return {};
  const auto is_member = [&](const std::string& group) { return member_of(rules, subject, group) == Member::yes; };
  return std::any_of(rules.allow_groups.begin(), rules.allow_groups.end(), is_member) ? "" : "member of none of allow_groups";
}

}  // namespace

Decision decide(const Guardrails& rules, const Subject& subject) {
  Decision decision;
  // False: the rule is in force, and the decision has fallen.
  const auto passes = [&decision](bool audit, Denial denial, std::string why) {
    if (why.empty()) return true;
    if (!audit) decision = {denial, std::move(why)};
    else decision.audited += (decision.audited.empty() ? "" : "; ") + why;
    return audit;
  };
  const bool audit_scope = rules.scope == Guardrails::Rule::audit, audit_protection = rules.protection == Guardrails::Rule::audit;
  // Scope first: of an account that is out of scope the cloud learns nothing, not even that it is privileged.
  if (!passes(audit_scope, Denial::out_of_scope, scope_problem(rules, subject))) return decision;
  if (!passes(audit_scope, Denial::out_of_scope, membership_problem(rules, subject))) return decision;
  if (!passes(false, Denial::protected_account, never_problem(rules, subject))) return decision;
  const bool spared = std::any_of(rules.allow_privileged.begin(), rules.allow_privileged.end(), [&](const std::string& rule) { return names_account(rule, subject); });
  auto privileged = rules.protect_admins || !subject.group_sids.empty() ? admin_problem(subject) : std::string();
  if (rules.protect_admins && !spared && !passes(audit_protection, Denial::protected_account, privileged)) return decision;
  auto member = group_problem(rules, subject);
  if (!spared && !passes(audit_protection, Denial::protected_account, member)) return decision;
  decision.privileged = privileged.empty() ? std::move(member) : std::move(privileged);
  const bool disabled = subject.disabled || (subject.user_account_control.value_or(0) & uac::disabled) != 0;
  if (!disabled || rules.disabled_accounts == Guardrails::Disabled::allow) return decision;
  passes(rules.disabled_accounts == Guardrails::Disabled::audit, Denial::disabled, "the account is disabled");
  return decision;
}

std::string_view reason_of(Denial denial) {
  switch (denial) {
    case Denial::none: return "";
    case Denial::out_of_scope: return "out_of_scope";
    case Denial::protected_account: return "protected";
    case Denial::disabled: return "disabled";
  }
  return "protected";
}

std::vector<std::string> groups_by_dn(const Guardrails& rules) {
  std::vector<std::string> out;
  for (const auto* list : {&rules.protected_groups, &rules.allow_groups})
    for (const auto& group : *list)
      if (!is_sid(group) && std::find(out.begin(), out.end(), group) == out.end()) out.push_back(group);
  return out;
}

bool is_below(std::string_view dn, std::string_view base) {
  const auto lower = parse_dn(dn), upper = parse_dn(base);
  return lower && upper && is_below(*lower, *upper);
}

}  // namespace wb::policy
