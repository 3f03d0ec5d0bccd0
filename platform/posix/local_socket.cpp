#include "platform/local_socket.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

namespace wb::platform {
namespace {
constexpr mode_t ours_and_our_group = 0660;

Fault failed(const std::filesystem::path& path) { return fault(Fault::Kind::internal, "socket.open", path.string() + ": " + std::strerror(errno)); }
Fault refused(const std::filesystem::path& path, const std::string& why) { return fault(Fault::Kind::refused, "socket.path", path.string() + why); }

class Socket {
 public:
  Socket() : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

// What lies at the path makes way, if it is a socket that nobody answers any more.
Result<void> make_way(const std::filesystem::path& path, const sockaddr_un& address) {
  struct stat is {};
  if (::lstat(path.c_str(), &is) != 0) return errno == ENOENT ? Result<void>() : failed(path);
  if (!S_ISSOCK(is.st_mode)) return refused(path, ": is there already, and no socket");
  const Socket asking;
  if (asking.get() < 0) return failed(path);
  if (::connect(asking.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 || errno != ECONNREFUSED) return refused(path, ": in use by another process");
  if (::unlink(path.c_str()) != 0) return failed(path);
  return {};
}

}  // namespace

Result<int> listen_locally(const std::filesystem::path& path, int backlog) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto text = path.string();
  if (text.empty() || text.size() >= sizeof address.sun_path) return refused(path, ": at most " + std::to_string(sizeof address.sun_path - 1) + " characters");
  std::memcpy(address.sun_path, text.data(), text.size());
  if (auto way = make_way(path, address); !way) return way.error();
  Socket socket;
  // The mode of the socket is that of the file that bind() makes, less the umask: so nobody is let in for a moment.
  if (socket.get() < 0 || ::fchmod(socket.get(), ours_and_our_group) != 0) return failed(path);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return failed(path);
  if (::chmod(path.c_str(), ours_and_our_group) != 0 || ::listen(socket.get(), backlog) != 0) {
    const auto why = failed(path);
    ::unlink(path.c_str());
    return why;
  }
  return socket.release();
}

Result<LocalPeer> peer_of(int connection) {
  ucred who{};
  socklen_t size = sizeof who;
  if (::getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return fault(Fault::Kind::internal, "socket.peer", std::strerror(errno));
  LocalPeer peer{who.uid, who.gid, {}};
  socklen_t bytes = 0;
  if (::getsockopt(connection, SOL_SOCKET, SO_PEERGROUPS, nullptr, &bytes) == 0 || errno != ERANGE) return peer;
  peer.groups.resize(bytes / sizeof(gid_t));
  if (::getsockopt(connection, SOL_SOCKET, SO_PEERGROUPS, peer.groups.data(), &bytes) != 0) peer.groups.clear();
  return peer;
}

bool may_control(const LocalPeer& peer, std::uint32_t our_user, std::uint32_t our_group) {
  if (peer.user == 0 || peer.user == our_user || peer.group == our_group) return true;
  return std::find(peer.groups.begin(), peer.groups.end(), our_group) != peer.groups.end();
}

bool may_control(const LocalPeer& peer) { return may_control(peer, ::geteuid(), ::getegid()); }

}  // namespace wb::platform
