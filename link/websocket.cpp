#include "link/websocket.hpp"

#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/flat_stream.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

#include <deque>

#include "core/ids.hpp"
#include "link/tls.hpp"
#include "link/web_page.hpp"
#include "protocol/messages.hpp"

namespace wb::link {
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using beast::error_code;
using std::chrono::milliseconds;

// flat_stream joins small buffers, so that frame header and payload share one TLS record (beast::ssl_stream does the
// same, but its async_teardown is ambiguous to clang 16 in C++20).
struct LinkStream : beast::flat_stream<TlsStream> {
  explicit LinkStream(TlsStream&& stream) : beast::flat_stream<TlsStream>(std::move(stream)) {}
};

// Found by Beast when a link ends. Its own teardown lets an error of TLS or TCP at the very end (both ends close at
// once) take the place of the reason why the link ends: too large, not UTF-8, the peer's code.
template <class Handler> void async_teardown(beast::role_type role, LinkStream& stream, Handler&& handler) {
  auto quietly = [last = std::forward<Handler>(handler)](error_code) mutable { last(error_code()); };
  beast::async_teardown(role, static_cast<beast::flat_stream<TlsStream>&>(stream), std::move(quietly));
}

namespace {
constexpr std::size_t waiting_writes_max = 64;
constexpr std::size_t inbox_max = 8;                 // read ahead of the reader; beyond, TCP holds the peer back
constexpr std::size_t buffer_kept_bytes = 8 * 1024;  // an idle link gives larger buffers back
constexpr auto goodbye_limit = std::chrono::seconds(2);
constexpr auto never = asio::steady_timer::time_point::max();

struct Outgoing {
  Outgoing(std::string t, asio::any_io_executor executor) : text(std::move(t)), done(std::move(executor), never) {}
  std::string text;
  asio::steady_timer done;  // cancelled when sent or failed
  bool sent = false;
};

std::string address_of(const asio::ip::tcp::socket& socket) {
  error_code ec;
  const auto end = socket.remote_endpoint(ec);
  if (ec) return "unknown";
  const auto text = end.address().to_string();
  return (end.address().is_v6() ? "[" + text + "]" : text) + ":" + std::to_string(end.port());
}

// The link itself. Its own reads and writes are plain callbacks that hold it by shared_ptr, never part of the caller's
// coroutine: cancelling a task that waits for a message must not tear a frame apart, pings must be answered while
// nobody reads, and the Link object may go while the last callbacks are still on their way.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(TlsStream stream, LinkTimings timings)
      : ws(std::move(stream)), arrived_(ws.get_executor(), never), ended_(arrived_.get_executor(), never), stall_(arrived_.get_executor()),
        goodbye_(arrived_.get_executor()), timings_(timings), binding_(channel_exporter(ws.next_layer().next_layer().native_handle())),
        peer_(address_of(beast::get_lowest_layer(ws))) {
    websocket::stream_base::timeout limits{};
    limits.handshake_timeout = timings.handshake;
    limits.idle_timeout = timings.silence;  // a ping after half of it, the end after all of it
    limits.keep_alive_pings = true;
    ws.set_option(limits);
    ws.read_message_max(protocol::message_bytes_max);
    ws.auto_fragment(false);
    ws.text(true);
  }

  Awaitable<Result<std::string>> read() {
    if (!reading_ && !fault_ && !closing_) read_next();
    while (inbox_.empty()) {
      if (fault_) co_return *fault_;
      if (closing_) co_return fault(Fault::Kind::lost, "link.read", "closed by us");
      const auto before = co_await asio::this_coro::cancellation_state;
      if (before.cancelled() != asio::cancellation_type::none) co_return fault(Fault::Kind::cancelled, "link.read");
      (void)co_await arrived_.async_wait(use_tuple);
      const auto after = co_await asio::this_coro::cancellation_state;
      if (after.cancelled() != asio::cancellation_type::none) co_return fault(Fault::Kind::cancelled, "link.read");
    }
    auto text = std::move(inbox_.front());
    inbox_.pop_front();
    if (!reading_ && !fault_ && !closing_) read_next();
    co_return text;
  }

  // A cancelled write leaves its message in the queue: it may still go out, whole.
  Awaitable<Result<void>> write(std::string text) {
    if (fault_ || closing_) co_return fault(Fault::Kind::lost, "link.write", fault_ ? fault_->detail : "closed by us");
    if (outbox_.size() >= waiting_writes_max) co_return fault(Fault::Kind::exhausted, "link.write", "64 messages wait already");
    const auto before = co_await asio::this_coro::cancellation_state;
    if (before.cancelled() != asio::cancellation_type::none) co_return fault(Fault::Kind::cancelled, "link.write");
    auto item = std::make_shared<Outgoing>(std::move(text), arrived_.get_executor());
    outbox_.push_back(item);
    if (!writing_) write_next();
    while (!item->sent && !fault_) {
      (void)co_await item->done.async_wait(use_tuple);
      const auto after = co_await asio::this_coro::cancellation_state;
      if (!item->sent && after.cancelled() != asio::cancellation_type::none) co_return fault(Fault::Kind::cancelled, "link.write");
    }
    if (!item->sent) co_return fault(Fault::Kind::lost, "link.write", fault_->detail);
    co_return Result<void>();
  }

  Awaitable<> close(Close code, std::string reason) {
    if (!closing_) say_goodbye(static_cast<unsigned short>(code), std::move(reason));
    while (!over_) {
      const auto state = co_await asio::this_coro::cancellation_state;
      if (state.cancelled() != asio::cancellation_type::none) co_return;
      (void)co_await ended_.async_wait(use_tuple);
    }
  }

  // Ends everything at once. The first reason stays.
  void cut(Fault reason) {
    if (!fault_) fault_ = std::move(reason);
    over_ = true;
    stall_.cancel();
    goodbye_.cancel();
    error_code ignored;
    beast::get_lowest_layer(ws).close(ignored);
    for (const auto& item : outbox_) item->done.cancel();
    outbox_.clear();
    if (in_flight_) in_flight_->done.cancel();
    arrived_.cancel();
    ended_.cancel();
  }
  void abort() {
    inbox_.clear();
    cut(fault(Fault::Kind::lost, "link.abort", "cut by us"));
  }

  const std::string& binding() const { return binding_; }
  const std::string& peer() const { return peer_; }

  websocket::stream<LinkStream, false> ws;  // false: permessage-deflate is not even compiled

 private:
  void read_next() {
    reading_ = true;
    ws.async_read(buffer_, [self = shared_from_this()](error_code ec, std::size_t) { self->was_read(ec); });
  }

  void was_read(error_code ec) {
    reading_ = false;
    if (ec) {
      // While we say goodbye, async_close has the last word (the peer's answer ends our read first).
      if (!closing_ || ec != websocket::error::closed) cut(read_fault(ec));
      return;
    }
    if (closing_) return;
    if (!ws.got_text()) {
      fault_ = fault(Fault::Kind::malformed, "link.read", "a binary frame");
      say_goodbye(1003, "text only");  // RFC 6455 section 7.4.1: a type of data it cannot accept
      return;
    }
    inbox_.push_back(beast::buffers_to_string(buffer_.data()));
    buffer_.consume(buffer_.size());
    if (buffer_.capacity() > buffer_kept_bytes) buffer_.shrink_to_fit();
    arrived_.cancel();
    if (inbox_.size() < inbox_max) read_next();
  }

  Fault read_fault(error_code ec) const {
    if (ec == beast::error::timeout) {
      return fault(Fault::Kind::lost, "link.read", "the peer was silent for " + std::to_string(timings_.silence.count()) + " ms");
    }
    if (ec == websocket::error::closed) {
      const auto& why = ws.reason();
      auto text = "the peer closed, code " + std::to_string(why.code);
      if (!why.reason.empty()) text += " " + printable({why.reason.data(), why.reason.size()});
      return fault(Fault::Kind::lost, "link.read", std::move(text));
    }
    if (ec == websocket::error::message_too_big) {
      return fault(Fault::Kind::malformed, "link.read", "a message over " + std::to_string(ws.read_message_max()) + " bytes");
    }
    if (ec == websocket::condition::protocol_violation) return fault(Fault::Kind::malformed, "link.read", printable(ec.message()));
    return fault(Fault::Kind::lost, "link.read", printable(ec.message()));
  }

  void write_next() {
    if (outbox_.empty()) {
      writing_ = false;
      if (closing_) send_close();
      return;
    }
    writing_ = true;
    in_flight_ = std::move(outbox_.front());
    outbox_.pop_front();
    // A peer that takes nothing is dead even when it still talks: the ping timer would not see that.
    stall_.expires_after(timings_.silence);
    stall_.async_wait([weak = weak_from_this(), sent = sent_](error_code ec) {
      const auto self = weak.lock();
      if (ec || !self || self->sent_ != sent) return;
      self->cut(fault(Fault::Kind::lost, "link.write", "the peer took nothing for " + std::to_string(self->timings_.silence.count()) + " ms"));
    });
    ws.async_write(asio::buffer(in_flight_->text), [self = shared_from_this()](error_code ec, std::size_t) { self->was_written(ec); });
  }

  void was_written(error_code ec) {
    ++sent_;
    stall_.cancel();
    const auto item = std::exchange(in_flight_, nullptr);
    if (ec) {
      cut(fault(Fault::Kind::lost, "link.write", ec == beast::error::timeout ? "the peer was silent" : printable(ec.message())));
    } else {
      item->sent = true;
    }
    item->done.cancel();
    if (!over_) write_next();
  }

  // What was queued before still goes out; no longer than goodbye_limit.
  void say_goodbye(unsigned short code, std::string reason) {
    closing_ = true;
    inbox_.clear();
    arrived_.cancel();
    if (over_) return;
    reason_ = websocket::close_reason(static_cast<websocket::close_code>(code), printable(reason, 100));
    goodbye_.expires_after(goodbye_limit);
    goodbye_.async_wait([weak = weak_from_this()](error_code ec) {
      if (const auto self = weak.lock(); self && !ec) self->cut(fault(Fault::Kind::lost, "link.close", "closed by us"));
    });
    if (!writing_) send_close();
  }

  void send_close() {
    ws.async_close(reason_, [self = shared_from_this()](error_code) { self->cut(fault(Fault::Kind::lost, "link.close", "closed by us")); });
  }

  beast::flat_buffer buffer_;
  std::deque<std::string> inbox_;
  std::deque<std::shared_ptr<Outgoing>> outbox_;
  std::shared_ptr<Outgoing> in_flight_;
  asio::steady_timer arrived_, ended_, stall_, goodbye_;
  LinkTimings timings_;
  std::string binding_, peer_;
  websocket::close_reason reason_;
  std::optional<Fault> fault_;
  std::uint64_t sent_ = 0;
  bool reading_ = false, writing_ = false, closing_ = false, over_ = false;
};

// The owner's handle. It must outlive the tasks that await its methods only as far as the call itself: each method
// keeps the connection alive, and the end of the handle cuts it.
class WebSocketLink : public Link {
 public:
  explicit WebSocketLink(std::shared_ptr<Connection> connection, Route route = {}) : connection_(std::move(connection)), route_(std::move(route)) {}
  ~WebSocketLink() override { connection_->abort(); }
  WebSocketLink(const WebSocketLink&) = delete;
  WebSocketLink& operator=(const WebSocketLink&) = delete;

  Awaitable<Result<std::string>> read() override {
    const auto kept = connection_;
    co_return co_await kept->read();
  }
  Awaitable<Result<void>> write(std::string text) override {
    const auto kept = connection_;
    co_return co_await kept->write(std::move(text));
  }
  Awaitable<> close(Close code, std::string reason) override {
    const auto kept = connection_;
    co_await kept->close(code, std::move(reason));
  }
  void abort() override { connection_->abort(); }
  void message_limit(std::size_t bytes) override { connection_->ws.read_message_max(bytes); }
  std::string channel_binding() const override { return connection_->binding(); }
  std::string peer() const override { return connection_->peer(); }
  const Route& route() const override { return route_; }

 private:
  std::shared_ptr<Connection> connection_;
  Route route_;
};

Fault upgrade_fault(error_code ec, const websocket::response_type& response) {
  if (ec == websocket::error::upgrade_declined) {
    const auto status = response.result_int();
    if (is_portal(status, is_page(std::string_view(response[http::field::content_type]))))
      return fault(Fault::Kind::refused, "link.web_page", "HTTP status " + std::to_string(status) + ", with " + std::string(page_words));
    const bool passing = status == 429 || status >= 500;
    return fault(passing ? Fault::Kind::unreachable : Fault::Kind::refused, "link.upgrade", "HTTP status " + std::to_string(status));
  }
  if (ec == beast::error::timeout) return fault(Fault::Kind::timed_out, "link.upgrade");
  if (ec == websocket::condition::handshake_failed) return fault(Fault::Kind::refused, "link.upgrade", printable(ec.message()));
  return fault(Fault::Kind::unreachable, "link.upgrade", printable(ec.message()));
}
}  // namespace

Awaitable<Result<std::unique_ptr<Link>>> upgrade(TlsStream stream, std::string host, std::string target, LinkTimings timings, Route route) {
  auto connection = std::make_shared<Connection>(std::move(stream), timings);
  connection->ws.set_option(websocket::stream_base::decorator([](websocket::request_type& request) {
    request.set(http::field::sec_websocket_protocol, protocol::subprotocol);
    request.set(http::field::user_agent, "writeback/" WB_VERSION);
  }));
  websocket::response_type response;
  auto [ec] = co_await connection->ws.async_handshake(response, host, target, use_tuple);
  const auto state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none) co_return fault(Fault::Kind::cancelled, "link.upgrade");
  if (ec) co_return upgrade_fault(ec, response);
  if (response[http::field::sec_websocket_protocol] != protocol::subprotocol) {
    co_return fault(Fault::Kind::refused, "link.upgrade", "the service did not choose the subprotocol wb.v1");
  }
  if (connection->binding().empty()) co_return fault(Fault::Kind::internal, "link.upgrade", "no TLS exporter");
  co_return std::unique_ptr<Link>(std::make_unique<WebSocketLink>(std::move(connection), std::move(route)));
}

Awaitable<Result<Accepted>> accept_upgrade(TlsStream stream, UpgradeRequest request, LinkTimings timings) {
  auto connection = std::make_shared<Connection>(std::move(stream), timings);
  connection->ws.set_option(websocket::stream_base::decorator([](websocket::response_type& response) {
    if (response.result() == http::status::switching_protocols) response.set(http::field::sec_websocket_protocol, protocol::subprotocol);
    for (const auto& [name, value] : security_headers) response.set(name, value);
  }));
  auto [ec] = co_await connection->ws.async_accept(request, use_tuple);
  if (ec) {
    const auto kind = ec == beast::error::timeout ? Fault::Kind::timed_out : Fault::Kind::lost;
    co_return fault(kind, "link.accept", printable(ec.message()));
  }
  if (connection->binding().empty()) co_return fault(Fault::Kind::internal, "link.accept", "no TLS exporter");
  auto cut = [weak = std::weak_ptr<Connection>(connection)] {
    if (const auto alive = weak.lock()) alive->abort();
  };
  Accepted made{std::make_unique<WebSocketLink>(std::move(connection)), std::move(cut)};
  co_return made;
}

}  // namespace wb::link
