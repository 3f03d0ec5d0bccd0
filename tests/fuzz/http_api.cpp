// The whole of the service's HTTP API, without its socket. Three parts, one a line, but for the last: "METHOD TARGET",
// the Authorization header ("client": a right one), the body.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <filesystem>

#include "link/http_target.hpp"
#include "service/api.hpp"
#include "service/router.hpp"
#include "service/credentials.hpp"
#include "tests/fuzz/target.hpp"

namespace wb::fuzz {
namespace {
using namespace service;
using namespace std::chrono_literals;

Settings quick() {
  Settings s;
  s.tenant = "default", s.public_url = "https://sspr.example";
  s.probe_wait = 1ms, s.wait_max = 0ms, s.enrol_per_minute = 1'000'000'000;
  return s;
}

struct World {
  std::filesystem::path folder = [] { std::string name = (std::filesystem::temp_directory_path() / "wb-fuzz-XXXXXX").string(); return std::filesystem::path(::mkdtemp(name.data())); }();
  asio::io_context io{1};
  Settings settings = quick();
  Store store = Store::open(folder / "store.sqlite").value();
  Keys keys = Keys::open(folder, settings.public_url, unix_now()).value();
  Rosters rosters{store, settings.tenant};
  Gateway gateway{io.get_executor(), settings, store, keys, rosters};
  Dispatch dispatch{io.get_executor(), settings, store, keys, gateway};
  Enrolment enrolment{settings, store, keys, rosters, gateway};
  Catalogue catalogue = Catalogue::load().value();
  Api api{settings, store, rosters, gateway, dispatch, enrolment, catalogue};
  Router router{store, gateway.refusals()};
  std::string bearer;

  World() {
    log::start(log::Level::error);
    gateway.listener(dispatch);
    router.add(api.endpoints());
    const auto client = new_credential();
    bearer = "Bearer wbc1." + client.id + "." + client.secret;
    hold(store.add_client(client.id, hash_of(client), "corp.example", {Scope::writeback, Scope::audit}).has_value(), "a client");
    const protocol::Pre pre{"dc1.corp.example", 7, "134396533468610800", "wb1;01ARZ3NDEKTSV4RRFFQ69G5FAV;1;A"};
    hold(store.add_probe({"01ARZ3NDEKTSV4RRFFQ69G5FAA", "corp.example", "9f0c6b5e-0000-4000-8000-000000000001", pre, unix_now(), std::nullopt}).has_value(), "a probe");
  }
  ~World() { std::filesystem::remove_all(folder); }
};
}  // namespace

void run(std::string_view input) {
  static World world;
  const auto line = take_line(input);
  const auto space = line.find(' ');
  if (space == std::string_view::npos) return;
  auto target = link::parse_target(line.substr(space + 1));
  if (!target) return;  // the server answers 400 by itself
  link::HttpRequest request{std::string(line.substr(0, space)), target->path, target->query, std::string(take_line(input)), "application/json", std::string(input), "192.0.2.1"};
  if (request.authorization == "client") request.authorization = world.bearer;
  if (request.body.size() > 64 * 1024) return;
  std::optional<link::HttpResponse> response;
  asio::co_spawn(world.io, world.router.handle(std::move(request)), [&](std::exception_ptr threw, link::HttpResponse got) {
    hold(!threw, "no handler throws");
    response = std::move(got);
  });
  world.io.restart();
  while (!response) world.io.run_one();
  hold(response->status >= 200 && response->status < 600 && response->status != 500, "an answer");
  if (response->content_type == "application/x-ndjson") return;  // lines, or none
  hold(protocol::parse_json(response->body, 16).has_value(), "an answer is JSON");
}

}  // namespace wb::fuzz
