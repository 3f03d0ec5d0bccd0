#include "tests/support/link_world.hpp"

namespace wb::test {

Awaitable<> echo(std::unique_ptr<link::Link> link) {
  for (;;) {
    auto got = co_await link->read();
    if (!got) co_return;
    auto put = co_await link->write(std::move(*got));
    if (!put) co_return;
  }
}

Awaitable<link::HttpResponse> mirror(link::HttpRequest request) {
  link::HttpResponse response;
  response.content_type = "text/plain";
  response.body = request.method + " " + request.path + " " + request.body;
  co_return response;
}

LinkWorld::LinkWorld() {
  settings.certificate_file = test_certificates().cert;
  settings.key_file = test_certificates().key;
}

void LinkWorld::start() {
  auto started = link::WebServer::start(io, settings, on_request, on_link);
  ASSERT_TRUE(started) << started.error().detail;
  server = std::move(*started);
}

link::DialSettings LinkWorld::dialling() const {
  link::DialSettings d;
  d.host = "127.0.0.1";
  d.port = server->bound_port();
  d.trust.ca_file = test_certificates().ca;
  return d;
}

void LinkWorld::run(const std::function<Awaitable<>(LinkWorld&)>& body) {
  io.restart();
  bool done = false;
  asio::steady_timer watchdog(io, generous);
  watchdog.async_wait([&](auto ec) { if (!ec) { ADD_FAILURE() << "the test took too long"; io.stop(); } });
  auto all = [](LinkWorld& world, const std::function<Awaitable<>(LinkWorld&)>& play) -> Awaitable<> {
    auto playing = play(world);
    co_await std::move(playing);
    if (world.server) co_await world.server->stop();
  };
  auto task = all(*this, body);
  asio::co_spawn(io, std::move(task), [&](std::exception_ptr error) {
    done = true;
    watchdog.cancel();
    if (error) std::rethrow_exception(error);
  });
  io.run();
  EXPECT_TRUE(done);
}

ServiceEnd::ServiceEnd(LinkWorld& world)
    : arrived(std::make_shared<asio::steady_timer>(world.io, generous)), release(std::make_shared<asio::steady_timer>(world.io, generous)) {
  world.on_link = [this](std::unique_ptr<link::Link> given) { return hold(*this, std::move(given)); };
}

Awaitable<> ServiceEnd::hold(ServiceEnd& end, std::unique_ptr<link::Link> given) {
  const auto release = end.release;
  end.link = std::move(given);
  end.arrived->cancel();
  (void)co_await release->async_wait(use_tuple);
}

Awaitable<> ServiceEnd::there() {
  while (!link) (void)co_await arrived->async_wait(use_tuple);
}

void ServiceEnd::let_go() {
  link.reset();
  release->cancel();
}

std::string answers_to(LinkWorld& world, const std::string& request) {
  std::string answers;
  world.run([&](LinkWorld& w) {
    return [](unsigned short port, const std::string& text, std::string& out) -> Awaitable<> {
      auto work = [port, &text, &out] {
        RawTls raw(port);
        raw.send(text);
        out = raw.rest();
        return 0;
      };
      auto playing = blocking(std::move(work));
      co_await std::move(playing);
    }(w.server->bound_port(), request, answers);
  });
  return answers;
}

}  // namespace wb::test
