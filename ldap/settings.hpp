// How to reach one directory; filled by config/.
#pragma once
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace wb::ldap {

enum class DirectoryType { active_directory,
  openldap,
  ds389 };
enum class HistoryEnforcement { require,
  prefer,
  off };

enum class PasswordWrite { modify,
  exop };  // the Password Modify operation (RFC 3062)

enum class Prefer { pdc_emulator,
  listed_first };

// What keeps a password from others' eyes on its way. There is no value for "nothing".
enum class Encryption { ldaps,  // TLS from the first byte, port 636
  starttls,                     // TLS on port 389, before anything else is said (RFC 4511 section 4.14)
  kerberos };                   // a sealed layer of GSSAPI on port 389 (RFC 4752), and no password of the service account; AD only

struct Settings {
  DirectoryType type = DirectoryType::active_directory;
  std::string domain;  // corp.example
  Encryption encryption = Encryption::ldaps;
  std::vector<std::string> uris;             // ldaps://dc1.corp.example (ldap:// without `ldaps`), in this order; empty: found in DNS (AD only)
  std::string site;                          // whose controllers DNS is asked for first; empty: none in particular
  Prefer prefer = Prefer::pdc_emulator;      // who is asked while all are well; AD only
  std::filesystem::path ca_file;             // PEM; empty: the system's store
  std::string bind_dn;                       // UPN or DN
  std::filesystem::path bind_password_file;  // first line; read at each connect
  std::string principal;                     // instead of the two, with Encryption::kerberos: svc-wb@CORP.EXAMPLE
  std::filesystem::path keytab_file;         // its keys
  std::chrono::seconds ticket_life{0};       // 0: as long as the domain gives
  std::string base_dn;                       // empty: rootDSE defaultNamingContext
  std::string marker_attribute;              // empty: no marker (pwdLastSet alone guards the swap)
  std::vector<std::string> contacts;         // attributes that a probe may carry: mail, mobile, ...
  HistoryEnforcement history = HistoryEnforcement::prefer;
  std::string policy_dn;                                 // OpenLDAP: the overlay's default policy; empty: the only one there is
  PasswordWrite password_write = PasswordWrite::modify;  // OpenLDAP; exop needs marker_attribute
  std::vector<std::string> named_groups;                 // the guardrails' own, as DNs: they must be readable, or they protect nobody
  int connections = 2;                                   // held connections
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds operation_timeout{8'000};
  // A controller that does not answer is left for another within this time, by probes and new jobs.
  std::chrono::milliseconds failover_timeout{5'000};
  std::chrono::milliseconds fail_back_after{60'000};  // how long the preferred one must have been well again
  bool operator==(const Settings&) const = default;

  const std::string& account() const { return encryption == Encryption::kerberos ? principal : bind_dn; }
  const std::filesystem::path& secret_file() const { return encryption == Encryption::kerberos ? keytab_file : bind_password_file; }
};

}  // namespace wb::ldap
