// Active Directory over StartTLS: the same as over LDAPS, on the port that everybody has open.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "tests/integration/directory_world.hpp"

namespace wb::ldap {
namespace {

using namespace std::chrono_literals;
using namespace wb::test;
using testing::HasSubstr;
using Clock = std::chrono::steady_clock;

Settings over_starttls() {
  auto settings = lab_settings();
  settings.encryption = Encryption::starttls;
  settings.uris = {"ldap://dc1.corp.example"};
  settings.connect_timeout = 600ms;
  settings.operation_timeout = 500ms;
  return settings;
}
std::string reason_of(const Settings& settings) { return open_directory(settings)->check().reason; }

TEST(StartTls, CarriesAReset) {
  const auto directory = open_directory(over_starttls());
  const auto state = directory->check();
  EXPECT_TRUE(state.ready) << state.reason;
  EXPECT_EQ(state.dc, "dc1.corp.example");
  const auto account = found(*directory, fresh_user());
  const auto password = distinct_password();
  const auto answer = directory->write_password(order_for(account), secret(password));
  ASSERT_TRUE(answer) << answer.error().where << ": " << answer.error().detail;
  EXPECT_EQ(answer->refusal, Refusal::none) << answer->detail;
  EXPECT_EQ(bind_code(account.upn, password), 0);
}

TEST(StartTls, CarriesASignIn) {
  const auto directory = open_directory(over_starttls());
  const auto account = found(*directory, "alice");
  const auto right = directory->authenticate(account, secret(env("AD_USER_PW")));
  ASSERT_TRUE(right) << right.error().detail;
  EXPECT_EQ(right->sign_in, SignIn::accepted);
  const auto wrong = directory->authenticate(account, secret("Wrong-Passw0rd"));
  ASSERT_TRUE(wrong) << wrong.error().detail;
  EXPECT_EQ(wrong->sign_in, SignIn::wrong_password);
}

TEST(StartTls, RefusesACertificateOfAnotherAuthority) {
  auto settings = over_starttls();
  settings.ca_file = "/etc/ssl/certs/ca-certificates.crt";
  settings.connect_timeout = 10s;  // every authority there is, read twice: half a second where the machine is busy
  EXPECT_THAT(reason_of(settings), HasSubstr("ldap.tls: refused: dc1.corp.example: the certificate is not trusted: unable to get local issuer certificate"));
}

TEST(StartTls, RefusesACertificateForAnotherName) {
  const Relay relay(389);
  auto settings = over_starttls();
  settings.uris = {relay.uri("localhost")};
  EXPECT_THAT(reason_of(settings), HasSubstr("ostname mismatch"));
}

TEST(StartTls, GivesUpInTimeOnAServerThatDoesNotAnswerIt) {
  const SilentServer silent;
  auto settings = over_starttls();
  settings.uris = {silent.uri("ldap://")};
  const auto start = Clock::now();
  EXPECT_THAT(reason_of(settings), HasSubstr("ldap.starttls: timed_out: 127.0.0.1: no answer to StartTLS"));
  EXPECT_LT(Clock::now() - start, 900ms);
}

TEST(StartTls, GivesUpInTimeOnAControllerThatStandsStill) {
  const auto directory = open_directory(over_starttls());
  ASSERT_TRUE(directory->check().ready);
  ::kill(dc_pid(), SIGSTOP);
  auto start = Clock::now();
  const auto answer = directory->find("alice");
  const auto asked = Clock::now() - start;
  start = Clock::now();
  const auto state = directory->check();
  const auto connected = Clock::now() - start;
  ::kill(dc_pid(), SIGCONT);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, Fault::Kind::timed_out);
  EXPECT_LT(asked, 900ms);
  EXPECT_LT(connected, 1500ms);
  EXPECT_THAT(state.reason, HasSubstr("ldap.starttls: timed_out"));
  bool ready = false;  // on a loaded machine it wakes up more slowly than one check waits
  for (start = Clock::now(); !ready && Clock::now() - start < 30s;) ready = directory->check().ready;
  EXPECT_TRUE(ready);
}

TEST(StartTls, TakesNoUriOfAnotherScheme) {
  auto settings = over_starttls();
  settings.uris = {"ldaps://dc1.corp.example"};
  EXPECT_THAT(reason_of(settings), HasSubstr("only ldap:// goes with encryption starttls or kerberos"));
}

}  // namespace
}  // namespace wb::ldap
