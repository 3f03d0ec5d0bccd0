#include "platform/process.hpp"

#include <malloc.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>

#include "core/ids.hpp"

namespace wb::platform {
namespace {
bool memory_wanted() {
#ifdef WB_FAILPOINTS
  return std::getenv("WB_DUMPABLE") != nullptr;
#else
  return false;
#endif
}
}  // namespace

void harden_process() {
  std::signal(SIGPIPE, SIG_IGN);
  ::mallopt(M_ARENA_MAX, 2);  // a heap per thread would hold megabytes that nobody uses; our threads mostly wait
  const rlimit none{0, 0};
  (void)::setrlimit(RLIMIT_CORE, &none);
  if (!memory_wanted()) (void)::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "unknown";
  return printable(name.data(), 253);
}

std::string command_as(std::uint32_t uid) {
  const std::string program = program_invocation_short_name;
  if (uid == 0) return program;
  std::array<char, 4096> room{};
  passwd entry{};
  passwd* found = nullptr;
  const bool named = ::getpwuid_r(uid, &entry, room.data(), room.size(), &found) == 0 && found;
  return "runuser -u " + (named ? printable(found->pw_name, 64) : std::to_string(uid)) + " -- " + program;
}
std::string own_command() { return command_as(::geteuid()); }

std::optional<int> reload_signal() { return SIGHUP; }

}  // namespace wb::platform
