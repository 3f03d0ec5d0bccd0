// Named kill points for the fault tests; compiled out of release (WB_FAILPOINTS).
// WB_FAILPOINT="name:kill" | "name:stop" in the environment: the process SIGKILLs or SIGSTOPs itself there.
#pragma once
#ifdef WB_FAILPOINTS
#include <csignal>
#include <cstdlib>
#include <string_view>
namespace wb {
inline void failpoint(std::string_view name) {
  static const char* wanted = std::getenv("WB_FAILPOINT");
  if (!wanted) return;
  const std::string_view rule(wanted);
  const auto colon = rule.find(':');
  if (rule.substr(0, colon) != name) return;
  ::raise(rule.substr(colon + 1) == "stop" ? SIGSTOP : SIGKILL);
}
}  // namespace wb
#else
#include <string_view>
namespace wb {
inline void failpoint(std::string_view) {}
}  // namespace wb
#endif
