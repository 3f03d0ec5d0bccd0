#include "queue/journal.hpp"

#include <algorithm>

namespace wb::queue {
namespace {

constexpr const char* columns = "jti, fence, att, op, sub, exp, result_jws, acked, created, domain, iat, pre_dc, pre_ver, pre_pls, pre_mk, marker";

const std::string sum = std::string("row_sum(") + columns + ")";  // of a row; SQLite checks structure, not content
constexpr int sum_column = 16;

std::string selecting(const char* rest) { return std::string("SELECT ") + columns + ", sum IS " + sum + ", correlation_id, traceparent FROM job " + rest; }

// Each row carries its sum: written with it, and looked at before it is written again, so that no damage gets a good one.
std::string summing() {
  const auto refuse = " BEGIN SELECT RAISE(ABORT, 'damaged row') FROM job WHERE jti = old.jti AND sum IS NOT " + sum + "; END;";
  const auto renew = " BEGIN UPDATE job SET sum = " + sum + " WHERE jti = new.jti; END;";
  return "ALTER TABLE job ADD COLUMN sum INTEGER; UPDATE job SET sum = " + sum + ";" +
      "CREATE TRIGGER job_whole BEFORE UPDATE OF fence, att, result_jws, acked ON job" + refuse +
      "CREATE TRIGGER job_summed AFTER UPDATE OF fence, att, result_jws, acked ON job" + renew +
      "CREATE TRIGGER job_added AFTER INSERT ON job" + renew +
      "ALTER TABLE counter ADD COLUMN sum INTEGER; UPDATE counter SET sum = row_sum(name, value);"
      "CREATE TRIGGER counter_summed AFTER UPDATE OF value ON counter BEGIN UPDATE counter SET sum = row_sum(name, value) WHERE name = new.name; END";
}

Fault corrupt(const char* what) { return fault(Fault::Kind::malformed, "journal.check", std::string("SQLITE_CORRUPT: ") + what); }

// One value of one row, or a fault.
Result<std::string> one(Database& database, const std::string& sql) {
  auto row = database.query(sql);
  auto found = row.next();
  if (!found) return found.error();
  return *found ? row.text(0) : std::string();
}

// SQLite takes what is shorter than its header for an empty file, and throws the log of an empty file away.
Result<void> check_length(const std::filesystem::path& file) {
  constexpr std::uintmax_t least = 512;
  std::error_code none;
  const auto size = std::filesystem::file_size(file, none);
  if (none || size >= least) return {};  // not there: a new one
  auto log = file;
  log += "-wal";
  const auto logged = std::filesystem::file_size(log, none);
  if (size > 0 || (!none && logged > 0)) return corrupt("shorter than its header");
  return {};
}

// Every page, every index against its table: 30 days of rows are read in well under a second.
Result<void> check_structure(Database& database) {
  auto verdict = one(database, "PRAGMA integrity_check(1)");
  if (!verdict) return verdict.error();
  if (*verdict == "ok") return {};
  return corrupt("structure");  // SQLite's text may hold values of rows
}

Result<void> check_rows(Database& database) {
  auto bad = one(database, "SELECT EXISTS(SELECT 1 FROM job WHERE sum IS NOT " + sum + ")");
  if (!bad) return bad.error();
  if (*bad != "0") return corrupt("a row");
  auto good = one(database, "SELECT count(*) FROM counter WHERE name IN ('epoch', 'commits') AND sum IS row_sum(name, value)");
  if (!good) return good.error();
  if (*good != "2") return corrupt("a counter");
  return {};
}

bool is_damage(const Fault& why) {
  for (const auto* code : {"SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_IOERR_SHORT_READ"})
    if (why.detail.starts_with(code)) return true;
  return why.where == "database.migrate" && why.detail.starts_with("SQLITE_ERROR");  // the tables are not what the version says
}

Fault damaged(const std::filesystem::path& file, const Fault& why) {
  if (!is_damage(why)) return why;
  return fault(Fault::Kind::malformed, "journal.damaged",
      file.string() + " is damaged (" + why.detail.substr(0, why.detail.find(':')) +
          "): it tells which jobs were written, so it is not replaced by itself. Look at docs/OPERATIONS.md, \"A damaged journal\"");
}

Result<JournalEntry> entry_of(const Query& row) {
  if (row.number(sum_column) != 1) return corrupt("a row");
  JournalEntry e;
  e.jti = row.text(0);
  e.fence = row.number(1);
  e.att = static_cast<int>(row.number(2));
  e.op = protocol::op_from(row.text(3)).value_or(protocol::Op::reset);
  e.sub = row.text(4);
  e.exp = row.number(5);
  e.result_jws = row.maybe_text(6);
  e.acked = row.number(7) != 0;
  e.created = row.number(8);
  e.domain = row.text(9);
  e.iat = row.number(10);
  if (!row.is_null(11)) e.pre = protocol::Pre{row.text(11), row.number(12), row.text(13), row.maybe_text(14)};
  e.marker = row.number(15) != 0;
  e.trace = {std::string(row.text(sum_column + 1)), std::string(row.text(sum_column + 2))};
  return e;
}

}  // namespace

Result<Journal> Journal::open(const std::filesystem::path& file) {
  if (auto long_enough = check_length(file); !long_enough) return damaged(file, long_enough.error());
  auto database = Database::open(file);
  if (!database) return damaged(file, database.error());
  if (auto whole = check_structure(*database); !whole) return damaged(file, whole.error());
  static const std::string with_sums = summing();
  auto done = database->migrate({
      "CREATE TABLE job(jti TEXT PRIMARY KEY, fence INTEGER NOT NULL, att INTEGER NOT NULL, op TEXT NOT NULL, sub TEXT NOT NULL, "
      "exp INTEGER NOT NULL, result_jws TEXT, acked INTEGER NOT NULL, created INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
      "CREATE INDEX job_created ON job(created);"
      "CREATE INDEX job_unacked ON job(created) WHERE acked = 0 AND result_jws IS NOT NULL;"
      "CREATE TABLE counter(name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;"
      "INSERT INTO counter VALUES('epoch', 0), ('commits', 0)",
      "ALTER TABLE job ADD COLUMN domain TEXT; ALTER TABLE job ADD COLUMN iat INTEGER; ALTER TABLE job ADD COLUMN pre_dc TEXT;"
      "ALTER TABLE job ADD COLUMN pre_ver INTEGER; ALTER TABLE job ADD COLUMN pre_pls TEXT; ALTER TABLE job ADD COLUMN pre_mk TEXT;"
      "ALTER TABLE job ADD COLUMN marker INTEGER;"
      "CREATE INDEX job_open ON job(domain, created) WHERE result_jws IS NULL",
      with_sums.c_str(),
      "ALTER TABLE job ADD COLUMN correlation_id TEXT; ALTER TABLE job ADD COLUMN traceparent TEXT",
  });
  if (!done) return damaged(file, done.error());
  if (auto rows = check_rows(*database); !rows) return damaged(file, rows.error());
  return Journal(std::move(database.value()));
}

Result<std::int64_t> Journal::next_epoch() {
  auto row = database_.query("UPDATE counter SET value = value + 1 WHERE name = 'epoch' RETURNING value");
  auto found = row.next();
  if (!found) return found.error();
  if (!*found) return fault(Fault::Kind::internal, "journal.epoch", "the counter is missing");
  const auto epoch = row.number(0);
  if (auto end = row.next(); !end) return end.error();  // the statement commits when it has stepped to its end
  return epoch;
}

Result<std::optional<JournalEntry>> Journal::find(std::string_view jti) {
  static const std::string sql = selecting("WHERE jti = ?");
  auto row = database_.query(sql, jti);
  auto found = row.next();
  if (!found) return found.error();
  if (!*found) return std::optional<JournalEntry>();
  auto entry = entry_of(row);
  if (!entry) return entry.error();
  return std::optional<JournalEntry>(std::move(*entry));
}

Result<void> Journal::insert(const JournalEntry& e, const char* otherwise) {
  static const std::string insert = std::string("INSERT INTO job(") + columns + ", correlation_id, traceparent) VALUES(?, ?, ?, ?, ?, ?, NULL, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ";
  std::optional<std::string> dc, pls, mk;
  std::optional<std::int64_t> ver;
  if (e.pre) dc = e.pre->dc, ver = e.pre->ver, pls = e.pre->pls, mk = e.pre->mk;
  return database_.run(insert + otherwise, e.jti, e.fence, e.att, protocol::to_string(e.op), e.sub, e.exp, e.created, e.domain, e.iat, dc, ver, pls, mk, e.marker, e.trace.correlation_id, e.trace.traceparent);
}

Result<std::optional<JournalEntry>> Journal::admit(const JournalEntry& entry) {
  if (auto done = insert(entry, "ON CONFLICT(jti) DO NOTHING"); !done) return done.error();
  if (database_.changes() == 1) return std::optional<JournalEntry>();
  return find(entry.jti);
}

Result<void> Journal::intent(const JournalEntry& entry) {
  auto done = insert(entry, "ON CONFLICT(jti) DO UPDATE SET fence = excluded.fence, att = excluded.att, result_jws = NULL, acked = 0 WHERE excluded.fence > fence");
  if (!done) return done;
  if (database_.changes() == 0) return fault(Fault::Kind::refused, "journal.intent", "a job of this fence was seen before");
  return {};
}

Result<void> Journal::done(std::string_view jti, std::int64_t fence, int att, std::string_view result_jws) {
  const auto relaxed = database_.unsynced();
  auto done = database_.run("UPDATE job SET fence = ?, att = ?, result_jws = ?, acked = 0 WHERE jti = ? AND fence <= ?", fence, att, result_jws, jti, fence);
  if (!done) return done;
  if (database_.changes() == 0) return fault(Fault::Kind::refused, "journal.done", "no intent of this job");
  return {};
}

Result<void> Journal::acked(const std::vector<protocol::JobRef>& refs) {
  const auto relaxed = database_.unsynced();
  auto all = database_.begin();
  if (!all) return all.error();
  for (const auto& ref : refs)
    if (auto done = database_.run("UPDATE job SET acked = 1 WHERE jti = ? AND fence = ? AND result_jws IS NOT NULL", ref.jti, ref.fence); !done) return done;
  return all->commit();
}

Result<std::vector<JournalEntry>> Journal::open_intents(std::string_view domain, int most) {
  static const std::string sql = selecting("WHERE result_jws IS NULL AND domain = ? AND pre_dc IS NOT NULL ORDER BY created LIMIT ?");
  std::vector<JournalEntry> out;
  auto row = database_.query(sql, domain, most);
  for (;;) {
    auto found = row.next();
    if (!found) return found.error();
    if (!*found) return out;
    auto entry = entry_of(row);
    if (!entry) return entry.error();
    out.push_back(std::move(*entry));
  }
}

Result<std::vector<Journal::Write>> Journal::writes_since(std::string_view domain, UnixSeconds since, int most) {
  std::vector<Write> out;
  auto row = database_.query("SELECT created, sub FROM job WHERE created > ? AND domain = ? AND op IN ('reset', 'unlock', 'change', 'authenticate') ORDER BY created DESC LIMIT ?", since, domain, most);
  for (;;) {
    auto found = row.next();
    if (!found) return found.error();
    if (!*found) break;
    out.push_back({row.number(0), std::string(row.text(1))});
  }
  std::reverse(out.begin(), out.end());
  return out;
}

Result<std::vector<Journal::Unacked>> Journal::unacked(int most) {
  std::vector<Unacked> out;
  static const std::string sql = selecting("WHERE acked = 0 AND result_jws IS NOT NULL ORDER BY created LIMIT ?");
  auto row = database_.query(sql, most);
  for (;;) {
    auto found = row.next();
    if (!found) return found.error();
    if (!*found) return out;
    auto entry = entry_of(row);
    if (!entry) return entry.error();
    out.push_back({std::move(entry->jti), entry->fence, std::move(*entry->result_jws)});
  }
}

Result<std::int64_t> Journal::prune(UnixSeconds now) {
  if (auto done = database_.run("DELETE FROM job WHERE created < ?", now - kept_seconds); !done) return done.error();
  return database_.changes();
}

Result<void> Journal::try_commit() { return database_.run("UPDATE counter SET value = value + 1 WHERE name = 'commits'"); }

}  // namespace wb::queue
