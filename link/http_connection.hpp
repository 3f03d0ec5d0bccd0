// Inside link/ only: one accepted TCP connection of the web server, from its TLS handshake to its end.
#pragma once
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/async.hpp"
#include "link/tls.hpp"
#include "link/web_server.hpp"
#include "link/websocket.hpp"

namespace wb::link {

// Requests are answered one after the other, as they came (pipelining included). Every wait for the peer has a deadline;
// the handler's own time has none here. Held by shared_ptr: the last timer callbacks may outlive serve().
class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  struct Callbacks {
    WebServer::OnRequest on_request;
    WebServer::OnLink on_link;
  };
  HttpConnection(asio::ip::tcp::socket socket, TlsContext tls, const WebServerSettings& settings, std::shared_ptr<const Callbacks> callbacks);

  Awaitable<> serve();
  // Called at most once each: when the TLS handshake is over (well or not), and when it has become a link.
  void on_shaken(std::function<void()> what) { shaken_ = std::move(what); }
  void on_link(std::function<void()> what) { is_link_ = std::move(what); }
  const std::string& peer() const { return peer_; }  // address
  void finish();                                     // ends now when idle, else after the running request's answer
  void abort();                                      // cuts the connection or the link at once

 private:
  enum class Came { request,
    nothing,
    malformed,
    body_too_large,
    headers_too_large,
    late };
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  Awaitable<bool> handshake();
  Awaitable<bool> first_bytes(bool first_request);
  Awaitable<Came> next_request();
  Came came(boost::system::error_code ec) const;
  Awaitable<bool> answer();  // true: the connection stays
  Awaitable<> refuse(Came why);
  Awaitable<bool> respond(HttpResponse response, bool keep, bool head);
  Awaitable<bool> respond_in_pieces(HttpResponse response, bool keep);
  Awaitable<HttpResponse> ask_handler(HttpRequest request);
  Awaitable<> upgrade_to_link();
  Awaitable<> goodbye(bool unread_input);

  void begin(std::chrono::milliseconds limit);  // starts the deadline of the operations that follow
  void settle();                                // ends it
  auto token() { return asio::bind_cancellation_slot(stop_.slot(), use_tuple); }

  const WebServerSettings settings_;
  const std::shared_ptr<const Callbacks> callbacks_;
  TlsStream stream_;
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  asio::steady_timer deadline_;
  asio::cancellation_signal stop_;
  std::function<void()> abort_link_, shaken_, is_link_;
  std::string peer_;
  std::uint64_t round_ = 0;  // tells a late callback of an earlier deadline from the present one
  bool late_ = false, idle_ = false, finishing_ = false, aborted_ = false;
};

}  // namespace wb::link
