// What an agent counts, in Prometheus' text format (prometheus-cpp stays in the .cpp), and what its health checks say.
// Names follow prometheus.io/docs/practices/naming: base units, _total for what only grows. Of the loop's thread.
//
// Labels are bounded: domains and controllers by the configuration, code and reason by the contract.
#pragma once
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "agent/idle_cut.hpp"
#include "agent/link_trouble.hpp"
#include "agent/phases.hpp"
#include "core/clock.hpp"
#include "ldap/directory.hpp"
#include "link/health_door.hpp"
#include "link/link.hpp"
#include "protocol/messages.hpp"

namespace wb::agent {

struct DomainSnapshot {
  ldap::DirectoryState directory;
  bool ready = false;  // takes jobs, by the rule of agent/readiness: what the service is told, too
  std::string reason;  // it does not
  int inflight = 0, writes_last_minute = 0, writes_last_hour = 0;
  bool breaker_open = false;
  std::optional<UnixSeconds> roster_ends = {};
  std::optional<std::string> trust = {};  // TrustState::why_not; nullopt: no link has told us yet
};
struct Snapshot {
  bool link_up = false, draining = false, journal_works = true;
  std::size_t results_waiting = 0;  // not acknowledged by the service
  std::map<std::string, DomainSnapshot> domains;
  std::map<std::string, std::uint64_t> refused;  // messages that were not believed, by reason
  link::Route route;                             // of the link that is up
  std::optional<UnixSeconds> service_keys_end = {};
  std::optional<UnixSeconds> encryption_key_made = {}, signing_key_made = {};
  std::optional<NoLink> no_link = {};            // why none is
  std::optional<IdleCut::Span> idle_limit = {};  // after which silence links were cut on the way
};

// A job that was answered. No names: who it was about stands in the service's audit, under the jti.
struct AnsweredJob {
  UnixSeconds at = 0;
  std::string domain, jti, op, code, reason, dc;
  double ms = 0, directory_ms = 0;
};
constexpr std::size_t answered_max = 50;  // remembered, the newest last

class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // `domain` empty: a job that could not even be assigned to one.
  void settled(const std::string& domain, const protocol::JobResult& result);
  void phases_of(const std::string& domain, const Phases& phases);
  void moved(const std::string& domain);  // to another controller
  void link_failed(LinkTrouble trouble);
  std::string text(const Snapshot& now) const;
  const std::deque<AnsweredJob>& answered() const { return answered_; }
  const std::map<std::string, std::uint64_t>& by_code() const { return by_code_; }  // all jobs since the start
  UnixSeconds started() const;

 private:
  struct Kept;  // counters and histograms, which live as long as the agent
  const std::unique_ptr<Kept> kept_;
  std::deque<AnsweredJob> answered_;
  std::map<std::string, std::uint64_t> by_code_;
};

// Ready: the link is up, the journal can be written and every domain takes jobs. JSON: {"ready":false,"link":true,"domains":{"corp.example":{...}}}; without a link
// "no_link":{"reason":"proxy_auth","service","where","detail","at"} says why, null before the first failure.
link::Health health_of(const Snapshot& now);

}  // namespace wb::agent
