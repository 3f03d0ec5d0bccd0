// What holds for a whole Active Directory domain: its password policies, and whether it is as the agent needs it.
#include "ldap/active_directory.hpp"
#include "ldap/metadata.hpp"
#include "ldap/result_codes.hpp"
#include "ldap/text.hpp"

namespace wb::ldap {

// ---- policy and readiness ----------------------------------------------------------------------------------
Result<std::optional<protocol::PasswordPolicy>> ActiveDirectory::policy_at(Connection& connection, const std::string& dn, bool pso, Deadline until) {
  constexpr std::size_t policies_max = 64;
  {
    const std::lock_guard lock(mutex_);
    const auto at = policies_.find(dn);
    if (at != policies_.end() && std::chrono::steady_clock::now() < at->second.until) return std::optional(at->second.policy);
  }
  Search search;
  search.base = dn;
  search.attributes = policy_attributes(pso);
  auto found = connection.search(search, until);
  if (!found) return std::move(found).error();
  if (found->entries.empty()) return std::optional<protocol::PasswordPolicy>();
  auto policy = policy_from(found->entries.front(), pso);
  if (policy) {
    const std::lock_guard lock(mutex_);
    if (policies_.size() >= policies_max) policies_.clear();
    policies_[dn] = {*policy, std::chrono::steady_clock::now() + std::chrono::seconds(60)};
  }
  return policy;
}

Result<std::string> ActiveDirectory::pso_of(Connection& connection, const Account& account, Deadline until) {
  if (account.pso_known) return account.pso_dn;
  Search search;
  search.base = guid_dn(account.sub);
  search.attributes = {"msDS-ResultantPSO"};
  auto found = connection.search(search, until);
  if (!found) return std::move(found).error();
  return found->entries.empty() ? std::string() : found->entries.front().first("msDS-ResultantPSO");
}

Result<protocol::PasswordPolicy> ActiveDirectory::policy_of(const Account& account) {
  return pool_.asking({}, [&](Connection& connection, Deadline until) -> Result<protocol::PasswordPolicy> {
    Result<std::optional<protocol::PasswordPolicy>> policy = std::optional<protocol::PasswordPolicy>();
    auto pso = pso_of(connection, account, until);
    if (!pso) return std::move(pso).error();
    if (!pso->empty()) policy = policy_at(connection, *pso, true, until);
    // A PSO we may not read: the domain's rules are told instead, and the DC refuses what its own forbids.
    if (policy && !*policy) policy = policy_at(connection, connection.root().base, false, until);
    if (!policy) return std::move(policy).error();
    if (!*policy) return fault(Fault::Kind::refused, "ldap.policy", "the domain's password policy is not readable");
    auto known = **policy;
    // Only the hints control makes a DC apply the minimum age to a reset.
    const auto last_set = integer(account.pre.pls).value_or(0);
    if (known.min_age_s > 0 && last_set > 0 && enforces_history(connection)) {
      const auto from = unix_from_filetime(last_set) + known.min_age_s + 1;  // whole seconds: not a moment too early
      if (from > unix_now()) known.change_from = from;
    }
    return known;
  });
}

// ---- the marker --------------------------------------------------------------------------------------------
// The usual attribute's number is the same in every forest; another one's stands in the schema, once for all.
std::optional<std::uint32_t> ActiveDirectory::marker_attid() {
  const std::lock_guard lock(mutex_);
  return marker_attid_;
}

// Why this attribute can't be the marker; empty: it can.
Result<std::string> ActiveDirectory::learn_marker(Connection& connection, Deadline until) {
  if (settings_.marker_attribute.empty()) return std::string();
  {
    const std::lock_guard lock(mutex_);
    if (marker_learnt_) return std::string();
  }
  Search search;
  search.base = "CN=Schema," + connection.root().configuration;
  search.subtree = true;
  search.filter = "(&(objectClass=attributeSchema)(lDAPDisplayName=" + filter_escape(settings_.marker_attribute) + "))";
  search.attributes = {"attributeID", "isSingleValued"};
  search.entries_max = 2;
  auto found = connection.search(search, until);
  if (!found) return std::move(found).error();
  if (found->code != success || found->entries.size() != 1) return "marker_attribute " + settings_.marker_attribute + " is not in the schema";
  const auto& entry = found->entries.front();
  if (entry.first("isSingleValued") != "TRUE") return "marker_attribute " + settings_.marker_attribute + " is not single-valued: nothing could be swapped in it";
  const std::lock_guard lock(mutex_);
  marker_attid_ = attid_from_oid(entry.first("attributeID"));
  marker_learnt_ = true;
  return std::string();
}

// ---- the groups that guardrails name ------------------------------------------------------------------------
// Their SIDs, so that membership is looked for in the token, nested and by the primary group. Why they can't be had; empty:
// they are known. Again each minute: a group that was made anew has another SID, and one that has gone protects nobody.
Result<std::string> ActiveDirectory::learn_groups(Connection& connection) {
  constexpr std::int64_t security_enabled = 0x8000'0000;  // GROUP_TYPE_SECURITY_ENABLED (MS-ADTS 2.2.12)
  {
    const std::lock_guard lock(mutex_);
    if (std::chrono::steady_clock::now() < groups_until_) return std::string();
  }
  std::map<std::string, std::string> sids;
  bool without_token = false;
  std::string missing;
  for (const auto& dn : settings_.named_groups) {
    Search search;
    search.base = dn;
    search.filter = "(objectClass=group)";
    search.attributes = {"objectSid", "groupType"};
    auto found = connection.search(search, deadline());
    if (!found) return std::move(found).error();
    const auto sid = found->entries.size() == 1 ? sid_text(found->entries.front().first("objectSid")) : std::nullopt;
    if (sid) {
      sids.emplace(dn, *sid);
      without_token |= (integer(found->entries.front().first("groupType")).value_or(0) & security_enabled) == 0;
    } else if (missing.empty()) {
      missing = dn;
    }
  }
  const std::lock_guard lock(mutex_);
  group_sids_ = std::move(sids);  // without those that are missing: the guardrails take them for what they don't know
  groups_without_token_ = without_token;
  if (!missing.empty()) return "the group " + missing + ", which the guardrails name, is not there or not readable: whom it protects is not known";
  groups_until_ = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  return std::string();
}

DirectoryState ActiveDirectory::check() {
  DirectoryState state;
  state.marker = !settings_.marker_attribute.empty();
  std::string not_as_configured;
  auto asked = pool_.asking({}, [&](Connection& connection, Deadline until) -> Result<void> {
    Search search;
    search.base = connection.root().base;
    search.attributes = {"fSMORoleOwner"};
    auto found = connection.search(search, until);
    if (!found) return std::move(found).error();
    if (found->code != success) return fault(Fault::Kind::refused, "ldap.root", "ldap " + std::to_string(found->code));
    if (found->entries.size() == 1) pool_.roles(connection.root().dc, connection.is_pdc(found->entries.front()));
    state.dc = connection.root().dc;
    state.hints = !connection.root().hints_oid.empty();
    auto marker = learn_marker(connection, until);
    if (!marker) return std::move(marker).error();
    auto groups = learn_groups(connection);
    if (!groups) return std::move(groups).error();
    not_as_configured = marker->empty() ? std::move(*groups) : std::move(*marker);
    return {};
  });
  pool_.tend();
  state.controllers = pool_.states();
  const std::lock_guard lock(mutex_);
  if (!asked && asked.error().where == "ldap.pool" && last_state_) {  // busy is not broken
    last_state_->controllers = std::move(state.controllers);
    return *last_state_;
  }
  if (!asked) state.reason = asked.error().where + ": " + std::string(to_string(asked.error().kind)) + ": " + asked.error().detail;
  else if (settings_.history == HistoryEnforcement::require && !state.hints) state.reason = no_hints;
  else state.reason = not_as_configured;
  state.ready = state.reason.empty();
  state.group_sids = group_sids_;
  last_state_ = state;
  return state;
}

}  // namespace wb::ldap
