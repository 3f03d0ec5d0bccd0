// The held connections of one directory, and the asking: who is asked, who next when it does not answer, and for how long.
// Thread-safe; a Lease is used by one thread.
//
// A question that any controller may answer (a probe, a check) has `failover_timeout` altogether: the first controller gets
// a part of it, and what is left goes to the others. One that is pinned (a job, by its probe) is asked there and nowhere
// else; while that controller is known to be away, it is told so at once.
#pragma once
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "ldap/connection.hpp"
#include "ldap/controllers.hpp"
#include "ldap/tickets.hpp"

namespace wb::ldap {

class Pool {
 public:
  // A connection of the pool's; goes back when the lease ends, unless it is broken.
  class Lease {
   public:
    Lease(Pool& pool, std::unique_ptr<Connection> connection, bool reused) : pool_(&pool), connection_(std::move(connection)), reused_(reused) {}
    Lease(Lease&& other) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (connection_) pool_->give_back(std::move(connection_));
    }
    Connection* operator->() const { return connection_.get(); }
    Connection& operator*() const { return *connection_; }
    bool reused() const { return reused_; }  // it was held before: it may have died without our noticing

   private:
    Pool* pool_;
    std::unique_ptr<Connection> connection_;
    bool reused_;
  };

  explicit Pool(const Settings& settings);

  // A connection to `dc` (a host name as RootDse spells it), for a write. Waits at most connect_timeout, for a free place
  // and the connection together. Fault exhausted at ldap.pool: all are in use; unreachable at ldap.pinned: it is away.
  Result<Lease> pinned(const std::string& dc);
  // Asks `ask(connection, until)`, which answers with a Result, at `dc` or, where that is empty, at whoever answers. A held
  // connection that turns out to have died meanwhile is replaced, once.
  template <class Ask> auto asking(const std::string& dc, Ask ask) -> std::invoke_result_t<Ask, Connection&, Deadline>;
  // One bind as somebody else, on a connection of its own to `dc` that is closed again: a held one would be that account's
  // from then on. Faults as pinned(); lost and timed_out at ldap.bind: the attempt may have been counted.
  Result<Bound> sign_in(const std::string& dc, const std::string& name, const Secret& password, const std::vector<Control>& controls, Deadline deadline);
  // A write there was not answered, or answered with "busy": others first.
  void failed(const std::string& dc, const Fault& why);
  void roles(const std::string& dc, bool pdc);

  // Work that no job should wait for: the list from DNS, and a look at one controller that is not in use. Each few seconds.
  void tend();
  std::vector<ControllerState> states() const;

 private:
  // A wrong password (or key) tried every few seconds would lock the service account: once refused, wait for a new file.
  struct RefusedBind {
    Fault fault;
    std::filesystem::file_time_type file;
    Deadline until;
  };
  struct Plan {
    std::vector<Endpoint> endpoints;
    Deadline until;  // for all of it
    bool any;        // any of them may answer
  };

  Result<Plan> plan(const std::string& dc);
  Deadline share(const Plan& plan, std::size_t at) const;
  Result<Lease> take(const Endpoint& endpoint, const std::string& dc, bool fresh, Deadline until);
  std::unique_ptr<Connection> idle_at(const Endpoint& endpoint, const std::string& dc);
  std::optional<Fault> refused_before() const;
  Result<std::unique_ptr<Connection>> connect(const Endpoint& endpoint, Deadline until);
  Fault note(const Endpoint& endpoint, Fault why);
  static bool is_ours(const Fault& why);
  void give_back(std::unique_ptr<Connection> connection);
  void free_place(const std::string& uri);
  Result<void> discover_if_due(Deadline until);
  Result<void> discover_now(Deadline until);
  double dice() { return std::uniform_real_distribution<double>(0, 1)(random_); }

  const Settings settings_;
  std::optional<Fault> misconfigured_;
  Watchdog dog_;              // outlives the connections
  mutable std::mutex mutex_;  // guards all below
  std::condition_variable freed_;
  Tickets tickets_;  // has a lock of its own
  Controllers controllers_;
  std::vector<std::unique_ptr<Connection>> idle_;
  std::map<std::string, std::size_t> in_use_;  // by URI: one that stands still must not hold the places of the others
  std::map<std::string, Deadline> moved_;      // by URI: when a connection to it last came back whole
  std::optional<RefusedBind> refused_bind_;
  Deadline discover_at_{};
  std::minstd_rand random_{std::random_device{}()};
};

template <class Ask> auto Pool::asking(const std::string& dc, Ask ask) -> std::invoke_result_t<Ask, Connection&, Deadline> {
  auto planned = plan(dc);
  if (!planned) return std::move(planned).error();
  Fault why = fault(Fault::Kind::unreachable, "ldap.pinned", "no configured URI leads to " + dc);
  std::string details;
  for (std::size_t i = 0; i < planned->endpoints.size(); ++i) {
    const auto& endpoint = planned->endpoints[i];
    const auto until = share(*planned, i);
    for (bool fresh = false;; fresh = true) {
      auto lease = take(endpoint, dc, fresh, until);
      if (!lease) {
        why = std::move(lease).error();
        break;
      }
      auto answer = ask(**lease, planned->any ? until : std::chrono::steady_clock::now() + settings_.operation_timeout);
      if (!answer.has_error() || !answer.error().worth_retrying()) return answer;
      if (answer.error().kind == Fault::Kind::lost && lease->reused() && !fresh) continue;
      why = note(endpoint, std::move(answer).error());
      break;
    }
    if (is_ours(why)) break;  // the other DCs would count it too
    details += (details.empty() ? "" : "; ") + why.detail;
  }
  if (!details.empty()) why.detail = details;
  if (!dc.empty() && why.kind != Fault::Kind::exhausted) return fault(Fault::Kind::unreachable, "ldap.pinned", dc + ": " + why.detail);
  return why;
}

}  // namespace wb::ldap
