// agent.yaml and service.yaml: any text is either read or told with its mistakes, each with a place and without its value.
#include <sys/mman.h>
#include <unistd.h>

#include "config/agent_config.hpp"
#include "config/service_config.hpp"
#include "tests/fuzz/target.hpp"

namespace wb::fuzz {
namespace {
template <class Loaded> void check(const Loaded& loaded) {
  const auto* problems = std::get_if<config::Problems>(&loaded);
  if (!problems) return;
  hold(!problems->empty(), "a refusal has a reason");
  for (const auto& problem : *problems) hold(problem.expected.size() < 400 && problem.line >= 0, "a reason is short");
}
}  // namespace

void run(std::string_view input) {
  static const int file = ::memfd_create("fuzz.yaml", 0);
  hold(file >= 0 && ::ftruncate(file, 0) == 0 && ::pwrite(file, input.data(), input.size(), 0) == static_cast<ssize_t>(input.size()), "the file is written");
  const auto path = "/proc/self/fd/" + std::to_string(file);
  check(config::load_agent_config(path));
  check(config::load_service_config(path));
}

}  // namespace wb::fuzz
