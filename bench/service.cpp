// What self-service costs on its own store, beside that store alone in the same run (scripts/bench service):
//
//   resets   complete resets a second through the HTTPS API with an agent that does nothing, against the bare three commits of a job
//            (insert, claim, complete: each flushed) on a database in the same folder; p50 and p99 of one reset. And against those commits
//            and eight requests that ask for nothing: the least that any service with this API does (docs/adr/0004)
//   idle     memory of an open session; what 10,000 and 1,000,000 registered people cost at rest: file, memory, and one look-up
//
// A reset is eight requests (challenge, session, method, answer, choice, seal, password) with TLS on both ends, two probes and a job, all in
// this process: the browsers' and the agent's cryptography counts too, and is said apart as CPU. The waits that hide what an account has
// (Settings::look_span, answer_step) are left out: they cost people time and the service none.
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <fstream>
#include <thread>

#include "core/ids.hpp"
#include "service/methods/sealed_methods.hpp"
#include "tests/support/reset_world.hpp"

namespace wb::test {
namespace {

using protocol::Code;
constexpr int cycles = 2'000;

service::Settings shape() {
  auto shape = ResetWorld::quick();
  shape.limit = +[](service::LimitKind) { return service::Limit{1'000'000'000, 3'600'000, 1'000}; };
  shape.window = 64;
  return shape;
}

double resident_mib() {
  std::ifstream status("/proc/self/statm");
  double pages = 0;
  status >> pages >> pages;
  return pages * 4096 / 1048576;
}
double cpu_s() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto s = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
  return s(used.ru_utime) + s(used.ru_stime);
}
double percentile(std::vector<double> values, double of) {
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1, static_cast<std::size_t>(of * static_cast<double>(values.size())))];
}

double bare_cycles_a_second(const std::filesystem::path& folder) {
  auto db = queue::Database::open(folder / "bare.sqlite").value();
  (void)db.migrate({"CREATE TABLE jobs(jti TEXT PRIMARY KEY, sealed TEXT, state TEXT NOT NULL, outcome TEXT) STRICT"});
  const std::string sealed(2'000, 's');  // what a password sealed to two agents takes
  const Stopwatch watch;
  for (int i = 0; i < cycles; ++i) {
    const auto jti = new_ulid();
    (void)db.run("INSERT INTO jobs VALUES(?,?,'ready',NULL)", jti, sealed);
    (void)db.run("UPDATE jobs SET state='leased' WHERE jti=?", jti);
    (void)db.run("UPDATE jobs SET state='final', outcome='applied', sealed=NULL WHERE jti=?", jti);
  }
  return cycles / (watch.ms() / 1'000);
}

// Of eight requests each that ask for nothing: what HTTP and TLS alone cost, here and in the browsers.
double empty_rounds_a_second(const ResetWorld& reset, int browsers) {
  constexpr int rounds = 250;
  const Stopwatch watch;
  std::vector<std::thread> threads;
  for (int t = 0; t < browsers; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 8 * rounds; ++i) (void)https_kept("GET", reset.world.url() + "/healthz", {}, {}, {});
    });
  for (auto& thread : threads) thread.join();
  return browsers * rounds / (watch.ms() / 1'000);
}

// Answers everything at once, as if a directory did.
class NullAgent {
 public:
  NullAgent(ResetWorld& world, std::vector<std::string> subs) : world_(world), subs_(std::move(subs)), thread_([this] { run(); }) {}
  ~NullAgent() {
    stopping_ = true;
    thread_.join();
  }

 private:
  void run() {
    Browser nobody(world_);
    while (!stopping_) {
      const auto got = world_.agent->next_job(std::chrono::milliseconds(100));
      if (!got) continue;
      if (got->job.op == protocol::Op::probe) {
        const auto at = got->job.name ? std::stoul(got->job.name->substr(1)) : 0;
        nobody.answer_probe(got->job, got->job.name ? subs_[at] : got->job.sub);
      } else {
        world_.agent->accept(got->job);
        world_.agent->answer(got->job, Code::applied);
      }
    }
  }
  ResetWorld& world_;
  std::vector<std::string> subs_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

std::string sub_of(int at) {
  char text[40];
  std::snprintf(text, sizeof text, "%08x-0000-4000-8000-000000000000", at);
  return text;
}

// One reset from the challenge to the outcome; milliseconds.
double one_reset(ResetWorld& reset, int person, const Secret& key, int step) {
  Browser browser(reset);
  const Stopwatch watch;
  browser.begin("p" + std::to_string(person) + "@corp.example");
  browser.choose("app_code");
  if (phase_of(browser.code(app_code(key, step))) != "choosing") return -1;
  browser.pick("reset");
  const auto offer = browser.call("POST", "session/seal");
  if (offer.status != 200) return -1;
  const ServiceWorld::Probed probed{offer.text("probe"), protocol::decode<protocol::ProbeAnswer>(json::serialize(offer.body.at("answer"))).value().pre, sub_of(person)};
  const auto sealed = reset.world.seal({reset.agent.get()}, reset.world.binding(probed), "Canary-4c1d-Passw0rd!");
  const auto done = browser.call("POST", "session/password", {{"probe", probed.id}, {"sealed", sealed}});
  return phase_of(done) == "done" ? watch.ms() : -1;
}

void resets(int people, int browsers) {
  ResetWorld reset({}, shape());
  std::vector<std::string> subs;
  std::vector<Secret> keys;
  for (int i = 0; i < people; ++i) subs.push_back(sub_of(i)), keys.push_back(reset.register_app(subs.back()));
  const double before = bare_cycles_a_second(reset.world.folder());
  std::vector<double> times;
  std::mutex mutex;
  std::atomic<int> next = 0, failed = 0;
  double seconds = 0, cpu = 0;
  {
    const NullAgent agent(reset, subs);
    const double cpu_before = cpu_s();
    const Stopwatch watch;
    std::vector<std::thread> threads;
    for (int t = 0; t < browsers; ++t)
      threads.emplace_back([&] {
        for (int person = next++; person < people; person = next++) {
          const double ms = one_reset(reset, person, keys[static_cast<std::size_t>(person)], 0);
          const std::lock_guard lock(mutex);
          if (ms < 0) ++failed;
          else times.push_back(ms);
        }
      });
    for (auto& thread : threads) thread.join();
    seconds = watch.ms() / 1'000, cpu = cpu_s() - cpu_before;
  }
  const double after = bare_cycles_a_second(reset.world.folder()), bare = (before + after) / 2, rate = people / seconds;
  std::printf("%d resets, %d browsers: %.0f a second, p50 %.1f ms, p99 %.1f ms, %.2f ms of CPU each (browsers and agent included); %d failed\n", people, browsers, rate, percentile(times, 0.5),
      percentile(times, 0.99), cpu * 1'000 / people, failed.load());
  std::printf("bare insert, claim, complete: %.0f a second; ratio %.3f\n", bare, rate / bare);
  const double empty = empty_rounds_a_second(reset, browsers), least = 1 / (1 / bare + 1 / empty);
  std::printf("eight requests that ask for nothing: %.0f a second; with the bare commits, one after another, %.0f; ratio %.3f\n", empty, least, rate / least);
}

void idle() {
  ResetWorld reset({}, shape());
  const NullAgent agent(reset, {sub_of(0)});
  constexpr int sessions = 10'000;
  const auto open = [&](int count) {
    for (int i = 0; i < count; ++i) Browser(reset).begin("p0@corp.example");
  };
  open(500);
  const double before = resident_mib();
  open(sessions);
  std::printf("an open session: %.2f KiB of memory; the store has it\n", (resident_mib() - before) * 1'024 / sessions);
  auto& database = reset.world.store().database();
  service::sspr::People people(database);
  auto vault = crypto::Vault::open(reset.world.config.state_dir).value();
  int made = 0;
  for (const int count : {10'000, 1'000'000}) {
    const auto relaxed = database.unsynced();
    while (made < count) {
      auto guard = database.begin().value();
      for (int i = 0; i < 10'000; ++i, ++made) {
        service::sspr::Person person;
        person.domain = "other.example", person.sub = sub_of(made), person.name = "p" + std::to_string(made) + "@other.example";
        (void)database.run("INSERT INTO people(domain, sub, name, display_name, mail, language, groups, seen) VALUES(?,?,?,?,?,?,'[]',1)", person.domain, person.sub, person.name, "Somebody", person.name, "en");
        const auto app = service::sspr::sealed_app(vault, person.domain, person.sub, Secret::copy_of("12345678901234567890"), "phone", 1).value();
        (void)database.run("INSERT INTO person_methods(id, domain, sub, kind, label, sealed, made, proven) VALUES(?,?,?,?,?,?,1,1)", app.id, person.domain, person.sub, "app_code", app.label, app.sealed);
      }
      (void)guard.commit();
    }
    (void)database.run("PRAGMA wal_checkpoint(TRUNCATE)");
    std::vector<double> times;
    for (int i = 0; i < 1'000; ++i) {
      const Stopwatch watch;
      (void)people.methods("other.example", sub_of((i * 7919) % made));
      times.push_back(watch.ms());
    }
    std::printf("%d registered people: %.0f MiB on disk, %.0f MiB resident, one look-up p50 %.3f ms, p99 %.3f ms\n", count, static_cast<double>(std::filesystem::file_size(reset.world.store_file())) / 1048576,
        resident_mib(), percentile(times, 0.5), percentile(times, 0.99));
  }
}

}  // namespace
}  // namespace wb::test

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);  // the world that tests use speaks through it
  wb::log::start(wb::log::Level::error);
  if (argc > 1 && std::string(argv[1]) == "idle") {
    wb::test::idle();
    return 0;
  }
  for (const int browsers : {1, 8}) wb::test::resets(1'000, browsers);
  return 0;
}
