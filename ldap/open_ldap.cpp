#include "ldap/open_ldap.hpp"

#include <iterator>
#include <thread>

#include "core/ids.hpp"
#include "ldap/result_codes.hpp"
#include "ldap/text.hpp"

namespace wb::ldap {
namespace {

constexpr std::chrono::milliseconds a_good_second{1'100};
constexpr UnixSeconds clocks_apart_max = 60;  // ours and the server's, with which a second is judged to be over
constexpr int looks_max = 3, read_back_looks = 50;

// Its second may not be over yet: another change would bear the same pwdChangedTime.
bool is_fresh(const Account& account) {
  const auto changed = integer(account.pre.pls).value_or(0);
  if (changed == 0) return false;
  const auto age = unix_now() - unix_from_filetime(changed);
  return age >= -clocks_apart_max && age <= clocks_apart_max;
}

// What a write earns that goes where somebody no longer is, or keeps a lock that is no longer there. A change: the overlay
// looks at the old password before the server tests whose entry it is.
bool may_be_out_of_date(int code, WriteKind kind) {
  return code == assertion_failed || code == no_such_object || code == no_such_attribute || (kind == WriteKind::change && code == unwilling);
}

bool is_of_policy(Refusal refusal) {
  return refusal == Refusal::too_short || refusal == Refusal::in_history || refusal == Refusal::too_young || refusal == Refusal::policy || refusal == Refusal::old_password_wrong;
}

void append(std::vector<Modification>& mods, std::vector<Modification> more) { std::move(more.begin(), more.end(), std::back_inserter(mods)); }

// What an applied write tells about the server's configuration, for the operator; empty: all is as it should be.
std::string oddity(const WriteOrder& order, const Account& after) {
  if (after.pre.pls == order.pre.pls) return "pwdChangedTime did not move: slapo-ppolicy is not at work on this database";
  if (order.must_change && !after.state.must_change) return "pwdReset is not heeded: the account's policy has no pwdMustChange";
  if (!order.must_change && after.state.must_change) return "slapd set pwdReset: bind_dn has manage access, and no policy binds its resets; write access is enough";
  return {};
}

}  // namespace

// ---- reading -----------------------------------------------------------------------------------------------
Result<std::optional<Account>> OpenLdap::find(std::string_view name) {
  auto account = pool_.asking({}, [&](Connection& connection, Deadline until) -> Result<std::optional<Account>> {
    auto entry = entry_of_name(connection, name, until);
    if (!entry) return std::move(entry).error();
    if (!*entry) return std::optional<Account>();
    auto found = account_of(connection, **entry, true, until);
    if (!found) return std::move(found).error();
    return std::optional<Account>(std::move(*found));
  });
  for (int look = 1; account && *account && is_fresh(**account); ++look) {
    if (look == looks_max) return fault(Fault::Kind::exhausted, "ldap.find", "the password is changed again and again");
    std::this_thread::sleep_for(a_good_second);
    auto again = read((*account)->sub, (*account)->pre.dc);
    const bool rests = again && *again && (*again)->pre.pls == (*account)->pre.pls;
    account = std::move(again);
    if (rests) break;
  }
  return account;
}

Result<std::optional<Account>> OpenLdap::read(std::string_view sub, const std::string& dc, Depth) {
  if (!guid_bytes(sub)) return std::optional<Account>();
  return pool_.asking(dc, [&](Connection& connection, Deadline until) { return read_on(connection, sub, true, until); });
}

Result<protocol::PasswordPolicy> OpenLdap::policy_of(const Account& account) {
  return pool_.asking({}, [&](Connection& connection, Deadline until) -> Result<protocol::PasswordPolicy> {
    auto rules = rules_at(connection, account.pso_dn, until);
    if (!rules) return std::move(rules).error();
    auto known = rules->shown;
    const auto changed = integer(account.pre.pls).value_or(0);
    if (known.min_age_s > 0 && changed > 0 && !account.state.must_change) {
      const auto from = unix_from_filetime(changed) + known.min_age_s;
      if (from > unix_now()) known.change_from = from;
    }
    return known;
  });
}

// ---- writing -----------------------------------------------------------------------------------------------
Result<WriteAnswer> OpenLdap::write_password(const WriteOrder& order, const Secret& password_utf8, const Secret* old_utf8) {
  if (!quoted_utf16(password_utf8) || (old_utf8 && !quoted_utf16(*old_utf8))) return fault(Fault::Kind::malformed, "ldap.password", "not 1 to 256 UTF-16 units of well-formed Unicode");
  if (!guid_bytes(order.sub) || integer(order.pre.pls).value_or(-1) < 0 || order.pre.dc.empty()) return fault(Fault::Kind::malformed, "ldap.order", "sub or pre");
  if (password_utf8.expose(looks_like_a_hash)) {
    WriteAnswer refused;
    refused.refusal = Refusal::policy;
    refused.detail = "not sent: it begins like a hash, {SCHEME}, and would be stored as one";
    return refused;
  }
  auto lease = pool_.pinned(order.pre.dc);
  if (!lease) return std::move(lease).error();
  const Stopwatch watch;
  const bool in_steps = settings_.password_write == PasswordWrite::exop;
  auto answer = in_steps ? write_in_steps(**lease, order, password_utf8, old_utf8) : write_at_once(**lease, order, password_utf8, old_utf8);
  if (!answer) return answer;
  answer->hints_used = true;
  answer->directory_ms = watch.ms();
  if (answer->refusal == Refusal::none && answer->after && answer->detail.empty()) answer->detail = oddity(order, *answer->after);
  return answer;
}

// The password, the marker and the condition in one Modify.
Result<WriteAnswer> OpenLdap::write_at_once(Connection& connection, const WriteOrder& order, const Secret& password_utf8, const Secret* old_utf8) {
  using Op = Modification::Op;
  const bool marked = !order.marker.empty() && !settings_.marker_attribute.empty();
  Write write;
  write.sub = order.sub;
  write.pre = order.pre;
  write.kind = old_utf8 ? WriteKind::change : WriteKind::reset;
  write.sent = {&password_utf8, old_utf8};
  write.condition = {order.sub, true, marked, false};
  write.mods = [&](const Person& person) {
    std::vector<Modification> mods;
    if (old_utf8) mods = {{Op::remove, "userPassword", {}, old_utf8}, {Op::add, "userPassword", {}, &password_utf8}};
    else mods = {{Op::replace, "userPassword", {}, &password_utf8}};
    if (marked) append(mods, schema_.marker(settings_.marker_attribute, order.pre.mk, order.marker));
    if (order.unlock && !schema_.resets_unlock()) append(mods, schema_.unlock());
    if (order.must_change && !schema_.must_change_apart()) append(mods, schema_.must_change(order.pre));
    if (person.locked_for_good) {  // taken away by hand it is not taken away by the overlay: so it stays
      mods.push_back({Op::remove, "pwdAccountLockedTime", "000001010000Z"});
      mods.push_back({Op::add, "pwdAccountLockedTime", "000001010000Z"});
    }
    return mods;
  };
  write.stale = [&](const Account& after) { return after.pre.pls == order.pre.pls || schema_.pending(after); };
  auto answer = this->write(connection, write);
  if (answer && answer->refusal == Refusal::old_password_wrong && answer->after) {
    // Nobody has counted it. Shown once more, as a sign-in, it counts: guessing ends where the policy says.
    const auto counted = pool_.sign_in(order.pre.dc, answer->after->dn, *old_utf8, {}, deadline());
    answer->detail += counted ? ", counted by a sign-in" : ", and not counted: the sign-in for it had no answer";
  }
  if (order.must_change && schema_.must_change_apart() && answer && answer->refusal == Refusal::none) demand_change(connection, order, *answer);
  return answer;
}

// Nobody else's password is meant: it depends on what was just read back. Where it fails, the detail says so.
void OpenLdap::demand_change(Connection& connection, const WriteOrder& order, WriteAnswer& answer) {
  if (connection.broken() || !answer.after) return;
  Write write;
  write.sub = order.sub;
  write.pre = answer.after->pre;
  write.condition = {order.sub, false, false, false};
  write.mods = [&](const Person&) { return schema_.must_change(write.pre); };
  write.stale = [](const Account& after) { return !after.state.must_change; };
  auto demanded = this->write(connection, write);
  if (!demanded || demanded->refusal != Refusal::none) answer.detail = "written, and then must-change was not set: " + (demanded ? demanded->detail : demanded.error().detail);
  if (demanded && demanded->after) answer.after = std::move(demanded->after);
}

// ---- signing in --------------------------------------------------------------------------------------------
Result<SignInAnswer> OpenLdap::authenticate(const Account& account, const Secret& password_utf8) {
  if (account.dn.empty() || account.pre.dc.empty()) return fault(Fault::Kind::malformed, "ldap.sign_in", "dn or pre");
  const Stopwatch watch;
  auto bound = pool_.sign_in(account.pre.dc, account.dn, password_utf8, {{std::string(policy_control), {}, false}}, deadline());
  if (!bound) return std::move(bound).error();
  const auto error = policy_error_in(bound->controls);
  const auto verdict = schema_.sign_in(bound->code, error);
  const auto codes = "ldap " + std::to_string(bound->code) + (error ? ", ppolicy " + std::to_string(*error) : "");
  if (!verdict) return fault(Fault::Kind::refused, "ldap.sign_in", codes);
  return SignInAnswer{*verdict, *verdict == SignIn::accepted ? std::string() : codes + ", " + std::string(to_string(*verdict)), watch.ms()};
}

// ---- the other writes --------------------------------------------------------------------------------------
Result<WriteAnswer> OpenLdap::write_marker(const std::string& sub, const protocol::Pre& pre, const std::string& text) {
  if (!guid_bytes(sub) || pre.dc.empty() || text.empty()) return fault(Fault::Kind::malformed, "ldap.order", "sub, pre or marker");
  if (settings_.marker_attribute.empty()) return fault(Fault::Kind::refused, "ldap.marker", "no marker attribute is configured");
  Write write;
  write.sub = sub;
  write.pre = pre;
  write.condition = {sub, false, true, false};
  write.mods = [&](const Person&) { return schema_.marker(settings_.marker_attribute, pre.mk, text); };
  write.stale = [&](const Account& after) { return after.pre.mk == pre.mk; };
  auto lease = pool_.pinned(pre.dc);
  if (!lease) return std::move(lease).error();
  const Stopwatch watch;
  auto answer = this->write(**lease, write);
  if (answer) answer->directory_ms = watch.ms();
  return answer;
}

Result<WriteAnswer> OpenLdap::unlock(const std::string& sub) {
  if (!guid_bytes(sub)) return fault(Fault::Kind::malformed, "ldap.order", "sub");
  Write write;
  write.sub = sub;
  write.kind = WriteKind::unlock;
  write.condition = {sub, false, false, true};
  write.mods = [&](const Person&) { return schema_.unlock(); };
  write.stale = [](const Account& after) { return after.state.locked; };
  const Stopwatch watch;
  auto answer = pool_.asking({}, [&](Connection& connection, Deadline) { return this->write(connection, write); });  // it depends on nothing
  if (!answer) return answer;
  answer->directory_ms = watch.ms();
  if (answer->refusal != Refusal::none && answer->after && answer->after->state.disabled && !answer->after->state.locked) {
    answer->refusal = Refusal::none;  // there is no lock of the kind that we end
    answer->detail = "an administrator's lock stays";
  }
  return answer;
}

// Where the entry is, is remembered from the reading before. When the assertion or the name fails and it turns out to
// stand elsewhere now, or to have been locked or unlocked by an administrator, it is tried once more.
Result<WriteAnswer> OpenLdap::write(Connection& connection, const Write& order) {
  const auto until = deadline();
  for (bool again = false;; again = true) {
    auto person = whereabouts(connection, order.sub, !again && schema_.asserts(), until);
    if (!person) return fault(Fault::Kind::unreachable, person.error().where, person.error().detail);  // nothing was sent
    if (!*person) {
      WriteAnswer nobody;
      nobody.refusal = Refusal::not_found;
      return nobody;
    }
    auto condition = order.condition;
    condition.not_locked_for_good |= condition.password && !(*person)->locked_for_good;
    std::vector<Control> controls{{std::string(policy_control), {}, false}};
    if (schema_.asserts()) {
      auto asserted = connection.assertion(condition_filter(condition, order.pre, settings_.marker_attribute));
      if (!asserted) return fault(Fault::Kind::malformed, "ldap.order", "no filter can be made of it");
      controls.push_back(std::move(*asserted));
    }
    auto mods = schema_.guards(condition, order.pre);
    append(mods, order.mods(**person));
    Search read_back;
    read_back.base = (*person)->dn;
    read_back.filter = schema_.is(order.sub);
    read_back.attributes = schema_.person_attributes(settings_);
    auto modified = connection.modify((*person)->dn, mods, controls, &read_back, until);
    if (!modified) {
      if (modified.error().kind == Fault::Kind::timed_out) pool_.failed(connection.root().dc, modified.error());
      return std::move(modified).error();
    }
    if (!again && may_be_out_of_date(modified->code, order.kind)) {
      auto now = whereabouts(connection, order.sub, false, until);
      if (now && *now && **now != **person) continue;
    }
    return settle(connection, order, *modified, until);
  }
}

// The verdict, and the account as it is afterwards. slapd works on several requests of one connection at a time: a
// read-back from before the write, or behind a refusal, is asked for again.
Result<WriteAnswer> OpenLdap::settle(Connection& connection, const Write& order, const Modified& modified, Deadline until) {
  auto diagnosis = schema_.diagnose(modified.code, policy_error_in(modified.controls), modified.text, order.kind);
  if (!diagnosis) return std::move(diagnosis).error();
  WriteAnswer answer;
  answer.refusal = diagnosis->refusal;
  answer.detail = std::move(diagnosis->detail);
  answer.said = kept_text(modified.text, order.sent);
  if (!modified.after) return answer;
  if (answer.refusal == Refusal::none && modified.after->entries.size() == 1) {
    auto after = account_of(connection, modified.after->entries.front(), false, until);
    if (after && !order.stale(*after)) answer.after = std::move(*after);
  }
  for (int look = 0; look < read_back_looks && (!answer.after || (answer.refusal == Refusal::none && order.stale(*answer.after))); ++look) {
    auto after = read_on(connection, order.sub, false, until);
    if (!after || !*after) break;
    answer.after = std::move(**after);
  }
  // A wrong old password and a swap that failed look the same where both are values to be deleted.
  const bool unmoved = answer.after && answer.after->pre == order.pre;
  if (order.kind == WriteKind::change && answer.refusal == Refusal::swap_failed && modified.code == no_such_attribute && unmoved) {
    answer.refusal = Refusal::old_password_wrong;
    answer.detail = "ldap 16, old_password_wrong";
  }
  // The overlay judges the password before the server tests the assertion. Where both would have refused, what counts
  // is that somebody else was faster.
  if (order.condition.password && is_of_policy(answer.refusal) && answer.after && !order.stale(*answer.after)) {
    answer.refusal = Refusal::swap_failed;
    answer.detail += ", and the password has moved";
  }
  return answer;
}

}  // namespace wb::ldap
