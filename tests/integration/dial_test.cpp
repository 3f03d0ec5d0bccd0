// Dialling the service: what it reaches, and how it says why it did not.
#include <openssl/ssl.h>
#include <unistd.h>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>

#include <filesystem>

#include "core/clock.hpp"
#include "tests/support/link_world.hpp"

namespace wb {
namespace {
using namespace test;
using link::Link;

struct ADial : ::testing::Test {
  LinkWorld world;
};

std::string take(std::unique_ptr<Link>& to, Result<std::unique_ptr<Link>> from) {
  if (!from) return std::string(to_string(from.error().kind)) + " " + from.error().where + " " + from.error().detail;
  to = std::move(*from);
  return {};
}

// What dial() says to these settings, with the server running.
std::string dialled(LinkWorld& world, link::DialSettings settings) {
  std::string said = "never";
  world.run([&said, settings](LinkWorld&) {
    return [](std::string& out, link::DialSettings s) -> Awaitable<> {
      std::unique_ptr<Link> link;
      auto dialling = link::dial(std::move(s));
      out = take(link, co_await std::move(dialling));
    }(said, settings);
  });
  return said;
}

TEST_F(ADial, ReachesTheServiceByName) {
  world.start();
  auto settings = world.dialling();
  settings.host = "localhost";
  EXPECT_EQ(dialled(world, settings), "");
}

TEST_F(ADial, ReachesAnIPv6AddressInBrackets) {
  world.settings.address = "::1";
  world.start();
  auto settings = world.dialling();
  settings.host = "[::1]";
  EXPECT_EQ(dialled(world, settings), "");
}

struct OtherCertificates {
  std::filesystem::path folder = std::filesystem::temp_directory_path() / ("wb-other-" + std::to_string(::getpid()));
  OtherCertificates() { std::filesystem::create_directory(folder); }
  ~OtherCertificates() { std::filesystem::remove_all(folder); }
};

TEST_F(ADial, RefusesACertificateOfAnotherAuthority) {
  OtherCertificates other;
  world.start();
  auto settings = world.dialling();
  settings.trust.ca_file = make_certificates(other.folder, "DNS:localhost", "Another CA").ca;
  EXPECT_EQ(dialled(world, settings), "refused link.tls_issuer certificate: unable to get local issuer certificate, issuer CN = Writeback test CA (not an authority that we trust: a box between that reads TLS?)");
}

TEST_F(ADial, RefusesACertificateForAnotherName) {
  OtherCertificates other;
  const auto made = make_certificates(other.folder, "DNS:elsewhere.example");
  world.settings.certificate_file = made.cert;
  world.settings.key_file = made.key;
  world.start();
  auto settings = world.dialling();
  settings.trust.ca_file = made.ca;
  EXPECT_EQ(dialled(world, settings), "refused link.tls_name certificate: IP address mismatch, issuer CN = Writeback test CA");
}

TEST_F(ADial, RefusesTheSystemsStoreForAPrivateAuthority) {
  world.start();
  auto settings = world.dialling();
  settings.trust.ca_file.clear();
  EXPECT_EQ(dialled(world, settings).substr(0, 37), "refused link.tls_issuer certificate: ");
}

TEST_F(ADial, NamesAnAuthorityFileThatCannotBeRead) {
  world.start();
  auto settings = world.dialling();
  settings.trust.ca_file = "/nowhere/ca.pem";
  EXPECT_EQ(dialled(world, settings).substr(0, 31), "refused tls.ca /nowhere/ca.pem:");
}

TEST_F(ADial, SaysUnreachableWhereNobodyListens) {
  world.start();
  auto settings = world.dialling();
  tcp::acceptor closed(world.io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  settings.port = closed.local_endpoint().port();
  closed.close();
  EXPECT_EQ(dialled(world, settings), "unreachable link.connect Connection refused");
}

TEST_F(ADial, GivesUpInTimeOnAPeerThatNeverSpeaks) {
  tcp::acceptor silent(world.io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  link::DialSettings settings;
  settings.host = "127.0.0.1";
  settings.port = silent.local_endpoint().port();
  settings.connect_timeout = 50ms;
  const Stopwatch watch;
  EXPECT_EQ(dialled(world, settings), "timed_out link.tls ");
  EXPECT_LE(watch.ms(), 5000);
}

TEST_F(ADial, SaysCancelledWhenItsTaskIsCancelled) {
  tcp::acceptor silent(world.io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  std::string said;
  world.run([&](LinkWorld& w) {
    return [](LinkWorld& inner, std::string& out, unsigned short port) -> Awaitable<> {
      link::DialSettings settings;
      settings.host = "127.0.0.1";
      settings.port = port;
      auto task = [](std::string& o, link::DialSettings s) -> Awaitable<> {
        auto got = co_await link::dial(std::move(s));
        o = got ? "connected" : std::string(to_string(got.error().kind));
      }(out, settings);
      TaskGroup tasks(inner.io.get_executor());
      tasks.start("test.dial", std::move(task));
      co_await sleep_for(20ms);
      tasks.cancel();
      co_await tasks.drained();
    }(w, said, silent.local_endpoint().port());
  });
  EXPECT_EQ(said, "cancelled");
}

// A service of another make: one TLS connection, `versions` at most, which answers `answer` to whatever comes first.
std::string dial_raw_service(LinkWorld& world, int max_version, const std::string& answer) {
  auto acceptor = std::make_shared<tcp::acceptor>(world.io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  link::DialSettings settings;
  settings.host = "127.0.0.1";
  settings.port = acceptor->local_endpoint().port();
  settings.trust.ca_file = test_certificates().ca;
  std::string said;
  world.run([&](LinkWorld&) {
    return [](std::shared_ptr<tcp::acceptor> a, link::DialSettings s, int version, std::string text, std::string& out) -> Awaitable<> {
      auto serve = [a, version, text] {
        asio::ssl::context context(asio::ssl::context::tls_server);
        context.use_certificate_chain_file(test_certificates().cert.string());
        context.use_private_key_file(test_certificates().key.string(), asio::ssl::context::pem);
        SSL_CTX_set_max_proto_version(context.native_handle(), version);
        asio::ssl::stream<tcp::socket> stream(a->accept(), context);
        boost::system::error_code ec;
        stream.handshake(asio::ssl::stream_base::server, ec);
        std::string request;
        if (!ec) asio::read_until(stream, asio::dynamic_buffer(request), "\r\n\r\n", ec);
        if (!ec) asio::write(stream, asio::buffer(text), ec);
        return 0;
      };
      using namespace asio::experimental::awaitable_operators;
      std::unique_ptr<Link> link;
      auto serving = blocking(std::move(serve));
      auto dialling = link::dial(std::move(s));
      auto both = std::move(dialling) && std::move(serving);
      auto [got, zero] = co_await std::move(both);
      out = take(link, std::move(got));
    }(acceptor, settings, max_version, answer, said);
  });
  return said;
}

TEST_F(ADial, RefusesAServiceThatSpeaksOnlyTls12) {
  const auto said = dial_raw_service(world, TLS1_2_VERSION, "");
  EXPECT_EQ(said.substr(0, 17), "refused link.tls ");
  EXPECT_NE(said.find("protocol"), std::string::npos) << said;
}

TEST_F(ADial, TellsTheHttpStatusOfARefusedUpgrade) {
  EXPECT_EQ(dial_raw_service(world, TLS1_3_VERSION, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"), "refused link.upgrade HTTP status 403");
}

TEST_F(ADial, NamesAWebPageThatAnswersTheUpgrade) {
  EXPECT_EQ(dial_raw_service(world, TLS1_3_VERSION, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>"),
      "refused link.web_page HTTP status 200, with a web page of its own where the service should be: sign in there, or have this host exempted");
  EXPECT_EQ(dial_raw_service(world, TLS1_3_VERSION, "HTTP/1.1 502 Hm\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>"), "unreachable link.upgrade HTTP status 502");
}

TEST_F(ADial, FindsAnOverloadedServiceWorthAnotherTry) {
  EXPECT_EQ(dial_raw_service(world, TLS1_3_VERSION, "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"), "unreachable link.upgrade HTTP status 503");
}

TEST_F(ADial, RefusesAServiceThatAnswersGarbage) {
  EXPECT_EQ(dial_raw_service(world, TLS1_3_VERSION, "SSH-2.0-OpenSSH_9.2\r\n\r\n").substr(0, 24), "unreachable link.upgrade");
}

}  // namespace
}  // namespace wb
