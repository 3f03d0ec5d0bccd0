// The service's signing keys in virtual time: announced a day ahead, both valid for another, none lost by a restart.
#include "service/keys.hpp"

#include <gtest/gtest.h>

#include "crypto/trust.hpp"

namespace wb::service {
namespace {
constexpr std::int64_t hour = 3600, day = 24 * hour;
const UnixSeconds born = 1'800'000'000;
const std::string iss = "https://reset.example";

class TheServicesKeys : public testing::Test {
 protected:
  TheServicesKeys() {
    char name[] = "/tmp/wb-sk-XXXXXX";
    folder = ::mkdtemp(name);
  }
  ~TheServicesKeys() override { std::filesystem::remove_all(folder); }
  Keys open(UnixSeconds now) { return Keys::open(folder, iss, now).value(); }
  // What an agent believes that is told these endorsements now.
  static std::set<std::string> believed(const Keys& keys, UnixSeconds now) {
    std::set<std::string> kids;
    for (const auto& jws : keys.endorsements(now)) kids.insert(crypto::check_endorsement(jws, keys.root().kid(), iss, now).value().kid());
    return kids;
  }
  std::filesystem::path folder;
};

TEST_F(TheServicesKeys, AreUsedAtOnceWhenThereWereNone) {
  const auto keys = open(born);
  EXPECT_EQ(believed(keys, born), std::set{keys.signing().kid()});
}

TEST_F(TheServicesKeys, AreAnnouncedADayBeforeTheySignAndOverlapForAnother) {
  auto keys = open(born);
  const auto first = keys.signing().kid();
  for (UnixSeconds now = born; now < born + 28 * day; now += 6 * hour) ASSERT_FALSE(keys.renew(now).value());
  ASSERT_TRUE(keys.renew(born + 28 * day).value()) << "agents must be told";
  EXPECT_EQ(believed(keys, born + 28 * day).size(), 2U);
  EXPECT_EQ(keys.signing().kid(), first);
  ASSERT_FALSE(keys.renew(born + 29 * day - 1).value());
  EXPECT_EQ(keys.signing().kid(), first);
  ASSERT_FALSE(keys.renew(born + 29 * day).value()) << "they know it since yesterday";
  const auto second = keys.signing().kid();
  EXPECT_NE(second, first);
  EXPECT_EQ(believed(keys, born + 29 * day), (std::set{first, second})) << "jobs signed by the first are on their way";
  EXPECT_TRUE(keys.renew(born + 30 * day + 60).value()) << "agents allow for a minute's skew";
  EXPECT_EQ(believed(keys, born + 30 * day), std::set{second});
}

TEST_F(TheServicesKeys, SignEveryHourOfTwoMonthsWithAKeyThatWasAnnouncedADayBefore) {
  auto keys = open(born);
  std::map<std::string, UnixSeconds> known{{keys.signing().kid(), born - day}};
  std::set<std::string> used;
  for (UnixSeconds now = born; now < born + 65 * day; now += hour) {
    (void)keys.renew(now).value();
    const auto now_believed = believed(keys, now);
    for (const auto& kid : now_believed) known.emplace(kid, now);
    ASSERT_TRUE(now_believed.contains(keys.signing().kid()));
    ASSERT_LE(known.at(keys.signing().kid()), now - day);
    used.insert(keys.signing().kid());
  }
  EXPECT_GE(used.size(), 3U);
}

TEST_F(TheServicesKeys, AreTheSameAfterARestartWithinTheAnnouncement) {
  auto keys = open(born);
  ASSERT_TRUE(keys.renew(born + 28 * day).value());
  const auto again = open(born + 28 * day + hour);
  EXPECT_EQ(again.signing().kid(), keys.signing().kid());
  EXPECT_EQ(believed(again, born + 28 * day + hour), believed(keys, born + 28 * day + hour));
}

TEST_F(TheServicesKeys, AreMadeNewAfterALongRest) {
  const auto first = open(born).signing().kid();
  EXPECT_NE(open(born + 60 * day).signing().kid(), first);
}

TEST_F(TheServicesKeys, ThatTheCommandLineRotatedAreTakenOver) {
  auto keys = open(born);
  const auto first = keys.signing().kid();
  auto other = open(born);
  EXPECT_FALSE(keys.news(born + hour));
  ASSERT_TRUE(other.rotate(born + hour, false));
  EXPECT_TRUE(keys.news(born + hour));
  EXPECT_TRUE(keys.renew(born + hour).value());
  EXPECT_FALSE(keys.news(born + hour));
  EXPECT_EQ(keys.signing().kid(), first);
  EXPECT_EQ(believed(keys, born + hour).size(), 2U);
}

TEST_F(TheServicesKeys, ThatWereWithdrawnAreBelievedNoMore) {
  auto keys = open(born);
  const auto first = keys.signing().kid();
  ASSERT_TRUE(open(born).rotate(born + hour, true));
  ASSERT_TRUE(keys.news(born + hour));
  EXPECT_TRUE(keys.renew(born + hour).value());
  EXPECT_NE(keys.signing().kid(), first);
  EXPECT_EQ(believed(keys, born + hour), std::set{keys.signing().kid()});
}

}  // namespace
}  // namespace wb::service
