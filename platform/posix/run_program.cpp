#include "platform/run_program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <optional>

namespace wb::platform {
namespace {
using Clock = std::chrono::steady_clock;

struct Pipe {
  std::array<int, 2> ends{-1, -1};
  Pipe() {
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) ends = {-1, -1};
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    close(0);
    close(1);
  }
  void close(std::size_t end) {
    if (ends[end] >= 0) ::close(ends[end]);
    ends[end] = -1;
  }
};

// 0, or why it did not start.
int start(pid_t& child, const std::string& program, const std::vector<std::string>& arguments, int output) {
  std::vector<char*> words{const_cast<char*>(program.c_str())};
  for (const auto& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);
  std::string locale = "LC_ALL=C";
  const std::array<char*, 2> environment{locale.data(), nullptr};
  posix_spawn_file_actions_t files;
  if (const int no = ::posix_spawn_file_actions_init(&files); no != 0) return no;
  ::posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&files, output, 1);
  ::posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
  const int no = ::posix_spawn(&child, program.c_str(), &files, nullptr, words.data(), environment.data());
  ::posix_spawn_file_actions_destroy(&files);
  return no;
}

int left_ms(Clock::time_point until) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count() + 1;
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000));
}
// Until there is something to read, at `fd`, or the time has come.
bool readable(int fd, Clock::time_point until) {
  pollfd one{fd, POLLIN, 0};
  for (;;) {
    const int ready = ::poll(&one, 1, left_ms(until));
    if (ready >= 0 || errno != EINTR) return ready > 0;
  }
}
Fault late() { return {Fault::Kind::timed_out, "program.run", "it did not end in time"}; }

// What comes until the other end is closed.
Result<std::string> read_all(int from, Clock::time_point until, std::size_t bytes_max) {
  std::string all;
  for (;;) {
    if (!readable(from, until)) return late();
    std::array<char, 16'384> some{};
    const auto count = ::read(from, some.data(), some.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fault(Fault::Kind::internal, "program.run", std::strerror(errno));
    if (count == 0) return all;
    all.append(some.data(), static_cast<std::size_t>(count));
    if (all.size() > bytes_max) return fault(Fault::Kind::exhausted, "program.run", "it said more than " + std::to_string(bytes_max) + " bytes");
  }
}

// Its status, as waitpid has it; nullopt: it had to be killed.
std::optional<int> end_of(pid_t child, Clock::time_point until) {
  const int fd = static_cast<int>(::syscall(SYS_pidfd_open, child, 0));
  const bool ended = fd >= 0 && readable(fd, until);
  if (fd >= 0) ::close(fd);
  if (!ended) (void)::kill(child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {}
  return ended ? std::optional(status) : std::nullopt;
}
}  // namespace

Result<std::string> run_program(const std::filesystem::path& program, const std::vector<std::string>& arguments, std::chrono::milliseconds limit, std::size_t bytes_max) {
  const auto until = Clock::now() + limit;
  Pipe pipe;
  if (pipe.ends[0] < 0) return fault(Fault::Kind::internal, "program.start", std::strerror(errno));
  pid_t child = -1;
  if (const int no = start(child, program.string(), arguments, pipe.ends[1]); no != 0) return fault(Fault::Kind::unreachable, "program.start", program.string() + ": " + std::strerror(no));
  pipe.close(1);
  auto said = read_all(pipe.ends[0], until, bytes_max);
  const auto status = end_of(child, said ? until : Clock::time_point{});
  if (!said) return said;
  if (!status) return late();
  if (WIFSIGNALED(*status)) return fault(Fault::Kind::refused, "program.run", "signal " + std::to_string(WTERMSIG(*status)));
  if (WEXITSTATUS(*status) != 0) return fault(Fault::Kind::refused, "program.run", "exit code " + std::to_string(WEXITSTATUS(*status)));
  return said;
}

}  // namespace wb::platform
