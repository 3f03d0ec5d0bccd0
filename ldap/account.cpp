#include "ldap/account.hpp"

#include <algorithm>
#include <limits>

#include "ldap/metadata.hpp"
#include "ldap/security_descriptor_check.hpp"
#include "ldap/text.hpp"

namespace wb::ldap {
namespace {

// userAccountControl and msDS-User-Account-Control-Computed (MS-ADTS 2.2.16).
constexpr std::uint32_t uf_account_disable = 0x0000'0002, uf_dont_expire_password = 0x0001'0000, uf_password_expired = 0x0080'0000;
constexpr std::uint32_t uf_smartcard_required = 0x0004'0000;
constexpr std::int64_t pwd_properties_complex = 1;  // DOMAIN_PASSWORD_COMPLEX

std::int64_t number(const Entry& entry, std::string_view name) { return integer(entry.first(name)).value_or(0); }
std::uint32_t flags(const Entry& entry, std::string_view name) { return static_cast<std::uint32_t>(number(entry, name)); }

// AD cuts an attribute with very many values into "memberOf;range=0-1499".
bool is_cut(const Entry& entry) {
  for (const auto& [name, values] : entry.attributes)
    if (name.find(";range=") != std::string::npos) return true;
  return false;
}

protocol::AccountState state_of(const Account& account, bool computed, UnixSeconds now) {
  protocol::AccountState state;
  state.disabled = account.user_account_control & uf_account_disable;
  state.locked = computed ? (account.computed_account_control & uf_lockout) != 0 : account.lockout_time != 0;
  state.never_expires = account.user_account_control & uf_dont_expire_password;
  state.must_change = account.pre.pls == "0" && !state.never_expires;
  state.expired = (account.computed_account_control & uf_password_expired) && !state.must_change;
  state.smart_card = account.user_account_control & uf_smartcard_required;
  state.account_expired = account.expires_at != 0 && unix_from_filetime(account.expires_at) <= now;
  return state;
}

// "User cannot change password" is two denying entries, for Everyone and SELF (MS-ADTS 3.1.1.3.1.5; the extended right
// User-Change-Password). A list that we may not read, or can't, denies nothing here: the DC has the last word.
bool may_change_itself(const std::string& descriptor, const Account& account) {
  constexpr const char* change_password = "ab721a53-1e2f-11d0-9819-00aa0040529b";
  const auto list = parse_security_descriptor(descriptor);
  if (!list || !list->has_dacl) return true;
  Token token(account.group_sids.begin(), account.group_sids.end());
  token.insert({account.sid, "S-1-1-0", "S-1-5-10", "S-1-5-11"});  // Everyone, SELF, Authenticated Users
  return check_access(*list, token, {right::control_access, {change_password}}).granted;
}

}  // namespace

std::map<std::string, std::vector<std::string>> contacts_of(const Entry& entry, const std::vector<std::string>& wanted) {
  constexpr std::size_t values_max = 16;
  std::map<std::string, std::vector<std::string>> out;
  for (const auto& name : wanted) {
    auto values = entry.values(name);
    if (values.size() > values_max) values.resize(values_max);
    if (!values.empty()) out.emplace(name, std::move(values));
  }
  return out;
}

std::vector<std::string> account_attributes(Detail detail, const Settings& settings) {
  std::vector<std::string> names{
      "objectGUID",
      "objectSid",
      "sAMAccountName",
      "userPrincipalName",
      "displayName",
      "userAccountControl",
      "pwdLastSet",
      "replPropertyMetaData",
      "lockoutTime",
      "accountExpires",
      "adminCount",
      "uSNChanged",
  };
  if (detail != Detail::after) names.insert(names.end(), {"memberOf", "tokenGroups", "sAMAccountType"});
  if (detail == Detail::probe) {
    names.insert(names.end(), {std::string(computed_control), "msDS-ResultantPSO", "badPwdCount", "badPasswordTime", "preferredLanguage", "nTSecurityDescriptor"});
    names.insert(names.end(), settings.contacts.begin(), settings.contacts.end());
  }
  if (!settings.marker_attribute.empty()) names.push_back(settings.marker_attribute);
  return names;
}

Result<Account> account_from(const Entry& entry, Detail detail, const Settings& settings, const std::string& dc,
    UnixSeconds now, std::optional<std::uint32_t> marker_attid) {
  const auto sub = guid_text(entry.first("objectGUID"));
  const auto sid = sid_text(entry.first("objectSid"));
  if (!sub || !sid || entry.values("userAccountControl").empty()) {
    return fault(Fault::Kind::malformed, "ldap.account", "objectGUID, objectSid or userAccountControl is missing");
  }
  if (is_cut(entry)) return fault(Fault::Kind::refused, "ldap.groups", "the account is a direct member of too many groups to judge");

  Account account;
  account.sub = *sub;
  account.sid = *sid;
  account.dn = entry.dn;
  account.sam = entry.first("sAMAccountName");
  account.upn = entry.first("userPrincipalName");
  account.display_name = entry.first("displayName");
  account.user_account_control = flags(entry, "userAccountControl");
  account.computed_account_control = flags(entry, computed_control);
  account.admin_count = number(entry, "adminCount") > 0;
  account.usn = integer(entry.first("uSNChanged"));
  if (const auto type = integer(entry.first("sAMAccountType"))) account.account_type = static_cast<std::uint32_t>(*type);
  account.lockout_time = number(entry, "lockoutTime");
  const auto expires = number(entry, "accountExpires");
  account.expires_at = expires == std::numeric_limits<std::int64_t>::max() ? 0 : expires;
  account.contacts = contacts_of(entry, settings.contacts);
  account.language = entry.first("preferredLanguage");
  account.wrong_passwords = static_cast<int>(number(entry, "badPwdCount"));
  if (const auto wrong = number(entry, "badPasswordTime"); wrong > 0) account.last_wrong_password = unix_from_filetime(wrong);
  account.pso_known = detail == Detail::probe;
  account.pso_dn = entry.first("msDS-ResultantPSO");
  account.group_dns = entry.values("memberOf");
  for (const auto& group : entry.values("tokenGroups")) {
    auto text = sid_text(group);
    if (!text) return fault(Fault::Kind::malformed, "ldap.groups", "a value of tokenGroups is no SID");  // it may be the one that protects
    account.group_sids.push_back(std::move(*text));
  }
  // Everybody has a primary group: an empty list means that we may not see it, and an administrator would look harmless.
  if (detail != Detail::after && account.group_sids.empty()) {
    return fault(Fault::Kind::refused, "ldap.groups", "tokenGroups is not readable: grant it to the service account");
  }

  account.pre.dc = dc;
  account.pre.pls = std::to_string(number(entry, "pwdLastSet"));
  const auto metadata = entry.first("replPropertyMetaData");
  const auto password = attribute_metadata(metadata, attid_unicode_pwd);
  account.pre.ver = password ? static_cast<std::int64_t>(password->version) : -1;
  if (marker_attid) {
    if (const auto marker = attribute_metadata(metadata, *marker_attid)) account.marker_changed = marker->changed;
  }
  const auto& marker = settings.marker_attribute;
  if (!marker.empty() && !entry.values(marker).empty()) account.pre.mk = entry.first(marker);
  account.state = state_of(account, !entry.values(computed_control).empty(), now);
  if (const auto& list = entry.values("nTSecurityDescriptor"); !list.empty()) account.state.cannot_change = !may_change_itself(list.front(), account);
  return account;
}

std::int64_t whole_number(const Entry& entry, std::string_view name) { return std::max<std::int64_t>(0, integer(entry.first(name)).value_or(0)); }

std::vector<std::string> policy_attributes(bool pso) {
  if (pso) return {"msDS-MinimumPasswordLength", "msDS-PasswordComplexityEnabled", "msDS-PasswordHistoryLength", "msDS-MinimumPasswordAge",
      "msDS-MaximumPasswordAge", "msDS-LockoutThreshold", "msDS-LockoutObservationWindow", "msDS-LockoutDuration"};
  return {"minPwdLength", "pwdProperties", "pwdHistoryLength", "minPwdAge", "maxPwdAge", "lockoutThreshold", "lockOutObservationWindow", "lockoutDuration"};
}

std::optional<protocol::PasswordPolicy> policy_from(const Entry& entry, bool pso) {
  const auto names = policy_attributes(pso);
  const auto length = integer(entry.first(names[0]));
  if (!length) return std::nullopt;
  protocol::PasswordPolicy policy;
  policy.min_length = static_cast<int>(*length);
  policy.complexity = pso ? entry.first(names[1]) == "TRUE" : (number(entry, names[1]) & pwd_properties_complex) != 0;
  policy.history = static_cast<int>(number(entry, names[2]));
  policy.min_age_s = seconds_from_interval(number(entry, names[3]));
  policy.max_age_s = seconds_from_interval(number(entry, names[4]));
  policy.lockout_threshold = static_cast<int>(number(entry, names[5]));
  policy.lockout_window_s = seconds_from_interval(number(entry, names[6]));
  policy.lockout_duration_s = seconds_from_interval(number(entry, names[7]));
  return policy;
}

}  // namespace wb::ldap
