// What the agent link costs: round trips of 500-byte messages over loopback TLS 1.3, and memory per idle link at each
// end. The two ends are two processes, as in life; both print one line of JSON.
//   build/release/link_echo [ROUND_TRIPS] [IDLE_LINKS]
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <memory>
#include <vector>

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

Awaitable<> echo(std::unique_ptr<link::Link> link) {
  for (;;) {
    auto got = co_await link->read();
    if (!got) co_return;
    auto put = co_await link->write(std::move(*got));
    if (!put) co_return;
  }
}

Awaitable<> dial_and_measure(link::DialSettings settings, int round_trips, int idle_links) {
  auto dialled = co_await link::dial(settings);
  if (!dialled) {
    std::fprintf(stderr, "%s %s\n", dialled.error().where.c_str(), dialled.error().detail.c_str());
    std::exit(1);
  }
  auto& link = **dialled;
  std::vector<double> us;
  const auto cpu = cpu_seconds();
  for (int i = 0; i < round_trips; ++i) {
    const Stopwatch watch;
    auto put = co_await link.write(std::string(500, 'm'));
    auto got = co_await link.read();
    if (!put || !got) std::exit(1);
    us.push_back(watch.ms() * 1000);
  }
  const auto used = cpu_seconds() - cpu;
  std::sort(us.begin(), us.end());
  const auto before = resident_kib();
  std::vector<std::unique_ptr<link::Link>> idle;
  for (int i = 0; i < idle_links; ++i) {
    auto one = co_await link::dial(settings);
    if (!one) {
      std::fprintf(stderr, "%s %s\n", one.error().where.c_str(), one.error().detail.c_str());
      std::exit(1);
    }
    auto put = co_await (*one)->write(std::string(500, 'm'));
    auto got = co_await (*one)->read();
    if (!put || !got) std::exit(1);
    idle.push_back(std::move(*one));
  }
  std::printf(R"({"end":"agent","round_trips":%d,"p50_us":%.1f,"p99_us":%.1f,"cpu_us_each":%.1f,"idle_links":%d,"kib_per_link":%.1f})"
              "\n",
      round_trips, us[us.size() / 2], us[us.size() * 99 / 100], used * 1e6 / round_trips, idle_links, (resident_kib() - before) / idle_links);
  std::fflush(stdout);
}

int dialling_end(unsigned short port, int round_trips, int idle_links) {
  asio::io_context io(1);
  link::DialSettings settings;
  settings.host = "127.0.0.1";
  settings.port = port;
  settings.trust.ca_file = test::test_certificates().ca;
  auto task = dial_and_measure(settings, round_trips, idle_links);
  asio::co_spawn(io, std::move(task), [&](std::exception_ptr) { io.stop(); });
  io.run();
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
    unsigned short port = 0;
    if (::read(ends[0], &port, sizeof port) != static_cast<ssize_t>(sizeof port)) ::_exit(1);
    return dialling_end(port, round_trips, idle_links);
  }
  auto started = link::WebServer::start(io, settings, refuse, count);
  if (!started) {
    std::fprintf(stderr, "%s\n", started.error().detail.c_str());
    return 1;
  }
  const auto port = (*started)->bound_port();
  if (::write(ends[1], &port, sizeof port) != static_cast<ssize_t>(sizeof port)) return 1;
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
