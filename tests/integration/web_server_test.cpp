// The service's TLS port, asked by raw clients: what a browser would never send included.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <boost/asio/read.hpp>
#include <boost/asio/ssl.hpp>

#include <atomic>
#include <stdexcept>
#include <thread>

#include "core/clock.hpp"
#include "link/https_client.hpp"
#include "tests/support/link_world.hpp"

namespace wb {
namespace {
using namespace test;
using link::HttpRequest;
using link::HttpResponse;

struct AWebServer : ::testing::Test {
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

std::string body_of(const std::string& answer) { return answer.substr(std::min(answer.size(), answer.find("\r\n\r\n") + 4)); }

TEST_F(AWebServer, AnswersRequestsOnOneConnection) {
  client([](unsigned short port) {
    RawTls raw(port);
    for (int i = 0; i < 3; ++i) {
      raw.send("POST /a/b?x=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi");
      const auto answer = raw.answer();
      EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
      EXPECT_EQ(body_of(answer), "POST /a/b hi");
    }
  });
}

TEST_F(AWebServer, AnswersPipelinedRequestsInOrder) {
  const auto answers = one_answer("GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\nGET /3 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  const auto one = answers.find("GET /1"), two = answers.find("GET /2"), three = answers.find("GET /3");
  EXPECT_LT(one, two);
  EXPECT_LT(two, three);
  EXPECT_NE(three, std::string::npos);
}

TEST_F(AWebServer, SetsTheSecurityHeadersOnEveryAnswer) {
  for (const auto* request : {"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "garbage\r\n\r\n", "GET /agent/v1/link HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"}) {
    const auto answer = one_answer(request);
    EXPECT_NE(answer.find("Strict-Transport-Security: max-age="), std::string::npos) << answer;
    EXPECT_NE(answer.find("X-Content-Type-Options: nosniff"), std::string::npos) << answer;
    EXPECT_NE(answer.find("Cache-Control: no-store"), std::string::npos) << answer;
    world.server.reset();
  }
}

TEST_F(AWebServer, GivesTheHandlerWhatWasAsked) {
  HttpRequest seen;
  world.on_request = [&seen](HttpRequest request) {
    return [](HttpRequest r, HttpRequest& out) -> Awaitable<HttpResponse> {
      out = std::move(r);
      co_return HttpResponse{201, "{}", "application/json", {{"Location", "/x"}, {"Bad\r\nName", "v"}, {"X-Bad", "a\r\nSet-Cookie: b"}}};
    }(std::move(request), seen);
  };
  const auto answer = one_answer(
      "PUT /a%20b?name=J%C3%BCrgen+M&flag HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer t\r\nContent-Type: text/x\r\n"
      "Content-Length: 3\r\nConnection: close\r\n\r\nabc");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 201 Created\r\n"));
  EXPECT_NE(answer.find("Location: /x\r\n"), std::string::npos);
  EXPECT_EQ(answer.find("Bad"), std::string::npos) << "a header with a line break must not be sent";
  EXPECT_EQ(seen.method, "PUT");
  EXPECT_EQ(seen.path, "/a b");
  EXPECT_EQ(seen.query, (std::map<std::string, std::string>{{"name", "J\xC3\xBCrgen M"}, {"flag", ""}}));
  EXPECT_EQ(seen.authorization, "Bearer t");
  EXPECT_EQ(seen.content_type, "text/x");
  EXPECT_EQ(seen.body, "abc");
  EXPECT_EQ(seen.peer, "127.0.0.1");
}

TEST_F(AWebServer, AnswersHeadWithoutABody) {
  const auto answer = one_answer("HEAD /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_NE(answer.find("Content-Length: 8\r\n"), std::string::npos) << answer;
  EXPECT_EQ(body_of(answer), "");
}

TEST_F(AWebServer, RefusesABodyOverTheLimit) {
  const std::string body(64 * 1024 + 1, 'b');
  const auto answer = one_answer("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 413 ")) << answer;
  EXPECT_NE(answer.find("\"too_large\""), std::string::npos);
}

TEST_F(AWebServer, RefusesAChunkedBodyOverTheLimit) {
  std::string request = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 20; ++i) request += "1000\r\n" + std::string(4096, 'c') + "\r\n";
  EXPECT_TRUE(one_answer(request + "0\r\n\r\n").starts_with("HTTP/1.1 413 "));
}

TEST_F(AWebServer, TakesABodyOfExactlyTheLimit) {
  const std::string body(64 * 1024, 'b');
  const auto answer = one_answer("POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 ")) << answer.substr(0, 100);
}

TEST_F(AWebServer, RefusesHeadersOverTheLimit) {
  const auto answer = one_answer("GET / HTTP/1.1\r\nHost: h\r\nX-Long: " + std::string(17 * 1024, 'h') + "\r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 431 ")) << answer;
}

TEST_F(AWebServer, RefusesARequestThatDoesNotComeInTime) {
  world.settings.request_timeout = 100ms;
  const auto answer = one_answer("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhal");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 408 ")) << answer;
}

TEST_F(AWebServer, EndsAConnectionThatNeverSpeaksTls) {
  world.settings.request_timeout = 50ms;
  client([](unsigned short port) {
    asio::io_context io;
    tcp::socket socket(io);
    socket.connect(tcp::endpoint(asio::ip::address_v4::loopback(), port));
    char byte = 0;
    boost::system::error_code ec;
    asio::read(socket, asio::buffer(&byte, 1), ec);
    EXPECT_TRUE(ec);
  });
}

TEST_F(AWebServer, RefusesWhatIsNotARequest) {
  for (const auto* request : {"\x16\x03\x01 not http\r\n\r\n", "GET  /  HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\nBad Header: x\r\n\r\n",
           "GET / HTTP/1.1\r\n\r\n", "GET http://h/ HTTP/1.1\r\nHost: h\r\n\r\n", "GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n",
           "GET /a%2fb HTTP/1.1\r\nHost: h\r\n\r\n", "GET /?a=1&a=2 HTTP/1.1\r\nHost: h\r\n\r\n",
           "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
           "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
           "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n"}) {
    const auto answer = one_answer(request);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 ")) << request << "\n-> " << answer;
    world.server.reset();
  }
}

TEST_F(AWebServer, AnswersAThrowingHandlerWith500AndGoesOn) {
  world.on_request = [](HttpRequest request) {
    return [](HttpRequest r) -> Awaitable<HttpResponse> {
      if (r.path == "/throw") throw std::runtime_error("private text");
      co_return HttpResponse{};
    }(std::move(request));
  };
  client([](unsigned short port) {
    RawTls raw(port);
    raw.send("GET /throw HTTP/1.1\r\nHost: h\r\n\r\n");
    const auto answer = raw.answer();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 500 ")) << answer;
    EXPECT_EQ(answer.find("private"), std::string::npos);
    raw.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_TRUE(raw.answer().starts_with("HTTP/1.1 200 "));
  });
}

TEST_F(AWebServer, LetsAHandlerTakeLongerThanARequestMay) {
  world.settings.request_timeout = 50ms;
  world.on_request = [](HttpRequest) -> Awaitable<HttpResponse> {
    co_await sleep_for(300ms);
    co_return HttpResponse{200, "late but here", "text/plain", {}};
  };
  EXPECT_NE(one_answer("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").find("late but here"), std::string::npos);
}

TEST_F(AWebServer, ToleratesAClientThatLeavesBeforeItsAnswer) {
  std::atomic<int> answered = 0;
  world.on_request = [&answered](HttpRequest) {
    return [](std::atomic<int>& count) -> Awaitable<HttpResponse> {
      co_await sleep_for(50ms);
      ++count;
      co_return HttpResponse{};
    }(answered);
  };
  client([&](unsigned short port) {
    { RawTls(port).send("GET /gone HTTP/1.1\r\nHost: h\r\n\r\n"); }
    RawTls raw(port);
    raw.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_TRUE(raw.answer().starts_with("HTTP/1.1 200 "));
  });
  EXPECT_EQ(answered, 2);
}

TEST_F(AWebServer, ServesManyConnectionsAtOnce) {
  std::atomic<int> good = 0;
  client([&](unsigned short port) {
    std::vector<std::thread> clients;
    for (int i = 0; i < 16; ++i) {
      clients.emplace_back([&good, port, i] {
        RawTls raw(port);
        for (int n = 0; n < 5; ++n) {
          raw.send("GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\n\r\n");
          if (body_of(raw.answer()) == "GET /" + std::to_string(i) + " ") ++good;
        }
      });
    }
    for (auto& c : clients) c.join();
  });
  EXPECT_EQ(good, 16 * 5);
}

TEST_F(AWebServer, ClosesConnectionsBeyondItsLimitAndServesAgainWhenOneLeaves) {
  world.settings.connections_max = 1;
  client([](unsigned short port) {
    auto first = std::make_unique<RawTls>(port);
    first->send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_TRUE(first->answer().starts_with("HTTP/1.1 200 "));
    RawTls second(port);
    EXPECT_TRUE(second.error) << "the handshake of a second connection";
    first.reset();
    bool served = false;
    for (int i = 0; i < 100 && !served; ++i) {
      RawTls third(port);
      third.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
      served = third.answer().starts_with("HTTP/1.1 200 ");
    }
    EXPECT_TRUE(served);
  });
}

// Not under UBSan: its vptr check opens a pipe to see whether memory is readable, and takes having no descriptors for a
// broken object. The tsan preset runs it.
#if !defined(__has_feature)
#define __has_feature(x) 0
#endif
#if !__has_feature(undefined_behavior_sanitizer)
TEST_F(AWebServer, AcceptsAgainWhenDescriptorsAreBack) {
  client([](unsigned short port) {
    asio::io_context io;
    asio::ssl::context context(asio::ssl::context::tls_client);
    asio::ssl::stream<tcp::socket> stream(io, context);
    stream.lowest_layer().open(tcp::v4());
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    const int next = ::open("/dev/null", O_RDONLY | O_CLOEXEC);  // the lowest free descriptor
    ::close(next);
    const rlimit none{static_cast<rlim_t>(next), before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    stream.lowest_layer().connect(tcp::endpoint(asio::ip::address_v4::loopback(), port));
    std::this_thread::sleep_for(50ms);  // lets the server's accept fail; were it later, the test would only be weaker
    ::setrlimit(RLIMIT_NOFILE, &before);
    boost::system::error_code ec;
    stream.handshake(asio::ssl::stream_base::client, ec);
    EXPECT_FALSE(ec) << ec.message();
  });
}
#endif

TEST_F(AWebServer, RefusesATls12Client) {
  client([](unsigned short port) {
    RawTls old(port, TLS1_2_VERSION);
    EXPECT_NE(old.error.message().find("protocol version"), std::string::npos) << old.error.message();
  });
}

TEST_F(AWebServer, UpgradesOnlyTheAgentsDoorAndOnlyWithTheSubprotocol) {
  client([](unsigned short port) {
    EXPECT_TRUE(RawTls(port).upgrade("wb.v1, other").starts_with("HTTP/1.1 101 "));
    EXPECT_TRUE(RawTls(port).upgrade("other").starts_with("HTTP/1.1 400 "));
    EXPECT_TRUE(RawTls(port).upgrade("").starts_with("HTTP/1.1 400 "));
    EXPECT_TRUE(RawTls(port).upgrade("wb.v1", "/elsewhere").starts_with("HTTP/1.1 200 ")) << "the handler's answer";
    RawTls plain(port);
    plain.send("GET /agent/v1/link HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_TRUE(plain.answer().starts_with("HTTP/1.1 426 "));
  });
}

TEST_F(AWebServer, WaitsForARunningRequestWhenItStops) {
  asio::steady_timer asked(world.io, generous);
  world.on_request = [&asked](HttpRequest) {
    return [](asio::steady_timer& a) -> Awaitable<HttpResponse> {
      a.cancel();
      co_await sleep_for(100ms);
      co_return HttpResponse{200, "finished", "text/plain", {}};
    }(asked);
  };
  world.start();
  std::string answer, idle;
  std::thread busy([&, port = world.server->bound_port()] {
    RawTls raw(port);
    raw.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    answer = raw.rest();
  });
  const Stopwatch watch;
  world.run([&asked](LinkWorld&) {
    return [](asio::steady_timer& a) -> Awaitable<> { (void)co_await a.async_wait(use_tuple); }(asked);
  });
  busy.join();
  EXPECT_NE(answer.find("finished"), std::string::npos) << answer;
  EXPECT_NE(answer.find("Connection: close"), std::string::npos) << answer;
  EXPECT_LE(watch.ms(), 4500) << "not cut, but ended by itself";
}

TEST_F(AWebServer, CutsWhatDoesNotEndWhenItStops) {
  asio::steady_timer asked(world.io, generous);
  bool cancelled = false;
  world.on_link = [&](std::unique_ptr<link::Link> given) {
    return [](std::unique_ptr<link::Link> link, asio::steady_timer& a, bool& out) -> Awaitable<> {
      a.cancel();
      auto got = co_await link->read();
      out = !got;
    }(std::move(given), asked, cancelled);
  };
  world.start();
  std::thread idle([port = world.server->bound_port()] { RawTls raw(port); raw.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n"); (void)raw.rest(); });
  std::thread agent([port = world.server->bound_port()] { RawTls raw(port); (void)raw.upgrade("wb.v1"); (void)raw.rest(); });
  const Stopwatch watch;
  world.run([&asked](LinkWorld&) {
    return [](asio::steady_timer& a) -> Awaitable<> { (void)co_await a.async_wait(use_tuple); }(asked);
  });
  idle.join();
  agent.join();
  EXPECT_TRUE(cancelled);
  EXPECT_GE(watch.ms(), 4900);
  EXPECT_LE(watch.ms(), 15'000);
}

TEST_F(AWebServer, NamesThePortOrCertificateItCannotUse) {
  world.start();
  auto settings = world.settings;
  settings.port = world.server->bound_port();
  auto taken = link::WebServer::start(world.io, settings, mirror, echo);
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().kind, Fault::Kind::unreachable);
  settings.port = 0;
  settings.key_file = "/nowhere/key.pem";
  auto keyless = link::WebServer::start(world.io, settings, mirror, echo);
  ASSERT_FALSE(keyless);
  EXPECT_EQ(keyless.error().where, "tls.key");
  settings.key_file = world.settings.key_file.parent_path() / "open.pem";
  std::filesystem::copy_file(world.settings.key_file, settings.key_file, std::filesystem::copy_options::overwrite_existing);
  std::filesystem::permissions(settings.key_file, std::filesystem::perms(0640));
  auto open = link::WebServer::start(world.io, settings, mirror, echo);
  ASSERT_FALSE(open);
  EXPECT_EQ(open.error().where, "key.mode");
  EXPECT_EQ(open.error().detail, settings.key_file.string() + " is open to others; chmod 600 " + settings.key_file.string());
  world.run([](LinkWorld&) -> Awaitable<> { co_return; });
}

// ---- the enrolment client ------------------------------------------------------------------------------------
using AnHttpsPost = AWebServer;

TEST_F(AnHttpsPost, GetsTheAnswerOfTheService) {
  client([](unsigned short port) {
    auto got = link::https_post("https://127.0.0.1:" + std::to_string(port) + "/enroll", "{\"a\":1}", link::TrustSettings{test_certificates().ca, {}});
    ASSERT_TRUE(got) << got.error().detail;
    EXPECT_EQ(got->status, 200);
    EXPECT_EQ(got->body, "POST /enroll {\"a\":1}");
  });
}

TEST_F(AnHttpsPost, RefusesAnUnknownAuthorityAndPlainHttp) {
  client([](unsigned short port) {
    auto unknown = link::https_post("https://127.0.0.1:" + std::to_string(port) + "/", "{}", link::TrustSettings{});
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().kind, Fault::Kind::refused);
    EXPECT_NE(unknown.error().detail.find("certificate"), std::string::npos) << unknown.error().detail;
    auto plain = link::https_post("http://127.0.0.1:" + std::to_string(port) + "/", "{}", link::TrustSettings{test_certificates().ca, {}});
    ASSERT_FALSE(plain);
    EXPECT_EQ(plain.error().kind, Fault::Kind::refused);
  });
}

TEST_F(AnHttpsPost, StopsAtAnAnswerOver64KiB) {
  world.on_request = [](HttpRequest) -> Awaitable<HttpResponse> { co_return HttpResponse{200, std::string(65 * 1024, 'x'), "text/plain", {}}; };
  client([](unsigned short port) {
    auto got = link::https_post("https://127.0.0.1:" + std::to_string(port) + "/", "{}", link::TrustSettings{test_certificates().ca, {}});
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().kind, Fault::Kind::exhausted);
  });
}

}  // namespace
}  // namespace wb
