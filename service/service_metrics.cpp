#include "service/service_metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/registry.h>

#include <set>

#include "link/exposition.hpp"
#include "protocol/json.hpp"

namespace wb::service {
namespace {
using link::Gauges, link::Labels, link::written;

constexpr const char* prefix = "reset_service_";

template <class Build> auto& family(Build build, prometheus::Registry& registry, const char* name, const char* help) {
  return build.Name(std::string(prefix) + name).Help(help).Register(registry);
}

}  // namespace

struct ServiceMetrics::Kept {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& activities =
      family(prometheus::BuildCounter(), registry, "activities_total", "Rows of the audit, by activity and reason; an empty reason is none.");
  prometheus::Family<prometheus::Counter>& responses = family(prometheus::BuildCounter(), registry, "http_responses_total", "Answers to calls of the API and for pages, by HTTP status.");
  std::set<std::string> domains;
  UnixSeconds started = unix_now();
};

ServiceMetrics::ServiceMetrics() : kept_(std::make_unique<Kept>()) {}
ServiceMetrics::~ServiceMetrics() = default;

void ServiceMetrics::happened(Activity activity, StatusReason reason, const std::string& domain) {
  const bool room = kept_->domains.size() < domains_counted || kept_->domains.contains(domain);
  if (room) kept_->domains.insert(domain);
  kept_->activities.Add({{"activity", std::string(to_string(activity))}, {"reason", std::string(to_string(reason))}, {"domain", room ? domain : ""}}).Increment();
}

void ServiceMetrics::answered(int status) { kept_->responses.Add({{"status", std::to_string(status)}}).Increment(); }

std::string ServiceMetrics::text(const ServiceSnapshot& now) const {
  prometheus::Registry registry;
  Gauges out(registry, prefix);
  out.set("info", "The version that runs.", {{"version", WB_VERSION}}, 1);
  out.set("start_time_seconds", "When the service was started, in Unix seconds.", {}, static_cast<double>(kept_->started));
  out.set("store_writable", "Whether the store has just taken a write.", {}, now.store_trouble ? 0 : 1);
  out.set("calls_waiting", "Calls of the API that wait for the end of a job.", {}, static_cast<double>(now.calls_waiting));
  if (now.mail) out.set("letters_waiting", "Mails that the relay has not taken yet.", {}, static_cast<double>(now.letters_waiting));
  if (now.signing_ends) out.set("signing_key_expiry_timestamp_seconds", "When the last endorsed signing key ends, in Unix seconds.", {}, static_cast<double>(*now.signing_ends));
  for (const auto& [name, one] : now.domains) {
    const Labels labels{{"domain", name}};
    out.set("agents_connected", "Agents of the domain whose link stands.", labels, one.connected);
    out.set("agents_ready", "Those of them that take jobs.", labels, one.ready);
    if (one.roster_ends) out.set("roster_expiry_timestamp_seconds", "When the domain's roster ends, in Unix seconds; the holder of its root renews it.", labels, static_cast<double>(*one.roster_ends));
  }
  return written(registry.Collect()) + written(kept_->registry.Collect());
}

link::Health health_of(const ServiceSnapshot& now) {
  namespace json = protocol::json;
  link::Health health{!now.store_trouble, {}};
  json::object domains;
  for (const auto& [name, one] : now.domains) domains[name] = json::object{{"connected", one.connected}, {"ready", one.ready}};
  json::value store = nullptr;
  if (now.store_trouble) store = *now.store_trouble;
  health.json = json::serialize(json::object{{"ready", health.ready}, {"store", std::move(store)}, {"mail", now.mail}, {"domains", std::move(domains)}});
  return health;
}

}  // namespace wb::service
