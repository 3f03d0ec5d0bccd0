#include "ldap/dial.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <future>
#include <system_error>
#include <thread>
#include <vector>

#include "core/ids.hpp"
#include "ldap/text.hpp"

namespace wb::ldap {
namespace {

constexpr std::size_t addresses_max = 8;
constexpr int lookups_max = 8;  // a resolver that hangs holds its thread until it gives up by itself

using Clock = std::chrono::steady_clock;
struct Address {
  sockaddr_storage bytes{};
  socklen_t size = 0;
};
struct Lookup {
  int error = 0;
  std::vector<Address> addresses;
};

Lookup look_up(const std::string& host, std::uint16_t port, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  Lookup lookup;
  lookup.error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (lookup.error != 0) return lookup;
  for (auto* at = found; at && lookup.addresses.size() < addresses_max; at = at->ai_next) {
    Address address;
    address.size = std::min<socklen_t>(at->ai_addrlen, sizeof(address.bytes));
    std::copy_n(reinterpret_cast<const char*>(at->ai_addr), address.size, reinterpret_cast<char*>(&address.bytes));
    lookup.addresses.push_back(address);
  }
  ::freeaddrinfo(found);
  return lookup;
}

// getaddrinfo() has no deadline: it runs on a thread of its own that we leave behind when it is late.
Result<Lookup> look_up_until(const Endpoint& endpoint, Deadline deadline) {
  if (auto numeric = look_up(endpoint.host, endpoint.port, AI_NUMERICHOST); numeric.error == 0) return numeric;
  static std::atomic<int> pending{0};
  if (++pending > lookups_max) {
    --pending;
    return fault(Fault::Kind::exhausted, "ldap.resolve", "the name service does not answer");
  }
  std::promise<Lookup> promise;
  auto answer = promise.get_future();
  std::thread([host = endpoint.host, port = endpoint.port, promise = std::move(promise)]() mutable {
    promise.set_value(look_up(host, port, 0));
    --pending;
  }).detach();
  if (answer.wait_until(deadline) != std::future_status::ready) {
    return fault(Fault::Kind::timed_out, "ldap.resolve", endpoint.host + ": the name service does not answer");
  }
  auto lookup = answer.get();
  if (lookup.error != 0) return fault(Fault::Kind::unreachable, "ldap.resolve", endpoint.host + ": " + ::gai_strerror(lookup.error));
  return lookup;
}

// 0, or an errno; ETIMEDOUT at the deadline.
int connect_until(int socket, const Address& address, Deadline deadline) {
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address.bytes), address.size) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return ETIMEDOUT;
    pollfd waiting{socket, POLLOUT, 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(left));
    if (ready < 0 && errno != EINTR) return errno;
    if (ready <= 0) continue;
    int error = 0;
    socklen_t size = sizeof(error);
    ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
  }
}

void tune(int socket, std::chrono::milliseconds silence) {
  const int on = 1;
  const auto user_timeout = static_cast<unsigned>(silence.count());
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  ::setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &user_timeout, sizeof(user_timeout));
  ::setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
}

}  // namespace

std::uint16_t default_port(Encryption encryption) { return encryption == Encryption::ldaps ? 636 : 389; }

Result<Endpoint> parse_uri(std::string_view uri, Encryption encryption) {
  const bool ldaps = encryption == Encryption::ldaps;
  const std::string_view scheme = ldaps ? "ldaps://" : "ldap://";
  auto wrong = [](const char* why) { return fault(Fault::Kind::refused, "ldap.uri", why); };
  if (lowered(uri.substr(0, scheme.size())) != scheme)
    return wrong(ldaps ? "only ldaps:// is allowed: passwords need an encrypted, verified connection" : "only ldap:// goes with encryption starttls or kerberos");
  auto rest = uri.substr(scheme.size());
  if (!rest.empty() && rest.back() == '/') rest.remove_suffix(1);
  const bool bracketed = !rest.empty() && rest.front() == '[';
  const auto host_end = bracketed ? rest.find(']') : rest.find(':');
  if (bracketed && host_end == std::string_view::npos) return wrong("a ] is missing");
  auto host = bracketed ? rest.substr(1, host_end - 1) : rest.substr(0, host_end);
  auto tail = host_end == std::string_view::npos ? std::string_view() : rest.substr(host_end + (bracketed ? 1 : 0));
  Endpoint endpoint;
  endpoint.port = default_port(encryption);
  endpoint.host = lowered(host);
  const auto allowed = bracketed ? "0123456789abcdef:." : "abcdefghijklmnopqrstuvwxyz0123456789-._";
  if (host.empty() || host.size() > 253 || endpoint.host.find_first_not_of(allowed) != std::string::npos) return wrong("not a host name");
  if (!tail.empty()) {
    const auto port = tail.front() == ':' ? integer(tail.substr(1)) : std::nullopt;
    if (!port || *port < 1 || *port > 65535) return wrong("not a port");
    endpoint.port = static_cast<std::uint16_t>(*port);
  }
  endpoint.uri = std::string(scheme) + (bracketed ? "[" + endpoint.host + "]" : endpoint.host) + ":" + std::to_string(endpoint.port);
  return endpoint;
}

Result<Endpoint> endpoint_of(const std::string& host, Encryption encryption) {
  return parse_uri((encryption == Encryption::ldaps ? "ldaps://" : "ldap://") + host, encryption);
}

Socket& Socket::operator=(Socket&& other) noexcept {
  if (this != &other) {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = other.release();
  }
  return *this;
}
Socket::~Socket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<Socket> dial(const Endpoint& endpoint, Deadline deadline, std::chrono::milliseconds silence) {
  auto lookup = look_up_until(endpoint, deadline);
  if (!lookup) return std::move(lookup).error();
  int error = EHOSTUNREACH;
  auto left = static_cast<int>(lookup->addresses.size());
  for (const auto& address : lookup->addresses) {
    Socket socket(::socket(address.bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (socket.get() < 0) return fault(Fault::Kind::internal, "ldap.connect", std::generic_category().message(errno));
    const auto now = Clock::now();
    error = connect_until(socket.get(), address, now + (deadline - now) / left--);  // each address its fair share
    if (error != 0) continue;
    ::fcntl(socket.get(), F_SETFL, ::fcntl(socket.get(), F_GETFL) & ~O_NONBLOCK);
    tune(socket.get(), silence);
    return socket;
  }
  const auto kind = error == ETIMEDOUT ? Fault::Kind::timed_out : Fault::Kind::unreachable;
  return fault(kind, "ldap.connect", endpoint.host + ":" + std::to_string(endpoint.port) + ": " + std::generic_category().message(error));
}

}  // namespace wb::ldap
