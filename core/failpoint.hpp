// Named kill points for the fault tests; compiled out of release (WB_FAILPOINTS).
// WB_FAILPOINT="name:kill[:scope]" or "name:stop[:scope]" in the environment: the process SIGKILLs or SIGSTOPs itself
// when it comes by failpoint(name, scope), where a rule without a scope means any (the agent's scope is the job's op).
#pragma once
#include <string_view>

#ifdef WB_FAILPOINTS
#include <csignal>
#include <cstdlib>

namespace wb {
inline void failpoint(std::string_view name, std::string_view scope = {}) {
  static const char* wanted = std::getenv("WB_FAILPOINT");
  if (!wanted) return;
  const std::string_view rule(wanted);
  const auto first = rule.find(':');
  if (first == std::string_view::npos || rule.substr(0, first) != name) return;
  const auto second = rule.find(':', first + 1);
  if (second != std::string_view::npos && rule.substr(second + 1) != scope) return;
  ::raise(rule.substr(first + 1, second - first - 1) == "stop" ? SIGSTOP : SIGKILL);
}
}  // namespace wb
#else
namespace wb {
inline void failpoint(std::string_view, std::string_view = {}) {}
}  // namespace wb
#endif
