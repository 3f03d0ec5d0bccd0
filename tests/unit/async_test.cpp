#include "core/async.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace wb {
namespace {
using namespace std::chrono_literals;

template <class F> void run(F body) {
  asio::io_context io;
  std::exception_ptr error;
  auto task = body();
  asio::co_spawn(io, std::move(task), [&](std::exception_ptr e) { error = e; });
  io.run();
  if (error) std::rethrow_exception(error);
}

Awaitable<Result<int>> answer_after(std::chrono::milliseconds wait) {
  co_await sleep_for(wait);
  co_return 42;
}

TEST(Within, GivesTheAnswerThatCameInTime) {
  run([]() -> Awaitable<> {
    auto op = answer_after(0ms);
    auto got = co_await within(10s, std::move(op), "test.op");
    EXPECT_EQ(got.value(), 42);
  });
}

TEST(Within, SaysTimedOutWithThePlaceWhenNothingCame) {
  run([]() -> Awaitable<> {
    auto op = answer_after(1h);
    auto got = co_await within(1ms, std::move(op), "test.op");
    EXPECT_TRUE(got.has_error());
    EXPECT_EQ(got.error().kind, Fault::Kind::timed_out);
    EXPECT_EQ(got.error().where, "test.op");
  });
}

TEST(BlockingWork, ComesBackToTheCallersThreadWithItsValue) {
  asio::thread_pool pool(1);
  run([&pool]() -> Awaitable<> {
    const auto home = std::this_thread::get_id();
    auto work = [s = std::make_unique<int>(7)] { return std::pair(*s, std::this_thread::get_id()); };
    auto running = to_completion(pool, std::move(work));
    auto where = co_await std::move(running);
    EXPECT_EQ(where.first, 7);
    EXPECT_TRUE(where.second != home);
    EXPECT_TRUE(std::this_thread::get_id() == home);
  });
}

TEST(AClosedQueue, EndsItsReceiverAfterTheLastItem) {
  run([]() -> Awaitable<> {
    Queue<std::string> queue(co_await asio::this_coro::executor, 2);
    EXPECT_TRUE(queue.try_send("a"));
    EXPECT_TRUE(queue.try_send("b"));
    EXPECT_FALSE(queue.try_send("c")) << "a full queue answers at once";
    queue.close();
    auto first = co_await queue.receive();
    auto second = co_await queue.receive();
    auto third = co_await queue.receive();
    EXPECT_EQ(first, "a");
    EXPECT_EQ(second, "b");
    EXPECT_FALSE(third.has_value());
  });
}

Awaitable<> wait_for_ever(bool& ended) {
  (void)co_await sleep_for(24h);
  ended = true;
}

TEST(ATaskGroup, CancelsItsTasksAndWaitsForThem) {
  bool ended = false;
  run([&ended]() -> Awaitable<> {
    TaskGroup tasks(co_await asio::this_coro::executor);
    tasks.start("sleeper", wait_for_ever(ended));
    co_await sleep_for(1ms);
    tasks.cancel();
    co_await tasks.drained();
    EXPECT_TRUE(ended);
  });
}

// Asio's own way to end a cancelled coroutine: the co_await after the one that was cut short throws.
Awaitable<> wait_twice() {
  (void)co_await sleep_for(24h);
  (void)co_await sleep_for(24h);
}
Awaitable<> throw_soon(boost::system::error_code what) {
  (void)co_await sleep_for(0ms);
  throw boost::system::system_error(what);
}
Awaitable<> throw_when_cancelled(boost::system::error_code what) {
  (void)co_await sleep_for(24h);
  throw boost::system::system_error(what);
}
std::string said_by(Awaitable<> task, bool cancel) {
  testing::internal::CaptureStderr();
  run([&task, cancel]() -> Awaitable<> {
    TaskGroup tasks(co_await asio::this_coro::executor);
    tasks.start("the_task", std::move(task));
    co_await sleep_for(1ms);
    if (cancel) tasks.cancel();
    co_await tasks.drained();
  });
  return testing::internal::GetCapturedStderr();
}

TEST(ATaskGroup, SaysNothingOfATaskThatEndsBecauseItWasCancelled) {
  EXPECT_EQ(said_by(wait_twice(), true), "");
  EXPECT_EQ(said_by(throw_when_cancelled(asio::error::operation_aborted), true), "");
}

TEST(ATaskGroup, SaysWhichTaskThrew) {
  EXPECT_NE(said_by(throw_soon(asio::error::operation_aborted), false).find("task.threw task=the_task"), std::string::npos) << "nobody cancelled it";
  EXPECT_NE(said_by(throw_soon(asio::error::eof), false).find("task.threw task=the_task"), std::string::npos);
  EXPECT_NE(said_by(throw_when_cancelled(asio::error::eof), true).find("task.threw task=the_task"), std::string::npos) << "cancelled, but that was not why";
}

TEST(ATaskGroup, SaysWhichTaskThrewThatWasStartedAfterACancel) {
  testing::internal::CaptureStderr();
  run([]() -> Awaitable<> {
    TaskGroup tasks(co_await asio::this_coro::executor);
    tasks.start("former", wait_twice());
    tasks.cancel();
    tasks.start("later", throw_soon(asio::error::operation_aborted));
    co_await tasks.drained();
  });
  const auto said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("task=later"), std::string::npos) << said;
  EXPECT_EQ(said.find("task=former"), std::string::npos) << said;
}

}  // namespace
}  // namespace wb
