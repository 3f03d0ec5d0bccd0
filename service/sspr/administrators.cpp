#include "service/sspr/administrators.hpp"

#include "core/ids.hpp"

namespace wb::service::sspr {
namespace {

constexpr std::string_view of_a_person = "/api/v1/people/{sub}";

bool changes_own_account(const HttpCall& call, const std::string& pattern, const std::string& sub) {
  return call.request.method != "GET" && pattern.starts_with(of_a_person) && lowered(call.path.front()) == lowered(sub);
}

}  // namespace

Awaitable<Admission> Administrators::admit(const HttpCall& call, const std::string& pattern) {
  Admission admission;
  auto token = bearer_text(call.request);
  if (!token) co_return admission;
  bool busy = false;
  auto entering = desk_.enter(std::move(*token), &busy);
  auto guest = co_await std::move(entering);
  if (!guest && guest.error().kind == Fault::Kind::unreachable) admission.refused = told(self_, call.request, 503, "unreachable");
  else if (!guest) admission.refused = refuse_for(guest.error());
  else if (busy) admission.refused = refuse(Refusal::busy, "an earlier request of this sign-in is still being answered", 1'000);
  if (admission.refused || !*guest) co_return admission;
  if (!(*guest)->state.proven) {  // not even how long the look-up of a name took
    auto waiting = desk_.until_told(**guest);
    (void)co_await std::move(waiting);
  }
  if ((*guest)->state.level < 1) co_return admission;

  auto no = barrier(**guest);
  if (!no) admission.refused = refuse_for(no.error());
  else if (!no->empty()) admission.refused = told(self_, call.request, 403, *no);
  else if (changes_own_account(call, pattern, (*guest)->state.sub)) admission.refused = told(self_, call.request, 403, "own_account");
  else admission.caller = Caller{{ActorKind::administrator, (*guest)->state.sub}, (*guest)->ticket.domain};
  co_return admission;
}

Result<std::string_view> Administrators::barrier(const Guest& guest) {
  auto rules = self_.rules.current(guest.ticket.domain);
  if (!rules) return rules.error();
  auto person = self_.people.find(guest.ticket.domain, guest.state.sub);
  if (!person) return person.error();
  // When they signed in: only then was a second proof held to what is asked of administrators. And now.
  const bool administrator = guest.state.administrator && *person && standing(rules->settings, (*person)->groups, {}).administrator;
  if (!administrator) return "administrator_needed";
  if ((*person)->frozen != 0) return "frozen";
  if (guest.state.level < 2) return "second_proof_needed";
  return std::string_view();
}

}  // namespace wb::service::sspr
