#include "link/local_http.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "core/ids.hpp"
#include "core/log.hpp"
#include "link/http_target.hpp"

namespace wb::link {
namespace {
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;
using boost::system::error_code;
using Parser = http::request_parser<http::empty_body>;
using Answer = http::response<http::string_body>;

struct Door {
  Door(asio::io_context& io, LocalHttp::Settings s, LocalHttp::OnGet f) : settings(std::move(s)), on_get(std::move(f)), acceptor(io), tasks(io.get_executor()) {}
  const LocalHttp::Settings settings;
  const LocalHttp::OnGet on_get;
  tcp::acceptor acceptor;
  TaskGroup tasks;  // last: its tasks use the rest
};

Answer answer_to(const Door& door, const Parser& parser, error_code came) {
  const auto refused = [](int status, std::string_view text) { return HttpResponse{status, std::string(text) + "\n", "text/plain; charset=utf-8", {}}; };
  const auto response = [&]() -> HttpResponse {
    if (came == http::error::header_limit) return refused(431, "the headers are too large");
    if (came == http::error::body_limit) return refused(413, "no body is taken here");
    if (came) return refused(400, "not an HTTP request");
    const auto method = parser.get().method();
    if (method != http::verb::get && method != http::verb::head) return refused(405, "GET alone");
    const auto target = parse_target({parser.get().target().data(), parser.get().target().size()});
    return target ? door.on_get(target->path) : refused(400, "not a target we understand");
  }();
  Answer out(http::int_to_status(static_cast<unsigned>(response.status)), 11);
  out.set(http::field::content_type, response.content_type);
  out.set(http::field::cache_control, "no-store");
  if (response.status == 405) out.set(http::field::allow, "GET, HEAD");
  out.keep_alive(false);
  out.body() = response.body;
  out.prepare_payload();
  if (!came && parser.get().method() == http::verb::head) out.body().clear();
  return out;
}

Awaitable<Result<error_code>> read_request(tcp::socket& from, boost::beast::flat_buffer& into, Parser& what) {
  auto [ec, bytes] = co_await http::async_read(from, into, what, use_tuple);
  co_return ec;
}

Awaitable<Result<error_code>> write_answer(tcp::socket& to, Answer& what) {
  auto [ec, bytes] = co_await http::async_write(to, what, use_tuple);
  co_return ec;
}

Awaitable<> serve(std::shared_ptr<Door> door, tcp::socket socket) {
  boost::beast::flat_buffer buffer(door->settings.header_bytes_max);
  Parser parser;
  parser.header_limit(static_cast<std::uint32_t>(door->settings.header_bytes_max));
  parser.body_limit(0);
  auto reading = within(door->settings.request_timeout, read_request(socket, buffer, parser), "http.read");
  auto came = co_await std::move(reading);
  if (!came || *came == http::error::end_of_stream) co_return;
  auto message = answer_to(*door, parser, *came);
  auto writing = within(door->settings.request_timeout, write_answer(socket, message), "http.write");
  (void)co_await std::move(writing);  // who does not take the answer goes without
  error_code ignored;
  socket.shutdown(tcp::socket::shutdown_both, ignored);
}

Awaitable<> accept_all(std::shared_ptr<Door> door) {
  for (;;) {
    auto [ec, socket] = co_await door->acceptor.async_accept(use_tuple);
    if (ec == asio::error::operation_aborted || !door->acceptor.is_open()) co_return;
    if (ec) {
      log::warn("http.accept_failed", log::field("why", ec.message()), log::field("open", door->tasks.size()));
      const bool on = co_await sleep_for(std::chrono::milliseconds(100));  // out of descriptors: the next would fail at once
      if (!on) co_return;
      continue;
    }
    if (door->tasks.size() > door->settings.connections_max) continue;  // closed, with nothing said
    door->tasks.start("http.local", serve(door, std::move(socket)));
  }
}

class LoopbackHttp : public LocalHttp {
 public:
  LoopbackHttp(std::shared_ptr<Door> door, unsigned short port) : door_(std::move(door)), port_(port) { door_->tasks.start("http.accept", accept_all(door_)); }
  ~LoopbackHttp() override {
    error_code ignored;
    door_->acceptor.close(ignored);
    door_->tasks.cancel();
  }
  LoopbackHttp(const LoopbackHttp&) = delete;
  LoopbackHttp& operator=(const LoopbackHttp&) = delete;
  unsigned short bound_port() const override { return port_; }

 private:
  std::shared_ptr<Door> door_;
  unsigned short port_;
};

}  // namespace

Result<std::unique_ptr<LocalHttp>> LocalHttp::start(asio::io_context& io, Settings settings, OnGet on_get) {
  error_code ec;
  const auto ip = asio::ip::make_address(settings.address, ec);
  if (ec || !ip.is_loopback()) return fault(Fault::Kind::refused, "http.listen", "not a loopback address: " + printable(settings.address));
  auto door = std::make_shared<Door>(io, std::move(settings), std::move(on_get));
  const tcp::endpoint end(ip, door->settings.port);
  door->acceptor.open(end.protocol(), ec);
  if (!ec) door->acceptor.set_option(tcp::acceptor::reuse_address(true), ec);
  if (!ec) door->acceptor.bind(end, ec);
  if (!ec) door->acceptor.listen(asio::socket_base::max_listen_connections, ec);
  if (ec) return fault(Fault::Kind::unreachable, "http.listen", door->settings.address + " port " + std::to_string(door->settings.port) + ": " + printable(ec.message()));
  const auto port = door->acceptor.local_endpoint(ec).port();
  return std::unique_ptr<LocalHttp>(std::make_unique<LoopbackHttp>(std::move(door), port));
}

}  // namespace wb::link
