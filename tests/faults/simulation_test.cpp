// The promise under random schedules of trouble: WB_SIMULATION_SCHEDULES of them (or as many as fit into
// WB_SIMULATION_SECONDS), from WB_SIMULATION_SEED on. A seed that breaks the promise is told as a story, and
//   simulation_test --seed N        tells the story of any seed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "tests/faults/simulation_world.hpp"

namespace wb::simulation {
namespace {

#if defined(__OPTIMIZE__)
constexpr std::uint64_t schedules_by_default = 100'000;
#else
constexpr std::uint64_t schedules_by_default = 1'000;  // under sanitizers: the same machines, fewer schedules
#endif

std::uint64_t number_in(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text && *text ? std::strtoull(text, nullptr, 10) : otherwise;
}

std::string story_of(std::uint64_t seed, const Bugs& bugs = {}) {
  World world(seed, bugs, true);
  world.run();
  return world.story();
}

// The first seed whose schedule shows this planted bug, and what it shows; nullopt: none of `seeds` does.
struct Found {
  std::uint64_t seed;
  std::string what;
};
std::optional<Found> first_found(const Bugs& bugs, std::uint64_t seeds) {
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    World world(seed, bugs, false);
    world.run();
    if (!world.violations().empty()) return Found{seed, world.violations().front()};
  }
  return std::nullopt;
}

void expect_found(const Bugs& bugs, std::string_view what, std::uint64_t seeds) {
  const auto found = first_found(bugs, seeds);
  ASSERT_TRUE(found) << "not one of " << seeds << " schedules shows it";
  EXPECT_THAT(found->what, testing::HasSubstr(what)) << "seed " << found->seed;
  std::cout << "found by seed " << found->seed << ": " << found->what << "\n";
}

void print(const Tally& t) {
  const auto seconds = [](Span span) { return std::chrono::duration<double>(span).count(); };
  std::cout << t.schedules << " schedules, " << t.events << " events, " << t.orders << " jobs: " << t.applied << " applied, " << t.refused << " rejected, " << t.superseded << " superseded, " << t.not_done
            << " not done, " << t.unknown << " unknown; " << t.in_doubt_told << " told in_doubt first, " << t.upgraded << " of them applied; slowest after one kill " << seconds(t.slowest_kill)
            << " s, after one freeze " << seconds(t.slowest_freeze) << " s; " << t.blind_swaps << " blind swaps (0 over 0), " << t.late_after_interference << " writes after a removed void; " << t.changed << " of " << t.changes << " changes applied\n";
}

TEST(ThePromise, HoldsUnderEverySchedule) {
  const auto schedules = number_in("WB_SIMULATION_SCHEDULES", schedules_by_default);
  const auto first = number_in("WB_SIMULATION_SEED", 1);
  const auto seconds = number_in("WB_SIMULATION_SECONDS", 0);
  const auto began = std::chrono::steady_clock::now();
  Tally total;
  int failures = 0;
  for (std::uint64_t i = 0; seconds > 0 ? std::chrono::steady_clock::now() - began < std::chrono::seconds(seconds) : i < schedules; ++i) {
    World world(first + i, {}, false);
    world.run();
    world.count_into(total);
    if (world.violations().empty()) continue;
    ADD_FAILURE() << "seed " << first + i << ": " << world.violations().front() << "\n"
                  << (failures == 0 ? story_of(first + i) : "");
    if (++failures == 5) break;
  }
  print(total);
  EXPECT_GT(total.applied, total.orders / 3) << "most of what happens is trouble: nothing is tested";
}

// Can it fail at all? Known bugs, planted in the glue around the machines.
TEST(AJournalThatIsSkipped, IsFound) {
  Bugs bugs;
  bugs.journal_skipped = true;
  expect_found(bugs, "in a journal as applied, and its caller was told", 2'000);
}
TEST(AFenceThatIsIgnored, IsFound) {
  Bugs bugs;
  bugs.fence_ignored = true;
  expect_found(bugs, "was told", 5'000);
}
TEST(AVoidThatIsNotWritten, IsFound) {
  Bugs bugs;
  bugs.void_skipped = true;
  expect_found(bugs, "and was applied at", 2'000);
}
TEST(AnExpectationFromALaterReading, IsFound) {
  Bugs bugs;
  bugs.expects_reread = true;
  expect_found(bugs, "newer password", 2'000);
}

TEST(AChangeThatIsSentAgain, IsFound) {
  Bugs bugs;
  bugs.change_repeated = true;
  expect_found(bugs, "showed the old password twice", 2'000);
}

TEST(ASchedule, IsTheSameEveryTime) { EXPECT_EQ(story_of(7), story_of(7)); }

}  // namespace
}  // namespace wb::simulation

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i + 1 < argc; ++i) {
    if (std::string_view(argv[i]) != "--seed") continue;
    std::cout << wb::simulation::story_of(std::strtoull(argv[i + 1], nullptr, 10));
    return 0;
  }
  return RUN_ALL_TESTS();
}
