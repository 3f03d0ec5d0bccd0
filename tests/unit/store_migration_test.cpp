// A store that an earlier version made is taken over with its rows. The schemas stand here as they were: what the code says today
// is no proof of what lies on people's disks.
#include <gtest/gtest.h>

#include "service/store.hpp"

namespace wb::service {
namespace {

constexpr const char* schema_1 = R"sql(
CREATE TABLE tokens(id TEXT PRIMARY KEY, hash BLOB NOT NULL, domain TEXT NOT NULL, expires INTEGER NOT NULL, used_by TEXT) STRICT;
CREATE TABLE agents(id TEXT PRIMARY KEY, kid TEXT NOT NULL UNIQUE, x TEXT NOT NULL, y TEXT NOT NULL, host TEXT NOT NULL, enrolled INTEGER NOT NULL) STRICT;
CREATE TABLE members(domain TEXT NOT NULL, agent TEXT NOT NULL REFERENCES agents(id), PRIMARY KEY(domain, agent)) STRICT;
CREATE INDEX members_by_agent ON members(agent);
CREATE TABLE rosters(domain TEXT PRIMARY KEY, jws TEXT NOT NULL, dr TEXT NOT NULL, rsn INTEGER NOT NULL) STRICT;
CREATE TABLE statements(domain TEXT NOT NULL, agent TEXT NOT NULL REFERENCES agents(id), jws TEXT NOT NULL, exp INTEGER NOT NULL, PRIMARY KEY(domain, agent)) STRICT;
CREATE TABLE clients(id TEXT PRIMARY KEY, hash BLOB NOT NULL, domain TEXT NOT NULL) STRICT;
CREATE TABLE probes(id TEXT PRIMARY KEY, domain TEXT NOT NULL, sub TEXT NOT NULL, dc TEXT NOT NULL, ver INTEGER NOT NULL, pls TEXT NOT NULL, mk TEXT, made INTEGER NOT NULL, used_by TEXT) STRICT;
CREATE TABLE jobs(
  jti TEXT PRIMARY KEY, domain TEXT NOT NULL, client TEXT NOT NULL, probe TEXT NOT NULL, sub TEXT NOT NULL, correlation_id TEXT NOT NULL,
  op TEXT NOT NULL, unlock INTEGER NOT NULL, must_change INTEGER NOT NULL, enforce_history INTEGER NOT NULL,
  dc_pinned TEXT NOT NULL, ver INTEGER NOT NULL, pls TEXT NOT NULL, mk TEXT, sealed TEXT, sh TEXT, iat INTEGER NOT NULL, exp INTEGER NOT NULL,
  created_ms INTEGER NOT NULL, final INTEGER NOT NULL DEFAULT 0, fence INTEGER NOT NULL DEFAULT 0, attempts TEXT NOT NULL DEFAULT '',
  outcome TEXT NOT NULL DEFAULT '', reason TEXT NOT NULL DEFAULT '', text TEXT NOT NULL DEFAULT '', agent TEXT NOT NULL DEFAULT '', dc TEXT NOT NULL DEFAULT '',
  retry_after INTEGER, also TEXT NOT NULL DEFAULT '', duration_us INTEGER NOT NULL DEFAULT 0, result TEXT NOT NULL DEFAULT '',
  CHECK(final = 0 OR sealed IS NULL)) STRICT;
CREATE UNIQUE INDEX one_job_per_account ON jobs(domain, sub) WHERE final = 0;
CREATE INDEX jobs_by_age ON jobs(created_ms) WHERE final = 1;
)sql";

constexpr const char* schema_2 = R"sql(
ALTER TABLE jobs ADD COLUMN told INTEGER NOT NULL DEFAULT 0 CHECK(told = 0 OR sealed IS NULL);
ALTER TABLE jobs ADD COLUMN released INTEGER NOT NULL DEFAULT 0;
DROP INDEX one_job_per_account;
CREATE UNIQUE INDEX one_job_per_account ON jobs(domain, sub) WHERE final = 0 AND told = 0;
CREATE INDEX jobs_resolving ON jobs(domain, sub) WHERE final = 0 AND told = 1;
CREATE INDEX jobs_released ON jobs(jti) WHERE final = 0 AND released = 1;
)sql";

constexpr const char* schema_3 = R"sql(
ALTER TABLE agents ADD COLUMN revoked INTEGER NOT NULL DEFAULT 0;
CREATE TABLE roots(domain TEXT NOT NULL, number INTEGER NOT NULL, jws TEXT NOT NULL, PRIMARY KEY(domain, number)) STRICT;

INSERT INTO clients(id, hash, domain) VALUES('c', CAST('hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh' AS BLOB), 'corp.example');
INSERT INTO agents(id, kid, x, y, host, enrolled, revoked) VALUES('A', 'k', 'x', 'y', 'host', 1, 1);
INSERT INTO rosters(domain, jws, dr, rsn) VALUES('corp.example', 'r', 'dr', 4);
INSERT INTO jobs(jti, domain, client, probe, sub, correlation_id, op, unlock, must_change, enforce_history, dc_pinned, ver, pls, sealed, iat, exp, created_ms, fence, attempts)
  VALUES('J', 'corp.example', 'c', 'p', 's', 'x', 'reset', 0, 0, 1, 'dc1', 1, '1', '{}', 1, 2, 3, 1, 'A 1 1' || char(10));
)sql";

TEST(AStoreOfTheThirdSchema, IsTakenOverWithItsRows) {
  std::string name = (std::filesystem::temp_directory_path() / "wb-store-XXXXXX").string();
  const std::filesystem::path folder(::mkdtemp(name.data()));
  {
    auto old = queue::Database::open(folder / "store.sqlite").value();
    ASSERT_TRUE(old.migrate({schema_1, schema_2, schema_3}));
  }
  auto store = Store::open(folder / "store.sqlite", "acme").value();
  const auto client = store.client("c", std::string(32, 'h')).value();
  ASSERT_TRUE(client);
  EXPECT_EQ(client->scopes, Scopes{Scope::writeback}) << "what it could do before, and nothing more";
  EXPECT_EQ(store.revoked().value(), std::vector<std::string>{"A"});
  EXPECT_TRUE(store.drained().value().empty());
  EXPECT_EQ(store.roster("corp.example").value()->rsn, 4);
  auto jobs = store.unfinished().value();
  ASSERT_EQ(jobs.size(), 1U);
  jobs[0].outcome = "applied";
  EXPECT_TRUE(store.finish(jobs[0]).value());
  const auto report = store.audit().verify(std::nullopt).value();
  EXPECT_FALSE(report.broken);
  EXPECT_EQ(report.rows, 1) << "the job's end; nothing is made up of what was before";
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace wb::service
