// One agent that said a believable hello: its link, what it may serve and how busy it is.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "core/async.hpp"
#include "core/pace.hpp"
#include "core/refusals.hpp"
#include "crypto/keys.hpp"
#include "link/link.hpp"
#include "protocol/messages.hpp"
#include "service/handshake.hpp"
#include "service/rosters.hpp"
#include "service/settings.hpp"

namespace wb::service {

// What the sessions tell whoever hands out the jobs. Called on the loop; must not wait.
class Listener {
 public:
  virtual ~Listener() = default;
  virtual void accepted(const std::string& agent, const protocol::JobRef& ref) = 0;
  virtual void progressed(const std::string& agent, const protocol::Progress& progress) = 0;
  // Signed by this agent, and about a job of one of its domains as far as it goes: whose it is must still be checked.
  virtual void answered(const std::string& agent, const protocol::JobResult& result, const std::string& jws) = 0;
  virtual void link_lost(const std::string& agent) = 0;
  virtual void agents_changed(const std::string& domain) = 0;
};

class AgentSession : public std::enable_shared_from_this<AgentSession> {
 public:
  struct Domain {
    protocol::Readiness readiness;                 // as the last heartbeat said
    std::optional<protocol::Statement> statement;  // as it sent over this link
    int held = 0;                                  // jobs it has from us
  };

  // What it found when it last looked at itself, of its domains and of its host; by our clock.
  struct Findings {
    UnixSeconds at = 0;
    std::vector<protocol::FoundThing> all;
  };

  AgentSession(asio::any_io_executor executor, std::unique_ptr<link::Link> link, Greeted greeted, crypto::PublicKey as, std::vector<std::string> domains, Rosters& rosters, Refusals& refusals, Listener& listener, const Settings& settings);

  const std::string id;  // of this session
  AgentRow agent;        // its next key may come while it lives, and it may be drained and resumed
  const std::int64_t epoch;
  const std::string from;      // the session that it takes over from; empty: none
  const std::string software;  // as its hello said; text from outside
  const UnixSeconds since = unix_now();

  // What is known of its domains, from the session before.
  void take_over(const AgentSession& before);
  // Serves until the link ends; says hb every `heartbeat` (+- 20 %).
  Awaitable<> run(std::chrono::milliseconds heartbeat);
  // Queues a message. False when too many wait: the link is cut then, since nothing on it may be left out.
  bool send(std::string text);
  Awaitable<> close(link::Close code, std::string reason);
  void abort() { link_->abort(); }

  // Stands in the roster with this key and has a statement of the same number, or of the one before while others are waited for.
  bool active(const std::string& domain, UnixSeconds now) const;
  bool ready(const std::string& domain, UnixSeconds now) const;
  // One of its encryption keys, or a former one that it keeps for what was sealed before it changed.
  bool opens(const std::string& kid) const;
  bool can(const std::string& capability) const { return caps_.contains(capability); }
  Domain* domain(const std::string& name);
  const Domain* domain(const std::string& name) const;
  const std::map<std::string, Domain>& domains() const { return domains_; }
  const std::optional<Findings>& findings() const { return findings_; }
  int window() const { return window_; }
  bool draining() const { return draining_; }
  // How full its hands are, for the choice between agents: what it has from us there, and what it said it has beyond all that.
  double load(const Domain& of) const { return static_cast<double>(of.held + unaccounted_) / window_; }
  // It let an offer or a lease lapse: frozen perhaps. Until it says anything it is asked only when nobody else is there.
  void suspect() { suspect_ = true; }
  bool suspected() const { return suspect_; }
  BootClock::time_point heard() const { return heard_; }  // when it last said anything

 private:
  bool handle(const std::string& text);  // false: the link must end
  void on_heartbeat(const protocol::AgentHeartbeat& hb);
  void on_keys(const protocol::AgentKeys& keys);
  void on_findings(protocol::AgentFindings told);
  void opens_with(const std::string& kid);
  Result<crypto::PublicKey> result_key(const std::string& jws) const;
  void on_result(const protocol::ResultMessage& message, const std::string& re);
  bool bad(std::string code, std::string message, const std::string& re);  // false: that was one too many
  void say_error(std::string code, std::string message, const std::string& re);
  static Awaitable<> write_out(std::shared_ptr<AgentSession> self);
  static Awaitable<> beat(std::shared_ptr<AgentSession> self, std::chrono::milliseconds every);

  std::unique_ptr<link::Link> link_;
  crypto::PublicKey as_;
  const std::set<std::string> caps_;  // as its hello said
  std::map<std::string, Domain> domains_;
  std::optional<Findings> findings_;
  Rosters& rosters_;
  Refusals& refusals_;
  Listener& listener_;
  int window_;
  const int window_max_;
  int unaccounted_ = 0;  // jobs that it had in its hands at its last heartbeat, and that count for nobody any more
  int malformed_ = 0;
  Pace pace_;
  std::vector<std::string> kids_;  // of keys it opens with, as its hello and statements said; the newest last
  BootClock::time_point heard_ = BootClock::now();
  bool draining_ = false, broken_ = false, suspect_ = false, flooding_ = false;
  Queue<std::string> outbox_;
};

}  // namespace wb::service
