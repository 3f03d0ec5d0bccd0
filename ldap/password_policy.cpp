#include "ldap/password_policy.hpp"

#include <algorithm>

#include "ldap/account.hpp"
#include "ldap/result_codes.hpp"
#include "ldap/text.hpp"

namespace wb::ldap {
namespace {

// passwordPolicyResponse's errors (draft section 6.2); 9 is OpenLDAP's own.
enum Error : int {
  password_expired = 0,
  account_locked = 1,
  change_after_reset = 2,
  not_allowed = 3,
  must_supply_old = 4,
  bad_quality = 5,
  too_short = 6,
  too_young = 7,
  in_history = 8,
  too_long = 9,
};

struct Meaning {
  Refusal refusal;
  std::string_view words;  // for the operator; empty: the refusal's name says it
};

std::optional<Meaning> of_policy(int error, WriteKind kind) {
  if (kind == WriteKind::change && error == must_supply_old) return Meaning{Refusal::old_password_wrong, {}};
  switch (error) {
    case change_after_reset: return Meaning{Refusal::no_rights, "the service account itself must change its password first"};
    case not_allowed: return Meaning{Refusal::no_rights, "the policy allows no change"};
    case must_supply_old: return Meaning{Refusal::no_rights, "pwdSafeModify is TRUE: nobody can reset without the old password"};
    case bad_quality: return Meaning{Refusal::policy, "quality check"};
    case too_short: return Meaning{Refusal::too_short, {}};
    case too_young: return Meaning{Refusal::too_young, {}};
    case in_history: return Meaning{Refusal::in_history, {}};
    case too_long: return Meaning{Refusal::policy, "too long"};
    default: return std::nullopt;
  }
}

Meaning of_code(int code, WriteKind kind) {
  switch (code) {
    case success: return {Refusal::none, {}};
    case assertion_failed: return {kind != WriteKind::unlock ? Refusal::swap_failed : Refusal::directory_error, "the assertion failed"};
    case no_such_object: return {Refusal::not_found, {}};
    case insufficient_rights: return {Refusal::no_rights, {}};
    case strong_auth_required:
    case confidentiality_required: return {Refusal::not_encrypted, {}};
    case referral: return {Refusal::read_only, "a read-only replica, which refers writes elsewhere"};
    case unavailable_critical: return {Refusal::directory_error, "no assertion control"};
    case no_such_attribute:
      return {Refusal::directory_error, kind == WriteKind::change ? "bind_dn has manage access, with which slapd compares the old password with the hash itself; or the account has no password" : ""};
    case object_class_violation: return {Refusal::directory_error, "the entry's object classes do not allow an attribute: the marker?"};
    default: return {Refusal::directory_error, {}};
  }
}

// One BER element off the front (X.690 section 8.1; 389 DS writes every length with four octets); nullopt: not such a thing.
struct Element {
  std::uint8_t tag;
  std::string_view content;
};
std::optional<Element> next_element(std::string_view& bytes) {
  if (bytes.size() < 2) return std::nullopt;
  const auto octet = [&](std::size_t at) { return static_cast<std::uint8_t>(bytes[at]); };
  std::size_t size = octet(1), head = 2;
  if (size > 127) {
    const std::size_t octets = size - 128;
    if (octets == 0 || octets > 4 || bytes.size() < 2 + octets) return std::nullopt;
    for (size = 0; head < 2 + octets; ++head) size = size << 8 | octet(head);
  }
  if (size > bytes.size() - head) return std::nullopt;
  const Element element{octet(0), bytes.substr(head, size)};
  bytes.remove_prefix(head + size);
  return element;
}

}  // namespace

std::vector<std::string> policy_rule_attributes() {
  return {"pwdAttribute", "pwdMinLength", "pwdCheckQuality", "pwdInHistory", "pwdMinAge", "pwdMaxAge", "pwdLockout", "pwdLockoutDuration", "pwdMustChange",
      "pwdMaxFailure", "pwdFailureCountInterval", "pwdAllowUserChange"};
}

std::optional<PolicyRules> rules_from(const Entry& entry) {
  if (entry.values("pwdAttribute").empty()) return std::nullopt;  // every pwdPolicy has one
  constexpr std::int64_t length_max = 1024;                       // of what is counted, too
  PolicyRules rules;
  // The overlay looks at the length only where it checks the quality at all.
  if (whole_number(entry, "pwdCheckQuality") > 0) rules.shown.min_length = static_cast<int>(std::min(length_max, whole_number(entry, "pwdMinLength")));
  rules.shown.history = static_cast<int>(std::min(length_max, whole_number(entry, "pwdInHistory")));
  rules.shown.min_age_s = whole_number(entry, "pwdMinAge");
  rules.shown.max_age_s = whole_number(entry, "pwdMaxAge");
  rules.lockout = entry.first("pwdLockout") == "TRUE";
  rules.lockout_s = whole_number(entry, "pwdLockoutDuration");
  if (rules.lockout) {
    rules.shown.lockout_threshold = static_cast<int>(std::min(length_max, whole_number(entry, "pwdMaxFailure")));
    rules.shown.lockout_window_s = whole_number(entry, "pwdFailureCountInterval");
    rules.shown.lockout_duration_s = rules.lockout_s;
  }
  rules.must_change = entry.first("pwdMustChange") == "TRUE";
  rules.may_change = entry.first("pwdAllowUserChange") != "FALSE";
  return rules;
}

std::optional<int> policy_error(std::string_view value) {
  constexpr std::uint8_t sequence = 0x30, error_tag = 0x81;
  const auto outer = next_element(value);
  if (!outer || outer->tag != sequence) return std::nullopt;
  auto inside = outer->content;
  while (const auto element = next_element(inside)) {
    if (element->tag != error_tag || element->content.size() != 1) continue;
    const auto error = static_cast<std::uint8_t>(element->content[0]);
    return error < 0x80 ? std::optional<int>(error) : std::nullopt;  // an ENUMERATED has a sign, and no error is negative
  }
  return std::nullopt;
}

std::optional<int> policy_error_in(const std::vector<Control>& controls) {
  std::optional<int> error;
  for (const auto& control : controls)
    if (control.oid == policy_control) error = policy_error(control.value);
  return error;
}

Result<Diagnosis> diagnose_open_ldap(int code, std::optional<int> error, WriteKind kind) {
  if (code == success) return Diagnosis{};
  auto detail = "ldap " + std::to_string(code) + (error ? ", ppolicy " + std::to_string(*error) : "");
  if (says_busy(code)) return busy_fault("ldap.modify", detail + ", the server");
  if (code == value_exists) return fault(Fault::Kind::unreachable, "ldap.modify", detail + ", changed twice within one second");
  const auto said = error ? of_policy(*error, kind) : std::nullopt;
  const auto meaning = said ? *said : of_code(code, kind);
  detail += ", " + std::string(meaning.words.empty() ? to_string(meaning.refusal) : meaning.words);
  return Diagnosis{meaning.refusal, std::move(detail)};
}

Result<Diagnosis> diagnose_password_modify(int code, std::optional<int> error, WriteKind kind) {
  if (kind == WriteKind::change && code == unwilling && !error) return Diagnosis{Refusal::old_password_wrong, "ldap 53, old_password_wrong"};
  return diagnose_open_ldap(code, error, kind);
}

std::optional<SignIn> diagnose_open_ldap_sign_in(int code, std::optional<int> error) {
  if (code == success) return error == change_after_reset ? SignIn::must_change : SignIn::accepted;
  if (code != invalid_credentials) return std::nullopt;
  if (error == password_expired) return SignIn::password_expired;
  if (error == account_locked) return SignIn::locked;
  return SignIn::wrong_password;
}

}  // namespace wb::ldap
