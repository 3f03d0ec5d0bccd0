#include "service/audit.hpp"

#include <map>

#include "crypto/keys.hpp"
#include "crypto/mac.hpp"
#include "protocol/json.hpp"

namespace wb::service {
namespace {

// As the row says it itself: the columns are for finding rows, and somebody may have changed them.
std::optional<std::string> column_that_differs(const AuditRow& row, std::int64_t at, const std::map<const char*, std::string>& texts) {
  const auto value = protocol::parse_json(row.row);
  const auto* object = value ? value->if_object() : nullptr;
  if (!object) return "not JSON";
  const auto same_text = [&](const char* name, const std::string& text) { const auto* v = object->if_contains(name); return v && v->is_string() && v->get_string() == text; };
  const auto* when = object->if_contains("at_ms");
  if (!when || !when->is_int64() || when->get_int64() != at) return "the column for at_ms";
  for (const auto& [name, text] : texts)
    if (!same_text(name, text)) return std::string("the column for ") + name;
  return std::nullopt;
}

}  // namespace

Result<AuditHead> AuditLog::anchor() {
  auto q = database_->query("SELECT seq, hash FROM audit_anchor");
  auto row = q.next();
  if (!row) return row.error();
  return *row ? AuditHead{q.number(0), q.text(1)} : audit_origin();
}

Result<AuditHead> AuditLog::head() {
  {
    auto q = database_->query("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1");
    auto row = q.next();
    if (!row) return row.error();
    if (*row) return AuditHead{q.number(0), q.text(1)};
  }
  return anchor();
}

Result<void> AuditLog::append(const AuditEntry& entry, std::int64_t at_ms) {
  auto before = head();
  if (!before) return before.error();
  const auto seq = before->seq + 1;
  const auto row = canonical_row(entry, seq, at_ms, tenant_);
  const auto hash = audit_hash(before->hash, row);
  auto done = database_->run("INSERT INTO audit(seq, at, domain, activity, row, hash, correlation_id, target) VALUES(?1,?2,?3,?4,?5,?6,json_extract(?5, '$.correlation_id'),json_extract(?5, '$.target'))", seq, at_ms, entry.domain, to_string(entry.activity), row, queue::Blob{hash});
  if (done && heard_ && *heard_) (*heard_)(entry);
  return done;
}

Result<void> AuditLog::record(const AuditEntry& entry, std::int64_t at_ms, bool flush) {
  const auto put = [&]() -> Result<void> {
    auto guard = database_->begin();
    if (!guard) return guard.error();
    if (auto done = append(entry, at_ms); !done) return done;
    return guard->commit();
  };
  if (flush) return put();
  const auto relaxed = database_->unsynced();
  return put();
}

Result<AuditPage> AuditLog::page(const AuditFilter& filter, std::int64_t after, int most) {
  auto newest = head();
  if (!newest) return newest.error();
  // A condition that isn't asked for isn't there, so that an index serves each of them. One way or account has a few rows, whatever else
  // is asked of it: "+" keeps the planner from walking a whole domain instead.
  const bool few = !filter.correlation_id.empty() || !filter.target.empty();
  std::string sql = "SELECT a.seq, a.row, a.hash, coalesce((SELECT hash FROM audit b WHERE b.seq=a.seq-1), (SELECT hash FROM audit_anchor WHERE seq=a.seq-1)) FROM audit a WHERE a.seq>? AND a.at>=? AND a.at<?";
  if (filter.activity) sql += few ? " AND +a.activity=?" : " AND a.activity=?";
  if (!filter.domain.empty()) sql += few ? " AND +a.domain=?" : " AND a.domain=?";
  if (!filter.correlation_id.empty()) sql += " AND a.correlation_id=?";
  if (!filter.target.empty()) sql += " AND a.target=?";
  if (!filter.person.empty()) sql += " AND (a.target=? OR json_extract(a.row, '$.actor') IN (?, ?))";
  auto q = database_->query(sql + " ORDER BY a.seq LIMIT ?", after, filter.from_ms.value_or(0), filter.to_ms.value_or(INT64_MAX));
  if (filter.activity) q.bind(to_string(*filter.activity));
  for (const auto* text : {&filter.domain, &filter.correlation_id, &filter.target, &filter.person})
    if (!text->empty()) q.bind(*text);
  if (!filter.person.empty())
    for (const auto kind : {ActorKind::user, ActorKind::administrator}) q.bind(std::string(to_string(kind)) + ":" + filter.person);
  q.bind(most);
  AuditPage page;
  for (;;) {
    auto row = q.next();
    if (!row) return row.error();
    if (!*row) break;
    page.rows.push_back({q.number(0), q.text(1), q.is_null(3) ? audit_origin().hash : q.text(3), q.text(2)});
  }
  page.next = static_cast<int>(page.rows.size()) == most ? page.rows.back().seq : std::max(after, newest->seq);
  return page;
}

Result<std::int64_t> AuditLog::prune(std::int64_t before_ms, int most, std::int64_t now_ms) {
  auto guard = database_->begin();
  if (!guard) return guard.error();
  auto start = anchor();
  if (!start) return start.error();
  AuditHead last;
  {
    // Up to the first row that is young enough: a clock that was set back leaves no hole.
    auto q = database_->query(
        "SELECT seq, hash FROM audit WHERE seq <= ?1 + ?2 AND seq < coalesce((SELECT min(seq) FROM audit WHERE at >= ?3), 9223372036854775807) ORDER BY seq DESC LIMIT 1", start->seq, most, before_ms);
    auto row = q.next();
    if (!row) return row.error();
    if (!*row) return std::int64_t{0};
    last = {q.number(0), q.text(1)};
  }
  if (auto gone = database_->run("DELETE FROM audit WHERE seq<=?", last.seq); !gone) return gone.error();
  const auto erased = database_->changes();
  if (auto kept = database_->run("INSERT INTO audit_anchor(id, seq, hash) VALUES(1,?,?) ON CONFLICT(id) DO UPDATE SET seq=excluded.seq, hash=excluded.hash", last.seq, queue::Blob{last.hash}); !kept) return kept.error();
  AuditEntry entry;
  entry.activity = Activity::audit_pruned;
  entry.details = {{DetailKey::through_seq, last.seq}, {DetailKey::through_hash, crypto::hex(last.hash)}};
  if (auto put = append(entry, now_ms); !put) return put.error();
  if (auto done = guard->commit(); !done) return done.error();
  return erased;
}

Result<std::optional<AuditHead>> AuditLog::row_hash(std::int64_t seq) {
  auto q = database_->query("SELECT hash FROM audit WHERE seq=?", seq);
  auto row = q.next();
  if (!row) return row.error();
  return *row ? std::optional(AuditHead{seq, q.text(0)}) : std::nullopt;
}

Result<AuditReport> AuditLog::verify(const std::optional<AuditHead>& known) {
  auto start = anchor();
  if (!start) return start.error();
  AuditReport report{*start, *start, 0, std::nullopt};
  AuditChain chain(*start);
  // Rows and anchor in one statement, which sees one moment: retention may run meanwhile.
  auto q = database_->query("SELECT seq, row, hash, at, domain, activity, (SELECT seq FROM audit_anchor), (SELECT hash FROM audit_anchor), correlation_id, target FROM audit ORDER BY seq");
  for (;;) {
    auto next = q.next();
    if (!next) return next.error();
    if (!*next) break;
    if (report.rows == 0) {
      start = q.is_null(6) ? audit_origin() : AuditHead{q.number(6), q.text(7)};
      report.first = *start;
      chain = AuditChain(*start);
    }
    const AuditRow row{q.number(0), q.text(1), chain.at()->hash, q.text(2)};
    if ((report.broken = chain.add(row))) return report;
    if (const auto column = column_that_differs(row, q.number(3), {{"domain", q.text(4)}, {"activity", q.text(5)}, {"correlation_id", q.text(8)}, {"target", q.text(9)}})) {
      report.broken = AuditBreak{row.seq, *column + " says something else than the row"};
      return report;
    }
    ++report.rows;
    report.last = *chain.at();
  }
  if (!known || *known == *start) return report;
  auto there = known->seq > start->seq ? row_hash(known->seq) : Result<std::optional<AuditHead>>(std::nullopt);
  if (!there) return there.error();
  if (*there == known) return report;
  if (known->seq > report.last.seq) report.broken = AuditBreak{known->seq, "it is missing: the end of the chain was cut off"};
  else if (known->seq < start->seq) report.broken = AuditBreak{known->seq, "it was erased by retention: that head can't be compared any more"};
  else report.broken = AuditBreak{known->seq, "it has another hash than the head that was given: this is another chain"};
  return report;
}

}  // namespace wb::service
