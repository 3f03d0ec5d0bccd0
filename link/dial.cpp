#include "link/link.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/error.hpp>

#include "core/ids.hpp"
#include "link/tls.hpp"
#include "link/websocket.hpp"
#include "platform/socket_options.hpp"

namespace wb::link {
namespace {
using tcp = asio::ip::tcp;
using boost::system::error_code;
using Endpoints = std::vector<tcp::endpoint>;

// A look-up runs on a thread of Asio's and can't be cancelled: we wait for it here, and leave it behind when it is
// late. Its answer then goes to nobody.
struct Lookup {
  explicit Lookup(asio::any_io_executor executor) : resolver(executor), done(executor) {}
  tcp::resolver resolver;
  asio::steady_timer done;
  error_code ec;
  Endpoints found;
  bool ready = false;
};

Awaitable<Result<Endpoints>> resolve(std::string host, unsigned short port, std::chrono::milliseconds limit) {
  error_code not_address;
  const auto address = asio::ip::make_address(host, not_address);
  if (!not_address) co_return Endpoints{tcp::endpoint(address, port)};
  const auto lookup = std::make_shared<Lookup>(co_await asio::this_coro::executor);
  lookup->done.expires_after(limit);
  lookup->resolver.async_resolve(host, std::to_string(port), [lookup](error_code ec, const tcp::resolver::results_type& found) {
    lookup->ready = true;
    lookup->ec = ec;
    for (const auto& entry : found) lookup->found.push_back(entry.endpoint());
    lookup->done.cancel();
  });
  (void)co_await lookup->done.async_wait(use_tuple);
  if (!lookup->ready) co_return fault(Fault::Kind::timed_out, "link.resolve");
  if (lookup->ec) co_return fault(Fault::Kind::unreachable, "link.resolve", printable(lookup->ec.message()));
  co_return lookup->found;
}

Awaitable<Result<tcp::socket>> connect_one(tcp::endpoint end) {
  tcp::socket socket(co_await asio::this_coro::executor);
  auto [ec] = co_await socket.async_connect(end, use_tuple);
  if (ec) co_return fault(Fault::Kind::unreachable, "link.connect", printable(ec.message()));
  co_return socket;
}

// Every address gets its share of the time: a black hole in front must not use it up for the one that works.
Awaitable<Result<tcp::socket>> connect_any(Endpoints ends, std::chrono::milliseconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  Fault last = fault(Fault::Kind::unreachable, "link.connect", "no address");
  for (std::size_t i = 0; i < ends.size(); ++i) {
    const auto share = (until - std::chrono::steady_clock::now()) / static_cast<int>(ends.size() - i);
    auto attempt = connect_one(ends[i]);
    auto got = co_await within(share, std::move(attempt), "link.connect");
    if (got) co_return got;
    last = got.error();
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) break;
  }
  co_return last;
}

Fault tls_fault(const error_code& ec, const Verification& seen) {
  if (!seen.problem.empty()) return fault(Fault::Kind::refused, "link.tls", "certificate: " + seen.problem);
  const bool spoken = ec.category() == asio::error::get_ssl_category();  // an alert, or not TLS at all
  return fault(spoken ? Fault::Kind::refused : Fault::Kind::unreachable, "link.tls", printable(ec.message()));
}

Awaitable<Result<TlsStream>> tls_handshake(tcp::socket socket, std::string host, TlsContext context) {
  TlsStream stream(std::move(socket), *context);
  const auto seen = std::make_shared<Verification>();
  if (!expect_host(stream.native_handle(), host)) co_return fault(Fault::Kind::refused, "link.tls", "not a host name");
  stream.set_verify_callback([seen](bool good, asio::ssl::verify_context& chain) { return note_verification(good, chain.native_handle(), *seen); });
  auto [ec] = co_await stream.async_handshake(asio::ssl::stream_base::client, use_tuple);
  if (ec) co_return tls_fault(ec, *seen);
  co_return stream;
}

std::string host_header(const std::string& host, unsigned short port) {
  auto text = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return port == 443 ? text : text + ":" + std::to_string(port);
}
}  // namespace

Awaitable<Result<std::unique_ptr<Link>>> dial(DialSettings settings) {
  auto host = settings.host;
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  const auto limit = settings.connect_timeout;
  const auto cancelled = [](const asio::cancellation_state& state) { return state.cancelled() != asio::cancellation_type::none; };

  auto context = client_tls(settings.ca_file);
  if (!context) co_return context.error();

  auto ends = co_await resolve(host, settings.port, limit);
  if (cancelled(co_await asio::this_coro::cancellation_state)) co_return fault(Fault::Kind::cancelled, "link.resolve");
  if (!ends) co_return ends.error();

  auto socket = co_await connect_any(std::move(*ends), limit);
  if (cancelled(co_await asio::this_coro::cancellation_state)) co_return fault(Fault::Kind::cancelled, "link.connect");
  if (!socket) co_return socket.error();
  platform::tune_connection(*socket);

  auto handshake = tls_handshake(std::move(*socket), host, *context);
  auto stream = co_await within(limit, std::move(handshake), "link.tls");
  if (cancelled(co_await asio::this_coro::cancellation_state)) co_return fault(Fault::Kind::cancelled, "link.tls");
  if (!stream) co_return stream.error();

  auto header = host_header(host, settings.port);
  auto upgrading = upgrade(std::move(*stream), std::move(header), settings.target, LinkTimings{limit, settings.silence});
  co_return co_await std::move(upgrading);
}

}  // namespace wb::link
