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

}  // namespace
}  // namespace wb
