#include "platform/log_output.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <filesystem>
#include <limits>
#include <fstream>
#include <string>
#include <type_traits>
#include <vector>

#include "core/secret.hpp"

namespace wb::platform {
namespace {
namespace fs = std::filesystem;
namespace json = boost::json;

constexpr const char* hostile = "x\n2026-01-01T00:00:00.000+0000 error job.settled code=applied\r\n\x1b[2J\"}\\\xc3\xa9";

template <class T>
concept Loggable = requires(T value) { log::field("x", value); };
static_assert(Loggable<std::string> && !Loggable<const Secret&> && !Loggable<Secret>, "a secret can't be logged");

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
  const auto path = (folder / "socket").string();
  const int journald = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  path.copy(at.sun_path, sizeof at.sun_path - 1);
  ASSERT_EQ(::bind(journald, reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
  log::Destination destination;
  destination.to = log::To::journal;
  log::send(log::Format::text, log_output(destination, "prog", path).value());
  log::error("agent.cloned", log::field("live_epoch", 3), log::field("t", "x\nPRIORITY=0"));
  std::array<char, 4096> got{};
  const auto count = ::recv(journald, got.data(), got.size(), MSG_DONTWAIT);
  ASSERT_GT(count, 0);
  EXPECT_EQ(std::string(got.data(), static_cast<std::size_t>(count)),
      "SYSLOG_IDENTIFIER=prog\nPRIORITY=3\nMESSAGE=agent.cloned live_epoch=3 t=\"x?PRIORITY=0\"\nWRITEBACK_EVENT=agent.cloned\nWRITEBACK_EVENT_ID=2023\nWRITEBACK_LIVE_EPOCH=3\nWRITEBACK_T=x?PRIORITY=0\n");
  ::close(journald);
  const auto before = log::lost();
  log::error("a.thing");
  EXPECT_EQ(log::lost(), before + 1) << "its reader is gone, and nothing waits";
}

TEST_F(ALogToJournald, IsNotStartedWhereNoneListens) {
  log::Destination destination;
  destination.to = log::To::journal;
  const auto output = log_output(destination, "prog", (folder / "none").string());
  ASSERT_TRUE(output.has_error());
  EXPECT_EQ(output.error().where, "log.journal");
  EXPECT_TRUE(log_output(destination, "prog", "/" + std::string(200, 'x')).has_error());
}

TEST_F(ALogToAFile, IsWrittenThereAndTakenAsideWhenFull) {
  log::Destination destination{log::Format::json, log::To::file, {folder / "log", 1'000, 3}};
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
  log::Destination destination{log::Format::text, log::To::file, {folder / "missing/log", 1'000, 3}};
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
