// Two replicating Samba controllers, one of which goes away in every way there is. Run with: ad-lab run -2 <program>
#include <gtest/gtest.h>
#include <ldap.h>
#include <unistd.h>

#include <csignal>
#include <future>

#include "tests/integration/controller_trouble.hpp"
#include "tests/integration/directory_world.hpp"

namespace wb::ldap {
namespace {

using namespace std::chrono_literals;
using namespace wb::test;
using Clock = std::chrono::steady_clock;

constexpr auto bound = 5s;    // Settings::failover_timeout, as it comes
constexpr auto at_once = 2s;  // far from `bound`, which it would be: a busy machine stands still for a second
const std::string dc1 = "dc1.corp.example", dc2 = "dc2.corp.example";

// ---- what is asked --------------------------------------------------------------------------------------------
class ADomainOfTwoControllers : public testing::Test {
 protected:
  static Settings both() {
    auto settings = lab_settings();
    settings.uris = {env("AD_URI"), env("AD_URI2")};
    return settings;
  }
  // Checks, as the agent does each few seconds, until `holds`.
  template <class Holds> static bool until(Directory& directory, Holds holds) {
    for (const auto end = Clock::now() + 20s; Clock::now() < end;)
      if (holds(directory.check())) return true;
    return false;
  }
  static std::chrono::milliseconds time_of(const std::function<void()>& what) {
    const auto start = Clock::now();
    what();
    return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start);
  }
  static std::string dc_of_probe(Directory& directory, const char* name = "alice") {
    auto account = directory.find(name);
    EXPECT_TRUE(account && *account) << (account ? "not found" : account.error().where + ": " + account.error().detail);
    return account && *account ? (*account)->pre.dc : std::string();
  }
  // A probe meets the trouble, and the next one does not even notice.
  static void expect_left_within_the_bound(Directory& directory, const char* how) {
    std::string first, second;
    const auto took = time_of([&] { first = dc_of_probe(directory); });
    EXPECT_LT(took, bound) << how;
    EXPECT_EQ(first, dc2) << how;
    EXPECT_LT(time_of([&] { second = dc_of_probe(directory); }), at_once) << how << ": known by now";
    EXPECT_EQ(second, dc2) << how;
    const auto state = directory.check();
    EXPECT_TRUE(state.ready) << how << ": " << state.reason;
    EXPECT_EQ(state.dc, dc2) << how;
    ASSERT_EQ(state.controllers.size(), 2U);
    EXPECT_FALSE(state.controllers[0].up) << how;
    EXPECT_FALSE(state.controllers[0].why.empty()) << how;
    std::printf("  %s: left after %ld ms: %s\n", how, static_cast<long>(took.count()), state.controllers[0].why.c_str());
  }
};

TEST_F(ADomainOfTwoControllers, IsLedByItsPdcEmulatorWhateverTheOrder) {
  auto settings = both();
  std::swap(settings.uris[0], settings.uris[1]);
  const auto directory = open_directory(settings);
  EXPECT_TRUE(until(*directory, [](const DirectoryState& state) { return state.dc == dc1; }));
  const auto controllers = directory->check().controllers;
  ASSERT_EQ(controllers.size(), 2U);
  EXPECT_FALSE(controllers[0].pdc);
  EXPECT_TRUE(controllers[1].pdc && controllers[1].current);
  EXPECT_GT(controllers[1].latency_ms, 0);
}

TEST_F(ADomainOfTwoControllers, IsLedByTheFirstOfTheListWhereThatIsConfigured) {
  auto settings = both();
  std::swap(settings.uris[0], settings.uris[1]);
  settings.prefer = Prefer::listed_first;
  const auto directory = open_directory(settings);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(directory->check().dc, dc2);
}

TEST_F(ADomainOfTwoControllers, LeavesOneThatStandsStillInTime) {
  const auto directory = open_directory(both());
  ASSERT_EQ(dc_of_probe(*directory), dc1);
  const Frozen frozen("dc1");
  expect_left_within_the_bound(*directory, "frozen");
}

TEST_F(ADomainOfTwoControllers, LeavesOneThatStoodStillFromTheBeginning) {
  const Frozen frozen("dc1");
  const auto directory = open_directory(both());
  expect_left_within_the_bound(*directory, "frozen before the first connection");
}

TEST_F(ADomainOfTwoControllers, LeavesOneWhosePacketsVanish) {
  const auto directory = open_directory(both());
  ASSERT_EQ(dc_of_probe(*directory), dc1);
  const BlackHole hole("127.0.0.53");
  ASSERT_TRUE(hole.good());
  expect_left_within_the_bound(*directory, "black-holed");
}

TEST_F(ADomainOfTwoControllers, LeavesOneThatIsTooSlow) {
  Relay relay;
  auto settings = both();
  settings.prefer = Prefer::listed_first;
  settings.uris[0] = relay.uri();
  const auto directory = open_directory(settings);
  ASSERT_EQ(dc_of_probe(*directory), dc1);
  relay.delay_answers(3s);
  expect_left_within_the_bound(*directory, "slow");
  relay.cut();
}

TEST_F(ADomainOfTwoControllers, LeavesOneThatStallsInTheHandshake) {
  const SilentServer silent;
  auto settings = both();
  settings.prefer = Prefer::listed_first;
  settings.uris[0] = silent.uri();
  const auto directory = open_directory(settings);
  expect_left_within_the_bound(*directory, "half open in the TLS handshake");
}

TEST_F(ADomainOfTwoControllers, IsAskedElsewhereThoughAllConnectionsAreStuck) {
  auto settings = both();
  settings.connections = 2;
  const auto directory = open_directory(settings);
  const auto one = order_for(found(*directory, fresh_user())), two = order_for(found(*directory, fresh_user()));
  const Frozen frozen("dc1");
  const auto stuck = [&](const WriteOrder& order) { return std::async(std::launch::async, [&] { return directory->write_password(order, secret(distinct_password())); }); };
  auto first = stuck(one), second = stuck(two);
  while (unread_requests() < 2) std::this_thread::yield();
  expect_left_within_the_bound(*directory, "with every connection in a write");
  for (auto* write : {&first, &second}) {
    const auto answer = write->get();
    EXPECT_FALSE(answer) << to_string(answer->refusal) << ' ' << answer->detail << ' ' << answer->directory_ms;
  }
}

TEST_F(ADomainOfTwoControllers, RefusesPinnedWorkAtOnceWhileThatControllerIsAway) {
  const auto directory = open_directory(both());
  const auto account = found(*directory, fresh_user());
  ASSERT_EQ(account.pre.dc, dc1);
  const Frozen frozen("dc1");
  (void)dc_of_probe(*directory);
  Result<WriteAnswer> answer = WriteAnswer{};
  EXPECT_LT(time_of([&] { answer = directory->write_password(order_for(account), secret(distinct_password())); }), at_once);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, Fault::Kind::unreachable) << "nothing was sent: it may be probed again";
  EXPECT_EQ(answer.error().where, "ldap.pinned");
}

TEST_F(ADomainOfTwoControllers, GoesBackWhenTheBetterOneHasBeenWellForAWhile) {
  auto settings = both();
  settings.fail_back_after = 2s;
  const auto directory = open_directory(settings);
  ASSERT_EQ(dc_of_probe(*directory), dc1);
  Clock::time_point well;
  {
    const Frozen frozen("dc1");
    ASSERT_EQ(dc_of_probe(*directory), dc2);
    well = Clock::now();
  }
  EXPECT_EQ(dc_of_probe(*directory), dc2) << "it is back, and may be gone the next moment";
  EXPECT_TRUE(until(*directory, [](const DirectoryState& state) { return state.dc == dc1; }));
  EXPECT_GE(Clock::now() - well, 2s);
}

TEST_F(ADomainOfTwoControllers, IsFoundInDnsByItsNameAlone) {
  auto settings = both();
  settings.uris.clear();
  settings.site = "Default-First-Site-Name";
  const auto directory = open_directory(settings);
  EXPECT_EQ(dc_of_probe(*directory), dc1) << "the PDC emulator, as DNS says";
  EXPECT_TRUE(until(*directory, [](const DirectoryState& state) { return state.controllers.size() == 2 && state.controllers[0].up && state.controllers[1].up; }));
}

TEST_F(ADomainOfTwoControllers, IsFoundInDnsThoughAControllerThatAnswersDnsStandsStill) {
  auto settings = both();
  settings.uris.clear();
  const Frozen frozen("dc1");
  const auto directory = open_directory(settings);
  EXPECT_TRUE(until(*directory, [](const DirectoryState& state) { return state.ready; })) << directory->check().reason;
  EXPECT_EQ(dc_of_probe(*directory), dc2);
}

// RFC 2782: what ldapsearch does with ldap:///dc=corp,dc=example. A check of the lab, not of ours.
TEST_F(ADomainOfTwoControllers, IsFoundByAnyLdapClientThatAsksDns) {
  char* hosts = nullptr;
  ASSERT_EQ(ldap_domain2hostlist("corp.example", &hosts), LDAP_SUCCESS);
  const std::string found = std::string(" ") + hosts + " ";
  ldap_memfree(hosts);
  for (const auto* host : {" dc1.corp.example:389 ", " dc2.corp.example:389 "}) EXPECT_NE(found.find(host), std::string::npos) << found;
}

TEST(ADomainThatDnsDoesNotKnow, IsNotReadyAndSaysWhy) {
  auto settings = lab_settings();
  settings.uris.clear();
  settings.domain = "nowhere.example";
  const auto state = open_directory(settings)->check();
  EXPECT_FALSE(state.ready);
  EXPECT_NE(state.reason.find("nowhere.example"), std::string::npos) << state.reason;
  EXPECT_NE(state.reason.find("dns."), std::string::npos) << state.reason;
}

TEST_F(ADomainOfTwoControllers, ZLeavesOneThatIsDeadAtOnce) {  // the last: it does not come back
  const auto directory = open_directory(both());
  ASSERT_EQ(dc_of_probe(*directory), dc1);
  ::kill(-group_of("dc1"), SIGKILL);
  EXPECT_LT(time_of([&] { EXPECT_EQ(dc_of_probe(*directory), dc2); }), at_once);
  EXPECT_TRUE(directory->check().ready);
}

}  // namespace
}  // namespace wb::ldap
