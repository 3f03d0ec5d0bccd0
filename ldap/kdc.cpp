#include "ldap/kdc.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "ldap/dial.hpp"

namespace wb::ldap {
namespace {

constexpr const char* where = "kerberos.kdc";
constexpr std::size_t largest_ticket = 1024 * 1024;

// Moves all of the bytes one way. Empty: done; else why not.
template <class Move> Result<void> all_of(int socket, short event, std::size_t size, const std::string& host, Deadline deadline, Move move) {
  for (std::size_t done = 0; done < size;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    pollfd waiting{socket, event, 0};
    if (left <= 0 || ::poll(&waiting, 1, static_cast<int>(left)) == 0) return fault(Fault::Kind::timed_out, where, host + ": the KDC does not answer");
    const ssize_t moved = move(done);
    if (moved > 0) done += static_cast<std::size_t>(moved);
    else if (moved == 0) return fault(Fault::Kind::unreachable, where, host + ": the KDC closed the connection");
    else if (errno != EAGAIN && errno != EINTR) return fault(Fault::Kind::unreachable, where, host + ": " + std::generic_category().message(errno));
  }
  return {};
}

Result<std::string> receive(int socket, std::size_t size, const std::string& host, Deadline deadline) {
  std::string bytes(size, '\0');
  auto read = all_of(socket, POLLIN, size, host, deadline, [&](std::size_t at) { return ::read(socket, bytes.data() + at, size - at); });
  if (!read) return std::move(read).error();
  return bytes;
}

}  // namespace

Result<std::string> ask_kdc(const std::string& host, std::string_view request, Deadline deadline, std::uint16_t port) {
  auto socket = dial(Endpoint{{}, host, port}, deadline, std::chrono::seconds(5));
  if (!socket) return fault(socket.error().kind, where, "the KDC: " + socket.error().detail);
  ::fcntl(socket->get(), F_SETFL, ::fcntl(socket->get(), F_GETFL) | O_NONBLOCK);
  std::string framed;
  for (int shift = 24; shift >= 0; shift -= 8) framed += static_cast<char>((request.size() >> shift) & 0xff);
  framed += request;
  auto sent = all_of(socket->get(), POLLOUT, framed.size(), host, deadline, [&](std::size_t at) { return ::write(socket->get(), framed.data() + at, framed.size() - at); });
  if (!sent) return std::move(sent).error();
  auto head = receive(socket->get(), 4, host, deadline);
  if (!head) return std::move(head).error();
  std::size_t size = 0;
  for (const char c : *head) size = size << 8 | static_cast<unsigned char>(c);
  if (size == 0 || size > largest_ticket) return fault(Fault::Kind::malformed, where, host + ": not an answer of a KDC");
  return receive(socket->get(), size, host, deadline);
}

}  // namespace wb::ldap
