// What an organisation's own administrators may do with their sign-in (docs/SSPR.md, "Administrators who sign in"): everything that a
// client with the scopes of administrators_have() may, in their own domain, once they have proven a second method.
//
// Who they are is looked at anew for each call, by what the rules and the account's groups are now: who is frozen, or is no administrator
// any more, is out at once. Nothing is done to one's own account here: what a person may do to it stands in sspr/own_methods.
#pragma once
#include <string>

#include "service/sspr/caller.hpp"
#include "service/sspr/sign_in.hpp"

namespace wb::service::sspr {

class Administrators {
 public:
  explicit Administrators(SelfService& self) : self_(self), desk_(self) {}
  // AdmitAdministrator. Refused: 403 administrator_needed, second_proof_needed, frozen, own_account; 429 and 503 as for any sign-in.
  Awaitable<Admission> admit(const HttpCall& call, const std::string& pattern);

 private:
  // The code of the refusal; empty: none.
  Result<std::string_view> barrier(const Guest& guest);
  SelfService& self_;
  SignInDesk desk_;
};

}  // namespace wb::service::sspr
