#include "service/sspr/turns.hpp"

namespace wb::service::sspr {

Turns::Turn::~Turn() {
  if (!lines_) return;
  auto line = lines_->find(key_);
  if (line->second.empty()) {
    lines_->erase(line);
    return;
  }
  // Handed over, never free in between: nobody overtakes.
  auto next = line->second.front();
  line->second.pop_front();
  next->granted = true;
  next->timer.cancel();
}

Awaitable<std::optional<Turns::Turn>> Turns::take(std::string key) {
  auto [line, first] = lines_->try_emplace(key);
  if (first) co_return Turn(lines_, std::move(key));
  if (line->second.size() >= line_max) co_return std::nullopt;
  auto waiting = std::make_shared<Waiting>(executor_, most_);
  line->second.push_back(waiting);
  (void)co_await waiting->timer.async_wait(use_tuple);
  if (waiting->granted) co_return Turn(lines_, std::move(key));
  if (auto still = lines_->find(key); still != lines_->end()) still->second.remove(waiting);
  co_return std::nullopt;
}

}  // namespace wb::service::sspr
