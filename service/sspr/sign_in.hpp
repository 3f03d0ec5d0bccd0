// Signs people in by their directory password: sealed to the agents, tried there once (`authenticate`), never seen here. And takes the
// password that they change to, also where the present one has expired.
//
// A name that nobody has is treated like any other until the password has been tried: the offer to seal to is made up, always the same
// for a name; any password is wrong; and whatever a stranger asks is answered a whole number of look_spans after it was asked.
#pragma once
#include <optional>
#include <string>

#include "service/sspr/own_change.hpp"
#include "service/sspr/self_service.hpp"
#include "service/sspr/signed_in.hpp"

namespace wb::service::sspr {

struct Guest {
  Turns::Turn turn;
  Ticket ticket;
  SignedIn state;
  std::int64_t since_ms = 0;  // from when on the time of this request's answer is counted: it came, or an earlier one had been answered
};

// What the audit, and a letter, say of something that this guest did.
AuditEntry entry_of(const Guest& guest, Activity activity);
AuditEntry blocked_entry(const Guest& guest, StatusReason reason);  // the limits have no room for this sign-in
Occasion occasion_of(const Guest& guest, Notice notice);
// Whose failures are counted apart from strangers' (service/device_token).
std::optional<std::string> device_of(const Guest& guest);

class SignInDesk {
 public:
  static constexpr std::chrono::seconds opening{600}, life{1'800};  // to sign in; signed in

  explicit SignInDesk(SelfService& self) : self_(self), changes_(self) {}

  // Takes up the changes of passwords that a restart interrupted.
  Result<void> start() { return changes_.start(); }

  // Its credential; the account is looked up meanwhile. nullopt: there are too many.
  Result<std::optional<std::string>> begin(std::string domain, SignedIn state);
  // nullopt: no such ticket, or (`busy`) its turn did not come.
  Awaitable<Result<std::optional<Guest>>> enter(std::string token, bool* busy);
  Result<void> keep(Guest& guest);
  // Until the end of a span since the request. Strangers, whoever has not shown the password, are answered then and not before,
  // whatever the answer is: its time tells nothing, as long as the work fits a span. False: the service is stopping.
  Awaitable<bool> until_told(Guest& guest);

  // {probe, sub, pre, now, keys}, and for whoever has shown the password, `asked` of a new one: {policy, display_name, history_enforced}. nullopt: no agent could tell, or too often asked.
  Awaitable<Result<std::optional<json::object>>> seal(Guest& guest);
  struct Tried {
    protocol::Code code = protocol::Code::unknown;
    std::string reason;
    std::optional<UnixSeconds> retry_after;
    std::optional<link::HttpResponse> refused;  // what was sealed does not fit: nothing was tried
    std::optional<UnixSeconds> blocked;         // the limits have no room
  };
  // Of whoever has shown the password: this device's, from now on.
  std::string device_token(const Guest& guest) const;
  // `op`: authenticate or change. With the password right, the guest is signed in. A frozen account changes nothing: refused, 403 frozen.
  Awaitable<Result<Tried>> password(Guest& guest, std::string probe, std::string sealed, protocol::Op op);

 private:
  Awaitable<Result<void>> look(Guest& guest);
  Awaitable<Result<Tried>> ask_the_agent(Guest& guest, std::string body);
  link::HttpResponse refuse_frozen(const Guest& guest);
  Result<void> signed_in(Guest& guest, const Tried& tried, const JobRow* job);
  Result<void> changed(const Guest& guest, const Tried& tried);
  static Awaitable<> look_ahead(SignInDesk* desk, std::string token);
  SelfService& self_;
  OwnChange changes_;
};

}  // namespace wb::service::sspr
