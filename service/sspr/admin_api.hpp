// An organisation's settings over HTTP (docs/SSPR.md, "Settings"): /api/v1/settings, for clients with the scope `settings` and signed-in
// administrators (sspr/administrators).
#pragma once
#include <vector>

#include "core/in_use.hpp"
#include "service/sspr/caller.hpp"

namespace wb::service::sspr {

class AdminApi {
 public:
  explicit AdminApi(SelfService& self) : self_(self) {}
  std::vector<Endpoint> endpoints();

  using Response = link::HttpResponse;
  Response show(const Caller& caller, const link::HttpRequest& request);
  Reply put(HttpCall call);  // ?dry_run=1: saves nothing, and says who is affected
  Response history(const Caller& caller, const link::HttpRequest& request);
  Response restore(const Caller& caller, const link::HttpRequest& request);

 private:
  Response shown(const SettingsVersion& version) const;
  Reply dry_run(std::string domain, Settings before, Settings after);
  Response save(const Caller& caller, const link::HttpRequest& request, const SettingsVersion& seen, const Settings& after);

  SelfService& self_;
  InUseCount dry_runs_ = nothing_in_use();  // one at a time: each looks at everybody
};

}  // namespace wb::service::sspr
