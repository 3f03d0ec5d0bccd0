#include "link/web_server.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <list>
#include <set>

#include "core/ids.hpp"
#include "core/log.hpp"
#include "link/http_connection.hpp"
#include "link/served_certificate.hpp"
#include "platform/socket_options.hpp"

namespace wb::link {
namespace {
using tcp = asio::ip::tcp;
using boost::system::error_code;
using namespace std::chrono_literals;

constexpr auto accept_pause = 100ms;  // when the process is out of descriptors or memory
constexpr auto stop_grace = 5s;

// Shared by the server's handle and its tasks: these end after the handle when it goes without stop().
struct Serving {
  Serving(asio::io_context& io, WebServerSettings s, ServedCertificate t, HttpConnection::Callbacks c)
      : settings(std::move(s)), certificate(std::move(t)), callbacks(std::make_shared<HttpConnection::Callbacks>(std::move(c))), acceptor(io),
        tasks(io.get_executor()), door(settings.admission), left(io) {}
  WebServerSettings settings;
  ServedCertificate certificate;
  std::shared_ptr<const HttpConnection::Callbacks> callbacks;
  tcp::acceptor acceptor;
  TaskGroup tasks;
  std::set<std::shared_ptr<HttpConnection>> open;
  Admission door;
  std::list<std::shared_ptr<HttpConnection>> shaking;  // oldest first
  std::uint64_t dropped = 0, dropped_said = 0;         // by the door
  BootClock::time_point said_at{};
  asio::steady_timer left;  // cancelled when the last connection has ended
  bool stopping = false;
};

// What the door turns away is told in numbers, twice a minute at most.
void dropped(Serving& serving) {
  ++serving.dropped;
  const auto now = BootClock::now();
  if (serving.dropped_said != 0 && now - serving.said_at < 30s) return;
  log::warn("http.crowded", log::field("turned_away", serving.dropped - serving.dropped_said), log::field("handshakes", serving.shaking.size()), log::field("open", serving.open.size()));
  serving.dropped_said = serving.dropped;
  serving.said_at = now;
}

Awaitable<> serve_one(std::shared_ptr<Serving> serving, std::shared_ptr<HttpConnection> connection) {
  serving->shaking.push_back(connection);
  bool counted = true;  // in this frame, which outlives serve()
  connection->on_shaken([s = serving.get(), c = connection.get()] { s->shaking.remove_if([c](const auto& one) { return one.get() == c; }); });
  connection->on_link([s = serving.get(), c = connection.get(), &counted] {
    s->door.leave(c->peer());
    counted = false;
  });
  if (serving->door.crowded(serving->shaking.size())) {
    const auto oldest = serving->shaking.front();
    oldest->abort();
    dropped(*serving);
  }
  try {
    co_await connection->serve();
  } catch (const std::exception& e) {
    log::error("http.connection_threw", log::field("what", e.what()));
  }
  serving->shaking.remove(connection);
  if (counted) serving->door.leave(connection->peer());
  serving->open.erase(connection);
  if (serving->open.empty()) serving->left.cancel();
}

void took(const std::shared_ptr<Serving>& serving, tcp::socket socket) {
  // Beyond the limit the socket is closed by its end here; nothing is said, since saying it costs a TLS handshake.
  if (serving->open.size() >= static_cast<std::size_t>(serving->settings.connections_max)) {
    log::debug("http.connection_limit", log::field("open", serving->open.size()));
    return;
  }
  platform::tune_connection(socket);
  auto connection = std::make_shared<HttpConnection>(std::move(socket), serving->certificate.tls(), serving->settings, serving->callbacks);
  if (!serving->door.enter(connection->peer(), BootClock::now())) return dropped(*serving);
  serving->open.insert(connection);
  auto task = serve_one(serving, std::move(connection));
  serving->tasks.start("http.connection", std::move(task));
}

Awaitable<> accept_all(std::shared_ptr<Serving> serving) {
  co_await asio::this_coro::throw_if_cancelled(false);
  while (!serving->stopping) {
    if (const auto wait = serving->door.pause(BootClock::now()); wait > 0ms) {
      const bool on = co_await sleep_for(wait);
      if (!on) co_return;
      continue;
    }
    auto [ec, socket] = co_await serving->acceptor.async_accept(use_tuple);
    if (serving->stopping) co_return;
    if (ec) {
      const auto state = co_await asio::this_coro::cancellation_state;
      if (state.cancelled() != asio::cancellation_type::none) co_return;
      log::warn("http.accept_failed", log::field("why", ec.message()), log::field("open", serving->open.size()));
      (void)co_await sleep_for(accept_pause);  // EMFILE: the next accept would fail at once, and again
      continue;
    }
    took(serving, std::move(socket));
  }
}

Awaitable<> watch_certificate(std::shared_ptr<Serving> serving) {
  for (;;) {
    const bool on = co_await sleep_for(serving->settings.certificate_look);
    if (!on || serving->stopping) co_return;
    serving->certificate.look();
  }
}

// Fault unreachable: another process has the port, or the address is not ours.
Result<void> listen(tcp::acceptor& acceptor, const std::string& address, unsigned short port) {
  error_code ec;
  const auto ip = asio::ip::make_address(address, ec);
  if (ec) return fault(Fault::Kind::refused, "http.listen", "not an IP address: " + printable(address));
  const tcp::endpoint end(ip, port);
  acceptor.open(end.protocol(), ec);
  if (!ec) acceptor.set_option(tcp::acceptor::reuse_address(true), ec);
  if (!ec) acceptor.bind(end, ec);
  if (!ec) acceptor.listen(asio::socket_base::max_listen_connections, ec);
  if (ec) return fault(Fault::Kind::unreachable, "http.listen", printable(address) + " port " + std::to_string(port) + ": " + printable(ec.message()));
  return {};
}

class TlsWebServer : public WebServer {
 public:
  explicit TlsWebServer(std::shared_ptr<Serving> serving, unsigned short port) : serving_(std::move(serving)), port_(port) {
    auto task = accept_all(serving_);
    serving_->tasks.start("http.accept", std::move(task));
    auto watching = watch_certificate(serving_);
    serving_->tasks.start("http.certificate", std::move(watching));
  }
  ~TlsWebServer() override {
    refuse_new();
    cut();
  }
  TlsWebServer(const TlsWebServer&) = delete;
  TlsWebServer& operator=(const TlsWebServer&) = delete;

  unsigned short bound_port() const override { return port_; }

  Awaitable<> stop() override {
    const auto serving = serving_;
    refuse_new();
    const auto open = serving->open;  // finish() may end some while we look
    for (const auto& connection : open) connection->finish();
    serving->left.expires_after(stop_grace);
    bool in_time = true;
    while (!serving->open.empty() && in_time) {
      auto [ec] = co_await serving->left.async_wait(use_tuple);
      in_time = static_cast<bool>(ec);
      const auto state = co_await asio::this_coro::cancellation_state;
      if (state.cancelled() != asio::cancellation_type::none) in_time = false;
    }
    if (!in_time) log::warn("http.stop_cut", log::field("open", serving->open.size()));
    cut();
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) co_return;
    co_await serving->tasks.drained();
  }

 private:
  void refuse_new() {
    serving_->stopping = true;
    error_code ignored;
    serving_->acceptor.close(ignored);
  }
  void cut() {
    const auto open = serving_->open;
    for (const auto& connection : open) connection->abort();
    serving_->tasks.cancel();
  }

  std::shared_ptr<Serving> serving_;
  unsigned short port_;
};
}  // namespace

Result<std::unique_ptr<WebServer>> WebServer::start(asio::io_context& io, WebServerSettings settings, OnRequest on_request, OnLink on_link) {
  auto certificate = ServedCertificate::load(settings.certificate_file, settings.key_file);
  if (!certificate) return certificate.error();
  HttpConnection::Callbacks callbacks{std::move(on_request), std::move(on_link)};
  auto serving = std::make_shared<Serving>(io, std::move(settings), std::move(*certificate), std::move(callbacks));
  auto listening = listen(serving->acceptor, serving->settings.address, serving->settings.port);
  if (!listening) return listening.error();
  error_code ec;
  const auto port = serving->acceptor.local_endpoint(ec).port();
  return std::unique_ptr<WebServer>(std::make_unique<TlsWebServer>(std::move(serving), port));
}

}  // namespace wb::link
