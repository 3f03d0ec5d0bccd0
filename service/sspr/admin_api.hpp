// An organisation's settings over HTTP (docs/SSPR.md, "Settings"): /api/v1/settings, for clients with the scope `settings` and signed-in
// administrators (sspr/administrators).
#pragma once
#include <vector>

#include "service/sspr/caller.hpp"

namespace wb::service::sspr {

class AdminApi {
 public:
  explicit AdminApi(SelfService& self) : self_(self) {}
  std::vector<Endpoint> endpoints();

  using Response = link::HttpResponse;
  Response show(const Caller& caller, const link::HttpRequest& request);
  Response put(const Caller& caller, const link::HttpRequest& request);  // ?dry_run=1: saves nothing, and says who is affected
  Response history(const Caller& caller, const link::HttpRequest& request);
  Response restore(const Caller& caller, const link::HttpRequest& request);

 private:
  Response shown(const SettingsVersion& version) const;
  Response dry_run(const Caller& caller, const Settings& before, const Settings& after);
  Response save(const Caller& caller, const link::HttpRequest& request, const SettingsVersion& seen, const Settings& after);
  // Why If-Match does not let this through; nothing where it does.
  std::optional<Response> too_late(const link::HttpRequest& request, std::int64_t version) const;

  SelfService& self_;
};

}  // namespace wb::service::sspr
