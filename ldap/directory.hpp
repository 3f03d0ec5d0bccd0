// What the agent asks of a directory, whatever its dialect. Blocking: call it on the directory pool. Every call has a
// deadline inside. Results are verdicts (the directory's answer) or Faults (the directory could not be asked).
#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/result.hpp"
#include "core/secret.hpp"
#include "ldap/busy.hpp"
#include "protocol/messages.hpp"

namespace wb::ldap {

// Everything the guardrails, the probe and the swap need to know of one account, read in one search.
struct Account {
  std::string sub;  // objectGUID, lower-case 8-4-4-4-12
  std::string dn, sam, upn, display_name;
  std::string sid;                      // S-1-5-21-...
  std::vector<std::string> group_sids;  // nested, from tokenGroups (only when asked for)
  std::vector<std::string> group_dns;   // memberOf
  std::uint32_t user_account_control = 0, computed_account_control = 0;
  std::optional<std::uint32_t> account_type;  // sAMAccountType (MS-SAMR 2.2.1.9)
  bool admin_count = false;
  std::int64_t lockout_time = 0, expires_at = 0;  // FILETIME; expires_at 0 = never
  std::optional<std::int64_t> usn;                // uSNChanged, on this DC
  protocol::AccountState state;
  protocol::Pre pre;
  // When the marker attribute was last written, by the originating DC's clock; whatever its value is now, also none.
  // 0: never. nullopt: the directory does not tell, and nothing may be concluded from a marker that looks untouched.
  std::optional<std::int64_t> marker_changed;
  std::map<std::string, std::vector<std::string>> contacts;  // what Settings::contacts asks for; by attribute
  std::string language;                                      // preferredLanguage
  int wrong_passwords = 0;                                   // counted towards the lock, as this DC knows it
  UnixSeconds last_wrong_password = 0;                       // 0: never
  std::string pso_dn;                                        // msDS-ResultantPSO, empty = the domain's policy
  bool pso_known = false;                                    // find() asked for it; policy_of() asks by itself where read() did not
};

struct WriteOrder {
  std::string sub;
  protocol::Pre pre;   // the swap's expectation
  std::string marker;  // "wb1;<jti>;<fence>;A", or empty: no marker configured
  bool unlock = false, must_change = false, enforce_history = true;
};

enum class Refusal {  // a verdict of the directory about a write
  none,               // it was written
  too_short,
  not_complex,
  in_history,
  too_young,
  policy /* rule not named */,
  refused_by_filter,
  swap_failed,  // somebody changed the password since the probe
  old_password_wrong,
  cannot_change,  // the account may not change its own password
  locked,         // no change of a locked account's
  read_only,      // an RODC, or a server that refers writes to another
  not_found,
  no_rights,
  not_encrypted,
  directory_error,
};
std::string_view to_string(Refusal refusal);

struct WriteAnswer {
  Refusal refusal = Refusal::none;
  std::string detail;            // codes, the rule's name, the right that is missing: for the operator's log; never input
  std::string said;              // the directory's own words, for the same; see kept_text()
  std::optional<Account> after;  // the account read back on the same connection, whatever the verdict was
  bool hints_used = false;
  double directory_ms = 0;
};

// What a sign-in with a password came to. The codes of MS-ADTS and slapo-ppolicy that name one; AD tells all but
// `wrong_password` and `locked` to those alone who know the password.
enum class SignIn { accepted,
  wrong_password,
  locked,
  must_change,
  password_expired,
  account_expired,
  disabled,
  logon_hours,
  workstation };
std::string_view to_string(SignIn sign_in);

struct SignInAnswer {
  SignIn sign_in = SignIn::wrong_password;
  std::string detail;  // the directory's code, for the operator's log
  double directory_ms = 0;
};

// How much of an account is read.
enum class Depth { write,  // what a write and its guardrails need, at half the cost: state.expired and pso_dn are not asked for
  full };

struct ControllerState {  // one domain controller, as it was last seen
  std::string dc;         // its name, else its host
  bool up = false, current = false, pdc = false, read_only = false;
  std::int64_t shut_ms = 0;          // how long it is left alone from now on
  double latency_ms = 0;             // of its last answer
  std::string why;                   // it is not up
  UnixSeconds certificate_ends = 0;  // of its last connection; 0: there was none, or without TLS
};

struct DirectoryState {
  bool ready = false;
  std::string reason;
  std::string dc;
  bool marker = false, hints = false;
  std::vector<ControllerState> controllers = {};
  std::map<std::string, std::string> group_sids = {};  // AD: of Settings::named_groups, by DN as spelled there
};

class Directory {
 public:
  virtual ~Directory() = default;
  // By UPN, sAMAccountName, DOMAIN\user, mail or objectGUID text. nullopt: not found; Fault refused "ambiguous".
  // Everything about the account: for probes.
  virtual Result<std::optional<Account>> find(std::string_view name) = 0;
  // `dc`: on that DC and no other (Fault unreachable "ldap.pinned"); empty: on the one of the moment.
  virtual Result<std::optional<Account>> read(std::string_view sub, const std::string& dc = {}, Depth depth = Depth::write) = 0;
  virtual Result<protocol::PasswordPolicy> policy_of(const Account& account) = 0;
  // DNs of the groups it is in, nested ones too.
  virtual Result<std::vector<std::string>> groups_of(const Account& account) = 0;
  // One Modify and the read-back behind it. Fault::lost or timed_out: sent, effect unknown. Fault::unreachable: not sent.
  // `old_utf8`: the person's own change, which the directory refuses where it is not the password; else an administrator's reset.
  virtual Result<WriteAnswer> write_password(const WriteOrder& order, const Secret& password_utf8, const Secret* old_utf8 = nullptr) = 0;
  // One bind as the account, on a connection of its own to account.pre.dc. Fault: it is not known what the password is worth;
  // lost or timed_out: the attempt may have been counted.
  virtual Result<SignInAnswer> authenticate(const Account& account, const Secret& password_utf8) = 0;
  // Swaps the marker alone: {[delete pre.mk,] add text} on pre.dc, the read-back behind it. Answers as write_password does.
  virtual Result<WriteAnswer> write_marker(const std::string& sub, const protocol::Pre& pre, const std::string& text) = 0;
  virtual Result<WriteAnswer> unlock(const std::string& sub) = 0;
  // Connects if needed and says whether writes can be taken now. Called each few seconds by the agent.
  virtual DirectoryState check() = 0;
};

struct Settings;                                                      // ldap/settings.hpp
std::unique_ptr<Directory> open_directory(const Settings& settings);  // never fails: check() tells

}  // namespace wb::ldap
