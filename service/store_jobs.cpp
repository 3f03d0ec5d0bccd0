#include <boost/algorithm/string/join.hpp>

#include <charconv>
#include <sstream>

#include "service/limits.hpp"
#include "service/store.hpp"

namespace wb::service {
namespace {

using protocol::Op;

// "agent fence att[ ?]" a line, with the mark where it answered in_doubt.
std::string text_of(const std::vector<queue::Attempt>& attempts) {
  std::string text;
  for (const auto& a : attempts) text += a.agent + ' ' + std::to_string(a.fence) + ' ' + std::to_string(a.att) + (a.doubted ? " ?\n" : "\n");
  return text;
}

std::vector<queue::Attempt> attempts_of(const std::string& text) {
  std::vector<queue::Attempt> attempts;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    queue::Attempt a;
    std::string mark;
    if (!(words >> a.agent >> a.fence >> a.att)) continue;
    a.doubted = static_cast<bool>(words >> mark);
    attempts.push_back(std::move(a));
  }
  return attempts;
}

std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  std::istringstream in(text);
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

constexpr const char* columns =
    "SELECT jti, domain, client, probe, sub, correlation_id, op, unlock, must_change, enforce_history, dc_pinned, ver, pls, mk, sealed, sh, iat, exp, "
    "created_ms, final, fence, attempts, outcome, reason, text, agent, dc, retry_after, also, duration_us, result, told, released, traceparent FROM jobs ";

JobRow job_of(const queue::Query& q) {
  JobRow j;
  j.jti = q.text(0), j.domain = q.text(1), j.client = q.text(2), j.probe = q.text(3), j.sub = q.text(4), j.correlation_id = q.text(5);
  j.op = protocol::op_from(q.text(6)).value_or(Op::reset);
  j.opts = {q.number(7) != 0, q.number(8) != 0, q.number(9) != 0};
  j.pre = {q.text(10), q.number(11), q.text(12), q.maybe_text(13)};
  j.sealed = q.maybe_text(14), j.sh = q.maybe_text(15), j.iat = q.number(16), j.exp = q.number(17), j.created_ms = q.number(18);
  j.state = q.number(19) != 0 ? queue::JobState::final : q.number(31) != 0 ? queue::JobState::resolving
                                                                           : queue::JobState::ready;
  j.released = q.number(32) != 0;
  j.fence = q.number(20), j.attempts = attempts_of(q.text(21));
  j.outcome = q.text(22), j.reason = q.text(23), j.text = q.text(24), j.agent = q.text(25), j.dc = q.text(26), j.retry_after = q.maybe_number(27);
  j.also = words_of(q.text(28)), j.duration_ms = static_cast<double>(q.number(29)) / 1000, j.result = q.text(30);
  j.traceparent = q.text(33);
  return j;
}

bool same_request(const JobRow& a, const JobRow& b) {
  return a.domain == b.domain && a.probe == b.probe && a.op == b.op && a.sh == b.sh && a.opts.unlock == b.opts.unlock &&
      a.opts.must_change == b.opts.must_change && a.opts.enforce_history == b.opts.enforce_history;
}

AuditEntry entry_of(const JobRow& j, Activity activity) {
  AuditEntry entry;
  entry.activity = activity, entry.actor = {ActorKind::client, j.client}, entry.domain = j.domain, entry.target = j.sub, entry.correlation_id = j.correlation_id;
  entry.agent = j.agent, entry.dc = j.dc.empty() ? j.pre.dc : j.dc;
  entry.details = {{DetailKey::op, std::string(protocol::to_string(j.op))}, {DetailKey::jti, j.jti}};
  if (activity == Activity::job_submitted) return entry;
  if (activity == Activity::job_released) return entry.actor = {ActorKind::operator_}, entry;
  entry.success = j.outcome == "ok" || j.outcome.starts_with("applied");
  entry.reason = reason_of_outcome(j.outcome);
  entry.details.push_back({DetailKey::attempts, static_cast<std::int64_t>(j.attempts.size())});
  if (!j.reason.empty()) entry.details.push_back({DetailKey::cause, j.reason});
  if (j.retry_after) entry.details.push_back({DetailKey::retry_after, *j.retry_after});
  if (activity == Activity::job_settled) entry.details.push_back({DetailKey::duration_ms, static_cast<std::int64_t>(j.duration_ms)});
  return entry;
}

}  // namespace

protocol::Trace trace_of(const JobRow& j) { return {j.correlation_id, j.traceparent.empty() ? protocol::traceparent_of(j.correlation_id) : j.traceparent}; }
log::About about(const JobRow& j) { return protocol::about(j.jti, trace_of(j)); }

// Within the transaction that made it so.
Result<void> Store::write_down(const JobRow& job, Activity activity) { return audit().append(entry_of(job, activity), unix_now_ms()); }

// ---- probes -------------------------------------------------------------------------------------------------
Result<void> Store::add_probe(const ProbeRow& p) {
  const auto relaxed = database_.unsynced();
  return database_.run("INSERT INTO probes(id, domain, sub, dc, ver, pls, mk, made, min_length, history, min_age_s) VALUES(?,?,?,?,?,?,?,?,?,?,?)", p.id, p.domain, p.sub, p.pre.dc, p.pre.ver,
      p.pre.pls, p.pre.mk, p.made, p.rules.min_length, p.rules.history, p.rules.min_age_s);
}

Result<std::optional<ProbeRow>> Store::probe(std::string_view id, std::string_view domain) {
  auto q = database_.query("SELECT sub, dc, ver, pls, mk, made, used_by, min_length, history, min_age_s FROM probes WHERE id=? AND domain=?", id, domain);
  auto row = q.next();
  if (!row) return row.error();
  if (!*row) return std::optional<ProbeRow>();
  const PasswordRules rules{static_cast<int>(q.number(7)), static_cast<int>(q.number(8)), q.number(9)};
  return std::optional(ProbeRow{std::string(id), std::string(domain), q.text(0), {q.text(1), q.number(2), q.text(3), q.maybe_text(4)}, q.number(5), q.maybe_text(6), rules});
}

// ---- jobs ---------------------------------------------------------------------------------------------------
// What resolving jobs of the same account have against this one.
Result<std::optional<Submitted>> Store::doubted(const JobRow& j) {
  auto q = database_.query("SELECT count(*), coalesce(sum(dc_pinned<>?), 0) FROM jobs WHERE domain=? AND sub=? AND final=0 AND told=1", j.pre.dc, j.domain, j.sub);
  if (auto row = q.next(); !row) return row.error();
  if (q.number(1) > 0) return std::optional(Submitted::account_in_doubt);
  if (q.number(0) >= resolving_max) return std::optional(Submitted::account_busy);
  return std::optional<Submitted>();
}

Result<Submitted> Store::submit(const JobRow& j, UnixSeconds now, const Also& also) {
  const auto relaxed = database_.unsynced();
  auto guard = database_.begin();
  if (!guard) return guard.error();
  auto known = job(j.jti);
  if (!known) return known.error();
  if (*known) return same_request(**known, j) ? Submitted::same_again : Submitted::jti_taken;
  auto p = probe(j.probe, j.domain);
  if (!p) return p.error();
  if (!*p) return Submitted::probe_unknown;
  if ((*p)->used_by || (*p)->made + probe_seconds < now) return Submitted::probe_gone;
  auto doubt = doubted(j);
  if (!doubt) return doubt.error();
  if (*doubt) return **doubt;
  auto put = database_.run(
      "INSERT INTO jobs(jti, domain, client, probe, sub, correlation_id, op, unlock, must_change, enforce_history, dc_pinned, ver, pls, mk, sealed, sh, iat, exp, created_ms, traceparent) "
      "VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
      j.jti, j.domain, j.client, j.probe, j.sub, j.correlation_id, protocol::to_string(j.op), j.opts.unlock, j.opts.must_change, j.opts.enforce_history,
      j.pre.dc, j.pre.ver, j.pre.pls, j.pre.mk, j.sealed, j.sh, j.iat, j.exp, j.created_ms, j.traceparent);
  // The jti was new a line ago, under the same write lock: what is broken is one_job_per_account.
  if (!put && put.error().kind == Fault::Kind::refused) return Submitted::account_busy;
  if (!put) return put.error();
  if (auto spent = database_.run("UPDATE probes SET used_by=? WHERE id=?", j.jti, j.probe); !spent) return spent.error();
  if (auto said = write_down(j, Activity::job_submitted); !said) return said.error();
  if (also)
    if (auto written = also(); !written) return written.error();
  if (auto done = guard->commit(); !done) return done.error();
  return Submitted::stored;
}

Result<std::optional<JobRow>> Store::job(std::string_view jti) {
  auto q = database_.query(std::string(columns) + "WHERE jti=?", jti);
  auto row = q.next();
  if (!row) return row.error();
  return *row ? std::optional(job_of(q)) : std::nullopt;
}

namespace {
Result<std::vector<JobRow>> every(queue::Query q) {
  std::vector<JobRow> jobs;
  for (;;) {
    auto row = q.next();
    if (!row) return row.error();
    if (!*row) return jobs;
    jobs.push_back(job_of(q));
  }
}
}  // namespace

Result<std::vector<JobRow>> Store::unfinished() { return every(database_.query(std::string(columns) + "WHERE final=0 ORDER BY created_ms")); }

Result<std::vector<JobRow>> Store::jobs(std::string_view domain, bool open_only, int most) {
  return every(database_.query(std::string(columns) + "WHERE (?1='' OR domain=?1) AND (?2=0 OR final=0) ORDER BY created_ms DESC LIMIT ?3", domain, open_only, most));
}

Result<void> Store::offered(std::string_view jti, std::int64_t fence, const std::vector<queue::Attempt>& attempts) {
  return database_.run("UPDATE jobs SET fence=?, attempts=? WHERE jti=? AND final=0", fence, text_of(attempts), jti);
}

Result<void> Store::tell(const JobRow& j) {
  auto guard = database_.begin();
  if (!guard) return guard.error();
  auto told = database_.run("UPDATE jobs SET told=1, sealed=NULL, fence=?, attempts=?, outcome=?, reason='', text=? WHERE jti=? AND final=0", j.fence, text_of(j.attempts), j.outcome, j.text, j.jti);
  if (!told || database_.changes() != 1) return told;
  if (auto said = write_down(j, Activity::job_in_doubt); !said) return said;
  return guard->commit();
}

Result<bool> Store::release(std::string_view jti) {
  auto guard = database_.begin();
  if (!guard) return guard.error();
  if (auto done = database_.run("UPDATE jobs SET released=1 WHERE jti=? AND final=0 AND told=1", jti); !done) return done.error();
  if (database_.changes() != 1) return false;
  auto known = job(jti);
  if (!known || !*known) return known ? fault(Fault::Kind::internal, "store.release", "the job went away") : known.error();
  if (auto said = write_down(**known, Activity::job_released); !said) return said.error();
  if (auto done = guard->commit(); !done) return done.error();
  return true;
}

Result<std::vector<std::string>> Store::released() {
  std::vector<std::string> jtis;
  auto q = database_.query("SELECT jti FROM jobs WHERE final=0 AND released=1");
  for (;;) {
    auto row = q.next();
    if (!row) return row.error();
    if (!*row) return jtis;
    jtis.push_back(q.text(0));
  }
}

Result<bool> Store::finish(const JobRow& j) {
  const auto end = [&]() -> Result<bool> {
    auto guard = database_.begin();
    if (!guard) return guard.error();
    auto done = database_.run("UPDATE jobs SET final=1, sealed=NULL, fence=?, attempts=?, outcome=?, reason=?, text=?, agent=?, dc=?, retry_after=?, also=?, duration_us=?, result=? WHERE jti=? AND final=0",
        j.fence, text_of(j.attempts), j.outcome, j.reason, j.text, j.agent, j.dc, j.retry_after, boost::algorithm::join(j.also, " "),
        static_cast<std::int64_t>(j.duration_ms * 1000), j.result, j.jti);
    if (!done) return done.error();
    if (database_.changes() != 1) return false;
    if (auto said = write_down(j, Activity::job_settled); !said) return said.error();
    if (auto kept = guard->commit(); !kept) return kept.error();
    return true;
  };
  // What was applied stays applied, whoever forgets it. Any other end must not be told and then forgotten in a power cut:
  // the job would be open again, offered again and done after all.
  if (!j.outcome.starts_with("applied")) return end();
  const auto relaxed = database_.unsynced();
  return end();
}

Result<bool> Store::upgrade(const JobRow& j) {
  auto guard = database_.begin();
  if (!guard) return guard.error();
  auto done = database_.run("UPDATE jobs SET outcome=?, reason=?, text=?, agent=?, dc=?, retry_after=?, also=?, result=? WHERE jti=? AND final=1 AND outcome IN ('unknown','expired','in_doubt')",
      j.outcome, j.reason, j.text, j.agent, j.dc, j.retry_after, boost::algorithm::join(j.also, " "), j.result, j.jti);
  if (!done) return done.error();
  if (database_.changes() != 1) return false;
  if (auto said = write_down(j, Activity::job_upgraded); !said) return said.error();
  if (auto kept = guard->commit(); !kept) return kept.error();
  return true;
}

// ---- one account --------------------------------------------------------------------------------------------
Result<std::vector<JobRow>> Store::jobs_of(std::string_view domain, std::string_view sub) {
  return every(database_.query(std::string(columns) + "WHERE domain=? AND sub=? ORDER BY created_ms DESC", domain, sub));
}

Result<std::vector<ProbeRow>> Store::probes_of(std::string_view domain, std::string_view sub) {
  std::vector<ProbeRow> probes;
  auto q = database_.query("SELECT id, dc, ver, pls, mk, made, used_by FROM probes WHERE domain=? AND sub=? ORDER BY made DESC", domain, sub);
  for (;;) {
    auto row = q.next();
    if (!row) return row.error();
    if (!*row) return probes;
    probes.push_back({q.text(0), std::string(domain), std::string(sub), {q.text(1), q.number(2), q.text(3), q.maybe_text(4)}, q.number(5), q.maybe_text(6)});
  }
}

Result<Store::Forgotten> Store::forget_account(std::string_view domain, std::string_view sub) {
  auto guard = database_.begin();
  if (!guard) return guard.error();
  Forgotten out;
  if (auto r = database_.run("DELETE FROM probes WHERE domain=? AND sub=? AND (used_by IS NULL OR used_by NOT IN (SELECT jti FROM jobs WHERE final=0))", domain, sub); !r) return r.error();
  out.probes = database_.changes();
  if (auto r = database_.run("DELETE FROM jobs WHERE domain=? AND sub=? AND final=1", domain, sub); !r) return r.error();
  out.jobs = database_.changes();
  {
    auto q = database_.query("SELECT count(*) FROM jobs WHERE domain=? AND sub=?", domain, sub);
    auto row = q.next();
    if (!row) return row.error();
    out.open = q.number(0);
  }
  if (auto done = guard->commit(); !done) return done.error();
  return out;
}

Result<void> Store::prune(UnixSeconds now) {
  constexpr std::int64_t day = 86'400;
  if (auto r = database_.run("DELETE FROM jobs WHERE final=1 AND created_ms<?", (now - 30 * day) * 1000); !r) return r;
  if (auto r = database_.run("DELETE FROM probes WHERE made<?", now - day); !r) return r;
  if (auto r = database_.run("DELETE FROM tokens WHERE expires<?", now - day); !r) return r;
  if (auto r = prune_limits(database_, now * 1'000); !r) return r;
  return database_.run("DELETE FROM statements WHERE exp<?", now);
}

}  // namespace wb::service
