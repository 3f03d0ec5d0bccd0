// What the service keeps of people and of what their organisation has decided.
#include <gtest/gtest.h>

#include "service/sspr/people.hpp"
#include "service/sspr/schema.hpp"
#include "service/sspr/settings_store.hpp"

namespace wb::service::sspr {
namespace {

const std::string corp = "corp.example", alice = "7c1f0f4a-0000-4000-8000-000000000001", bob = "7c1f0f4a-0000-4000-8000-000000000002";

struct Kept : testing::Test {
  std::filesystem::path folder = [] {
    char name[] = "/tmp/wb-sspr-XXXXXX";
    return std::filesystem::path(::mkdtemp(name));
  }();
  queue::Database database = queue::Database::open(folder / "store.sqlite").value();
  People people{database};
  SettingsStore settings{database};
  Kept() { EXPECT_TRUE(database.migrate({schema, schema_2, schema_5})); }
  ~Kept() override { std::filesystem::remove_all(folder); }

  Person person(const std::string& sub = alice) { return {corp, sub, "alice@corp.example", "Alice Ä", "alice@corp.example", "de", {"CN=Staff,DC=corp,DC=example"}, 100, 0, 0}; }
  static RegisteredMethod method(const std::string& id, Method kind = Method::app_code) { return {id, kind, "phone", "wv1.1.AAAA", 0, 100, 0}; }
};

struct APerson : Kept {
  APerson() {
    EXPECT_TRUE(people.saw(person()));
    EXPECT_TRUE(people.add(corp, alice, method("1")).value());
  }
};

TEST_F(APerson, IsKeptAsTheDirectoryShowedThem) {
  EXPECT_EQ(people.find(corp, alice).value(), person());
  EXPECT_FALSE(people.find("other.example", alice).value()) << "a domain is a border";
}

TEST_F(APerson, StaysFrozenAndConfirmedWhenTheyAreSeenAgain) {
  ASSERT_TRUE(people.freeze(corp, alice, 7));
  ASSERT_TRUE(people.confirm(corp, alice, 8));
  auto again = person();
  again.name = "alice.new@corp.example", again.groups.clear();
  ASSERT_TRUE(people.saw(again));
  again.frozen = again.distrusted = 7, again.confirmed = 8;
  EXPECT_EQ(people.find(corp, alice).value(), again);
  ASSERT_TRUE(people.freeze(corp, alice, 0));
  EXPECT_EQ(people.find(corp, alice).value()->frozen, 0);
}

TEST_F(APerson, WhoWasThawedIsNotKnownByTheDevicesOfBefore) {
  EXPECT_EQ(people.find(corp, alice).value()->distrusted, 0);
  ASSERT_TRUE(people.freeze(corp, alice, 7));
  EXPECT_TRUE(people.frozen(corp, alice).value());
  EXPECT_FALSE(people.frozen(corp, "").value());
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(people.freeze(corp, alice, 0));
    EXPECT_FALSE(people.frozen(corp, alice).value());
    EXPECT_EQ(people.find(corp, alice).value()->frozen, 0);
    EXPECT_EQ(people.find(corp, alice).value()->distrusted, 7);
  }
  ASSERT_TRUE(people.freeze(corp, alice, 9));
  EXPECT_EQ(people.find(corp, alice).value()->frozen, 9);
  EXPECT_EQ(people.find(corp, alice).value()->distrusted, 9);
}

TEST_F(APerson, HasMethodsThatNobodyElseCanTakeAway) {
  EXPECT_EQ(people.methods(corp, alice).value(), std::vector{method("1")});
  EXPECT_FALSE(people.remove(corp, bob, "1").value());
  EXPECT_FALSE(people.remove("other.example", alice, "1").value());
  EXPECT_TRUE(people.remove(corp, alice, "1").value());
  EXPECT_TRUE(people.methods(corp, alice).value().empty());
}

TEST_F(APerson, HasAsManyMethodsAsMayBe) {
  for (int i = 2; i <= methods_max; ++i) EXPECT_TRUE(people.add(corp, alice, method(std::to_string(i))).value());
  EXPECT_FALSE(people.add(corp, alice, method("x")).value());
  EXPECT_EQ(people.methods(corp, alice).value().size(), static_cast<std::size_t>(methods_max));
}

TEST_F(APerson, WhoIsNotKnownGetsNoMethod) { EXPECT_FALSE(people.add(corp, bob, method("9"))); }

TEST_F(APerson, UsesAStepOfTheirAppOnce) {
  EXPECT_TRUE(people.spend_step("1", 50).value());
  EXPECT_FALSE(people.spend_step("1", 50).value());
  EXPECT_FALSE(people.spend_step("1", 49).value());
  EXPECT_TRUE(people.spend_step("1", 51).value());
  EXPECT_FALSE(people.spend_step("nothing", 1).value());
}

TEST_F(APerson, WhoIsErasedLeavesNothing) {
  ASSERT_TRUE(people.saw(person(bob)));
  EXPECT_TRUE(people.erase(corp, alice).value());
  EXPECT_FALSE(people.find(corp, alice).value());
  EXPECT_TRUE(people.methods(corp, alice).value().empty());
  EXPECT_TRUE(people.find(corp, bob).value());
  EXPECT_FALSE(people.erase(corp, alice).value());
}

TEST_F(APerson, IsFoundForANewKeyOfTheVault) {
  ASSERT_TRUE(people.add(corp, alice, method("2", Method::email)));
  const auto old = people.not_under("wv1.2.", 10).value();
  ASSERT_EQ(old.size(), 2U);
  EXPECT_EQ(old[1].sub, alice);
  ASSERT_TRUE(people.reseal("1", "wv1.2.BBBB"));
  EXPECT_EQ(people.not_under("wv1.2.", 10).value().size(), 1U);
}

TEST_F(Kept, PeopleAreListedPageByPage) {
  ASSERT_TRUE(people.saw(person(alice)));
  ASSERT_TRUE(people.saw(person(bob)));
  const auto first = people.list(corp, "", 1).value();
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(people.list(corp, first[0].sub, 10).value()[0].sub, bob);
}

TEST_F(Kept, SettingsOfADomainThatHasNoneLetNobodyIn) {
  const auto none = settings.current(corp).value();
  EXPECT_EQ(none.version, 0);
  EXPECT_EQ(none.settings.scope, Scope::none);
}

TEST_F(Kept, SettingsAreKeptInEveryVersion) {
  Settings first, second;
  first.scope = Scope::all;
  second.methods_required = 2;
  EXPECT_EQ(settings.put(corp, 0, first, "carol", 100).value(), 1);
  EXPECT_EQ(settings.put(corp, 1, second, "dave", 200).value(), 2);
  EXPECT_EQ(settings.current(corp).value().settings, second);
  EXPECT_EQ(settings.version(corp, 1).value()->settings, first);
  const auto all = settings.history(corp, 10).value();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].actor, "dave");
  EXPECT_EQ(all[1].at, 100);
  EXPECT_EQ(settings.current("other.example").value().version, 0);
}

TEST_F(Kept, SettingsOfWhoWasSlowerAreRefused) {
  EXPECT_TRUE(settings.put(corp, 0, Settings(), "carol", 100).value());
  EXPECT_FALSE(settings.put(corp, 0, Settings(), "dave", 101).value());
  EXPECT_EQ(settings.current(corp).value().actor, "carol");
}

TEST_F(Kept, ANameGoesToTheDomainOfItsLongestKnownSuffix) {
  ASSERT_TRUE(settings.route("example", "corp.example"));
  ASSERT_TRUE(settings.route("emea.example", "emea.example"));
  EXPECT_EQ(settings.domain_of("alice@corp.example").value(), "corp.example");
  EXPECT_EQ(settings.domain_of("alice@EMEA.example").value(), "emea.example");
  EXPECT_EQ(settings.domain_of("alice@sales.emea.example").value(), "emea.example");
  EXPECT_FALSE(settings.domain_of("alice@elsewhere.test").value());
  EXPECT_FALSE(settings.domain_of("alice@").value());
  EXPECT_FALSE(settings.domain_of("alice@ex ample").value());
  ASSERT_TRUE(settings.route("emea.example", ""));
  EXPECT_EQ(settings.routes().value(), (std::vector<SettingsStore::Route>{{"example", "corp.example"}}));
}

TEST_F(Kept, ANameWithoutASuffixGoesToTheOnlyDomainIfThereIsOne) {
  EXPECT_FALSE(settings.domain_of("alice").value());
  ASSERT_TRUE(settings.put(corp, 0, Settings(), "carol", 1));
  EXPECT_EQ(settings.domain_of("alice").value(), corp);
  EXPECT_EQ(settings.domain_of("CORP\\alice").value(), corp);
  ASSERT_TRUE(settings.put("other.example", 0, Settings(), "carol", 1));
  EXPECT_FALSE(settings.domain_of("alice").value());
}

}  // namespace
}  // namespace wb::service::sspr
