// The service's TLS port while things around it change: certificates, and proxies in front of it.
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/support/link_world.hpp"

namespace wb {
namespace {
using namespace test;
using link::HttpRequest;
using link::HttpResponse;

struct AWebServerThatRuns : ::testing::Test {
  LinkWorld world;
  // Starts the server and lets a blocking client speak to it from another thread.
  template <class F> void client(F play) {
    if (!world.server) world.start();
    world.run([&play](LinkWorld& w) {
      return [](unsigned short port, F& f) -> Awaitable<> {
        auto playing = blocking([port, &f] { f(port); return 0; });
        co_await std::move(playing);
      }(w.server->bound_port(), play);
    });
  }
  std::string one_answer(const std::string& request) {
    std::string answer;
    client([&](unsigned short port) {
      RawTls raw(port);
      raw.send(request);
      answer = raw.rest();
    });
    return answer;
  }
};

TEST_F(AWebServerThatRuns, TakesTheAddressFromATrustedProxyAlone) {
  std::vector<std::string> seen;
  world.on_request = [&seen](HttpRequest request) {
    return [](HttpRequest r, std::vector<std::string>& out) -> Awaitable<HttpResponse> {
      out.push_back(r.peer);
      co_return HttpResponse{};
    }(std::move(request), seen);
  };
  const std::string request = "GET / HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 192.0.2.66\r\nX-Forwarded-For: 203.0.113.9\r\nConnection: close\r\n\r\n";
  one_answer(request);
  world.server.reset();
  world.settings.trusted_proxies = {"127.0.0.0/8"};
  one_answer(request);
  EXPECT_EQ(seen, (std::vector<std::string>{"127.0.0.1", "203.0.113.9"})) << "of two lines the proxy's is the last";
}

TEST_F(AWebServerThatRuns, TakesUpANewCertificateWhileItRuns) {
  const auto folder = std::filesystem::path(test_certificates().cert).parent_path() / "reloaded";
  std::filesystem::create_directories(folder / "next");
  const auto first = make_certificates(folder, "IP:127.0.0.1"), second = make_certificates(folder / "next", "IP:127.0.0.1", "Another CA");
  world.settings.certificate_file = first.cert, world.settings.key_file = first.key;
  world.settings.certificate_look = 5ms;
  const auto believed = [](unsigned short port, const std::filesystem::path& ca) {
    asio::io_context io;
    asio::ssl::context context(asio::ssl::context::tls_client);
    context.load_verify_file(ca.string());
    context.set_verify_mode(asio::ssl::verify_peer);
    asio::ssl::stream<tcp::socket> stream(io, context);
    stream.lowest_layer().connect(tcp::endpoint(asio::ip::address_v4::loopback(), port));
    boost::system::error_code failed;
    stream.handshake(asio::ssl::stream_base::client, failed);
    return !failed;
  };
  client([&](unsigned short port) {
    EXPECT_TRUE(believed(port, first.ca));
    std::ofstream(first.key) << "no key";
    std::ofstream(first.cert, std::ios::app) << "\n";
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(believed(port, first.ca)) << "what can't be used changes nothing";
    std::filesystem::rename(second.key, first.key);
    std::filesystem::rename(second.cert, first.cert);
    while (!believed(port, second.ca)) std::this_thread::yield();
    EXPECT_FALSE(believed(port, first.ca));
  });
}

}  // namespace
}  // namespace wb
