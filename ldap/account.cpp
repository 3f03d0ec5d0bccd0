#include "ldap/account.hpp"

#include <limits>

#include "ldap/metadata.hpp"
#include "ldap/text.hpp"

namespace wb::ldap {
namespace {

// userAccountControl and msDS-User-Account-Control-Computed (MS-ADTS 2.2.16).
constexpr std::uint32_t uf_account_disable = 0x0000'0002, uf_dont_expire_password = 0x0001'0000, uf_password_expired = 0x0080'0000;
constexpr std::int64_t pwd_properties_complex = 1;  // DOMAIN_PASSWORD_COMPLEX

std::int64_t number(const Entry& entry, std::string_view name) { return integer(entry.first(name)).value_or(0); }
std::uint32_t flags(const Entry& entry, std::string_view name) { return static_cast<std::uint32_t>(number(entry, name)); }

// AD cuts an attribute with very many values into "memberOf;range=0-1499".
bool is_cut(const Entry& entry) {
  for (const auto& [name, values] : entry.attributes)
    if (name.find(";range=") != std::string::npos) return true;
  return false;
}

protocol::AccountState state_of(const Account& account, bool computed) {
  protocol::AccountState state;
  state.disabled = account.user_account_control & uf_account_disable;
  state.locked = computed ? (account.computed_account_control & uf_lockout) != 0 : account.lockout_time != 0;
  state.never_expires = account.user_account_control & uf_dont_expire_password;
  state.must_change = account.pre.pls == "0" && !state.never_expires;
  state.expired = (account.computed_account_control & uf_password_expired) && !state.must_change;
  return state;
}

}  // namespace

std::vector<std::string> account_attributes(Detail detail, const std::string& marker_attribute) {
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
      "mail",
      "mobile",
      "telephoneNumber",
  };
  if (detail != Detail::after) names.insert(names.end(), {"memberOf", "tokenGroups"});
  if (detail == Detail::probe) names.insert(names.end(), {std::string(computed_control), "msDS-ResultantPSO"});
  if (!marker_attribute.empty()) names.push_back(marker_attribute);
  return names;
}

Result<Account> account_from(const Entry& entry, Detail detail, const std::string& marker_attribute, const std::string& dc,
    std::optional<std::uint32_t> marker_attid) {
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
  account.lockout_time = number(entry, "lockoutTime");
  const auto expires = number(entry, "accountExpires");
  account.expires_at = expires == std::numeric_limits<std::int64_t>::max() ? 0 : expires;
  account.mail = entry.first("mail");
  account.mobile = entry.first("mobile");
  account.telephone = entry.first("telephoneNumber");
  account.pso_known = detail == Detail::probe;
  account.pso_dn = entry.first("msDS-ResultantPSO");
  account.group_dns = entry.values("memberOf");
  for (const auto& group : entry.values("tokenGroups")) {
    if (auto text = sid_text(group)) account.group_sids.push_back(std::move(*text));
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
  if (!marker_attribute.empty() && !entry.values(marker_attribute).empty()) account.pre.mk = entry.first(marker_attribute);
  account.state = state_of(account, !entry.values(computed_control).empty());
  return account;
}

std::vector<std::string> policy_attributes(bool pso) {
  if (pso) return {"msDS-MinimumPasswordLength", "msDS-PasswordComplexityEnabled", "msDS-PasswordHistoryLength",
      "msDS-MinimumPasswordAge", "msDS-MaximumPasswordAge"};
  return {"minPwdLength", "pwdProperties", "pwdHistoryLength", "minPwdAge", "maxPwdAge"};
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
  return policy;
}

}  // namespace wb::ldap
