// Two replicating controllers under Kerberos: each is its own KDC, so who loses one has the tickets of the other. Run with: ad-lab
// run -2 <program>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/controller_trouble.hpp"
#include "tests/integration/directory_world.hpp"

namespace wb::ldap {
namespace {

using namespace std::chrono_literals;
using namespace wb::test;
using Clock = std::chrono::steady_clock;

constexpr auto bound = 5s;  // Settings::failover_timeout, as it comes
const std::string dc1 = "dc1.corp.example", dc2 = "dc2.corp.example";

class ADomainOfTwoKdcs : public testing::Test {
 protected:
  static Settings both() {
    auto settings = lab_settings();
    settings.encryption = Encryption::kerberos;
    settings.uris = {"ldap://" + dc1, "ldap://" + dc2};
    settings.principal = env("AD_PRINCIPAL");
    settings.keytab_file = env("AD_KEYTAB");
    return settings;
  }
  static std::string dc_of_probe(Directory& directory) {
    auto account = directory.find("alice");
    EXPECT_TRUE(account && *account) << (account ? "not found" : account.error().where + ": " + account.error().detail);
    return account && *account ? (*account)->pre.dc : std::string();
  }
  static void expect_served_by_the_other_in_time(Directory& directory, const char* how) {
    const auto start = Clock::now();
    EXPECT_EQ(dc_of_probe(directory), dc2) << how;
    const auto took = Clock::now() - start;
    EXPECT_LT(took, bound) << how;
    const auto account = found(directory, fresh_user());
    const auto password = distinct_password();
    const auto answer = directory.write_password(order_for(account), secret(password));
    ASSERT_TRUE(answer) << answer.error().where << ": " << answer.error().detail;
    EXPECT_EQ(answer->refusal, Refusal::none) << answer->detail;
    std::printf("  %s: left after %ld ms\n", how, static_cast<long>(took / 1ms));
  }
};

TEST_F(ADomainOfTwoKdcs, LeavesOneThatStandsStill) {
  const auto directory = open_directory(both());
  ASSERT_EQ(dc_of_probe(*directory), dc1);
  const Frozen frozen("dc1");
  expect_served_by_the_other_in_time(*directory, "frozen");
}

TEST_F(ADomainOfTwoKdcs, LeavesOneThatStoodStillFromTheBeginning) {
  const Frozen frozen("dc1");
  const auto directory = open_directory(both());
  expect_served_by_the_other_in_time(*directory, "frozen before the first ticket");
}

TEST_F(ADomainOfTwoKdcs, LeavesOneWhosePacketsVanish) {
  const auto directory = open_directory(both());
  ASSERT_EQ(dc_of_probe(*directory), dc1);
  const BlackHole hole("127.0.0.53");
  ASSERT_TRUE(hole.good());
  expect_served_by_the_other_in_time(*directory, "black-holed");
}

TEST_F(ADomainOfTwoKdcs, IsFoundInDnsOnPort389) {
  auto settings = both();
  settings.uris.clear();
  EXPECT_EQ(dc_of_probe(*open_directory(settings)), dc1);
  settings.encryption = Encryption::starttls;
  EXPECT_EQ(dc_of_probe(*open_directory(settings)), dc1);
}

TEST_F(ADomainOfTwoKdcs, ZLeavesOneThatIsDead) {  // the last: it does not come back
  const auto directory = open_directory(both());
  ASSERT_EQ(dc_of_probe(*directory), dc1);
  ::kill(-group_of("dc1"), SIGKILL);
  expect_served_by_the_other_in_time(*directory, "dead");
}

}  // namespace
}  // namespace wb::ldap
