// OpenLDAP with slapo-ppolicy behind the Directory interface (slapd 2.5 is what the tests run against).
//
// The swap is one Modify under the assertion control (RFC 4528, critical): it happens only while entryUUID,
// pwdChangedTime and the marker are what the probe saw, and is tested and done in one transaction of the server. So not
// even another writer between our reading and our writing is overwritten.
//
// What slapd 2.5 really does with a reset by an identity that is not the account's own, measured:
// - With `write` access to userPassword: history, minimum length, quality modules and pwdMinAge bind it (the age not
//   while pwdReset is TRUE), whatever order.enforce_history says. pwdSafeModify forbids it altogether.
// - With `manage` access, and as the rootdn: nothing binds it, and where the policy says pwdMustChange the overlay sets
//   pwdReset by itself. No server tells beforehand which access we have; afterwards WriteAnswer::detail says so.
// - It ends every lock, also an administrator's own (pwdAccountLockedTime 000001010000Z). An administrator's lock is
//   therefore put back in the same Modify, and asserted not to have appeared meanwhile. order.unlock changes nothing.
// - pwdReset (must change) is heeded at the sign-in only where the policy says pwdMustChange.
// - unlock() removes the lock and not the wrong attempts, which nobody may write: the next wrong one locks again.
//
// The person's own change is the same conditional Modify by the same identity, with `delete userPassword: old` and `add
// userPassword: new` in it. Measured on slapd 2.5, with `write` access:
// - The overlay compares the clear old value with the stored hash itself, with and without pwdSafeModify. The right one:
//   history, length, quality and pwdMinAge bind as ever; swap, marker and assertion stay one transaction. It works while
//   the password must be changed (pwdReset) or has expired. It would also end any lock: locked accounts are not tried.
// - A wrong one is 53 with the control's error 4, before the assertion is tested, and is *not counted* (no
//   pwdFailureTime): so it is shown once more as a sign-in, which counts it. pwdMinAge speaks before either.
// - pwdAllowUserChange is asked of nobody but the account itself: we heed it (state.cannot_change).
// - With `manage` access or as the rootdn the old value is compared with the hash byte by byte: 16, right or wrong.
// (To bind as the person and modify then needs `by self` rights that also let the marker be written, and fails for an
// expired password, whose bind is refused.)
//
// password_write: exop sends the password by the Password Modify operation (RFC 3062) instead: slapd hashes it itself, by
// olcPasswordHash, also where the overlay does not (olcPPolicyHashCleartext). Measured on slapd 2.5: it takes no assertion
// (critical: 12; not critical: ignored), no transaction (RFC 5805: 12) and carries no marker; the overlay's checks and its
// control come with it as with a Modify; the old password is compared with the hash, right or wrong, only for who has
// `auth` access to userPassword, and a wrong one (53, "unwilling to verify old password") is not counted. So it is three
// steps, and a marker attribute is required:
//   1. Modify {assert entryUUID, pwdChangedTime and marker as in `pre`, and no administrator's lock} marker := "jti;fence;B"
//   2. Password Modify, at most 2 s after the beginning of 1
//   3. Modify {assert entryUUID, marker as in 1} marker := "jti;fence;A", pwdReset; or, refused in 2: the marker as in `pre`
// Whoever did 1 does 2, and nobody else: at most once stays, and a void (which swaps `pre`'s marker, too) excludes 1. But:
// - Between 1 and 2 the password depends on nothing. A newer one set in that moment is overwritten, and where the entry was
//   renamed in it and another has its name, that one's. How long: one round trip, 2 s at most on our side, and as long as
//   a network or a server that stands still keeps the request.
// - Whoever dies in between leaves "B": a second attempt can't know, sends nothing, and says `unknown` (agent/attempt_machine
//   takes it for a foreign marker). The same where the answer to 2 or 3 was lost.
// - An administrator's lock would be ended by 2 before 3 could put it back: such an account is refused (locked).
// - must-change comes with 3: without 3, it is missing.
#pragma once
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "ldap/directory.hpp"
#include "ldap/open_ldap_entry.hpp"
#include "ldap/password_policy.hpp"
#include "ldap/pool.hpp"
#include "ldap/server_schema.hpp"
#include "ldap/settings.hpp"
#include "ldap/text.hpp"

namespace wb::ldap {

class OpenLdap final : public Directory {
 public:
  explicit OpenLdap(const Settings& settings) : settings_(settings), schema_(schema_of(settings.type)), pool_(settings) {}

  // By uid, mail, uid@domain, DOMAIN\uid or entryUUID. An account whose password was changed within the last minute is
  // looked at twice, a good second apart (open_ldap_entry.hpp).
  Result<std::optional<Account>> find(std::string_view name) override;
  Result<std::optional<Account>> read(std::string_view sub, const std::string& dc = {}, Depth depth = Depth::write) override;
  Result<protocol::PasswordPolicy> policy_of(const Account& account) override;
  Result<std::vector<std::string>> groups_of(const Account& account) override { return account.group_dns; }
  Result<WriteAnswer> write_password(const WriteOrder& order, const Secret& password_utf8, const Secret* old_utf8 = nullptr) override;
  Result<SignInAnswer> authenticate(const Account& account, const Secret& password_utf8) override;
  Result<WriteAnswer> write_marker(const std::string& sub, const protocol::Pre& pre, const std::string& text) override;
  Result<WriteAnswer> unlock(const std::string& sub) override;
  DirectoryState check() override;

 private:
  struct Person {  // where a write goes; may be out of date, which the assertion notices
    std::string dn;
    bool locked_for_good = false;
    bool operator==(const Person&) const = default;
  };
  struct CachedRules {
    PolicyRules rules;
    Deadline until;
  };
  struct Write {
    std::string sub;
    protocol::Pre pre;
    WriteKind kind = WriteKind::reset;
    Sent sent;
    Condition condition;
    std::function<std::vector<Modification>(const Person&)> mods;
    std::function<bool(const Account&)> stale;  // an account read back that can only be from before the write
  };

  Deadline deadline() const { return std::chrono::steady_clock::now() + settings_.operation_timeout; }
  const std::string& base_of(const Connection& connection) const { return settings_.base_dn.empty() ? connection.root().base : settings_.base_dn; }
  const std::string& suffix_of(const Connection& connection) const;

  // ---- open_ldap_find.cpp
  Result<std::optional<Entry>> entry_of(Connection& connection, std::string_view sub, Deadline until);
  Result<std::optional<Entry>> entry_of_name(Connection& connection, std::string_view name, Deadline until);
  Result<Account> account_of(Connection& connection, const Entry& entry, bool groups, Deadline until);
  Result<void> add_groups(Connection& connection, const Entry& entry, Account& account, Deadline until);
  Result<std::optional<Account>> read_on(Connection& connection, std::string_view sub, bool groups, Deadline until);
  void remember(const std::string& sub, const Entry& entry);
  Result<std::optional<Person>> whereabouts(Connection& connection, const std::string& sub, bool remembered, Deadline until);

  // ---- open_ldap_check.cpp
  Result<PolicyRules> rules_at(Connection& connection, const std::string& policy_dn, Deadline until);  // "" = the default policy
  Result<std::string> default_policy(Connection& connection, Deadline until);
  Result<void> check_marker(Connection& connection, Deadline until);
  Result<void> check_groups(Connection& connection, Deadline until);
  Result<void> check_on(Connection& connection, Deadline until);

  // ---- open_ldap.cpp
  Result<WriteAnswer> write_at_once(Connection& connection, const WriteOrder& order, const Secret& password_utf8, const Secret* old_utf8);
  void demand_change(Connection& connection, const WriteOrder& order, WriteAnswer& answer);
  Result<WriteAnswer> write(Connection& connection, const Write& order);
  Result<WriteAnswer> settle(Connection& connection, const Write& order, const Modified& modified, Deadline until);

  // ---- open_ldap_exop.cpp
  Result<WriteAnswer> write_in_steps(Connection& connection, const WriteOrder& order, const Secret& password_utf8, const Secret* old_utf8);
  Result<WriteAnswer> begin(Connection& connection, const WriteOrder& order, const std::string& begun);
  Result<WriteAnswer> step(Connection& connection, const WriteOrder& order, const std::string& begun, const std::optional<std::string>& to, bool must_change);
  void take_back(Connection& connection, const WriteOrder& order, const std::string& begun, WriteAnswer& answer);
  void judge_old(const WriteOrder& order, const std::string& dn, const Secret& old_utf8, WriteAnswer& answer);

  const Settings settings_;
  const ServerSchema& schema_;
  Pool pool_;
  std::mutex mutex_;                          // guards all below
  std::map<std::string, Person> people_;      // by sub
  std::map<std::string, CachedRules> rules_;  // by DN
  std::string default_policy_;                // as found, where the configuration names none
  std::optional<Deadline> set_up_until_;      // marker, policy and groups were seen to be right
  std::optional<DirectoryState> last_state_;
};

}  // namespace wb::ldap
