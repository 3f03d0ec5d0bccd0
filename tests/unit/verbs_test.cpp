#include "service/verbs.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "core/ids.hpp"
#include "platform/private_files.hpp"
#include "service/service.hpp"

namespace wb::service {
namespace {

class AnOperator : public testing::Test {
 protected:
  config::ServiceConfig config;
  AnOperator() {
    std::string name = (std::filesystem::temp_directory_path() / "wb-verbs-XXXXXX").string();
    config.state_dir = ::mkdtemp(name.data());
  }
  ~AnOperator() override { std::filesystem::remove_all(config.state_dir); }

  // A job in the store; in doubt, or still on its way.
  std::string job(bool in_doubt, const std::string& domain = "corp.example") {
    auto store = open_store(config).value();
    const ProbeRow probe{new_ulid(), domain, "6f1c2f0e-8a57-4d0f-9a1b-" + domain, {"dc1.corp.example", 3, "133", "mk"}, unix_now(), std::nullopt};
    EXPECT_TRUE(store.add_probe(probe));
    JobRow j;
    j.jti = new_ulid(), j.domain = domain, j.client = "c", j.probe = probe.id, j.sub = probe.sub, j.pre = probe.pre, j.correlation_id = "cor";
    j.sealed = "{sealed}", j.iat = unix_now(), j.exp = j.iat + 120, j.created_ms = j.iat * 1'000;
    EXPECT_EQ(store.submit(j, unix_now()).value(), Submitted::stored);
    j.outcome = "in_doubt", j.attempts = {{"AGENT-ONE", 1, 1, true}, {"AGENT-TWO", 2, 2}};
    if (in_doubt) {
      EXPECT_TRUE(store.tell(j));
    }
    return j.jti;
  }
  template <class F> std::string said(F verb, int code) {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    EXPECT_EQ(verb(), code);
    testing::internal::GetCapturedStderr();
    return testing::internal::GetCapturedStdout();
  }
  static bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }
};

TEST_F(AnOperator, SeesTheJobsOfADomainOrOfAll) {
  const auto open = job(false, "a.example"), doubt = job(true, "b.example"), done = job(true, "c.example");
  {
    auto store = open_store(config).value();
    auto row = store.job(done).value().value();
    row.outcome = "applied";
    ASSERT_TRUE(store.finish(row).value());
  }
  const auto all = said([&] { return list_jobs(config, "", false); }, exit_done);
  EXPECT_TRUE(has(all, open) && has(all, doubt) && has(all, done)) << all;
  EXPECT_TRUE(has(all, "resolving") && has(all, "in_doubt") && has(all, "applied") && has(all, "dc1.corp.example")) << all;
  const auto some = said([&] { return list_jobs(config, "", true); }, exit_done);
  EXPECT_TRUE(has(some, open) && has(some, doubt) && !has(some, done)) << some;
  const auto one = said([&] { return list_jobs(config, "b.example", false); }, exit_done);
  EXPECT_TRUE(!has(one, open) && has(one, doubt)) << one;
}

TEST_F(AnOperator, SeesWhoWasAskedToDoAJob) {
  const auto text = said([&] { return show_job(config, job(true)); }, exit_done);
  for (const char* part : {"resolving", "AGENT-ONE, fence 1, answered in_doubt", "AGENT-TWO, fence 2\n", "dc1.corp.example", "6f1c2f0e", "in_doubt"}) EXPECT_TRUE(has(text, part)) << part << "\n"
                                                                                                                                                                                   << text;
  EXPECT_FALSE(has(text, "sealed"));
  EXPECT_EQ(said([&] { return show_job(config, new_ulid()); }, exit_failed), "");
}

TEST_F(AnOperator, IsToldTheRiskBeforeAJobIsReleased) {
  const auto jti = job(true);
  const auto text = said([&] { return release_job(config, jti, false); }, exit_usage);
  for (const char* part : {"6f1c2f0e", "dc1.corp.example", "AGENT-ONE", "AGENT-TWO", "replication", "--accept-risk"}) EXPECT_TRUE(has(text, part)) << part << "\n"
                                                                                                                                                   << text;
  EXPECT_TRUE(open_store(config).value().released().value().empty()) << "and nothing is done";
  said([&] { return release_job(config, jti, true); }, exit_done);
  EXPECT_EQ(open_store(config).value().released().value(), std::vector<std::string>{jti});
}

TEST_F(AnOperator, CanNotReleaseWhatIsNotInDoubt) {
  const auto jti = job(false);
  said([&] { return release_job(config, jti, true); }, exit_failed);
  said([&] { return release_job(config, new_ulid(), true); }, exit_failed);
  EXPECT_TRUE(open_store(config).value().released().value().empty());
}

TEST_F(AnOperator, DrainsAnAgentAndTheLastOneByForceAlone) {
  AgentRow agent{"", {"x", "y"}, "k", "host"};
  {
    auto store = open_store(config).value();
    ASSERT_TRUE(store.add_token("t", std::string(32, 'h'), "corp.example", unix_now() + 60));
    ASSERT_EQ(store.enroll("t", agent, unix_now()).value(), Enrolled::yes);
    ASSERT_TRUE(store.put_ready({{"corp.example", agent.id}}, {}));
  }
  const auto drained = [&] { return open_store(config).value().drained().value(); };
  testing::internal::CaptureStderr();
  EXPECT_EQ(drain_agent(config, agent.id, false), exit_failed);
  const auto why = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(has(why, "corp.example") && has(why, "--force")) << why;
  EXPECT_TRUE(drained().empty());
  EXPECT_TRUE(has(said([&] { return drain_agent(config, agent.id, true); }, exit_done), "agents resume " + agent.id));
  EXPECT_EQ(drained(), std::set{agent.id});
  said([&] { return resume_agent(config, agent.id); }, exit_done);
  EXPECT_TRUE(drained().empty());
  said([&] { return drain_agent(config, new_ulid(), true); }, exit_failed);
  said([&] { return resume_agent(config, new_ulid()); }, exit_failed);
}

TEST_F(AnOperator, TakesTheRootElsewhereAndBringsItsEndorsementsBack) {
  config.public_url = "https://reset.example";
  const auto at = [&](const char* name) { return (config.state_dir / name).string(); };
  const auto write = [&](const char* name, const std::string& text) {
    ASSERT_TRUE(platform::write_private_file(at(name), text));
  };
  EXPECT_FALSE(has(said([&] { return list_keys(config); }, exit_done), "not on this machine"));
  write("words", "a dozen words on paper\n");
  EXPECT_TRUE(has(said([&] { return export_root(config, at("root"), at("words"), true); }, exit_done), "no longer on this machine"));
  EXPECT_TRUE(has(said([&] { return list_keys(config); }, exit_done), "not on this machine"));
  said([&] { return rotate_keys(config, true); }, exit_failed);
  write("request", said([&] { return request_keys(config, 2, false); }, exit_done));
  write("endorsed", said([&] { return endorse_keys(at("request"), at("root"), at("words")); }, exit_done));
  EXPECT_EQ(said([&] { return endorse_keys(at("endorsed"), at("root"), at("words")); }, exit_failed), "");
  EXPECT_EQ(said([&] { return endorse_keys(at("request"), at("root"), ""); }, exit_failed), "") << "without the passphrase";
  EXPECT_TRUE(has(said([&] { return install_keys(config, at("endorsed"), false); }, exit_done), "later"));
  said([&] { return install_keys(config, at("request"), false); }, exit_failed);
  said([&] { return install_keys(config, at("none"), false); }, exit_failed);
  EXPECT_TRUE(has(said([&] { return create_token(config, "corp.example"); }, exit_done), "wbe1."));
  said([&] { return import_root(config, at("root"), at("words")); }, exit_done);
  EXPECT_FALSE(has(said([&] { return list_keys(config); }, exit_done), "not on this machine"));
}

TEST_F(AnOperator, IsToldWhenAnEndorsementOfARootElsewhereIsNeeded) {
  config.public_url = "https://reset.example";
  const auto words = config.state_dir / "words", base = config.state_dir;
  ASSERT_TRUE(platform::write_private_file(words, "a dozen words on paper"));
  for (const auto& [days, what] : {std::pair(20, "the last endorsement ends"), std::pair(40, "no signing key is endorsed")}) {
    config.state_dir = base / std::to_string(days);
    ASSERT_TRUE(platform::private_folder(config.state_dir));
    ASSERT_TRUE(Keys::open(config.state_dir, config.public_url, unix_now() - days * 86'400));
    said([&] { return export_root(config, (config.state_dir / "root").string(), words.string(), true); }, exit_done);
    EXPECT_TRUE(has(said([&] { return list_keys(config); }, exit_done), what)) << days;
    EXPECT_TRUE(has(said([&] { return create_token(config, "corp.example"); }, exit_done), "wbe1.")) << "agents enroll all the same";
  }
  config.state_dir = base;
}

TEST_F(AnOperator, SeesAndChecksTheAudit) {
  job(true);
  job(false, "b.example");
  const auto lines = said([&] { return export_audit(config, {}); }, exit_done);
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 3) << lines;
  EXPECT_TRUE(has(lines, "job.submitted") && has(lines, "job.in_doubt")) << lines;
  const auto some = said([&] { return export_audit(config, {{"activity", "job.submitted"}, {"limit", "1"}, {"after", "1"}}); }, exit_done);
  EXPECT_EQ(std::count(some.begin(), some.end(), '\n'), 1) << some;
  const auto file = config.state_dir / "audit.jsonl";
  std::ofstream(file) << lines;
  auto head = said([&] { return audit_head(config); }, exit_done);
  head.pop_back();
  for (const auto& where : {std::string(), file.string()}) EXPECT_TRUE(has(said([&] { return verify_audit(config, where, {{"head", head}}); }, exit_done), "sound: 3 rows")) << where;
  ASSERT_TRUE(open_store(config).value().database().run("UPDATE audit SET row=replace(row, 'b.example', 'c.example')"));
  said([&] { return verify_audit(config, "", {}); }, exit_failed);
  std::ofstream(file, std::ios::app) << "{}\n";
  said([&] { return verify_audit(config, file, {}); }, exit_failed);
}

TEST_F(AnOperator, IsToldWhatTheAuditDoesNotUnderstand) {
  EXPECT_TRUE(said([&] { return export_audit(config, {{"correlation-id", "no such way"}}); }, exit_done).find("{") == std::string::npos);
  for (const AuditOptions& bad : std::vector<AuditOptions>{{{"after", "x"}}, {{"activity", "none"}}, {{"from", "now"}}, {{"limit", "0"}}}) said([&] { return export_audit(config, bad); }, exit_usage);
  said([&] { return verify_audit(config, "", {{"head", "1:xy"}}); }, exit_usage);
  said([&] { return verify_audit(config, "", {{"filtered", ""}}); }, exit_usage);
  said([&] { return verify_audit(config, "/nonexistent/file", {}); }, exit_failed);
  for (const char* days : {"", "0", "-1", "x", "1d", "99999999999999999999"}) said([&] { return prune_audit(config, {{"keep-days", days}}); }, exit_usage);
  said([&] { return prune_audit(config, {}); }, exit_usage);
  said([&] { return unblock_account(config, "corp.example", {}); }, exit_usage);
}

TEST_F(AnOperator, ErasesTheAuditsBeginningAndNothingYoung) {
  job(false);
  EXPECT_TRUE(has(said([&] { return prune_audit(config, {{"keep-days", "1"}}); }, exit_done), "erased: 0"));
  EXPECT_TRUE(has(said([&] { return verify_audit(config, "", {}); }, exit_done), "sound: 1 rows"));
}

TEST_F(AnOperator, LiftsTheLimitsOfAnAccount) {
  EXPECT_TRUE(has(said([&] { return unblock_account(config, "corp.example", {{"account", "sub"}}); }, exit_done), "lifted: 0"));
  EXPECT_TRUE(has(said([&] { return export_audit(config, {}); }, exit_done), "account.unblocked"));
}

TEST_F(AnOperator, MakesACredentialForTheAuditBeforeThereIsARoot) {
  EXPECT_TRUE(has(said([&] { return create_client(config, "corp.example", {Scope::audit}, std::nullopt); }, exit_done), R"("scopes":"audit")"));
  said([&] { return create_client(config, "corp.example", {Scope::audit, Scope::writeback}, std::nullopt); }, exit_failed);
}

}  // namespace
}  // namespace wb::service
