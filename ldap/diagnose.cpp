#include "ldap/diagnose.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "ldap/result_codes.hpp"

namespace wb::ldap {
namespace {

// One line of the table: what the answer must be like, and what it means. The first that fits counts.
struct Row {
  int code;                // any: -1
  std::string_view error;  // Win32 (winerror.h), as AD spells it in front of its text; any: "", without one: "-"
  std::string_view words;  // stand in the text
  bool reset, change, unlock;
  Refusal refusal;
};
constexpr int any = -1;
constexpr bool yes = true, no = false;

// clang-format off
constexpr std::array table{
    // The swap, whatever policy might have said: the expected pwdLastSet or marker was not there.
    Row{no_such_attribute, "", "", yes, yes, no, Refusal::swap_failed},
    Row{value_exists, "", "", yes, yes, no, Refusal::swap_failed},
    Row{any, "00002081", "", yes, yes, no, Refusal::swap_failed},  // DS_SINGLE_VALUE_CONSTRAINT
    Row{any, "00002083", "", yes, yes, no, Refusal::swap_failed},  // DS_ATT_VAL_ALREADY_EXISTS
    Row{any, "00002084", "", yes, yes, no, Refusal::swap_failed},  // DS_CANT_REM_MISSING_ATT
    Row{any, "00002085", "", yes, yes, no, Refusal::swap_failed},  // DS_CANT_REM_MISSING_ATT_VAL
    // The object.
    Row{no_such_object, "", "", yes, yes, yes, Refusal::not_found},
    Row{referral, "", "", yes, yes, yes, Refusal::read_only},  // an RODC; also a name of another domain
    // The person's own change. Nobody needs a right to change the password he knows: who may not is told by the account's own list.
    Row{any, "00000056", "", no, yes, no, Refusal::old_password_wrong},  // INVALID_PASSWORD
    Row{any, "00000775", "", no, yes, no, Refusal::locked},              // ACCOUNT_LOCKED_OUT
    Row{any, "00000005", "", no, yes, no, Refusal::cannot_change},
    Row{any, "-", "module acl", no, yes, no, Refusal::cannot_change},    // Samba
    // Rights. ACCESS_DENIED; Samba answers with words alone.
    Row{insufficient_rights, "", "", yes, yes, yes, Refusal::no_rights},
    Row{any, "00000005", "", yes, yes, yes, Refusal::no_rights},
    Row{constraint_violation, "-", "module acl", yes, yes, yes, Refusal::no_rights},
    // The channel. GEN_FAILURE is what unicodePwd answers in the clear; DS_CONFIDENTIALITY_REQUIRED.
    Row{strong_auth_required, "", "", yes, yes, yes, Refusal::not_encrypted},
    Row{confidentiality_required, "", "", yes, yes, yes, Refusal::not_encrypted},
    Row{any, "00002077", "", yes, yes, yes, Refusal::not_encrypted},
    Row{unwilling, "0000001F", "", yes, yes, yes, Refusal::not_encrypted},
    // The password. PASSWORD_RESTRICTION with 53 for a reset and 19 for a change (Samba 4.17: always 19). Samba names the
    // rule, Windows never does.
    Row{any, "0000052D", "too short", yes, yes, no, Refusal::too_short},
    Row{any, "0000052D", "complexity criteria", yes, yes, no, Refusal::not_complex},
    Row{any, "0000052D", "already used", yes, yes, no, Refusal::in_history},
    Row{any, "0000052D", "too young", yes, yes, no, Refusal::too_young},
    Row{any, "0000052D", "miscellaneous restriction", yes, yes, no, Refusal::refused_by_filter},  // "check password script"
    Row{any, "0000052D", "", yes, yes, no, Refusal::policy},
};
// clang-format on

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

Refusal verdict(int code, const std::string& error, std::string_view text, WriteKind kind) {
  if (code == success) return Refusal::none;
  const auto fits = [&](const Row& row) {
    const bool of_kind = kind == WriteKind::reset ? row.reset : kind == WriteKind::change ? row.change
                                                                                          : row.unlock;
    const bool of_error = row.error.empty() || (row.error == "-" ? error.empty() : row.error == error);
    return of_kind && of_error && (row.code == any || row.code == code) && says(text, row.words);
  };
  const auto* row = std::find_if(table.begin(), table.end(), fits);
  return row == table.end() ? Refusal::directory_error : row->refusal;
}

}  // namespace

Result<Diagnosis> diagnose(int code, std::string_view text, WriteKind kind) {
  const auto error = win32_error(text);
  const auto codes = "ldap " + std::to_string(code) + (error.empty() ? "" : ", " + error);
  if (says_busy(code)) return busy_fault("ldap.modify", codes + ", the DC");
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
