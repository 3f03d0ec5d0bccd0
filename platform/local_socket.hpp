// A socket in the file system that only programs of this machine reach, and who is at its other end. One implementation
// per platform.
#pragma once
#include <cstdint>
#include <filesystem>
#include <vector>

#include "core/result.hpp"

namespace wb::platform {

// A stream socket that listens at the path, with mode 0660 from its first moment on. What a dead process left there is
// replaced; what is no socket, or one that somebody answers, is not. Fault refused "socket.path": the path is too long, taken,
// or no socket; internal: the system's reason. The caller owns the descriptor.
Result<int> listen_locally(const std::filesystem::path& path, int backlog);

struct LocalPeer {
  std::uint32_t user = 0, group = 0;
  std::vector<std::uint32_t> groups;  // its supplementary ones
};
// Of the process that connected (Linux: SO_PEERCRED and SO_PEERGROUPS, as they were when it did).
Result<LocalPeer> peer_of(int connection);

// Root, the user that we run as, and whoever is in our group. Pure.
bool may_control(const LocalPeer& peer, std::uint32_t our_user, std::uint32_t our_group);
bool may_control(const LocalPeer& peer);  // of this process

}  // namespace wb::platform
