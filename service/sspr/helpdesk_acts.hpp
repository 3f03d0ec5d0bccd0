// How a helpdesk lets somebody in again who is locked out (docs/SSPR.md, "Helpdesk"): a temporary access pass, a link by mail, or a
// temporary password that must be changed. For clients with the scope `helpdesk`; never for administrators.
#pragma once
#include <string>
#include <vector>

#include "service/sspr/caller.hpp"
#include "service/sspr/passes.hpp"
#include "service/sspr/temporary_password.hpp"

namespace wb::service::sspr {

class HelpdeskActs {
 public:
  HelpdeskActs(SelfService& self, TemporaryPassword& passwords) : self_(self), passwords_(passwords) {}
  std::vector<Endpoint> endpoints();

 private:
  using Work = Reply (HelpdeskActs::*)(Caller caller, HttpCall call);
  Reply look_up(Caller caller, HttpCall call);
  Reply give_pass(Caller caller, HttpCall call);
  Reply take_pass(Caller caller, HttpCall call);
  Reply send_link(Caller caller, HttpCall call);
  Reply seal(Caller caller, HttpCall call);
  Reply set_password(Caller caller, HttpCall call);

  // Who may be helped in this way, or why not.
  struct Helped {
    std::optional<Person> person;
    Settings rules;
    std::optional<link::HttpResponse> refused;
  };
  Helped helped(const Caller& caller, const HttpCall& call);
  std::optional<link::HttpResponse> not_allowed(const HttpCall& call, const Settings& rules, std::initializer_list<Method> methods) const;
  Result<std::vector<EmailAddress>> mailboxes(const Person& person) const;
  link::HttpResponse told(const HttpCall& call, const TemporaryPassword::Ended& ended) const;

  SelfService& self_;
  TemporaryPassword& passwords_;
};

}  // namespace wb::service::sspr
