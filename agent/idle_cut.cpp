#include "agent/idle_cut.hpp"

#include <algorithm>

namespace wb::agent {
namespace {
using namespace std::chrono_literals;

constexpr int enough = 3;                  // two may be chance
constexpr IdleCut::Span shortest = 700ms;  // what ends sooner was not silent
constexpr IdleCut::Span heartbeat_least = 300ms;

}  // namespace

bool IdleCut::ended(Span silent) {
  if (silent < shortest) return alike_ = 0, false;
  const bool alike = std::chrono::abs(silent - last_) <= std::max<Span>(500ms, silent / 10);
  alike_ = alike ? alike_ + 1 : 1;
  last_ = silent;
  if (alike_ < enough || (limit_ && *limit_ <= silent)) return false;
  limit_ = silent;
  return true;
}

IdleCut::Span IdleCut::heartbeat(Span told) const {
  return limit_ ? std::min(told, std::max(heartbeat_least, *limit_ / 2)) : told;
}

}  // namespace wb::agent
