#include "queue/journal.hpp"

namespace wb::queue {
namespace {

JournalEntry entry_of(const Query& row) {
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
  return e;
}

}  // namespace

Result<Journal> Journal::open(const std::filesystem::path& file) {
  auto database = Database::open(file);
  if (!database) return database.error();
  auto done = database->migrate({
      "CREATE TABLE job(jti TEXT PRIMARY KEY, fence INTEGER NOT NULL, att INTEGER NOT NULL, op TEXT NOT NULL, sub TEXT NOT NULL, "
      "exp INTEGER NOT NULL, result_jws TEXT, acked INTEGER NOT NULL, created INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
      "CREATE INDEX job_created ON job(created);"
      "CREATE INDEX job_unacked ON job(created) WHERE acked = 0 AND result_jws IS NOT NULL;"
      "CREATE TABLE counter(name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;"
      "INSERT INTO counter VALUES('epoch', 0), ('commits', 0)"});
  if (!done) return done.error();
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
  auto row = database_.query("SELECT jti, fence, att, op, sub, exp, result_jws, acked, created FROM job WHERE jti = ?", jti);
  auto found = row.next();
  if (!found) return found.error();
  if (!*found) return std::optional<JournalEntry>();
  return std::optional<JournalEntry>(entry_of(row));
}

Result<void> Journal::intent(const JournalEntry& e) {
  auto done = database_.run(
      "INSERT INTO job(jti, fence, att, op, sub, exp, result_jws, acked, created) VALUES(?, ?, ?, ?, ?, ?, NULL, 0, ?) "
      "ON CONFLICT(jti) DO UPDATE SET fence = excluded.fence, att = excluded.att, result_jws = NULL, acked = 0 WHERE excluded.fence > fence",
      e.jti, e.fence, e.att, std::string(protocol::to_string(e.op)), e.sub, e.exp, e.created);
  if (!done) return done;
  if (database_.changes() == 0) return fault(Fault::Kind::refused, "journal.intent", "a job of this fence was seen before");
  return {};
}

Result<void> Journal::done(std::string_view jti, std::int64_t fence, int att, std::string_view result_jws) {
  auto done = database_.run("UPDATE job SET fence = ?, att = ?, result_jws = ?, acked = 0 WHERE jti = ? AND fence <= ?", fence, att, result_jws, jti, fence);
  if (!done) return done;
  if (database_.changes() == 0) return fault(Fault::Kind::refused, "journal.done", "no intent of this job");
  return {};
}

Result<void> Journal::acked(std::string_view jti, std::int64_t fence) {
  return database_.run("UPDATE job SET acked = 1 WHERE jti = ? AND fence = ? AND result_jws IS NOT NULL", jti, fence);
}

Result<std::vector<Journal::Unacked>> Journal::unacked(int most) {
  std::vector<Unacked> out;
  auto row = database_.query("SELECT jti, fence, result_jws FROM job WHERE acked = 0 AND result_jws IS NOT NULL ORDER BY created LIMIT ?", most);
  for (;;) {
    auto found = row.next();
    if (!found) return found.error();
    if (!*found) return out;
    out.push_back({row.text(0), row.number(1), row.text(2)});
  }
}

Result<std::int64_t> Journal::prune(UnixSeconds now) {
  if (auto done = database_.run("DELETE FROM job WHERE created < ?", now - kept_seconds); !done) return done.error();
  return database_.changes();
}

Result<void> Journal::try_commit() { return database_.run("UPDATE counter SET value = value + 1 WHERE name = 'commits'"); }

}  // namespace wb::queue
