// An organisation's people over HTTP (docs/SSPR.md, "Helpdesk" and "For identity products"): /api/v1/people for clients with the scope
// `helpdesk` and signed-in administrators (sspr/administrators), /api/v1/registration for clients with `registration`. All answered from the store: no agent is asked.
#pragma once
#include <string>
#include <vector>

#include "service/sspr/caller.hpp"

namespace wb::service::sspr {

class HelpdeskApi {
 public:
  explicit HelpdeskApi(SelfService& self) : self_(self) {}
  std::vector<Endpoint> endpoints();

  using Response = link::HttpResponse;
  using Places = std::vector<std::string>;  // of the path: the person's sub, a method's id
  Response list(const Caller& caller, const link::HttpRequest& request, const Places& places);
  Response show(const Caller& caller, const link::HttpRequest& request, const Places& places);
  Response unblock(const Caller& caller, const link::HttpRequest& request, const Places& places);
  Response freeze(const Caller& caller, const link::HttpRequest& request, const Places& places);
  Response thaw(const Caller& caller, const link::HttpRequest& request, const Places& places);
  Response add_method(const Caller& caller, const link::HttpRequest& request, const Places& places);
  Response remove_method(const Caller& caller, const link::HttpRequest& request, const Places& places);
  Response registration(const Caller& caller, const link::HttpRequest& request, const Places& places);

 private:
  Result<std::optional<Person>> person(const Caller& caller, const std::string& sub);
  Response set_frozen(const Caller& caller, const link::HttpRequest& request, const std::string& sub, bool frozen);

  SelfService& self_;
};

}  // namespace wb::service::sspr
