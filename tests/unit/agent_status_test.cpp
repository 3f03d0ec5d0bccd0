#include "agent/status.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/command_line.hpp"
#include "protocol/json.hpp"

namespace wb::agent {
namespace {
using testing::HasSubstr;
using testing::Not;

constexpr UnixSeconds now = 1'800'000'000;

Status a_status() {
  Status s;
  s.agent = "A1", s.tenant = "demo", s.now = now, s.started = now - 90'000, s.link_since = now - 3'700;
  auto& corp = s.snapshot.domains["corp.example"];
  corp.ready = true, corp.inflight = 1, corp.roster_ends = now + 20 * 86'400;
  corp.directory.dc = "dc1.corp.example";
  corp.directory.controllers = {{"dc1.corp.example", true, true, true, false, 0, 12.6, ""}, {"dc2.corp.example", false, false, false, false, 1500, 0, "ldap.connect: refused"}};
  s.snapshot.link_up = true;
  s.snapshot.route.host = "reset.example";
  s.software = "reset-service/9.8.7", s.contract = 1;
  s.in_hand = {{"01J", "corp.example", protocol::Op::reset, true, 12}};
  s.answered = {{now - 60, "corp.example", "01H", "reset", "rejected", "too_short", "dc1.corp.example", 42, 40}};
  s.jobs_by_code = {{"applied", 3}, {"rejected", 1}};
  s.sealing_key = {"kid-1", "ae.pem", now - 10 * 86'400, 0};
  return s;
}
std::string text_of(const Status& status) { return status_text(status_json(status)).value(); }

TEST(TheStatusOfAnAgent, IsReadOnOneScreen) {
  const auto text = text_of(a_status());
  for (const auto* part : {"agent     A1 of demo, version ", "running for 1 d 1 h", "link      up for 1 h 1 min, reset.example (reset-service/9.8.7, contract 1), clock 0 s", "key       kid-1, made 10 d 0 h ago", "applied 3, rejected 1",
           "corp.example            ready, 1 in flight", "roster ends in 20 d 0 h", "chosen, up, 13 ms, PDC emulator", "down (ldap.connect: refused)", "in flight 01J  reset", "being written", "rejected (too_short)", "1 min 0 s ago"})
    EXPECT_THAT(text, HasSubstr(part));
  EXPECT_THAT(text, Not(HasSubstr("DRAINING")));
}

TEST(TheStatusOfAnAgent, SaysWhyThereIsNoLinkAndNoDomain) {
  auto status = a_status();
  status.snapshot.link_up = false, status.snapshot.draining = true, status.snapshot.journal_works = false;
  status.snapshot.no_link = NoLink{LinkTrouble::tls_issuer, "https://reset.example", "link.tls_issuer", "issuer CN = Box", now - 5};
  status.snapshot.domains["corp.example"].ready = false, status.snapshot.domains["corp.example"].reason = "ldap.bind: invalid credentials";
  const auto text = text_of(status);
  EXPECT_THAT(text, HasSubstr("link      DOWN for 1 h 1 min: tls_issuer (https://reset.example, link.tls_issuer: issuer CN = Box), 5 s ago"));
  for (const auto* part : {"NOT READY (ldap.bind: invalid credentials)", "DRAINING", "JOURNAL"}) EXPECT_THAT(text, HasSubstr(part));
}

TEST(TheStatusOfAnAgent, TellsWhatBecomesOfItsKeys) {
  auto status = a_status();
  EXPECT_THAT(text_of(status), HasSubstr("key       kid-1, made 10 d 0 h ago, rotated in 80 d 0 h\n"));
  EXPECT_THAT(text_of(status), Not(HasSubstr("next key")));
  status.sealing_key.made = now - 90 * 86'400;
  status.next_signing_kid = "kid-next";
  EXPECT_THAT(text_of(status), HasSubstr("key       kid-1, made 90 d 0 h ago, rotation DUE (runuser -u writeback-agent -- writeback-agent keys rotate)\nnext key  kid-next waits for its approval as the signing key\n"));
  const auto keys = protocol::parse_json(status_json(status)).value().at("keys");
  EXPECT_EQ(keys.at("encryption").at("rotation_due").as_int64(), now);
  EXPECT_TRUE(keys.at("signing").is_null());
  EXPECT_TRUE(keys.at("signing_made").is_null());
  status.signing_kid = "kid-as", status.signing_made = now - 400 * 86'400;
  EXPECT_THAT(text_of(status), HasSubstr("\nsigning   kid-as, made 400 d 0 h ago\nnext key  kid-next"));
}

TEST(TheStatusOfAnAgent, SaysThatItWasRevoked) {
  auto status = a_status();
  EXPECT_THAT(text_of(status), Not(HasSubstr("REVOKED")));
  status.snapshot.link_up = false;
  status.snapshot.no_link = NoLink{LinkTrouble::refused, "https://reset.example", "session.refused", "revoked", now - 5};
  EXPECT_THAT(text_of(status), HasSubstr("REVOKED   the service takes it no more (runuser -u writeback-agent -- writeback-agent enroll --again"));
}

TEST(TheStatusOfAnotherVersion, IsShownAsFarAsItIsUnderstood) {
  for (const auto* strange : {"{}", R"({"link":7,"domains":[],"jobs":{"recent":[1,null,{}]},"counters":null,"keys":{"encryption":{}}})", R"({"domains":{"x":null},"now":"late"})", "[]", "0"})
    EXPECT_TRUE(status_text(strange)) << strange;
  EXPECT_THAT(status_text("{\"agent\":\"\\u001b[2J\"}").value(), Not(HasSubstr("\033")));
  for (const auto* broken : {"", "{", "{\"a\":1}x"}) EXPECT_FALSE(status_text(broken)) << broken;
}

TEST(AnAgentsNumbers, RememberTheLastFiftyJobs) {
  Metrics metrics;
  protocol::JobResult result;
  for (int i = 0; i < 60; ++i) result.jti = std::to_string(i), metrics.settled("corp.example", result);
  EXPECT_EQ(metrics.answered().size(), answered_max);
  EXPECT_EQ(metrics.answered().front().jti, "10");
  EXPECT_EQ(metrics.answered().back().jti, "59");
  EXPECT_EQ(metrics.by_code().begin()->second, 60U);
}

TEST(TheVerbsForARunningAgent, AreRead) {
  const auto read = [](std::vector<std::string> words) { return std::get<Command>(read_command(words)); };
  EXPECT_EQ(read({"status"}).verb, Verb::status);
  EXPECT_TRUE(read({"status", "--json", "--watch"}).has("watch"));
  EXPECT_EQ(read({"drain"}).verb, Verb::drain);
  EXPECT_EQ(read({"resume"}).verb, Verb::resume);
  EXPECT_EQ(read({"reload", "--json"}).verb, Verb::reload);
  EXPECT_EQ(read({"log-level", "debug"}).level, "debug");
  for (const auto& bad : std::vector<std::vector<std::string>>{{"log-level"}, {"drain", "now"}, {"drain", "--watch"}, {"log-level", "debug", "info"}})
    EXPECT_TRUE(std::holds_alternative<UsageError>(read_command(bad)));
}

}  // namespace
}  // namespace wb::agent
