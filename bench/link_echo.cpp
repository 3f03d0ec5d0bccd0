// What the agent link costs beside a bare Asio TLS 1.3 connection (bench/bare_tls.hpp): round trips of 500-byte messages over
// loopback, one at a time and 8 in flight, both kinds in turn; and memory per idle link at each end. The two ends are two processes,
// as in life; each figure is a line of JSON.
//   build/release/link_echo [ROUND_TRIPS] [IDLE_LINKS]
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "bench/bare_tls.hpp"
#include "core/async.hpp"
#include "core/clock.hpp"
#include "link/link.hpp"
#include "link/web_server.hpp"
#include "tests/support/test_certificates.hpp"

namespace wb {
namespace {

double resident_kib() {
  std::ifstream statm("/proc/self/statm");
  double size = 0, resident = 0;
  statm >> size >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1024;
}

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

[[noreturn]] void give_up(const Fault& why) {
  std::fprintf(stderr, "%s %s\n", why.where.c_str(), why.detail.c_str());
  std::exit(1);
}

Awaitable<> echo(std::unique_ptr<link::Link> link) {
  for (;;) {
    auto got = co_await link->read();
    if (!got) co_return;
    auto put = co_await link->write(std::move(*got));
    if (!put) co_return;
  }
}

// ---- what is compared: each puts one message on its way, and takes one ---------------------------------------
struct LinkWire {
  link::Link& link;
  Awaitable<bool> put() {
    auto said = co_await link.write(std::string(bench::message_bytes, 'm'));
    co_return static_cast<bool>(said);
  }
  Awaitable<bool> get() {
    auto text = co_await link.read();
    co_return static_cast<bool>(text);
  }
};
struct BareWire {
  bench::BareStream& stream;
  Awaitable<bool> put() { return bench::put(stream); }
  Awaitable<bool> get() { return bench::get(stream); }
};

struct Pace {
  std::vector<double> us = {};  // of each round trip, one at a time
  double alone_ms = 0, alone_cpu_s = 0, together_ms = 0, together_cpu_s = 0;
  int together = 0;

  double per_second() const { return static_cast<double>(us.size()) / alone_ms * 1000; }
  double per_second_in_flight() const { return together / together_ms * 1000; }
  double quantile(double q) const { return us[static_cast<std::size_t>(static_cast<double>(us.size()) * q)]; }
  void print(const char* of) const {
    std::printf(R"({"of":"%s","round_trips":%zu,"p50_us":%.1f,"p99_us":%.1f,"messages_per_s":%.0f,"messages_per_s_%d_in_flight":%.0f,"cpu_us_each":%.1f,"cpu_us_each_in_flight":%.1f})"
                "\n",
        of, us.size(), quantile(0.5), quantile(0.99), per_second(), bench::in_flight, per_second_in_flight(), alone_cpu_s * 1e6 / static_cast<double>(us.size()), together_cpu_s * 1e6 / together);
  }
};

template <class Wire> Awaitable<> one_at_a_time(Wire& wire, int count, Pace& pace) {
  const Stopwatch all;
  const auto cpu = cpu_seconds();
  for (int i = 0; i < count; ++i) {
    const Stopwatch watch;
    const bool put = co_await wire.put();
    const bool got = co_await wire.get();
    if (!put || !got) std::exit(1);
    pace.us.push_back(watch.ms() * 1000);
  }
  pace.alone_ms += all.ms(), pace.alone_cpu_s += cpu_seconds() - cpu;
}

// Messages go out before the answers to the earlier ones have come, as jobs do within their window.
template <class Wire> Awaitable<> in_flight(Wire& wire, int count, Pace& pace) {
  const Stopwatch all;
  const auto cpu = cpu_seconds();
  for (int i = 0; i < count + bench::in_flight; ++i) {
    bool put = true, got = true;
    if (i < count) put = co_await wire.put();
    if (i >= bench::in_flight) got = co_await wire.get();
    if (!put || !got) std::exit(1);
  }
  pace.together_ms += all.ms(), pace.together_cpu_s += cpu_seconds() - cpu, pace.together += count;
}

Awaitable<> compare(link::DialSettings settings, unsigned short bare_port, int round_trips) {
  constexpr int turns = 8;  // each in turn, so that what else the machine does is shared by both
  bench::BareClient client(test::test_certificates(), bare_port);
  auto dialled = co_await link::dial(settings);
  if (!dialled) give_up(dialled.error());
  auto connecting = client.connect();
  const auto stream = co_await std::move(connecting);
  LinkWire ours{**dialled};
  BareWire bare{*stream};
  Pace our_pace, bare_pace, warm;
  const int each = std::max(bench::in_flight, round_trips / turns);
  for (auto* pace : {&warm, &our_pace}) {
    const int rounds = pace == &warm ? 1 : turns;
    auto& beside = pace == &warm ? warm : bare_pace;
    for (int turn = 0; turn < rounds; ++turn) {
      co_await one_at_a_time(ours, each, *pace);
      co_await one_at_a_time(bare, each, beside);
      co_await in_flight(ours, each, *pace);
      co_await in_flight(bare, each, beside);
    }
  }
  for (auto* pace : {&our_pace, &bare_pace}) std::sort(pace->us.begin(), pace->us.end());
  our_pace.print("link");
  bare_pace.print("bare TLS");
  std::printf(R"({"of":"link beside bare TLS","added_p50_us":%.1f,"added_p99_us":%.1f,"messages_ratio":%.2f,"messages_ratio_%d_in_flight":%.2f})"
              "\n",
      our_pace.quantile(0.5) - bare_pace.quantile(0.5), our_pace.quantile(0.99) - bare_pace.quantile(0.99), our_pace.per_second() / bare_pace.per_second(), bench::in_flight,
      our_pace.per_second_in_flight() / bare_pace.per_second_in_flight());
}

Awaitable<> hold_idle(link::DialSettings settings, int idle_links) {
  const auto before = resident_kib();
  std::vector<std::unique_ptr<link::Link>> idle;
  for (int i = 0; i < idle_links; ++i) {
    auto one = co_await link::dial(settings);
    if (!one) give_up(one.error());
    LinkWire wire{**one};
    const bool put = co_await wire.put();
    const bool got = co_await wire.get();
    if (!put || !got) std::exit(1);
    idle.push_back(std::move(*one));
  }
  std::printf(R"({"end":"agent","idle_links":%d,"kib_per_link":%.1f})"
              "\n",
      idle_links, (resident_kib() - before) / idle_links);
}

Awaitable<> dial_and_measure(link::DialSettings settings, unsigned short bare_port, int round_trips, int idle_links) {
  auto comparing = compare(settings, bare_port, round_trips);
  co_await std::move(comparing);
  auto holding = hold_idle(settings, idle_links);
  co_await std::move(holding);
}

struct Ports {
  unsigned short link = 0, bare = 0;
};

int dialling_end(Ports ports, int round_trips, int idle_links) {
  asio::io_context io(1);
  link::DialSettings settings;
  settings.host = "127.0.0.1";
  settings.port = ports.link;
  settings.trust.ca_file = test::test_certificates().ca;
  auto task = dial_and_measure(settings, ports.bare, round_trips, idle_links);
  asio::co_spawn(io, std::move(task), [&](std::exception_ptr) { io.stop(); });
  io.run();
  std::fflush(stdout);
  ::_exit(0);  // the certificates' folder belongs to the parent
}

int listening_end(int round_trips, int idle_links) {
  asio::io_context io(1);
  link::WebServerSettings settings;
  settings.certificate_file = test::test_certificates().cert;
  settings.key_file = test::test_certificates().key;
  auto refuse = [](link::HttpRequest) -> Awaitable<link::HttpResponse> { co_return link::HttpResponse{404, "{}", "application/json", {}}; };
  int links = 0;
  double before = 0, most = 0;
  auto count = [&](std::unique_ptr<link::Link> link) {
    if (++links == 2) before = resident_kib();
    most = resident_kib();
    return echo(std::move(link));
  };
  int ends[2];
  if (::pipe(ends) != 0) return 1;
  const auto child = ::fork();
  if (child == 0) {
    Ports ports;
    if (::read(ends[0], &ports, sizeof ports) != static_cast<ssize_t>(sizeof ports)) ::_exit(1);
    return dialling_end(ports, round_trips, idle_links);
  }
  auto started = link::WebServer::start(io, settings, refuse, count);
  if (!started) {
    std::fprintf(stderr, "%s\n", started.error().detail.c_str());
    return 1;
  }
  const bench::BareServer bare(io, test::test_certificates());
  const Ports ports{(*started)->bound_port(), bare.port()};
  if (::write(ends[1], &ports, sizeof ports) != static_cast<ssize_t>(sizeof ports)) return 1;
  while (::waitpid(child, nullptr, WNOHANG) == 0) io.run_for(std::chrono::milliseconds(20));
  std::printf(R"({"end":"service","idle_links":%d,"kib_per_link":%.1f})"
              "\n",
      links - 1, (most - before) / std::max(1, links - 2));
  return 0;
}
}  // namespace
}  // namespace wb

int main(int argc, char** argv) {
  const int round_trips = argc > 1 ? std::atoi(argv[1]) : 20'000, idle_links = argc > 2 ? std::atoi(argv[2]) : 500;
  (void)wb::test::test_certificates();  // before the fork: one set for both
  return wb::listening_end(std::max(1, round_trips), std::max(1, idle_links));
}
