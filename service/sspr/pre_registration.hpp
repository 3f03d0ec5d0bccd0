// An address that somebody else registers for a person: a helpdesk, an administrator, the operator. It serves as one that the directory
// has: never proven, so it is no administrator's second proof. Whoever registers one is audited; telling the person is the caller's part.
#pragma once
#include <string>
#include <string_view>
#include <variant>

#include "crypto/vault.hpp"
#include "service/audit_entry.hpp"
#include "service/sspr/people.hpp"
#include "service/store.hpp"

namespace wb::service::sspr {

// The words of to_string() are problems' codes.
enum class NotAdded { administrator,  // they register themselves
  frozen,
  method,  // the organisation allows no codes by mail
  malformed,
  inside,  // one of the organisation's own
  known,   // the person has it
  too_many };
std::string_view to_string(NotAdded why);

struct Registrar {
  Actor actor;
  std::string address;  // of the network; empty: none
};
Result<std::variant<RegisteredMethod, NotAdded>> add_email(Store& store, const crypto::Vault& vault, const Registrar& by, const Person& person, std::string_view address, UnixSeconds now);

}  // namespace wb::service::sspr
