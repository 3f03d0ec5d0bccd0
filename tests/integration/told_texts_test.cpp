// What leaves the service for people is in their language, whoever wrote it first.
#include <gtest/gtest.h>

#include "core/ids.hpp"
#include "service/http.hpp"
#include "service/refusal_text.hpp"
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

TEST_F(ATextForPeople, OfARefusalAtAPageIsInTheirLanguageByItsCode) {
  const auto nothing = https("GET", reset.world.url() + "/api/v1/sspr/nowhere", {}, {}, {german});
  EXPECT_EQ(nothing.status, 404);
  EXPECT_EQ(nothing.text("detail"), catalogue.text("de", "refused.not_found"));
  EXPECT_EQ(std::string(nothing.body.at("error").at("message").as_string()), nothing.text("detail"));
  EXPECT_NE(nothing.headers.find("Content-Language: de"), std::string::npos) << nothing.headers;

  reset.settings([](auto& s) { s.methods_required = 1; });
  const auto key = reset.register_app();
  browser.language = "de";
  browser.begin_as("alice@corp.example");
  browser.choose("app_code");
  ASSERT_EQ(phase_of(browser.code(app_code(key))), "choosing");
  browser.pick("reset");
  const auto probed = browser.seal_offer();
  const auto sealed = reset.world.seal({reset.agent.get()}, reset.world.binding(probed), "Canary-4c1d-Passw0rd!");
  const auto stale = browser.call("POST", "session/password", {{"probe", new_ulid()}, {"sealed", sealed}});
  EXPECT_EQ(stale.text("code"), "not_found");
  EXPECT_EQ(stale.text("detail"), catalogue.text("de", "refused.not_found"));
}

TEST_F(ATextForPeople, OfARefusalToAClientTellsItsProgrammersWhatWasWrong) {
  const auto reply = https("GET", reset.world.url() + "/api/v1/jobs/" + new_ulid(), {}, bearer, {german});
  EXPECT_EQ(reply.status, 404);
  EXPECT_EQ(reply.text("detail"), "no such job");
}

TEST(ARefusal, IsToldInEveryLanguageWhateverIsRefused) {
  using service::Refusal;
  const auto catalogue = service::Catalogue::load().value();
  for (const auto& language : catalogue.languages())
    for (const auto why : {Refusal::busy, Refusal::busy_account, Refusal::unavailable, Refusal::conflict, Refusal::gone, Refusal::in_doubt, Refusal::not_found}) {
      auto response = service::refuse(why, "for programmers");
      service::tell_in(catalogue, language, response);
      EXPECT_EQ(response.body.find("for programmers"), std::string::npos) << language << response.body;
      EXPECT_EQ(response.headers["Content-Language"], language);
    }
  auto damaged = service::refuse(Refusal::bad_request, "op: reset, unlock, change or authenticate");
  service::tell_in(catalogue, "de", damaged);
  EXPECT_NE(damaged.body.find("op: reset"), std::string::npos) << "what is wrong with a request stays as it is";
}

}  // namespace
}  // namespace wb::test
