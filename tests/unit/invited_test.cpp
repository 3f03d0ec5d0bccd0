// Who is invited to register, and who is not.
#include <gtest/gtest.h>

#include <filesystem>

#include "service/sspr/invited.hpp"

namespace wb::service::sspr {
namespace {

constexpr UnixSeconds now = 1'800'000'000;

struct ABookOfInvitations : testing::Test {
  std::filesystem::path folder = [] { std::string name = "/tmp/wb-invited-XXXXXX"; return std::filesystem::path(::mkdtemp(name.data())); }();
  Store store = Store::open(folder / "store.sqlite", "default").value();
  InvitedBook book{store};
  Settings rules;
  const Actor by{ActorKind::operator_};
  ABookOfInvitations() { rules.scope = Scope::all; }
  ~ABookOfInvitations() override { std::filesystem::remove_all(folder); }

  Person person(int number, const std::string& mail = "somebody@corp.example") {
    Person one;
    one.domain = "corp.example", one.sub = "7c1f0f4a-0000-4000-8000-00000000000" + std::to_string(number), one.name = "p", one.mail = mail, one.seen = now;
    EXPECT_TRUE(People(store.database()).saw(one));
    return one;
  }
  std::size_t rows() { return store.audit().page({{}, Activity::invited, {}, {}}, 0, 100).value().rows.size(); }
};

TEST_F(ABookOfInvitations, TakesAnOrderOnceAndKnowsWhatWasWritten) {
  const auto alice = person(1);
  EXPECT_FALSE(book.order(rules, alice, by, now, false).value());
  EXPECT_EQ(book.order(rules, alice, by, now, true).value(), NotInvited::lately) << "a letter is ordered already";
  auto waiting = book.waiting(10).value();
  ASSERT_EQ(waiting.size(), 1u);
  EXPECT_EQ(waiting[0].written, 0);
  ASSERT_TRUE(book.settle(waiting[0], true, now));
  EXPECT_TRUE(book.waiting(10).value().empty());
  EXPECT_EQ(book.of(alice.domain, alice.sub).value()->written, 1);
  EXPECT_EQ(rows(), 1u);
}

TEST_F(ABookOfInvitations, RemindsAfterSevenDaysAndWhoIsMeantByNameAtOnce) {
  const auto alice = person(1);
  ASSERT_FALSE(book.order(rules, alice, by, now, false).value());
  ASSERT_TRUE(book.settle(book.waiting(1).value()[0], true, now));
  EXPECT_EQ(book.order(rules, alice, by, now + invited_again_s - 1, false).value(), NotInvited::lately);
  EXPECT_FALSE(book.order(rules, alice, by, now + invited_again_s, false).value());
  EXPECT_EQ(book.waiting(1).value()[0].written, 1) << "this one is a reminder";
  ASSERT_TRUE(book.settle(book.waiting(1).value()[0], true, now + invited_again_s));
  EXPECT_FALSE(book.order(rules, alice, by, now + invited_again_s + 1, true).value());
}

TEST_F(ABookOfInvitations, ForgetsALetterThatCouldNotBeWritten) {
  const auto alice = person(1);
  ASSERT_FALSE(book.order(rules, alice, by, now, false).value());
  ASSERT_TRUE(book.settle(book.waiting(1).value()[0], false, now));
  EXPECT_FALSE(book.of(alice.domain, alice.sub).value());
  EXPECT_FALSE(book.order(rules, alice, by, now, false).value()) << "it may be ordered anew";
}

TEST_F(ABookOfInvitations, InvitesNobodyWhoNeedsNoneOrCanGetNone) {
  auto frozen = person(1);
  frozen.frozen = 1;
  EXPECT_EQ(not_invited(rules, frozen, {}, {}, now, true), NotInvited::not_needed);
  EXPECT_EQ(not_invited(rules, person(2), {Method::app_code}, {}, now, true), NotInvited::not_needed);
  EXPECT_EQ(not_invited(rules, person(3, ""), {}, {}, now, true), NotInvited::no_mailbox);
  rules.scope = Scope::none;
  EXPECT_EQ(not_invited(rules, person(4), {}, {}, now, true), NotInvited::not_needed);
}

TEST_F(ABookOfInvitations, GoesThroughAllWhoAreMissingPageByPage) {
  for (int number = 1; number <= 5; ++number) person(number, number == 3 ? "" : "somebody@corp.example");
  const auto first = book.order_missing(rules, "corp.example", "", 3, by, now).value();
  EXPECT_EQ(first.ordered, 2);
  const auto second = book.order_missing(rules, "corp.example", first.next, 3, by, now).value();
  EXPECT_EQ(second.ordered, 2);
  EXPECT_TRUE(second.next.empty());
  EXPECT_EQ(book.order_missing(rules, "corp.example", "", 100, by, now).value().ordered, 0) << "all are ordered";
  EXPECT_EQ(book.order_missing(rules, "other.example", "", 100, by, now).value().ordered, 0);
  EXPECT_EQ(rows(), 4u);
}

}  // namespace
}  // namespace wb::service::sspr
