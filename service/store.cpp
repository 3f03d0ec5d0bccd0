#include "service/store.hpp"

#include "core/ids.hpp"
#include "crypto/mac.hpp"
#include "service/guards_schema.hpp"
#include "service/sspr/schema.hpp"

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

// told: its caller was told in_doubt, and resolve goes on; such a job no longer keeps its account busy.
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
)sql";

// An agent's next signing key, and the one before the present one.
constexpr const char* schema_4 = R"sql(
ALTER TABLE agents ADD COLUMN next_kid TEXT;
ALTER TABLE agents ADD COLUMN next_x TEXT;
ALTER TABLE agents ADD COLUMN next_y TEXT;
ALTER TABLE agents ADD COLUMN former_kid TEXT;
ALTER TABLE agents ADD COLUMN former_x TEXT;
ALTER TABLE agents ADD COLUMN former_y TEXT;
CREATE UNIQUE INDEX agents_by_next_key ON agents(next_kid) WHERE next_kid IS NOT NULL;
)sql";

// Agents that get no new jobs; and who takes jobs, as the running service sees it, for the command line.
constexpr const char* drain_schema = R"sql(
ALTER TABLE agents ADD COLUMN drained INTEGER NOT NULL DEFAULT 0;
ALTER TABLE members ADD COLUMN ready INTEGER NOT NULL DEFAULT 0;
)sql";

constexpr const char* trace_schema = "ALTER TABLE jobs ADD COLUMN traceparent TEXT NOT NULL DEFAULT ''";

// Since when an agent signs with the key it has; of keys from before this was noted, since it was enrolled.
// The rules of a probe's account: what refuses a job on it is told with their numbers.
constexpr const char* rules_schema = R"sql(
ALTER TABLE probes ADD COLUMN min_length INTEGER NOT NULL DEFAULT 0;
ALTER TABLE probes ADD COLUMN history INTEGER NOT NULL DEFAULT 0;
ALTER TABLE probes ADD COLUMN min_age_s INTEGER NOT NULL DEFAULT 0;
)sql";
constexpr const char* key_age_schema = "ALTER TABLE agents ADD COLUMN keyed INTEGER";

const std::string agent_columns = "a.id, a.kid, a.x, a.y, a.host, a.revoked, a.next_x, a.next_y, a.former_x, a.former_y, a.drained";
constexpr int agent_columns_count = 11;

AgentRow agent_of(const queue::Query& q) {
  const auto key = [&q](int x) { return q.is_null(x) ? std::nullopt : std::optional(protocol::Jwk{q.text(x), q.text(x + 1)}); };
  return AgentRow{q.text(0), {q.text(2), q.text(3)}, q.text(1), q.text(4), q.number(5) != 0, key(6), key(8), q.number(10) != 0};
}
Result<std::optional<AgentRow>> one_agent(queue::Query q) {
  auto row = q.next();
  if (!row) return row.error();
  return *row ? std::optional(agent_of(q)) : std::nullopt;
}

AuditEntry by_operator(Activity activity, std::string_view domain, std::string_view target) {
  AuditEntry entry;
  entry.activity = activity, entry.actor = {ActorKind::operator_}, entry.domain = domain, entry.target = target;
  return entry;
}

}  // namespace

Result<Store> Store::open(const std::filesystem::path& file, std::string tenant) {
  auto database = queue::Database::open(file);
  if (!database) return database.error();
  if (auto ready = database->migrate({schema_1, schema_2, schema_3, schema_4, guards_schema, sspr::schema, sspr::schema_2, sspr::schema_3, drain_schema, trace_schema, key_age_schema, sspr::schema_4, guards_schema_2, sspr::schema_5, rules_schema}); !ready) return ready.error();
  return Store(std::move(*database), std::move(tenant));
}

// ---- tokens and agents --------------------------------------------------------------------------------------
Result<void> Store::add_token(std::string_view id, std::string_view hash, std::string_view domain, UnixSeconds expires, const Actor& by) {
  auto guard = database_.begin();
  if (!guard) return guard.error();
  if (auto put = database_.run("INSERT INTO tokens(id, hash, domain, expires) VALUES(?,?,?,?)", id, queue::Blob{hash}, domain, expires); !put) return put;
  auto entry = by_operator(Activity::token_created, domain, id);
  entry.actor = by, entry.details = {{DetailKey::until_ms, expires * 1'000}};
  if (auto said = audit().append(entry, unix_now_ms()); !said) return said;
  return guard->commit();
}

Result<std::optional<std::string>> Store::token_domain(std::string_view id, std::string_view hash, UnixSeconds now) {
  auto q = database_.query("SELECT hash, domain FROM tokens WHERE id=? AND used_by IS NULL AND expires>?", id, now);
  auto row = q.next();
  if (!row) return row.error();
  if (!*row || !crypto::same_bytes(q.text(0), hash)) return std::optional<std::string>();
  return std::optional(q.text(1));
}

Result<Enrolled> Store::token_trouble(std::string_view id, std::string_view hash, UnixSeconds now) {
  auto q = database_.query("SELECT hash, used_by, expires FROM tokens WHERE id=?", id);
  auto row = q.next();
  if (!row) return row.error();
  if (!*row || !crypto::same_bytes(q.text(0), hash)) return Enrolled::token_unknown;
  if (!q.is_null(1)) return Enrolled::token_used;
  return q.number(2) <= now ? Enrolled::token_expired : Enrolled::token_unknown;
}

Result<Enrolled> Store::enroll(std::string_view token, AgentRow& agent, UnixSeconds now, std::string_view address) {
  auto guard = database_.begin();
  if (!guard) return guard.error();
  std::string domain;
  {
    auto q = database_.query("SELECT domain, used_by FROM tokens WHERE id=? AND expires>?", token, now);
    auto row = q.next();
    if (!row) return row.error();
    if (!*row) return Enrolled::token_unknown;
    if (!q.is_null(1)) return Enrolled::token_used;
    domain = q.text(0);
  }
  {
    auto q = database_.query("SELECT count(*) FROM members WHERE domain=?", domain);
    auto row = q.next();
    if (!row) return row.error();
    if (q.number(0) >= members_max) return Enrolled::domain_full;
  }
  auto known = agent_by_key(agent.kid);
  if (!known) return known.error();
  if (*known && (*known)->revoked) return Enrolled::revoked;
  {
    auto q = database_.query("SELECT 1 FROM agents WHERE next_kid=?1 OR former_kid=?1", agent.kid);
    auto row = q.next();
    if (!row) return row.error();
    if (*row) return Enrolled::key_taken;
  }
  agent.id = *known ? (*known)->id : new_ulid();
  auto kept = database_.run("INSERT INTO agents(id, kid, x, y, host, enrolled) VALUES(?,?,?,?,?,?) ON CONFLICT(id) DO UPDATE SET host=excluded.host",
      agent.id, agent.kid, agent.as.x, agent.as.y, agent.host, now);
  if (!kept) return kept.error();
  if (auto in = database_.run("INSERT OR IGNORE INTO members(domain, agent) VALUES(?,?)", domain, agent.id); !in) return in.error();
  if (auto spent = database_.run("UPDATE tokens SET used_by=? WHERE id=?", agent.id, token); !spent) return spent.error();
  AuditEntry entry;
  entry.activity = Activity::agent_enrolled, entry.actor = {ActorKind::agent, agent.id}, entry.domain = domain, entry.target = agent.id, entry.agent = agent.id, entry.address = address;
  entry.details = {{DetailKey::host, agent.host}, {DetailKey::key, agent.kid}};
  if (auto said = audit().append(entry, unix_now_ms()); !said) return said.error();
  if (auto done = guard->commit(); !done) return done.error();
  return Enrolled::yes;
}

Result<std::optional<AgentRow>> Store::agent_by_key(std::string_view kid) {
  return one_agent(database_.query(("SELECT " + agent_columns + " FROM agents a WHERE a.kid=?"), kid));
}

// ---- an agent's next signing key ----------------------------------------------------------------------------
Result<std::optional<AgentRow>> Store::agent_saying_hello(std::string_view kid) {
  return one_agent(database_.query(("SELECT " + agent_columns + " FROM agents a WHERE a.kid=?1 OR a.next_kid=?1"), kid));
}

Result<bool> Store::put_next_key(std::string_view agent, const protocol::Jwk& key, std::string_view kid) {
  auto put = database_.run(
      "UPDATE agents SET next_kid=?2, next_x=?3, next_y=?4 WHERE id=?1 AND revoked=0 AND NOT EXISTS(SELECT 1 FROM agents WHERE kid=?2 OR former_kid=?2 OR (next_kid=?2 AND id<>?1))",
      agent, kid, key.x, key.y);
  if (!put) return put.error();
  return database_.changes() == 1;
}

Result<void> Store::succeed_key(AgentRow& agent, std::string_view kid, UnixSeconds now) {
  auto done = database_.run(
      "UPDATE agents SET former_kid=kid, former_x=x, former_y=y, kid=next_kid, x=next_x, y=next_y, next_kid=NULL, next_x=NULL, next_y=NULL, keyed=?3 WHERE id=?1 AND next_kid=?2", agent.id, kid, now);
  if (!done) return done;
  if (database_.changes() != 1 || !agent.next) return fault(Fault::Kind::internal, "store.succeed_key", "no such next key");
  agent.former = std::exchange(agent.as, *agent.next);
  agent.next.reset();
  agent.kid = kid;
  return {};
}

Result<std::vector<std::string>> Store::domains_of(std::string_view agent) {
  std::vector<std::string> domains;
  auto q = database_.query("SELECT domain FROM members WHERE agent=? ORDER BY domain", agent);
  for (;;) {
    auto row = q.next();
    if (!row) return row.error();
    if (!*row) return domains;
    domains.push_back(q.text(0));
  }
}

Result<std::vector<MemberRow>> Store::members(std::string_view domain) {
  std::vector<MemberRow> members;
  auto q = database_.query(("SELECT " + agent_columns + ", m.domain FROM members m JOIN agents a ON a.id=m.agent WHERE ?1='' OR m.domain=?1 ORDER BY m.domain, a.id"), domain);
  for (;;) {
    auto row = q.next();
    if (!row) return row.error();
    if (!*row) return members;
    members.push_back({agent_of(q), q.text(agent_columns_count)});
  }
}

Result<std::map<std::string, AgentPast>> Store::past_of_members(std::string_view domain) {
  std::map<std::string, AgentPast> past;
  auto members = database_.query("SELECT a.id, a.enrolled, coalesce(a.keyed, a.enrolled) FROM members m JOIN agents a ON a.id=m.agent WHERE m.domain=?", domain);
  for (;;) {
    auto row = members.next();
    if (!row) return row.error();
    if (!*row) break;
    auto& one = past[members.text(0)];
    one.enrolled = members.number(1), one.key_since = members.number(2);
  }
  auto q = database_.query(
      "SELECT agent, dc, COUNT(*), SUM(duration_us), MAX(created_ms) AS newest FROM (SELECT domain, agent, dc, outcome, duration_us, created_ms FROM jobs WHERE final=1 ORDER BY created_ms DESC LIMIT ?) "
      "WHERE domain=? AND dc<>'' AND outcome IN ('applied','applied_but') GROUP BY agent, dc ORDER BY newest DESC",
      static_cast<std::int64_t>(jobs_looked_at), domain);
  for (;;) {
    auto row = q.next();
    if (!row) return row.error();
    if (!*row) return past;
    const auto of = past.find(q.text(0));
    if (of == past.end()) continue;
    const auto written = q.number(2);
    of->second.controllers.push_back({q.text(1), written, static_cast<double>(q.number(3)) / 1'000 / static_cast<double>(written), q.number(4) / 1'000});
  }
}

// ---- rosters and statements ---------------------------------------------------------------------------------
Result<std::optional<RosterRow>> Store::roster(std::string_view domain) {
  auto q = database_.query("SELECT jws, dr, rsn FROM rosters WHERE domain=?", domain);
  auto row = q.next();
  if (!row) return row.error();
  return *row ? std::optional(RosterRow{q.text(0), q.text(1), q.number(2)}) : std::nullopt;
}

Result<bool> Store::put_roster(std::string_view domain, const RosterRow& roster, const std::string& succession) {
  auto guard = database_.begin();
  if (!guard) return guard.error();
  // The condition stands in the statement: two rosters sent at once can't both be the newest.
  auto put = database_.run(
      "INSERT INTO rosters(domain, jws, dr, rsn) VALUES(?1,?2,?3,?4) ON CONFLICT(domain) DO UPDATE SET jws=excluded.jws, rsn=excluded.rsn, dr=excluded.dr "
      "WHERE (rosters.dr=excluded.dr OR ?5) AND rosters.rsn<excluded.rsn",
      domain, roster.jws, roster.dr, roster.rsn, succession.empty() ? 0 : 1);
  if (!put) return put.error();
  if (database_.changes() != 1) return false;
  if (!succession.empty())
    if (auto kept = database_.run("INSERT INTO roots(domain, number, jws) SELECT ?1, coalesce(max(number), 0) + 1, ?2 FROM roots WHERE domain=?1", domain, succession); !kept) return kept.error();
  AuditEntry entry;
  entry.activity = Activity::roster_changed, entry.actor = {ActorKind::domain_root, roster.dr}, entry.domain = domain, entry.target = domain;
  entry.details = {{DetailKey::rsn, roster.rsn}, {DetailKey::root, roster.dr}};
  if (auto said = audit().append(entry, unix_now_ms()); !said) return said.error();
  if (auto done = guard->commit(); !done) return done.error();
  return true;
}

Result<std::vector<std::string>> Store::roots(std::string_view domain) {
  std::vector<std::string> chain;
  auto q = database_.query("SELECT jws FROM (SELECT number, jws FROM roots WHERE domain=? ORDER BY number DESC LIMIT ?) ORDER BY number", domain, static_cast<std::int64_t>(protocol::roots_max));
  for (;;) {
    auto row = q.next();
    if (!row) return row.error();
    if (!*row) return chain;
    chain.push_back(q.text(0));
  }
}

Result<bool> Store::forget_root(std::string_view domain) {
  auto guard = database_.begin();
  if (!guard) return guard.error();
  if (auto gone = database_.run("DELETE FROM rosters WHERE domain=?", domain); !gone) return gone.error();
  const bool had = database_.changes() == 1;
  for (const char* table : {"DELETE FROM roots WHERE domain=?", "DELETE FROM statements WHERE domain=?"})
    if (auto gone = database_.run(table, domain); !gone) return gone.error();
  if (had)
    if (auto said = audit().append(by_operator(Activity::root_forgotten, domain, domain), unix_now_ms()); !said) return said.error();
  if (auto done = guard->commit(); !done) return done.error();
  return had;
}

Result<bool> Store::revoke(std::string_view agent, const Actor& by, std::string_view why) {
  auto domains = domains_of(agent);
  if (!domains) return domains.error();
  auto guard = database_.begin();
  if (!guard) return guard.error();
  if (auto done = database_.run("UPDATE agents SET revoked=1 WHERE id=?", agent); !done) return done.error();
  const bool known = database_.changes() == 1;
  if (auto gone = database_.run("DELETE FROM statements WHERE agent=?", agent); !gone) return gone.error();
  // Told to the organisation whose agent it was; where it served several, to the installation's own audit alone.
  auto entry = by_operator(Activity::agent_revoked, domains->size() == 1 ? domains->front() : std::string(), agent);
  entry.agent = agent, entry.actor = by;
  if (!why.empty()) entry.details.push_back({DetailKey::cause, std::string(why)});
  if (known)
    if (auto said = audit().append(entry, unix_now_ms()); !said) return said.error();
  if (auto done = guard->commit(); !done) return done.error();
  return known;
}

// The texts of the first column.
static Result<std::vector<std::string>> texts_of(queue::Query q) {
  std::vector<std::string> texts;
  for (;;) {
    auto row = q.next();
    if (!row) return row.error();
    if (!*row) return texts;
    texts.push_back(q.text(0));
  }
}

Result<std::vector<std::string>> Store::revoked() { return texts_of(database_.query("SELECT id FROM agents WHERE revoked=1")); }
Result<std::vector<std::string>> Store::rostered() { return texts_of(database_.query("SELECT domain FROM rosters ORDER BY domain LIMIT 1000")); }

Result<void> Store::put_statement(std::string_view domain, std::string_view agent, std::string_view jws, UnixSeconds exp) {
  return database_.run("INSERT INTO statements(domain, agent, jws, exp) VALUES(?,?,?,?) ON CONFLICT(domain, agent) DO UPDATE SET jws=excluded.jws, exp=excluded.exp",
      domain, agent, jws, exp);
}

Result<std::vector<StatementRow>> Store::statements(std::string_view domain, UnixSeconds now) {
  std::vector<StatementRow> statements;
  auto q = database_.query("SELECT agent, jws FROM statements WHERE domain=? AND exp>? ORDER BY agent", domain, now);
  for (;;) {
    auto row = q.next();
    if (!row) return row.error();
    if (!*row) return statements;
    statements.push_back({q.text(0), q.text(1)});
  }
}

// ---- clients ------------------------------------------------------------------------------------------------
Result<void> Store::add_client(std::string_view id, std::string_view hash, std::string_view domain, const Scopes& scopes) {
  auto guard = database_.begin();
  if (!guard) return guard.error();
  if (auto put = database_.run("INSERT INTO clients(id, hash, domain, scopes) VALUES(?,?,?,?)", id, queue::Blob{hash}, domain, text_of(scopes)); !put) return put;
  auto entry = by_operator(Activity::client_created, domain, id);
  entry.details = {{DetailKey::scopes, text_of(scopes)}};
  if (auto said = audit().append(entry, unix_now_ms()); !said) return said;
  return guard->commit();
}

Result<std::optional<ClientRow>> Store::client(std::string_view id, std::string_view hash) {
  auto q = database_.query("SELECT hash, domain, scopes FROM clients WHERE id=?", id);
  auto row = q.next();
  if (!row) return row.error();
  if (!*row || !crypto::same_bytes(q.text(0), hash)) return std::optional<ClientRow>();
  return std::optional(ClientRow{std::string(id), q.text(1), scopes_from(q.text(2)).value_or(Scopes{})});
}

}  // namespace wb::service
