// The OpenLDAP dialect beside a server that is wrongly set up, gone, or standing still.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/clock.hpp"
#include "tests/integration/open_ldap_world.hpp"

namespace wb::ldap {
namespace {

using namespace wb::test;
using testing::HasSubstr;

std::string reason_of(const Settings& settings) {
  auto state = open_directory(settings)->check();
  EXPECT_EQ(state.ready, state.reason.empty());
  return state.reason;
}

TEST(AnOpenLdapServer, IsReadyWhenEverythingIsRight) {
  auto settings = lab_settings();
  settings.named_groups = {"cn=admins,ou=groups," + env("SLAPD_BASE"), "cn=wheel,ou=groups," + env("SLAPD_BASE")};
  const auto state = open_directory(settings)->check();
  EXPECT_TRUE(state.ready) << state.reason;
  EXPECT_TRUE(state.marker && state.hints);
  EXPECT_EQ("ldaps://" + state.dc, env("SLAPD_LDAPS_URI"));
}

TEST(AnOpenLdapServer, IsServedOverStartTls) {
  auto settings = lab_settings();
  settings.encryption = Encryption::starttls;
  settings.uris = {env("SLAPD_LDAP_URI")};
  const auto directory = open_directory(settings);
  const auto state = directory->check();
  EXPECT_TRUE(state.ready) << state.reason;
  EXPECT_EQ("ldap://" + state.dc, env("SLAPD_LDAP_URI"));
  const auto account = found(*directory, fresh_user());
  const auto answer = directory->write_password(order_for(account), secret("Starttls-Passw0rd-1"));
  ASSERT_TRUE(answer) << answer.error().detail;
  EXPECT_EQ(answer->refusal, Refusal::none) << answer->detail;
  EXPECT_EQ(bind_code(account.dn, "Starttls-Passw0rd-1"), 0);
}

TEST(AnOpenLdapServer, IsNotReadyWhereAProtectedGroupCannotBeSeen) {
  auto settings = lab_settings();
  for (const std::string& group : std::vector<std::string>{"cn=hidden", "cn=none"}) {
    settings.named_groups = {group + ",ou=groups," + env("SLAPD_BASE")};
    EXPECT_THAT(reason_of(settings), HasSubstr("the group " + group));
  }
}

TEST(AnOpenLdapServer, IsNotReadyWhereThePolicyIsNotKnown) {
  auto settings = lab_settings();
  settings.policy_dn.clear();
  EXPECT_THAT(reason_of(settings), HasSubstr("name the default one in policy_dn"));
  settings.policy_dn = "cn=none,ou=policies," + env("SLAPD_BASE");
  EXPECT_THAT(reason_of(settings), HasSubstr("is not readable"));
}

TEST(AnOpenLdapServer, IsNotReadyWithAMarkerThatCannotBeSwapped) {
  auto settings = lab_settings();
  settings.marker_attribute = "description";
  EXPECT_THAT(reason_of(settings), HasSubstr("not single-valued"));
  settings.marker_attribute = "wbNone";
  EXPECT_THAT(reason_of(settings), HasSubstr("not in the schema"));
  settings.marker_attribute = "preferredLanguage";
  EXPECT_EQ(reason_of(settings), "");
}

TEST(AnOpenLdapServer, IsNotReadyWithoutItsBase) {
  auto settings = lab_settings();
  settings.base_dn = "ou=None," + env("SLAPD_BASE");
  EXPECT_THAT(reason_of(settings), HasSubstr("is not there"));
}

TEST(AnOpenLdapServer, IsNotReadyWithTheWrongPasswordOrAuthority) {
  auto settings = lab_settings();
  settings.bind_dn = "cn=nobody," + env("SLAPD_BASE");
  EXPECT_THAT(reason_of(settings), HasSubstr("ldap.bind"));
  settings = lab_settings();
  settings.ca_file = "/etc/ssl/certs/ca-certificates.crt";
  EXPECT_THAT(reason_of(settings), HasSubstr("ldap.tls"));
}

TEST(AnOpenLdapServer, WithoutAMarkerStillTakesAnOrderOnce) {
  auto settings = lab_settings();
  settings.marker_attribute.clear();
  auto directory = open_directory(settings);
  const auto account = found(*directory, fresh_user());
  auto order = order_for(account);
  order.marker.clear();
  auto first = directory->write_password(order, secret("New-Passw0rd-1"));
  ASSERT_TRUE(first && first->refusal == Refusal::none);
  EXPECT_EQ(root_read(account.dn, "wbLastJob"), "");
  auto second = directory->write_password(order, secret("New-Passw0rd-2"));
  ASSERT_TRUE(second);
  EXPECT_EQ(second->refusal, Refusal::swap_failed);
  auto voided = directory->write_marker(account.sub, account.pre, "wb1;x;1;V");
  ASSERT_FALSE(voided);
  EXPECT_EQ(voided.error().kind, Fault::Kind::refused);
}

TEST(AnOpenLdapServer, TellsAfterwardsThatTheServiceAccountHasTooMuchAccess) {
  auto settings = lab_settings();
  settings.bind_dn = "cn=svc-manage," + env("SLAPD_BASE");
  auto directory = open_directory(settings);
  auto answer = directory->write_password(order_for(found(*directory, fresh_user())), secret("short"));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->refusal, Refusal::none) << "slapd binds manage access by no policy";
  EXPECT_THAT(answer->detail, HasSubstr("manage access"));
}

TEST(AnOpenLdapServer, OfAnotherPinIsNotAsked) {
  auto directory = open_directory(lab_settings());
  auto account = found(*directory, fresh_user());
  account.pre.dc = "ldap2.example.org";
  auto answer = directory->write_password(order_for(account), secret("New-Passw0rd-1"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, Fault::Kind::unreachable);
  EXPECT_EQ(answer.error().where, "ldap.pinned");
  auto read = directory->read(account.sub, account.pre.dc);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().where, "ldap.pinned");
}

class AFrozenOpenLdap : public testing::Test {
 protected:
  AFrozenOpenLdap() {
    settings_.connect_timeout = std::chrono::milliseconds(600);
    settings_.operation_timeout = std::chrono::milliseconds(500);
    directory_ = open_directory(settings_);
  }
  Settings settings_ = lab_settings();
  std::unique_ptr<Directory> directory_;
};

TEST_F(AFrozenOpenLdap, IsGivenUpWithinTheDeadlineAndSettledByReading) {
  const auto account = found(*directory_, fresh_user());
  const auto order = order_for(account);
  {
    const Frozen frozen;
    const Stopwatch watch;
    auto answer = directory_->write_password(order, secret("New-Passw0rd-1"));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, Fault::Kind::timed_out) << "it was sent: its effect is not known";
    EXPECT_LT(watch.ms(), 1'000);
    auto read = directory_->read(account.sub);
    ASSERT_FALSE(read);
    EXPECT_FALSE(directory_->check().ready);
    EXPECT_LT(watch.ms(), 3'000);
  }
  // It was in the server's hands and landed when that woke up.
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  std::optional<Account> now;
  while ((!now || now->pre.mk != order.marker) && std::chrono::steady_clock::now() < until) {
    if (auto read = directory_->read(account.sub); read && *read) now = **read;
  }
  ASSERT_TRUE(now);
  EXPECT_EQ(now->pre.mk, order.marker);
  EXPECT_EQ(bind_code(account.dn, "New-Passw0rd-1"), 0);
  auto again = directory_->write_password(order, secret("New-Passw0rd-2"));
  ASSERT_TRUE(again) << again.error().detail;
  EXPECT_EQ(again->refusal, Refusal::swap_failed);
}

TEST_F(AFrozenOpenLdap, IsNotWaitedForWhenNothingIsOpenYet) {
  const Frozen frozen;
  const Stopwatch watch;
  auto nobody = directory_->find("alice");
  ASSERT_FALSE(nobody);
  EXPECT_LT(watch.ms(), 1'500);
}

}  // namespace
}  // namespace wb::ldap
