// From what an agent said of an account and what is registered for it, to what a reset needs to know. Pure.
#pragma once
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "protocol/messages.hpp"
#include "service/sspr/flow.hpp"
#include "service/sspr/people.hpp"
#include "service/sspr/settings.hpp"

namespace wb::service::sspr {

struct Seen {
  std::string outcome, reason;                  // of the probe: "ok", or a refusal of docs/PROTOCOL.md section 5
  std::optional<protocol::ProbeAnswer> answer;  // with "ok"
  bool age_enforced = true;                     // resets are held to minimum age (the agent enforces history)
};

// A probe had no answer, and not for the name's sake: that is told, and to everybody.
bool nobody_answered(std::string_view outcome, std::string_view reason);
// A name that nobody has, one the agent will not talk about, and one that it could not look up: the same to a stranger, so
// all three are an account without anything. `person`: as kept before; nullptr when unknown here.
Account account_of(const Seen& seen, const Settings& settings, const Person* person, const std::vector<RegisteredMethod>& methods);

// What is kept of somebody who was seen. `name`: as it was typed.
Person person_of(std::string_view domain, std::string_view name, const protocol::ProbeAnswer& answer, UnixSeconds now);

// Each kind of which something may be used, once, in the order of their first: answers of which too few are left to ask are none.
std::vector<Method> kinds_of(const Settings& settings, const std::vector<RegisteredMethod>& methods);

// How far somebody is with the registration, and whether they are to look at it again: everything is there, and `reconfirm_days` ago they
// confirmed it last, or registered something.
struct Registration {
  int required = 1, missing = 0;
  bool reconfirm = false;
};
Registration registration_of(const Settings& settings, bool administrator, const std::vector<RegisteredMethod>& methods, UnixSeconds confirmed, UnixSeconds now);

}  // namespace wb::service::sspr
