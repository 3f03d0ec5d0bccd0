// A store that an earlier version made is taken over with its rows. The schemas stand here as they were: what the code says today
// is no proof of what lies on people's disks.
#include <gtest/gtest.h>

#include "service/audit.hpp"
#include "service/sspr/people.hpp"
#include "service/sspr/settings_store.hpp"
#include "service/sspr/tickets.hpp"
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

// The fourth to the twelfth, in one; and what people had in them.
constexpr const char* schemas_4_to_12 = R"sql(
ALTER TABLE agents ADD COLUMN next_kid TEXT;
ALTER TABLE agents ADD COLUMN next_x TEXT;
ALTER TABLE agents ADD COLUMN next_y TEXT;
ALTER TABLE agents ADD COLUMN former_kid TEXT;
ALTER TABLE agents ADD COLUMN former_x TEXT;
ALTER TABLE agents ADD COLUMN former_y TEXT;
CREATE UNIQUE INDEX agents_by_next_key ON agents(next_kid) WHERE next_kid IS NOT NULL;
CREATE TABLE audit(seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, domain TEXT NOT NULL, activity TEXT NOT NULL, row TEXT NOT NULL, hash BLOB NOT NULL) STRICT;
CREATE INDEX audit_by_activity ON audit(activity, seq);
CREATE INDEX audit_by_domain ON audit(domain, seq);
CREATE TABLE audit_anchor(id INTEGER PRIMARY KEY CHECK(id = 1), seq INTEGER NOT NULL, hash BLOB NOT NULL) STRICT;
CREATE TABLE limits(kind TEXT NOT NULL, key BLOB NOT NULL, at INTEGER NOT NULL, count INTEGER NOT NULL, account BLOB, PRIMARY KEY(kind, key, at)) STRICT, WITHOUT ROWID;
CREATE INDEX limits_of_account ON limits(account) WHERE account IS NOT NULL;
CREATE INDEX limits_by_age ON limits(kind, at);
ALTER TABLE clients ADD COLUMN scopes TEXT NOT NULL DEFAULT 'writeback';
CREATE TABLE sspr_settings(domain TEXT NOT NULL, version INTEGER NOT NULL, at INTEGER NOT NULL, actor TEXT NOT NULL, document TEXT NOT NULL,
  PRIMARY KEY(domain, version)) STRICT;
CREATE TABLE suffixes(suffix TEXT PRIMARY KEY, domain TEXT NOT NULL) STRICT;
CREATE TABLE people(domain TEXT NOT NULL, sub TEXT NOT NULL, name TEXT NOT NULL, display_name TEXT NOT NULL, mail TEXT NOT NULL, language TEXT NOT NULL,
  groups TEXT NOT NULL, seen INTEGER NOT NULL, confirmed INTEGER NOT NULL DEFAULT 0, frozen INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(domain, sub)) STRICT;
CREATE TABLE person_methods(id TEXT PRIMARY KEY, domain TEXT NOT NULL, sub TEXT NOT NULL, kind TEXT NOT NULL, label TEXT NOT NULL, sealed TEXT NOT NULL,
  last_step INTEGER NOT NULL DEFAULT 0, made INTEGER NOT NULL, proven INTEGER NOT NULL,
  FOREIGN KEY(domain, sub) REFERENCES people(domain, sub) ON DELETE CASCADE) STRICT;
CREATE INDEX methods_of_person ON person_methods(domain, sub);
CREATE TABLE sspr_sessions(id TEXT PRIMARY KEY, hash BLOB NOT NULL, domain TEXT NOT NULL, sub TEXT NOT NULL, state TEXT NOT NULL, expires INTEGER NOT NULL) STRICT;
CREATE INDEX sessions_by_end ON sspr_sessions(expires);
CREATE TABLE tickets(id TEXT PRIMARY KEY, hash BLOB NOT NULL, domain TEXT NOT NULL, sub TEXT NOT NULL, purpose TEXT NOT NULL, state TEXT NOT NULL, expires INTEGER NOT NULL) STRICT;
CREATE INDEX tickets_by_end ON tickets(expires);
CREATE INDEX tickets_of_person ON tickets(domain, sub, purpose);
CREATE TABLE invited(domain TEXT NOT NULL, sub TEXT NOT NULL, at INTEGER NOT NULL, times INTEGER NOT NULL, PRIMARY KEY(domain, sub)) STRICT;
CREATE INDEX invitations_ordered ON invited(at) WHERE times<0;
CREATE TABLE answered(key TEXT PRIMARY KEY, request BLOB NOT NULL, status INTEGER NOT NULL, content_type TEXT NOT NULL, body TEXT NOT NULL, expires INTEGER NOT NULL) STRICT;
CREATE INDEX answered_by_end ON answered(expires);
CREATE INDEX people_with_groups ON people(domain, sub) WHERE groups<>'[]';
ALTER TABLE agents ADD COLUMN drained INTEGER NOT NULL DEFAULT 0;
ALTER TABLE members ADD COLUMN ready INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN traceparent TEXT NOT NULL DEFAULT '';
ALTER TABLE agents ADD COLUMN keyed INTEGER;
CREATE TABLE letters(domain TEXT NOT NULL, notice TEXT NOT NULL, language TEXT NOT NULL, version INTEGER NOT NULL, at INTEGER NOT NULL, actor TEXT NOT NULL,
  subject TEXT, text TEXT, PRIMARY KEY(domain, notice, language, version), CHECK((subject IS NULL) = (text IS NULL))) STRICT;

INSERT INTO people VALUES('corp.example', 'guid-a', 'alice@corp.example', 'Alice', 'alice@corp.example', 'de', '["CN=Staff"]', 100, 90, -50);
INSERT INTO person_methods VALUES('M', 'corp.example', 'guid-a', 'app_code', 'phone', '1.sealed', 7, 80, 85);
INSERT INTO tickets VALUES('T', CAST('h' AS BLOB), 'corp.example', 'guid-a', 'device', '{}', 4000000000);
INSERT INTO suffixes VALUES('corp.example', 'corp.example');
INSERT INTO letters VALUES('corp.example', 'reset', 'de', 1, 5, 'root', 'Betreff', 'Text');
)sql";

struct AnOldStore : testing::Test {
  AnOldStore() {
    std::string name = (std::filesystem::temp_directory_path() / "wb-store-XXXXXX").string();
    folder = ::mkdtemp(name.data());
  }
  ~AnOldStore() override { std::filesystem::remove_all(folder); }
  queue::Database open() const { return queue::Database::open(folder / "store.sqlite").value(); }
  Store taken_over() const { return Store::open(folder / "store.sqlite", "acme").value(); }
  std::filesystem::path folder;
};

TEST_F(AnOldStore, OfTheThirdSchemaIsTakenOverWithItsRows) {
  ASSERT_TRUE(open().migrate({schema_1, schema_2, schema_3}));
  auto store = taken_over();
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
}

TEST_F(AnOldStore, OfTheTwelfthSchemaIsTakenOverWithItsPeopleAndItsAudit) {
  const std::string row = R"({"activity":"account.unblocked","actor":"operator","address":"","agent":"","at_ms":5,"correlation_id":"c-1","dc":"","details":{},"domain":"corp.example","reason":"succeeded","seq":1,"status":"success","target":"guid-a","tenant":"acme"})";
  {
    auto old = open();
    ASSERT_TRUE(old.migrate({schema_1, schema_2, schema_3, schemas_4_to_12, "", "", "", "", "", "", "", ""}));
    ASSERT_TRUE(old.run("INSERT INTO audit VALUES(1, 5, 'corp.example', 'account.unblocked', ?, ?)", row, queue::Blob{audit_hash(audit_origin().hash, row)}));
  }
  auto store = taken_over();
  sspr::People people(store.database());
  const sspr::Person alice{"corp.example", "guid-a", "alice@corp.example", "Alice", "alice@corp.example", "de", {"CN=Staff"}, 100, 90, 0, 50};
  EXPECT_EQ(people.find("corp.example", "guid-a").value(), alice);
  const sspr::RegisteredMethod app{"M", sspr::Method::app_code, "phone", "1.sealed", 7, 80, 85};
  EXPECT_EQ(people.methods("corp.example", "guid-a").value(), std::vector{app});
  EXPECT_TRUE(people.methods("corp.example", "guid-a").value().front().questions.empty()) << "of answers from before nobody knows to which questions: they are given anew";
  EXPECT_EQ(sspr::Tickets(store.database()).of("corp.example", "guid-a").value().size(), 1U);
  EXPECT_EQ(sspr::SettingsStore(store.database()).routes().value().size(), 1U);
  EXPECT_FALSE(store.audit().verify(std::nullopt).value().broken);
  for (const auto& [correlation_id, target, rows] : {std::tuple("c-1", "", 1U), {"", "guid-a", 1U}, {"c-2", "", 0U}, {"", "guid-b", 0U}}) {
    AuditFilter filter;
    filter.correlation_id = correlation_id, filter.target = target;
    EXPECT_EQ(store.audit().page(filter, 0, 10).value().rows.size(), rows) << correlation_id << target;
  }
}

}  // namespace
}  // namespace wb::service
