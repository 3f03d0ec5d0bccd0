#include "core/async.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>

#include <exception>
#include <map>

#include "core/log.hpp"

namespace wb {

Awaitable<bool> sleep_for(std::chrono::steady_clock::duration time) {
  asio::steady_timer timer(co_await asio::this_coro::executor, time);
  auto [ec] = co_await timer.async_wait(use_tuple);
  co_return !ec;
}

namespace detail {

Awaitable<bool> ends_within(std::chrono::steady_clock::duration limit, Awaitable<> task) {
  using namespace asio::experimental::awaitable_operators;
  auto timer = sleep_for(limit);
  auto both = std::move(task) || std::move(timer);
  const auto first = co_await std::move(both);
  co_return first.index() == 0;
}

Awaitable<> run_on(asio::thread_pool& pool, std::function<void()> work) {
  struct Hop {  // lives in this frame, which the handler keeps
    std::function<void()> work;
    std::exception_ptr thrown;
    asio::thread_pool& pool;
    asio::any_io_executor back;
  };
  auto back = co_await asio::this_coro::executor;  // named, then used: see Traps
  Hop hop{std::move(work), nullptr, pool, back};
  auto start = [](auto handler, Hop* h) {
    auto on_the_pool = [h, handler = std::move(handler), guard = asio::make_work_guard(h->back)]() mutable {
      try {
        h->work();
      } catch (...) { h->thrown = std::current_exception(); }
      asio::post(guard.get_executor(), std::move(handler));
    };
    asio::post(h->pool, std::move(on_the_pool));
  };
  auto token = asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable);
  auto going = asio::async_initiate<decltype(token), void()>(start, token, &hop);
  co_await std::move(going);
  if (hop.thrown) std::rethrow_exception(hop.thrown);
}

}  // namespace detail

struct TaskGroup::State {
  explicit State(asio::any_io_executor e) : executor(e), changed(e) {}
  void ended(const std::string& name, std::uint64_t id, std::exception_ptr error) {
    stops.erase(id);
    changed.all();
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
  Wakeup changed;
  std::map<std::uint64_t, std::shared_ptr<asio::cancellation_signal>> stops;
  std::uint64_t next = 0, cancelled_below = 0;  // tasks with lower numbers were told to end
};

TaskGroup::TaskGroup(asio::any_io_executor executor) : state_(std::make_shared<State>(std::move(executor))) {}
TaskGroup::~TaskGroup() { cancel(); }
std::size_t TaskGroup::size() const { return state_->stops.size(); }

void TaskGroup::start(std::string name, Awaitable<> task) {
  auto stop = std::make_shared<asio::cancellation_signal>();
  const auto id = state_->next++;
  state_->stops.emplace(id, stop);
  auto done = [state = state_, name = std::move(name), id](std::exception_ptr error) { state->ended(name, id, error); };
  asio::co_spawn(state_->executor, std::move(task), asio::bind_cancellation_slot(stop->slot(), std::move(done)));
}

void TaskGroup::cancel() {
  state_->cancelled_below = state_->next;
  auto stops = state_->stops;  // a task may end, and leave the map, while we are emitting
  for (auto& [id, stop] : stops) stop->emit(asio::cancellation_type::terminal);
}

Awaitable<> TaskGroup::drained() {
  auto state = state_;
  while (!state->stops.empty()) (void)co_await state->changed.wait();
}

Wakeup::Wakeup(asio::any_io_executor executor) : timer_(std::move(executor), asio::steady_timer::time_point::max()) {}
void Wakeup::one() { timer_.cancel_one(); }
void Wakeup::all() { timer_.cancel(); }
Awaitable<bool> Wakeup::wait() {
  (void)co_await timer_.async_wait(use_tuple);
  auto state = co_await asio::this_coro::cancellation_state;
  co_return state.cancelled() == asio::cancellation_type::none;
}

}  // namespace wb
