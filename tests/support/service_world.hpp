// A reset service in this process, with an agent and an API client made of nothing but the contract: what they say is
// written here by hand, so that the service is tested against docs/PROTOCOL.md and not against our agent.
#pragma once
#include <gtest/gtest.h>

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>

#include "core/async.hpp"
#include "crypto/jwe.hpp"
#include "crypto/jws.hpp"
#include "crypto/keys.hpp"
#include "link/link.hpp"
#include "protocol/codec.hpp"
#include "protocol/json.hpp"
#include "service/service.hpp"

namespace wb::test {

using namespace std::chrono_literals;
namespace json = boost::json;

struct HttpReply {
  int status = 0;
  json::value body;
  std::string headers, raw;                         // as they came; raw: the body
  std::string text(std::string_view member) const;  // "" when absent
  std::string error() const;                        // error.code
};
// Blocking, verified against the test CA. `more`: further headers, "Name: value".
HttpReply https(const std::string& method, const std::string& url, const std::string& body = {}, const std::string& bearer = {}, const std::vector<std::string>& more = {});
// The same over a connection that each thread keeps, as browsers do.
HttpReply https_kept(const std::string& method, const std::string& url, const std::string& body, const std::string& bearer, const std::vector<std::string>& more);
// The same, of a service that may go away meanwhile: status 0.
HttpReply https_or_cut(const std::string& method, const std::string& url, const std::string& body, const std::string& bearer);

class ServiceWorld;
inline const std::string alices_sub = "6f1c2f0e-8a57-4d0f-9a1b-0c6f3a2b1d4e";

class FakeAgent {
 public:
  explicit FakeAgent(ServiceWorld& world);
  ~FakeAgent() { cut(); }
  FakeAgent(const FakeAgent&) = delete;
  FakeAgent& operator=(const FakeAgent&) = delete;

  crypto::PrivateKey as, ae;
  std::string id;
  std::int64_t epoch = 1;
  std::string last_hello;  // its JWS, for replays
  std::string session;     // as it was welcomed
  std::vector<std::string> service_caps;

  HttpReply enroll(const std::string& token);
  HttpReply post_signed(const std::string& path, const std::string& member, const std::string& text, const std::string& domain = "corp.example");

  using Tweak = std::function<void(protocol::HelloClaims&)>;
  // Dials and says hello: "welcome", or the code of the error.
  std::string connect(Tweak tweak = {});
  std::string replay(const std::string& hello_jws);
  void state(std::int64_t rsn);                                        // sends its statement
  void ready(bool is_ready = true, int window = 8, int inflight = 0);  // a heartbeat
  void send(std::string text);
  void cut();  // as if killed

  struct Received {
    protocol::JobMessage message;
    protocol::Job job;
  };
  std::optional<Received> next_job(std::chrono::milliseconds wait = 10s);
  // The next message of this type; its body.
  std::optional<std::string> next(const std::string& type, std::chrono::milliseconds wait = 10s);
  void accept(const protocol::Job& job) { send(protocol::message_text("accept", protocol::JobRef{job.jti, job.fence})); }
  void applying(const protocol::Job& job) { send(protocol::message_text("progress", protocol::Progress{job.jti, job.fence, "applying"})); }
  using Edit = std::function<void(protocol::JobResult&)>;
  void answer(const protocol::Job& job, protocol::Code code, Edit edit = {});
  void answer_probe(const protocol::Job& job, const std::string& sub = alices_sub);
  bool gone(std::chrono::milliseconds wait = 10s);  // the service ended the link

 private:
  std::string greet(std::function<std::string(const protocol::Challenge&)> make_hello);
  static Awaitable<std::string> open(FakeAgent* self, std::function<std::string(const protocol::Challenge&)> make_hello);
  static Awaitable<> listen(FakeAgent* self);
  static Awaitable<> say(FakeAgent* self, std::string text);
  ServiceWorld& world_;
  std::unique_ptr<asio::io_context> io_;
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work_;
  std::unique_ptr<link::Link> link_;
  bool listening_ = false;  // used on the loop's thread, as link_ is
  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<protocol::Envelope> inbox_;
  bool gone_ = false;
};

class ServiceWorld {
 public:
  using Configure = std::function<void(config::ServiceConfig&)>;
  explicit ServiceWorld(service::Settings with = quick(), const Configure& configure = {});
  ~ServiceWorld();
  static service::Settings quick();  // no pauses between hellos, no enrolment limit

  service::Settings shape;  // as start() takes it
  const std::string domain = "corp.example";
  crypto::PrivateKey dr = crypto::PrivateKey::generate().value();
  config::ServiceConfig config;
  std::string url() const { return "https://127.0.0.1:" + std::to_string(port_); }
  unsigned short port() const { return port_; }
  std::filesystem::path folder() const { return folder_; }
  std::filesystem::path store_file() const { return service::store_file(config); }
  service::Store& store() { return *store_; }  // a second handle, as the command line has

  void start();
  void stop();  // in order; start() may follow
  void kill();  // as SIGKILL: nothing is said and nothing flushed; start() may follow
  std::size_t waiting_calls();
  std::size_t watching_calls(const std::string& jti);
  const std::vector<service::Endpoint>& endpoints() const { return service_->endpoints(); }
  std::string token(const std::string& of = "corp.example");                                                                // wbe1.<id>.<secret>
  std::string client(const std::string& of = "corp.example", const service::Scopes& scopes = {service::Scope::writeback});  // a bearer credential of a domain
  // Enrols, puts into a new roster, connects, states, becomes ready.
  std::unique_ptr<FakeAgent> active_agent();
  // A roster of these agents, posted by the first.
  HttpReply post_roster(std::vector<FakeAgent*> agents);
  std::int64_t rsn = 0;
  int ready_now(const std::string& bearer);  // agents that take jobs, as a client is told

  // Plays a sealing client.
  struct Probed {
    std::string id;
    protocol::Pre pre;
    std::string sub;
  };
  protocol::SealBinding binding(const Probed& probed);
  std::string seal(std::vector<FakeAgent*> agents, const protocol::SealBinding& binding, std::string_view password);
  // Probes while `agent` answers.
  Probed probe(FakeAgent& agent, const std::string& bearer, const std::string& name = "alice", const std::string& sub = alices_sub);
  // `more`: members of the body beside probe and sealed.
  HttpReply submit(const std::string& bearer, const std::string& probe, const std::string& sealed, int wait_ms = 0, json::object more = {});
  HttpReply look(const std::string& bearer, const std::string& jti, int wait_ms = 10'000);

 private:
  std::filesystem::path folder_;
  unsigned short port_ = 0;
  std::unique_ptr<asio::io_context> io_;
  std::unique_ptr<service::Service> service_;
  std::thread thread_;
  std::optional<service::Store> store_;
  std::vector<FakeAgent*> members_;
};

}  // namespace wb::test
