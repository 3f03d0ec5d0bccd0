// Invitations to register, and reminders (docs/SSPR.md, "Invitations"): ordered by the API (scope `helpdesk`) or the command line, written
// here, to the mailbox that the organisation keeps for the person. There is no credential in the link: they sign in.
#pragma once
#include <vector>

#include "service/sspr/caller.hpp"
#include "service/sspr/invited.hpp"

namespace wb::service::sspr {

class Invitations {
 public:
  explicit Invitations(SelfService& self) : self_(self), book_(self.store) {}
  std::vector<Endpoint> endpoints();
  // A few of the letters that are ordered; the rest with the next call (Service::take_orders). Codes share the queue of mails.
  void write_some();

 private:
  Reply invite(HttpCall call);
  Reply invite_missing(HttpCall call);
  Result<bool> write(const Invited& order, UnixSeconds now);
  void say(const Invited& order, std::string_view notice, StatusReason reason, std::string_view cause);
  SelfService& self_;
  InvitedBook book_;
};

}  // namespace wb::service::sspr
