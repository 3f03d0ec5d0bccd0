// Counts what was refused, by kind, and logs it without its content: the first at once, then at most one line each ten
// seconds a kind, with the count. From one thread.
#pragma once
#include <map>
#include <string>
#include <string_view>

#include "core/clock.hpp"
#include "core/log.hpp"

namespace wb::agent {

class Refusals {
 public:
  // `code`: ours or the contract's, never input.
  void count(std::string_view code) {
    auto& seen = kinds_[std::string(code)];
    ++seen.total;
    const auto now = BootClock::now();
    if (seen.total > 1 && now - seen.logged < std::chrono::seconds(10)) return;
    seen.logged = now;
    log::warn("message.refused", log::field("code", code), log::field("total", seen.total));
  }
  std::uint64_t total(std::string_view code) const {
    const auto found = kinds_.find(std::string(code));
    return found == kinds_.end() ? 0 : found->second.total;
  }

  std::map<std::string, std::uint64_t> totals() const {
    std::map<std::string, std::uint64_t> out;
    for (const auto& [code, seen] : kinds_) out.emplace(code, seen.total);
    return out;
  }

 private:
  struct Seen {
    std::uint64_t total = 0;
    BootClock::time_point logged;
  };
  std::map<std::string, Seen> kinds_;  // as many as there are codes in our source
};

}  // namespace wb::agent
