// What the service counts, in Prometheus' text format (prometheus-cpp stays in the .cpp), and what its health check says.
// Names follow prometheus.io/docs/practices/naming: base units, _total for what only grows. Of the loop's thread.
//
// Labels are bounded: domains to domains_counted (the others count as ""), activity and reason by the audit's words, status by the API.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/clock.hpp"
#include "link/health_door.hpp"
#include "service/audit_entry.hpp"

namespace wb::service {

struct DomainNumbers {
  int connected = 0, ready = 0;  // agents
  std::optional<UnixSeconds> roster_ends = {};
};
struct ServiceSnapshot {
  std::optional<std::string> store_trouble = {};  // why the store takes no writes
  std::size_t calls_waiting = 0, letters_waiting = 0;
  bool mail = false;  // there is a relay
  std::optional<UnixSeconds> signing_ends = {};
  std::map<std::string, DomainNumbers> domains = {};  // that have a roster
};

class ServiceMetrics {
 public:
  ServiceMetrics();
  ~ServiceMetrics();
  ServiceMetrics(const ServiceMetrics&) = delete;
  ServiceMetrics& operator=(const ServiceMetrics&) = delete;

  static constexpr std::size_t domains_counted = 1'000;
  // A row for the audit. `domain` empty: it belongs to none.
  void happened(Activity activity, StatusReason reason, const std::string& domain);
  void answered(int status);  // one call of the API or for a page
  std::string text(const ServiceSnapshot& now) const;

 private:
  struct Kept;  // what lives as long as the service
  const std::unique_ptr<Kept> kept_;
};

// Ready: the store takes writes. Agents do not count: a balancer that left a service out for want of them would keep them out, too; whoever
// wants to know finds them in the answer. JSON: {"ready":true,"store":null,"mail":true,"domains":{"corp.example":{"connected":2,"ready":2}}};
// "store" says why it takes no writes.
link::Health health_of(const ServiceSnapshot& now);

}  // namespace wb::service
