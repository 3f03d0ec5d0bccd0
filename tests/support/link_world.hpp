// Both ends of a link in one process: a web server with a throw-away certificate, and clients of every manner.
#pragma once
#include <gtest/gtest.h>

#include <boost/asio/ip/tcp.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/async.hpp"
#include "link/link.hpp"
#include "link/web_server.hpp"
#include "tests/support/raw_tls.hpp"
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

Awaitable<> echo(std::unique_ptr<link::Link> link);
Awaitable<link::HttpResponse> mirror(link::HttpRequest request);

// One thread, one io_context; start() the server, then run() a coroutine that plays the clients.
struct LinkWorld {
  asio::io_context io{1};
  link::WebServerSettings settings;
  link::WebServer::OnRequest on_request = mirror;
  link::WebServer::OnLink on_link = echo;
  std::unique_ptr<link::WebServer> server;

  LinkWorld();
  void start();
  link::DialSettings dialling() const;
  // Runs the body, then stops the server; fails when that takes too long.
  void run(const std::function<Awaitable<>(LinkWorld&)>& body);
};

// Keeps the service's end for the test, and its task until the test lets go.
struct ServiceEnd {
  std::unique_ptr<link::Link> link;
  std::shared_ptr<asio::steady_timer> arrived, release;
  explicit ServiceEnd(LinkWorld& world);
  static Awaitable<> hold(ServiceEnd& end, std::unique_ptr<link::Link> given);
  Awaitable<> there();
  void let_go();
};

// Blocking work of a test on a thread of its own, awaited from the test's coroutine.
template <class F> auto blocking(F work) -> Awaitable<std::invoke_result_t<F&>> {
  static asio::thread_pool pool(8);
  return to_completion(pool, std::move(work));
}

// All that the world's server answers to this, up to the end of the connection.
std::string answers_to(LinkWorld& world, const std::string& request);

}  // namespace wb::test
