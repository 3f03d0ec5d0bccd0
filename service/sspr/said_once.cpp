#include "service/sspr/said_once.hpp"

namespace wb::service::sspr {

bool SaidOnce::first(const std::string& what, std::int64_t until_ms, std::int64_t now_ms) {
  const auto found = said_.find(what);
  if (found != said_.end() && now_ms < found->second) return false;
  if (found == said_.end() && said_.size() >= most_) {
    std::erase_if(said_, [now_ms](const auto& one) { return one.second <= now_ms; });
    if (said_.size() >= most_) return false;
  }
  said_[what] = until_ms;
  return true;
}

}  // namespace wb::service::sspr
