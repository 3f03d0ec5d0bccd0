// The held connections of one directory. All go to the pinned DC: the first URI that answered, kept until it fails.
// Thread-safe; a Lease is used by one thread.
#pragma once
#include <condition_variable>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "ldap/connection.hpp"

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

  // A connection to the pinned DC, or to `dc` (a host name as RootDse spells it) when given. Waits at most
  // connect_timeout, for a free place and the connection together. Fault exhausted at ldap.pool: all are in use.
  // `fresh`: not one that was held.
  Result<Lease> take(const std::string& dc = {}, bool fresh = false);
  // One bind as somebody else, on a connection of its own to `dc` that is closed again: a held one would be that account's
  // from then on. Faults as take(); lost and timed_out at ldap.bind: the attempt may have been counted.
  Result<Bound> sign_in(const std::string& dc, const std::string& name, const Secret& password, const std::vector<Control>& controls, Deadline deadline);

 private:
  struct Server {
    Endpoint endpoint;
    std::string dc;            // what it called itself; empty: not known yet
    Deadline shunned_until{};  // it failed a moment ago: the others first
  };
  // A wrong password tried every few seconds would lock the service account: once refused, wait for a new file.
  struct RefusedBind {
    Fault fault;
    std::filesystem::file_time_type file;
    Deadline until;
  };

  std::unique_ptr<Connection> idle_one(const std::string& dc);
  std::optional<Fault> refused_before() const;
  std::vector<std::size_t> candidates(const std::string& dc) const;
  Result<std::unique_ptr<Connection>> connect(const std::string& dc, Deadline deadline);
  Result<std::unique_ptr<Connection>> connect_to(std::size_t server, Deadline deadline);
  void give_back(std::unique_ptr<Connection> connection);
  void free_place();

  const Settings settings_;
  std::optional<Fault> misconfigured_;
  Watchdog dog_;              // outlives the connections
  mutable std::mutex mutex_;  // guards all below
  std::condition_variable freed_;
  std::vector<Server> servers_;
  std::size_t pinned_ = 0;
  std::vector<std::unique_ptr<Connection>> idle_;
  std::size_t in_use_ = 0;
  std::optional<RefusedBind> refused_bind_;
};

}  // namespace wb::ldap
