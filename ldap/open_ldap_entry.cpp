#include "ldap/open_ldap_entry.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "core/ids.hpp"
#include "ldap/account.hpp"
#include "ldap/text.hpp"

namespace wb::ldap {
namespace {

constexpr std::string_view for_good = "000001010000Z";
constexpr std::int64_t ticks_per_second = 10'000'000;

// `count` digits off the front; nullopt: there are not so many.
std::optional<int> digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(0, count)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(count);
  return value;
}

// ".123456": 100 ns, at most seven digits counted. nullopt: malformed.
std::optional<std::int64_t> fraction(std::string_view text) {
  if (text.empty()) return 0;
  if (text.size() < 2 || (text[0] != '.' && text[0] != ',')) return std::nullopt;
  std::int64_t ticks = 0, unit = ticks_per_second;
  for (const char c : text.substr(1)) {
    if (c < '0' || c > '9') return std::nullopt;
    unit /= 10;
    ticks += unit * (c - '0');
  }
  return ticks;
}

std::optional<UnixSeconds> seconds_of(const Entry& entry, std::string_view name) {
  const auto time = filetime_from_generalized(entry.first(name));
  return time ? std::optional(unix_from_filetime(*time)) : std::nullopt;
}

bool is_locked(const Entry& entry, const std::optional<PolicyRules>& rules, UnixSeconds now) {
  if (entry.values("pwdAccountLockedTime").empty() || locked_for_good(entry)) return false;
  if (!rules) return true;
  const auto since = seconds_of(entry, "pwdAccountLockedTime");
  return rules->lockout && (!since || rules->lockout_s == 0 || now < *since + rules->lockout_s);
}

protocol::AccountState state_of(const Entry& entry, const std::optional<PolicyRules>& rules, UnixSeconds now) {
  protocol::AccountState state;
  const auto begins = seconds_of(entry, "pwdStartTime"), ends = seconds_of(entry, "pwdEndTime");
  state.disabled = locked_for_good(entry) || (begins && now < *begins) || (ends && now >= *ends);
  state.locked = is_locked(entry, rules, now);
  state.must_change = entry.first("pwdReset") == "TRUE" && (!rules || rules->must_change);
  state.cannot_change = rules && !rules->may_change;
  state.never_expires = rules && rules->shown.max_age_s == 0;
  const auto changed = seconds_of(entry, "pwdChangedTime");
  state.expired = rules && changed && rules->shown.max_age_s > 0 && now >= *changed + rules->shown.max_age_s && !state.must_change;
  return state;
}

// Those that still count; the overlay forgets the others at the next one.
void count_wrong_passwords(const Entry& entry, const std::optional<PolicyRules>& rules, UnixSeconds now, Account& account) {
  const auto window = rules ? rules->shown.lockout_window_s : 0;
  for (const auto& value : entry.values("pwdFailureTime")) {
    const auto time = filetime_from_generalized(value);
    if (!time) continue;
    const auto at = unix_from_filetime(*time);
    account.last_wrong_password = std::max(account.last_wrong_password, at);
    if (window == 0 || now - at < window) ++account.wrong_passwords;
  }
}

std::string is_or_is_not(const std::string& attribute, const std::optional<std::string>& value) {
  return value ? "(" + attribute + "=" + filter_escape(*value) + ")" : "(!(" + attribute + "=*))";
}

}  // namespace

std::optional<std::int64_t> filetime_from_generalized(std::string_view text) {
  if (!text.ends_with('Z')) return std::nullopt;
  text.remove_suffix(1);
  std::array<int, 6> part{0, 0, 0, 0, 0, 0};  // year, month, day, hour, minute, second
  constexpr std::array<std::size_t, 6> widths{4, 2, 2, 2, 2, 2};
  for (std::size_t i = 0; i < 6; ++i) {
    if (i == 5 && (text.empty() || text[0] == '.' || text[0] == ',')) break;  // no seconds
    const auto value = digits(text, widths[i]);
    if (!value) return std::nullopt;
    part[i] = *value;
  }
  const std::chrono::year_month_day date{std::chrono::year(part[0]), std::chrono::month(static_cast<unsigned>(part[1])), std::chrono::day(static_cast<unsigned>(part[2]))};
  const auto ticks = fraction(text);
  if (!date.ok() || part[3] > 23 || part[4] > 59 || part[5] > 60 || !ticks) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return filetime_from_unix(days * 86'400 + part[3] * 3'600 + part[4] * 60 + part[5]) + *ticks;
}

std::string generalized_from_filetime(std::int64_t filetime) {
  const std::chrono::sys_seconds moment{std::chrono::seconds(unix_from_filetime(filetime))};
  const auto day = std::chrono::floor<std::chrono::days>(moment);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(moment - day);
  std::array<char, 64> text{};
  const int size = std::snprintf(text.data(), text.size(), "%04d%02u%02u%02d%02d%02d.%07d", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
      static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
      static_cast<int>(time.seconds().count()), static_cast<int>(filetime % ticks_per_second));
  std::string out(text.data(), static_cast<std::size_t>(std::max(0, size)));
  while (out.ends_with('0') && filetime % ticks_per_second != 0) out.pop_back();
  if (filetime % ticks_per_second == 0) out.resize(out.find('.'));
  return out + "Z";
}

std::vector<std::string> person_attributes(const Settings& settings) {
  std::vector<std::string> names{"entryUUID", "uid", "cn", "displayName", "preferredLanguage", "gidNumber", "memberOf", "modifyTimestamp",
      "pwdChangedTime", "pwdAccountLockedTime", "pwdFailureTime", "pwdReset", "pwdPolicySubentry", "pwdStartTime", "pwdEndTime"};
  if (!settings.marker_attribute.empty()) names.push_back(settings.marker_attribute);
  names.insert(names.end(), settings.contacts.begin(), settings.contacts.end());
  return names;
}

bool locked_for_good(const Entry& entry) { return entry.first("pwdAccountLockedTime").starts_with(for_good.substr(0, for_good.size() - 1)); }

Account named_account(const Entry& entry, const Settings& settings, const std::string& dc) {
  Account account;
  account.dn = entry.dn;
  account.sam = entry.first("uid");
  account.display_name = entry.values("displayName").empty() ? entry.first("cn") : entry.first("displayName");
  account.contacts = contacts_of(entry, settings.contacts);
  account.language = entry.first("preferredLanguage");
  account.group_dns = entry.values("memberOf");
  account.pso_dn = entry.first("pwdPolicySubentry");
  account.pso_known = true;
  account.pre.dc = dc;
  account.pre.ver = -1;
  account.pre.pls = "0";
  if (const auto& marker = settings.marker_attribute; !marker.empty() && !entry.values(marker).empty()) account.pre.mk = entry.first(marker);
  return account;
}

Result<Account> person_from(const Entry& entry, const std::optional<PolicyRules>& rules, const Settings& settings,
    const std::string& dc, UnixSeconds now) {
  auto account = named_account(entry, settings, dc);
  account.sub = lowered(entry.first("entryUUID"));
  if (!guid_bytes(account.sub)) return fault(Fault::Kind::malformed, "ldap.account", "entryUUID is missing");
  if (!entry.values("pwdChangedTime").empty()) {
    const auto changed = filetime_from_generalized(entry.first("pwdChangedTime"));
    if (!changed || *changed <= 0) return fault(Fault::Kind::malformed, "ldap.account", "pwdChangedTime");
    account.pre.pls = std::to_string(*changed);
  }
  if (!settings.marker_attribute.empty()) account.marker_changed = seconds_of(entry, "modifyTimestamp");
  account.state = state_of(entry, rules, now);
  count_wrong_passwords(entry, rules, now, account);
  if (!locked_for_good(entry)) account.lockout_time = filetime_from_generalized(entry.first("pwdAccountLockedTime")).value_or(0);
  return account;
}

std::string condition_filter(const Condition& condition, const protocol::Pre& pre, const std::string& marker_attribute) {
  std::string filter = "(&(entryUUID=" + filter_escape(condition.sub) + ")";
  if (condition.password) {
    const auto changed = integer(pre.pls).value_or(0);
    filter += is_or_is_not("pwdChangedTime", changed == 0 ? std::nullopt : std::optional(generalized_from_filetime(changed)));
  }
  if (condition.marker && !marker_attribute.empty()) filter += is_or_is_not(marker_attribute, pre.mk);
  if (condition.not_locked_for_good) filter += "(!(pwdAccountLockedTime=" + std::string(for_good) + "))";
  return filter + ")";
}

bool looks_like_a_hash(std::string_view password) {
  if (!password.starts_with('{')) return false;
  const auto end = password.find('}');
  return end != std::string_view::npos && end > 1;
}

}  // namespace wb::ldap
