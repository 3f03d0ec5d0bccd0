// One established agent link: a WebSocket over TLS 1.3 whose type nobody outside link/ sees.
#pragma once
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "core/async.hpp"
#include "core/clock.hpp"
#include "core/result.hpp"
#include "link/settings.hpp"

namespace wb::link {

enum class Close : unsigned short { normal = 1000,
  going_away = 1001,
  protocol_error = 1002,
  policy = 1008,
  too_big = 1009,
  restart = 1012,
  try_later = 1013,
  revoked = 4001,
  clock = 4002,
  version = 4003 };

// What a link that was dialled leads through.
struct Route {
  std::string host;                  // the service as it was dialled, with its port unless that is 443
  std::string proxy;                 // host:port; empty: straight
  std::string intercepted_by;        // the authority of a box that reads TLS, where service.intercept_ca_file allows it; else empty
  UnixSeconds certificate_ends = 0;  // of what the other end has shown
};

class Link {
 public:
  virtual ~Link() = default;
  // The next text message. Fault lost when the peer closed or fell silent for 60 s, malformed for a binary frame or one
  // over the limit (the link is closed then), cancelled when the awaiting task was cancelled.
  virtual Awaitable<Result<std::string>> read() = 0;
  // Queues one message and returns when it was handed to TLS. Several tasks may call it; messages go out whole and in
  // order. At most 64 wait; Fault exhausted beyond.
  virtual Awaitable<Result<void>> write(std::string text) = 0;
  // Says goodbye and closes, within 2 s; further reads and writes answer lost.
  virtual Awaitable<> close(Close code, std::string reason) = 0;
  // Cuts the connection at once, from any task.
  virtual void abort() = 0;
  virtual void message_limit(std::size_t bytes) = 0;
  // 32 bytes of the TLS exporter for protocol::exporter_label (RFC 8446 section 7.5, empty context).
  virtual std::string channel_binding() const = 0;
  virtual std::string peer() const = 0;  // address:port; a proxy's where there is one
  virtual const Route& route() const = 0;
};

struct DialSettings {
  std::string host;
  unsigned short port = 443;
  std::string target = "/agent/v1/link";
  TrustSettings trust;
  ProxySettings proxy;
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds silence{60'000};  // peer dead after this long without a frame (pings count)
};
// DNS and TCP (or a proxy's CONNECT), TLS 1.3 with name check, WebSocket upgrade with subprotocol wb.v1; each step within
// connect_timeout. Fault where: link.resolve, link.connect, proxy.settings, proxy.password_file, proxy.connect, proxy.sign_in
// (detail names the proxy, its status and the schemes it wants), link.tls (detail names the verification error and the
// issuer seen), link.upgrade (detail: HTTP status).
Awaitable<Result<std::unique_ptr<Link>>> dial(DialSettings settings);

}  // namespace wb::link
