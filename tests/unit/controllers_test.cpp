#include "ldap/controllers.hpp"

#include <gtest/gtest.h>

namespace wb::ldap {
namespace {

using namespace std::chrono_literals;
constexpr double least = 0, half = 0.5;

Endpoint at(const std::string& host) { return *parse_uri("ldaps://" + host, Encryption::ldaps); }
std::vector<std::string> hosts(const std::vector<Endpoint>& list) {
  std::vector<std::string> out;
  for (const auto& one : list) out.push_back(one.host);
  return out;
}
using Hosts = std::vector<std::string>;

class Two : public testing::Test {
 protected:
  explicit Two(bool prefer_pdc = true) : all(Controllers::Timings(), prefer_pdc) { all.set({at("dc1"), at("dc2")}); }
  void answers(const std::string& host, bool pdc = false) {
    all.answered(at(host).uri, {host + ".corp.example", pdc, false, 1}, now);
    all.use(at(host).uri);
  }
  void seen(const std::string& host, bool pdc = false, bool read_only = false) { all.answered(at(host).uri, {host + ".corp.example", pdc, read_only, 1}, now); }
  void fails(const std::string& host, double dice = half) { all.failed(at(host).uri, "it does not answer", now, dice); }
  Hosts order(const std::string& dc = {}) { return hosts(all.order(dc, now)); }

  Controllers all;
  Deadline now = Deadline() + 1h;
};
class TwoControllers : public Two {};

TEST_F(TwoControllers, AreAskedInTheirOrderAtFirst) { EXPECT_EQ(order(), (Hosts{"dc1", "dc2"})); }

TEST_F(TwoControllers, AreLedByThePdcEmulator) {
  answers("dc1");
  seen("dc2", true);
  EXPECT_EQ(order(), (Hosts{"dc2", "dc1"})) << "as soon as it is known";
}

TEST_F(TwoControllers, AreLedByTheFirstWhereThatIsWanted) {
  Controllers listed(Controllers::Timings(), false);
  listed.set({at("dc1"), at("dc2")});
  listed.answered(at("dc2").uri, {"dc2.corp.example", true, false, 1}, now);
  listed.use(at("dc2").uri);
  EXPECT_EQ(hosts(listed.order({}, now)), (Hosts{"dc1", "dc2"}));
}

TEST_F(TwoControllers, FollowTheRoleWhenItMoves) {
  answers("dc1", true);
  seen("dc2");
  EXPECT_EQ(order(), (Hosts{"dc1", "dc2"}));
  all.roles("dc1.corp.example", false);
  all.roles("dc2.corp.example", true);
  EXPECT_EQ(order(), (Hosts{"dc2", "dc1"}));
}

TEST_F(TwoControllers, LeaveTheOneThatFails) {
  answers("dc1", true);
  seen("dc2");
  fails("dc1");
  EXPECT_EQ(order(), (Hosts{"dc2", "dc1"})) << "last, but still there: it may be the only one";
  answers("dc2");
  EXPECT_EQ(all.current(), "dc2.corp.example");
}

TEST_F(TwoControllers, GoBackOnlyAfterTheBetterOneHasBeenWellForAWhile) {
  answers("dc1", true);
  fails("dc1");
  answers("dc2");
  now += 5s;
  EXPECT_EQ(order(), (Hosts{"dc2", "dc1"})) << "nobody has seen it well";
  seen("dc1", true);
  EXPECT_EQ(order(), (Hosts{"dc2", "dc1"})) << "well for no time";
  now += 59s;
  EXPECT_EQ(order(), (Hosts{"dc2", "dc1"}));
  now += 1s;
  EXPECT_EQ(order(), (Hosts{"dc1", "dc2"}));
}

TEST_F(TwoControllers, BeginTheWaitAnewWhenItFailsAgain) {
  answers("dc1", true);
  fails("dc1");
  answers("dc2");
  now += 5s;
  seen("dc1", true);
  now += 30s;
  fails("dc1");
  now += 40s;
  seen("dc1", true);
  now += 59s;
  EXPECT_EQ(order(), (Hosts{"dc2", "dc1"}));
}

TEST_F(TwoControllers, AskOfANamedOneNothingElse) {
  answers("dc1");
  EXPECT_EQ(order("dc1.corp.example"), (Hosts{"dc1", "dc2"})) << "dc2 has not said yet who it is";
  seen("dc2");
  EXPECT_EQ(order("dc1.corp.example"), (Hosts{"dc1"}));
  EXPECT_EQ(order("dc3.corp.example"), (Hosts{}));
}

TEST_F(TwoControllers, NeverAskOneThatCannotWrite) {
  answers("dc1");
  seen("dc2", false, true);
  EXPECT_EQ(order(), (Hosts{"dc1"}));
  fails("dc1");
  EXPECT_EQ(order(), (Hosts{"dc1"}));
  seen("dc1", false, true);
  EXPECT_EQ(order(), (Hosts{}));
}

TEST_F(TwoControllers, AreShutOffLongerEachTime) {
  const auto shut_ms = [&] { return all.states(now).front().shut_ms; };
  fails("dc1", half);
  EXPECT_EQ(shut_ms(), 750);
  now += 1s;
  fails("dc1", half);
  EXPECT_EQ(shut_ms(), 1'500);
  now += 2s;
  fails("dc1", least);
  EXPECT_EQ(shut_ms(), 2'000) << "half of it by the dice at least";
  for (int i = 0; i < 10; ++i) now += 1min, fails("dc1", 0.999);
  EXPECT_LE(shut_ms(), 30'000);
  EXPECT_GT(shut_ms(), 29'000);
  seen("dc1");
  EXPECT_EQ(shut_ms(), 0);
  fails("dc1", half);
  EXPECT_EQ(shut_ms(), 750) << "from the beginning";
}

TEST_F(TwoControllers, CountOneFailureOnceHoweverManyWaited) {
  for (int i = 0; i < 8; ++i) fails("dc1");
  EXPECT_EQ(all.states(now).front().shut_ms, 750);
}

TEST_F(TwoControllers, SayThatANamedOneIsShut) {
  answers("dc1");
  EXPECT_FALSE(all.shut("dc1.corp.example", now));
  fails("dc1");
  EXPECT_EQ(all.shut("dc1.corp.example", now), "it does not answer");
  now += 1s;
  EXPECT_FALSE(all.shut("dc1.corp.example", now)) << "its time is over: try";
  EXPECT_FALSE(all.shut("dc9.corp.example", now));
}

TEST_F(TwoControllers, LookAtTheOthersInTheBackground) {
  EXPECT_EQ(all.to_look_at(now)->host, "dc1");
  answers("dc1", true);
  EXPECT_EQ(all.to_look_at(now)->host, "dc2") << "never looked at";
  all.looking(at("dc2").uri, now);
  seen("dc2");
  EXPECT_FALSE(all.to_look_at(now));
  now += 30s;
  EXPECT_EQ(all.to_look_at(now)->host, "dc2");
  seen("dc2");
  fails("dc1");
  answers("dc2");
  EXPECT_FALSE(all.to_look_at(now)) << "it is shut";
  now += 3s;
  EXPECT_EQ(all.to_look_at(now)->host, "dc1") << "soon, because it is the better one";
}

TEST_F(TwoControllers, KeepWhatIsKnownWhenTheListIsRenewed) {
  answers("dc1", true);
  fails("dc2");
  all.set({at("dc2"), at("dc3"), at("dc1"), at("dc3")}, at("dc2").uri);
  EXPECT_EQ(all.size(), 3U);
  EXPECT_EQ(all.current(), "dc1.corp.example");
  EXPECT_EQ(order(), (Hosts{"dc1", "dc3", "dc2"}));
  all.set({at("dc2"), at("dc3")});
  EXPECT_EQ(all.current(), "");
}

TEST_F(TwoControllers, BelieveDnsUntilTheControllerSpeaksForItself) {
  all.set({at("dc1"), at("dc2")}, at("dc2").uri);
  EXPECT_EQ(order(), (Hosts{"dc2", "dc1"}));
  seen("dc2", false);
  EXPECT_EQ(order(), (Hosts{"dc1", "dc2"}));
}

TEST(TheOnlyController, IsAskedWhateverItDid) {
  Controllers one(Controllers::Timings(), true);
  one.set({at("dc1")});
  const auto now = Deadline() + 1h;
  one.answered(at("dc1").uri, {"dc1.corp.example", true, false, 1}, now);
  one.failed(at("dc1").uri, "gone", now, half);
  EXPECT_EQ(hosts(one.order({}, now)), (Hosts{"dc1"}));
  EXPECT_EQ(hosts(one.order("dc1.corp.example", now)), (Hosts{"dc1"}));
  EXPECT_FALSE(one.shut("dc1.corp.example", now)) << "there is nobody else";
}

TEST(TheStatesOfControllers, SayWhatAnOperatorWantsToKnow) {
  Controllers all(Controllers::Timings(), true);
  all.set({at("dc1"), at("dc2")});
  const auto now = Deadline() + 1h;
  all.answered(at("dc1").uri, {"dc1.corp.example", true, false, 2.5}, now);
  all.use(at("dc1").uri);
  all.failed(at("dc2").uri, "ldap.connect: refused", now, half);
  const auto states = all.states(now);
  ASSERT_EQ(states.size(), 2U);
  EXPECT_TRUE(states[0].up && states[0].current && states[0].pdc && states[0].why.empty());
  EXPECT_EQ(states[0].dc, "dc1.corp.example");
  EXPECT_EQ(states[0].latency_ms, 2.5);
  EXPECT_FALSE(states[1].up || states[1].current);
  EXPECT_EQ(states[1].dc, "dc2") << "it has not said its name";
  EXPECT_EQ(states[1].why, "ldap.connect: refused");
}

}  // namespace
}  // namespace wb::ldap
