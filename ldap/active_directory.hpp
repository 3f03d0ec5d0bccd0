// Active Directory behind the Directory interface (MS-ADTS; Samba 4.24 is what the tests run against).
#pragma once
#include <map>
#include <mutex>
#include <string>

#include "ldap/account.hpp"
#include "ldap/diagnose.hpp"
#include "ldap/directory.hpp"
#include "ldap/pool.hpp"
#include "ldap/settings.hpp"
#include "ldap/text.hpp"

namespace wb::ldap {

inline constexpr const char* no_hints = "history_enforcement is require, and this DC has no policy hints control";

class ActiveDirectory final : public Directory {
 public:
  explicit ActiveDirectory(const Settings& settings);

  Result<std::optional<Account>> find(std::string_view name) override;
  Result<std::optional<Account>> read(std::string_view sub, const std::string& dc = {}, Depth depth = Depth::write) override;
  Result<protocol::PasswordPolicy> policy_of(const Account& account) override;
  Result<std::vector<std::string>> groups_of(const Account& account) override;
  Result<WriteAnswer> write_password(const WriteOrder& order, const Secret& password_utf8, const Secret* old_utf8 = nullptr) override;
  Result<SignInAnswer> authenticate(const Account& account, const Secret& password_utf8) override;
  Result<WriteAnswer> write_marker(const std::string& sub, const protocol::Pre& pre, const std::string& text) override;
  Result<WriteAnswer> unlock(const std::string& sub) override;
  DirectoryState check() override;

 private:
  struct CachedPolicy {
    protocol::PasswordPolicy policy;
    Deadline until;
  };

  Deadline deadline() const { return std::chrono::steady_clock::now() + settings_.operation_timeout; }
  const std::string& base_of(const Connection& connection) const { return settings_.base_dn.empty() ? connection.root().base : settings_.base_dn; }
  bool enforces_history(const Connection& connection) const;
  Result<std::string> learn_marker(Connection& connection, Deadline until);
  Result<std::string> learn_groups(Connection& connection);
  Search account_search(std::string_view sub, Detail detail) const;
  Result<std::optional<Account>> read_on(Connection& connection, std::string_view sub, Detail detail, Deadline until);
  Result<std::optional<Account>> account_of(Connection& connection, const Found& found, Detail detail, Deadline until);
  Result<std::vector<std::string>> groups_on(Connection& connection, const Account& account, Deadline until);
  bool groups_without_token();
  void see_whether_locked(Connection& connection, Account& account, Deadline until);
  Result<std::optional<std::string>> sub_of_name(Connection& connection, std::string_view name, Deadline until);
  Result<bool> is_our_netbios_name(Connection& connection, std::string_view label, Deadline until);
  Result<std::string> pso_of(Connection& connection, const Account& account, Deadline until);
  Result<std::optional<protocol::PasswordPolicy>> policy_at(Connection& connection, const std::string& dn, bool pso, Deadline until);
  std::vector<Modification> marker_swap(const protocol::Pre& pre, const std::string& text) const;
  std::vector<Modification> swap(const WriteOrder& order, const Secret& quoted, const Secret* old_quoted) const;
  std::string missing_right(Connection& connection, const std::string& sub, WriteKind kind);
  std::optional<std::uint32_t> marker_attid();
  // `stale`: whether an account read back can only be from before the modify.
  template <class Stale> Result<WriteAnswer> settle(Connection& connection, const std::string& sub, Result<Modified> modified, WriteKind kind, Stale stale, const Sent& sent);

  const Settings settings_;
  Pool pool_;
  std::mutex mutex_;                              // guards all below
  std::map<std::string, CachedPolicy> policies_;  // by DN
  std::string netbios_name_;
  std::optional<DirectoryState> last_state_;
  std::map<std::string, std::string> group_sids_;
  Deadline groups_until_{};
  bool groups_without_token_ = false;  // one of them is a distribution group: no token holds it
  bool marker_learnt_ = false;
  std::optional<std::uint32_t> marker_attid_;
};

}  // namespace wb::ldap
