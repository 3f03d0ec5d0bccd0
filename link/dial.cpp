#include "link/link.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/error.hpp>

#include "core/certificate_end.hpp"
#include "core/ids.hpp"
#include "link/connect.hpp"
#include "link/proxy_connect.hpp"
#include "link/tls.hpp"
#include "link/web_page.hpp"
#include "link/websocket.hpp"
#include "platform/socket_options.hpp"

namespace wb::link {
namespace {
using tcp = asio::ip::tcp;
using boost::system::error_code;

const char* place_of(Verification::Flaw flaw) {
  switch (flaw) {
    case Verification::Flaw::issuer: return "link.tls_issuer";
    case Verification::Flaw::name: return "link.tls_name";
    case Verification::Flaw::time: return "link.tls_time";
    case Verification::Flaw::other: break;
  }
  return "link.tls";
}

// What the handshake has seen of the other end.
struct Met : Verification {
  bool plain = false;  // its first bytes are HTTP or HTML and no TLS record
};
void note_first_bytes(int written, int, int content_type, const void* bytes, std::size_t size, SSL*, void* met) {
  if (written != 0 || content_type != SSL3_RT_HEADER) return;
  const std::string_view first(static_cast<const char*>(bytes), size);
  if (first.starts_with('<') || first.starts_with("HTTP/")) static_cast<Met*>(met)->plain = true;
}

Fault tls_fault(const error_code& ec, const Met& seen) {
  if (seen.plain) return fault(Fault::Kind::refused, "link.web_page", "no TLS but " + std::string(page_words));
  if (!seen.problem.empty()) return fault(Fault::Kind::refused, place_of(seen.flaw), "certificate: " + seen.problem);
  const bool spoken = ec.category() == asio::error::get_ssl_category();  // an alert, or not TLS at all
  return fault(spoken ? Fault::Kind::refused : Fault::Kind::unreachable, "link.tls", printable(ec.message()));
}

Awaitable<Result<TlsStream>> tls_handshake(tcp::socket socket, std::string host, TlsContext context) {
  TlsStream stream(std::move(socket), *context);
  const auto seen = std::make_shared<Met>();
  if (!expect_host(stream.native_handle(), host)) co_return fault(Fault::Kind::refused, "link.tls", "not a host name");
  stream.set_verify_callback([seen](bool good, asio::ssl::verify_context& chain) { return note_verification(good, chain.native_handle(), *seen); });
  SSL_set_msg_callback(stream.native_handle(), &note_first_bytes);
  SSL_set_msg_callback_arg(stream.native_handle(), seen.get());
  auto [ec] = co_await stream.async_handshake(asio::ssl::stream_base::client, use_tuple);
  SSL_set_msg_callback(stream.native_handle(), nullptr);
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

  auto context = client_tls(settings.trust);
  if (!context) co_return context.error();
  auto proxy = proxy_for(settings.proxy, host);
  if (!proxy) co_return proxy.error();
  Route route{host_header(host, settings.port), *proxy ? (*proxy)->name() : std::string(), {}};

  auto connecting = *proxy ? connect_through(std::move(**proxy), host, settings.port, limit) : connect_straight(host, settings.port, limit);
  auto socket = co_await std::move(connecting);
  if (cancelled(co_await asio::this_coro::cancellation_state)) co_return fault(Fault::Kind::cancelled, "link.connect");
  if (!socket) co_return socket.error();
  platform::tune_connection(*socket);

  auto handshake = tls_handshake(std::move(*socket), host, *context);
  auto stream = co_await within(limit, std::move(handshake), "link.tls");
  if (cancelled(co_await asio::this_coro::cancellation_state)) co_return fault(Fault::Kind::cancelled, "link.tls");
  if (!stream) co_return stream.error();
  auto box = interceptor(stream->native_handle(), settings.trust);
  if (!box) co_return box.error();
  route.intercepted_by = std::move(*box);
  route.certificate_ends = end_of_certificate(SSL_get0_peer_certificate(stream->native_handle()));

  auto header = route.host;
  auto upgrading = upgrade(std::move(*stream), std::move(header), settings.target, LinkTimings{limit, settings.silence}, std::move(route));
  co_return co_await std::move(upgrading);
}

}  // namespace wb::link
