// The agent link over loopback TLS: both ends are ours, or one is raw.
#include <boost/asio/experimental/awaitable_operators.hpp>

#include <map>
#include <optional>
#include <thread>

#include "protocol/messages.hpp"
#include "tests/support/link_world.hpp"
namespace wb {
namespace {
using namespace test;
using namespace asio::experimental::awaitable_operators;
using link::Link;

struct ALink : ::testing::Test {
  LinkWorld world;
};

TEST_F(ALink, CarriesMessagesBothWaysInOrder) {
  world.start();
  world.run([](LinkWorld& w) -> Awaitable<> {
    auto dialled = co_await link::dial(w.dialling());
    CO_REQUIRE(dialled);
    auto& link = **dialled;
    for (int i = 0; i < 200; ++i) {
      auto put = co_await link.write("message " + std::to_string(i));
      CO_REQUIRE(put);
    }
    for (int i = 0; i < 200; ++i) {
      auto got = co_await link.read();
      CO_REQUIRE(got);
      EXPECT_EQ(*got, "message " + std::to_string(i));
    }
    const std::string large(protocol::message_bytes_max, 'x');
    auto put = co_await link.write(large);
    CO_REQUIRE(put);
    auto got = co_await link.read();
    CO_REQUIRE(got);
    EXPECT_EQ(*got, large);
    co_await link.close(link::Close::normal, "done");
  });
}

TEST_F(ALink, HasOneChannelBindingForBothEndsAndAnotherForEveryConnection) {
  ServiceEnd service(world);
  world.start();
  world.run([&service](LinkWorld& w) {
    return [](LinkWorld& inner, ServiceEnd& end) -> Awaitable<> {
      std::vector<std::string> seen;
      for (int i = 0; i < 2; ++i) {
        auto dialled = co_await link::dial(inner.dialling());
        CO_REQUIRE(dialled);
        co_await end.there();
        EXPECT_EQ((*dialled)->channel_binding().size(), 32U);
        EXPECT_EQ((*dialled)->channel_binding(), end.link->channel_binding());
        EXPECT_EQ((*dialled)->peer(), "127.0.0.1:" + std::to_string(inner.server->bound_port()));
        seen.push_back((*dialled)->channel_binding());
        end.let_go();
      }
      EXPECT_NE(seen[0], seen[1]);
    }(w, service);
  });
}

TEST_F(ALink, RefusesAMessageOverTheLimitWithCode1009) {
  ServiceEnd service(world);
  world.start();
  world.run([&service](LinkWorld& w) {
    return [](LinkWorld& inner, ServiceEnd& end) -> Awaitable<> {
      auto dialled = co_await link::dial(inner.dialling());
      CO_REQUIRE(dialled);
      co_await end.there();
      end.link->message_limit(protocol::hello_bytes_max);
      auto put = co_await (*dialled)->write(std::string(protocol::hello_bytes_max + 1, 'x'));
      EXPECT_TRUE(put);
      // The two ends close together: the sender must be reading for the goodbye to come through.
      auto theirs = end.link->read();
      auto ours = (*dialled)->read();
      auto both = std::move(theirs) && std::move(ours);
      auto [refused, told] = co_await std::move(both);
      CO_REQUIRE(!refused && !told);
      EXPECT_EQ(refused.error().kind, Fault::Kind::malformed);
      EXPECT_EQ(told.error().kind, Fault::Kind::lost);
      EXPECT_EQ(told.error().detail, "the peer closed, code 1009");
      end.let_go();
    }(w, service);
  });
}

TEST_F(ALink, TakesALargerMessageOnceTheLimitIsRaised) {
  ServiceEnd service(world);
  world.start();
  world.run([&service](LinkWorld& w) {
    return [](LinkWorld& inner, ServiceEnd& end) -> Awaitable<> {
      auto dialled = co_await link::dial(inner.dialling());
      CO_REQUIRE(dialled);
      co_await end.there();
      end.link->message_limit(protocol::hello_bytes_max);
      auto put = co_await (*dialled)->write("hello");
      auto hello = co_await end.link->read();
      CO_REQUIRE(put && hello);
      end.link->message_limit(protocol::message_bytes_max);
      auto more = co_await (*dialled)->write(std::string(60'000, 'y'));
      auto got = co_await end.link->read();
      CO_REQUIRE(more && got);
      EXPECT_EQ(got->size(), 60'000U);
      end.let_go();
    }(w, service);
  });
}

// What the service's end of a link answers to a raw peer that does `act` after the upgrade.
struct Seen {
  Fault fault;
  double ms;
};
template <class F> Seen with_raw_peer(LinkWorld& world, F act) {
  Seen seen{fault(Fault::Kind::internal, "never"), 0};
  world.on_link = [&seen](std::unique_ptr<Link> given) {
    return [](std::unique_ptr<Link> link, Seen& out) -> Awaitable<> {
      const Stopwatch watch;
      auto got = co_await link->read();
      out.ms = watch.ms();
      if (!got) out.fault = got.error();
    }(std::move(given), seen);
  };
  world.start();
  world.run([&act](LinkWorld& w) {
    return [](unsigned short port, F& f) -> Awaitable<> {
      auto play = [port, &f] {
        RawTls raw(port);
        EXPECT_TRUE(raw.upgrade("wb.v1").starts_with("HTTP/1.1 101 "));
        f(raw);
        return 0;
      };
      auto playing = blocking(std::move(play));
      co_await std::move(playing);
    }(w.server->bound_port(), act);
  });
  return seen;
}

TEST_F(ALink, RefusesABinaryFrame) {
  std::string close_frame;
  const auto seen = with_raw_peer(world, [&](RawTls& raw) {
    raw.frame(2, "binary");
    close_frame = raw.rest();
  });
  EXPECT_EQ(seen.fault.kind, Fault::Kind::malformed);
  EXPECT_EQ(seen.fault.detail, "a binary frame");
  ASSERT_GE(close_frame.size(), 4U);
  EXPECT_EQ(close_frame.substr(2, 2), "\x03\xeb");  // 1003
}

TEST_F(ALink, RefusesTextThatIsNotUtf8) {
  const auto seen = with_raw_peer(world, [](RawTls& raw) { raw.frame(1, "\xff\xfe"); (void)raw.rest(); });
  EXPECT_EQ(seen.fault.kind, Fault::Kind::malformed);
}

TEST_F(ALink, NoticesAPeerThatFallsSilent) {
  world.settings.silence = 100ms;
  // The raw peer answers no ping: it waits for the end of the connection, at TLS, below WebSocket.
  const auto seen = with_raw_peer(world, [](RawTls& raw) { (void)raw.rest(); });
  EXPECT_EQ(seen.fault.kind, Fault::Kind::lost);
  EXPECT_EQ(seen.fault.detail, "the peer was silent for 100 ms");
  EXPECT_GE(seen.ms, 50);
  EXPECT_LE(seen.ms, 5000);
}

TEST_F(ALink, StaysUpWhileThePeerOnlyAnswersPings) {
  world.settings.silence = 100ms;
  world.start();
  world.run([](LinkWorld& w) -> Awaitable<> {
    auto dialled = co_await link::dial(w.dialling());
    CO_REQUIRE(dialled);
    // Six limits of silence: our end reads (and answers pings) in the background of a wait that gets nothing.
    auto reading = (*dialled)->read();
    auto quiet = co_await within(600ms, std::move(reading), "test.quiet");
    CO_REQUIRE(!quiet);
    EXPECT_EQ(quiet.error().kind, Fault::Kind::timed_out);
    auto put = co_await (*dialled)->write("still here");
    CO_REQUIRE(put);
    auto got = co_await (*dialled)->read();
    CO_REQUIRE(got);
    EXPECT_EQ(*got, "still here");
  });
}

TEST_F(ALink, FailsAWriteToAPeerThatTalksButNeverReads) {
  world.settings.silence = 200ms;
  Seen seen{fault(Fault::Kind::internal, "never"), 0};
  world.on_link = [&seen](std::unique_ptr<Link> given) {
    return [](std::unique_ptr<Link> link, Seen& out) -> Awaitable<> {
      TaskGroup reader(co_await asio::this_coro::executor);
      auto reads = [](Link& l) -> Awaitable<> { for (;;) { auto got = co_await l.read(); if (!got) co_return; } }(*link);
      reader.start("test.read", std::move(reads));
      const Stopwatch watch;
      for (;;) {
        auto put = co_await link->write(std::string(60'000, 'z'));
        if (put) continue;
        out = {put.error(), watch.ms()};
        break;
      }
      link->abort();
      co_await reader.drained();
    }(std::move(given), seen);
  };
  world.start();
  world.run([](LinkWorld& w) -> Awaitable<> {
    auto talk = [port = w.server->bound_port()] {
      RawTls raw(port);
      (void)raw.upgrade("wb.v1");
      while (!raw.error) {
        raw.frame(1, "I talk");
        std::this_thread::sleep_for(5ms);
      }
      return 0;
    };
    auto talking = blocking(std::move(talk));
    co_await std::move(talking);
  });
  EXPECT_EQ(seen.fault.kind, Fault::Kind::lost);
  EXPECT_EQ(seen.fault.detail, "the peer took nothing for 200 ms");
  EXPECT_LE(seen.ms, 10'000);
}

Awaitable<> write_and_count(Link& link, std::string text, std::map<std::string, int>& kinds) {
  auto put = co_await link.write(std::move(text));
  ++kinds[put ? "sent" : std::string(to_string(put.error().kind))];
}

TEST_F(ALink, SaysExhaustedWhenItsQueueIsFull) {
  ServiceEnd service(world);
  world.start();
  world.run([&service](LinkWorld& w) {
    return [](LinkWorld& inner, ServiceEnd& end) -> Awaitable<> {
      auto dialled = co_await link::dial(inner.dialling());
      CO_REQUIRE(dialled);
      co_await end.there();  // and never reads
      std::map<std::string, int> kinds;
      TaskGroup writers(inner.io.get_executor());
      for (int i = 0; i < 400; ++i) {
        auto writing = write_and_count(**dialled, std::string(60'000, 'q'), kinds);
        writers.start("test.write", std::move(writing));
      }
      while (kinds["exhausted"] == 0 && writers.size() > 0) co_await asio::post(inner.io, asio::use_awaitable);
      EXPECT_GT(kinds["exhausted"], 0);
      (*dialled)->abort();
      co_await writers.drained();
      EXPECT_GE(kinds["lost"], 64);
      EXPECT_EQ(kinds["sent"] + kinds["exhausted"] + kinds["lost"], 400);
      end.let_go();
    }(w, service);
  });
}

TEST_F(ALink, KeepsTheOrderOfSeveralWriters) {
  world.start();
  world.run([](LinkWorld& w) -> Awaitable<> {
    auto dialled = co_await link::dial(w.dialling());
    CO_REQUIRE(dialled);
    std::map<std::string, int> kinds;
    TaskGroup writers(w.io.get_executor());
    for (int i = 0; i < 60; ++i) {
      auto writing = write_and_count(**dialled, std::to_string(i), kinds);
      writers.start("test.write", std::move(writing));
    }
    for (int i = 0; i < 60; ++i) {
      auto got = co_await (*dialled)->read();
      CO_REQUIRE(got);
      EXPECT_EQ(*got, std::to_string(i));
    }
    co_await writers.drained();
    EXPECT_EQ(kinds["sent"], 60);
  });
}

Awaitable<> read_into(Link& link, std::optional<Fault>& out) {
  auto got = co_await link.read();
  if (!got) out = got.error();
}

TEST_F(ALink, EndsAPendingReadWhenItIsAborted) {
  world.start();
  world.run([](LinkWorld& w) -> Awaitable<> {
    auto dialled = co_await link::dial(w.dialling());
    CO_REQUIRE(dialled);
    std::optional<Fault> ended;
    TaskGroup tasks(w.io.get_executor());
    auto reading = read_into(**dialled, ended);
    tasks.start("test.read", std::move(reading));
    co_await asio::post(w.io, asio::use_awaitable);
    (*dialled)->abort();
    co_await tasks.drained();
    CO_REQUIRE(ended);
    EXPECT_EQ(ended->kind, Fault::Kind::lost);
    auto put = co_await (*dialled)->write("too late");
    CO_REQUIRE(!put);
    EXPECT_EQ(put.error().kind, Fault::Kind::lost);
  });
}

TEST_F(ALink, SurvivesTheCancellationOfARead) {
  world.start();
  world.run([](LinkWorld& w) -> Awaitable<> {
    auto dialled = co_await link::dial(w.dialling());
    CO_REQUIRE(dialled);
    std::optional<Fault> ended;
    TaskGroup tasks(w.io.get_executor());
    auto reading = read_into(**dialled, ended);
    tasks.start("test.read", std::move(reading));
    co_await asio::post(w.io, asio::use_awaitable);
    tasks.cancel();
    co_await tasks.drained();
    CO_REQUIRE(ended);
    EXPECT_EQ(ended->kind, Fault::Kind::cancelled);
    auto put = co_await (*dialled)->write("go on");
    CO_REQUIRE(put);
    auto got = co_await (*dialled)->read();
    CO_REQUIRE(got);
    EXPECT_EQ(*got, "go on");
  });
}

TEST_F(ALink, TellsThePeerWhyItCloses) {
  ServiceEnd service(world);
  world.start();
  world.run([&service](LinkWorld& w) {
    return [](LinkWorld& inner, ServiceEnd& end) -> Awaitable<> {
      auto dialled = co_await link::dial(inner.dialling());
      CO_REQUIRE(dialled);
      co_await end.there();
      auto last = co_await end.link->write("last words");
      CO_REQUIRE(last);
      auto closing = end.link->close(link::Close::revoked, "revoked by the operator");
      auto reading = (*dialled)->read();
      auto both = std::move(closing) && std::move(reading);
      auto words = co_await std::move(both);
      CO_REQUIRE(words);
      EXPECT_EQ(*words, "last words");
      auto told = co_await (*dialled)->read();
      CO_REQUIRE(!told);
      EXPECT_EQ(told.error().kind, Fault::Kind::lost);
      EXPECT_EQ(told.error().detail, "the peer closed, code 4001 revoked by the operator");
      auto after = co_await end.link->read();
      CO_REQUIRE(!after);
      EXPECT_EQ(after.error().kind, Fault::Kind::lost);
      end.let_go();
    }(w, service);
  });
}

TEST_F(ALink, ClosesInTimeOnAPeerThatDoesNotAnswerTheGoodbye) {
  double ms = 0;
  world.on_link = [&ms](std::unique_ptr<Link> given) {
    return [](std::unique_ptr<Link> link, double& out) -> Awaitable<> {
      const Stopwatch watch;
      co_await link->close(link::Close::going_away, "bye");
      out = watch.ms();
    }(std::move(given), ms);
  };
  world.start();
  world.run([](LinkWorld& w) -> Awaitable<> {
    auto play = [port = w.server->bound_port()] {
      RawTls raw(port);
      (void)raw.upgrade("wb.v1");
      return raw.rest().size();
    };
    auto playing = blocking(std::move(play));
    EXPECT_GT(co_await std::move(playing), 4U);
  });
  EXPECT_GE(ms, 1900);
  EXPECT_LE(ms, 8000);
}

TEST_F(ALink, MayBeDestroyedWhileAPeerIsSending) {
  ServiceEnd service(world);
  world.start();
  world.run([&service](LinkWorld& w) {
    return [](LinkWorld& inner, ServiceEnd& end) -> Awaitable<> {
      auto dialled = co_await link::dial(inner.dialling());
      CO_REQUIRE(dialled);
      co_await end.there();
      for (int i = 0; i < 20; ++i) {
        auto put = co_await (*dialled)->write("noise");
        CO_REQUIRE(put);
      }
      auto first = co_await end.link->read();
      EXPECT_TRUE(first);
      end.let_go();
      auto lost = co_await (*dialled)->read();
      CO_REQUIRE(!lost);
      EXPECT_EQ(lost.error().kind, Fault::Kind::lost);
    }(w, service);
  });
}

}  // namespace
}  // namespace wb
