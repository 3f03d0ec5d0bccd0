#include "link/admission.hpp"

#include <gtest/gtest.h>

namespace wb::link {
namespace {
using namespace std::chrono_literals;

const auto start = BootClock::time_point(1h);

// How many are let in during this virtual time, by one who comes again and again.
int let_in(Admission& door, BootClock::duration time, const std::string& address = "192.0.2.1") {
  int count = 0;
  for (auto now = start; now < start + time;) {
    if (const auto wait = door.pause(now); wait > 0ms) {
      now += wait;
      continue;
    }
    if (door.enter(address, now)) door.leave(address);
    ++count;
  }
  return count;
}

TEST(TheDoor, LetsABurstInAndThenARate) {
  Admission door({100, 10, 10});
  EXPECT_EQ(let_in(door, 1ms), 100);
  Admission other({100, 10, 10});
  EXPECT_NEAR(let_in(other, 10s), 1100, 20);
}

TEST(TheDoor, ForgetsNoMoreThanASecondOfQuiet) {
  Admission door({100, 10, 10});
  (void)let_in(door, 1ms);
  EXPECT_EQ(door.pause(start + 1h), 0ms);
  int burst = 0;
  while (door.pause(start + 1h) == 0ms) (void)door.enter("a" + std::to_string(++burst), start + 1h);
  EXPECT_EQ(burst, 100);
}

TEST(TheDoor, CountsTheRefusedAsWorkToo) {
  Admission door({10, 10, 1});
  EXPECT_TRUE(door.enter("a", start));
  for (int i = 0; i < 9; ++i) EXPECT_FALSE(door.enter("a", start));
  EXPECT_GT(door.pause(start), 0ms);
}

TEST(AnAddress, HasItsShareAndGetsItBack) {
  Admission door({1000, 10, 2});
  EXPECT_TRUE(door.enter("a", start));
  EXPECT_TRUE(door.enter("a", start));
  EXPECT_FALSE(door.enter("a", start));
  EXPECT_TRUE(door.enter("b", start)) << "another address";
  door.leave("a");
  EXPECT_TRUE(door.enter("a", start));
}

TEST(AnAddress, IsForgottenWithItsLastConnection) {
  Admission door({1000, 10, 2});
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(door.enter(std::to_string(i), start));
    door.leave(std::to_string(i));
  }
  EXPECT_EQ(door.addresses(), 0U);
  door.leave("never came");
}

TEST(ATrustedBalancer, HasNoShareAndItsNeighboursHave) {
  Admission door({1000, 10, 1, {"192.0.2.7", "10.1.0.0/28", "2001:db8::/32"}});
  for (int i = 0; i < 10; ++i)
    for (const auto* balancer : {"192.0.2.7", "10.1.0.0", "10.1.0.15", "2001:db8::1", "2001:db8:ffff::1"}) EXPECT_TRUE(door.enter(balancer, start)) << balancer;
  EXPECT_EQ(door.addresses(), 0U);
  door.leave("192.0.2.7");
  for (const auto* neighbour : {"192.0.2.8", "10.1.0.16", "2001:db9::1", "::1"}) {
    EXPECT_TRUE(door.enter(neighbour, start));
    EXPECT_FALSE(door.enter(neighbour, start)) << neighbour;
  }
}

TEST(ATrustedBalancer, WaitsForItsHandshakesAsEverybodyDoes) {
  Admission door({100, 10, 1, {"192.0.2.1"}});
  EXPECT_NEAR(let_in(door, 10s), 1100, 20);
}

TEST(Handshakes, AreCrowdedBeyondTheirLimit) {
  const Admission door({1, 3, 1});
  EXPECT_FALSE(door.crowded(3));
  EXPECT_TRUE(door.crowded(4));
}

}  // namespace
}  // namespace wb::link
