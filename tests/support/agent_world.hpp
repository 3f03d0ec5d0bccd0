// A real agent and a fake service in one process, over a real link, with a directory in memory.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/agent.hpp"
#include "tests/support/fake_directory.hpp"
#include "tests/support/job_maker.hpp"
#include "tests/support/link_world.hpp"

namespace wb::test {

inline const std::string alice = "6fd0a2c4-1111-2222-3333-000000000001";
inline const std::string boss = "6fd0a2c4-1111-2222-3333-000000000002";

struct AgentWorld : LinkWorld {
  JobMaker maker;
  agent::Keys keys{crypto::PrivateKey::generate().value(), crypto::PrivateKey::generate().value()};
  std::shared_ptr<FakeDirectory::Shared> directory = std::make_shared<FakeDirectory::Shared>();
  std::filesystem::path folder;
  config::AgentConfig config;
  agent::AgentTimings timings;
  std::unique_ptr<agent::Agent> agent;

  // How the service behaves.
  std::string cb = "exporter";
  std::int64_t clock_ahead = 0;
  std::vector<std::string> service_caps;  // what its welcome says that it understands
  std::vector<protocol::RosterAgent> roster;
  std::optional<crypto::PrivateKey> next_key;  // the agent's next signing key, where a test makes one
  bool takes_present = true;                   // hellos by the present one; else "unknown_agent"
  bool takes_next = true;                      // hellos by the next one
  // What it has seen.
  std::shared_ptr<link::Link> peer;   // the link of the moment
  std::vector<std::string> sessions;  // as they were welcomed
  std::map<std::string, int> heard;   // messages by type
  bool last_by_next = false;          // the last hello that was believed
  Queue<protocol::Envelope> inbox{io.get_executor(), 10'000};
  std::optional<protocol::Envelope> passed_over;  // a heartbeat of this agent's life that next() did not want
  Queue<protocol::HelloClaims> hellos{io.get_executor(), 100};
  Queue<bool> ends{io.get_executor(), 100};  // of links
  Queue<bool> stops{io.get_executor(), 10};  // of agents

  AgentWorld();
  ~AgentWorld();
  protocol::RosterAgent us() const;

  void start_agent();
  Awaitable<> stop_agent();
  // The whole test: an agent that is up and ready, the play, its end.
  void play(const std::function<Awaitable<>(AgentWorld&)>& body);

  // ---- the service's side ------------------------------------------------------------------------------------
  static Awaitable<> serve(AgentWorld* w, std::unique_ptr<link::Link> accepted);
  std::string keys_text(std::int64_t rsn = 1) const;
  void post(std::string text);
  template <class T> void post(std::string_view type, const T& body) { post(protocol::message_text(type, body)); }
  void post_job(const protocol::Job& job, std::optional<std::string> sec = std::nullopt, int ttl_ms = 60'000);

  // The next message of a type; others before it are dropped, but the last heartbeat among them is kept for until_ready():
  // whether it comes before or after a result is the agent's timer's affair.
  Awaitable<protocol::Envelope> next(std::string type);
  Awaitable<protocol::JobResult> result(bool ack = true);
  Awaitable<std::string> error_code();
  // A heartbeat that says so; its reason.
  Awaitable<std::string> until_ready(bool ready);
  // A reset of alice as she is now, sealed to the agent.
  struct Reset {
    protocol::Job job;
    std::string sec;
  };
  Reset reset(std::string_view password = "New-Passw0rd-1", const std::string& sub = alice);
  // Alice's own change, or her sign-in.
  Reset change(std::string_view old, std::string_view password = "New-Passw0rd-1") { return own(protocol::Op::change, password, old); }
  Reset sign_in(std::string_view password) { return own(protocol::Op::authenticate, password, std::nullopt); }
  Reset own(protocol::Op op, std::string_view password, std::optional<std::string_view> old);
};

}  // namespace wb::test
