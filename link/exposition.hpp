// Prometheus' text format, as both programs write it (agent/metrics.cpp, service/service_metrics.cpp: prometheus-cpp stays there).
#pragma once
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <map>
#include <string>
#include <vector>

namespace wb::link {

using Labels = std::map<std::string, std::string>;

// The gauges of one moment: made anew each time, so that what is gone leaves nothing behind. `prefix`: before each name.
class Gauges {
 public:
  Gauges(prometheus::Registry& registry, std::string prefix) : registry_(registry), prefix_(std::move(prefix)) {}
  void set(const char* name, const char* help, const Labels& labels, double value) {
    prometheus::BuildGauge().Name(prefix_ + name).Help(help).Register(registry_).Add(labels).Set(value);
  }

 private:
  prometheus::Registry& registry_;
  std::string prefix_;
};

inline std::string written(const std::vector<prometheus::MetricFamily>& families) { return prometheus::TextSerializer().Serialize(families); }

}  // namespace wb::link
