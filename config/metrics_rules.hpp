// The part of both configurations that says where numbers and health are told.
#pragma once
#include <string>

#include "config/yaml_reader.hpp"

namespace wb::config {

// metrics.listen: a loopback address and a port; port 0: nowhere.
struct MetricsDoor {
  std::string address;
  int port = 0;
};
void read_metrics(Section& section, MetricsDoor& door);

}  // namespace wb::config
