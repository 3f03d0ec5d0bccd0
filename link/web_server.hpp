// New certificates are taken up while it runs: links stay, new connections get the new one. What can't be used is told
// (tls.certificate_refused) and the old one stays.
// The service's one TLS port: HTTP/1.1 for the API and the upgrade to agent links. Beast stays behind this header.
#pragma once
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/async.hpp"
#include "link/admission.hpp"
#include "link/link.hpp"

namespace wb::link {

struct HttpRequest {
  std::string method, path;  // path without the query, percent-decoded
  std::map<std::string, std::string> query;
  std::string authorization, content_type, body, peer;  // peer: address only
  // As if absent when longer than 1,024 bytes, the cookies 4,096; the key is cut there. traceparent: one, or empty (protocol/trace.hpp).
  std::string accept_language = {}, idempotency_key = {}, cookie = {}, if_match = {}, if_none_match = {}, accept_encoding = {}, traceparent = {};
};
struct HttpResponse {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  std::map<std::string, std::string> headers;
  // A body that comes in pieces, instead of `body`: asked for the next one until there is none, each sent as it comes (chunked, RFC 9112
  // section 7.1; HTTP/1.0 is refused). How long it takes to have one is its own affair; to take one, the peer has 30 s. What throws, or a
  // server that stops, cuts the body short, which the peer can tell from its end.
  std::function<Awaitable<std::optional<std::string>>()> next_piece = {};
};

struct WebServerSettings {
  std::string address = "127.0.0.1";
  unsigned short port = 0;  // 0: the system chooses; bound_port() says
  std::filesystem::path certificate_file, key_file;
  std::size_t body_bytes_max = 64 * 1024, header_bytes_max = 16 * 1024;
  std::chrono::milliseconds request_timeout{10'000};   // a request must have come by then; idle keep-alive 60 s
  std::chrono::milliseconds handshake_timeout{5'000};  // TLS
  int connections_max = 20'000;
  AdmissionLimits admission;
  std::vector<std::string> trusted_proxies;           // whose word on a request's address is believed (link/forwarded.hpp)
  std::chrono::milliseconds certificate_look{5'000};  // how often is looked whether the files are others
  std::chrono::milliseconds silence{60'000};          // for links
};

class WebServer {
 public:
  using OnRequest = std::function<Awaitable<HttpResponse>(HttpRequest)>;
  using OnLink = std::function<Awaitable<>(std::unique_ptr<Link>)>;  // GET /agent/v1/link with subprotocol wb.v1
  // Fault refused/unreachable when the port or the certificate can't be used.
  static Result<std::unique_ptr<WebServer>> start(asio::io_context& io, WebServerSettings settings, OnRequest on_request, OnLink on_link);
  virtual ~WebServer() = default;
  virtual unsigned short bound_port() const = 0;
  virtual Awaitable<> stop() = 0;  // no new connections; waits for running requests and links, cutting them after 5 s
};

}  // namespace wb::link
