// Inside link/ only: a TCP connection to the service through an HTTP proxy's CONNECT (RFC 9110 section 9.3.6).
#pragma once
#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <string>

#include "core/async.hpp"
#include "link/proxy.hpp"

namespace wb::link {

// The socket with the tunnel open and nothing sent through it. libcurl does the talking, on a thread of its own: Kerberos may ask
// the network behind its back. When `limit` has passed, or the caller is cancelled, the thread is left to itself and its
// socket goes to nobody; at most four such threads live at once. Faults as link/curl.hpp's proxy_fault, and
// exhausted "proxy.connect" for a fifth.
Awaitable<Result<asio::ip::tcp::socket>> connect_through(Proxy proxy, std::string host, unsigned short port, std::chrono::milliseconds limit);

}  // namespace wb::link
