#include "bench/bare_tls.hpp"

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "core/clock.hpp"
#include "link/tls.hpp"

namespace wb::bench {
namespace {
namespace ssl = asio::ssl;
using tcp = asio::ip::tcp;

void only_tls13(ssl::context& context) {
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_3_VERSION);
  SSL_CTX_set_num_tickets(context.native_handle(), 0);
  SSL_CTX_set_session_cache_mode(context.native_handle(), SSL_SESS_CACHE_OFF);
}

Awaitable<> echo(std::unique_ptr<BareStream> stream) {
  auto [ec] = co_await stream->async_handshake(ssl::stream_base::server, use_tuple);
  if (ec) co_return;
  for (;;) {
    std::array<char, message_bytes> message;
    auto [lost, got] = co_await asio::async_read(*stream, asio::buffer(message), use_tuple);
    if (lost) co_return;
    auto [stuck, sent] = co_await asio::async_write(*stream, asio::buffer(message), use_tuple);
    if (stuck) co_return;
  }
}

Awaitable<> arrive(BareClient& client, std::size_t& left, std::vector<std::unique_ptr<BareStream>>& open) {
  while (left > 0) {
    --left;
    auto connecting = client.connect();
    auto stream = co_await std::move(connecting);
    open.push_back(std::move(stream));
  }
}
}  // namespace

BareServer::BareServer(asio::io_context& io, const test::TestCertificates& certificates)
    : context_(ssl::context::tls_server), acceptor_(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)), tasks_(io.get_executor()) {
  only_tls13(context_);
  context_.use_certificate_chain_file(certificates.cert.string());
  context_.use_private_key_file(certificates.key.string(), ssl::context::pem);
  acceptor_.listen(asio::socket_base::max_listen_connections);
  auto task = accept_all();
  tasks_.start("bare.accept", std::move(task));
}

Awaitable<> BareServer::accept_all() {
  for (;;) {
    auto [ec, socket] = co_await acceptor_.async_accept(use_tuple);
    if (ec) co_return;
    socket.set_option(tcp::no_delay(true));
    auto task = echo(std::make_unique<BareStream>(std::move(socket), context_));
    tasks_.start("bare.echo", std::move(task));
  }
}

BareClient::BareClient(const test::TestCertificates& certificates, unsigned short port) : context_(ssl::context::tls_client), port_(port) {
  only_tls13(context_);
  context_.load_verify_file(certificates.ca.string());
  context_.set_verify_mode(ssl::verify_peer);
}

Awaitable<std::unique_ptr<BareStream>> BareClient::connect() {
  auto stream = std::make_unique<BareStream>(co_await asio::this_coro::executor, context_);
  bool well = link::expect_host(stream->native_handle(), "127.0.0.1");
  auto [refused] = co_await stream->lowest_layer().async_connect(tcp::endpoint(asio::ip::address_v4::loopback(), port_), use_tuple);
  well = well && !refused;
  if (well) {
    stream->lowest_layer().set_option(tcp::no_delay(true));
    auto [ec] = co_await stream->async_handshake(ssl::stream_base::client, use_tuple);
    well = !ec;
  }
  if (!well) {
    std::fprintf(stderr, "the bare TLS server does not answer\n");
    std::_Exit(1);
  }
  co_return stream;
}

Awaitable<bool> put(BareStream& stream) {
  const std::string message(message_bytes, 'm');
  auto [ec, size] = co_await asio::async_write(stream, asio::buffer(message), use_tuple);
  co_return !ec;
}

Awaitable<bool> get(BareStream& stream) {
  std::string message(message_bytes, '\0');
  auto [ec, size] = co_await asio::async_read(stream, asio::buffer(message), use_tuple);
  co_return !ec;
}

double bare_handshakes(asio::io_context& io, BareClient& client, std::size_t count, int at_once, std::vector<std::unique_ptr<BareStream>>& open) {
  const Stopwatch watch;
  std::size_t left = count;
  int running = at_once;
  for (int i = 0; i < at_once; ++i)
    asio::co_spawn(io, arrive(client, left, open), [&](std::exception_ptr) { if (--running == 0) io.stop(); });
  io.restart();
  io.run();
  return static_cast<double>(count) / watch.ms() * 1000;
}

double s_time_handshakes(const test::TestCertificates& certificates, unsigned short port, int seconds) {
  const auto command = "openssl s_time -new -tls1_3 -verify 2 -CAfile '" + certificates.ca.string() + "' -connect 127.0.0.1:" + std::to_string(port) + " -time " + std::to_string(seconds) + " 2>/dev/null";
  const Stopwatch watch;
  const std::unique_ptr<FILE, int (*)(FILE*)> openssl(::popen(command.c_str(), "r"), &::pclose);
  if (!openssl) return 0;
  double most = 0;
  for (std::array<char, 4096> line{}; std::fgets(line.data(), line.size(), openssl.get());) {
    double connections = 0;
    if (std::sscanf(line.data(), "%lf connections in", &connections) == 1) most = connections;
  }
  return most / watch.ms() * 1000;
}

}  // namespace wb::bench
