// The agents' side: every link from its challenge to its goodbye, and the choice of an agent for a job.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/async.hpp"
#include "link/link.hpp"
#include "service/agent_session.hpp"
#include "service/keys.hpp"
#include "service/rosters.hpp"
#include "service/settings.hpp"
#include "service/store.hpp"

namespace wb::service {

class Gateway {
 public:
  Gateway(asio::any_io_executor executor, const Settings& settings, Store& store, const Keys& keys, Rosters& rosters)
      : settings_(settings), store_(store), keys_(keys), rosters_(rosters), executor_(executor), goodbyes_(executor) {}
  void listener(Listener& listener) { listener_ = &listener; }

  // One link, until it ends.
  Awaitable<> serve(std::unique_ptr<link::Link> link);

  // The least loaded ready agent with room. `recipients`: the keys the password is sealed to (empty: no password);
  // `except` is never chosen, `avoid` only when there is nobody else, a suspect not even then. `capability` (if any) stood in its hello.
  struct Wanted {
    std::string domain;
    std::vector<std::string> recipients, except, avoid;
    std::string capability = {};
    bool reading = false;  // a probe: it may take the places that writes leave free
  };
  struct Choice {
    std::optional<std::string> agent;
    bool any_ready = false;
  };
  Choice choose(const Wanted& wanted) const;
  bool has_room(const std::string& domain, bool reading) const;
  int connected_agents(const std::string& domain) const;
  int ready_agents(const std::string& domain) const;       // of those
  bool history_enforced(const std::string& domain) const;  // by one of them: minimum age and history bind a reset there
  // A job counts (+1) or no longer counts (-1) against its agent's window.
  void hold(const std::string& agent, const std::string& domain, int change);
  std::string some_dc(const std::string& domain) const;  // that a ready agent writes to; empty: there is none
  bool can(const std::string& agent, const std::string& capability) const;
  void suspect(const std::string& agent);  // it let its time pass without a word
  // False when the agent is gone or its outbox full.
  bool send(const std::string& agent, std::string text);

  // To its agents. One that stood in it and does no longer is cut off, and what it held is anybody's.
  void tell_roster(const std::string& domain);
  void take_next_key(const std::string& agent, const protocol::Jwk& key);  // that it has just shown
  void take_revoked();                                                     // cuts off whom the operator has revoked since
  void take_drained();                                                     // no new jobs for whom they have drained, and jobs again for whom they have resumed
  void tell_ready();                                                       // to the store: who takes jobs, where that has changed
  void tell_keys();                                                        // to everybody
  Awaitable<> goodbye();                                                   // closes every link with going_away
  std::size_t sessions() const { return sessions_.size(); }
  const AgentSession* session(const std::string& agent) const;  // nullptr: it is not connected
  Refusals& refusals() { return refusals_; }                    // of the whole service

 private:
  using Session = std::shared_ptr<AgentSession>;
  Awaitable<Result<Greeted>> hear(link::Link& link);
  std::optional<Fault> admit(const Greeted& greeted);
  std::optional<Fault> succeed_key(Greeted& greeted, const std::vector<std::string>& enrolled);
  void replace(const std::string& agent, AgentSession& old);
  bool cloned(const std::string& agent, const AgentSession& live);
  void cut_off(const std::string& agent, std::string_view why);
  std::string keys_text(const AgentSession& session) const;

  const Settings& settings_;
  Store& store_;
  const Keys& keys_;
  Rosters& rosters_;
  Refusals refusals_;
  asio::any_io_executor executor_;
  Listener* listener_ = nullptr;
  std::map<std::string, Session> sessions_;                  // by agent id
  std::map<std::string, BootClock::time_point> last_hello_;  // of agents we know: bounded by their number
  std::map<std::string, BootClock::time_point> duplicates_;  // when a second start of an agent was last refused; of agents we know
  std::set<std::string> revoked_;                            // by the operator; cut off already
  std::set<Store::Taking> taking_;                           // as the store was last told
  TaskGroup goodbyes_;
  std::size_t greeting_ = 0;  // links whose hello is awaited
  bool closing_ = false;
};

}  // namespace wb::service
