// A link that is cut in the middle of each of its TLS records in turn, from the first of the handshake to the ack of a reset, on either
// side. The service that is played here offers the reset again on the next link, as docs/PROTOCOL.md section 6 says.
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include "tests/support/agent_world.hpp"

namespace wb::test {
namespace {
using protocol::Code;
using Shared = FakeDirectory::Shared;
enum Side { from_agent,
  from_service };

// In front of the service: passes TLS records on (RFC 8446 section 5.1), and once, where it is armed, half of one and then a reset.
struct CuttingRelay {
  tcp::acceptor acceptor;
  unsigned short to;
  TaskGroup tasks;
  bool armed = false, cut = false;
  Side side = from_agent;
  int at = 0;

  explicit CuttingRelay(AgentWorld& world)
      : acceptor(world.io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)), to(world.server->bound_port()), tasks(world.io.get_executor()) {
    tasks.start("relay", accept(this));
  }
  void arm(Side which, int record) {
    side = which, at = record;
    armed = true, cut = false;
  }
  struct Pair {
    tcp::socket agent, service;
  };
  static Awaitable<> accept(CuttingRelay* relay) {
    for (;;) {
      auto [ec, socket] = co_await relay->acceptor.async_accept(use_tuple);
      if (ec) co_return;
      auto pair = std::make_shared<Pair>(Pair{std::move(socket), tcp::socket(relay->acceptor.get_executor())});
      auto [failed] = co_await pair->service.async_connect(tcp::endpoint(asio::ip::address_v4::loopback(), relay->to), use_tuple);
      if (failed) continue;
      relay->tasks.start("relay.up", pass(relay, pair, from_agent));
      relay->tasks.start("relay.down", pass(relay, pair, from_service));
    }
  }
  static Awaitable<> pass(CuttingRelay* relay, std::shared_ptr<Pair> pair, Side which) {
    auto& in = which == from_agent ? pair->agent : pair->service;
    auto& out = which == from_agent ? pair->service : pair->agent;
    for (int record = 0;; ++record) {
      std::vector<unsigned char> bytes(5);
      auto [no_head, head] = co_await asio::async_read(in, asio::buffer(bytes), use_tuple);
      if (no_head) break;
      bytes.resize(5 + bytes[3] * 256U + bytes[4]);
      auto [no_body, body] = co_await asio::async_read(in, asio::buffer(bytes) + 5, use_tuple);
      if (no_body) break;
      const bool here = relay->armed && relay->side == which && relay->at == record;
      auto [unwritten, size] = co_await asio::async_write(out, asio::buffer(bytes.data(), here ? bytes.size() / 2 : bytes.size()), use_tuple);
      if (here) relay->armed = false, relay->cut = true;
      if (here || unwritten) break;
    }
    boost::system::error_code ignored;
    for (auto* end : {&pair->agent, &pair->service}) {
      end->set_option(asio::socket_base::linger(true, 0), ignored);  // a reset
      end->close(ignored);
    }
  }
  void end() {
    boost::system::error_code ignored;
    acceptor.close(ignored);
    tasks.cancel();
  }
};

Awaitable<> turn(AgentWorld& w) {
  auto next = asio::post(w.io, asio::use_awaitable);
  co_await std::move(next);
}

// One reset, offered on each link that comes up until its result is there and acked.
Awaitable<Code> reset_through(AgentWorld& w, CuttingRelay& relay, int number) {
  auto [job, sec] = w.reset("New-Passw0rd-" + std::to_string(number));
  job.fence = 0, job.att = 0;
  std::optional<Code> code;
  if (w.peer) w.peer->abort();  // a link that begins anew
  while (!code || (!relay.cut && w.agent->outbox().waiting() > 0)) {
    if (w.hellos.size() > 0) {
      auto hello = w.hellos.receive();
      (void)co_await std::move(hello);
      ++job.fence, ++job.att;
      if (w.peer && !code) w.post_job(job, sec);
    } else if (w.inbox.size() > 0) {
      auto message = w.inbox.receive();
      const auto got = co_await std::move(message);
      if (got->type != "result") continue;
      const auto jws = protocol::decode<protocol::ResultMessage>(got->body).value().jws;
      const auto r = protocol::decode<protocol::JobResult>(crypto::verify(jws, protocol::typ_result, w.keys.as.public_key()).value()).value();
      if (w.peer) w.post("ack", protocol::JobRef{r.jti, r.fence});
      if (r.jti == job.jti) code = r.code;
    } else {
      auto waiting = turn(w);
      co_await std::move(waiting);
    }
  }
  co_return *code;
}

void cut_each_record_of(Side side) {
  AgentWorld world;
  world.config.domains[0].volume.mode = policy::Mode::off;
  CuttingRelay relay(world);
  world.config.service_url = "https://127.0.0.1:" + std::to_string(relay.acceptor.local_endpoint().port());
  world.play([&relay, side](AgentWorld& w) -> Awaitable<> {
    auto first = w.hellos.receive();
    (void)co_await std::move(first);
    int cuts = 0;
    for (int record = 0; record < 40; ++record) {
      const int before = w.directory->count(&Shared::writes);
      relay.arm(side, record);
      auto resetting = reset_through(w, relay, record);
      const auto code = co_await std::move(resetting);
      EXPECT_EQ(code, Code::applied) << "cut in record " << record;
      EXPECT_EQ(w.directory->count(&Shared::writes), before + 1) << "cut in record " << record;
      if (!relay.cut) break;
      ++cuts;
    }
    EXPECT_GE(cuts, 8) << "handshake, upgrade, greeting, keys, the job or its answers";
    EXPECT_LT(cuts, 40);
    relay.end();
  });
}

TEST(ALinkThatIsCutInTheMiddle, OfAnyRecordOfTheAgentsAppliesTheResetOnce) { cut_each_record_of(from_agent); }
TEST(ALinkThatIsCutInTheMiddle, OfAnyRecordOfTheServicesAppliesTheResetOnce) { cut_each_record_of(from_service); }

}  // namespace
}  // namespace wb::test
