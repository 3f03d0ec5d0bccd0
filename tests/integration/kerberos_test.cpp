// Active Directory with Kerberos instead of a password: signed in by a keytab, everything sealed.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>

#include "ldap/rights_reader.hpp"
#include "tests/integration/directory_world.hpp"
#include "tests/integration/keytabs.hpp"

// The wall clock of this program, libraries included: its own functions are found before the C library's.
static std::atomic<long> clock_is_wrong_by{0};
extern "C" int clock_gettime(clockid_t id, timespec* out) noexcept {
  const auto code = static_cast<int>(::syscall(SYS_clock_gettime, id, out));
  if (id == CLOCK_REALTIME) out->tv_sec += clock_is_wrong_by;
  return code;
}
extern "C" int gettimeofday(timeval* out, void*) noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  *out = {now.tv_sec, now.tv_nsec / 1000};
  return 0;
}
extern "C" time_t time(time_t* out) noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  if (out) *out = now.tv_sec;
  return now.tv_sec;
}

namespace wb::ldap {
namespace {

using namespace std::chrono_literals;
using namespace wb::test;
using testing::HasSubstr;
using Clock = std::chrono::steady_clock;
namespace fs = std::filesystem;

Settings by_kerberos() {
  auto settings = lab_settings();
  settings.encryption = Encryption::kerberos;
  settings.uris = {"ldap://dc1.corp.example"};
  settings.bind_dn.clear();
  settings.bind_password_file.clear();
  settings.principal = env("AD_PRINCIPAL");
  settings.keytab_file = env("AD_KEYTAB");
  settings.connect_timeout = 1500ms;
  settings.operation_timeout = 1000ms;
  return settings;
}
std::string reason_of(const Settings& settings) { return open_directory(settings)->check().reason; }
Refusal reset(Directory& directory, const std::string& name, const std::string& password) {
  const auto answer = directory.write_password(order_for(found(directory, name)), secret(password));
  if (!answer) ADD_FAILURE() << answer.error().where << ": " << answer.error().detail;
  return answer ? answer->refusal : Refusal::directory_error;
}

class Kerberos : public testing::Test {
 protected:
  Kerberos() { fs::create_directory(folder_); }
  ~Kerberos() override {
    clock_is_wrong_by = 0;
    fs::remove_all(folder_);
  }
  fs::path copied_keytab() {
    const auto file = folder_ / "svc.keytab";
    fs::copy_file(env("AD_KEYTAB"), file, fs::copy_options::overwrite_existing);
    fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write);
    return file;
  }
  const fs::path folder_ = fs::temp_directory_path() / ("wb-krb-" + std::to_string(::getpid()));
};

TEST_F(Kerberos, CarriesAResetWithoutAnyPasswordOfTheService) {
  const auto directory = open_directory(by_kerberos());
  const auto state = directory->check();
  ASSERT_TRUE(state.ready) << state.reason;
  EXPECT_EQ(state.dc, "dc1.corp.example");
  const auto name = fresh_user(), password = distinct_password();
  EXPECT_EQ(reset(*directory, name, password), Refusal::none) << "unicodePwd is taken over an encrypted connection only";
  EXPECT_EQ(bind_code(name + "@corp.example", password), 0);
}

TEST_F(Kerberos, CarriesAnswersOfManySealedPieces) {
  const auto directory = open_directory(by_kerberos());
  const auto account = found(*directory, "pia");
  admin_replace(account.dn, "telephoneNumber", std::string(60, '7'));
  for (int i = 0; i < 200; ++i) ASSERT_EQ(found(*directory, "pia").contacts.at("telephoneNumber").front(), std::string(60, '7'));
}

TEST_F(Kerberos, SignsAPersonInUnderTls) {
  const auto directory = open_directory(by_kerberos());
  const auto account = found(*directory, "alice");
  const auto right = directory->authenticate(account, secret(env("AD_USER_PW")));
  ASSERT_TRUE(right) << right.error().where << ": " << right.error().detail;
  EXPECT_EQ(right->sign_in, SignIn::accepted);
  const auto wrong = directory->authenticate(account, secret("Wrong-Passw0rd"));
  ASSERT_TRUE(wrong) << wrong.error().detail;
  EXPECT_EQ(wrong->sign_in, SignIn::wrong_password);
}

TEST_F(Kerberos, SignsNobodyInWhereTlsCannotBeHad) {
  auto settings = by_kerberos();
  settings.ca_file = "/etc/ssl/certs/ca-certificates.crt";  // does not know the lab's authority
  const auto directory = open_directory(settings);
  const auto account = found(*directory, "alice");
  const auto answer = directory->authenticate(account, secret(env("AD_USER_PW")));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, Fault::Kind::refused);
  EXPECT_EQ(answer.error().where, "ldap.tls");
  EXPECT_THAT(answer.error().detail, HasSubstr("the certificate is not trusted"));
  EXPECT_TRUE(directory->check().controllers.at(0).up) << "it is well: nothing else needs a certificate";
  EXPECT_EQ(reset(*directory, fresh_user(), distinct_password()), Refusal::none) << "which needs no certificate";
}

TEST_F(Kerberos, TellsTheRightsOfItsOwnAccount) {
  auto reader = RightsReader::open(by_kerberos());
  ASSERT_TRUE(reader) << reader.error().detail;
  const auto delegation = reader->delegation("OU=People," + env("AD_BASE"));
  ASSERT_TRUE(delegation) << delegation.error().where << ": " << delegation.error().detail;
  EXPECT_EQ(delegation->trustee, "svc-wb@corp.example");
}

TEST_F(Kerberos, LeavesTheProcesssOwnTicketsAlone) {
  const auto theirs = folder_ / "krb5cc";
  ::setenv("KRB5CCNAME", ("FILE:" + theirs.string()).c_str(), 1);
  EXPECT_EQ(reason_of(by_kerberos()), "");
  EXPECT_FALSE(fs::exists(theirs));
  ::unsetenv("KRB5CCNAME");
}

// How often a ticket-granting ticket was asked for, by libkrb5's own account.
class Logins {
 public:
  explicit Logins(const fs::path& folder) : trace_(folder / "trace") { ::setenv("KRB5_TRACE", trace_.c_str(), 1); }
  ~Logins() { ::unsetenv("KRB5_TRACE"); }
  int count() const {
    std::ifstream file(trace_);
    int found = 0;
    for (std::string line; std::getline(file, line);) found += line.find("Getting initial credentials") != std::string::npos;
    return found;
  }

 private:
  const fs::path trace_;
};

TEST_F(Kerberos, RenewsItsTicketsBeforeTheyEndAndNoSooner) {
  const Logins logins(folder_);
  auto settings = by_kerberos();
  settings.ticket_life = 160s;  // Samba takes one of two minutes or less for a ticket to change the password with
  const auto directory = open_directory(settings);
  for (const auto& [seconds, times] : {std::pair{0L, 1}, {60L, 1}, {110L, 1}, {125L, 2}}) {  // three quarters: 120 s
    clock_is_wrong_by = seconds;
    const auto state = directory->check();
    ASSERT_TRUE(state.ready) << seconds << ": " << state.reason;
    EXPECT_EQ(logins.count(), times) << seconds;
    EXPECT_EQ(reset(*directory, fresh_user(), distinct_password()), Refusal::none);
  }
}

TEST_F(Kerberos, UsesATicketToItsEndWhereItCannotBeRenewed) {
  auto settings = by_kerberos();
  settings.ticket_life = 160s;
  settings.keytab_file = copied_keytab();
  const auto directory = open_directory(settings);
  ASSERT_TRUE(directory->check().ready);
  clock_is_wrong_by = 125;  // due for renewal
  ::kill(dc_pid(), SIGSTOP);
  const auto start = Clock::now();
  (void)directory->check();
  const auto took = Clock::now() - start;
  ::kill(dc_pid(), SIGCONT);
  EXPECT_LT(took, 5s);
  EXPECT_EQ(reset(*directory, fresh_user(), distinct_password()), Refusal::none) << "the old one is good for 15 s more";
}

TEST_F(Kerberos, GoesOnWithAGoodTicketWhileTheKeytabIsReplacedByTheSame) {
  auto settings = by_kerberos();
  settings.keytab_file = copied_keytab();
  const auto directory = open_directory(settings);
  ASSERT_TRUE(directory->check().ready);
  copied_keytab();
  EXPECT_TRUE(directory->check().ready);
}

// ---- keytabs --------------------------------------------------------------------------------------------------
TEST_F(Kerberos, NamesAWrongKeytabTriesItOnceAndTakesTheRightOneWithoutARestart) {
  auto settings = by_kerberos();
  settings.principal = "helpdesk@CORP.EXAMPLE";
  settings.keytab_file = folder_ / "helpdesk.keytab";
  write_keytab(settings.keytab_file, settings.principal, "Wrong-Passw0rd-1!", "helpdesk");
  const auto directory = open_directory(settings);
  for (int i = 0; i < 5; ++i)
    EXPECT_THAT(directory->check().reason, HasSubstr("kerberos.login: refused: dc1.corp.example: the keys in the keytab are not the account's"));
  EXPECT_EQ(admin_read("CN=helpdesk,CN=Users," + env("AD_BASE"), "badPwdCount"), "1") << "three would lock it";
  write_keytab(settings.keytab_file, settings.principal, env("AD_HELPDESK_PW"), "helpdesk");
  const auto state = directory->check();
  EXPECT_TRUE(state.ready) << state.reason;
}

TEST_F(Kerberos, RefusesAKeytabThatOthersMayRead) {
  auto settings = by_kerberos();
  settings.keytab_file = copied_keytab();
  for (const auto mode : {0644U, 0640U, 0604U, 0620U}) {
    ::chmod(settings.keytab_file.c_str(), mode);
    EXPECT_THAT(reason_of(settings), HasSubstr("others may read it: chmod 600")) << std::oct << mode;
  }
  ::chmod(settings.keytab_file.c_str(), 0400);
  EXPECT_EQ(reason_of(settings), "");
  ASSERT_EQ(::chown(settings.keytab_file.c_str(), 12, 0), 0);
  EXPECT_THAT(reason_of(settings), HasSubstr("another user's"));
}

TEST_F(Kerberos, NamesAKeytabThatIsOfNoUse) {
  auto settings = by_kerberos();
  settings.keytab_file = folder_ / "none";
  EXPECT_THAT(reason_of(settings), HasSubstr("kerberos.keytab: refused: "));
  EXPECT_THAT(reason_of(settings), HasSubstr("No such file"));
  settings.keytab_file = folder_;
  EXPECT_THAT(reason_of(settings), HasSubstr("not a file"));
  settings.keytab_file = folder_ / "garbage";
  std::ofstream(settings.keytab_file) << "these are not the keys that you are looking for";
  ::chmod(settings.keytab_file.c_str(), 0600);
  EXPECT_THAT(reason_of(settings), HasSubstr("kerberos.keytab: refused: "));
  settings = by_kerberos();
  settings.principal = "helpdesk@CORP.EXAMPLE";  // and the keytab is svc-wb's
  EXPECT_THAT(reason_of(settings), HasSubstr("the keytab has no key of the principal"));
}

TEST_F(Kerberos, NamesAnAccountThatTheDomainDoesNotHave) {
  auto settings = by_kerberos();
  settings.principal = "nobody@CORP.EXAMPLE";
  settings.keytab_file = folder_ / "nobody.keytab";
  write_keytab(settings.keytab_file, settings.principal, "Some-Passw0rd-1!", "CORP.EXAMPLEnobody");
  EXPECT_THAT(reason_of(settings), HasSubstr("kerberos.login: refused: dc1.corp.example: the domain has no account by the name of the principal"));
}

// ---- the world ------------------------------------------------------------------------------------------------
TEST_F(Kerberos, NamesClocksThatDiffer) {
  for (const long by : {900L, -900L}) {
    clock_is_wrong_by = by;
    EXPECT_THAT(reason_of(by_kerberos()), HasSubstr("kerberos.clock: refused: dc1.corp.example: clock_skew")) << by;
  }
  clock_is_wrong_by = 100;
  EXPECT_EQ(reason_of(by_kerberos()), "") << "within what Kerberos allows";
}

// What a krb5.conf may say, for as long as one of these lives.
class ASystemWith {
 public:
  ASystemWith(const fs::path& folder, const std::string& lines) : before_(env("KRB5_CONFIG")) {
    std::ofstream(folder / "krb5.conf") << "[libdefaults]\n"
                                        << lines;
    ::setenv("KRB5_CONFIG", (folder / "krb5.conf").c_str(), 1);
  }
  ~ASystemWith() { ::setenv("KRB5_CONFIG", before_.c_str(), 1); }

 private:
  const std::string before_;
};

TEST_F(Kerberos, NamesClocksThatDifferAlsoWhereTheSystemDoesNotAdjustThem) {
  const ASystemWith strict(folder_, " kdc_timesync = 0\n");
  clock_is_wrong_by = 900;
  EXPECT_THAT(reason_of(by_kerberos()), HasSubstr("clock_skew"));
}

TEST_F(Kerberos, NeedsNoKrb5ConfAtAll) {
  const ASystemWith nothing(folder_, "");
  EXPECT_EQ(reason_of(by_kerberos()), "");
}

TEST_F(Kerberos, RefusesASealOfLessThan128Bits) {
  const ASystemWith weak(folder_, " permitted_enctypes = arcfour-hmac\n default_tkt_enctypes = arcfour-hmac\n default_tgs_enctypes = arcfour-hmac\n");
  EXPECT_THAT(reason_of(by_kerberos()), HasSubstr("kerberos.seal: refused: dc1.corp.example: a seal of 64 bits, and 128 are needed"));
}

TEST_F(Kerberos, NamesAControllerThatTheDomainKnowsByAnotherName) {
  auto settings = by_kerberos();
  settings.uris = {"ldap://127.0.0.53"};
  EXPECT_THAT(reason_of(settings), HasSubstr("kerberos.service: refused: 127.0.0.53: the domain knows no controller by this name"));
}

// Listens on a port and never says a word: the kernel accepts.
class Mute {
 public:
  Mute(const char* address, std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    ::inet_pton(AF_INET, address, &at.sin_addr);
    const int on = 1;
    ::setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (::bind(socket_, reinterpret_cast<sockaddr*>(&at), sizeof(at)) != 0 || ::listen(socket_, 16) != 0) throw std::runtime_error("listen");
  }
  ~Mute() { ::close(socket_); }

 private:
  const int socket_;
};

TEST_F(Kerberos, NamesAKdcThatCannotBeReached) {
  const Mute ldap("127.0.0.78", 389);
  auto settings = by_kerberos();
  settings.uris = {"ldap://127.0.0.78"};
  EXPECT_THAT(reason_of(settings), HasSubstr("kerberos.kdc: unreachable: the KDC: 127.0.0.78:88: Connection refused"));
}

TEST_F(Kerberos, GivesUpInTimeOnAKdcThatDoesNotAnswer) {
  const Mute ldap("127.0.0.79", 389), kdc("127.0.0.79", 88);
  auto settings = by_kerberos();
  settings.uris = {"ldap://127.0.0.79"};
  const auto start = Clock::now();
  EXPECT_THAT(reason_of(settings), HasSubstr("kerberos.kdc: timed_out: 127.0.0.79: the KDC does not answer"));
  const auto took = Clock::now() - start;
  EXPECT_GE(took, 1500ms);
  EXPECT_LT(took, 1800ms);
}

class AFrozenControllerOfKerberos : public Kerberos {
 protected:
  void freeze() { ASSERT_EQ(::kill(dc_pid(), SIGSTOP), 0); }
  void thaw() { ::kill(dc_pid(), SIGCONT); }
  ~AFrozenControllerOfKerberos() override { thaw(); }
};

TEST_F(AFrozenControllerOfKerberos, HangsNobody) {
  const auto directory = open_directory(by_kerberos());
  const auto account = found(*directory, fresh_user());
  const auto order = order_for(account);
  freeze();
  auto start = Clock::now();
  const auto answer = directory->write_password(order, secret(distinct_password()));
  EXPECT_LT(Clock::now() - start, 1400ms);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, Fault::Kind::timed_out);
  EXPECT_EQ(answer.error().where, "ldap.modify");
  start = Clock::now();
  EXPECT_THAT(directory->check().reason, HasSubstr("timed_out"));
  EXPECT_LT(Clock::now() - start, 3500ms);
  start = Clock::now();
  EXPECT_THAT(reason_of(by_kerberos()), HasSubstr("kerberos.kdc: timed_out")) << "a new agent";
  EXPECT_LT(Clock::now() - start, 3500ms);
  thaw();
  EXPECT_TRUE(directory->check().ready);
}

}  // namespace
}  // namespace wb::ldap
