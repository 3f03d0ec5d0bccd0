// A directory in memory that swaps like Active Directory: one account, versions, pwdLastSet, marker; and that can be
// told to be away, to lose an answer, or to hold a write until the test lets it go.
#pragma once
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "core/clock.hpp"
#include "ldap/directory.hpp"

namespace wb::test {

struct FakeDirectory : ldap::Directory {
  struct Shared {  // outlives the agent that owns the directory
    std::mutex mutex;
    std::condition_variable changed;
    std::map<std::string, ldap::Account> accounts;  // by sub
    std::map<std::string, std::string> passwords;   // by sub
    ldap::DirectoryState state{true, "", "dc1.corp.example", true, true};
    protocol::PasswordPolicy policy{8, true, 24, 0, 0, std::nullopt};
    int finds = 0, reads = 0, writes = 0, applied = 0, voids = 0, sign_ins = 0;
    std::optional<ldap::SignIn> sign_in;  // answered instead of what the password is worth
    bool hold_writes = false;             // a write waits until this is false
    std::function<std::optional<Fault>()> read_fault;
    std::optional<Fault> write_fault;  // answered instead of the verdict
    bool write_lands = true;           // whether a write with a fault takes effect
    std::optional<Fault> void_fault;
    ldap::Refusal refuse = ldap::Refusal::none;

    ldap::Account& add(const std::string& sub, const std::string& name) {
      ldap::Account a;
      a.sub = sub, a.sam = name, a.dn = "CN=" + name + ",OU=People,DC=corp,DC=example", a.sid = "S-1-5-21-1-2-3-1104", a.display_name = name;
      a.group_sids = {"S-1-5-21-1-2-3-513"};
      a.pre = {"dc1.corp.example", 1, "133000000000000000", std::nullopt};
      a.marker_changed = 0;
      return accounts[sub] = a;
    }
    void changed_by_somebody_else(const std::string& sub) {
      const std::lock_guard lock(mutex);
      auto& pre = accounts.at(sub).pre;
      ++pre.ver;
      pre.pls = std::to_string(std::stoll(pre.pls) + 1);
    }
    void set(const std::function<void(Shared&)>& change) {
      {
        const std::lock_guard lock(mutex);
        change(*this);
      }
      changed.notify_all();
    }
    int count(int Shared::*what) {
      const std::lock_guard lock(mutex);
      return this->*what;
    }
  };
  explicit FakeDirectory(std::shared_ptr<Shared> shared) : s(std::move(shared)) {}

  Result<std::optional<ldap::Account>> find(std::string_view name) override {
    const std::lock_guard lock(s->mutex);
    ++s->finds;
    if (auto why = s->read_fault ? s->read_fault() : std::nullopt) return *why;
    for (const auto& [sub, account] : s->accounts)
      if (account.sam == name || sub == name) return std::optional(account);
    return std::optional<ldap::Account>();
  }
  Result<std::optional<ldap::Account>> read(std::string_view sub, const std::string& dc = {}, ldap::Depth = ldap::Depth::write) override {
    const std::lock_guard lock(s->mutex);
    ++s->reads;
    if (auto why = s->read_fault ? s->read_fault() : std::nullopt) return *why;
    if (!dc.empty() && dc != s->state.dc) return fault(Fault::Kind::unreachable, "ldap.pinned", dc);
    const auto found = s->accounts.find(std::string(sub));
    return found == s->accounts.end() ? std::optional<ldap::Account>() : std::optional(found->second);
  }
  Result<protocol::PasswordPolicy> policy_of(const ldap::Account&) override {
    const std::lock_guard lock(s->mutex);
    return s->policy;
  }
  Result<ldap::WriteAnswer> write_password(const ldap::WriteOrder& order, const Secret& password, const Secret* old = nullptr) override {
    std::unique_lock lock(s->mutex);
    ++s->writes;
    s->changed.notify_all();
    s->changed.wait(lock, [this] { return !s->hold_writes; });
    auto& account = s->accounts.at(order.sub);
    ldap::WriteAnswer answer;
    const bool same = account.pre.pls == order.pre.pls && account.pre.mk == order.pre.mk;
    if (s->refuse != ldap::Refusal::none) answer.refusal = s->refuse;
    else if (old && !is_password(order.sub, *old)) answer.refusal = ldap::Refusal::old_password_wrong;
    else if (!same) answer.refusal = ldap::Refusal::swap_failed;
    else if (!s->write_fault || s->write_lands) {
      ++s->applied;
      ++account.pre.ver;
      account.pre.pls = std::to_string(std::stoll(account.pre.pls) + 1);
      if (!order.marker.empty()) account.pre.mk = order.marker, account.marker_changed = unix_now();
      if (order.unlock) account.state.locked = false;
      password.expose([&](std::string_view text) { s->passwords[order.sub] = text; });  // the test looks whether it is the right one
    }
    if (s->write_fault) return *s->write_fault;
    answer.after = account;
    return answer;
  }
  Result<std::vector<std::string>> groups_of(const ldap::Account& account) override { return account.group_dns; }
  Result<ldap::SignInAnswer> authenticate(const ldap::Account& account, const Secret& password) override {
    std::unique_lock lock(s->mutex);
    ++s->sign_ins;
    s->changed.notify_all();
    s->changed.wait(lock, [this] { return !s->hold_writes; });
    if (s->write_fault) return *s->write_fault;
    if (s->sign_in) return ldap::SignInAnswer{*s->sign_in, {}, 0};
    return ldap::SignInAnswer{is_password(account.sub, password) ? ldap::SignIn::accepted : ldap::SignIn::wrong_password, {}, 0};
  }
  Result<ldap::WriteAnswer> write_marker(const std::string& sub, const protocol::Pre& pre, const std::string& text) override {
    const std::lock_guard lock(s->mutex);
    if (s->void_fault) return *s->void_fault;
    auto& account = s->accounts.at(sub);
    ldap::WriteAnswer answer;
    if (account.pre.mk != pre.mk) answer.refusal = ldap::Refusal::swap_failed;
    else ++s->voids, account.pre.mk = text, account.marker_changed = unix_now();
    answer.after = account;
    return answer;
  }
  Result<ldap::WriteAnswer> unlock(const std::string& sub) override {
    const std::lock_guard lock(s->mutex);
    ++s->writes;
    auto& account = s->accounts.at(sub);
    account.state.locked = false;
    ldap::WriteAnswer answer;
    answer.after = account;
    return answer;
  }
  ldap::DirectoryState check() override {
    const std::lock_guard lock(s->mutex);
    return s->state;
  }

  bool is_password(const std::string& sub, const Secret& password) const {
    return password.expose([&](std::string_view text) { return s->passwords[sub] == text; });
  }

  std::shared_ptr<Shared> s;
};

}  // namespace wb::test
