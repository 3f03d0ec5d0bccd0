// The agent's own audit at work: what a job leaves in it.
#include <gtest/gtest.h>

#include <fstream>

#include "agent/audit_file.hpp"
#include "protocol/json.hpp"
#include "tests/support/agent_world.hpp"

namespace wb::test {
namespace {
using protocol::Code;

std::vector<std::string> rows_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::vector<std::string> rows;
  for (std::string line; std::getline(in, line);) rows.push_back(crypto::audit_row_from(line).value().row);
  return rows;
}

TEST(AnAgentWithAnAuditOfItsOwn, HasALineForEachJobsEndAcrossARestartAndNoneForWhatItRefusedToBegin) {
  AgentWorld world;
  const auto file = world.config.state_dir / "audit.jsonl";
  world.config.audit.file = file;
  world.config.domains[0].volume = {.account_per_minute = 2};
  std::vector<std::string> jtis;
  world.play([&jtis](AgentWorld& w) -> Awaitable<> {
    for (int i = 0; i < 3; ++i) {
      auto [job, sec] = w.reset();
      jtis.push_back(job.jti);
      w.post_job(job, sec);
      auto r = co_await w.result();
      EXPECT_EQ(r.code, i < 2 ? Code::applied : Code::denied);
      if (i > 0) continue;
      auto stopping = w.stop_agent();
      co_await std::move(stopping);
      w.start_agent();
      auto up = w.until_ready(true);
      co_await std::move(up);
    }
    auto [job, sec] = w.reset();
    job.att = 2, job.fence = 2;
    w.post_job(job, sec);
    auto r = co_await w.result();
    EXPECT_EQ(r.code, Code::busy);
    auto stopping = w.stop_agent();
    co_await std::move(stopping);
    w.start_agent();
    auto up = w.until_ready(true);
    co_await std::move(up);
  });
  const auto rows = rows_of(file);
  ASSERT_EQ(rows.size(), 4U);
  for (std::size_t i = 0; i < 3; ++i) {
    const auto row = protocol::parse_json(rows[i + 1]).value().as_object();
    EXPECT_EQ(row.at("activity"), "job.settled");
    EXPECT_EQ(row.at("jti").as_string(), jtis[i]);
    EXPECT_EQ(row.at("code"), i < 2 ? "applied" : "denied");
    EXPECT_EQ(row.at("op"), "reset");
    EXPECT_EQ(row.at("dc").as_string().empty(), i == 2) << "a denied account is not talked about";
    EXPECT_FALSE(row.at("target").as_string().empty());
  }
  EXPECT_FALSE(agent::verify_audit_files({file}, std::nullopt).value().report.broken);
}

}  // namespace
}  // namespace wb::test
