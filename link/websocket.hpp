// Inside link/ only: a TLS stream becomes a Link, as the side that dialled or as the side that accepted.
#pragma once
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "link/link.hpp"

namespace wb::link {

using TlsStream = asio::ssl::stream<asio::ip::tcp::socket>;
using UpgradeRequest = boost::beast::http::request<boost::beast::http::string_body>;

constexpr std::string_view link_target = "/agent/v1/link";

// On every answer of the web server, the upgrade's own included.
constexpr std::pair<std::string_view, std::string_view> security_headers[] = {
    {"Strict-Transport-Security", "max-age=31536000"},
    {"X-Content-Type-Options", "nosniff"},
    {"Cache-Control", "no-store"},
};

struct LinkTimings {
  std::chrono::milliseconds handshake{10'000};
  std::chrono::milliseconds silence{60'000};
};

// Fault where "link.upgrade": refused with the HTTP status in the detail (unreachable for 429 and 5xx, which pass),
// timed_out, or unreachable when the connection broke.
Awaitable<Result<std::unique_ptr<Link>>> upgrade(TlsStream stream, std::string host, std::string target, LinkTimings timings, Route route = {});

struct Accepted {
  std::unique_ptr<Link> link;
  std::function<void()> abort;  // cuts the link whoever owns it by now; does nothing once it is gone
};
// Answers an upgrade request that names the subprotocol. Fault where "link.accept".
Awaitable<Result<Accepted>> accept_upgrade(TlsStream stream, UpgradeRequest request, LinkTimings timings);

}  // namespace wb::link
