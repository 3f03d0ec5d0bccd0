// What the service tells at metrics.listen: numbers and health, of this moment.
#include <algorithm>

#include "service/service.hpp"

namespace wb::service {

ServiceSnapshot Service::snapshot() {
  ServiceSnapshot told;
  told.calls_waiting = dispatch_.waiting_calls(), told.letters_waiting = post_.waiting(), told.mail = post_.open();
  for (const auto& key : keys_.list()) told.signing_ends = std::max(told.signing_ends.value_or(0), key.times.exp);
  if (auto works = store_.database().writable(); !works) told.store_trouble = works.error().detail;
  auto domains = store_.rostered();
  if (!domains) told.store_trouble = domains.error().detail;
  else
    for (const auto& name : *domains) {
      const auto* known = rosters_.find(name);
      told.domains[name] = {gateway_.connected_agents(name), gateway_.ready_agents(name), known ? std::optional(known->roster.exp) : std::nullopt};
    }
  return told;
}

}  // namespace wb::service
