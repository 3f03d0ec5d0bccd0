// Whether this server, its policy and its rights are such that the promise can be kept: the checking half of OpenLdap.
#include <strings.h>

#include <algorithm>

#include "core/ids.hpp"
#include "ldap/open_ldap.hpp"
#include "ldap/result_codes.hpp"
#include "ldap/text.hpp"

namespace wb::ldap {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds known_for{60};
constexpr std::size_t policies_max = 64;

Fault not_right(const char* where, std::string detail) { return fault(Fault::Kind::refused, where, std::move(detail)); }

// One of the names in an attribute type's description (RFC 4512 section 4.1.2): NAME 'a' or NAME ( 'a' 'b' ).
bool describes(const std::string& description, const std::string& attribute) {
  const auto text = lowered(description);
  auto at = text.find(" name ");
  if (at == std::string::npos) return false;
  const auto end = text.find(text[at + 6] == '(' ? ')' : ' ', at + 6);
  return text.substr(at, end - at).find("'" + lowered(attribute) + "'") != std::string::npos;
}

}  // namespace

// The naming context that holds the people: groups and policies are looked for in all of it.
const std::string& OpenLdap::suffix_of(const Connection& connection) const {
  const auto base = lowered(settings_.base_dn);
  for (const auto& suffix : connection.root().suffixes)
    if (base == lowered(suffix) || base.ends_with("," + lowered(suffix))) return suffix;
  return base_of(connection);
}

// Which policy is the overlay's default stands in the server's configuration, which we may not see. Where there is one
// policy only, it must be that.
Result<std::string> OpenLdap::default_policy(Connection& connection, Deadline until) {
  if (!settings_.policy_dn.empty()) return settings_.policy_dn;
  if (auto known = schema_.default_policy(); !known.empty()) return known;
  {
    const std::lock_guard lock(mutex_);
    if (!default_policy_.empty()) return default_policy_;
  }
  Search search;
  search.base = suffix_of(connection);
  search.subtree = true;
  search.filter = "(objectClass=pwdPolicy)";
  search.attributes = {"1.1"};
  search.entries_max = 2;
  auto found = connection.search(search, until);
  if (!found) return std::move(found).error();
  if (found->entries.empty()) return not_right("ldap.policy", "no password policy is readable");
  if (found->entries.size() > 1) return not_right("ldap.policy", "there are several password policies: name the default one in policy_dn");
  const std::lock_guard lock(mutex_);
  default_policy_ = found->entries.front().dn;
  return default_policy_;
}

Result<PolicyRules> OpenLdap::rules_at(Connection& connection, const std::string& policy_dn, Deadline until) {
  auto dn = policy_dn.empty() ? default_policy(connection, until) : Result<std::string>(policy_dn);
  if (!dn) return std::move(dn).error();
  {
    const std::lock_guard lock(mutex_);
    const auto at = rules_.find(*dn);
    if (at != rules_.end() && Clock::now() < at->second.until) return at->second.rules;
  }
  Search search;
  search.base = *dn;
  search.attributes = schema_.rule_attributes();
  auto found = connection.search(search, until);
  if (!found) return std::move(found).error();
  const auto rules = found->entries.size() == 1 ? schema_.rules(found->entries.front()) : std::nullopt;
  const std::lock_guard lock(mutex_);
  if (!rules) {
    default_policy_.clear();
    return not_right("ldap.policy", "the password policy " + *dn + " is not readable");
  }
  if (rules_.size() >= policies_max) rules_.clear();
  rules_[*dn] = {*rules, Clock::now() + known_for};
  return *rules;
}

// One value, or a foreign one beside ours would be overwritten unseen.
Result<void> OpenLdap::check_marker(Connection& connection, Deadline until) {
  const auto& marker = settings_.marker_attribute;
  if (marker.empty()) return {};
  Search search;
  search.base = schema_.schema_dn();
  search.filter = "(objectClass=subschema)";
  search.attributes = {"attributeTypes"};
  auto found = connection.search(search, until);
  if (!found) return std::move(found).error();
  if (found->entries.size() != 1) return not_right("ldap.marker", "the schema is not readable");
  const auto& types = found->entries.front().values("attributeTypes");
  const auto type = std::find_if(types.begin(), types.end(), [&](const std::string& one) { return describes(one, marker); });
  if (type == types.end()) return not_right("ldap.marker", "marker_attribute " + marker + " is not in the schema");
  if (type->find(" SINGLE-VALUE") == std::string::npos) return not_right("ldap.marker", "marker_attribute " + marker + " is not single-valued: nothing could be swapped in it");
  return {};
}

// A protected group that we may not see protects nobody.
Result<void> OpenLdap::check_groups(Connection& connection, Deadline until) {
  for (const auto& group : settings_.named_groups) {
    Search search;
    search.base = group;
    search.attributes = {"objectClass", "member", "uniqueMember", "memberUid"};
    auto found = connection.search(search, until);
    if (!found) return std::move(found).error();
    if (found->entries.size() != 1) return not_right("ldap.groups", "the group " + group + " is not readable");
    const auto& entry = found->entries.front();
    const auto& classes = entry.values("objectClass");
    const bool may_be_empty = std::any_of(classes.begin(), classes.end(), [](const std::string& one) { return ::strcasecmp(one.c_str(), "posixGroup") == 0; });
    const bool has_members = !entry.values("member").empty() || !entry.values("uniqueMember").empty() || !entry.values("memberUid").empty();
    if (!has_members && !may_be_empty) return not_right("ldap.groups", "the members of the group " + group + " are not readable");
  }
  return {};
}

Result<void> OpenLdap::check_on(Connection& connection, Deadline until) {
  const auto& root = connection.root();
  if (schema_.asserts() && !root.asserts) return not_right("ldap.root", "the server has no assertion control (RFC 4528)");
  if (!root.has_policy) return not_right("ldap.root", "no password policy control (slapo-ppolicy): nothing would tell when a password was changed");
  const bool exop = settings_.password_write == PasswordWrite::exop;
  if (exop && !root.modifies_passwords) return not_right("ldap.root", "the server has no Password Modify operation (RFC 3062)");
  if (exop && settings_.marker_attribute.empty()) return not_right("ldap.marker", "password_write: exop needs marker_attribute");
  if (settings_.base_dn.empty() && root.suffixes.size() > 1) return not_right("ldap.root", "the server has several naming contexts: name one in base_dn");
  Search search;
  search.base = base_of(connection);
  search.attributes = {"1.1"};
  auto found = connection.search(search, until);
  if (!found) return std::move(found).error();
  if (found->code == no_such_object || (found->code == success && found->entries.empty())) return not_right("ldap.base", search.base + " is not there, or not readable");
  if (found->code != success) return not_right("ldap.base", "ldap " + std::to_string(found->code));
  {
    const std::lock_guard lock(mutex_);
    if (set_up_until_ && Clock::now() < *set_up_until_) return {};
  }
  auto rules = rules_at(connection, {}, until);
  if (!rules) return std::move(rules).error();
  if (!rules->dates_changes) return not_right("ldap.policy", "passwordTrackUpdateTime is off: nothing would tell when a password was changed");
  if (auto marker = check_marker(connection, until); !marker) return marker;
  if (auto groups = check_groups(connection, until); !groups) return groups;
  const std::lock_guard lock(mutex_);
  set_up_until_ = Clock::now() + known_for;
  return {};
}

DirectoryState OpenLdap::check() {
  DirectoryState state;
  state.marker = !settings_.marker_attribute.empty();
  auto asked = pool_.asking({}, [&](Connection& connection, Deadline until) -> Result<void> {
    state.dc = connection.root().dc;
    state.hints = connection.root().has_policy;
    return check_on(connection, until);
  });
  pool_.tend();
  state.controllers = pool_.states();
  const std::lock_guard lock(mutex_);
  if (!asked && asked.error().where == "ldap.pool" && last_state_) {  // busy is not broken
    last_state_->controllers = std::move(state.controllers);
    return *last_state_;
  }
  if (!asked) state.reason = asked.error().where + ": " + std::string(to_string(asked.error().kind)) + ": " + asked.error().detail;
  state.ready = state.reason.empty();
  last_state_ = state;
  return state;
}

}  // namespace wb::ldap
