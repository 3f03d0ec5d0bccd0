#include "ldap/kerberos_fault.hpp"

#include <krb5.h>

#include <array>

namespace wb::ldap {
namespace {

using Kind = Fault::Kind;
struct Row {
  std::int32_t code;
  Kind kind;
  const char* where;
  const char* words;
};

// clang-format off
constexpr std::array table{
    Row{KRB5KDC_ERR_PREAUTH_FAILED, Kind::refused, "kerberos.login", "the keys in the keytab are not the account's: was its password changed since? Make the keytab anew"},
    Row{KRB5KRB_AP_ERR_BAD_INTEGRITY, Kind::refused, "kerberos.login", "the keys in the keytab are not the account's: was its password changed since? Make the keytab anew"},
    Row{KRB5KDC_ERR_C_PRINCIPAL_UNKNOWN, Kind::refused, "kerberos.login", "the domain has no account by the name of the principal"},
    Row{KRB5KDC_ERR_CLIENT_REVOKED, Kind::refused, "kerberos.login", "the account is disabled, locked or has expired"},
    Row{KRB5KDC_ERR_CLIENT_NOTYET, Kind::refused, "kerberos.login", "the account is not valid yet"},
    Row{KRB5KDC_ERR_NAME_EXP, Kind::refused, "kerberos.login", "the account has expired"},
    Row{KRB5KDC_ERR_KEY_EXP, Kind::refused, "kerberos.login", "the account's password has expired"},
    Row{KRB5KDC_ERR_POLICY, Kind::refused, "kerberos.login", "a policy of the domain does not let the account sign in"},
    Row{KRB5KDC_ERR_ETYPE_NOSUPP, Kind::refused, "kerberos.login", "the domain takes none of the keytab's types of keys"},
    Row{KRB5_KT_NOTFOUND, Kind::refused, "kerberos.keytab", "the keytab has no key of the principal"},
    Row{KRB5_KEYTAB_BADVNO, Kind::refused, "kerberos.keytab", "the file is not a keytab"},
    Row{KRB5_KT_END, Kind::refused, "kerberos.keytab", "the file is not a keytab"},
    Row{KRB5_KT_FORMAT, Kind::refused, "kerberos.keytab", "the file is not a keytab"},
    Row{KRB5KRB_AP_ERR_SKEW, Kind::refused, "kerberos.clock", "clock_skew: this machine's clock and the controller's differ too much: mend NTP"},
    Row{KRB5_KDCREP_SKEW, Kind::refused, "kerberos.clock", "clock_skew: this machine's clock and the controller's differ too much: mend NTP"},
    Row{KRB5KRB_AP_ERR_TKT_NYV, Kind::refused, "kerberos.clock", "clock_skew: this machine's clock and the controller's differ too much: mend NTP"},
    Row{KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN, Kind::refused, "kerberos.service", "the domain knows no controller by this name: uris must spell it as the domain does"},
    Row{KRB5KDC_ERR_SVC_UNAVAILABLE, Kind::unreachable, "kerberos.kdc", "the KDC is busy or going down"},
    Row{KRB5_KDC_UNREACH, Kind::unreachable, "kerberos.kdc", "the KDC can't be reached"},
    Row{KRB5KRB_AP_ERR_TKT_EXPIRED, Kind::unreachable, "kerberos.failed", "the ticket has expired"},
};
// clang-format on

}  // namespace

Fault kerberos_fault(std::int32_t code, std::string_view said, const std::string& host) {
  for (const auto& row : table)
    if (row.code == code) return fault(row.kind, row.where, host + ": " + row.words);
  return fault(Kind::refused, "kerberos.failed", host + ": " + std::string(said));
}

}  // namespace wb::ldap
