// All our Asio vocabulary: deadlines, blocking work, groups of tasks, bounded queues.
//
// House rules (docs/STYLE.md, Traps): name it, then await it; no captures in coroutine lambdas that outlive the
// statement; return reasons, don't throw them; after a cancellation return at once.
#pragma once
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <chrono>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <type_traits>
#include <variant>

#include "core/log.hpp"
#include "core/result.hpp"

namespace wb {

namespace asio = boost::asio;
template <class T = void> using Awaitable = asio::awaitable<T>;
constexpr auto use_tuple = asio::as_tuple(asio::use_awaitable);

// Waits; false when cancelled meanwhile.
inline Awaitable<bool> sleep_for(std::chrono::steady_clock::duration time) {
  asio::steady_timer timer(co_await asio::this_coro::executor, time);
  auto [ec] = co_await timer.async_wait(use_tuple);
  co_return !ec;
}

// The operation, or Fault timed_out at `where` after `limit`; the loser is cancelled. An operation that is itself
// cancelled from outside answers with its own Fault.
template <class T>
Awaitable<Result<T>> within(std::chrono::steady_clock::duration limit, Awaitable<Result<T>> operation, std::string where) {
  using namespace asio::experimental::awaitable_operators;
  auto timer = sleep_for(limit);
  auto both = std::move(operation) || std::move(timer);
  auto first = co_await std::move(both);
  if (first.index() == 1) co_return fault(Fault::Kind::timed_out, std::move(where));
  co_return std::get<0>(std::move(first));
}

// Runs blocking work on a pool and comes back to the caller's executor with its answer, in two hops and no more (a
// coroutine spawned on the pool would wake a second thread of it to say that it is done). It can't be cancelled: a
// directory write or an fsync that has started is finished, and shutdown waits for it.
template <class F>
auto to_completion(asio::thread_pool& pool, F work) -> Awaitable<std::invoke_result_t<F&>> {
  using T = std::invoke_result_t<F&>;
  struct Hop {  // lives in this frame, which the handler keeps
    F work;
    std::variant<std::monostate, T, std::exception_ptr> answer = {};
    asio::thread_pool& pool;
    asio::any_io_executor back;
  };
  auto back = co_await asio::this_coro::executor;  // named, then used: see Traps
  Hop hop{std::move(work), {}, pool, back};
  auto start = [](auto handler, Hop* h) {
    auto on_the_pool = [h, handler = std::move(handler), guard = asio::make_work_guard(h->back)]() mutable {
      try {
        h->answer.template emplace<1>(h->work());
      } catch (...) { h->answer.template emplace<2>(std::current_exception()); }
      asio::post(guard.get_executor(), std::move(handler));
    };
    asio::post(h->pool, std::move(on_the_pool));
  };
  auto token = asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable);
  auto going = asio::async_initiate<decltype(token), void()>(start, token, &hop);
  co_await std::move(going);
  if (auto* error = std::get_if<2>(&hop.answer)) std::rethrow_exception(*error);
  co_return std::get<1>(std::move(hop.answer));
}

// Tasks with an owner: started by name, cancelled together, waited for at the end. A task that throws has a bug: it
// is logged, and only that task ends. What Asio throws into a cancelled task (operation_aborted, at its next co_await)
// is no bug. Use from one thread.
class TaskGroup {
 public:
  explicit TaskGroup(asio::any_io_executor executor) : state_(std::make_shared<State>(executor)) {}
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;
  ~TaskGroup() { cancel(); }

  void start(std::string name, Awaitable<> task) {
    auto stop = std::make_shared<asio::cancellation_signal>();
    const auto id = state_->next++;
    state_->stops.emplace(id, stop);
    auto done = [state = state_, name = std::move(name), id](std::exception_ptr error) { state->ended(name, id, error); };
    asio::co_spawn(state_->executor, std::move(task), asio::bind_cancellation_slot(stop->slot(), std::move(done)));
  }
  void cancel() {
    state_->cancelled_below = state_->next;
    auto stops = state_->stops;  // a task may end, and leave the map, while we are emitting
    for (auto& [id, stop] : stops) stop->emit(asio::cancellation_type::terminal);
  }
  // Returns when no task is left.
  Awaitable<> drained() {
    auto state = state_;
    while (!state->stops.empty()) (void)co_await state->changed.async_wait(use_tuple);
  }
  std::size_t size() const { return state_->stops.size(); }

 private:
  struct State {
    explicit State(asio::any_io_executor e) : executor(e), changed(e, asio::steady_timer::time_point::max()) {}
    void ended(const std::string& name, std::uint64_t id, std::exception_ptr error) {
      stops.erase(id);
      changed.cancel();
      if (!error) return;
      try {
        std::rethrow_exception(error);
      } catch (const boost::system::system_error& e) {
        if (id >= cancelled_below || e.code() != asio::error::operation_aborted) threw(name, e);
      } catch (const std::exception& e) { threw(name, e); }
    }
    static void threw(const std::string& name, const std::exception& e) {
      log::error("task.threw", log::field("task", name), log::field("what", e.what()));
    }
    asio::any_io_executor executor;
    asio::steady_timer changed;
    std::map<std::uint64_t, std::shared_ptr<asio::cancellation_signal>> stops;
    std::uint64_t next = 0, cancelled_below = 0;  // tasks with lower numbers were told to end
  };
  std::shared_ptr<State> state_;
};

// A bounded queue between tasks of one thread. A full queue says so at once: it never waits.
template <class T>
class Queue {
 public:
  Queue(asio::any_io_executor executor, std::size_t limit) : arrived_(executor, asio::steady_timer::time_point::max()), limit_(limit) {}
  [[nodiscard]] bool try_send(T item) {
    if (closed_ || items_.size() >= limit_) return false;
    items_.push_back(std::move(item));
    arrived_.cancel_one();
    return true;
  }
  // nullopt when the queue is closed, or the receiver cancelled.
  Awaitable<std::optional<T>> receive() {
    while (items_.empty()) {
      if (closed_) co_return std::nullopt;
      (void)co_await arrived_.async_wait(use_tuple);
      auto cancelled = co_await asio::this_coro::cancellation_state;
      if (cancelled.cancelled() != asio::cancellation_type::none) co_return std::nullopt;
    }
    std::optional<T> item(std::move(items_.front()));
    items_.pop_front();
    co_return item;
  }
  void close() {
    closed_ = true;
    arrived_.cancel();
  }
  std::size_t size() const { return items_.size(); }

 private:
  asio::steady_timer arrived_;
  std::deque<T> items_;
  std::size_t limit_;
  bool closed_ = false;
};

}  // namespace wb
