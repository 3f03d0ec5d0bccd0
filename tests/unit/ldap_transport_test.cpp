// The parts below a connection: the password file, and the watchdog. A socket pair stands in for the network.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "ldap/memory.hpp"
#include "ldap/password_file.hpp"
#include "ldap/watchdog.hpp"

namespace wb::ldap {
namespace {

using namespace std::chrono_literals;

class APasswordFile : public testing::Test {
 protected:
  APasswordFile() : path_(std::filesystem::temp_directory_path() / ("wb-pw-" + std::to_string(::getpid()))) {}
  ~APasswordFile() override { std::filesystem::remove(path_); }
  Result<Secret> holding(std::string_view text) {
    std::ofstream(path_) << text;
    ::chmod(path_.c_str(), 0600);
    return read_password_file(path_);
  }
  std::filesystem::path path_;
};

TEST_F(APasswordFile, GivesItsFirstLine) {
  for (const auto* text : {"p ä\"s", "p ä\"s\n", "p ä\"s\r\n", "p ä\"s\nsecond\n"}) {
    auto password = holding(text);
    ASSERT_TRUE(password);
    EXPECT_TRUE(*password == Secret::copy_of("p ä\"s"));
  }
}

TEST_F(APasswordFile, ThatIsEmptyOrMissingIsRefused) {
  for (const auto* text : {"", "\n", "\r\n", "\nsecond"}) EXPECT_EQ(holding(text).error().where, "ldap.password_file");
  std::filesystem::remove(path_);
  EXPECT_EQ(read_password_file(path_).error().kind, Fault::Kind::refused);
  EXPECT_FALSE(read_password_file("/"));
}

TEST_F(APasswordFile, ThatOthersMayReadOrWriteIsRefusedWithTheCommandThatMendsIt) {
  ASSERT_TRUE(holding("pw"));
  for (const mode_t mode : {0640, 0604, 0620, 0602, 0660, 0666, 0601}) {
    ::chmod(path_.c_str(), mode);
    const auto line = read_password_file(path_);
    ASSERT_FALSE(line) << std::oct << mode;
    EXPECT_EQ(line.error().where, "ldap.password_file");
    EXPECT_NE(line.error().detail.find("chmod 600 " + path_.string()), std::string::npos) << line.error().detail;
  }
  ::chmod(path_.c_str(), 0400);
  EXPECT_TRUE(read_password_file(path_)) << "narrower is fine";
}

TEST_F(APasswordFile, OfAnotherUserIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can make one";
  ASSERT_TRUE(holding("pw"));
  ASSERT_EQ(::chown(path_.c_str(), 65'534, 65'534), 0);
  EXPECT_NE(read_password_file(path_).error().detail.find("another user"), std::string::npos);
}

TEST_F(APasswordFile, ThatIsAPipeIsRefusedAtOnce) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_EQ(read_password_file(path_).error().where, "ldap.password_file");
}

struct Pair {
  Pair() { EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0); }
  ~Pair() {
    ::close(ends[0]);
    ::close(ends[1]);
  }
  int ends[2];
};

TEST(AWatchdog, EndsAReadThatWouldBlockForEver) {
  Watchdog dog;
  Pair pair;
  const auto start = std::chrono::steady_clock::now();
  const Watchdog::Watch watch(dog, pair.ends[0], start + 30ms);
  char byte;
  EXPECT_EQ(::read(pair.ends[0], &byte, 1), 0);
  EXPECT_GE(std::chrono::steady_clock::now() - start, 30ms);
  EXPECT_TRUE(watch.bitten());
}

TEST(AWatchdog, LeavesASocketAloneAfterItsWatch) {
  Watchdog dog;
  Pair pair, other;
  { const Watchdog::Watch watch(dog, pair.ends[0], std::chrono::steady_clock::now() + 5ms); }
  const Watchdog::Watch later(dog, other.ends[0], std::chrono::steady_clock::now() + 30ms);
  char byte;
  EXPECT_EQ(::read(other.ends[0], &byte, 1), 0);  // by now the first watch would have bitten
  EXPECT_EQ(::write(pair.ends[1], "x", 1), 1);
  EXPECT_EQ(::read(pair.ends[0], &byte, 1), 1);
}

TEST(AWatchdog, BitesTheEarliestFirst) {
  Watchdog dog;
  Pair late, early;
  const auto now = std::chrono::steady_clock::now();
  const Watchdog::Watch far(dog, late.ends[0], now + 10s);
  const Watchdog::Watch near(dog, early.ends[0], now + 20ms);
  char byte;
  EXPECT_EQ(::read(early.ends[0], &byte, 1), 0);
  EXPECT_FALSE(far.bitten());
}

TEST(TheLdapEnvironment, CannotSwitchVerificationOff) {
  wipe_ldap_memory();
  wipe_ldap_memory();
  EXPECT_STREQ(::getenv("LDAPNOINIT"), "1");
}

}  // namespace
}  // namespace wb::ldap
