// The same directory when the world fails it: frozen, cut off, silent, or not who it should be.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>

#include "tests/integration/directory_world.hpp"

namespace wb::ldap {
namespace {

using namespace std::chrono_literals;
using namespace wb::test;
using Clock = std::chrono::steady_clock;

double cpu_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  auto seconds = [](const timeval& time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6; };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

Settings impatient() {
  auto settings = lab_settings();
  settings.connect_timeout = 600ms;
  settings.operation_timeout = 500ms;
  return settings;
}
Settings through(const Relay& relay) {
  auto settings = impatient();
  settings.uris = {relay.uri()};
  return settings;
}
DirectoryState checked(const Settings& settings) { return open_directory(settings)->check(); }
bool says(const DirectoryState& state, std::string_view words) { return !state.ready && state.reason.find(words) != std::string::npos; }

class AFrozenController : public testing::Test {
 protected:
  void freeze() { ASSERT_EQ(::kill(dc_pid(), SIGSTOP), 0); }
  void thaw() { ::kill(dc_pid(), SIGCONT); }
  ~AFrozenController() override { thaw(); }
};

TEST_F(AFrozenController, LeavesAWriteInDoubtInTimeAndSaysWhy) {
  const auto directory = open_directory(impatient());
  const auto account = found(*directory, fresh_user());
  const auto order = order_for(account);
  freeze();
  auto start = Clock::now();
  const auto answer = directory->write_password(order, secret(distinct_password()));
  EXPECT_LT(Clock::now() - start, 900ms);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, Fault::Kind::timed_out);
  EXPECT_EQ(answer.error().where, "ldap.modify");
  start = Clock::now();
  const auto state = directory->check();
  EXPECT_LT(Clock::now() - start, 1500ms);
  EXPECT_TRUE(says(state, "ldap.tls: timed_out: dc1.corp.example: no answer to the TLS handshake")) << state.reason;
  thaw();
  const auto again = directory->check();
  EXPECT_TRUE(again.ready) << again.reason;
  // Whether the controller still reads a request whose sender has gone is its own affair: written or not, never half.
  const auto now = directory->read(account.sub);
  ASSERT_TRUE(now && *now);
  EXPECT_EQ((*now)->pre.mk == order.marker, (*now)->pre.ver == account.pre.ver + 1);
}

TEST_F(AFrozenController, AnswersReadingsInTimeToo) {
  const auto directory = open_directory(impatient());
  const auto account = found(*directory, "alice");
  freeze();
  const auto answer = directory->read(account.sub);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, Fault::Kind::timed_out);
  thaw();
  EXPECT_TRUE(directory->read(account.sub));
}

TEST(ACutConnection, IsReplacedWithoutAWord) {
  Relay relay;
  const auto directory = open_directory(through(relay));
  const auto account = found(*directory, "alice");
  EXPECT_TRUE(directory->read(account.sub));
  EXPECT_EQ(relay.accepted(), 1) << "one held connection does it all";
  relay.cut();
  EXPECT_TRUE(directory->read(account.sub));
  EXPECT_EQ(relay.accepted(), 2);
  relay.cut();
  const auto written = directory->write_password(order_for(found(*directory, fresh_user())), secret(distinct_password()));
  ASSERT_TRUE(written) << written.error().detail;
  EXPECT_EQ(written->refusal, Refusal::none);
}

TEST(ALostAnswer, LeavesTheWriteInDoubtAndDiscardsTheConnection) {
  Relay relay;
  const auto directory = open_directory(through(relay));
  const auto account = found(*directory, fresh_user());
  const auto order = order_for(account);
  relay.swallow_answers(true);
  const auto answer = directory->write_password(order, secret(distinct_password()));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, Fault::Kind::timed_out);
  EXPECT_EQ(answer.error().where, "ldap.modify");
  relay.swallow_answers(false);
  const auto after = directory->read(account.sub);
  ASSERT_TRUE(after) << after.error().detail;
  EXPECT_EQ((*after)->pre.mk, order.marker) << "it was written";
  EXPECT_EQ(relay.accepted(), 2);
}

TEST(AConnectionCutDuringAWrite, LeavesItInDoubt) {
  Relay relay;
  auto settings = through(relay);
  settings.operation_timeout = 5s;
  const auto directory = open_directory(settings);
  const auto account = found(*directory, fresh_user());
  relay.swallow_answers(true);
  std::thread later([&] {
    while (admin_read(account.dn, "pwdLastSet") == account.pre.pls) std::this_thread::yield();
    relay.cut();
  });
  const auto answer = directory->write_password(order_for(account), secret(distinct_password()));
  later.join();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, Fault::Kind::lost);
}

TEST(AStalledHandshake, EndsAtTheDeadlineWithoutBurningTime) {
  const SilentServer server;
  auto settings = impatient();
  settings.uris = {server.uri()};
  const auto directory = open_directory(settings);
  const auto start = Clock::now();
  const double cpu = cpu_seconds();
  const auto state = directory->check();
  const auto took = Clock::now() - start;
  EXPECT_TRUE(says(state, "no answer to the TLS handshake")) << state.reason;
  EXPECT_GE(took, 500ms);
  EXPECT_LT(took, 900ms);
  EXPECT_LT(cpu_seconds() - cpu, 0.2);
}

TEST(AController, WithACertificateOfAnotherAuthorityIsRefused) {
  auto settings = lab_settings();  // with time for the system's store, which may have to come from the disk
  settings.ca_file = "";           // and does not know the lab's authority
  EXPECT_TRUE(says(checked(settings), "ldap.tls: refused: dc1.corp.example: the certificate is not trusted")) << checked(settings).reason;
  settings.ca_file = "/nonexistent/ca.pem";
  EXPECT_TRUE(says(checked(settings), "/nonexistent/ca.pem")) << checked(settings).reason;
}

TEST(AController, UnderAnotherNameThanItsCertificatesIsRefused) {
  const Relay relay;
  auto settings = impatient();
  settings.uris = {relay.uri("localhost")};
  EXPECT_TRUE(says(checked(settings), "ostname mismatch")) << checked(settings).reason;
}

TEST(AController, IsNeverSpokenToInTheClear) {
  auto settings = impatient();
  settings.uris = {"ldap://dc1.corp.example"};
  EXPECT_TRUE(says(checked(settings), "only ldaps://")) << checked(settings).reason;
}

TEST(AController, ThatDoesNotListenOrHasNoAddressIsNamed) {
  auto settings = impatient();
  settings.uris = {"ldaps://127.0.0.77"};
  EXPECT_TRUE(says(checked(settings), "127.0.0.77:636: Connection refused")) << checked(settings).reason;
  settings.uris = {"ldaps://dc7.corp.example"};
  EXPECT_TRUE(says(checked(settings), "ldap.resolve: ")) << checked(settings).reason;
}

TEST(AController, ThatDoesNotListenIsPassedOverForTheNext) {
  auto settings = impatient();
  settings.uris = {"ldaps://127.0.0.77", env("AD_URI")};
  const auto state = checked(settings);
  EXPECT_TRUE(state.ready) << state.reason;
  EXPECT_EQ(state.dc, "dc1.corp.example");
}

TEST(APinnedController, ThatCannotBeReachedGetsNothing) {
  const auto directory = open_directory(impatient());
  const auto account = found(*directory, fresh_user());
  auto order = order_for(account);
  order.pre.dc = "dc2.corp.example";
  const auto answer = directory->write_password(order, secret(distinct_password()));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, Fault::Kind::unreachable);
  EXPECT_EQ(answer.error().where, "ldap.pinned");
  EXPECT_EQ((*directory->read(account.sub))->pre, account.pre);
}

TEST(AWrongServicePassword, IsTriedOnceAndAgainWhenTheFileChanges) {
  auto settings = impatient();
  settings.bind_dn = env("AD_HELPDESK");
  settings.bind_password_file = password_file("wrong");
  const auto directory = open_directory(settings);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(says(directory->check(), "ldap.bind: refused: dc1.corp.example: wrong name or password (data 52e)")) << directory->check().reason;
  EXPECT_EQ(admin_read("CN=helpdesk,CN=Users," + env("AD_BASE"), "badPwdCount"), "1") << "three would lock it";
  std::ofstream(settings.bind_password_file) << env("AD_HELPDESK_PW");
  const auto state = directory->check();
  EXPECT_TRUE(state.ready) << state.reason;
}

TEST(AnEmptyServicePassword, IsNeverUsed) {
  auto settings = impatient();
  settings.bind_password_file = password_file("");
  EXPECT_TRUE(says(checked(settings), "ldap.password_file: refused")) << checked(settings).reason;
}

TEST(ABusyPool, LetsCallersWaitTheirTurn) {
  auto settings = lab_settings();
  settings.connections = 2;
  const auto directory = open_directory(settings);
  std::atomic<int> good{0};
  std::vector<std::thread> callers;
  for (int i = 0; i < 6; ++i) {
    callers.emplace_back([&, name = fresh_user(), password = distinct_password()] {
      auto account = directory->find(name);
      if (!account || !*account) return;
      auto answer = directory->write_password({(*account)->sub, (*account)->pre, "wb1;x;1;A"}, secret(password));
      if (answer && answer->refusal == Refusal::none) ++good;
    });
  }
  for (auto& caller : callers) caller.join();
  EXPECT_EQ(good, 6);
}

TEST(ADomainController, IsNotTakenForOpenLdap) {
  auto settings = lab_settings();
  settings.type = DirectoryType::openldap;
  EXPECT_TRUE(says(checked(settings), "no assertion control"));
}

}  // namespace
}  // namespace wb::ldap
