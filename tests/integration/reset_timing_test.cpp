// Who chooses when to ask learns no more from how long an answer takes than who asks at once.
#include <gtest/gtest.h>

#include <algorithm>
#include <future>

#include "tests/support/reset_world.hpp"

namespace wb::test {
namespace {

constexpr double truncated_ms = 2;  // two readings of a clock of whole milliseconds

class AStranger : public testing::Test {
 protected:
  static service::Settings shape() {
    auto shape = ResetWorld::quick();
    shape.look_span = 500ms, shape.answer_step = 300ms;
    return shape;
  }
  ResetWorld reset{{}, shape()};
  const double span = static_cast<double>(reset.world.shape.look_span.count()), step = static_cast<double>(reset.world.shape.answer_step.count());

  HttpReply post(const std::string& path, const std::string& token, const json::object& body = {}) { return https("POST", reset.world.url() + "/api/v1/sspr/" + path, json::serialize(body), token); }
  void look_up(bool known) {
    const auto probe = reset.agent->next_job();
    ASSERT_TRUE(probe);
    if (known) Browser(reset).answer_probe(probe->job);
    else reset.agent->answer(probe->job, protocol::Code::failed, [](protocol::JobResult& r) { r.reason = "not_found"; });
  }
  std::string sign_in(bool known) {
    Browser browser{reset};
    const auto begun = post("sign-ins", {}, {{"name", known ? "alice@corp.example" : "nobody@corp.example"}, {"captcha", browser.solved_captcha("sign_in")}});
    EXPECT_EQ(begun.status, 201) << begun.text("code");
    look_up(known);
    return begun.text("token");
  }
};

// An agent is asked what to seal to for a name that somebody has, and for no other. Were the spans counted from the beginning, a request just before
// the end of one would be answered by its end for names that nobody has, and one later for the others.
TEST_F(AStranger, WhoAsksJustBeforeASpanOfTheSignInEndsWaitsForAWholeOneWhoeverHasTheName) {
  for (const bool known : {true, false}) {
    const auto token = sign_in(known);
    const Stopwatch begun;
    while (begun.ms() < span * 1.7) (void)https("GET", reset.world.url() + "/api/v1/sspr/captcha", "", "");
    auto asking = std::async(std::launch::async, [&] { return timed([&] { return post("sign-in/seal", token); }, 200); });
    if (known) look_up(true);
    EXPECT_GE(asking.get(), span - truncated_ms) << known;
    EXPECT_GE(timed([&] { return post("sign-in/password", token, {{"probe", "x"}}); }, 400), span - truncated_ms) << known;
    EXPECT_GE(timed([&] { return https("GET", reset.world.url() + "/api/v1/me", "", token); }, 401), span - truncated_ms) << known;
  }
}

TEST_F(AStranger, WhoAsksTwiceAtOnceWaitsForTheOneAfterTheOther) {
  const Stopwatch begun;
  const auto token = sign_in(false);
  const auto sealing = [&] { return timed([&] { return post("sign-in/seal", token); }, 200); };
  auto one = std::async(std::launch::async, sealing), other = std::async(std::launch::async, sealing);
  EXPECT_GE(std::max(one.get(), other.get()), 2 * span - 100) << "of the sign-in; they came one after the other";
  EXPECT_GE(begun.ms(), 3 * span - truncated_ms) << "and both after the look-up, whose own span tells nothing of it";

  Browser browser{reset};
  ASSERT_EQ(browser.begin_as("nobody@corp.example", "").status, 201);
  EXPECT_EQ(browser.get().status, 200);
  const auto answering = [&] { return timed([&] { return post("session/method", browser.token, {{"method", "app_code"}}); }, 200); };
  auto first = std::async(std::launch::async, answering), second = std::async(std::launch::async, answering);
  EXPECT_GE(std::max(first.get(), second.get()), 2 * step - 100) << "of a reset";
}

}  // namespace
}  // namespace wb::test
