// Writing a password by the Password Modify operation (RFC 3062), in three steps: the header says why, and what is lost.
#include "core/failpoint.hpp"
#include "ldap/open_ldap.hpp"
#include "ldap/password_modify.hpp"
#include "ldap/text.hpp"

namespace wb::ldap {
namespace {

// Between the first step and the second a newer password would be overwritten: whoever was held up (frozen, a paused
// machine) does not send the second.
constexpr std::chrono::milliseconds begun_at_most{2'000};

// "wb1;<jti>;<fence>;B": begun. Empty: not one of our markers.
std::string begun_text(const std::string& marker) {
  if (!marker.ends_with(";A")) return {};
  return marker.substr(0, marker.size() - 1) + "B";
}

// An answer to which nobody may conclude that nothing was sent.
Fault after_sending(const Fault& why) {
  const bool knows_better = why.kind == Fault::Kind::timed_out || why.kind == Fault::Kind::internal;
  return fault(knows_better ? why.kind : Fault::Kind::lost, why.where, why.detail);
}

}  // namespace

// {assert: entryUUID, pwdChangedTime and marker as in `pre`, no administrator's lock} marker := begun
Result<WriteAnswer> OpenLdap::begin(Connection& connection, const WriteOrder& order, const std::string& begun) {
  Write write;
  write.sub = order.sub;
  write.pre = order.pre;
  write.condition = {order.sub, true, true, true};
  write.mods = [&](const Person&) { return std::vector<Modification>{{Modification::Op::replace, settings_.marker_attribute, begun}}; };
  write.stale = [&](const Account& after) { return after.pre.mk == order.pre.mk; };
  auto answer = this->write(connection, write);
  if (!answer) {  // whether the marker is there or not, nobody sends a password behind it
    const auto& why = answer.error();
    if (why.kind != Fault::Kind::lost && why.kind != Fault::Kind::timed_out) return answer;
    return fault(Fault::Kind::unreachable, why.where, why.detail);
  }
  const auto& after = answer->after;
  if (answer->refusal == Refusal::swap_failed && after && after->state.disabled && after->pre == order.pre) {
    answer->refusal = Refusal::locked;
    answer->detail = "an administrator's lock, which the operation would end";
  }
  if (answer->refusal == Refusal::none && !after) return fault(Fault::Kind::unreachable, "ldap.read_back", "begun, and not readable");
  return answer;
}

// {assert: entryUUID, marker = ours} marker := `to` (nullopt: none) and whatever else
Result<WriteAnswer> OpenLdap::step(Connection& connection, const WriteOrder& order, const std::string& begun, const std::optional<std::string>& to, bool must_change) {
  using Op = Modification::Op;
  Write write;
  write.sub = order.sub;
  write.pre = order.pre;
  write.pre.mk = begun;
  write.condition = {order.sub, false, true, false};
  write.mods = [&](const Person&) {
    std::vector<Modification> mods{{to ? Op::replace : Op::clear, settings_.marker_attribute, to.value_or("")}};
    if (must_change) mods.push_back({Op::replace, "pwdReset", "TRUE"});
    return mods;
  };
  write.stale = [&](const Account& after) { return after.pre.mk != to; };
  return this->write(connection, write);
}

// Nothing was written, and the account becomes as it was; where that fails the marker stays, and a second attempt says `unknown`.
void OpenLdap::take_back(Connection& connection, const WriteOrder& order, const std::string& begun, WriteAnswer& answer) {
  auto back = connection.broken() ? Result<WriteAnswer>(fault(Fault::Kind::lost, "ldap.take_back")) : step(connection, order, begun, order.pre.mk, false);
  answer.after = back ? std::move(back->after) : std::nullopt;
}

// slapd says "unwilling to verify old password" to a wrong one, which it does not count, and also to who may not compare
// it. Shown once more, as a sign-in, it counts, and tells the one from the other.
void OpenLdap::judge_old(const WriteOrder& order, const std::string& dn, const Secret& old_utf8, WriteAnswer& answer) {
  auto bound = pool_.sign_in(order.pre.dc, dn, old_utf8, {{std::string(policy_control), {}, false}}, deadline());
  const auto verdict = bound ? diagnose_open_ldap_sign_in(bound->code, policy_error_in(bound->controls)) : std::nullopt;
  if (!verdict) {
    answer.detail += ", and not counted: the sign-in for it had no answer";
  } else if (*verdict == SignIn::wrong_password || *verdict == SignIn::locked) {
    answer.detail += ", counted by a sign-in";
  } else {
    answer.refusal = Refusal::no_rights;
    answer.detail = "the old password is right, and bind_dn may not compare it: it needs auth access to userPassword";
  }
}

Result<WriteAnswer> OpenLdap::write_in_steps(Connection& connection, const WriteOrder& order, const Secret& password_utf8, const Secret* old_utf8) {
  const auto begun = begun_text(order.marker);
  if (begun.empty() || settings_.marker_attribute.empty()) return fault(Fault::Kind::refused, "ldap.marker", "password_write: exop does nothing without a marker");
  const auto since = BootClock::now();
  auto first = begin(connection, order, begun);
  if (!first || first->refusal != Refusal::none) return first;
  failpoint("begun");
  WriteAnswer answer;
  if (BootClock::now() - since > begun_at_most) {
    take_back(connection, order, begun, answer);
    return fault(Fault::Kind::unreachable, "ldap.password_modify", "held up after it had begun: not sent");
  }
  const auto dn = first->after->dn;
  auto said = connection.extended(std::string(password_modify_oid), password_modify_value(dn, password_utf8, old_utf8), {{std::string(policy_control), {}, false}}, deadline());
  if (!said) {
    if (said.error().kind == Fault::Kind::timed_out) pool_.failed(order.pre.dc, said.error());
    return after_sending(said.error());
  }
  failpoint("extended_answered");
  auto diagnosis = diagnose_password_modify(said->code, policy_error_in(said->controls), old_utf8 ? WriteKind::change : WriteKind::reset);
  if (!diagnosis || diagnosis->refusal == Refusal::not_found) {  // busy; renamed or deleted since: nothing was written
    take_back(connection, order, begun, answer);
    return diagnosis ? fault(Fault::Kind::unreachable, "ldap.password_modify", diagnosis->detail) : std::move(diagnosis).error();
  }
  answer.refusal = diagnosis->refusal;
  answer.detail = std::move(diagnosis->detail);
  answer.said = kept_text(said->text, {&password_utf8, old_utf8});
  if (answer.refusal != Refusal::none) {
    take_back(connection, order, begun, answer);
    if (answer.refusal == Refusal::old_password_wrong) judge_old(order, dn, *old_utf8, answer);
    return answer;
  }
  auto last = step(connection, order, begun, order.marker, order.must_change);
  if (!last) return after_sending(last.error());
  answer.after = std::move(last->after);
  if (last->refusal != Refusal::none) answer.detail = "written, and then not marked as done: " + last->detail;
  return answer;
}

}  // namespace wb::ldap
