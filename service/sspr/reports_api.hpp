// GET /api/v1/reports (docs/SSPR.md, "Reports"), for clients with the scope `settings` and signed-in administrators.
#pragma once
#include <vector>

#include "core/in_use.hpp"
#include "service/sspr/caller.hpp"
#include "service/sspr/reports.hpp"

namespace wb::service::sspr {

class ReportsApi {
 public:
  explicit ReportsApi(SelfService& self) : self_(self) {}
  std::vector<Endpoint> endpoints();

 private:
  Reply report(HttpCall call);
  SelfService& self_;
  InUseCount going_ = nothing_in_use();  // one at a time: each reads a good part of the store
};

}  // namespace wb::service::sspr
