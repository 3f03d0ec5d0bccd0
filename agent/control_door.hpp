// The local control socket: one line in, one JSON document out, one request a connection, a few connections at once. Who may
// ask is decided by the socket's mode and, again, by who the peer is (platform/local_socket). On the agent's own loop.
#pragma once
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "core/async.hpp"

namespace wb::agent {

class ControlDoor {
 public:
  struct Settings {
    std::filesystem::path path;
    std::size_t line_bytes_max = 256;
    std::chrono::milliseconds timeout{5'000};  // for the line to come, and again for the answer to be taken
    std::size_t connections_max = 4;           // one more is closed with nothing said
  };
  using OnLine = std::function<std::string(const std::string& line)>;  // of printable ASCII; the answer is one line
  // Faults as platform::listen_locally.
  static Result<std::unique_ptr<ControlDoor>> start(asio::io_context& io, Settings settings, OnLine on_line);
  ~ControlDoor();  // ends everything at once and takes the socket away
  ControlDoor(const ControlDoor&) = delete;
  ControlDoor& operator=(const ControlDoor&) = delete;

 private:
  struct Door;
  explicit ControlDoor(std::shared_ptr<Door> door);
  std::shared_ptr<Door> door_;
};

constexpr std::size_t control_answer_bytes_max = 1024 * 1024;

// The other side: what the agent at the socket answers to one line. Fault unreachable "control.connect": nobody is there;
// refused: it may not be opened; lost "control.answer": no answer came; timed_out.
Awaitable<Result<std::string>> ask_agent(std::filesystem::path path, std::string line, std::chrono::milliseconds limit = std::chrono::seconds(10));

}  // namespace wb::agent
