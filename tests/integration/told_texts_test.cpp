// What leaves the service for people is in their language, whoever wrote it first.
#include <gtest/gtest.h>

#include "service/told_verdict.hpp"
#include "tests/support/reset_world.hpp"

namespace wb::test {
namespace {

using protocol::Code;
using protocol::Op;
const std::string german = "Accept-Language: de";

class ATextForPeople : public testing::Test {
 protected:
  ResetWorld reset;
  Browser browser{reset};
  const std::string bearer = reset.world.client();
  const service::Catalogue catalogue = service::Catalogue::load().value();

  std::string in_german(Code code, const std::string& reason, const policy::Details& details) { return service::told_verdict(catalogue, "de", code, reason, details); }
  // Asked while the agent answers.
  HttpReply asked(const std::string& method, const std::string& path, const json::object& body, const std::vector<std::string>& headers, const std::function<void(const protocol::Job&)>& answer) {
    auto asking = std::async(std::launch::async, [&] { return https(method, reset.world.url() + "/api/v1/" + path, json::serialize(body), bearer, headers); });
    const auto got = reset.agent->next_job();
    EXPECT_TRUE(got);
    if (got) answer(got->job);
    return asking.get();
  }
};

TEST_F(ATextForPeople, OfAProbeIsNotTheAgentsAndInTheLanguageThatWasAskedFor) {
  const auto reply = asked("POST", "probes", {{"name", "nobody"}}, {german}, [this](const auto& job) { reset.agent->answer(job, Code::failed, [](auto& r) { r.reason = "not_found"; }); });
  EXPECT_EQ(reply.text("text"), in_german(Code::failed, "not_found", {.op = Op::probe}));
  EXPECT_NE(reply.headers.find("Content-Language: de"), std::string::npos) << reply.headers;
  const auto english = asked("POST", "probes", {{"name", "nobody"}}, {}, [this](const auto& job) { reset.agent->answer(job, Code::failed, [](auto& r) { r.reason = "not_found"; }); });
  EXPECT_EQ(english.text("text"), policy::verdict_text(Code::failed, "not_found", {.op = Op::probe}));
}

TEST_F(ATextForPeople, OfAJobKnowsTheRuleInEveryLanguageAndInItsEventsToo) {
  const auto probe = asked("POST", "probes", {{"name", "alice"}}, {}, [this](const auto& job) { browser.answer_probe(job); });
  ASSERT_EQ(probe.text("outcome"), "ok") << probe.raw;
  const ServiceWorld::Probed probed{probe.text("probe"), protocol::decode<protocol::ProbeAnswer>(json::serialize(probe.body.at("answer"))).value().pre, alices_sub};
  const auto sealed = reset.world.seal({reset.agent.get()}, reset.world.binding(probed), "short");
  const auto reply = asked("POST", "jobs?wait_ms=10000&mkt=de", {{"probe", probed.id}, {"sealed", sealed}}, {}, [this](const auto& job) { reset.agent->answer(job, Code::rejected, [](auto& r) { r.reason = "too_short"; }); });
  const auto told = in_german(Code::rejected, "too_short", {.min_length = 12});
  ASSERT_NE(told.find("12"), std::string::npos) << told;
  EXPECT_EQ(reply.text("text"), told) << reply.raw;
  const auto path = reset.world.url() + "/api/v1/jobs/" + reply.text("jti");
  EXPECT_EQ(https("GET", path, {}, bearer, {german}).text("text"), told);
  EXPECT_EQ(https("GET", path, {}, bearer).text("text"), "Too short: at least 12 characters are needed.");
  EXPECT_NE(https("GET", path + "/events?mkt=de", {}, bearer).raw.find(told), std::string::npos);
}

}  // namespace
}  // namespace wb::test
