#include "agent/idle_cut.hpp"

#include <gtest/gtest.h>

namespace wb::agent {
namespace {
using namespace std::chrono_literals;

TEST(AnIdleLimit, IsKnownByThreeLinksThatEndAfterTheSameSilence) {
  IdleCut cut;
  EXPECT_FALSE(cut.ended(10'020ms));
  EXPECT_FALSE(cut.ended(10'001ms));
  EXPECT_EQ(cut.limit(), std::nullopt);
  EXPECT_TRUE(cut.ended(10'100ms));
  EXPECT_EQ(cut.limit(), 10'100ms);
}

TEST(AnIdleLimit, IsNotThereWhereLinksEndForOtherReasons) {
  for (const auto& silences : {std::vector{10'000ms, 18'000ms, 10'000ms, 4'000ms, 10'000ms}, std::vector{10'000ms, 10'000ms, 20ms, 10'000ms, 10'000ms}, std::vector{600ms, 600ms, 600ms, 600ms}}) {
    IdleCut cut;
    for (const auto silent : silences) EXPECT_FALSE(cut.ended(silent));
    EXPECT_EQ(cut.limit(), std::nullopt);
    EXPECT_EQ(cut.heartbeat(25'000ms), 25'000ms);
  }
}

TEST(AnIdleLimit, MakesHeartbeatsComeInTimeAndNeverLater) {
  IdleCut cut;
  for (int i = 0; i < 3; ++i) (void)cut.ended(10'000ms);
  EXPECT_EQ(cut.heartbeat(25'000ms), 5'000ms) << "with a fifth more or less it is before the cut, also when one is late";
  EXPECT_EQ(cut.heartbeat(1'000ms), 1'000ms) << "as the service wants";
}

TEST(AnIdleLimit, ThatIsShorterAfterAllIsTakenOver) {
  IdleCut cut;
  for (int i = 0; i < 3; ++i) (void)cut.ended(10'000ms);
  EXPECT_FALSE(cut.ended(4'000ms));
  EXPECT_FALSE(cut.ended(4'000ms));
  EXPECT_TRUE(cut.ended(4'000ms));
  EXPECT_EQ(cut.limit(), 4'000ms);
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(cut.ended(20'000ms)) << "a longer one tells nothing new";
  EXPECT_EQ(cut.limit(), 4'000ms);
}

}  // namespace
}  // namespace wb::agent
