// Many agents at one gateway. The two ends are two processes, as in life; each figure is a line of JSON.
//   build/release/bench_swarm idle N       memory of an idle session at the service; hellos a second, one after another and 32 at once;
//                                          beside them bare TLS 1.3 connections (bench/bare_tls.hpp) of the same number, and openssl s_time
//   build/release/bench_swarm storm N MS   the service is cut off for MS under N agents: how they come back
// The agents are the shipped link, hello and backoff with nothing behind them; all of them are enrolled, none is in a roster.
#include <boost/asio/co_spawn.hpp>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string_view>
#include <thread>
#include <vector>

#include "bench/bare_tls.hpp"
#include "core/async.hpp"
#include "core/backoff.hpp"
#include "core/base64url.hpp"
#include "core/ids.hpp"
#include "crypto/jws.hpp"
#include "link/link.hpp"
#include "platform/private_files.hpp"
#include "protocol/codec.hpp"
#include "service/credentials.hpp"
#include "service/service.hpp"
#include "tests/support/test_certificates.hpp"

namespace wb {
namespace {
using namespace std::chrono_literals;

struct Ports {
  unsigned short service = 0, bare = 0;
};

struct SimulatedAgent {
  crypto::PrivateKey as;
  std::string id, domain;
  std::int64_t epoch = 0;
};

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "bench_swarm: %s\n", why.c_str());
  ::_exit(1);
}
template <typename T>
T or_give_up(Result<T> result) {
  if (!result) give_up(result.error().where + ": " + result.error().detail);
  return std::move(*result);
}

// Of one process, up to now.
struct Spent {
  double resident_kib = 0, cpu_s = 0;
};

double resident_kib() {
  std::ifstream statm("/proc/self/statm");
  double size = 0, resident = 0;
  statm >> size >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1024;
}

Spent spent() { return {resident_kib(), static_cast<double>(std::clock()) / CLOCKS_PER_SEC}; }

// Enrolled as `reset-service token create` and `writeback-agent enroll` would, without the requests between them.
std::vector<SimulatedAgent> enroll(const config::ServiceConfig& config, int count) {
  auto store = or_give_up(service::Store::open(service::store_file(config)));
  std::vector<SimulatedAgent> agents;
  for (int i = 0; i < count; ++i) {
    const auto domain = "d" + std::to_string(i / service::members_max) + ".example", token = new_ulid();
    if (auto added = store.add_token(token, token, domain, unix_now() + 3600); !added) give_up(added.error().detail);
    auto as = or_give_up(crypto::PrivateKey::generate());
    service::AgentRow row{new_ulid(), as.public_key().jwk(), as.kid(), "swarm.example"};
    if (or_give_up(store.enroll(token, row, unix_now())) != service::Enrolled::yes) give_up("enrolment");
    agents.push_back({std::move(as), row.id, domain});
  }
  return agents;
}

// ---- the agents' end ----------------------------------------------------------------------------------------
struct Swarm {
  link::DialSettings dial;
  std::vector<SimulatedAgent>& agents;
  Stopwatch clock = {};
  int welcomed = 0;
  std::vector<double> tries_s = {}, welcomes_s = {};
  std::map<std::string, int> refusals = {};
};

Awaitable<std::string> hello_of(SimulatedAgent& agent, link::Link& link, std::string first) {
  const auto challenge = protocol::decode<protocol::Challenge>(protocol::decode_envelope(first).value().body).value();
  const protocol::HelloClaims claims{agent.id, "default", {agent.domain}, challenge.nonce, challenge.gateway, base64url(link.channel_binding()), ++agent.epoch, "bench", {"probe"}, {agent.as.kid()}, 8};
  co_return protocol::message_text("hello", protocol::Hello{crypto::sign(agent.as, protocol::typ_hello, protocol::encode(claims)).value()});
}

// A welcomed link, or null: `why` says what stood in the way.
Awaitable<std::unique_ptr<link::Link>> connect(Swarm& swarm, SimulatedAgent& agent, std::string& why) {
  auto dialling = link::dial(swarm.dial);
  auto link = co_await std::move(dialling);
  why = link ? "" : link.error().where;
  if (!link) co_return nullptr;
  why = "closed";
  auto first = co_await (*link)->read();
  if (!first) co_return nullptr;
  auto making = hello_of(agent, **link, std::move(*first));
  auto hello = co_await std::move(making);
  auto said = co_await (*link)->write(std::move(hello));
  auto answer = co_await (*link)->read();
  if (!said || !answer) co_return nullptr;
  const auto envelope = protocol::decode_envelope(*answer);
  why = envelope ? envelope->type : "malformed";
  if (why == "error") why = protocol::decode<protocol::Error>(envelope->body).value().code;
  if (why != "welcome") co_return nullptr;
  co_return std::move(*link);
}

Awaitable<> stay(Swarm& swarm, std::size_t i, std::mt19937& dice) {
  Backoff backoff;
  for (;;) {
    std::string why;
    swarm.tries_s.push_back(swarm.clock.ms() / 1000);
    auto connecting = connect(swarm, swarm.agents[i], why);
    auto link = co_await std::move(connecting);
    if (link) {
      ++swarm.welcomed;
      swarm.welcomes_s.push_back(swarm.clock.ms() / 1000);
      for (;;) {
        auto text = co_await link->read();
        if (!text) break;
      }
      --swarm.welcomed;
    } else {
      ++swarm.refusals[why];
    }
    link.reset();
    (void)co_await sleep_for(backoff.next(std::uniform_real_distribution(0.0, 1.0)(dice)));
  }
}

// One after another, from `next` on, until `count` have come; each stays.
Awaitable<> arrive(Swarm& swarm, std::size_t& next, std::size_t count, std::vector<std::unique_ptr<link::Link>>& links) {
  while (next < count) {
    std::string why;
    auto& agent = swarm.agents[next++];
    auto connecting = connect(swarm, agent, why);
    auto link = co_await std::move(connecting);
    if (!link) give_up(why);
    links.push_back(std::move(link));
  }
}

// Hellos a second.
double arrivals(asio::io_context& io, Swarm& swarm, std::size_t& next, std::size_t count, int at_once, std::vector<std::unique_ptr<link::Link>>& links) {
  const Stopwatch watch;
  const auto from = next;
  int running = at_once;
  for (int i = 0; i < at_once; ++i)
    asio::co_spawn(io, arrive(swarm, next, count, links), [&](std::exception_ptr) { if (--running == 0) io.stop(); });
  io.restart();
  io.run();
  return static_cast<double>(count - from) / watch.ms() * 1000;
}

// The service's process answers each byte with what it has spent.
Spent ask(int to, int from) {
  Spent service;
  if (::write(to, "m", 1) != 1 || ::read(from, &service, sizeof service) != static_cast<ssize_t>(sizeof service)) give_up("the service is gone");
  return service;
}

Spent each(const Spent& before, const Spent& after, double count) {
  return {(after.resident_kib - before.resident_kib) / count, (after.cpu_s - before.cpu_s) / count};
}

// Each figure of ours beside the same of bare TLS: one by one first, which also warms both ends up; then the rest, 32 at once.
int idle(Swarm& swarm, bench::BareClient& bare, unsigned short bare_port, int to, int from) {
  constexpr int at_once = 32;
  asio::io_context io(1);
  std::vector<std::unique_ptr<link::Link>> links;
  std::vector<std::unique_ptr<bench::BareStream>> streams;
  std::size_t next = 0;
  const auto count = swarm.agents.size(), warm = std::min<std::size_t>(count / 4, 500);
  const auto bare_count = std::min<std::size_t>(count, 9'500);  // beside 10,000 sessions: 20,000 descriptors are usual
  const auto more = static_cast<double>(count - warm), bare_more = static_cast<double>(bare_count - warm);
  const auto one = arrivals(io, swarm, next, warm, 1, links), bare_one = bench::bare_handshakes(io, bare, warm, 1, streams);
  const auto s_time = bench::s_time_handshakes(test::test_certificates(), bare_port, 3);
  auto service = ask(to, from), agents = spent();
  const auto many = arrivals(io, swarm, next, count, at_once, links);
  const auto ours = each(service, ask(to, from), more), of_agents = each(agents, spent(), more);
  std::printf(R"({"sessions":%zu,"service_kib_each":%.1f,"agent_kib_each":%.1f,"hellos_per_s_one_by_one":%.0f,"hellos_per_s_%d_at_once":%.0f,"service_cpu_us_each":%.0f,"agent_cpu_us_each":%.0f})"
              "\n",
      count, ours.resident_kib, of_agents.resident_kib, one, at_once, many, ours.cpu_s * 1e6, of_agents.cpu_s * 1e6);
  service = ask(to, from), agents = spent();
  const auto bare_many = bench::bare_handshakes(io, bare, bare_count - warm, at_once, streams);
  const auto bares = each(service, ask(to, from), bare_more), of_clients = each(agents, spent(), bare_more);
  std::printf(R"({"bare_tls":%zu,"server_kib_each":%.1f,"client_kib_each":%.1f,"handshakes_per_s_one_by_one":%.0f,"handshakes_per_s_%d_at_once":%.0f,"openssl_s_time_per_s":%.0f,"server_cpu_us_each":%.0f,"client_cpu_us_each":%.0f})"
              "\n",
      bare_count, bares.resident_kib, of_clients.resident_kib, bare_one, at_once, bare_many, s_time, bares.cpu_s * 1e6, of_clients.cpu_s * 1e6);
  std::printf(R"({"of":"hellos beside bare handshakes","one_by_one":%.2f,"%d_at_once":%.2f,"one_by_one_beside_s_time":%.2f,"service_cpu":%.2f,"service_memory":%.2f})"
              "\n",
      one / bare_one, at_once, many / bare_many, s_time > 0 ? one / s_time : 0, ours.cpu_s / bares.cpu_s, ours.resident_kib / bares.resident_kib);
  return 0;
}

double peak_per_second(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  std::size_t first = 0, most = 0;
  for (std::size_t last = 0; last < times.size(); ++last) {
    while (times[last] - times[first] > 1) ++first;
    most = std::max(most, last - first + 1);
  }
  return static_cast<double>(most);
}

int storm(Swarm& swarm, int to, int from, int away_ms) {
  asio::io_context io(1);
  std::mt19937 dice(7);
  TaskGroup crowd(io.get_executor());
  for (std::size_t i = 0; i < swarm.agents.size(); ++i) crowd.start("agent", stay(swarm, i, dice));
  const auto wait_for_all = [&] {
    const Stopwatch watch;
    while (static_cast<std::size_t>(swarm.welcomed) < swarm.agents.size() && watch.ms() < 180'000) io.run_for(20ms);
    if (static_cast<std::size_t>(swarm.welcomed) < swarm.agents.size()) give_up("not all agents came within 180 s");
  };
  wait_for_all();
  swarm.tries_s.clear(), swarm.welcomes_s.clear(), swarm.refusals.clear(), swarm.clock = {};
  if (::write(to, "r", 1) != 1) give_up("the service is gone");
  while (static_cast<std::size_t>(swarm.welcomed) == swarm.agents.size()) io.run_for(5ms);
  wait_for_all();
  (void)ask(to, from);
  std::string refused;
  for (const auto& [why, times] : swarm.refusals) refused += (refused.empty() ? "\"" : ",\"") + why + "\":" + std::to_string(times);
  std::sort(swarm.welcomes_s.begin(), swarm.welcomes_s.end());
  std::printf(R"({"agents":%zu,"away_s":%.1f,"half_back_s":%.2f,"all_back_s":%.2f,"tries":%zu,"tries_in_busiest_s":%.0f,"welcomes_in_busiest_s":%.0f,"failed":{%s}})"
              "\n",
      swarm.agents.size(), away_ms / 1000.0, swarm.welcomes_s[swarm.welcomes_s.size() / 2], swarm.welcomes_s.back(), swarm.tries_s.size(), peak_per_second(swarm.tries_s), peak_per_second(swarm.welcomes_s), refused.c_str());
  return 0;
}

// ---- the service's end --------------------------------------------------------------------------------------
int serve(config::ServiceConfig config, bool beside_bare, int child, int to, int from, int away_ms) {
  std::optional<asio::io_context> io(std::in_place, 1);
  std::optional<bench::BareServer> bare;
  if (beside_bare) bare.emplace(*io, test::test_certificates());
  service::Settings shape;
  shape.hello_pause = 0ms;
  auto running = or_give_up(service::Service::start(*io, config, shape));
  config.listen_port = running->port();
  const Ports ports{config.listen_port, bare ? bare->port() : config.listen_port};
  if (::write(to, &ports, sizeof ports) != static_cast<ssize_t>(sizeof ports)) give_up("pipe");
  int status = 0;
  while (::waitpid(child, &status, WNOHANG) == 0) {
    io->run_for(5ms);
    char asked = 0;
    if (::read(from, &asked, 1) != 1) continue;  // O_NONBLOCK
    if (asked == 'r') {                          // as if killed: nothing is said
      running.reset();
      io.reset();
      std::this_thread::sleep_for(std::chrono::milliseconds(away_ms));
      io.emplace(1);
      running = or_give_up(service::Service::start(*io, config, shape));
      continue;
    }
    const auto so_far = spent();
    if (::write(to, &so_far, sizeof so_far) != static_cast<ssize_t>(sizeof so_far)) give_up("pipe");
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int run(std::string_view mode, int count, int away_ms) {
  const auto& certificates = test::test_certificates();
  config::ServiceConfig config;
  config.tenant = "default";
  config.state_dir = certificates.ca.parent_path() / "state";
  config.public_url = "https://127.0.0.1";
  config.listen_address = "127.0.0.1", config.listen_port = 0;
  config.certificate_file = certificates.cert, config.key_file = certificates.key;
  if (auto made = platform::private_folder(config.state_dir); !made) give_up(made.error().detail);
  auto agents = enroll(config, count);
  int down[2], up[2];
  if (::pipe(down) != 0 || ::pipe(up) != 0) give_up("pipe");
  const auto child = ::fork();
  if (child == 0) {
    Swarm swarm{{}, agents};
    swarm.dial.host = "127.0.0.1", swarm.dial.trust.ca_file = certificates.ca;
    Ports ports;
    if (::read(down[0], &ports, sizeof ports) != static_cast<ssize_t>(sizeof ports)) ::_exit(1);
    swarm.dial.port = ports.service;
    bench::BareClient bare(certificates, ports.bare);
    const auto code = mode == "idle" ? idle(swarm, bare, ports.bare, up[1], down[0]) : storm(swarm, up[1], down[0], away_ms);
    std::fflush(stdout);
    ::_exit(code);  // the certificates' folder belongs to the parent
  }
  agents.clear();
  ::fcntl(up[0], F_SETFL, O_NONBLOCK);
  return serve(std::move(config), mode == "idle", child, down[1], up[0], away_ms);
}
}  // namespace
}  // namespace wb

int main(int argc, char** argv) {
  const std::string_view mode = argc > 1 ? argv[1] : "";
  const int count = argc > 2 ? std::atoi(argv[2]) : 0;
  if ((mode != "idle" && mode != "storm") || count < 4 || count > 10'000) {
    std::fprintf(stderr, "bench_swarm idle N | storm N MS, with N from 4 to 10000\n");
    return 2;
  }
  wb::log::start(wb::log::Level::error);
  return wb::run(mode, count, argc > 3 ? std::atoi(argv[3]) : 1'000);
}
