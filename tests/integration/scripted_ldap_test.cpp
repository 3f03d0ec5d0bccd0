// What the agent makes of a domain controller that answers what none should: within the bound, by its name, never twice, and
// elsewhere where that is allowed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "ldap/directory.hpp"
#include "ldap/memory.hpp"
#include "ldap/settings.hpp"
#include "tests/support/ber.hpp"
#include "tests/support/scripted_ldap.hpp"
#include "tests/support/test_certificates.hpp"

// libldap 2.5.13 itself forgets a message that it can't parse, and the name in a notice of disconnection.
extern "C" const char* __lsan_default_suppressions() { return "leak:liblber-2.5\n"; }

namespace wb::ldap {
namespace {

using namespace std::chrono_literals;
using namespace wb::test;
using testing::HasSubstr;
using Clock = std::chrono::steady_clock;
using Op = ScriptedLdap::Op;
using Then = ScriptedLdap::Then;
using Answer = ScriptedLdap::Answer;
using Request = ScriptedLdap::Request;

constexpr auto operation = 400ms, failover = 800ms, grace = 300ms;  // the last: for the watchdog, and a busy machine

class Process : public testing::Environment {
  void SetUp() override {
    std::signal(SIGPIPE, SIG_IGN);
    wipe_ldap_memory();
    std::ofstream(password_) << "Svc-Passw0rd-1!\n";
    std::filesystem::permissions(password_, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  }
  void TearDown() override { std::filesystem::remove(password_); }

 public:
  static inline const auto password_ = std::filesystem::temp_directory_path() / ("wb-scripted-" + std::to_string(::getpid()));
};
[[maybe_unused]] const auto* process = testing::AddGlobalTestEnvironment(new Process);

Settings settings_for(const std::vector<const ScriptedLdap*>& servers) {
  Settings settings;
  settings.domain = "corp.example";
  for (const auto* server : servers) settings.uris.push_back(server->uri());
  settings.ca_file = test_certificates().ca;
  settings.bind_dn = "svc@corp.example";
  settings.bind_password_file = Process::password_;
  settings.connect_timeout = settings.operation_timeout = operation;
  settings.failover_timeout = failover;
  return settings;
}
Secret secret(std::string_view text) { return Secret::copy_of(text); }

// One way of going wrong: what is said instead of a right answer, and what the operator is told.
struct Trouble {
  const char* name;
  std::function<Answer(const Request&, const std::string& right)> say;
  const char* told;   // when a search meets it
  Fault::Kind write;  // what a write comes to that meets it
};

std::string goodbye(int code) {  // RFC 4511 section 4.4.1
  return ber::result(0, 0x78, code, "going down", ber::tlv(0x8a, "1.3.6.1.4.1.1466.20036"));
}
int answer_tag(const Request& request) { return request.op == Op::bind ? 0x61 : request.op == Op::modify ? 0x67
                                                                                                         : 0x65; }
std::string code_of(const Request& request, int code) { return ber::result(request.id, answer_tag(request), code); }

const std::vector<Trouble>& troubles() {
  using Kind = Fault::Kind;
  static const std::vector<Trouble> all{
      {"Busy", [](const Request& r, const std::string&) { return Answer{code_of(r, 51)}; }, "busy or going down", Kind::unreachable},
      {"Unavailable", [](const Request& r, const std::string&) { return Answer{code_of(r, 52)}; }, "busy or going down", Kind::unreachable},
      {"HalfAnAnswerAndSilence", [](const Request&, const std::string& right) { return Answer{right.substr(0, right.size() / 2), Then::stall}; }, "no answer in time", Kind::timed_out},
      {"HalfAnAnswerAndTheEnd", [](const Request&, const std::string& right) { return Answer{right.substr(0, right.size() / 2), Then::close}; }, "connection was lost", Kind::lost},
      {"NoAnswerAndTheEnd", [](const Request&, const std::string&) { return Answer{"", Then::close}; }, "connection was lost", Kind::lost},
      {"Silence", [](const Request&, const std::string&) { return Answer{"", Then::stall}; }, "no answer in time", Kind::timed_out},
      {"Garbage", [](const Request&, const std::string&) { return Answer{"HTTP/1.1 400 Bad Request\r\n" + std::string(200, '?') + "\r\n\r\n", Then::stall}; }, "connection was lost", Kind::lost},
      {"Zeros", [](const Request&, const std::string&) { return Answer{std::string(64, '\0'), Then::stall}; }, "connection was lost", Kind::lost},
      {"AMessageWithoutContent", [](const Request&, const std::string&) { return Answer{std::string("\x30\x00", 2), Then::stall}; }, "connection was lost", Kind::lost},
      {"ABrokenMessage", [](const Request& r, const std::string&) { return Answer{ber::tlv(0x30, ber::integer(r.id) + "\x64\x84\x7f\xff\xff\xff"), Then::stall}; }, "what came is not LDAP", Kind::lost},
      {"AnEndlessLength", [](const Request&, const std::string&) { return Answer{std::string("\x30\x84\x7f\xff\xff\xff", 6) + std::string(1000, 'x'), Then::stall}; }, "connection was lost", Kind::lost},
      {"AnIndefiniteLength", [](const Request&, const std::string&) { return Answer{std::string("\x30\x80", 2) + std::string(1000, 'x'), Then::stall}; }, "connection was lost", Kind::lost},
      {"AnotherMessagesNumber", [](const Request& r, const std::string&) { return Answer{ber::result(r.id + 1000, answer_tag(r), 0)}; }, "no answer in time", Kind::timed_out},
      {"ADripOfBytes", [](const Request&, const std::string& right) { return Answer{right, Then::stall, true, 30ms}; }, "no answer in time", Kind::timed_out},
      {"ANoticeOfDisconnection", [](const Request&, const std::string&) { return Answer{goodbye(52), Then::close}; }, "the DC said goodbye (ldap 52)", Kind::lost},
      {"ANoticeOfDisconnectionAndSilence", [](const Request&, const std::string&) { return Answer{goodbye(52), Then::stall}; }, "the DC said goodbye (ldap 52)", Kind::lost},
      {"EntriesWithoutEnd", [](const Request& r, const std::string&) { return Answer{ber::entry(r.id, "CN=x", {{"cn", {std::string(1000, 'x')}}}), Then::repeat}; }, "more entries than were asked for", Kind::lost},
  };
  return all;
}

class AControllerThatSays : public testing::TestWithParam<Trouble> {};
INSTANTIATE_TEST_SUITE_P(Anything, AControllerThatSays, testing::ValuesIn(troubles()), [](const auto& one) { return one.param.name; });
void PrintTo(const Trouble& trouble, std::ostream* out) { *out << trouble.name; }

TEST_P(AControllerThatSays, ItToAProbeIsLeftForTheNextInTime) {
  const ScriptedLdap bad("dc1.corp.example", [](const Request& r, std::string right) { return r.op == Op::search && r.subtree ? GetParam().say(r, right) : Answer{right}; });
  const ScriptedLdap good("dc2.corp.example");
  const auto directory = open_directory(settings_for({&bad, &good}));
  const auto start = Clock::now();
  const auto account = directory->find("alice");
  const auto took = Clock::now() - start;
  ASSERT_TRUE(account) << account.error().where << ": " << account.error().detail;
  ASSERT_TRUE(*account);
  EXPECT_EQ((*account)->pre.dc, "dc2.corp.example");
  EXPECT_LT(took, failover + grace);
  const auto why = directory->check().controllers.at(0).why;
  EXPECT_THAT(why, HasSubstr(GetParam().told));
  std::printf("  %4ld ms: %s\n", static_cast<long>(took / 1ms), why.c_str());
}

TEST_P(AControllerThatSays, ItToAWriteIsNotAskedTwiceNorIsAnother) {
  const ScriptedLdap bad("dc1.corp.example", [](const Request& r, std::string right) { return r.op == Op::modify ? GetParam().say(r, right) : Answer{right}; });
  const ScriptedLdap other("dc2.corp.example");
  const auto directory = open_directory(settings_for({&bad, &other}));
  const auto account = directory->find("alice");
  ASSERT_TRUE(account && *account);
  const WriteOrder order{(*account)->sub, (*account)->pre, ""};
  ASSERT_EQ(order.pre.dc, "dc1.corp.example");
  const auto start = Clock::now();
  const auto answer = directory->write_password(order, secret("New-Passw0rd-1"));
  EXPECT_LT(Clock::now() - start, operation + grace);
  ASSERT_FALSE(answer);
  EXPECT_EQ(to_string(answer.error().kind), to_string(GetParam().write)) << answer.error().where << ": " << answer.error().detail;
  EXPECT_EQ(bad.count(Op::modify), 1);
  EXPECT_EQ(other.count(Op::modify), 0);
}

TEST_P(AControllerThatSays, ItToTheServicesSignInIsLeftForTheNextInTime) {
  const ScriptedLdap bad("dc1.corp.example", [](const Request& r, std::string right) { return r.op == Op::bind ? GetParam().say(r, right) : Answer{right}; });
  const ScriptedLdap good("dc2.corp.example");
  const auto directory = open_directory(settings_for({&bad, &good}));
  const auto start = Clock::now();
  const auto account = directory->find("alice");
  ASSERT_TRUE(account) << account.error().where << ": " << account.error().detail;
  EXPECT_LT(Clock::now() - start, failover + grace);
  EXPECT_EQ((*account)->pre.dc, "dc2.corp.example");
}

TEST_P(AControllerThatSays, ItToAPersonsSignInIsShownThePasswordOnce) {
  const auto person = [](const Request& r) { return r.op == Op::bind && r.name.starts_with("CN=alice"); };
  const ScriptedLdap bad("dc1.corp.example", [&](const Request& r, std::string right) { return person(r) ? GetParam().say(r, right) : Answer{right}; });
  const ScriptedLdap other("dc2.corp.example");
  const auto directory = open_directory(settings_for({&bad, &other}));
  const auto account = directory->find("alice");
  ASSERT_TRUE(account && *account);
  const int before = bad.count(Op::bind) + other.count(Op::bind);
  const auto start = Clock::now();
  const auto answer = directory->authenticate(**account, secret("Passw0rd"));
  EXPECT_LT(Clock::now() - start, operation + grace);
  ASSERT_FALSE(answer);
  EXPECT_EQ(to_string(answer.error().kind), to_string(GetParam().write)) << answer.error().where << ": " << answer.error().detail;
  EXPECT_EQ(bad.count(Op::bind) + other.count(Op::bind), before + 1);
}

// ---- what is no trouble ---------------------------------------------------------------------------------------
std::string found_by(ScriptedLdap::Script script) {
  const ScriptedLdap server("dc1.corp.example", std::move(script));
  const auto directory = open_directory(settings_for({&server}));
  const auto account = directory->find("alice");
  if (!account) return account.error().where + ": " + account.error().detail;
  return *account ? (*account)->sam : "nobody";
}

TEST(AController, ThatAnswersByteByByteIsUnderstood) {
  EXPECT_EQ(found_by([](const Request&, std::string right) { return Answer{std::move(right), Then::go_on, true}; }), "alice");
}

// The certificates of the tests are good for 60 days, from when they are made (tests/support/test_certificates).
TEST(AController, IsTakenDownWithTheEndOfItsCertificate) {
  const ScriptedLdap server("dc1.corp.example");
  const auto directory = open_directory(settings_for({&server}));
  const auto ends = directory->check().controllers.at(0).certificate_ends;
  EXPECT_GT(ends, unix_now() + 59 * 86'400);
  EXPECT_LE(ends, unix_now() + 60 * 86'400);
}

TEST(AController, WhoseAnswersComeWithEntriesThatNobodyAskedForIsUnderstood) {
  EXPECT_EQ(found_by([](const Request& r, std::string right) {
    return Answer{ber::entry(0, "CN=mallory", {{"sAMAccountName", {"mallory"}}}) + ber::entry(r.id + 77, "CN=mallory", {{"sAMAccountName", {"mallory"}}}) + right};
  }),
      "alice");
}

TEST(AController, ThatNamesAnotherServerIsNotFollowedThere) {
  const ScriptedLdap other("dc2.corp.example");
  const auto refer = [&](const Request& r, std::string right) {
    return r.op == Op::search && r.subtree ? Answer{ber::result(r.id, 0x65, 10, {}, ber::tlv(0xa3, ber::tlv(0x04, other.uri() + "/DC=corp,DC=example")))} : Answer{std::move(right)};
  };
  EXPECT_EQ(found_by(refer), "ldap.find: ldap 10");
  EXPECT_EQ(other.connections(), 0);
}

TEST(AController, ThatRefersAWriteElsewhereIsToldToBeReadOnly) {
  const ScriptedLdap other("dc2.corp.example");
  const ScriptedLdap server("dc1.corp.example", [&](const Request& r, std::string right) {
    return r.op == Op::modify ? Answer{ber::result(r.id, 0x67, 10, {}, ber::tlv(0xa3, ber::tlv(0x04, other.uri())))} : Answer{std::move(right)};
  });
  const auto directory = open_directory(settings_for({&server}));
  const auto account = directory->find("alice");
  ASSERT_TRUE(account && *account);
  const auto answer = directory->write_password({(*account)->sub, (*account)->pre, ""}, secret("New-Passw0rd-1"));
  ASSERT_TRUE(answer) << answer.error().detail;
  EXPECT_EQ(answer->refusal, Refusal::read_only);
  EXPECT_EQ(other.connections(), 0);
}

// ---- what it costs --------------------------------------------------------------------------------------------
TEST(AReset, CostsOneSearchOneModifyAndItsReadBackOnAConnectionThatStands) {
  const ScriptedLdap server("dc1.corp.example");
  const auto directory = open_directory(settings_for({&server}));
  ASSERT_TRUE(directory->check().ready);
  for (int reset = 0; reset < 3; ++reset) {  // the first finds everything as the others do
    const auto account = directory->find("alice");
    ASSERT_TRUE(account && *account);
    const int connections = server.connections(), binds = server.count(Op::bind), searches = server.count(Op::search), modifies = server.count(Op::modify);
    const auto seen = directory->read((*account)->sub);
    ASSERT_TRUE(seen && *seen);
    const auto answer = directory->write_password({(*account)->sub, (*seen)->pre, ""}, secret("New-Passw0rd-1"));
    ASSERT_TRUE(answer) << answer.error().detail;
    EXPECT_EQ(answer->refusal, Refusal::none) << answer->detail;
    EXPECT_EQ(server.count(Op::search), searches + 2) << "one before it, and the reading back behind it";
    EXPECT_EQ(server.count(Op::modify), modifies + 1);
    EXPECT_EQ(server.count(Op::bind), binds);
    EXPECT_EQ(server.connections(), connections) << "no new TLS handshake";
  }
}

// ---- StartTLS -------------------------------------------------------------------------------------------------
Settings over_starttls(const ScriptedLdap& server) {
  auto settings = settings_for({&server});
  settings.encryption = Encryption::starttls;
  return settings;
}

TEST(StartTls, IsFollowedByEverythingElse) {
  const ScriptedLdap server("dc1.corp.example", {}, ScriptedLdap::Tls::on_demand);
  const auto account = open_directory(over_starttls(server))->find("alice");
  ASSERT_TRUE(account) << account.error().detail;
  EXPECT_EQ(server.binds_in_the_clear(), 0);
}

TEST(StartTls, ThatIsRefusedIsFollowedByNothing) {
  for (const int code : {1, 2, 8, 51, 52, 53, 80}) {
    const ScriptedLdap server(
        "dc1.corp.example", [code](const Request& r, std::string right) { return r.op == Op::start_tls ? Answer{ber::result(r.id, 0x78, code)} : Answer{std::move(right)}; }, ScriptedLdap::Tls::on_demand);
    const auto account = open_directory(over_starttls(server))->find("alice");
    ASSERT_FALSE(account);
    EXPECT_EQ(account.error().where, "ldap.starttls") << code << ": " << account.error().detail;
    EXPECT_EQ(server.count(Op::bind) + server.count(Op::search), 0) << code;
  }
}

TEST(StartTls, TakesNothingThatSomebodyPutBehindItsAnswerInTheClear) {
  const ScriptedLdap server(
      "dc1.corp.example", [](const Request& r, std::string right) { return r.op == Op::start_tls ? Answer{right + ber::result(2, 0x61, 0) + ber::result(3, 0x61, 0)} : Answer{std::move(right)}; }, ScriptedLdap::Tls::on_demand);
  const auto account = open_directory(over_starttls(server))->find("alice");
  ASSERT_FALSE(account);
  EXPECT_EQ(account.error().where, "ldap.tls") << account.error().detail;
  EXPECT_EQ(server.count(Op::bind) + server.count(Op::search), 0);
}

TEST(StartTls, ThatStallsInTheHandshakeEndsInTime) {
  const ScriptedLdap server(
      "dc1.corp.example", [](const Request& r, std::string right) { return Answer{std::move(right), r.op == Op::start_tls ? Then::stall : Then::go_on}; }, ScriptedLdap::Tls::on_demand);
  const auto start = Clock::now();
  const auto account = open_directory(over_starttls(server))->find("alice");
  EXPECT_LT(Clock::now() - start, operation + grace);
  ASSERT_FALSE(account);
  EXPECT_EQ(account.error().kind, Fault::Kind::timed_out);
  EXPECT_EQ(account.error().where, "ldap.tls");
}

TEST(AController, ThatStallsAfterTheSignInEndsInTime) {
  const ScriptedLdap server("dc1.corp.example", [](const Request& r, std::string right) { return Answer{std::move(right), r.op == Op::bind ? Then::stall : Then::go_on}; });
  const auto start = Clock::now();
  const auto account = open_directory(settings_for({&server}))->find("alice");
  EXPECT_LT(Clock::now() - start, operation + grace);
  ASSERT_FALSE(account);
  EXPECT_EQ(account.error().kind, Fault::Kind::timed_out);
  EXPECT_EQ(account.error().where, "ldap.root");
}

}  // namespace
}  // namespace wb::ldap
