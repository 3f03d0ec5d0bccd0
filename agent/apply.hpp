// The one function in which a password is plain: opened, checked, written, gone. Blocking; on a directory thread.
#pragma once
#include <atomic>
#include <optional>
#include <string>
#include <variant>

#include "agent/attempt_machine.hpp"
#include "crypto/keys.hpp"
#include "ldap/directory.hpp"

namespace wb::agent {

struct Applied {
  struct Cancelled {};  // before anything was sent
  struct Unanswered {
    Fault fault;
    std::optional<ldap::Account> reread;
  };
  // Say: not sent, the password itself was refused (or would not open).
  std::variant<Cancelled, Say, ldap::WriteAnswer, Unanswered> end;
  double directory_ms = 0;
};

Applied apply_reset(const Attempt& attempt, const std::string& sealed, const crypto::PrivateKey& ae, ldap::Directory& directory, const std::atomic<bool>& cancelled);
Applied apply_unlock(const Attempt& attempt, ldap::Directory& directory, const std::atomic<bool>& cancelled);

}  // namespace wb::agent
