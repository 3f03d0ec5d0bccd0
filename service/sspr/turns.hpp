// One request at a time per session: what a person's browser sends twice, or two tabs send at once, is done one after the
// other. Use from one thread.
#pragma once
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/async.hpp"

namespace wb::service::sspr {

class Turns {
  struct Waiting {
    explicit Waiting(asio::any_io_executor executor, std::chrono::milliseconds most) : timer(executor, most) {}
    asio::steady_timer timer;
    bool granted = false;
  };
  using Lines = std::map<std::string, std::list<std::shared_ptr<Waiting>>>;

 public:
  static constexpr std::size_t line_max = 4;  // that wait for one session

  explicit Turns(asio::any_io_executor executor, std::chrono::milliseconds most = std::chrono::milliseconds(30'000))
      : executor_(executor), most_(most), lines_(std::make_shared<Lines>()) {}

  // Whoever has it is alone; its end lets the next one in.
  class Turn {
   public:
    Turn(Turn&& other) noexcept = default;
    Turn& operator=(Turn&&) = delete;
    Turn(const Turn&) = delete;
    ~Turn();

   private:
    friend class Turns;
    Turn(std::shared_ptr<Lines> lines, std::string key) : lines_(std::move(lines)), key_(std::move(key)) {}
    std::shared_ptr<Lines> lines_;
    std::string key_;
  };
  // nullopt: too many wait already, or it has taken too long.
  Awaitable<std::optional<Turn>> take(std::string key);
  std::size_t busy() const { return lines_->size(); }

 private:
  asio::any_io_executor executor_;
  std::chrono::milliseconds most_;
  std::shared_ptr<Lines> lines_;  // by key; there while somebody has the turn
};

}  // namespace wb::service::sspr
