#include "ldap/ds389.hpp"

#include <strings.h>

#include <algorithm>

#include "core/ids.hpp"
#include "ldap/account.hpp"
#include "ldap/result_codes.hpp"
#include "ldap/text.hpp"

namespace wb::ldap {
namespace {

using Op = Modification::Op;
constexpr std::string_view beginning = "19700101000000Z";  // accountUnlockTime: until somebody ends it; passwordExpirationTime: must change
constexpr std::string_view not_yet = "19700101000001Z";    // pwdUpdateTime between our writing and the server's own

constexpr int control_after_reset = 2, control_bad_quality = 5;  // of the password policy control

bool on(const Entry& entry, std::string_view name) { return ::strcasecmp(entry.first(name).c_str(), "on") == 0; }
bool says(std::string_view text, std::string_view words) { return text.find(words) != std::string_view::npos; }

std::optional<UnixSeconds> time_of(const Entry& entry, std::string_view name) {
  const auto time = filetime_from_generalized(entry.first(name));
  return time ? std::optional(unix_from_filetime(*time)) : std::nullopt;
}

protocol::AccountState ds389_state_of(const Entry& entry, const std::optional<PolicyRules>& rules, UnixSeconds now) {
  protocol::AccountState state;
  state.disabled = ::strcasecmp(entry.first("nsAccountLock").c_str(), "true") == 0;
  const auto until = time_of(entry, "accountUnlockTime");
  state.locked = until && (*until == 0 || now < *until) && (!rules || rules->lockout);
  state.must_change = entry.first("passwordExpirationTime") == beginning && (!rules || rules->must_change);
  state.cannot_change = rules && !rules->may_change;
  state.never_expires = rules && rules->shown.max_age_s == 0;
  const auto ends = time_of(entry, "passwordExpirationTime");
  state.expired = rules && rules->shown.max_age_s > 0 && ends && *ends > 1 && now >= *ends;  // 0 and 1 are no times
  return state;
}

// The text is the server's; a rule that none of these names is "policy".
Refusal rule_in(std::string_view text) {
  if (says(text, "characters long")) return Refusal::too_short;
  if (says(text, "in history")) return Refusal::in_history;
  if (says(text, "minimum age")) return Refusal::too_young;
  if (says(text, "character categories")) return Refusal::not_complex;
  return Refusal::policy;
}

class Ds389Schema final : public ServerSchema {
 public:
  std::vector<std::string> person_attributes(const Settings& settings) const override {
    std::vector<std::string> names{"nsUniqueId", "uid", "cn", "displayName", "preferredLanguage", "gidNumber", "memberOf", "modifyTimestamp", "pwdUpdateTime",
        "passwordExpirationTime", "passwordRetryCount", "retryCountResetTime", "accountUnlockTime", "nsAccountLock", "pwdPolicySubentry"};
    if (!settings.marker_attribute.empty()) names.push_back(settings.marker_attribute);
    names.insert(names.end(), settings.contacts.begin(), settings.contacts.end());
    return names;
  }
  std::string is(std::string_view sub) const override { return "(nsUniqueId=" + unique_id_of_sub(sub) + ")"; }

  Result<Account> person(const Entry& entry, const std::optional<PolicyRules>& rules, const Settings& settings, const std::string& dc, UnixSeconds now) const override {
    const auto sub = sub_of_unique_id(entry.first("nsUniqueId"));
    if (!sub) return fault(Fault::Kind::malformed, "ldap.account", "nsUniqueId is missing");
    auto account = named_account(entry, settings, dc);
    account.sub = *sub;
    if (!entry.values("pwdUpdateTime").empty()) {
      const auto changed = filetime_from_generalized(entry.first("pwdUpdateTime"));
      if (!changed || *changed <= 0) return fault(Fault::Kind::malformed, "ldap.account", "pwdUpdateTime");
      account.pre.pls = std::to_string(*changed);
    }
    if (!settings.marker_attribute.empty()) account.marker_changed = time_of(entry, "modifyTimestamp");
    account.state = ds389_state_of(entry, rules, now);
    const auto count = whole_number(entry, "passwordRetryCount");
    const auto forgotten = time_of(entry, "retryCountResetTime");
    if (count > 0 && (!forgotten || now < *forgotten)) {
      account.wrong_passwords = static_cast<int>(std::min<std::int64_t>(count, 1'000'000));
      account.last_wrong_password = forgotten && rules ? *forgotten - rules->shown.lockout_window_s : now;
    }
    return account;
  }
  bool locked_for_good(const Entry&) const override { return false; }

  std::string schema_dn() const override { return "cn=schema"; }
  std::string default_policy() const override { return "cn=config"; }
  std::vector<std::string> rule_attributes() const override {
    return {"passwordCheckSyntax", "passwordMinLength", "passwordHistory", "passwordInHistory", "passwordMinAge", "passwordExp", "passwordMaxAge", "passwordLockout", "passwordMaxFailure",
        "passwordResetFailureCount", "passwordUnlock", "passwordLockoutDuration", "passwordMustChange", "passwordChange", "passwordTrackUpdateTime"};
  }
  std::optional<PolicyRules> rules(const Entry& entry) const override {
    if (entry.values("passwordChange").empty()) return std::nullopt;  // the global one and each local one have it
    constexpr std::int64_t most = 1024;
    PolicyRules rules;
    if (on(entry, "passwordCheckSyntax")) rules.shown.min_length = static_cast<int>(std::min(most, whole_number(entry, "passwordMinLength")));
    if (on(entry, "passwordHistory")) rules.shown.history = static_cast<int>(std::min(most, whole_number(entry, "passwordInHistory")));
    rules.shown.min_age_s = whole_number(entry, "passwordMinAge");
    if (on(entry, "passwordExp")) rules.shown.max_age_s = whole_number(entry, "passwordMaxAge");
    rules.lockout = on(entry, "passwordLockout");
    if (rules.lockout) {
      rules.lockout_s = on(entry, "passwordUnlock") ? whole_number(entry, "passwordLockoutDuration") : 0;
      rules.shown.lockout_threshold = static_cast<int>(std::min(most, whole_number(entry, "passwordMaxFailure")));
      rules.shown.lockout_window_s = whole_number(entry, "passwordResetFailureCount");
      rules.shown.lockout_duration_s = rules.lockout_s;
    }
    rules.must_change = on(entry, "passwordMustChange");
    rules.dates_changes = on(entry, "passwordTrackUpdateTime");
    rules.may_change = on(entry, "passwordChange");
    return rules;
  }

  bool asserts() const override { return false; }
  std::vector<Modification> guards(const Condition& condition, const protocol::Pre& pre) const override {
    if (!condition.password) return {};
    std::vector<Modification> mods;
    if (const auto changed = integer(pre.pls).value_or(0); changed != 0) mods.push_back({Op::remove, "pwdUpdateTime", generalized_from_filetime(changed)});
    mods.push_back({Op::add, "pwdUpdateTime", std::string(not_yet)});
    return mods;
  }
  bool pending(const Account& after) const override { return after.pre.pls == std::to_string(*filetime_from_generalized(not_yet)); }
  std::vector<Modification> marker(const std::string& attribute, const std::optional<std::string>& from, const std::string& to) const override {
    std::vector<Modification> mods;
    if (from) mods.push_back({Op::remove, attribute, *from});
    mods.push_back({Op::add, attribute, to});
    return mods;
  }
  std::vector<Modification> must_change(const protocol::Pre& seen) const override {
    const auto changed = generalized_from_filetime(integer(seen.pls).value_or(0));
    return {{Op::remove, "pwdUpdateTime", changed}, {Op::add, "pwdUpdateTime", changed}, {Op::replace, "passwordExpirationTime", std::string(beginning)}};
  }
  bool must_change_apart() const override { return true; }
  std::vector<Modification> unlock() const override { return {{Op::clear, "accountUnlockTime", {}}, {Op::replace, "passwordRetryCount", "0"}}; }

  bool resets_unlock() const override { return false; }
  Result<Diagnosis> diagnose(int code, std::optional<int> error, std::string_view text, WriteKind kind) const override {
    const auto said = [&](Refusal refusal) { return Diagnosis{refusal, "ldap " + std::to_string(code) + ", " + std::string(to_string(refusal))}; };
    if (kind != WriteKind::unlock && (code == no_such_attribute || code == value_exists || (code == object_class_violation && says(text, "multiple values")))) return said(Refusal::swap_failed);
    if (code == constraint_violation && (!error || *error == control_bad_quality)) return said(rule_in(text));
    if (code == unwilling && says(text, "must be changed")) return Diagnosis{Refusal::no_rights, "ldap 53, the service account itself must change its password first"};
    return diagnose_open_ldap(code, code == constraint_violation ? error : std::nullopt, kind);
  }
  std::optional<SignIn> sign_in(int code, std::optional<int> error) const override {
    if (code == success) return error == control_after_reset ? SignIn::must_change : SignIn::accepted;
    if (code == constraint_violation) return SignIn::locked;
    if (code == unwilling) return SignIn::disabled;  // "Account inactivated"
    return diagnose_open_ldap_sign_in(code, error);
  }
};

}  // namespace

std::optional<std::string> sub_of_unique_id(std::string_view id) {
  if (id.size() != 35 || id[8] != '-' || id[17] != '-' || id[26] != '-') return std::nullopt;
  std::string hex;
  for (const char c : id)
    if (c != '-') hex += c;
  hex = lowered(hex);
  if (hex.size() != 32) return std::nullopt;
  auto sub = hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" + hex.substr(16, 4) + "-" + hex.substr(20);
  return guid_bytes(sub) ? std::optional(std::move(sub)) : std::nullopt;
}

std::string unique_id_of_sub(std::string_view sub) {
  std::string hex;
  for (const char c : sub)
    if (c != '-') hex += c;
  if (hex.size() != 32) return {};
  return hex.substr(0, 8) + "-" + hex.substr(8, 8) + "-" + hex.substr(16, 8) + "-" + hex.substr(24);
}

const ServerSchema& ds389_schema() {
  static const Ds389Schema schema;
  return schema;
}

}  // namespace wb::ldap
