// Dialling through a proxy that is played here: what is asked of it, and what is said when it does not do it.
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <filesystem>
#include <fstream>
#include <thread>

#include "core/clock.hpp"
#include "link/https_client.hpp"
#include "tests/support/link_world.hpp"

namespace wb {
namespace {
using namespace test;
using Use = link::ProxySettings::Use;
using SignIn = link::ProxySettings::SignIn;

// One thread; one connection after another: reads the request's head, says `answer`, and when that is a 200 passes bytes on
// in both directions. An empty answer: says nothing and holds the connection.
class PlayedProxy {
 public:
  PlayedProxy(std::string answer, unsigned short to, const std::string& address = "127.0.0.1")
      : answer_(std::move(answer)), to_(to), acceptor_(io_, tcp::endpoint(asio::ip::make_address(address), 0)), address_(address), thread_([this] { run(); }) {}
  ~PlayedProxy() {
    ending_ = true;
    boost::system::error_code ec;
    asio::io_context io;
    tcp::socket poke(io);
    poke.connect(acceptor_.local_endpoint(), ec);
    thread_.join();
  }
  PlayedProxy(const PlayedProxy&) = delete;
  PlayedProxy& operator=(const PlayedProxy&) = delete;

  std::string url() { return "http://" + (address_ == "::1" ? "[::1]" : address_) + ":" + std::to_string(acceptor_.local_endpoint().port()); }
  std::vector<std::string> heads() {
    const std::lock_guard held(lock_);
    return heads_;
  }

 private:
  void run() {
    while (!ending_) {
      boost::system::error_code ec;
      auto client = std::make_unique<tcp::socket>(acceptor_.accept(ec));
      if (ec || ending_) return;
      std::string head;
      const auto size = asio::read_until(*client, asio::dynamic_buffer(head), "\r\n\r\n", ec);
      if (ec) continue;
      {
        const std::lock_guard held(lock_);
        heads_.push_back(head.substr(0, size));
      }
      asio::write(*client, asio::buffer(answer_), ec);
      if (answer_.starts_with("HTTP/1.1 200")) pass(*client);
      else if (answer_.empty()) held_.push_back(std::move(client));
    }
  }
  void pass(tcp::socket& client) {
    boost::system::error_code ec;
    tcp::socket service(io_);
    service.connect(tcp::endpoint(asio::ip::address_v4::loopback(), to_), ec);
    if (ec) return;
    const auto copy = [](tcp::socket& from, tcp::socket& to) {
      char buffer[4096];
      boost::system::error_code failed;
      while (!failed) {
        const auto got = from.read_some(asio::buffer(buffer), failed);
        if (got) asio::write(to, asio::buffer(buffer, got), failed);
      }
      boost::system::error_code ignored;
      to.shutdown(tcp::socket::shutdown_send, ignored);
    };
    std::thread back([&] { copy(service, client); });
    copy(client, service);
    back.join();
  }

  std::string answer_;
  unsigned short to_;
  asio::io_context io_;
  tcp::acceptor acceptor_;
  std::string address_;
  std::atomic<bool> ending_{false};
  std::mutex lock_;
  std::vector<std::string> heads_;
  std::vector<std::unique_ptr<tcp::socket>> held_;
  std::thread thread_;
};

constexpr const char* open_answer = "HTTP/1.1 200 Connection established\r\n\r\n";

struct ADialThroughAProxy : ::testing::Test {
  LinkWorld world;
  link::DialSettings settings;
  std::string said = "never";
  link::Route route;

  ADialThroughAProxy() {
    world.start();
    settings = world.dialling();
    settings.proxy.use = Use::fixed;
  }
  std::string dial(const std::string& proxy) {
    settings.proxy.url = proxy;
    world.run([this](LinkWorld&) { return go(this); });
    return said;
  }
  std::string dial_at(const std::string& answer) {
    PlayedProxy proxy(answer, world.server->bound_port());
    auto out = dial(proxy.url());
    const auto name = proxy.url().substr(7);
    if (const auto at = out.find(name); at != std::string::npos) out.replace(at, name.size(), "PROXY");
    return out;
  }
  static Awaitable<> go(ADialThroughAProxy* test) {
    auto dialling = link::dial(test->settings);
    auto got = co_await std::move(dialling);
    if (!got) {
      test->said = std::string(to_string(got.error().kind)) + " " + got.error().where + " " + got.error().detail;
      co_return;
    }
    test->route = (*got)->route();
    auto saying = (*got)->write("through");
    (void)co_await std::move(saying);
    auto hearing = (*got)->read();
    auto heard = co_await std::move(hearing);
    test->said = heard ? *heard : heard.error().detail;
  }
};

TEST_F(ADialThroughAProxy, ReachesTheService) {
  PlayedProxy proxy(open_answer, world.server->bound_port());
  settings.host = "localhost";
  EXPECT_EQ(dial(proxy.url()), "through");
  const auto heads = proxy.heads();
  ASSERT_EQ(heads.size(), 1U);
  const auto to = "localhost:" + std::to_string(settings.port);
  EXPECT_EQ(heads[0].substr(0, heads[0].find("\r\n")), "CONNECT " + to + " HTTP/1.1") << "the name is the proxy's to look up";
  EXPECT_NE(heads[0].find("Host: " + to + "\r\n"), std::string::npos);
  EXPECT_EQ(heads[0].find("Proxy-Authorization"), std::string::npos);
  EXPECT_EQ("http://" + route.proxy, proxy.url());
  EXPECT_EQ(route.host, to);
  EXPECT_GT(route.certificate_ends, unix_now() + 59 * 86'400) << "the service's, which is good for 60 days";
  EXPECT_LE(route.certificate_ends, unix_now() + 60 * 86'400);
}

TEST_F(ADialThroughAProxy, ReachesAnIPv6ServiceThroughAnIPv6Proxy) {
  PlayedProxy proxy(open_answer, world.server->bound_port(), "::1");
  settings.host = "[::1]";
  EXPECT_EQ(dial(proxy.url()), "through");
  EXPECT_EQ(proxy.heads().at(0).substr(0, 15), "CONNECT [::1]:" + std::to_string(settings.port).substr(0, 1));
}

TEST_F(ADialThroughAProxy, GoesPastItWhereNoProxySaysSo) {
  settings.proxy.no_proxy = {"127.0.0.0/8"};
  EXPECT_EQ(dial("http://127.0.0.1:1"), "through");
  EXPECT_EQ(route.proxy, "");
}

struct APassword {
  std::filesystem::path file = std::filesystem::temp_directory_path() / ("wb-proxy-" + std::to_string(::getpid()));
  explicit APassword(const std::string& text) {
    std::ofstream(file) << text;
    ::chmod(file.c_str(), 0600);
  }
  ~APassword() { std::filesystem::remove(file); }
};

TEST_F(ADialThroughAProxy, SignsInWithThePasswordOfTheFile) {
  const APassword password("s3cret: x\n");
  PlayedProxy proxy(open_answer, world.server->bound_port());
  settings.proxy.sign_in = SignIn::basic, settings.proxy.user = "tom", settings.proxy.password_file = password.file;
  EXPECT_EQ(dial(proxy.url()), "through");
  EXPECT_NE(proxy.heads().at(0).find("Proxy-Authorization: Basic dG9tOnMzY3JldDogeA==\r\n"), std::string::npos);
}

TEST_F(ADialThroughAProxy, NamesAPasswordFileThatCannotBeUsed) {
  settings.proxy.sign_in = SignIn::basic, settings.proxy.user = "tom", settings.proxy.password_file = "/nowhere";
  EXPECT_EQ(dial("http://127.0.0.1:1"), "refused proxy.password_file /nowhere: No such file or directory");
}

TEST_F(ADialThroughAProxy, NamesWhatTheProxyWants) {
  EXPECT_EQ(dial_at("HTTP/1.1 407 Who?\r\nProxy-Authenticate: Negotiate\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n"),
      "refused proxy.sign_in proxy PROXY answered CONNECT with 407: it wants Basic, Negotiate; service.proxy.sign_in is none");
  const APassword password("wrong");
  settings.proxy.sign_in = SignIn::basic, settings.proxy.user = "tom", settings.proxy.password_file = password.file;
  EXPECT_EQ(dial_at("HTTP/1.1 407 Who?\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
      "refused proxy.sign_in proxy PROXY answered CONNECT with 407: it wants Basic; its answer to the user and password of ours was no");
}

// Kerberos was asked for, so no password crosses the wire, whatever the proxy says it takes.
TEST_F(ADialThroughAProxy, IsNotTalkedDownToAPassword) {
  PlayedProxy proxy("HTTP/1.1 407 Who?\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", 1);
  settings.proxy.sign_in = SignIn::negotiate;
  EXPECT_EQ(dial(proxy.url()).substr(0, 22), "refused proxy.sign_in ");
  for (const auto& head : proxy.heads()) EXPECT_EQ(head.find("Basic"), std::string::npos);
}

TEST_F(ADialThroughAProxy, NamesTheStatusOfARefusal) {
  EXPECT_EQ(dial_at("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n"), "refused proxy.connect proxy PROXY answered CONNECT with 403: its rules forbid that host or port");
  EXPECT_EQ(dial_at("HTTP/1.1 502 Hm\r\nContent-Length: 0\r\n\r\n"), "unreachable proxy.connect proxy PROXY answered CONNECT with 502: it does not reach the service");
  EXPECT_EQ(dial_at("HTTP/1.1 302 Elsewhere\r\nLocation: https://evil.example/\r\nContent-Length: 0\r\n\r\n"), "refused proxy.connect proxy PROXY answered CONNECT with 302");
}

constexpr const char* page_said = " a web page of its own where the service should be: sign in there, or have this host exempted";

TEST_F(ADialThroughAProxy, NamesAWebPageInTheServicesPlace) {
  const std::string page = "<html>Sign in to the guests' network</html>", typed = "Content-Type: text/html; charset=utf-8\r\nContent-Length: " + std::to_string(page.size()) + "\r\n\r\n" + page;
  EXPECT_EQ(dial_at("HTTP/1.1 302 Sign in\r\nLocation: http://portal.example/\r\n" + typed), std::string("refused proxy.web_page proxy PROXY answered CONNECT with 302, with") + page_said);
  EXPECT_EQ(dial_at("HTTP/1.1 511 Sign in\r\nContent-Length: 0\r\n\r\n"), std::string("refused proxy.web_page proxy PROXY answered CONNECT with 511, with") + page_said);
  EXPECT_EQ(dial_at("HTTP/1.1 200 OK\r\n" + typed), std::string("refused link.web_page no TLS but") + page_said);
  EXPECT_EQ(dial_at(std::string(open_answer) + "HTTP/1.1 200 OK\r\n" + typed), std::string("refused link.web_page no TLS but") + page_said);
  EXPECT_EQ(dial_at("HTTP/1.1 503 Hm\r\n" + typed).substr(0, 26), "unreachable proxy.connect ") << "no portal, but a server in trouble";
  EXPECT_EQ(dial_at("HTTP/1.1 403 No\r\n" + typed).substr(0, 22), "refused proxy.connect ") << "a refusal with a page is a refusal";
}

TEST_F(ADialThroughAProxy, NamesAProxyThatIsNotThere) {
  EXPECT_EQ(dial("http://127.0.0.1:1").substr(0, 57), "unreachable proxy.connect proxy 127.0.0.1:1: Failed to co");
  EXPECT_EQ(dial("http://proxy.invalid:1").substr(0, 49), "unreachable proxy.connect proxy proxy.invalid:1: ");
}

TEST_F(ADialThroughAProxy, DoesNotMistakeGarbageForATunnel) {
  settings.connect_timeout = 2s;
  EXPECT_EQ(dial_at("SSH-2.0-OpenSSH_9.2\r\n\r\n").substr(0, 25), "unreachable proxy.connect");
  EXPECT_NE(dial_at("HTTP/1.1 200 OK\r\nX: " + std::string(1024 * 1024, 'x')).substr(0, 7), "through") << "a header without an end";
}

TEST_F(ADialThroughAProxy, GivesUpInTimeOnOneThatNeverSpeaks) {
  settings.connect_timeout = 100ms;
  const Stopwatch watch;
  EXPECT_EQ(dial_at("").substr(0, 24), "timed_out proxy.connect ");
  EXPECT_LE(watch.ms(), 5'000);
}

TEST_F(ADialThroughAProxy, IsLeftAtOnceWhenItsTaskIsCancelled) {
  PlayedProxy proxy("", 1);
  settings.proxy.url = proxy.url();
  const Stopwatch watch;
  world.run([&](LinkWorld& w) {
    return [](LinkWorld& inner, ADialThroughAProxy* test, PlayedProxy& p) -> Awaitable<> {
      TaskGroup tasks(inner.io.get_executor());
      tasks.start("test.dial", go(test));
      while (p.heads().empty()) {
        auto turn = asio::post(inner.io, asio::use_awaitable);
        co_await std::move(turn);
      }
      tasks.cancel();
      auto drained = tasks.drained();
      co_await std::move(drained);
    }(w, this, proxy);
  });
  EXPECT_EQ(said.substr(0, 9), "cancelled");
  EXPECT_LE(watch.ms(), 5'000) << "the dial had ten seconds";
}

TEST_F(ADialThroughAProxy, IsTheWayOfEnrolmentToo) {
  const auto url = "https://127.0.0.1:" + std::to_string(settings.port) + "/enroll";
  world.run([&](LinkWorld& w) {
    return [](LinkWorld& inner, link::DialSettings s, std::string to) -> Awaitable<> {
      auto work = [port = inner.server->bound_port(), s, to]() mutable {
        PlayedProxy proxy(open_answer, port);
        s.proxy.url = proxy.url();
        auto got = link::https_post(to, "{}", s.trust, s.proxy);
        EXPECT_TRUE(got) << got.error().detail;
        EXPECT_EQ(proxy.heads().size(), 1U);
        PlayedProxy closed("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", port);
        s.proxy.url = closed.url();
        auto no = link::https_post(to, "{}", s.trust, s.proxy);
        EXPECT_EQ(no ? "" : no.error().where, "proxy.connect");
        return 0;
      };
      auto asking = blocking(std::move(work));
      (void)co_await std::move(asking);
    }(w, settings, url);
  });
}

// ---- a box that reads TLS -------------------------------------------------------------------------------------
TEST_F(ADialThroughAProxy, MarksALinkThatAnAllowedBoxIntercepts) {
  const auto folder = std::filesystem::temp_directory_path() / ("wb-box-" + std::to_string(::getpid()));
  std::filesystem::create_directory(folder);
  settings.proxy = {};
  const auto box = settings.trust.ca_file;  // the server's certificate is the box's in this story
  settings.trust = {make_certificates(folder, "DNS:reset.example", "The service's own CA").ca, {}};
  world.run([this](LinkWorld&) { return go(this); });
  EXPECT_EQ(said, "refused link.tls_issuer certificate: unable to get local issuer certificate, issuer CN = Writeback test CA (not an authority that we trust: a box between that reads TLS?)");
  settings.trust.intercept_ca_file = box;
  world.start();
  settings.port = world.server->bound_port();
  world.run([this](LinkWorld&) { return go(this); });
  EXPECT_EQ(said, "through");
  EXPECT_EQ(route.intercepted_by, "CN = Writeback test CA");
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace wb
