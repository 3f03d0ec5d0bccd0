#include "platform/log_output.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <limits>
#include <regex>
#include <string>
#include <type_traits>
#include <vector>

#include "core/secret.hpp"
#include "platform/process.hpp"

namespace wb::platform {
namespace {
namespace fs = std::filesystem;
namespace json = boost::json;

constexpr const char* hostile = "x\n2026-01-01T00:00:00.000+0000 error job.settled code=applied\r\n\x1b[2J\"}\\\xc3\xa9";

template <class T>
concept Loggable = requires(T value) { log::field("x", value); };
static_assert(Loggable<std::string> && !Loggable<const Secret&> && !Loggable<Secret>, "a secret can't be logged");

// A daemon's socket of datagrams.
class Daemon {
 public:
  explicit Daemon(const fs::path& at) : path(at) {
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    path.copy(to.sun_path, sizeof to.sun_path - 1);
    EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
  }
  ~Daemon() { end(); }
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;
  void end() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  std::string next() const {  // what lies there; empty: nothing
    std::vector<char> got(65'536);
    const auto count = ::recv(fd_, got.data(), got.size(), MSG_DONTWAIT);
    return {got.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0))};
  }
  const std::string path;

 private:
  int fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
};

class ALog : public testing::Test {
 protected:
  ALog() {
    std::string name = (fs::temp_directory_path() / "wb-log-XXXXXX").string();
    folder = ::mkdtemp(name.data());
    log::start(log::Level::info);
  }
  ~ALog() override {
    log::send(log::Format::text);
    fs::remove_all(folder);
  }
  // Collects what is written; `works` can be taken away.
  void collect(log::Format format, log::Output::Shape shape = log::Output::Shape::line) {
    log::send(format, {shape, [this](log::Level, std::string_view record) {
                         if (works) records.emplace_back(record);
                         return works;
                       }});
  }
  static void send_to(log::To to, const LogSockets& sockets, const fs::path& syslog_socket = {}) {
    const log::Destination destination{log::Format::text, to, {}, syslog_socket};
    log::send(destination.format, log_output(destination, "prog", sockets).value());
  }
  std::vector<std::string> lines(const fs::path& file) const {
    std::ifstream in(file);
    std::vector<std::string> found;
    for (std::string line; std::getline(in, line);) found.push_back(line);
    return found;
  }
  fs::path folder;
  std::vector<std::string> records;
  bool works = true;
};
using ALogInText = ALog;
using ALogInJson = ALog;
using ALogToJournald = ALog;
using ALogToSyslog = ALog;
using ALogToASyslogsSocket = ALog;
using ALogToAFile = ALog;
using ALogThatCantBeWritten = ALog;

TEST_F(ALogInText, HasTimeLevelEventAndFieldsInOneLineWhateverTheyHold) {
  collect(log::Format::text);
  log::warn("a.thing", log::field("n", 3), log::field("t", hostile), log::Field{"raw", hostile});
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].find_first_of("\n\r\x1b\xc3"), std::string::npos);
  EXPECT_EQ(records[0].substr(29, 36), " warning a.thing n=3 t=\"x?2026-01-01");
  EXPECT_EQ(std::count(records[0].begin(), records[0].end(), '"'), 4) << "values end where they end: " << records[0];
}

TEST_F(ALogInText, LeavesTimeAndLevelToSyslog) {
  collect(log::Format::text, log::Output::Shape::message);
  log::info("a.thing", log::field("n", 3));
  EXPECT_EQ(records, std::vector<std::string>{"a.thing n=3"});
}

TEST_F(ALogInJson, IsOneObjectALineWhateverItsFieldsHold) {
  collect(log::Format::json);
  log::warn("a.thing", log::field("n", -3), log::field("ms", 3.25), log::field("no", false), log::field("t", hostile), log::field("nan", std::numeric_limits<double>::quiet_NaN()), log::Field{"raw", hostile});
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].find_first_of("\n\r\x1b\xc3"), std::string::npos);
  const auto object = json::parse(records[0]).as_object();
  EXPECT_EQ(object.size(), 9U);
  EXPECT_EQ(object.at("level"), "warn");
  EXPECT_EQ(object.at("event"), "a.thing");
  EXPECT_EQ(object.at("n"), -3);
  EXPECT_EQ(object.at("ms"), 3.25);
  EXPECT_EQ(object.at("no"), false);
  EXPECT_EQ(object.at("t"), "x?2026-01-01T00:00:00.000+0000 error job.settled code=applied???[2J\"}\\??");
  EXPECT_EQ(object.at("nan"), "nan");
  EXPECT_EQ(object.at("raw"), object.at("t"));
}

TEST_F(ALogInJson, NumbersAnEventOfTheCatalogueAndHasMicrosoftsNumberBeside) {
  collect(log::Format::json);
  log::warn("link.down", log::field("reason", "dns"));
  log::info("link.up");
  ASSERT_EQ(records.size(), 2U);
  const auto down = json::parse(records[0]).as_object(), up = json::parse(records[1]).as_object();
  EXPECT_EQ(down.at("event_id"), 1018);
  EXPECT_EQ(down.at("ms_event"), 32001);
  EXPECT_EQ(down.at("reason"), "dns");
  EXPECT_EQ(up.at("event_id"), 1017);
  EXPECT_FALSE(up.contains("ms_event")) << "none of theirs tells the same";
}

TEST_F(ALog, KeepsItsWayWhenItsLevelChanges) {
  collect(log::Format::text);
  log::start(log::Level::error);
  log::warn("a.thing");
  log::error("another.thing");
  EXPECT_EQ(records.size(), 1U);
}

TEST_F(ALogToJournald, HasTheEventAndEachFieldAsTheJournalsOwn) {
  Daemon journald(folder / "socket");
  send_to(log::To::journal, {.journal = journald.path});
  log::error("agent.cloned", log::field("live_epoch", 3), log::field("t", "x\nPRIORITY=0"));
  EXPECT_EQ(journald.next(),
      "SYSLOG_IDENTIFIER=prog\nPRIORITY=3\nMESSAGE=agent.cloned live_epoch=3 t=\"x?PRIORITY=0\"\nWRITEBACK_EVENT=agent.cloned\nWRITEBACK_EVENT_ID=2023\nWRITEBACK_LIVE_EPOCH=3\nWRITEBACK_T=x?PRIORITY=0\n");
  journald.end();
  const auto before = log::lost();
  log::error("a.thing");
  EXPECT_EQ(log::lost(), before + 1) << "its reader is gone, and nothing waits";
}

TEST_F(ALogToJournald, IsNotStartedWhereNoneListens) {
  log::Destination destination;
  destination.to = log::To::journal;
  const auto output = log_output(destination, "prog", {.journal = folder / "none"});
  ASSERT_TRUE(output.has_error());
  EXPECT_EQ(output.error().where, "log.journal");
  EXPECT_TRUE(log_output(destination, "prog", {.journal = "/" + std::string(200, 'x')}).has_error());
}

TEST_F(ALogToSyslog, HasTheFormOfTheMachinesOwnSocket) {
  Daemon syslog(folder / "socket");
  send_to(log::To::syslog, {.syslog = syslog.path});
  log::warn("a.thing", log::field("t", hostile));
  const auto came = syslog.next();
  EXPECT_TRUE(std::regex_match(came, std::regex(R"(<28>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d prog\[)" + std::to_string(::getpid()) + R"(\]: a\.thing t="[ -~]*")"))) << came;
}

TEST_F(ALogToSyslog, IsLostAndSaidToBeWhileNobodyReadsAndGoesOnWhenSomebodyDoes) {
  const auto path = folder / "socket";
  send_to(log::To::syslog, {.syslog = path});
  testing::internal::CaptureStderr();
  log::info("a.thing");
  EXPECT_NE(testing::internal::GetCapturedStderr().find("error log.lost"), std::string::npos);
  for (int life = 0; life < 2; ++life) {  // a daemon that was started again is found, too
    Daemon syslog(path);
    log::info("a.thing");
    EXPECT_NE(syslog.next().find(": a.thing"), std::string::npos);
    if (life == 0) { EXPECT_NE(syslog.next().find(": log.resumed records=1"), std::string::npos); }
    syslog.end();
    fs::remove(path);
  }
}

TEST_F(ALogToSyslog, NeverWaitsForADaemonThatStandsStill) {
  const Daemon syslog(folder / "socket");
  send_to(log::To::syslog, {.syslog = syslog.path});
  testing::internal::CaptureStderr();
  const auto before = log::lost();
  for (int i = 0; i < 100'000 && log::lost() == before; ++i) log::info("a.thing", log::field("i", i));
  EXPECT_GT(log::lost(), before) << "the socket's queue is full";
  EXPECT_NE(testing::internal::GetCapturedStderr().find("error log.lost"), std::string::npos);
}

TEST_F(ALogToASyslogsSocket, IsRfc5424WithEachFieldAsAParameterWhateverItHolds) {
  Daemon syslog(folder / "socket");
  send_to(log::To::syslog, {}, syslog.path);
  log::error("agent.cloned", log::field("live_epoch", 3), log::field("t", "a\"b]c\\d\ne=\xc3\xa9"), log::Field{"raw", "\n<0>1 - - - - - -"});
  const auto came = syslog.next();
  const auto expected = " prog " + std::to_string(::getpid()) + R"( agent.cloned [writeback@32473 event_id="2023" live_epoch="3" t="a\"b\]c\\d?e=??" raw="?<0>1 - - - - - -"])" +
      R"( agent.cloned live_epoch=3 t="a'b]c\d?e=??" raw="?<0>1 - - - - - -")";
  EXPECT_TRUE(std::regex_search(came, std::regex(R"(^<27>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d )"))) << came;
  ASSERT_NE(came.find(" prog "), std::string::npos) << came;
  EXPECT_EQ(came.substr(came.find(" prog ")), expected);
  EXPECT_EQ(came.substr(36, came.find(" prog ") - 36), host_name());
}

TEST_F(ALogToASyslogsSocket, HasTheObjectAsMessageWhereJsonIsWanted) {
  Daemon syslog(folder / "socket");
  log::Destination destination{log::Format::json, log::To::syslog, {}, syslog.path};
  log::send(destination.format, log_output(destination, "prog").value());
  log::info("a.thing", log::field("n", 3));
  const auto came = syslog.next();
  EXPECT_EQ(json::parse(came.substr(came.find("] ") + 2)).at("n"), 3);
}

TEST_F(ALogToASyslogsSocket, IsCutAtItsLimit) {
  Daemon syslog(folder / "socket");
  send_to(log::To::syslog, {}, syslog.path);
  log::info("a.thing", log::Field{"raw", std::string(20'000, 'x')});
  EXPECT_EQ(syslog.next().size(), 8'192U);
}

TEST_F(ALogToASyslogsSocket, IsNotStartedWhereThePathIsTooLong) {
  const log::Destination destination{log::Format::text, log::To::syslog, {}, "/" + std::string(200, 'x')};
  EXPECT_EQ(log_output(destination, "prog").error().where, "log.syslog");
}

TEST_F(ALogToAFile, IsWrittenThereAndTakenAsideWhenFull) {
  log::Destination destination{log::Format::json, log::To::file, {folder / "log", 1'000, 3}, {}};
  log::send(destination.format, log_output(destination, "prog").value());
  for (int i = 0; i < 20; ++i) log::info("a.thing", log::field("i", i));
  int next = 20;
  for (const auto* name : {"log", "log.1", "log.2"}) {
    auto found = lines(folder / name);
    for (auto line = found.rbegin(); line != found.rend() && next > 0; ++line) EXPECT_EQ(json::parse(*line).at("i"), --next);
    EXPECT_LE(fs::file_size(folder / name), 1'000U);
    if (next == 0) break;
  }
  EXPECT_EQ(next, 0) << "none is missing and none stands twice";
}

TEST_F(ALogToAFile, IsNotStartedWhereItCantBeOpened) {
  log::Destination destination{log::Format::text, log::To::file, {folder / "missing/log", 1'000, 3}, {}};
  EXPECT_EQ(log_output(destination, "prog").error().where, "line_file.open");
}

TEST_F(ALogThatCantBeWritten, CountsSaysSoOnceAndTellsHowManyItWere) {
  collect(log::Format::text);
  const auto before = log::lost();
  works = false;
  testing::internal::CaptureStderr();
  for (int i = 0; i < 3; ++i) log::info("a.thing");
  const auto said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("error log.lost"), std::string::npos) << said;
  EXPECT_EQ(said.find('\n'), said.size() - 1) << "once: " << said;
  EXPECT_EQ(log::lost(), before + 3);
  works = true;
  log::info("a.thing");
  log::info("a.thing");
  ASSERT_EQ(records.size(), 3U);
  EXPECT_NE(records[1].find("warning log.resumed records=3"), std::string::npos) << records[1];
}

}  // namespace
}  // namespace wb::platform
