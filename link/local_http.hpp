// A plain HTTP/1.1 door for programs of this machine (metrics, health): GET alone, one request a connection, no body.
// On a loopback address only: what comes over a network comes through WebServer.
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "core/async.hpp"
#include "link/web_server.hpp"

namespace wb::link {

class LocalHttp {
 public:
  struct Settings {
    std::string address = "127.0.0.1";
    unsigned short port = 0;  // 0: the system chooses
    std::size_t header_bytes_max = 8 * 1024;
    std::chrono::milliseconds request_timeout{5'000};  // for the request to come, and again for the answer to be taken
    std::size_t connections_max = 16;
  };
  using OnGet = std::function<HttpResponse(const std::string& path)>;
  // Fault refused "http.listen": not a loopback address; unreachable: the port is taken.
  static Result<std::unique_ptr<LocalHttp>> start(asio::io_context& io, Settings settings, OnGet on_get);
  virtual ~LocalHttp() = default;  // ends everything at once: nobody loses but a reader of numbers
  virtual unsigned short bound_port() const = 0;
};

}  // namespace wb::link
