// A controller of the lab's pair that stands still, or whose packets vanish, for as long as one of these lives.
#pragma once
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

#include "tests/integration/directory_world.hpp"

namespace wb::test {

inline int group_of(const std::string& name) {  // of its forty processes
  int pid = 0;
  std::ifstream(env("AD_ROOT") + "/" + name + "/main.pid") >> pid;
  return pid;
}
inline bool stands_still(int group) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::ifstream file(entry.path() / "stat");
    std::string line;
    if (!std::getline(file, line)) continue;
    std::istringstream rest(line.substr(line.rfind(')') + 1));
    std::string state;
    int parent = 0, its_group = 0;
    rest >> state >> parent >> its_group;
    if (its_group == group && state != "T" && state != "Z") return false;
  }
  return true;
}
// Connections to dc1 with a request in them that it has not read: local address, state established, rx_queue.
inline int unread_requests() {
  std::ifstream file("/proc/net/tcp");
  std::string line;
  int count = 0;
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    std::string number, local, remote, state, queues;
    fields >> number >> local >> remote >> state >> queues;  // queues: tx:rx
    if (local == "3500007F:027C" && state == "01" && !queues.ends_with(":00000000")) ++count;
  }
  return count;
}
class Frozen {
 public:
  explicit Frozen(const std::string& name) : group_(group_of(name)) {
    ::kill(-group_, SIGSTOP);
    while (!stands_still(group_)) std::this_thread::yield();
  }
  ~Frozen() { thaw(); }
  void thaw() { ::kill(-group_, SIGCONT); }

 private:
  const int group_;
};
inline bool run(const std::string& command) { return std::system(command.c_str()) == 0; }
class BlackHole {  // packets to and from it vanish, of connections that stand as well
 public:
  explicit BlackHole(const std::string& address) {
    good_ = run("nft add table inet hole") && run("nft 'add chain inet hole in { type filter hook input priority 0; }'") &&
        run("nft add rule inet hole in ip daddr " + address + " drop") && run("nft add rule inet hole in ip saddr " + address + " drop");
  }
  ~BlackHole() { (void)run("nft delete table inet hole"); }
  bool good() const { return good_; }

 private:
  bool good_ = false;
};

}  // namespace wb::test
