// What `writeback-agent check` makes of what the running agent knows: approval, rosters, the service's keys, revocation.
#include "agent/check/running.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/status.hpp"

namespace wb::agent {
namespace {
using testing::ElementsAre;
using testing::HasSubstr;

constexpr UnixSeconds now = 1'800'000'000;
constexpr std::int64_t day = 86'400;

// Through status_json, so that both sides of the socket keep to the same names.
struct ARunningAgent : testing::Test {
  ARunningAgent() {
    status.agent = "A1", status.now = now, status.signing_kid = "kid-as";
    status.snapshot.link_up = true, status.snapshot.service_keys_end = now + 20 * day;
    auto& corp = status.snapshot.domains["corp.example"];
    corp.trust = "", corp.roster_ends = now + 20 * day;
  }
  DomainSnapshot& corp() { return status.snapshot.domains["corp.example"]; }
  std::vector<std::string> judged() {
    Report report;
    judge_trust(status_json(status), report);
    text = report.text();
    std::vector<std::string> out;
    for (const auto& line : report.lines()) out.push_back(std::string(to_string(line.result)) + " " + line.code);
    return out;
  }
  Status status;
  std::string text;
};

TEST_F(ARunningAgent, ThatIsApprovedPasses) {
  EXPECT_THAT(judged(), ElementsAre("pass enrolment", "pass enrolment"));
  EXPECT_THAT(text, HasSubstr("approved, by a roster that ends in 20 days"));
}

TEST_F(ARunningAgent, ThatNoRosterNamesIsToBeApprovedByTheCommandThatDoesIt) {
  corp().trust = "not_approved", corp().roster_ends.reset();
  EXPECT_THAT(judged(), ElementsAre("fail enrolment.approval", "pass enrolment"));
  EXPECT_THAT(text, HasSubstr("runuser -u writeback-agent -- writeback-agent approve A1 --fingerprint kid-as --domain corp.example\n"));
  corp().trust = "foreign_key", status.next_signing_kid = "kid-next";
  EXPECT_THAT(judged(), ElementsAre("fail enrolment.approval", "pass enrolment"));
  EXPECT_THAT(text, testing::AllOf(HasSubstr("another signing key"), HasSubstr("--fingerprint kid-next")));
}

TEST_F(ARunningAgent, HasItsRosterNamedAWeekBeforeItEnds) {
  corp().roster_ends = now + 7 * day;
  EXPECT_THAT(judged(), ElementsAre("warn enrolment.roster", "pass enrolment"));
  EXPECT_THAT(text, HasSubstr("writeback-agent roster renew --domain corp.example\n"));
  corp().roster_ends = now + 7 * day + 1;
  EXPECT_THAT(judged(), ElementsAre("pass enrolment", "pass enrolment"));
  corp().roster_ends = now;
  EXPECT_THAT(judged(), ElementsAre("fail enrolment.roster", "pass enrolment"));
  corp().roster_ends = now + day, corp().trust = "roster_expired";
  EXPECT_THAT(judged(), ElementsAre("fail enrolment.roster", "pass enrolment")) << "by the service's clock";
}

TEST_F(ARunningAgent, HasTheServicesKeysNamedADayBeforeTheLastEnds) {
  status.snapshot.service_keys_end = now + day - 1;
  EXPECT_THAT(judged(), ElementsAre("pass enrolment", "warn enrolment.service_keys"));
  status.snapshot.service_keys_end = now;
  EXPECT_THAT(judged(), ElementsAre("pass enrolment", "fail enrolment.service_keys"));
  status.snapshot.service_keys_end.reset();
  EXPECT_THAT(judged(), ElementsAre("pass enrolment", "fail enrolment.service_keys")) << "a link, and none was believed";
}

TEST_F(ARunningAgent, ThatTheServiceRefusesIsSaidToBeRevoked) {
  status.snapshot.link_up = false;
  for (const auto* why : {"revoked", "unknown_agent"}) {
    status.snapshot.no_link = NoLink{LinkTrouble::refused, "https://reset.example", "session.refused", why, now - 5};
    EXPECT_THAT(judged(), ElementsAre("fail enrolment.revoked"));
    EXPECT_THAT(text, HasSubstr("writeback-agent enroll --again --service https://reset.example --token-file FILE\n"));
  }
  status.snapshot.no_link->detail = "slow_down";
  EXPECT_THAT(judged(), ElementsAre("pass enrolment", "pass enrolment")) << "what it was told before";
}

TEST_F(ARunningAgent, WhoseSigningKeyIsBeingSucceededIsNotSaidToBeRevokedBecauseOneOfThemIsNotInForce) {
  status.snapshot.link_up = false, status.next_signing_kid = "kid-next";
  status.snapshot.no_link = NoLink{LinkTrouble::refused, "https://reset.example", "session.refused", "unknown_agent", now - 1};
  EXPECT_THAT(judged(), ElementsAre("pass enrolment", "pass enrolment"));
  status.snapshot.no_link->detail = "revoked";
  EXPECT_THAT(judged(), ElementsAre("fail enrolment.revoked"));
}

TEST_F(ARunningAgent, ThatWasNeverToldIsNotJudged) {
  status.snapshot.link_up = false, status.snapshot.service_keys_end.reset();
  corp().trust.reset(), corp().roster_ends.reset();
  EXPECT_THAT(judged(), ElementsAre("skip enrolment", "skip enrolment"));
  for (const auto& nothing : {Result<std::string>(fault(Fault::Kind::unreachable, "control.connect", "")), Result<std::string>("no JSON"), Result<std::string>(R"({"error":"forbidden"})"), Result<std::string>(R"({"now":1,"domains":[]})")}) {
    Report report;
    judge_trust(nothing, report);
    ASSERT_EQ(report.lines().size(), 1U);
    EXPECT_EQ(report.lines()[0].result, CheckResult::skip);
  }
}

}  // namespace
}  // namespace wb::agent
