#include "agent/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include "core/clock.hpp"
#include "link/exposition.hpp"
#include "protocol/json.hpp"

namespace wb::agent {
namespace {
using link::Gauges, link::Labels, link::written;
using prometheus::Histogram;

// A reset at a stock controller takes 35 ms, one that waits for its turn or a fail-over seconds.
const Histogram::BucketBoundaries seconds_buckets{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};

// A part of it takes some tens of microseconds at best.
const Histogram::BucketBoundaries phase_buckets{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30};

constexpr const char* prefix = "writeback_agent_";
template <class Build> auto& family(Build build, prometheus::Registry& registry, const char* name, const char* help) {
  return build.Name(std::string(prefix) + name).Help(help).Register(registry);
}

void of_controller(Gauges& out, const std::string& domain, const ldap::ControllerState& one) {
  const Labels labels{{"domain", domain}, {"dc", one.dc}};
  out.set("controller_up", "Whether the domain controller answered when it was last asked.", labels, one.up);
  out.set("controller_current", "Whether probes and new jobs go to this domain controller.", labels, one.current);
  out.set("controller_pdc_emulator", "Whether it holds the PDC emulator role.", labels, one.pdc);
  out.set("controller_read_only", "Whether it is a read-only domain controller, which is never asked.", labels, one.read_only);
  out.set("controller_shut_seconds", "How long it is left alone from now on, because it failed.", labels, static_cast<double>(one.shut_ms) / 1000);
  out.set("controller_connect_seconds", "How long its last connection took, TLS and bind included.", labels, one.latency_ms / 1000);
  if (one.certificate_ends) out.set("controller_certificate_expiry_timestamp_seconds", "When the certificate that it showed at its last connection ends, in Unix seconds.", labels, static_cast<double>(one.certificate_ends));
}

void of_domain(Gauges& out, const std::string& name, const DomainSnapshot& one) {
  const Labels labels{{"domain", name}};
  out.set("domain_ready", "Whether the domain takes jobs.", labels, one.ready);
  out.set("history_enforced", "Whether password history and minimum age bind a reset (the policy hints control is in force).", labels, one.directory.hints);
  out.set("marker_in_use", "Whether a marker attribute tells our writes from others'.", labels, one.directory.marker);
  out.set("jobs_in_flight", "Jobs in this agent's hands.", labels, one.inflight);
  out.set("volume_writes", "Writes within the sliding window that the breaker on volume counts.", {{"domain", name}, {"window", "1m"}}, one.writes_last_minute);
  out.set("volume_writes", "Writes within the sliding window that the breaker on volume counts.", {{"domain", name}, {"window", "1h"}}, one.writes_last_hour);
  out.set("volume_breaker_open", "Whether the limit of writes is reached and no jobs are taken.", labels, one.breaker_open);
  if (one.roster_ends) out.set("roster_expiry_timestamp_seconds", "When the domain's roster ends, in Unix seconds; the holder of its root renews it.", labels, static_cast<double>(*one.roster_ends));
  for (const auto& controller : one.directory.controllers) of_controller(out, name, controller);
}

}  // namespace

struct Metrics::Kept {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& jobs = family(prometheus::BuildCounter(), registry, "jobs_total", "Jobs answered, by operation, outcome and reason.");
  prometheus::Family<prometheus::Counter>& moves = family(prometheus::BuildCounter(), registry, "controller_moves_total", "Moves from one domain controller to another.");
  prometheus::Family<prometheus::Histogram>& took = family(prometheus::BuildHistogram(), registry, "job_duration_seconds", "From the receipt of a job to its answer.");
  prometheus::Family<prometheus::Histogram>& directory =
      family(prometheus::BuildHistogram(), registry, "job_directory_seconds", "The part of it that the directory took, by domain controller.");
  prometheus::Family<prometheus::Histogram>& phases = family(prometheus::BuildHistogram(), registry, "job_phase_seconds", "The parts of it: check, wait, read, open, journal, write, record.");
  prometheus::Family<prometheus::Counter>& link_failures = family(prometheus::BuildCounter(), registry, "link_failures_total", "Links that could not be made or have ended, by reason.");
  UnixSeconds started = unix_now();
};

Metrics::Metrics() : kept_(std::make_unique<Kept>()) {}
Metrics::~Metrics() = default;

void Metrics::settled(const std::string& domain, const protocol::JobResult& result) {
  const std::string op(protocol::to_string(result.op)), code(protocol::to_string(result.code));
  answered_.push_back({unix_now(), domain, result.jti, op, code, result.reason, result.dc.value_or(""), result.total_ms, result.directory_ms});
  if (answered_.size() > answered_max) answered_.pop_front();
  ++by_code_[code];
  kept_->jobs.Add({{"domain", domain}, {"op", op}, {"code", code}, {"reason", result.reason}}).Increment();
  kept_->took.Add({{"domain", domain}, {"op", op}}, seconds_buckets).Observe(result.total_ms / 1000);
  if (result.directory_ms > 0) kept_->directory.Add({{"domain", domain}, {"op", op}, {"dc", result.dc.value_or("")}}, seconds_buckets).Observe(result.directory_ms / 1000);
}

void Metrics::phases_of(const std::string& domain, const Phases& phases) {
  for (std::size_t i = 0; i < phase_names.size(); ++i)
    if (const auto ms = phases.all()[i]; ms > 0) kept_->phases.Add({{"domain", domain}, {"phase", std::string(phase_names[i])}}, phase_buckets).Observe(ms / 1000);
}

UnixSeconds Metrics::started() const { return kept_->started; }

void Metrics::moved(const std::string& domain) { kept_->moves.Add({{"domain", domain}}).Increment(); }

void Metrics::link_failed(LinkTrouble trouble) { kept_->link_failures.Add({{"reason", std::string(to_string(trouble))}}).Increment(); }

std::string Metrics::text(const Snapshot& now) const {
  prometheus::Registry registry;
  Gauges out(registry, prefix);
  out.set("info", "The version that runs.", {{"version", WB_VERSION}}, 1);
  out.set("start_time_seconds", "When the agent was started, in Unix seconds.", {}, static_cast<double>(kept_->started));
  out.set("link_up", "Whether the connection to the reset service stands.", {}, now.link_up);
  if (now.no_link) out.set("link_down_reason", "Why no connection stands: 1 for the reason of the last try.", {{"reason", std::string(to_string(now.no_link->trouble))}}, 1);
  out.set("link_intercepted", "Whether a box that service.intercept_ca_file allows reads the TLS of the connection.", {}, !now.route.intercepted_by.empty());
  out.set("link_proxied", "Whether the connection leads through a proxy.", {}, !now.route.proxy.empty());
  if (now.link_up && now.route.certificate_ends) out.set("service_certificate_expiry_timestamp_seconds", "When the certificate at the other end of the connection ends, in Unix seconds.", {}, static_cast<double>(now.route.certificate_ends));
  out.set("draining", "Whether the agent is ending and takes no jobs.", {}, now.draining);
  out.set("journal_writable", "Whether the journal's last commit went to the disk.", {}, now.journal_works);
  out.set("results_waiting", "Results that the service has not acknowledged.", {}, static_cast<double>(now.results_waiting));
  if (now.service_keys_end) out.set("service_key_expiry_timestamp_seconds", "When the last of the service's signing keys that are believed ends, in Unix seconds.", {}, static_cast<double>(*now.service_keys_end));
  if (now.encryption_key_made) out.set("encryption_key_made_timestamp_seconds", "When the encryption key that is stated was made, in Unix seconds; it is rotated after 90 days.", {}, static_cast<double>(*now.encryption_key_made));
  if (now.signing_key_made) out.set("signing_key_made_timestamp_seconds", "When the agent's signing key was made, in Unix seconds; `keys rotate --signing` succeeds it.", {}, static_cast<double>(*now.signing_key_made));
  for (const auto& [name, domain] : now.domains) of_domain(out, name, domain);
  auto& refused = family(prometheus::BuildCounter(), registry, "messages_refused_total", "Messages and jobs that were not believed, by reason.");
  for (const auto& [reason, count] : now.refused) refused.Add({{"reason", reason}}).Increment(static_cast<double>(count));
  return written(registry.Collect()) + written(kept_->registry.Collect());
}

link::Health health_of(const Snapshot& now) {
  namespace json = protocol::json;
  link::Health health{now.link_up && !now.draining && now.journal_works && !now.domains.empty(), {}};
  json::object domains;
  for (const auto& [name, one] : now.domains) {
    health.ready = health.ready && one.ready;
    domains[name] = json::object{{"ready", one.ready}, {"reason", one.reason}, {"dc", one.directory.dc}, {"history_enforced", one.directory.hints}};
  }
  json::value no_link = nullptr;
  if (now.no_link) no_link = json::object{{"reason", to_string(now.no_link->trouble)}, {"service", now.no_link->service}, {"where", now.no_link->where}, {"detail", now.no_link->detail}, {"at", now.no_link->at}};
  health.json = json::serialize(json::object{{"ready", health.ready}, {"link", now.link_up}, {"no_link", no_link}, {"proxy", now.route.proxy}, {"intercepted_by", now.route.intercepted_by}, {"draining", now.draining}, {"journal", now.journal_works}, {"domains", domains}});
  return health;
}

}  // namespace wb::agent
