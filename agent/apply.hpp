// Carries out one attempt: does what the machine says, tells it what happened. Blocking; all of it on one directory
// thread. The one function in which a password is plain lives here: opened, checked, written, gone.
#pragma once
#include <atomic>
#include <functional>
#include <optional>
#include <string>

#include "agent/attempt_machine.hpp"
#include "agent/password_check.hpp"
#include "agent/phases.hpp"
#include "core/clock.hpp"
#include "crypto/keys.hpp"
#include "ldap/directory.hpp"
#include "policy/guardrails.hpp"

namespace wb::agent {

struct Means {
  ldap::Directory& directory;
  const policy::Guardrails& rules;
  PasswordCheck& passwords;
  const crypto::PrivateKey& ae;
  const std::string& sealed;  // empty: none came
  const std::atomic<bool>& cancelled;
  Limits limits;
  BootClock::time_point received;
  std::int64_t clock_offset_s = 0;
  std::function<bool()> recorded;  // waits until the intent is on disk; false: it is not, and nothing may be sent
  std::function<void()> sending;   // right before the first thing is sent
};

struct Ending {
  Action action;                                   // Say, Again or Nothing
  policy::Decision decision;                       // of the guardrails, when the account was last read
  std::optional<ldap::Account> account;            // as last read, where the result may tell of it
  std::optional<protocol::PasswordPolicy> policy;  // where it explains the refusal
  std::string detail, said;                        // the directory's own codes and words, for the operator
  std::optional<int> kinds;                        // of characters in the password that was refused as too simple
  Phases phases = {};
  double directory_ms() const { return phases[Phase::read] + phases[Phase::write]; }
};

Ending carry_out(const Attempt& attempt, const Means& means);

policy::Subject subject_of(const ldap::Account& account);

}  // namespace wb::agent
