// The password rules of one domain at work: their lists in memory, and what they say of a password that was just opened.
// From any thread.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "agent/attempt_machine.hpp"
#include "config/agent_rules.hpp"
#include "core/clock.hpp"
#include "core/result.hpp"
#include "core/secret.hpp"
#include "ldap/directory.hpp"
#include "policy/banned_words.hpp"
#include "policy/breached.hpp"
#include "policy/password_rules.hpp"

namespace wb::agent {

class PasswordCheck {
 public:
  explicit PasswordCheck(config::PasswordRules rules) : rules_(std::move(rules)) {}

  // Reads lists that are new or have changed. Blocking. A Fault (detail names the file): one of them can't be used, and
  // until it can every password is answered with failed/rules_unavailable, in audit mode, too: the domain is not ready.
  Result<void> refresh();

  // What a probe read, so that a write soon after it need not ask for it again. Bounded, for ten minutes.
  void remember(const std::string& sub, const protocol::PasswordPolicy& policy, UnixSeconds now);

  struct Judged {
    std::optional<Say> no;        // what stands in the way; nullopt: nothing of ours
    policy::PasswordFacts facts;  // for explaining the directory's refusal
  };
  // Logs what refuses (password.refused) or would (password.audited), by rule and list line; never the password.
  Judged judge(const log::About& about, const Secret& password, const ldap::Account& account, UnixSeconds now);

 private:
  struct Lists {
    policy::BannedWords words;
    std::optional<policy::BreachedSet> breached;
    std::string words_version, breached_version;
  };
  std::shared_ptr<const Lists> lists() const;
  Result<void> read(Lists& next) const;
  std::optional<protocol::PasswordPolicy> recall(const std::string& sub, UnixSeconds now);
  std::optional<Say> broken(const log::About& about, policy::Mode mode, std::string_view reason, const std::string& why) const;

  const config::PasswordRules rules_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Lists> lists_;  // null: not usable
  std::map<std::string, std::pair<UnixSeconds, protocol::PasswordPolicy>> policies_;
};

// The lists that rules name, as the doctor looks at them: each with what is in it, or why it can't be used (as refresh). Blocking.
struct ListSeen {
  std::filesystem::path file;
  Result<std::string> holds;  // "1200 words"
  bool ages = false;          // of breached passwords: new ones become known
};
std::vector<ListSeen> look_at_lists(const config::PasswordRules& rules);

// The reason where the directory only said 0000052D: what the policy excludes is excluded.
std::string_view explained(const std::optional<protocol::PasswordPolicy>& policy, const policy::PasswordFacts& facts, bool hints_used, UnixSeconds now);

}  // namespace wb::agent
