#include "ldap/active_directory.hpp"

#include <algorithm>

#include "core/ids.hpp"
#include "ldap/account.hpp"
#include "ldap/metadata.hpp"
#include "ldap/result_codes.hpp"

namespace wb::ldap {
namespace {

constexpr std::string_view people = "(objectCategory=person)(objectClass=user)";
// LDAP_POLICYHINT_APPLY_FULLPWDPOLICY, SEQUENCE { INTEGER 1 } (MS-ADTS 3.1.1.3.4.1.27).
const std::string policy_hints_value("\x30\x03\x02\x01\x01", 5);

Fault answered(int code, const char* where) { return fault(Fault::Kind::refused, where, "ldap " + std::to_string(code)); }

}  // namespace

ActiveDirectory::ActiveDirectory(const Settings& settings) : settings_(settings), pool_(settings) {
  if (settings.marker_attribute == "adminDisplayName") marker_attid_ = attid_admin_display_name;
}

bool ActiveDirectory::enforces_history(const Connection& connection) const {
  return settings_.history != HistoryEnforcement::off && !connection.root().hints_oid.empty();
}

// ---- reading -----------------------------------------------------------------------------------------------
Search ActiveDirectory::account_search(std::string_view sub, Detail detail) const {
  Search search;
  search.base = guid_dn(sub);
  search.filter = "(&" + std::string(people) + ")";
  search.attributes = account_attributes(detail, settings_);
  if (detail == Detail::probe) search.control = dacl_only();
  return search;
}

Result<std::optional<Account>> ActiveDirectory::account_of(Connection& connection, const Found& found, Detail detail, Deadline until) {
  if (found.code == no_such_object || found.code == referral) return std::optional<Account>();
  if (found.code != success) return answered(found.code, "ldap.read");
  if (found.entries.empty()) return std::optional<Account>();
  auto account = account_from(found.entries.front(), detail, settings_, connection.root().dc, unix_now(), marker_attid());
  if (!account) return std::move(account).error();
  if (detail != Detail::probe && account->state.locked) see_whether_locked(connection, *account, until);
  if (detail != Detail::after && groups_without_token()) {
    auto groups = groups_on(connection, *account, until);
    if (!groups) return std::move(groups).error();
    account->group_dns = std::move(*groups);
  }
  return std::optional<Account>(std::move(*account));
}

// lockoutTime stays after a lock has run out; only the DC knows. When it does not say, the account counts as locked.
void ActiveDirectory::see_whether_locked(Connection& connection, Account& account, Deadline until) {
  Search search;
  search.base = guid_dn(account.sub);
  search.attributes = {std::string(computed_control)};
  auto found = connection.search(search, until);
  if (!found || found->entries.size() != 1) return;
  if (const auto flags = integer(found->entries.front().first(computed_control))) {
    account.computed_account_control = static_cast<std::uint32_t>(*flags);
    account.state.locked = (account.computed_account_control & uf_lockout) != 0;
  }
}

Result<std::optional<Account>> ActiveDirectory::read_on(Connection& connection, std::string_view sub, Detail detail, Deadline until) {
  auto found = connection.search(account_search(sub, detail), until);
  if (!found) return std::move(found).error();
  return account_of(connection, *found, detail, until);
}

Result<std::optional<Account>> ActiveDirectory::read(std::string_view sub, const std::string& dc, Depth depth) {
  if (!guid_bytes(sub)) return std::optional<Account>();
  const auto detail = depth == Depth::full ? Detail::probe : Detail::guard;
  return pool_.asking(dc, [&](Connection& connection, Deadline until) { return read_on(connection, sub, detail, until); });
}

Result<std::optional<Account>> ActiveDirectory::find(std::string_view name) {
  return pool_.asking({}, [&](Connection& connection, Deadline until) -> Result<std::optional<Account>> {
    auto sub = sub_of_name(connection, name, until);
    if (!sub) return std::move(sub).error();
    if (!*sub) return std::optional<Account>();
    return read_on(connection, **sub, Detail::probe, until);
  });
}

// LDAP_MATCHING_RULE_IN_CHAIN (MS-ADTS 3.1.1.3.4.4.3): the directory walks the nesting.
Result<std::vector<std::string>> ActiveDirectory::groups_on(Connection& connection, const Account& account, Deadline until) {
  constexpr int groups_max = 1000;
  Search search;
  search.base = connection.root().base;
  search.subtree = true;
  search.filter = "(member:1.2.840.113556.1.4.1941:=" + filter_escape(account.dn) + ")";
  search.attributes = {"1.1"};
  search.entries_max = groups_max;
  auto found = connection.search(search, until);
  if (!found) return std::move(found).error();
  if (found->code == size_limit_exceeded) return fault(Fault::Kind::refused, "ldap.groups", "the account is a member of too many groups to judge");
  if (found->code != success) return answered(found->code, "ldap.groups");
  std::vector<std::string> groups;
  for (auto& entry : found->entries) groups.push_back(std::move(entry.dn));
  return groups;
}

Result<std::vector<std::string>> ActiveDirectory::groups_of(const Account& account) {
  return pool_.asking({}, [&](Connection& connection, Deadline until) { return groups_on(connection, account, until); });
}

bool ActiveDirectory::groups_without_token() {
  const std::lock_guard lock(mutex_);
  return groups_without_token_;
}

// ---- writing -----------------------------------------------------------------------------------------------
std::vector<Modification> ActiveDirectory::marker_swap(const protocol::Pre& pre, const std::string& text) const {
  std::vector<Modification> mods;
  if (pre.mk) mods.push_back({Modification::Op::remove, settings_.marker_attribute, *pre.mk});
  mods.push_back({Modification::Op::add, settings_.marker_attribute, text});
  return mods;
}

std::vector<Modification> ActiveDirectory::swap(const WriteOrder& order, const Secret& quoted, const Secret* old_quoted) const {
  using Op = Modification::Op;
  std::vector<Modification> mods{
      {Op::remove, "pwdLastSet", order.pre.pls},
      {Op::add, "pwdLastSet", order.must_change ? "0" : "-1"},
  };
  if (!order.marker.empty() && !settings_.marker_attribute.empty()) {
    for (auto& mod : marker_swap(order.pre, order.marker)) mods.push_back(std::move(mod));
  }
  if (old_quoted) {  // the person's own change (MS-ADTS 3.1.1.3.1.5)
    mods.push_back({Op::remove, "unicodePwd", {}, old_quoted});
    mods.push_back({Op::add, "unicodePwd", {}, &quoted});
  } else {
    mods.push_back({Op::replace, "unicodePwd", {}, &quoted});
  }
  if (order.unlock) mods.push_back({Op::replace, "lockoutTime", "0"});
  return mods;
}

// The verdict, and the account as it is afterwards. A DC may work on two requests of one connection at a time
// (Windows does): a read-back from before the write, or behind a refusal, is asked for again.
template <class Stale>
Result<WriteAnswer> ActiveDirectory::settle(Connection& connection, const std::string& sub, Result<Modified> modified, WriteKind kind, Stale stale, const Sent& sent) {
  if (!modified) {
    if (modified.error().kind == Fault::Kind::timed_out) pool_.failed(connection.root().dc, modified.error());
    return std::move(modified).error();
  }
  auto diagnosis = diagnose(modified->code, modified->text, kind);
  if (!diagnosis) {
    pool_.failed(connection.root().dc, diagnosis.error());
    return std::move(diagnosis).error();
  }
  WriteAnswer answer;
  answer.refusal = diagnosis->refusal;
  answer.detail = std::move(diagnosis->detail);
  answer.said = kept_text(modified->text, sent);
  if (answer.refusal == Refusal::no_rights) answer.detail += ", missing: " + missing_right(connection, sub, kind);
  if (!modified->after) return answer;
  auto after = account_of(connection, *modified->after, Detail::after, deadline());
  const bool seen = after && *after;
  if (answer.refusal != Refusal::none || !seen || stale(**after)) after = read_on(connection, sub, Detail::after, deadline());
  if (after && *after) answer.after = std::move(**after);
  return answer;
}

// Which of the delegated rights are not there. allowedAttributesEffective (MS-ADTS 3.1.1.4.5.23) names the attributes that we
// may write; the extended right Reset Password stands in no attribute, and is what is left.
std::string ActiveDirectory::missing_right(Connection& connection, const std::string& sub, WriteKind kind) {
  Search search;
  search.base = guid_dn(sub);
  search.attributes = {"allowedAttributesEffective"};
  auto found = connection.search(search, deadline());
  if (!found || found->entries.size() != 1) return "not known";
  const auto& allowed = found->entries.front().values("allowedAttributesEffective");
  std::vector<std::string> needed{"lockoutTime"};
  if (kind != WriteKind::unlock) needed = {"pwdLastSet", "lockoutTime", settings_.marker_attribute};
  std::string missing;
  for (const auto& name : needed) {
    const auto is_it = [&name](const std::string& one) { return lowered(one) == lowered(name); };
    if (!name.empty() && std::none_of(allowed.begin(), allowed.end(), is_it)) missing += (missing.empty() ? "write " : ", write ") + name;
  }
  if (!missing.empty()) return missing;
  return kind == WriteKind::unlock ? "not known" : "Reset Password";
}

Result<WriteAnswer> ActiveDirectory::write_password(const WriteOrder& order, const Secret& password_utf8, const Secret* old_utf8) {
  const auto quoted = quoted_utf16(password_utf8);
  const auto old_quoted = old_utf8 ? quoted_utf16(*old_utf8) : std::nullopt;
  if (!quoted || (old_utf8 && !old_quoted)) return fault(Fault::Kind::malformed, "ldap.password", "not 1 to 256 UTF-16 units of well-formed Unicode");
  if (!guid_bytes(order.sub) || !integer(order.pre.pls) || order.pre.dc.empty()) return fault(Fault::Kind::malformed, "ldap.order", "sub or pre");
  auto lease = pool_.pinned(order.pre.dc);
  if (!lease) return std::move(lease).error();
  auto& connection = **lease;
  const Stopwatch watch;

  WriteAnswer refused;
  std::optional<Control> hints;
  if (!old_utf8 && order.enforce_history && !order.must_change) {  // a must-change reset would always be too young; a change is always bound
    if (enforces_history(connection)) hints = Control{connection.root().hints_oid, policy_hints_value};
    else if (settings_.history == HistoryEnforcement::require) {
      refused.refusal = Refusal::directory_error;
      refused.detail = no_hints;
      return refused;
    }
  }
  // 0 over 0 looks untouched to the swap; without a marker only the version tells, and it is compared here.
  const bool swap_is_blind = order.pre.pls == "0" && order.must_change && (order.marker.empty() || settings_.marker_attribute.empty());
  if (swap_is_blind) {
    auto now = read_on(connection, order.sub, Detail::after, deadline());
    if (!now) return fault(Fault::Kind::unreachable, "ldap.read", now.error().detail);
    if (*now && (*now)->pre.ver != order.pre.ver) {
      refused.refusal = Refusal::swap_failed;
      refused.detail = "the version of unicodePwd has moved";
      refused.after = std::move(*now);
      return refused;
    }
  }
  const auto read_back = account_search(order.sub, Detail::after);
  auto modified = connection.modify(guid_dn(order.sub), swap(order, *quoted, old_quoted ? &*old_quoted : nullptr), hints, &read_back, deadline());
  const auto stale = [&order](const Account& after) { return after.pre.pls == order.pre.pls && after.pre.ver == order.pre.ver; };
  auto answer = settle(connection, order.sub, std::move(modified), old_utf8 ? WriteKind::change : WriteKind::reset, stale, {&password_utf8, old_utf8});
  if (answer) {
    answer->hints_used = hints.has_value() || old_utf8;
    answer->directory_ms = watch.ms();
  }
  return answer;
}

Result<WriteAnswer> ActiveDirectory::write_marker(const std::string& sub, const protocol::Pre& pre, const std::string& text) {
  if (!guid_bytes(sub) || pre.dc.empty() || text.empty()) return fault(Fault::Kind::malformed, "ldap.order", "sub, pre or marker");
  if (settings_.marker_attribute.empty()) return fault(Fault::Kind::refused, "ldap.marker", "no marker attribute is configured");
  auto lease = pool_.pinned(pre.dc);
  if (!lease) return std::move(lease).error();
  const Stopwatch watch;
  const auto read_back = account_search(sub, Detail::after);
  auto modified = (*lease)->modify(guid_dn(sub), marker_swap(pre, text), std::nullopt, &read_back, deadline());
  auto answer = settle(**lease, sub, std::move(modified), WriteKind::reset, [&pre](const Account& after) { return after.pre.mk == pre.mk; }, {});
  if (answer) answer->directory_ms = watch.ms();
  return answer;
}

Result<WriteAnswer> ActiveDirectory::unlock(const std::string& sub) {
  if (!guid_bytes(sub)) return fault(Fault::Kind::malformed, "ldap.order", "sub");
  const Stopwatch watch;
  const auto read_back = account_search(sub, Detail::after);
  auto answer = pool_.asking({}, [&](Connection& connection, Deadline until) {  // at the next controller again, where it must: it depends on nothing
    auto modified = connection.modify(guid_dn(sub), {{Modification::Op::replace, "lockoutTime", "0"}}, std::nullopt, &read_back, until);
    return settle(connection, sub, std::move(modified), WriteKind::unlock, [](const Account& after) { return after.lockout_time != 0; }, {});
  });
  if (answer) answer->directory_ms = watch.ms();
  return answer;
}

// ---- signing in --------------------------------------------------------------------------------------------
// By DN: an account need have no other name, and a DN is nobody else's.
Result<SignInAnswer> ActiveDirectory::authenticate(const Account& account, const Secret& password_utf8) {
  if (account.dn.empty() || account.pre.dc.empty()) return fault(Fault::Kind::malformed, "ldap.sign_in", "dn or pre");
  const Stopwatch watch;
  auto bound = pool_.sign_in(account.pre.dc, account.dn, password_utf8, {}, deadline());
  if (!bound) return std::move(bound).error();
  const auto verdict = diagnose_sign_in(bound->code, bound->text);
  if (!verdict) return fault(Fault::Kind::refused, "ldap.sign_in", "ldap " + std::to_string(bound->code));
  return SignInAnswer{*verdict, bound->code == success ? std::string() : bind_refusal(bound->code, bound->text), watch.ms()};
}

}  // namespace wb::ldap
