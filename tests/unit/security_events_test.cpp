#include "core/refusals.hpp"

#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "agent/security_events.hpp"
#include "service/security_events.hpp"

namespace wb {
namespace {
using namespace std::chrono_literals;
constexpr SecurityEvent event{"test.invalid"}, other{"test.other"};

class Refusing : public testing::Test {
 protected:
  Refusals refusals;
  BootClock::time_point now{1h};
  // The lines that `act` logs, without their times.
  template <class F> static std::vector<std::string> lines(F act) {
    testing::internal::CaptureStderr();
    act();
    std::istringstream text(testing::internal::GetCapturedStderr());
    std::vector<std::string> out;
    for (std::string line; std::getline(text, line);) out.push_back(line.substr(line.find(" warn") + 1));
    return out;
  }
};

TEST_F(Refusing, SaysTheFirstAtOnce) {
  EXPECT_EQ(lines([&] { refusals.count(event, {log::field("peer", "192.0.2.1")}, now); }), std::vector<std::string>{"warning test.invalid peer=192.0.2.1 total=1"});
}

TEST_F(Refusing, AFloodIsALineInTenSecondsThatSaysWhatWasSuppressed) {
  const auto said = lines([&] {
    for (int i = 0; i < 100'000; ++i) refusals.count(event, {}, now + i * 250us);  // 25 s of it
  });
  EXPECT_EQ(said, (std::vector<std::string>{"warning test.invalid total=1", "warning test.invalid total=40001 suppressed=39999", "warning test.invalid total=80001 suppressed=39999"}));
  EXPECT_EQ(refusals.total(event), 100'000U);
}

TEST_F(Refusing, AFloodThatEndsIsTold) {
  (void)lines([&] { for (int i = 0; i < 5; ++i) refusals.count(event, {}, now); });
  EXPECT_EQ(lines([&] { refusals.tell(now + 9s); }).size(), 0U);
  EXPECT_EQ(lines([&] { refusals.tell(now + 10s); }), std::vector<std::string>{"warning test.invalid total=5 suppressed=4"});
  EXPECT_EQ(lines([&] { refusals.tell(now + 60s); }).size(), 0U) << "once";
}

TEST_F(Refusing, OneEventHidesNoOther) {
  EXPECT_EQ(lines([&] {
    for (int i = 0; i < 5; ++i) refusals.count(event, {}, now), refusals.count(other, {}, now);
  }).size(),
      2U);
  EXPECT_EQ(refusals.totals(), (std::map<std::string, std::uint64_t>{{"test.invalid", 5}, {"test.other", 5}}));
}

// Fields are ours, and yet: whatever would get into one stays within its line and its quotes.
TEST_F(Refusing, AFieldCannotForgeALine) {
  const std::pair<std::string, std::string> cases[] = {
      {"a\n2026-01-01T00:00:00.000+0000 info job.settled", "x=\"a?2026-01-01T00:00:00.000+0000 info job.settled\""},
      {"a\r\nb", "x=a??b"},
      {"\x1b[2J\x1b]0;title\x07", "x=?[2J?]0;title?"},
      {"%s%n%x {} {0:{1}}", "x=\"%s%n%x {} {0:{1}}\""},
      {"a\" total=7 y=\"", "x=\"a' total=7 y='\""},
      {std::string("a\0b", 3), "x=a?b"},
      {"\xe2\x80\xae\xc2\x9b", "x=?????"},
      {"", "x=\"\""},
      {std::string(100'000, 'a'), "x=" + std::string(200, 'a')},
  };
  int i = 0;
  for (const auto& [hostile, logged] : cases) {
    const auto said = lines([&, text = hostile] { refusals.count(event, {log::field("x", text)}, now + ++i * 1min); });
    ASSERT_EQ(said.size(), 1U) << hostile;
    EXPECT_EQ(said[0], "warning test.invalid " + logged + " total=" + std::to_string(i));
  }
}

TEST(EveryReasonOfTheContract, HasAnEventOfItsOwn) {
  std::set<std::string_view> ids;
  for (const auto* reason : {"signature", "audience", "binding", "decrypt", "expired", "replay", "clock_skew", "version", "malformed"}) {
    EXPECT_EQ(agent::event_of(reason).id, "job.invalid_" + std::string(reason));
    ids.insert(agent::event_of(reason).id);
  }
  EXPECT_EQ(ids.size(), 9U);
  for (const auto* code : {"malformed", "unknown_agent", "signature", "nonce", "gateway", "channel_binding", "tenant"}) EXPECT_EQ(service::hello_event(code).id, "hello.invalid_" + std::string(code));
  EXPECT_EQ(service::hello_event("anything").id, "hello.none");
}

}  // namespace
}  // namespace wb
