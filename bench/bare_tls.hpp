// The yardstick of `scripts/bench link`: a connection over TLS 1.3 as Asio gives it, with nothing of ours. Same certificate, same
// library, TCP_NODELAY on both ends, one thread each; a message is 500 bytes and is known by its length alone.
#pragma once
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>

#include <memory>
#include <vector>

#include "core/async.hpp"
#include "tests/support/test_certificates.hpp"

namespace wb::bench {

constexpr std::size_t message_bytes = 500;
constexpr int in_flight = 8;  // the link's window

using BareStream = asio::ssl::stream<asio::ip::tcp::socket>;

// Echoes on any port of 127.0.0.1 for as long as the loop runs.
class BareServer {
 public:
  BareServer(asio::io_context& io, const test::TestCertificates& certificates);
  unsigned short port() const { return acceptor_.local_endpoint().port(); }

 private:
  Awaitable<> accept_all();
  asio::ssl::context context_;
  asio::ip::tcp::acceptor acceptor_;
  TaskGroup tasks_;
};

class BareClient {
 public:
  BareClient(const test::TestCertificates& certificates, unsigned short port);
  // A full handshake, the certificate and its name verified as a link does. Ends the program when there is none.
  Awaitable<std::unique_ptr<BareStream>> connect();

 private:
  asio::ssl::context context_;
  unsigned short port_;
};

Awaitable<bool> put(BareStream& stream);  // one message
Awaitable<bool> get(BareStream& stream);

// Full handshakes a second with `at_once` clients, which keep what they opened: the same way as an agent comes, without the agent.
double bare_handshakes(asio::io_context& io, BareClient& client, std::size_t count, int at_once, std::vector<std::unique_ptr<BareStream>>& open);

// The same by `openssl s_time -new`: one after another, closed at once. 0: no openssl here.
double s_time_handshakes(const test::TestCertificates& certificates, unsigned short port, int seconds);

}  // namespace wb::bench
