#include "agent/control_door.hpp"

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>

#include "core/ids.hpp"
#include "core/log.hpp"
#include "platform/local_socket.hpp"

namespace wb::agent {
namespace {
using local = asio::local::stream_protocol;
using boost::system::error_code;

constexpr std::string_view unreadable = R"({"error":"unreadable","text":"one line of a few words is expected"})";
constexpr std::string_view forbidden = R"({"error":"forbidden","text":"root, the agent's user and its group may ask"})";

bool is_plain(std::string_view line) {
  return !line.empty() && std::all_of(line.begin(), line.end(), [](unsigned char c) { return c >= 0x20 && c < 0x7f; });
}

Awaitable<Result<error_code>> read_line(local::socket& from, std::string& into, std::size_t most) {
  auto buffer = asio::dynamic_buffer(into, most);
  auto [ec, bytes] = co_await asio::async_read_until(from, buffer, '\n', use_tuple);
  if (!ec) into.resize(bytes - 1);
  co_return ec;
}
Awaitable<Result<error_code>> read_all(local::socket& from, std::string& into) {
  auto buffer = asio::dynamic_buffer(into, control_answer_bytes_max);
  auto [ec, bytes] = co_await asio::async_read(from, buffer, use_tuple);
  co_return ec;
}
Awaitable<Result<error_code>> write_all(local::socket& to, const std::string& what) {
  auto [ec, bytes] = co_await asio::async_write(to, asio::buffer(what), use_tuple);
  co_return ec;
}
}  // namespace

struct ControlDoor::Door {
  Door(asio::io_context& io, Settings s, OnLine f) : settings(std::move(s)), on_line(std::move(f)), acceptor(io), tasks(io.get_executor()) {}

  static Awaitable<> serve(std::shared_ptr<Door> door, local::socket socket) {
    std::string line, answer;
    if (const auto peer = platform::peer_of(socket.native_handle()); !peer || !platform::may_control(*peer)) {
      log::warn("control.refused", log::field("user", peer ? static_cast<std::int64_t>(peer->user) : -1));
      answer = forbidden;
    } else {
      auto reading = read_line(socket, line, door->settings.line_bytes_max);
      auto came = co_await within(door->settings.timeout, std::move(reading), "control.read");
      if (!came || (*came && *came != asio::error::not_found)) co_return;  // late, or gone
      answer = *came || !is_plain(line) ? std::string(unreadable) : door->on_line(line);
    }
    answer += '\n';
    auto writing = write_all(socket, answer);
    (void)co_await within(door->settings.timeout, std::move(writing), "control.write");
  }

  static Awaitable<> accept_all(std::shared_ptr<Door> door) {
    for (;;) {
      auto [ec, socket] = co_await door->acceptor.async_accept(use_tuple);
      if (ec == asio::error::operation_aborted || !door->acceptor.is_open()) co_return;
      if (ec) {
        const bool on = co_await sleep_for(std::chrono::milliseconds(100));  // out of descriptors: the next would fail at once
        if (!on) co_return;
        continue;
      }
      if (door->tasks.size() > door->settings.connections_max) continue;  // itself is one of them
      door->tasks.start("control.serve", serve(door, std::move(socket)));
    }
  }

  const Settings settings;
  const OnLine on_line;
  local::acceptor acceptor;
  TaskGroup tasks;  // last: its tasks use the rest
};

Result<std::unique_ptr<ControlDoor>> ControlDoor::start(asio::io_context& io, Settings settings, OnLine on_line) {
  const auto listening = platform::listen_locally(settings.path, static_cast<int>(settings.connections_max));
  if (!listening) return listening.error();
  auto door = std::make_shared<Door>(io, std::move(settings), std::move(on_line));
  error_code ec;
  door->acceptor.assign(local(), *listening, ec);
  if (ec) return fault(Fault::Kind::internal, "socket.open", printable(ec.message()));
  return std::unique_ptr<ControlDoor>(new ControlDoor(std::move(door)));
}

ControlDoor::ControlDoor(std::shared_ptr<Door> door) : door_(std::move(door)) { door_->tasks.start("control.accept", Door::accept_all(door_)); }

ControlDoor::~ControlDoor() {
  error_code ignored;
  door_->acceptor.close(ignored);
  door_->tasks.cancel();
  std::error_code gone;
  std::filesystem::remove(door_->settings.path, gone);
}

namespace {
Awaitable<Result<std::string>> exchange(std::filesystem::path path, std::string line) {
  local::socket socket(co_await asio::this_coro::executor);
  error_code ec;
  constexpr std::size_t path_max = 107;
  if (path.string().size() > path_max) co_return fault(Fault::Kind::unreachable, "control.connect", "the path is too long for a socket");
  auto [connected] = co_await socket.async_connect(local::endpoint(path.string()), use_tuple);
  ec = connected;
  if (ec == asio::error::access_denied || ec == boost::system::errc::operation_not_permitted) co_return fault(Fault::Kind::refused, "control.connect", printable(ec.message()));
  if (ec) co_return fault(Fault::Kind::unreachable, "control.connect", printable(ec.message()));
  line += '\n';
  auto writing = write_all(socket, line);
  auto written = co_await std::move(writing);
  if (!written) co_return written.error();  // what it answered before it stopped listening is still there
  std::string answer;
  auto reading = read_all(socket, answer);
  auto read = co_await std::move(reading);
  if (!read) co_return read.error();
  if (!answer.ends_with('\n')) co_return fault(Fault::Kind::lost, "control.answer", "the agent closed the connection: too many ask it at once, or it is ending");
  answer.pop_back();
  co_return answer;
}
}  // namespace

Awaitable<Result<std::string>> ask_agent(std::filesystem::path path, std::string line, std::chrono::milliseconds limit) {
  auto asking = exchange(std::move(path), std::move(line));
  co_return co_await within(limit, std::move(asking), "control.answer");
}

}  // namespace wb::agent
