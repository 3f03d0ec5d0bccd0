// Numbers and health of a program for its own machine: GET /metrics (Prometheus), /livez (the process lives), /readyz (200 or 503).
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "link/local_http.hpp"

namespace wb::link {

struct Health {
  bool ready = false;
  std::string json;  // with the reasons
};
struct HealthTeller {
  std::function<std::string()> metrics;
  std::function<Health()> health;
};
// Faults as LocalHttp::start.
Result<std::unique_ptr<LocalHttp>> open_health_door(asio::io_context& io, const std::string& address, int port, HealthTeller teller);

}  // namespace wb::link
