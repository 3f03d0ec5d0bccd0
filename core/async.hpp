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
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <type_traits>

#include "core/result.hpp"

namespace wb {

namespace asio = boost::asio;
template <class T = void> using Awaitable = asio::awaitable<T>;
constexpr auto use_tuple = asio::as_tuple(asio::use_awaitable);

// What follows keeps Asio's templates out of the files that use it: they are instantiated once, in async.cpp.

// Waits; false when cancelled meanwhile.
Awaitable<bool> sleep_for(std::chrono::steady_clock::duration time);

namespace detail {
template <class T> Awaitable<> keep(Awaitable<T> operation, std::optional<T>& answer) {
  answer.emplace(co_await std::move(operation));
}
// True when the task has ended, false when `limit` came first and it was cancelled.
Awaitable<bool> ends_within(std::chrono::steady_clock::duration limit, Awaitable<> task);
// Runs `work` on the pool, then comes back; what it throws is thrown here.
Awaitable<> run_on(asio::thread_pool& pool, std::function<void()> work);
}  // namespace detail

// The operation, or Fault timed_out at `where` after `limit`; the loser is cancelled. An operation that is itself
// cancelled from outside answers with its own Fault.
template <class T>
Awaitable<Result<T>> within(std::chrono::steady_clock::duration limit, Awaitable<Result<T>> operation, std::string where) {
  std::optional<Result<T>> answer;
  auto task = detail::keep(std::move(operation), answer);
  auto both = detail::ends_within(limit, std::move(task));
  const bool ended = co_await std::move(both);
  if (!ended) co_return fault(Fault::Kind::timed_out, std::move(where));
  co_return std::move(*answer);
}

// Runs blocking work on a pool and comes back to the caller's executor with its answer, in two hops and no more (a
// coroutine spawned on the pool would wake a second thread of it to say that it is done). It can't be cancelled: a
// directory write or an fsync that has started is finished, and shutdown waits for it.
template <class F>
auto to_completion(asio::thread_pool& pool, F work) -> Awaitable<std::invoke_result_t<F&>> {
  std::optional<std::invoke_result_t<F&>> answer;
  std::function<void()> run = [&answer, &work] { answer.emplace(work()); };
  auto hop = detail::run_on(pool, std::move(run));
  co_await std::move(hop);
  co_return std::move(*answer);
}

// Tasks with an owner: started by name, cancelled together, waited for at the end. A task that throws has a bug: it
// is logged, and only that task ends. What Asio throws into a cancelled task (operation_aborted, at its next co_await)
// is no bug. Use from one thread.
class TaskGroup {
 public:
  explicit TaskGroup(asio::any_io_executor executor);
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;
  ~TaskGroup();

  void start(std::string name, Awaitable<> task);
  void cancel();
  Awaitable<> drained();  // returns when no task is left
  std::size_t size() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// A place where one task or several wait until another calls: nothing is kept of a call that nobody waited for.
class Wakeup {
 public:
  explicit Wakeup(asio::any_io_executor executor);
  void one();
  void all();
  Awaitable<bool> wait();  // false when the waiting task was cancelled

 private:
  asio::steady_timer timer_;
};

// A bounded queue between tasks of one thread. A full queue says so at once: it never waits.
template <class T>
class Queue {
 public:
  Queue(asio::any_io_executor executor, std::size_t limit) : arrived_(std::move(executor)), limit_(limit) {}
  [[nodiscard]] bool try_send(T item) {
    if (closed_ || items_.size() >= limit_) return false;
    items_.push_back(std::move(item));
    arrived_.one();
    return true;
  }
  // nullopt when the queue is closed, or the receiver cancelled.
  Awaitable<std::optional<T>> receive() {
    while (items_.empty()) {
      if (closed_) co_return std::nullopt;
      auto call = arrived_.wait();
      const bool woken = co_await std::move(call);
      if (!woken) co_return std::nullopt;
    }
    std::optional<T> item(std::move(items_.front()));
    items_.pop_front();
    co_return item;
  }
  void close() {
    closed_ = true;
    arrived_.all();
  }
  std::size_t size() const { return items_.size(); }

 private:
  Wakeup arrived_;
  std::deque<T> items_;
  std::size_t limit_;
  bool closed_ = false;
};

}  // namespace wb
