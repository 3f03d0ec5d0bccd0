#include "config/metrics_rules.hpp"

namespace wb::config {

void read_metrics(Section& section, MetricsDoor& door) {
  std::string listen;
  section.optional("listen", listen, shape::loopback_end());
  const auto colon = listen.rfind(':');
  if (listen.empty()) return;
  door.port = std::stoi(listen.substr(colon + 1));
  door.address = listen.front() == '[' ? listen.substr(1, colon - 2) : listen.substr(0, colon);
}

}  // namespace wb::config
