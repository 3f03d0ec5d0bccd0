// "This wasn't me": what the link in a notification is for (docs/SSPR.md, "Notifications").
//
//   POST /api/v1/sspr/not-me {"token": "wbn1..."}  ->  200 {"frozen": true, "text": ...}, or 410 link_expired
//
// Only a POST does it, from the page behind the link: mail scanners follow links. The token stands behind the link's #, so that the page has it
// and no server's log.
#pragma once
#include <vector>

#include "service/router.hpp"
#include "service/sspr/self_service.hpp"

namespace wb::service::sspr {

class NotMe {
 public:
  explicit NotMe(SelfService& self) : self_(self) {}
  std::vector<Endpoint> endpoints();

 private:
  Reply report(HttpCall call);
  // Switches self-service off for the person, whose sign-ins and passes are gone; open resets stop by themselves
  // (ResetDesk::stop_if_frozen). False: the person is not kept any more. May be done again: an interrupted one is.
  Result<bool> freeze(Ticket& ticket, const std::string& peer);
  SelfService& self_;
};

}  // namespace wb::service::sspr
