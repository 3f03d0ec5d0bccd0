// What a helpdesk, an administrator or the operator does to somebody's self-service, and the audit's row about it, in one transaction.
#pragma once
#include "service/sspr/pre_registration.hpp"

namespace wb::service::sspr {

// Since now, or no more. The person as they are then.
Result<Person> set_frozen(Store& store, Person person, bool frozen, const Registrar& by);
// False: they have no such method any more. Telling the person is the caller's part.
Result<bool> take_away(Store& store, const Person& person, const RegisteredMethod& method, const Registrar& by);

}  // namespace wb::service::sspr
