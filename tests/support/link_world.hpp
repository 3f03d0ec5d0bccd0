// Both ends of a link in one process: a web server with a throw-away certificate, and clients of every manner.
#pragma once
#include <gtest/gtest.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>

#include <memory>
#include <string>
#include <vector>

#include "core/async.hpp"
#include "link/link.hpp"
#include "link/web_server.hpp"
#include "tests/support/test_certificates.hpp"

// ASSERT_* can't return from a coroutine.
#define CO_REQUIRE(what)                   \
  do {                                     \
    if (!(what)) {                         \
      ADD_FAILURE() << "required: " #what; \
      co_return;                           \
    }                                      \
  } while (false)

namespace wb::test {
using tcp = asio::ip::tcp;
using namespace std::chrono_literals;
constexpr auto generous = 60s;  // no test waits this long unless it fails; longer than two heartbeats

inline Awaitable<> echo(std::unique_ptr<link::Link> link) {
  for (;;) {
    auto got = co_await link->read();
    if (!got) co_return;
    auto put = co_await link->write(std::move(*got));
    if (!put) co_return;
  }
}

inline Awaitable<link::HttpResponse> mirror(link::HttpRequest request) {
  link::HttpResponse response;
  response.content_type = "text/plain";
  response.body = request.method + " " + request.path + " " + request.body;
  co_return response;
}

// One thread, one io_context; start() the server, then run() a coroutine that plays the clients.
struct LinkWorld {
  asio::io_context io{1};
  link::WebServerSettings settings;
  link::WebServer::OnRequest on_request = mirror;
  link::WebServer::OnLink on_link = echo;
  std::unique_ptr<link::WebServer> server;

  LinkWorld() {
    settings.certificate_file = test_certificates().cert;
    settings.key_file = test_certificates().key;
  }
  void start() {
    auto started = link::WebServer::start(io, settings, on_request, on_link);
    ASSERT_TRUE(started) << started.error().detail;
    server = std::move(*started);
  }
  link::DialSettings dialling() const {
    link::DialSettings d;
    d.host = "127.0.0.1";
    d.port = server->bound_port();
    d.trust.ca_file = test_certificates().ca;
    return d;
  }
  // Runs the body, then stops the server; fails when that takes too long.
  template <class F> void run(F body) {
    io.restart();
    bool done = false;
    asio::steady_timer watchdog(io, generous);
    watchdog.async_wait([&](auto ec) { if (!ec) { ADD_FAILURE() << "the test took too long"; io.stop(); } });
    auto all = [](LinkWorld& world, F& play) -> Awaitable<> {
      auto playing = play(world);
      co_await std::move(playing);
      if (world.server) co_await world.server->stop();
    };
    auto task = all(*this, body);
    asio::co_spawn(io, std::move(task), [&](std::exception_ptr error) {
      done = true;
      watchdog.cancel();
      if (error) std::rethrow_exception(error);
    });
    io.run();
    EXPECT_TRUE(done);
  }
};

// Keeps the service's end for the test, and its task until the test lets go.
struct ServiceEnd {
  std::unique_ptr<link::Link> link;
  std::shared_ptr<asio::steady_timer> arrived, release;
  explicit ServiceEnd(LinkWorld& world)
      : arrived(std::make_shared<asio::steady_timer>(world.io, generous)), release(std::make_shared<asio::steady_timer>(world.io, generous)) {
    world.on_link = [this](std::unique_ptr<link::Link> given) { return hold(*this, std::move(given)); };
  }
  static Awaitable<> hold(ServiceEnd& end, std::unique_ptr<link::Link> given) {
    const auto release = end.release;
    end.link = std::move(given);
    end.arrived->cancel();
    (void)co_await release->async_wait(use_tuple);
  }
  Awaitable<> there() {
    while (!link) (void)co_await arrived->async_wait(use_tuple);
  }
  void let_go() {
    link.reset();
    release->cancel();
  }
};

// A blocking TLS client that speaks bytes, for everything a well-behaved client doesn't do. Use it on its own thread.
class RawTls {
 public:
  explicit RawTls(unsigned short port, int max_version = TLS1_3_VERSION) : context_(asio::ssl::context::tls_client), stream_(io_, context_) {
    SSL_set_max_proto_version(stream_.native_handle(), max_version);
    stream_.lowest_layer().connect(tcp::endpoint(asio::ip::address_v4::loopback(), port));
    stream_.handshake(asio::ssl::stream_base::client, error);
  }
  void send(const std::string& text) { asio::write(stream_, asio::buffer(text), error); }
  // Everything until the peer ends the connection.
  std::string rest() {
    asio::read(stream_, asio::dynamic_buffer(in_), error);
    return std::exchange(in_, {});
  }
  // Up to the end of a header block, or of the body that Content-Length announces.
  std::string answer() {
    const auto size = asio::read_until(stream_, asio::dynamic_buffer(in_), "\r\n\r\n", error);
    if (error) return rest();
    std::size_t body = 0;
    if (const auto at = in_.find("Content-Length: "); at < size) body = std::stoul(in_.substr(at + 16));
    if (in_.size() < size + body) asio::read(stream_, asio::dynamic_buffer(in_), asio::transfer_exactly(size + body - in_.size()), error);
    auto out = in_.substr(0, size + body);
    in_.erase(0, size + body);
    return out;
  }
  // Exactly so many bytes.
  std::string bytes(std::size_t count) {
    if (in_.size() < count) asio::read(stream_, asio::dynamic_buffer(in_), asio::transfer_exactly(count - in_.size()), error);
    auto out = in_.substr(0, count);
    in_.erase(0, count);
    return out;
  }
  // An upgrade by hand; the answer's status line is the first thing in what comes back.
  std::string upgrade(const std::string& subprotocol, const std::string& target = "/agent/v1/link") {
    std::string request = "GET " + target +
        " HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    if (!subprotocol.empty()) request += "Sec-WebSocket-Protocol: " + subprotocol + "\r\n";
    send(request + "\r\n");
    return answer();
  }
  // A masked frame (mask zero) of up to 125 bytes; opcode 1 text, 2 binary.
  void frame(int opcode, const std::string& payload) {
    std::string bytes{static_cast<char>(0x80 | opcode), static_cast<char>(0x80 | payload.size()), 0, 0, 0, 0};
    send(bytes + payload);
  }
  // Who signed the certificate that the peer has shown.
  std::string issuer() {
    const std::unique_ptr<X509, decltype(&X509_free)> shown(SSL_get1_peer_certificate(stream_.native_handle()), &X509_free);
    char name[256] = {};
    if (shown) X509_NAME_get_text_by_NID(X509_get_issuer_name(shown.get()), NID_commonName, name, sizeof name);
    return name;
  }
  boost::system::error_code error;

 private:
  asio::io_context io_;
  asio::ssl::context context_;
  asio::ssl::stream<tcp::socket> stream_;
  std::string in_;
};

// Blocking work of a test on a thread of its own, awaited from the test's coroutine.
template <class F> auto blocking(F work) -> Awaitable<std::invoke_result_t<F&>> {
  static asio::thread_pool pool(8);
  return to_completion(pool, std::move(work));
}

// All that the world's server answers to this, up to the end of the connection.
inline std::string answers_to(LinkWorld& world, const std::string& request) {
  std::string answers;
  world.run([&](LinkWorld& w) {
    return [](unsigned short port, const std::string& text, std::string& out) -> Awaitable<> {
      auto work = [port, &text, &out] {
        RawTls raw(port);
        raw.send(text);
        out = raw.rest();
        return 0;
      };
      auto playing = blocking(std::move(work));
      co_await std::move(playing);
    }(w.server->bound_port(), request, answers);
  });
  return answers;
}

}  // namespace wb::test
