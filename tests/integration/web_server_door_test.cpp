// What strangers may cost the web server before they have proven anything.
#include "core/clock.hpp"
#include "tests/support/link_world.hpp"

namespace wb {
namespace {
using namespace test;

struct AWebServersDoor : ::testing::Test {
  LinkWorld world;
  // Starts the server and lets a blocking client speak to it from another thread.
  template <class F> void client(F play) {
    world.start();
    world.run([&play](LinkWorld& w) {
      return [](unsigned short port, F& f) -> Awaitable<> {
        auto work = [port, &f] { f(port); return 0; };
        auto playing = blocking(std::move(work));
        co_await std::move(playing);
      }(w.server->bound_port(), play);
    });
  }
};

TEST_F(AWebServersDoor, LimitsTheConnectionsOfOneAddress) {
  world.settings.admission.connections_per_address = 2;
  client([](unsigned short port) {
    RawTls first(port), second(port), third(port);
    EXPECT_FALSE(first.error || second.error);
    EXPECT_TRUE(third.error);
  });
}

TEST_F(AWebServersDoor, DoesNotCountALinkAgainstItsAddress) {
  world.settings.admission.connections_per_address = 1;
  client([](unsigned short port) {
    std::vector<std::unique_ptr<RawTls>> links;
    for (int i = 0; i < 3; ++i) {
      links.push_back(std::make_unique<RawTls>(port));
      EXPECT_TRUE(links.back()->upgrade("wb.v1").starts_with("HTTP/1.1 101 ")) << i;
    }
  });
}

// A socket for both families sees IPv4 as ::ffff:127.0.0.1; the operator wrote what the balancer's address is.
TEST_F(AWebServersDoor, CountsNotWhoComesThroughATrustedBalancer) {
  world.settings.address = "::";
  world.settings.admission.connections_per_address = 1;
  world.settings.admission.trusted_balancers = {"127.0.0.0/8"};
  client([](unsigned short port) {
    std::vector<std::unique_ptr<RawTls>> people;
    for (int i = 0; i < 5; ++i) {
      people.push_back(std::make_unique<RawTls>(port));
      EXPECT_FALSE(people.back()->error) << i;
    }
    people.front()->send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_TRUE(people.front()->answer().starts_with("HTTP/1.1 200 "));
  });
}

// Peers that connect and never speak TLS: the oldest go, and an honest one is served at once.
TEST_F(AWebServersDoor, ServesWhileSilentPeersCrowdItsDoor) {
  world.settings.admission.handshakes_max = 4;
  client([](unsigned short port) {
    asio::io_context io;
    std::vector<std::unique_ptr<tcp::socket>> silent;
    for (int i = 0; i < 20; ++i) {
      silent.push_back(std::make_unique<tcp::socket>(io));
      silent.back()->connect(tcp::endpoint(asio::ip::address_v4::loopback(), port));
    }
    RawTls honest(port);
    honest.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_TRUE(honest.answer().starts_with("HTTP/1.1 200 "));
    char one = 0;
    boost::system::error_code ec;
    silent.front()->read_some(asio::buffer(&one, 1), ec);
    EXPECT_TRUE(ec) << "the oldest was cut";
  });
}

TEST_F(AWebServersDoor, TakesHandshakesAtItsRateAndNoFaster) {
  world.settings.admission.handshakes_per_second = 20;
  client([](unsigned short port) {
    const Stopwatch watch;
    for (int i = 0; i < 30; ++i) EXPECT_FALSE(RawTls(port).error) << i << ": those that wait are served too";
    EXPECT_GE(watch.ms(), 400) << "20 at once, and the other ten in half a second";
  });
}

}  // namespace
}  // namespace wb
