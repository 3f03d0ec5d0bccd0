#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "core/ids.hpp"
#include "protocol/codec.hpp"
#include "protocol/json.hpp"
#include "protocol/password.hpp"

namespace wb::protocol {
namespace {

std::string detail_of(std::string_view text) {
  auto parsed = parse_json(text);
  return parsed.has_error() ? parsed.error().detail : "accepted";
}

TEST(StrictJson, RefusesWhatTheContractForbids) {
  EXPECT_EQ(detail_of(R"({"a":1,"a":2})"), "duplicate member name");
  EXPECT_EQ(detail_of(R"({"a":{"b":1,"\u0062":2}})"), "duplicate member name") << "escapes are compared decoded";
  EXPECT_EQ(detail_of(R"({"a":9007199254740993})"), "number beyond 2^53");
  EXPECT_EQ(detail_of(R"({"a":18446744073709551615})"), "number beyond 2^53");
  EXPECT_EQ(detail_of(R"({"a":-9007199254740993})"), "number beyond 2^53");
  EXPECT_EQ(detail_of(R"({"a":1e300})"), "number beyond 2^53");
  for (const auto* text : {"", "{", "{} x", "{'a':1}", "[1,]", "{\"a\":\"\xff\"}", "{\"a\":\"\xc0\xaf\"}", "// c\n{}", "nul", "{\"a\":01}", "{\"a\":\"\\ud800\"}"}) EXPECT_NE(detail_of(text), "accepted") << text;
  EXPECT_NE(detail_of("[[[[[[[[[1]]]]]]]]]"), "accepted") << "nine deep";
  EXPECT_EQ(detail_of("[[[[[[[[1]]]]]]]]"), "accepted") << "eight deep";
  EXPECT_EQ(detail_of(R"({"a":9007199254740992,"b":{"a":1}})"), "accepted");
}

TEST(AnEnvelope, ComesBackAsItWasSent) {
  const auto text = message_text("accept", JobRef{"01ARZ3NDEKTSV4RRFFQ69G5FAV", 3}, "01ARZ3NDEKTSV4RRFFQ69G5FAV");
  auto envelope = decode_envelope(text);
  ASSERT_TRUE(envelope.has_value()) << envelope.error().detail;
  EXPECT_EQ(envelope->type, "accept");
  EXPECT_EQ(envelope->re, "01ARZ3NDEKTSV4RRFFQ69G5FAV");
  auto ref = decode<JobRef>(envelope->body);
  ASSERT_TRUE(ref.has_value());
  EXPECT_EQ(ref->fence, 3);
}

TEST(AnEnvelope, IsRefusedWhenItIsNotOne) {
  const std::string id = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
  const std::vector<std::string> bad = {
      "[]", "{}", R"({"t":"hb","b":{}})", R"({"t":"hb","id":")" + id + R"("})", R"({"t":"","id":")" + id + R"(","b":{}})", R"({"t":"hb","id":"x","b":{}})",
      R"({"t":"hb","id":")" + id + R"(","b":[]})", R"({"t":"hb","id":")" + id + R"(","b":{},"x":1})", R"({"t":1,"id":")" + id + R"(","b":{}})"};
  for (const auto& text : bad) EXPECT_TRUE(decode_envelope(text).has_error()) << text;
  const auto large = R"({"t":"hb","id":")" + id + R"(","b":{"x":")" + std::string(message_bytes_max, 'x') + "\"}}";
  EXPECT_EQ(decode_envelope(large).error().detail, "message over the size limit");
}

TEST(ALinkMessage, MayCarryMembersWeDoNotKnow) {
  EXPECT_TRUE(decode<JobRef>(R"({"jti":"j","fence":1,"later":true})").has_value());
  EXPECT_EQ(decode<JobRef>(R"({"jti":"j"})").error().detail, "fence: missing");
  EXPECT_EQ(decode<JobRef>(R"({"jti":"j","fence":"1"})").error().detail, "fence: expected a whole number");
  EXPECT_EQ(decode<Progress>(R"({"jti":"j","fence":1,"state":"done"})").error().detail, "state: expected applying");
}

Job a_job() {
  Job job;
  job.iss = "https://sspr.example";
  job.aud = "t/corp.example";
  job.jti = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
  job.fence = 2;
  job.att = 1;
  job.op = Op::reset;
  job.sub = "9f0c6b5e-0000-4000-8000-000000000001";
  job.iat = 1'795'176'000;
  job.exp = 1'795'176'120;
  job.pre = Pre{"dc1.corp.example", 7, "134396533468610800", std::nullopt};
  job.sh = "c2g";
  job.acr = "2fa";
  job.amr = {"totp", "email"};
  job.opts = {true, false, true};
  return job;
}

TEST(ASignedPayload, RefusesMembersWeDoNotKnowAndOtherVersions) {
  const auto text = encode(a_job());
  auto job = decode<Job>(text);
  ASSERT_TRUE(job.has_value()) << job.error().detail;
  EXPECT_EQ(job->pre, a_job().pre);
  EXPECT_EQ(encode(job.value()), text);
  auto more = text;
  more.insert(1, R"("x":1,)");
  EXPECT_EQ(decode<Job>(more).error().detail, "a member the contract does not know");
  auto later = text;
  later.replace(later.find("\"v\":1"), 5, "\"v\":2");
  EXPECT_EQ(decode<Job>(later).error().detail, "v: expected 1");
  auto other = text;
  other.replace(other.find("\"reset\""), 7, "\"erase\"");
  EXPECT_EQ(decode<Job>(other).error().detail, "op: expected an operation of the contract");
}

TEST(ASignedPayload, RefusesEveryTruncation) {
  const auto text = encode(a_job());
  for (std::size_t length = 0; length < text.size(); ++length) EXPECT_TRUE(decode<Job>(std::string_view(text).substr(0, length)).has_error());
}

TEST(AResult, ComesBackAsItWasSent) {
  JobResult result;
  result.jti = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
  result.agent = "a";
  result.op = Op::probe;
  result.code = Code::ok;
  result.text = "fine";
  ProbeAnswer probe;
  probe.sub = "s";
  probe.dc = "dc1";
  probe.policy.min_length = 8;
  probe.policy.change_from = 5;
  probe.policy.lockout_threshold = 3, probe.policy.lockout_window_s = 60, probe.policy.lockout_duration_s = 900;
  probe.state.locked = probe.state.smart_card = true;
  probe.state.locked_until = 1'795'000'000;
  probe.privileged = "adminCount=1", probe.language = "de-AT";
  probe.contacts = {{"mail", {"a@b"}}, {"otherMailbox", {"c@d", "e@f"}}};
  probe.pre = {"dc1", 3, "0", "wb1;x;1;A"};
  result.probe = probe;
  result.total_ms = 1.25;
  auto back = decode<JobResult>(encode(result));
  ASSERT_TRUE(back.has_value()) << back.error().detail;
  EXPECT_EQ(encode(back.value()), encode(result));
  EXPECT_EQ(back->probe->pre, probe.pre);
  EXPECT_EQ(back->probe->contacts, probe.contacts);
  EXPECT_EQ(back->probe->state.locked_until, probe.state.locked_until);
}

std::string finding(const std::string& members) { return R"({"age_s":0,"findings":[{)" + members + "}]}"; }

TEST(WhatAnAgentFound, IsCodesAndNamesAndNothingThatCouldBeText) {
  const auto well = decode<AgentFindings>(finding(R"("result":"fail","code":"later.code","subject":"[2001:db8::1]:636","detail":"not read")"));
  ASSERT_TRUE(well) << well.error().detail;
  EXPECT_EQ(well->findings.at(0).result, CheckResult::fail);
  EXPECT_EQ(well->findings.at(0).subject, "[2001:db8::1]:636");
  const std::string longest(259, 'a');
  EXPECT_TRUE(decode<AgentFindings>(finding(R"("result":"pass","code":"service","subject":")" + longest + "\"")));
  for (const std::string bad : {R"("result":"fatal","code":"service")", R"("result":"pass")", R"("code":"service")", R"("result":"pass","code":"")", R"("result":"pass","code":"Service")", R"("result":"pass","code":"<b>")",
           R"("result":"pass","code":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")", R"("result":"pass","code":"service","subject":"a b")", R"("result":"pass","code":"service","subject":"<img>")",
           R"("result":"pass","code":"service","subject":"d\u00e9")", R"("result":"pass","code":"service","subject":7)", R"("result":"pass","code":"service","domain":"a\u0000b")", R"("result":"pass","code":"service","domain":"/etc")"})
    EXPECT_FALSE(decode<AgentFindings>(finding(bad))) << bad;
  EXPECT_FALSE(decode<AgentFindings>(finding(R"("result":"pass","code":"service","subject":")" + longest + "a\"")));
  EXPECT_FALSE(decode<AgentFindings>(R"({"age_s":-1,"findings":[]})"));
  EXPECT_FALSE(decode<AgentFindings>(R"({"findings":[]})"));
}

TEST(WhatAnAgentFound, IsNoMoreThanThirtyTwoThings) {
  AgentFindings many;
  many.findings.assign(findings_max, {CheckResult::pass, "service", "", ""});
  EXPECT_TRUE(decode<AgentFindings>(encode(many)));
  many.findings.push_back(many.findings.front());
  EXPECT_FALSE(decode<AgentFindings>(encode(many)));
}

TEST(EveryCode, HasOneName) {
  for (int i = 0; i <= static_cast<int>(Code::unknown); ++i) EXPECT_EQ(code_from(to_string(static_cast<Code>(i))), static_cast<Code>(i));
  EXPECT_FALSE(code_from("success"));
}

TEST(APassword, IsMeasuredInUtf16UnitsOrRefused) {
  EXPECT_EQ(utf16_units(""), 0U);
  EXPECT_EQ(utf16_units("pass"), 4U);
  EXPECT_EQ(utf16_units("p\xc3\xa4ss"), 4U);
  EXPECT_EQ(utf16_units("\xf0\x9f\x98\x80"), 2U) << "an emoji is a surrogate pair";
  for (const auto* text : {"\xff", "\xc3", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc0\x80", "\xe0\x80\x80"}) EXPECT_FALSE(utf16_units(text));
  EXPECT_FALSE(utf16_units(std::string_view("a\0b", 3)));
}

TEST(ANewPassword, IsMeasuredBeforeTheDirectorySeesIt) {
  EXPECT_EQ(check_password(""), PasswordProblem::empty);
  EXPECT_EQ(check_password("x"), PasswordProblem::none);
  EXPECT_EQ(check_password(std::string(256, 'x')), PasswordProblem::none);
  EXPECT_EQ(check_password(std::string(257, 'x')), PasswordProblem::too_long);
  std::string emoji;
  for (int i = 0; i < 128; ++i) emoji += "\xf0\x9f\x98\x80";
  EXPECT_EQ(check_password(emoji), PasswordProblem::none);
  EXPECT_EQ(check_password(emoji + "x"), PasswordProblem::too_long);
  EXPECT_EQ(check_password("\xff"), PasswordProblem::not_unicode);
  EXPECT_EQ(check_password(std::string_view("a\0b", 3)), PasswordProblem::not_unicode);
  EXPECT_EQ(reason_of(PasswordProblem::too_long), "too_long");
  EXPECT_EQ(reason_of(PasswordProblem::none), "");
}

// Released messages, for ever: each file in protocol/golden/v1 decodes and encodes to the same text.
template <class T> void expect_golden(const std::string& name) {
  std::ifstream file(std::string(WB_SOURCE_DIR) + "/protocol/golden/v1/" + name + ".json");
  std::stringstream text;
  text << file.rdbuf();
  auto golden = text.str();
  while (golden.ends_with('\n')) golden.pop_back();
  ASSERT_FALSE(golden.empty()) << name;
  auto value = decode<T>(golden);
  ASSERT_TRUE(value.has_value()) << name << ": " << value.error().detail;
  EXPECT_EQ(encode(value.value()), golden) << name;
}

TEST(GoldenMessages, StillReadAndWriteTheSame) {
  expect_golden<Challenge>("challenge");
  expect_golden<Welcome>("welcome");
  expect_golden<Welcome>("welcome_caps");
  expect_golden<AgentFindings>("agent_findings");
  expect_golden<ServiceKeys>("service_keys");
  expect_golden<AgentKeys>("agent_keys");
  expect_golden<JobMessage>("job_message");
  expect_golden<Progress>("progress");
  expect_golden<AgentHeartbeat>("agent_heartbeat");
  expect_golden<Error>("error");
  expect_golden<HelloClaims>("hello_claims");
  expect_golden<EnrollClaims>("enroll_claims");
  expect_golden<SigningClaims>("signing_claims");
  expect_golden<Roster>("roster");
  expect_golden<Statement>("statement");
  expect_golden<Endorsement>("endorsement");
  expect_golden<Job>("job");
  expect_golden<SealBinding>("seal_binding");
  expect_golden<JobResult>("result");
}

}  // namespace
}  // namespace wb::protocol
