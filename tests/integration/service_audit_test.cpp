// The audit through the real API: pulled by a client that may do nothing else.
#include <gtest/gtest.h>

#include "service/credentials.hpp"
#include "tests/support/service_world.hpp"

namespace wb::test {
namespace {

class AnAuditor : public testing::Test {
 protected:
  ServiceWorld world;
  std::string bearer(const service::Scopes& scopes, const std::string& domain = "corp.example") {
    const auto credential = service::new_credential();
    EXPECT_TRUE(world.store().add_client(credential.id, service::hash_of(credential), domain, scopes));
    return "wbc1." + credential.id + "." + credential.secret;
  }
  std::string url(const std::string& query = {}) { return world.url() + "/api/v1/audit" + query; }
};

TEST_F(AnAuditor, PullsWhatHappenedInItsDomain) {
  auto agent = world.active_agent();
  const auto writer = world.client(), reader = bearer({service::Scope::audit});
  const auto probed = world.probe(*agent, writer);
  const auto sealed = world.seal({agent.get()}, world.binding(probed), "Correct-Horse-9");
  const auto submitted = world.submit(writer, probed.id, sealed);
  ASSERT_EQ(submitted.status, 202) << json::serialize(submitted.body);
  const auto job = agent->next_job();
  ASSERT_TRUE(job);
  agent->accept(job->job);
  agent->answer(job->job, protocol::Code::applied);
  ASSERT_EQ(world.look(writer, submitted.text("jti")).text("outcome"), "applied");
  const auto found = https("GET", url("?activity=job.settled"), {}, reader);
  ASSERT_EQ(found.status, 200);
  const auto& row = found.body.at("row");  // one line, so it is JSON as a whole
  EXPECT_EQ(row.at("correlation_id").as_string(), submitted.text("correlation_id"));
  EXPECT_EQ(row.at("agent").as_string(), agent->id);
  EXPECT_EQ(row.at("reason").as_string(), "directory.applied");
  EXPECT_EQ(row.at("target").as_string(), alices_sub);
  EXPECT_FALSE(world.store().audit().verify(std::nullopt).value().broken);
  const auto elsewhere = https("GET", url("?activity=job.settled"), {}, bearer({service::Scope::audit}, "other.example"));
  EXPECT_EQ(elsewhere.status, 200);
  EXPECT_TRUE(elsewhere.body.is_null()) << "another domain's";
}

TEST_F(AnAuditor, FindsOneWayByItsNumberAndAnAccountByItsId) {
  const auto put = [&](const std::string& domain, const std::string& number, const std::string& target) {
    service::AuditEntry entry;
    entry.activity = service::Activity::signed_in, entry.domain = domain, entry.correlation_id = number, entry.target = target;
    EXPECT_TRUE(world.store().audit().record(entry, unix_now_ms()));
  };
  put("corp.example", "WAY-1", "sub-1"), put("corp.example", "WAY-2", "sub-1"), put("corp.example", "WAY-2\",\"x", "sub-2"), put("other.example", "WAY-1", "sub-1");
  const auto reader = bearer({service::Scope::audit}), other = bearer({service::Scope::audit}, "third.example");
  const auto found = [&](const std::string& query, const std::string& as) {
    const auto reply = https("GET", url(query), {}, as);
    EXPECT_EQ(reply.status, 200) << query;
    return reply.body.is_object() ? std::string(reply.body.at("row").at("correlation_id").as_string()) : std::to_string(reply.body.is_null() ? 0 : 2);
  };
  EXPECT_EQ(found("?correlation_id=WAY-1", reader), "WAY-1") << "one line: the other domain's is not among them";
  EXPECT_EQ(found("?correlation_id=WAY-2", reader), "WAY-2");
  EXPECT_EQ(found("?target=sub-1&correlation_id=WAY-2&activity=user.signed_in", reader), "WAY-2");
  EXPECT_EQ(found("?target=sub-2", reader), "WAY-2\",\"x");
  EXPECT_EQ(found("?correlation_id=WAY-", reader), "0") << "exactly";
  EXPECT_EQ(found("?correlation_id=WAY-1", other), "0") << "another domain's";
  EXPECT_EQ(found("?target=sub-1", other), "0");
  for (const auto* bad : {"?correlation_id=", "?target=", "?corelation_id=WAY-1"}) EXPECT_EQ(https("GET", url(bad), {}, reader).status, 400) << bad;
}

TEST_F(AnAuditor, MayDoNothingElseAndNobodyElseMayReadTheAudit) {
  const auto reader = bearer({service::Scope::audit}), writer = world.client();
  const auto no = [](const HttpReply& reply) { return std::to_string(reply.status) + " " + reply.error(); };
  EXPECT_EQ(no(https("GET", world.url() + "/api/v1/keys", {}, reader)), "403 forbidden");
  EXPECT_EQ(no(https("POST", world.url() + "/api/v1/probes", R"({"name":"alice"})", reader)), "403 forbidden");
  EXPECT_EQ(no(https("POST", world.url() + "/api/v1/jobs", "{}", reader)), "403 forbidden");
  EXPECT_EQ(no(https("GET", url(), {}, writer)), "403 forbidden");
  EXPECT_EQ(no(https("GET", url())), "401 unauthorized");
  EXPECT_EQ(https("GET", world.url() + "/api/v1/keys", {}, bearer({service::Scope::audit, service::Scope::writeback})).status, 200);
}

TEST_F(AnAuditor, FindsWhatIsYoungEnoughToBeKept) {
  world.stop();
  service::AuditEntry entry;
  entry.activity = service::Activity::job_settled, entry.domain = world.domain, entry.target = "old";
  auto log = world.store().audit();
  ASSERT_EQ(log.head().value(), service::audit_origin()) << "nothing happened yet";
  for (int i = 0; i < 1'200; ++i) ASSERT_TRUE(log.record(entry, unix_now_ms() - 3 * 86'400'000LL, false));
  entry.target = "young";
  ASSERT_TRUE(log.record(entry, unix_now_ms()));
  world.config.audit_keep_days = 2;
  world.start();
  const auto reader = bearer({service::Scope::audit});
  const auto oldest = [&] { return std::string(https("GET", url("?limit=1"), {}, reader).body.at("row").at("target").as_string()); };
  const auto until = BootClock::now() + 20s;
  while (oldest() != "young" && BootClock::now() < until) {
  }
  EXPECT_EQ(oldest(), "young");
  const auto report = log.verify(std::nullopt).value();
  EXPECT_FALSE(report.broken);
  EXPECT_EQ(report.first.seq, 1'200);
}

TEST_F(AnAuditor, IsToldWhatWasWrongWithTheQuestion) {
  const auto reader = bearer({service::Scope::audit});
  for (const auto* bad : {"?after=x", "?after=-1", "?activity=all", "?from=today", "?to=2026-13-01", "?limit=0", "?limit=1001", "?sort=seq", "?from=2026-11-27&to=2026-11-26"}) {
    const auto reply = https("GET", url(bad), {}, reader);
    EXPECT_EQ(reply.status, 400) << bad;
    EXPECT_EQ(reply.error(), "bad_request") << bad;
  }
  EXPECT_EQ(https("POST", url(), "{}", reader).status, 405);
}

}  // namespace
}  // namespace wb::test
