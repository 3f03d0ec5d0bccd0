#include "agent/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "agent/readiness.hpp"

namespace wb::agent {
namespace {
using testing::HasSubstr;
using testing::Not;

Snapshot a_moment() {
  Snapshot now;
  now.link_up = true;
  auto& corp = now.domains["corp.example"];
  corp.ready = true;
  corp.directory.dc = "dc1.corp.example";
  corp.directory.hints = true;
  corp.directory.controllers = {{"dc1.corp.example", true, true, true, false, 0, 12.5, ""}, {"dc2.corp.example", false, false, false, false, 1500, 3, "ldap.connect: refused"}};
  now.refused["signature"] = 7;
  return now;
}
protocol::JobResult a_result() {
  protocol::JobResult result;
  result.op = protocol::Op::reset, result.code = protocol::Code::rejected, result.reason = "too_short";
  result.dc = "dc1.corp.example", result.total_ms = 42, result.directory_ms = 40;
  return result;
}

TEST(TheNumbersOfAnAgent, TellWhatIsInForceAndWhoAnswers) {
  const auto text = Metrics().text(a_moment());
  for (const auto* line : {"writeback_agent_link_up 1\n", "writeback_agent_domain_ready{domain=\"corp.example\"} 1\n", "writeback_agent_history_enforced{domain=\"corp.example\"} 1\n",
           "writeback_agent_controller_up{dc=\"dc2.corp.example\",domain=\"corp.example\"} 0\n", "writeback_agent_controller_shut_seconds{dc=\"dc2.corp.example\",domain=\"corp.example\"} 1.5\n",
           "writeback_agent_controller_connect_seconds{dc=\"dc1.corp.example\",domain=\"corp.example\"} 0.0125\n", "writeback_agent_messages_refused_total{reason=\"signature\"} 7\n"})
    EXPECT_THAT(text, HasSubstr(line));
}

TEST(TheNumbersOfAnAgent, CountJobsByOutcomeAndTime) {
  Metrics metrics;
  metrics.settled("corp.example", a_result());
  metrics.settled("corp.example", a_result());
  const auto text = metrics.text(a_moment());
  EXPECT_THAT(text, HasSubstr("writeback_agent_jobs_total{code=\"rejected\",domain=\"corp.example\",op=\"reset\",reason=\"too_short\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("writeback_agent_job_duration_seconds_bucket{domain=\"corp.example\",op=\"reset\",le=\"0.05\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("writeback_agent_job_directory_seconds_sum{dc=\"dc1.corp.example\",domain=\"corp.example\",op=\"reset\"} 0.08\n"));
}

TEST(TheNumbersOfAnAgent, TellWhereAJobsTimeGoes) {
  Metrics metrics;
  Phases phases;
  phases[Phase::read] = 2, phases[Phase::write] = 40;
  metrics.phases_of("corp.example", phases);
  const auto text = metrics.text(a_moment());
  EXPECT_THAT(text, HasSubstr("writeback_agent_job_phase_seconds_sum{domain=\"corp.example\",phase=\"read\"} 0.002\n"));
  EXPECT_THAT(text, HasSubstr("writeback_agent_job_phase_seconds_bucket{domain=\"corp.example\",phase=\"write\",le=\"0.05\"} 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("phase=\"open\""))) << "it never came there";
}

TEST(TheNumbersOfAnAgent, TellWhenWhatItBelievesEnds) {
  auto now = a_moment();
  EXPECT_THAT(Metrics().text(now), Not(HasSubstr("expiry_timestamp"))) << "before a first link nothing is known";
  now.service_keys_end = 1'900'000'000;
  now.encryption_key_made = 1'500'000'000, now.signing_key_made = 1'400'000'000;
  now.domains["corp.example"].roster_ends = 1'800'000'000;
  now.route.certificate_ends = 1'700'000'000;
  now.domains["corp.example"].directory.controllers[0].certificate_ends = 1'600'000'000;
  const auto text = Metrics().text(now);
  EXPECT_THAT(text, HasSubstr("writeback_agent_roster_expiry_timestamp_seconds{domain=\"corp.example\"} 1800000000"));
  EXPECT_THAT(text, HasSubstr("writeback_agent_encryption_key_made_timestamp_seconds 1500000000"));
  EXPECT_THAT(text, HasSubstr("writeback_agent_signing_key_made_timestamp_seconds 1400000000"));
  EXPECT_THAT(text, HasSubstr("writeback_agent_service_key_expiry_timestamp_seconds 1900000000"));
  EXPECT_THAT(text, HasSubstr("writeback_agent_service_certificate_expiry_timestamp_seconds 1700000000"));
  EXPECT_THAT(text, HasSubstr("writeback_agent_controller_certificate_expiry_timestamp_seconds{dc=\"dc1.corp.example\",domain=\"corp.example\"} 1600000000"));
  EXPECT_THAT(text, Not(HasSubstr("certificate_expiry_timestamp_seconds{dc=\"dc2.corp.example\""))) << "it has shown none";
}

// prometheus.io/docs/practices/naming, as `promtool check metrics` has it.
TEST(TheNumbersOfAnAgent, AreNamedByTheRulesOfPrometheus) {
  auto now = a_moment();
  now.service_keys_end = 1'900'000'000, now.domains["corp.example"].roster_ends = 1'800'000'000;
  now.no_link = NoLink{LinkTrouble::dns, "s", "w", "d", 1};
  Metrics metrics;
  metrics.settled("corp.example", a_result());
  metrics.moved("corp.example");
  metrics.link_failed(LinkTrouble::dns);
  Phases phases;
  phases[Phase::check] = 1;
  metrics.phases_of("corp.example", phases);
  now.encryption_key_made = 1'500'000'000, now.signing_key_made = 1'400'000'000;
  std::istringstream lines(metrics.text(now));
  std::map<std::string, std::string> types, helps;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string hash, what, name, rest;
    words >> hash >> what >> name;
    std::getline(words, rest);
    auto* const known = hash != "#" ? nullptr : what == "HELP" ? &helps
        : what == "TYPE"                                       ? &types
                                                               : nullptr;
    const bool once = !known || known->emplace(name, rest).second;
    EXPECT_TRUE(once) << name << " twice";
  }
  EXPECT_GT(types.size(), 20U);
  for (const auto& [name, type] : types) {
    EXPECT_THAT(name, testing::MatchesRegex("writeback_agent_[a-z_]+"));
    EXPECT_EQ(type == " counter", name.ends_with("_total")) << name << type;
    EXPECT_GT(helps[name].size(), 10U) << name;
    for (const auto* no : {"_ms", "_milliseconds", "_minutes", "_hours", "_count", "_sum", "_bucket"}) EXPECT_FALSE(name.ends_with(no)) << name;
  }
}

TEST(TheNumbersOfAnAgent, ForgetAControllerThatIsGone) {
  const Metrics metrics;
  auto now = a_moment();
  EXPECT_THAT(metrics.text(now), HasSubstr("dc2.corp.example"));
  now.domains["corp.example"].directory.controllers.pop_back();
  EXPECT_THAT(metrics.text(now), Not(HasSubstr("dc2.corp.example")));
}

TEST(AnAgentsHealth, IsReadyWhenTheLinkAndEveryDomainAre) {
  auto now = a_moment();
  EXPECT_TRUE(health_of(now).ready);
  now.link_up = false;
  EXPECT_FALSE(health_of(now).ready);
  now = a_moment();
  now.domains["other.example"].reason = "ldap.connect: nobody there";
  const auto health = health_of(now);
  EXPECT_FALSE(health.ready);
  EXPECT_THAT(health.json, HasSubstr(R"("other.example":{"ready":false,"reason":"ldap.connect: nobody there")"));
  now = a_moment();
  now.draining = true;
  EXPECT_FALSE(health_of(now).ready);
  EXPECT_FALSE(health_of(Snapshot{true, false, true, 0, {}, {}, {}}).ready) << "no domain at all";
}

TEST(AnAgentsHealth, IsNotReadyWithoutItsJournalOrApproval) {
  auto now = a_moment();
  now.journal_works = false;
  EXPECT_FALSE(health_of(now).ready);
  EXPECT_THAT(health_of(now).json, testing::AllOf(HasSubstr(R"("ready":false,"link":true)"), HasSubstr(R"("journal":false)")));
  now = a_moment();
  now.domains["corp.example"].ready = false, now.domains["corp.example"].reason = "not_approved";
  EXPECT_FALSE(health_of(now).ready);
  EXPECT_THAT(health_of(now).json, HasSubstr(R"("corp.example":{"ready":false,"reason":"not_approved")"));
  EXPECT_THAT(Metrics().text(now), HasSubstr("writeback_agent_domain_ready{domain=\"corp.example\"} 0\n"));
}

TEST(ADomainThatTakesNoJobs, HasTheFirstReasonThatCounts) {
  ReadyParts parts{0, true, false, "", true, ""};
  EXPECT_EQ(why_not_ready(parts), std::nullopt);
  parts.directory_ready = false;
  EXPECT_EQ(why_not_ready(parts), "") << "nobody has looked yet";
  parts.directory = "ldap.connect: refused";
  EXPECT_EQ(why_not_ready(parts), "ldap.connect: refused");
  parts.trust = "not_approved";
  EXPECT_EQ(why_not_ready(parts), "not_approved");
  parts.draining = true;
  EXPECT_EQ(why_not_ready(parts), "draining");
  parts.journal_works = false;
  EXPECT_EQ(why_not_ready(parts), "journal");
  for (const auto& [offset, skewed] : {std::pair{300, false}, std::pair{301, true}, std::pair{-300, false}, std::pair{-301, true}}) {
    parts.clock_offset_s = offset;
    EXPECT_EQ(why_not_ready(parts) == "clock_skew", skewed) << offset;
  }
}

TEST(ALinkThatIsNotThere, HasItsReasonInTheHealthAndInTheNumbers) {
  auto now = a_moment();
  EXPECT_THAT(health_of(now).json, HasSubstr(R"("link":true,"no_link":null,)"));
  EXPECT_THAT(Metrics().text(now), Not(HasSubstr("link_down_reason")));
  now.link_up = false;
  now.no_link = NoLink{LinkTrouble::tls_issuer, "https://reset.example", "link.tls_issuer", "certificate: ..., issuer CN = \"A\" box", 1'795'338'840};
  EXPECT_THAT(health_of(now).json,
      HasSubstr(R"("no_link":{"reason":"tls_issuer","service":"https://reset.example","where":"link.tls_issuer","detail":"certificate: ..., issuer CN = \"A\" box","at":1795338840})"));
  Metrics metrics;
  metrics.link_failed(LinkTrouble::proxy_auth);
  metrics.link_failed(LinkTrouble::proxy_auth);
  metrics.link_failed(LinkTrouble::tls_issuer);
  const auto text = metrics.text(now);
  for (const auto* line : {"writeback_agent_link_down_reason{reason=\"tls_issuer\"} 1\n", "writeback_agent_link_failures_total{reason=\"proxy_auth\"} 2\n", "writeback_agent_link_failures_total{reason=\"tls_issuer\"} 1\n"})
    EXPECT_THAT(text, HasSubstr(line));
}

// Of every place a link can fail at. That the places are right is the business of the tests of those.
TEST(TheTroubleOfALink, IsNamedAfterThePlaceOfItsFault) {
  using Kind = Fault::Kind;
  const std::tuple<Kind, const char*, const char*, LinkTrouble> cases[] = {
      {Kind::unreachable, "link.resolve", "Host not found", LinkTrouble::dns},
      {Kind::timed_out, "link.resolve", "", LinkTrouble::dns},
      {Kind::unreachable, "link.connect", "Connection refused", LinkTrouble::tcp},
      {Kind::refused, "proxy.settings", "", LinkTrouble::proxy_settings},
      {Kind::refused, "proxy.password_file", "", LinkTrouble::proxy_settings},
      {Kind::refused, "proxy.connect", "403", LinkTrouble::proxy_refused},
      {Kind::unreachable, "proxy.connect", "502", LinkTrouble::proxy_unreachable},
      {Kind::timed_out, "proxy.connect", "", LinkTrouble::proxy_unreachable},
      {Kind::refused, "proxy.sign_in", "407", LinkTrouble::proxy_auth},
      {Kind::refused, "tls.ca", "", LinkTrouble::tls_settings},
      {Kind::refused, "link.tls", "alert", LinkTrouble::tls},
      {Kind::timed_out, "link.tls", "", LinkTrouble::tls},
      {Kind::refused, "link.upgrade", "HTTP status 404", LinkTrouble::upgrade},
      {Kind::refused, "link.web_page", "HTTP status 200", LinkTrouble::web_page},
      {Kind::refused, "proxy.web_page", "302", LinkTrouble::web_page},
      {Kind::refused, "session.intercepted", "", LinkTrouble::intercepted},
      {Kind::refused, "session.challenge", "the service binds no channel", LinkTrouble::channel_binding},
      {Kind::timed_out, "session.challenge", "", LinkTrouble::lost},
      {Kind::malformed, "session.challenge", "another message came", LinkTrouble::contract},
      {Kind::refused, "session.refused", "channel_binding", LinkTrouble::channel_binding},
      {Kind::refused, "session.refused", "slow_down", LinkTrouble::refused},
      {Kind::refused, "session.refused", "revoked", LinkTrouble::revoked},
      {Kind::refused, "session.version", "", LinkTrouble::contract},
      {Kind::malformed, "session.messages", "", LinkTrouble::contract},
      {Kind::malformed, "link.read", "a binary frame", LinkTrouble::contract},
      {Kind::lost, "link.read", "the peer was silent", LinkTrouble::lost},
      {Kind::internal, "state.save", "", LinkTrouble::other},
  };
  for (const auto& [kind, where, detail, trouble] : cases) EXPECT_EQ(to_string(trouble_of(fault(kind, where, detail))), to_string(trouble)) << to_string(kind) << " " << where << " " << detail;
}

}  // namespace
}  // namespace wb::agent
