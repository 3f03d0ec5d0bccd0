#include "service/limits.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <random>
#include <set>

#include "core/ids.hpp"
#include "service/device_token.hpp"
#include "service/guards_schema.hpp"

namespace wb::service {
namespace {

constexpr std::int64_t now = 1'900'000'000'000, minute = 60'000, hour = 60 * minute, day = 24 * hour;

// ---- the pure part ------------------------------------------------------------------------------------------
TEST(ALimit, HasRoomAgainAtTheVeryEndOfTheWindow) {
  const Limit limit{2, 1'000};
  EXPECT_EQ(decide(limit, {}, now), std::nullopt);
  EXPECT_EQ(decide(limit, {{now, 1}}, now), std::nullopt);
  EXPECT_EQ(decide(limit, {{now, 2}}, now), now + 1'000);
  EXPECT_EQ(decide(limit, {{now - 999, 1}, {now - 5, 1}}, now), now + 1);
  EXPECT_EQ(decide(limit, {{now - 1'000, 1}, {now - 5, 1}}, now), std::nullopt);
  EXPECT_EQ(decide(limit, {{now - 10, 3}, {now - 5, 1}}, now), now + 990) << "the older three leave first, and one is not too many";
  EXPECT_EQ(decide(limit, {{now - 10, 3}, {now - 5, 2}}, now), now + 995);
}

TEST(ALimit, OfNoneNeverHasRoom) { EXPECT_EQ(decide({0, 1'000}, {}, now), now + 1'000); }

// Whatever comes when: never more than `most` within any window, nobody waits longer than a window (and a slot), and at the time that
// was said there is room, and not a millisecond before.
TEST(ALimit, HoldsForAnySequenceOfAttempts) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    const Limit limit{1 + static_cast<std::int64_t>(random() % 6), 100 + static_cast<std::int64_t>(random() % 900), round % 3 == 0 ? 1 : 1 + static_cast<std::int64_t>(random() % 50)};
    std::vector<Counted> rows;
    std::vector<std::int64_t> let;
    std::int64_t at = now;
    for (int i = 0; i < 60; ++i) {
      at += static_cast<std::int64_t>(random() % 200);
      const auto until = decide(limit, rows, at);
      if (!until) {
        rows.push_back({at - at % limit.slot_ms, 1});
        let.push_back(at);
        continue;
      }
      ASSERT_GT(*until, at);
      ASSERT_LE(*until, at + limit.window_ms + limit.slot_ms - 1);
      ASSERT_EQ(decide(limit, rows, *until), std::nullopt) << "as it was said";
      ASSERT_NE(decide(limit, rows, *until - 1), std::nullopt) << "not before";
    }
    for (std::size_t i = 0; i + static_cast<std::size_t>(limit.most) < let.size(); ++i)
      ASSERT_GE(let[i + static_cast<std::size_t>(limit.most)] - let[i], limit.window_ms) << "one more than " << limit.most << " within a window";
  }
}

TEST(EveryKind, IsAtLeastAsStrictAsEntra) {
  EXPECT_LE(limit_of(LimitKind::account_failure).most, 5);
  EXPECT_GE(limit_of(LimitKind::account_failure).window_ms, day);
  EXPECT_LE(limit_of(LimitKind::gate).most, 5);
  EXPECT_GE(limit_of(LimitKind::gate).window_ms, hour);
  EXPECT_LE(limit_of(LimitKind::account_reset).most, 5);
  EXPECT_LE(limit_of(LimitKind::destination).most, 10);
  EXPECT_GE(limit_of(LimitKind::destination).window_ms, 10 * minute);
  std::set<std::string_view> names;
  for (const auto kind : limit_kinds) names.insert(to_string(kind));
  EXPECT_EQ(names.size(), std::size(limit_kinds));
}

// ---- in the store -------------------------------------------------------------------------------------------
struct AnAccount : testing::Test {
  std::filesystem::path folder = [] {
    std::string name = "/tmp/wb-limits-XXXXXX";
    return std::filesystem::path(::mkdtemp(name.data()));
  }();
  std::optional<queue::Database> database;
  std::optional<Limits> limits;
  const std::string alice = "corp.example/alice";
  explicit AnAccount(std::int64_t most_rows = Limits::rows_max) { start(most_rows); }
  ~AnAccount() override { std::filesystem::remove_all(folder); }

  void start(std::int64_t most_rows = Limits::rows_max) {
    limits.reset(), database.reset();
    database = queue::Database::open(folder / "store.sqlite").value();
    EXPECT_TRUE(database->migrate({"CREATE TABLE clients(id TEXT) STRICT", guards_schema}));
    limits.emplace(*database, Secret::copy_of(std::string(32, 'l')), most_rows);
  }
  std::optional<Limited> answers(std::int64_t at, std::optional<std::string> device = std::nullopt, std::string_view gate = "email") {
    return limits->take(answer_claims(alice, gate, device), at).value();
  }
  // To alice's address, asked for by `account`.
  std::optional<Limited> mails(std::int64_t at, std::optional<std::string> device = std::nullopt, const std::string& account = "corp.example/alice") {
    return limits->take(mail_claims("tenant", "alice@private.example", account, device), at).value();
  }
  std::int64_t rows() {
    auto q = database->query("SELECT count(*) FROM limits");
    EXPECT_TRUE(q.next().value());
    return q.number(0);
  }
};

TEST_F(AnAccount, HasFiveTriesInADay) {
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(answers(now + i * hour)) << i;
  const auto no = answers(now + 5 * hour);
  ASSERT_TRUE(no);
  EXPECT_EQ(no->kind, LimitKind::account_failure);
  EXPECT_EQ(no->until_ms, now + day);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(answers(now + 6 * hour + i));
  EXPECT_FALSE(answers(now + day)) << "hammering does not make it longer";
}

TEST_F(AnAccount, HasFiveTriesAnHourAtEachGateWithWhateverDevices) {
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(limits->take({{LimitKind::gate, "email", alice}}, now + i).value());
  EXPECT_EQ(limits->take({{LimitKind::gate, "email", alice}}, now + 10).value()->until_ms, now + hour);
  EXPECT_FALSE(limits->take({{LimitKind::gate, "app_code", alice}}, now + 10).value());
}

TEST_F(AnAccount, IsCountedWhenTheServiceComesBack) {
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(answers(now + i));
  start();
  EXPECT_TRUE(answers(now + 10));
}

TEST_F(AnAccount, IsCountedTogetherByAllWhoShareTheStore) {
  auto second = queue::Database::open(folder / "store.sqlite").value();
  Limits others(second, Secret::copy_of(std::string(32, 'l')));
  for (int i = 0; i < 5; ++i) EXPECT_FALSE((i % 2 == 0 ? *limits : others).take(answer_claims(alice, "email", std::nullopt), now + i).value());
  EXPECT_TRUE(answers(now + 10));
  EXPECT_TRUE(others.take(answer_claims(alice, "email", std::nullopt), now + 10).value());
}

TEST_F(AnAccount, IsNotKeptFromItsOwnerByStrangers) {
  for (int i = 0; i < 50; ++i) (void)answers(now + i);
  EXPECT_TRUE(answers(now + 60)) << "a stranger";
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(answers(now + 70 + i, "phone"));
  EXPECT_TRUE(answers(now + 80, "phone")) << "a known device has its limit too";
  EXPECT_FALSE(answers(now + 80, "laptop"));
}

TEST_F(AnAccount, GivesStrangersNothingForWhatItsOwnerDoes) {
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(answers(now + i));
  EXPECT_FALSE(answers(now + 6, "phone"));
  ASSERT_TRUE(limits->passed(alice, "phone", {"email"}));
  EXPECT_TRUE(answers(now + 7)) << "strangers have spent theirs";
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(answers(now + 10 + i, "phone")) << "and the phone has five again";
  ASSERT_TRUE(limits->passed(alice, std::nullopt, {"email"}));
  EXPECT_FALSE(answers(now + 20)) << "its owner, on a new device";
}

TEST_F(AnAccount, IsGivenBackWhatCameToNothingOnce) {
  const Claim claim{LimitKind::account_reset, alice, alice};
  for (int i = 0; i < 5; ++i) ASSERT_FALSE(limits->take({claim}, now + i).value());
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(limits->give_back(claim, now + 3));
  EXPECT_TRUE(limits->give_back(claim, now + 1'000)) << "never taken";
  EXPECT_FALSE(limits->take({claim}, now + 10).value());
  EXPECT_TRUE(limits->take({claim}, now + 10).value());
}

TEST_F(AnAccount, IsUnblockedByAHelpdesk) {
  for (int i = 0; i < 5; ++i) {
    EXPECT_FALSE(answers(now + i));
    EXPECT_FALSE(answers(now + i, "phone"));
  }
  ASSERT_FALSE(limits->take({{LimitKind::account_reset, alice, alice}}, now).value());
  ASSERT_FALSE(limits->take(answer_claims("corp.example/bob", "email", std::nullopt), now).value());
  const auto before = rows();
  EXPECT_EQ(limits->unblock(alice).value(), before - 2) << "all but bob's";
  EXPECT_FALSE(answers(now + 10));
  EXPECT_FALSE(answers(now + 10, "phone"));
  EXPECT_EQ(limits->unblock("corp.example/nobody").value(), 0);
}

// ---- mails that it asks for ---------------------------------------------------------------------------------
TEST_F(AnAccount, SendsTenMailsInTenMinutesToAnAddressHoweverManyAccountsAsk) {
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(mails(now + i, std::nullopt, "corp.example/" + std::to_string(i))) << i;
  const auto no = mails(now + 20);
  ASSERT_TRUE(no);
  EXPECT_EQ(no->kind, LimitKind::destination);
  EXPECT_EQ(no->until_ms, now + 10 * minute);
}

TEST_F(AnAccount, GetsMailsOnAKnownDeviceHoweverManyStrangersAskedFor) {
  for (int i = 0; i < 40; ++i) EXPECT_FALSE(mails(now + i * minute)) << i;
  const auto no = mails(now + hour);
  ASSERT_TRUE(no) << "a stranger";
  EXPECT_EQ(no->kind, LimitKind::destination_day);
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(mails(now + hour + i, "phone")) << i;
  EXPECT_TRUE(mails(now + hour + 20, "phone")) << "a known device has its limit too";
  EXPECT_FALSE(mails(now + hour + 20, "laptop"));
}

TEST_F(AnAccount, GetsMailsAgainOnceAHelpdeskHasUnblockedIt) {
  for (int i = 0; i < 40; ++i) {
    EXPECT_FALSE(mails(now + i * minute));
    EXPECT_FALSE(mails(now + i * minute, "phone"));
  }
  EXPECT_TRUE(mails(now + hour));
  EXPECT_TRUE(mails(now + hour, "phone"));
  EXPECT_EQ(limits->unblock("corp.example/bob").value(), 0);
  EXPECT_TRUE(mails(now + hour));
  EXPECT_GT(limits->unblock(alice).value(), 0);
  EXPECT_FALSE(mails(now + hour));
  EXPECT_FALSE(mails(now + hour, "phone"));
  auto q = database->query("SELECT sum(count) FROM limits WHERE kind='tenant_mail'");
  ASSERT_TRUE(q.next().value());
  EXPECT_EQ(q.number(0), 82) << "what the installation has sent, it has sent";
}

TEST_F(AnAccount, IsNotBlockedForLongerByAClockThatWasWrong) {
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(answers(now + 300 * day + i));
  const auto no = answers(now);  // set right
  ASSERT_TRUE(no);
  EXPECT_LE(no->until_ms, now + day);
  EXPECT_TRUE(answers(now + hour));
  EXPECT_FALSE(answers(now + day)) << "what came from the future counts as made when that was seen";
}

TEST_F(AnAccount, CountsAllOrNothing) {
  const std::vector<Claim> both{{LimitKind::tenant_mail, "t", {}}, {LimitKind::destination, "a@b", {}}};
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(limits->take(both, now + i).value());
  const auto before = rows();
  const auto no = limits->take(both, now + 20).value();
  ASSERT_TRUE(no);
  EXPECT_EQ(no->kind, LimitKind::destination);
  EXPECT_EQ(no->until_ms, now + 10 * minute);
  EXPECT_EQ(rows(), before);
}

TEST_F(AnAccount, SpendsItsTryWithWhatItIsSpentOnOrNotAtAll) {
  {
    auto guard = database->begin().value();
    EXPECT_FALSE(limits->take_within(answer_claims(alice, "email", std::nullopt), now).value());
  }
  EXPECT_EQ(rows(), 0) << "the caller's transaction was not committed";
}

TEST_F(AnAccount, StandsInTheFileUnderNoNameOfItsOwn) {
  ASSERT_FALSE(answers(now));
  ASSERT_FALSE(limits->take(mail_claims("tenant", "alice@private.example", alice, "phone"), now).value());
  auto q = database->query("SELECT kind, key, coalesce(account, x'') FROM limits");
  while (q.next().value())
    for (int i = 0; i < 3; ++i) EXPECT_EQ(q.text(i).find("alice"), std::string::npos);
}

TEST_F(AnAccount, LeavesNothingBehindWhenAllIsOver) {
  for (const auto kind : limit_kinds) EXPECT_FALSE(limits->take({{kind, "k", {}}}, now).value());
  ASSERT_TRUE(limits->prune(now + minute));
  EXPECT_EQ(rows(), static_cast<std::int64_t>(std::size(limit_kinds)));
  ASSERT_TRUE(limits->prune(now + day + 2 * minute));
  EXPECT_EQ(rows(), 0);
}

struct AFullTable : AnAccount {
  AFullTable() : AnAccount(100) {}
};

TEST_F(AFullTable, ForgetsTheOldestAddressesAndNothingElse) {
  for (int i = 0; i < 50; ++i) EXPECT_FALSE(limits->take({{LimitKind::solution, "s" + std::to_string(i), {}}}, now + i).value());
  for (int i = 0; i < 500; ++i) EXPECT_FALSE(limits->take({{LimitKind::address_start, std::to_string(i), {}}}, now + 10'000 * i / 500).value()) << i;
  EXPECT_LE(rows(), 101);
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(limits->take({{LimitKind::solution, "s" + std::to_string(i), {}}}, now + 20'000).value()) << "used is used";
}

TEST_F(AFullTable, RefusesWhenNothingMayBeForgotten) {
  for (int i = 0; i < 100; ++i) ASSERT_FALSE(limits->take({{LimitKind::solution, std::to_string(i), {}}}, now + i).value());
  const auto full = limits->take({{LimitKind::solution, "more", {}}}, now + 200);
  ASSERT_TRUE(full.has_error());
  EXPECT_EQ(full.error().kind, Fault::Kind::exhausted);
  EXPECT_TRUE(limits->take({{LimitKind::solution, "more", {}}}, now + hour)) << "the next quarter of an hour has room";
}

// ---- devices ------------------------------------------------------------------------------------------------
struct ADevice : testing::Test {
  Secret key = Secret::copy_of(std::string(32, 'd')), other = Secret::copy_of(std::string(32, 'e'));
  static constexpr UnixSeconds at = 1'900'000'000;
  std::string token = issue_device_token(key, "corp/alice", at);
};

TEST_F(ADevice, IsKnownByItsToken) {
  const auto device = known_device(key, token, "corp/alice", at + 60);
  ASSERT_TRUE(device);
  EXPECT_EQ(known_device(key, issue_device_token(key, "corp/alice", at + 90, device), "corp/alice", at + 100), device) << "renewed, it is the same";
  EXPECT_NE(known_device(key, issue_device_token(key, "corp/alice", at), "corp/alice", at), device);
  EXPECT_EQ(token.find("alice"), std::string::npos);
}

TEST_F(ADevice, IsNobodyElses) {
  EXPECT_FALSE(known_device(key, token, "corp/bob", at));
  EXPECT_FALSE(known_device(other, token, "corp/alice", at));
}

TEST_F(ADevice, IsForgottenInTime) {
  EXPECT_TRUE(known_device(key, token, "corp/alice", at + 179 * 86'400));
  EXPECT_FALSE(known_device(key, token, "corp/alice", at + 180 * 86'400));
  EXPECT_FALSE(known_device(key, token, "corp/alice", at - 301)) << "from the future";
  EXPECT_FALSE(known_device(key, token, "corp/alice", at + 60, at + 1)) << "before the account was frozen";
}

TEST_F(ADevice, CanNotBeMadeUp) {
  for (std::size_t i = 0; i < token.size(); ++i) {
    auto bad = token;
    bad[i] = bad[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(known_device(key, bad, "corp/alice", at)) << i;
  }
  for (const auto& bad : {std::string(), std::string("wbd1..."), token + ".", token + "A", token.substr(0, token.size() - 1), std::string(5'000, '.')}) EXPECT_FALSE(known_device(key, bad, "corp/alice", at));
}

}  // namespace
}  // namespace wb::service
