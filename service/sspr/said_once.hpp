// What the audit was told of somebody lately is not told again: else whoever is refused, and goes on, would fill it. In memory: a
// restart says it once more. Of so many that not all can be remembered, nothing is said; the limits hold all the same.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace wb::service::sspr {

class SaidOnce {
 public:
  explicit SaidOnce(std::size_t most = 10'000) : most_(most) {}
  // Whether this is the first time, or the first after the last `until_ms`. Then it counts as said until then.
  bool first(const std::string& what, std::int64_t until_ms, std::int64_t now_ms);
  std::size_t remembered() const { return said_.size(); }

 private:
  std::size_t most_;
  std::map<std::string, std::int64_t> said_;  // until when
};

}  // namespace wb::service::sspr
