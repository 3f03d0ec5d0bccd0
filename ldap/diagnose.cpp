#include "ldap/diagnose.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace wb::ldap {
namespace {

// RFC 4511 section 4.1.9
enum Code : int {
  success = 0,
  strong_auth_required = 8,
  referral = 10,
  confidentiality_required = 13,
  no_such_attribute = 16,
  constraint_violation = 19,
  value_exists = 20,
  no_such_object = 32,
  invalid_credentials = 49,
  insufficient_rights = 50,
  busy = 51,
  unavailable = 52,
  unwilling = 53,
};

// Win32 errors as AD spells them in front of its diagnostics. Names: winerror.h.
constexpr std::string_view gen_failure = "0000001F";  // "must be over an encrypted connection" on unicodePwd
constexpr std::string_view access_denied = "00000005";
constexpr std::string_view invalid_password = "00000056";
constexpr std::string_view account_locked = "00000775";
constexpr std::string_view password_restriction = "0000052D";
constexpr std::string_view needs_secure_channel = "00002077";  // DS_CONFIDENTIALITY_REQUIRED
constexpr std::array<std::string_view, 4> swap_errors{
    "00002081",  // DS_SINGLE_VALUE_CONSTRAINT
    "00002083",  // DS_ATT_VAL_ALREADY_EXISTS
    "00002084",  // DS_CANT_REM_MISSING_ATT
    "00002085",  // DS_CANT_REM_MISSING_ATT_VAL
};

std::string win32_error(std::string_view text) {
  if (text.size() < 8 || (text.size() > 8 && text[8] != ':')) return {};
  std::string hex(text.substr(0, 8));
  for (char& c : hex) {
    if (!std::isxdigit(static_cast<unsigned char>(c))) return {};
    c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return hex;
}

bool says(std::string_view text, std::string_view words) { return text.find(words) != std::string_view::npos; }

// Samba names the rule, Windows never does.
Refusal rule_named(std::string_view text) {
  if (says(text, "too short")) return Refusal::too_short;
  if (says(text, "complexity criteria")) return Refusal::not_complex;
  if (says(text, "already used")) return Refusal::in_history;
  if (says(text, "too young")) return Refusal::too_young;
  if (says(text, "miscellaneous restriction")) return Refusal::refused_by_filter;  // "check password script"
  return Refusal::policy;
}

Refusal verdict(int code, const std::string& error, std::string_view text, WriteKind kind) {
  if (code == success) return Refusal::none;
  if (kind != WriteKind::unlock) {
    if (code == no_such_attribute || code == value_exists) return Refusal::swap_failed;
    if (std::find(swap_errors.begin(), swap_errors.end(), error) != swap_errors.end()) return Refusal::swap_failed;
  }
  if (code == no_such_object) return Refusal::not_found;
  if (code == referral) return Refusal::read_only;
  if (kind == WriteKind::change) {
    if (error == invalid_password) return Refusal::old_password_wrong;
    if (error == account_locked) return Refusal::locked;
    // Nobody needs a right to change the password he knows: who may not is told by the account's own list.
    if (error == access_denied || (error.empty() && says(text, "module acl"))) return Refusal::cannot_change;
  }
  if (code == insufficient_rights || error == access_denied) return Refusal::no_rights;
  if (code == strong_auth_required || code == confidentiality_required || error == needs_secure_channel) return Refusal::not_encrypted;
  if (error == gen_failure && code == unwilling) return Refusal::not_encrypted;
  if (error == password_restriction && (code == unwilling || code == constraint_violation)) return rule_named(text);
  if (code == constraint_violation && error.empty() && says(text, "module acl")) return Refusal::no_rights;
  return Refusal::directory_error;
}

}  // namespace

Result<Diagnosis> diagnose(int code, std::string_view text, WriteKind kind) {
  const auto error = win32_error(text);
  const auto codes = "ldap " + std::to_string(code) + (error.empty() ? "" : ", " + error);
  if (code == busy || code == unavailable) return fault(Fault::Kind::unreachable, "ldap.modify", codes + ", the DC is busy or going down");
  const auto refusal = verdict(code, error, text, kind);
  if (refusal == Refusal::none) return Diagnosis{};
  return Diagnosis{refusal, codes + ", " + std::string(to_string(refusal))};
}

namespace {
// "data 52e," in the text of result 49: a Win32 error in hexadecimal (winerror.h; the list stands in MS-ADTS nowhere).
// All but 525, 52e and 775 are told to those alone who know the password.
struct BindReason {
  std::string_view data, meaning;
  SignIn sign_in;
};
constexpr std::array<BindReason, 9> bind_reasons{{
    {"525", "no such account", SignIn::wrong_password},
    {"52e", "wrong name or password", SignIn::wrong_password},
    {"530", "not allowed at this hour", SignIn::logon_hours},
    {"531", "not allowed from this machine", SignIn::workstation},
    {"532", "its password has expired", SignIn::password_expired},
    {"533", "the account is disabled", SignIn::disabled},
    {"701", "the account has expired", SignIn::account_expired},
    {"773", "its password must be changed", SignIn::must_change},
    {"775", "the account is locked", SignIn::locked},
}};

const BindReason* bind_reason(std::string_view text) {
  for (const auto& reason : bind_reasons)
    if (says(text, "data " + std::string(reason.data) + ",")) return &reason;
  return nullptr;
}
}  // namespace

std::optional<SignIn> diagnose_sign_in(int code, std::string_view text) {
  if (code == success) return SignIn::accepted;
  if (code != invalid_credentials) return std::nullopt;
  const auto* reason = bind_reason(text);
  return reason ? reason->sign_in : SignIn::wrong_password;
}

std::string bind_refusal(int code, std::string_view text) {
  if (code == strong_auth_required) return "the directory wants an encrypted connection";
  if (code != invalid_credentials) return "ldap " + std::to_string(code);
  if (const auto* reason = bind_reason(text)) return std::string(reason->meaning) + " (data " + std::string(reason->data) + ")";
  return "wrong name or password";
}

std::string_view to_string(SignIn sign_in) {
  switch (sign_in) {
    case SignIn::accepted: return "accepted";
    case SignIn::wrong_password: return "wrong_password";
    case SignIn::locked: return "locked";
    case SignIn::must_change: return "must_change";
    case SignIn::password_expired: return "password_expired";
    case SignIn::account_expired: return "account_expired";
    case SignIn::disabled: return "disabled";
    case SignIn::logon_hours: return "logon_hours";
    case SignIn::workstation: return "workstation";
  }
  return "wrong_password";
}

std::string_view to_string(Refusal refusal) {
  switch (refusal) {
    case Refusal::none: return "none";
    case Refusal::too_short: return "too_short";
    case Refusal::not_complex: return "not_complex";
    case Refusal::in_history: return "in_history";
    case Refusal::too_young: return "too_young";
    case Refusal::policy: return "policy";
    case Refusal::refused_by_filter: return "refused_by_filter";
    case Refusal::swap_failed: return "swap_failed";
    case Refusal::old_password_wrong: return "old_password_wrong";
    case Refusal::cannot_change: return "cannot_change";
    case Refusal::locked: return "locked";
    case Refusal::read_only: return "read_only";
    case Refusal::not_found: return "not_found";
    case Refusal::no_rights: return "no_rights";
    case Refusal::not_encrypted: return "not_encrypted";
    case Refusal::directory_error: return "directory_error";
  }
  return "directory_error";
}

}  // namespace wb::ldap
