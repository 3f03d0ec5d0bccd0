// GET /api/v1/reports (docs/SSPR.md, "Reports"), for clients with the scope `settings`.
#pragma once
#include <memory>
#include <vector>

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
  std::shared_ptr<bool> going_ = std::make_shared<bool>(false);  // one at a time: each reads a good part of the store
};

}  // namespace wb::service::sspr
