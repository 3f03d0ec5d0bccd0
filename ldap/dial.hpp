// A TCP connection to a directory server, with a deadline on every step: the name lookup, each address, all together.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "core/result.hpp"
#include "ldap/settings.hpp"
#include "ldap/watchdog.hpp"

namespace wb::ldap {

struct Endpoint {
  std::string uri;   // ldaps://host:port or ldap://host:port, as libldap is told (it checks the certificate's name against it)
  std::string host;  // lower case; an IPv6 address without its brackets
  std::uint16_t port = 636;
};
// The scheme says how the connection begins: ldaps://host[:port][/] for Encryption::ldaps, ldap:// for the other two, which
// encrypt before anything of worth is sent. Fault refused otherwise.
Result<Endpoint> parse_uri(std::string_view uri, Encryption encryption);
Result<Endpoint> endpoint_of(const std::string& host, Encryption encryption);  // found in DNS: on the port that goes with it
std::uint16_t default_port(Encryption encryption);                             // 636 or 389

class Socket {
 public:
  Socket() = default;
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  Socket(Socket&& other) noexcept : descriptor_(other.release()) {}
  Socket& operator=(Socket&& other) noexcept;
  ~Socket();
  int get() const { return descriptor_; }
  int release() { return std::exchange(descriptor_, -1); }

 private:
  int descriptor_ = -1;
};

// A connected, blocking socket with TCP_NODELAY and TCP_USER_TIMEOUT = `silence`: unacknowledged data for that long
// means that the peer is gone. Faults: unreachable or timed_out, at ldap.resolve or ldap.connect.
Result<Socket> dial(const Endpoint& endpoint, Deadline deadline, std::chrono::milliseconds silence);

}  // namespace wb::ldap
