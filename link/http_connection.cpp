#include "link/http_connection.hpp"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include <algorithm>

#include "core/ids.hpp"
#include "link/forwarded.hpp"
#include "link/http_target.hpp"
#include "protocol/messages.hpp"
#include "protocol/trace.hpp"

namespace wb::link {
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;
using namespace std::chrono_literals;

namespace {
constexpr auto idle_limit = 60s;    // between two requests of one connection
constexpr auto answer_limit = 30s;  // for the peer to take an answer
constexpr auto goodbye_limit = 2s;
constexpr std::size_t unread_bytes_max = 256 * 1024;  // read and dropped, so that a refusal is not lost to a reset

HttpResponse error_answer(int status, std::string_view code, std::string_view message) {
  // As the handlers' refusals: problem details (RFC 9457). Code and message are words of ours, which need no escaping.
  const std::string word(code), text(message);
  return {status, R"({"type":"urn:writeback:problem:)" + word + R"(","status":)" + std::to_string(status) + R"(,"code":")" + word + R"(","detail":")" + text + R"(","error":{"code":")" + word + R"(","message":")" + text + "\"}}",
      "application/problem+json", {}};
}

bool header_safe(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; });
}

std::string text_of(beast::string_view text) { return {text.data(), text.size()}; }
// All lines of a header as the one list that they are (RFC 9110 section 5.3): some proxies add a line of their own below what was sent.
std::string whole_list(const http::request<http::string_body>& message, beast::string_view name) {
  std::string list;
  const auto [begin, end] = message.equal_range(name);
  for (auto line = begin; line != end; ++line) list += (list.empty() ? "" : ",") + text_of(line->value());
  return list;
}
std::string short_header(const http::request<http::string_body>& message, beast::string_view name, std::size_t most = 1'024) {
  const auto value = message[name];
  return value.size() > most ? std::string() : text_of(value);
}

http::response<http::string_body> message_of(HttpResponse from, unsigned version, bool keep, bool head) {
  http::response<http::string_body> out(http::int_to_status(static_cast<unsigned>(from.status)), version);
  if (out.result() == http::status::unknown) out.result(http::status::internal_server_error);
  for (const auto& [name, value] : security_headers) out.set(name, value);
  const bool bodiless = from.status == 204 || from.status == 304;
  if (!bodiless) out.set(http::field::content_type, header_safe(from.content_type) ? from.content_type : "application/octet-stream");
  for (const auto& [name, value] : from.headers) {
    if (header_safe(name) && header_safe(value) && name.find_first_of(": ") == std::string::npos && !name.empty()) out.set(name, value);
  }
  out.keep_alive(keep);
  if (bodiless) return out;
  out.body() = std::move(from.body);
  out.prepare_payload();
  if (head) out.body().clear();  // the length stays, as for GET (RFC 9110 section 9.3.2)
  return out;
}
}  // namespace

HttpConnection::HttpConnection(asio::ip::tcp::socket socket, TlsContext tls, const WebServerSettings& settings, std::shared_ptr<const Callbacks> callbacks)
    : settings_(settings), callbacks_(std::move(callbacks)), stream_(std::move(socket), *tls), deadline_(stream_.get_executor()) {
  error_code ec;
  const auto end = stream_.lowest_layer().remote_endpoint(ec);
  const auto address = ec ? asio::ip::address() : end.address();
  const bool mapped = address.is_v6() && address.to_v6().is_v4_mapped();  // on a socket for both, IPv4 looks so
  const auto plain = mapped ? asio::ip::address(asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6())) : address;
  peer_ = ec ? std::string("unknown") : plain.to_string();
  buffer_.max_size(settings_.header_bytes_max + 64 * 1024);
}

void HttpConnection::begin(std::chrono::milliseconds limit) {
  late_ = false;
  deadline_.expires_after(limit);
  deadline_.async_wait([self = shared_from_this(), round = ++round_](error_code ec) {
    if (ec || self->round_ != round) return;
    self->late_ = true;
    self->stop_.emit(asio::cancellation_type::terminal);
  });
}

void HttpConnection::settle() {
  ++round_;
  deadline_.cancel();
}

void HttpConnection::finish() {
  finishing_ = true;
  if (idle_) abort();
}

void HttpConnection::abort() {
  aborted_ = true;
  error_code ignored;
  if (stream_.lowest_layer().is_open()) stream_.lowest_layer().close(ignored);
  if (abort_link_) abort_link_();
}

Awaitable<> HttpConnection::serve() {
  const auto self = shared_from_this();
  // We look at the reasons ourselves; a cancelled task must not throw past the goodbye.
  co_await asio::this_coro::throw_if_cancelled(false);
  if (!co_await handshake()) co_return;
  bool stays = true;
  for (bool first = true; stays && !finishing_ && !aborted_; first = false) {
    parser_.reset();
    if (buffer_.size() == 0 && !co_await first_bytes(first)) break;
    const auto came = co_await next_request();
    if (came == Came::nothing) break;
    if (came != Came::request) {
      co_await refuse(came);
      co_return;
    }
    const auto& request = parser_->get();
    if (request.method() == http::verb::get && request.target() == link_target && beast::iequals(request[http::field::upgrade], "websocket")) {
      co_await upgrade_to_link();
      co_return;
    }
    stays = co_await answer();
  }
  if (!aborted_) co_await goodbye(false);
}

Awaitable<bool> HttpConnection::handshake() {
  begin(std::min(settings_.request_timeout, settings_.handshake_timeout));
  auto [ec] = co_await stream_.async_handshake(asio::ssl::stream_base::server, token());
  settle();
  if (shaken_) std::exchange(shaken_, nullptr)();
  if (ec) log::debug("http.tls_failed", log::field("peer", peer_), log::field("why", late_ ? std::string("timed out") : ec.message()));
  co_return !ec && !aborted_;
}

// A connection that waits for its next request holds a small buffer, and may be ended without an answer.
Awaitable<bool> HttpConnection::first_bytes(bool first_request) {
  idle_ = !first_request;
  begin(first_request ? settings_.request_timeout : std::chrono::milliseconds(idle_limit));
  auto [ec, bytes] = co_await stream_.async_read_some(buffer_.prepare(2048), token());
  settle();
  idle_ = false;
  buffer_.commit(bytes);
  co_return !ec && !aborted_;
}

HttpConnection::Came HttpConnection::came(error_code ec) const {
  if (!ec) return Came::request;
  if (aborted_) return Came::nothing;
  if (late_) return Came::late;
  if (ec == http::error::header_limit || ec == http::error::buffer_overflow) return Came::headers_too_large;
  if (ec == http::error::body_limit) return Came::body_too_large;
  if (ec == http::error::end_of_stream || ec == http::error::partial_message) return Came::nothing;
  return ec.category() == make_error_code(http::error::bad_method).category() ? Came::malformed : Came::nothing;
}

Awaitable<HttpConnection::Came> HttpConnection::next_request() {
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(settings_.header_bytes_max));
  parser_->body_limit(settings_.body_bytes_max);
  begin(settings_.request_timeout);
  auto [ec, header_bytes] = co_await http::async_read_header(stream_, buffer_, *parser_, token());
  if (!ec && !parser_->is_done()) {
    if (beast::iequals(parser_->get()[http::field::expect], "100-continue")) {
      static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
      auto [failed, sent] = co_await asio::async_write(stream_, asio::buffer(go_on), token());
      ec = failed;
    }
    if (!ec) {
      auto [failed, body_bytes] = co_await http::async_read(stream_, buffer_, *parser_, token());
      ec = failed;
    }
  }
  settle();
  co_return came(ec);
}

Awaitable<bool> HttpConnection::answer() {
  auto message = parser_->release();
  const bool keep = message.keep_alive() && !finishing_;
  const bool head = message.method() == http::verb::head;
  auto target = parse_target(text_of(message.target()));
  const bool named = message.version() == 10 || message.count(http::field::host) == 1;
  if (!target || !named) {
    auto refused = respond(error_answer(400, "bad_request", target ? "a request needs one Host" : "not a target we understand"), false, head);
    co_await std::move(refused);
    co_return false;
  }
  if (target->path == link_target) {
    auto response = error_answer(426, "bad_request", "this is the agents' door: upgrade to a WebSocket");
    response.headers.emplace("Upgrade", "websocket");
    auto refused = respond(std::move(response), keep, head);
    co_return co_await std::move(refused) && keep;
  }
  HttpRequest request{text_of(message.method_string()), std::move(target->path), std::move(target->query), text_of(message[http::field::authorization]),
      text_of(message[http::field::content_type]), std::move(message.body()), peer_};
  request.peer = client_address(peer_, whole_list(message, "X-Forwarded-For"), whole_list(message, "Forwarded"), settings_.trusted_proxies);
  request.accept_language = short_header(message, "Accept-Language");
  request.idempotency_key = text_of(message["Idempotency-Key"].substr(0, 1'024));  // cut it is refused; absent it would be done twice
  request.cookie = short_header(message, "Cookie", 4'096);
  request.accept_encoding = short_header(message, "Accept-Encoding");
  request.if_match = short_header(message, "If-Match");
  request.if_none_match = short_header(message, "If-None-Match");
  request.traceparent = protocol::read_traceparent(short_header(message, "traceparent")).value_or("");
  auto asking = ask_handler(std::move(request));
  auto response = co_await std::move(asking);
  if (aborted_) co_return false;
  if (response.next_piece && !head && message.version() != 10) {
    auto streaming = respond_in_pieces(std::move(response), keep && !finishing_);
    co_return co_await std::move(streaming) && keep;
  }
  if (response.next_piece) response = error_answer(400, "bad_request", "this body comes in pieces, which HTTP/1.1 has");
  auto answering = respond(std::move(response), keep && !finishing_, head);
  co_return co_await std::move(answering) && keep;
}

// Handlers run as Asio does by default: once cancelled, their next co_await throws, and ends here.
Awaitable<HttpResponse> HttpConnection::ask_handler(HttpRequest request) {
  auto response = error_answer(500, "unavailable", "something went wrong here");
  co_await asio::this_coro::throw_if_cancelled(true);
  try {
    auto asking = callbacks_->on_request(std::move(request));
    response = co_await std::move(asking);
  } catch (const std::exception& e) {
    if (!aborted_) log::error("http.handler_threw", log::field("what", e.what()));
  }
  co_await asio::this_coro::throw_if_cancelled(false);
  co_return response;
}

Awaitable<> HttpConnection::refuse(Came why) {
  HttpResponse response;
  switch (why) {
    case Came::late: response = error_answer(408, "bad_request", "the request did not come in time"); break;
    case Came::headers_too_large: response = error_answer(431, "too_large", "the headers are too large"); break;
    case Came::body_too_large: response = error_answer(413, "too_large", "the body is too large"); break;
    case Came::malformed:
    case Came::request:
    case Came::nothing: response = error_answer(400, "bad_request", "not an HTTP request"); break;
  }
  log::debug("http.refused", log::field("peer", peer_), log::field("status", response.status));
  auto answering = respond(std::move(response), false, false);
  if (co_await std::move(answering)) co_await goodbye(true);
}

// False when the peer did not take the answer: tolerated, since it may have gone while the handler worked.
Awaitable<bool> HttpConnection::respond(HttpResponse response, bool keep, bool head) {
  const unsigned version = parser_ && parser_->is_header_done() ? parser_->get().version() : 11;
  auto message = message_of(std::move(response), version == 10 ? 10 : 11, keep, head);
  http::response_serializer<http::string_body> serializer(message);
  begin(answer_limit);
  auto [ec, bytes] = co_await http::async_write(stream_, serializer, token());
  settle();
  if (ec && !aborted_) log::debug("http.peer_gone", log::field("peer", peer_), log::field("why", ec.message()));
  co_return !ec;
}

Awaitable<bool> HttpConnection::respond_in_pieces(HttpResponse response, bool keep) {
  const auto next_piece = std::exchange(response.next_piece, nullptr);
  auto whole = message_of(std::move(response), 11, keep, false);
  http::response<http::empty_body> message(whole.base());
  message.erase(http::field::content_length);
  message.chunked(true);
  http::response_serializer<http::empty_body> serializer(message);
  begin(answer_limit);
  auto [ec, bytes] = co_await http::async_write_header(stream_, serializer, token());
  settle();
  while (!ec && !aborted_) {
    std::optional<std::string> piece;
    co_await asio::this_coro::throw_if_cancelled(true);
    try {
      auto asking = next_piece();
      piece = co_await std::move(asking);
    } catch (const std::exception& e) {
      if (!aborted_) log::error("http.handler_threw", log::field("what", e.what()));
      ec = asio::error::operation_aborted;
    }
    co_await asio::this_coro::throw_if_cancelled(false);
    if (ec || aborted_) break;
    begin(answer_limit);
    if (piece) {
      auto [failed, sent] = co_await asio::async_write(stream_, http::make_chunk(asio::buffer(*piece)), token());
      ec = failed;
    } else {
      auto [failed, sent] = co_await asio::async_write(stream_, http::make_chunk_last(), token());
      ec = failed;
    }
    settle();
    if (!piece) break;
  }
  if (ec) abort();  // no end of a body that has none
  co_return !ec && !aborted_;
}

Awaitable<> HttpConnection::upgrade_to_link() {
  auto request = parser_->release();
  http::token_list offered(request[http::field::sec_websocket_protocol]);
  const bool ours = offered.exists(beast::string_view(protocol::subprotocol.data(), protocol::subprotocol.size()));
  // Bytes behind the request would be frames sent before our answer, which RFC 6455 section 4.1 does not allow.
  if (!ours || buffer_.size() != 0 || !beast::websocket::is_upgrade(request)) {
    auto answering = respond(error_answer(400, "bad_request", ours ? "not a WebSocket upgrade" : "the subprotocol must be wb.v1"), false, false);
    if (co_await std::move(answering)) co_await goodbye(true);
    co_return;
  }
  const LinkTimings timings{settings_.request_timeout, settings_.silence};
  auto accepting = accept_upgrade(std::move(stream_), std::move(request), timings);
  auto accepted = co_await std::move(accepting);
  if (!accepted) {
    log::debug("link.not_accepted", log::field("peer", peer_), log::field("why", accepted.error().detail));  // anybody may come to this
    co_return;
  }
  if (is_link_) std::exchange(is_link_, nullptr)();
  abort_link_ = std::move(accepted->abort);
  if (aborted_) abort_link_();
  co_await asio::this_coro::throw_if_cancelled(true);
  try {
    auto running = callbacks_->on_link(std::move(accepted->link));
    co_await std::move(running);
  } catch (const std::exception& e) {
    if (!aborted_) log::error("link.handler_threw", log::field("what", e.what()));
  }
  co_await asio::this_coro::throw_if_cancelled(false);
  abort_link_ = nullptr;
}

// close_notify, so that the peer can tell the end from a cut. What a refused peer still sends is then read and dropped
// for a while, below TLS: closing with unread bytes resets the connection, and the answer may be lost with it.
Awaitable<> HttpConnection::goodbye(bool unread_input) {
  begin(goodbye_limit);
  (void)co_await stream_.async_shutdown(token());
  auto& socket = stream_.next_layer();
  error_code ec;
  if (unread_input) socket.shutdown(asio::socket_base::shutdown_send, ec);
  for (std::size_t dropped = 0; unread_input && !ec && !late_ && dropped < unread_bytes_max;) {
    buffer_.clear();
    auto [failed, bytes] = co_await socket.async_read_some(buffer_.prepare(16 * 1024), token());
    ec = failed;
    dropped += bytes;
  }
  settle();
}

}  // namespace wb::link
