#include "policy/volume.hpp"

#include <gtest/gtest.h>

namespace wb::policy {
namespace {

constexpr UnixSeconds start = 1'795'338'840;
VolumeLimits limits() { return {.per_minute = 10, .per_hour = 100, .account_per_minute = 2, .account_per_hour = 4}; }
std::string account(int i) { return "account-" + std::to_string(i); }

TEST(AnAccount, IsWrittenOnlySoOftenAMinuteAndAnHour) {
  Volume volume(limits());
  EXPECT_FALSE(volume.take(start, "a").refused);
  EXPECT_FALSE(volume.take(start + 10, "a").refused);
  const auto third = volume.take(start + 20, "a");
  EXPECT_TRUE(third.refused);
  EXPECT_EQ(third.flood, Flood::account);
  EXPECT_EQ(third.limit, "account_per_minute");
  EXPECT_EQ(third.retry_after, start + 60);
  EXPECT_FALSE(third.alarm);
  EXPECT_FALSE(volume.take(start + 20, "b").refused) << "another account is another matter";
  EXPECT_TRUE(volume.take(start + 59, "a").refused);
  EXPECT_FALSE(volume.take(start + 60, "a").refused);
  EXPECT_FALSE(volume.take(start + 200, "a").refused);
  const auto fifth = volume.take(start + 400, "a");
  EXPECT_EQ(fifth.limit, "account_per_hour");
  EXPECT_EQ(fifth.retry_after, start + 3600);
  EXPECT_TRUE(volume.take(start + 3599, "a").refused);
  EXPECT_FALSE(volume.take(start + 3600, "a").refused);
}

TEST(AFlood, OpensTheBreakerOnceAndGetsNoMoreThanTheLimit) {
  Volume volume(limits());
  int written = 0, alarms = 0;
  for (int i = 0; i < 50; ++i) {
    const auto verdict = volume.take(start, account(i));
    written += verdict.refused ? 0 : 1;
    alarms += verdict.alarm ? 1 : 0;
    if (verdict.refused) { EXPECT_EQ(verdict.flood, Flood::domain); }
  }
  EXPECT_EQ(written, 10);
  EXPECT_EQ(alarms, 1);
  EXPECT_EQ(volume.open_until(start), start + 60);
  EXPECT_FALSE(volume.take(start + 60, "later").refused);
  EXPECT_FALSE(volume.open_until(start + 60));
}

TEST(AFloodThatGoesOn, GetsLessThanTheLimitOfAnHour) {
  Volume volume(limits());
  int written = 0, alarms = 0;
  for (int second = 0; second < 3600; ++second) {
    const auto verdict = volume.take(start + second, account(second));
    written += verdict.refused ? 0 : 1;
    alarms += verdict.alarm ? 1 : 0;
  }
  EXPECT_LE(written, 100);
  EXPECT_GE(written, 50);
  EXPECT_GE(alarms, 1);
  EXPECT_LT(alarms, 15) << "it rings once an episode, not at each job";
}

TEST(AnOpenBreaker, ClosesWhenHalfOfTheLimitIsFree) {
  auto l = limits();
  l.per_minute = 1000;
  Volume volume(l);
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(volume.take(start + i * 20, account(i)).refused);
  const auto refused = volume.take(start + 2000, "x");
  EXPECT_EQ(refused.limit, "per_hour");
  EXPECT_TRUE(refused.alarm);
  EXPECT_EQ(refused.retry_after, start + 49 * 20 + 3600) << "the fiftieth must have left the window";
  EXPECT_TRUE(volume.take(start + 3600 + 48 * 20, "x").refused) << "49 are gone";
  EXPECT_FALSE(volume.take(start + 3600 + 49 * 20, "x").refused);
}

TEST(ARefusedWrite, DoesNotCount) {
  Volume volume(limits());
  for (int i = 0; i < 100; ++i) (void)volume.take(start, "a");
  EXPECT_EQ(volume.last_minute(start), 2);
  EXPECT_FALSE(volume.take(start + 60, "a").refused);
}

TEST(ARestart, ForgetsNothingOfTheLastHour) {
  Volume volume(limits());
  volume.restore(start - 3600, "a", start);
  for (int i = 0; i < 9; ++i) volume.restore(start - 20, account(i), start);
  volume.restore(start - 10, "a", start);
  EXPECT_EQ(volume.last_minute(start), 10);
  EXPECT_EQ(volume.last_hour(start), 10) << "what was an hour ago is over";
  const auto verdict = volume.take(start, "b");
  EXPECT_TRUE(verdict.refused);
  EXPECT_EQ(verdict.flood, Flood::domain);
  EXPECT_FALSE(volume.take(start + 41, "b").refused);
  EXPECT_FALSE(volume.take(start + 41, "a").refused);
  EXPECT_EQ(volume.take(start + 42, "a").limit, "account_per_minute") << "the one before the restart counts";
}

TEST(AClock, ThatIsSetBackForgetsNothingAndOneThatWasAheadLocksNobodyOut) {
  Volume volume(limits());
  (void)volume.take(start, "a");
  (void)volume.take(start, "a");
  EXPECT_TRUE(volume.take(start - 7200, "a").refused);
  Volume restored(limits());
  restored.restore(start + 86'400, "a", start);
  restored.restore(start + 86'400, "a", start);
  EXPECT_TRUE(restored.take(start, "a").refused);
  EXPECT_FALSE(restored.take(start + 60, "a").refused);
}

TEST(TheAuditMode, SaysWhatItWouldRefuseAndLetsItThrough) {
  auto l = limits();
  l.mode = Mode::audit;
  Volume volume(l);
  int flagged = 0;
  for (int i = 0; i < 10'000; ++i) {
    const auto verdict = volume.take(start, account(i));
    EXPECT_FALSE(verdict.refused);
    flagged += verdict.flood == Flood::domain ? 1 : 0;
  }
  EXPECT_EQ(flagged, 9'990);
  EXPECT_LE(volume.accounts(), 101U) << "what is remembered is bounded";
  EXPECT_FALSE(volume.open_until(start)) << "the domain stays ready";
}

TEST(ABreakerThatIsOff, LetsEverythingThroughAndRemembersNothing) {
  auto l = limits();
  l.mode = Mode::off;
  Volume volume(l);
  for (int i = 0; i < 1'000; ++i) EXPECT_EQ(volume.take(start, "a").flood, Flood::none);
  EXPECT_EQ(volume.accounts(), 0U);
}

TEST(WhatIsRemembered, IsBoundedAndEndsWithTheHour) {
  Volume volume(limits());
  for (int minute = 0; minute < 600; ++minute)
    for (int i = 0; i < 20; ++i) (void)volume.take(start + minute * 60, account(minute * 20 + i));
  EXPECT_LE(volume.accounts(), 100U);
  EXPECT_EQ(volume.last_hour(start + 600 * 60 + 3600), 0);
  EXPECT_EQ(volume.accounts(), 0U);
}

}  // namespace
}  // namespace wb::policy
