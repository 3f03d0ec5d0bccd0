// Everything the reset service remembers, in one SQLite file: who may connect, who may ask, and jobs until they are
// answered. Secrets are kept as SHA-256 (they are 32 random bytes: nothing to guess), sealed passwords only until
// their job is final or its caller was told that it is in doubt. The command line uses the same file while the service
// runs.
//
// Called directly on the event loop, not on a pool: a flushed commit takes about 0.15 ms on the disks measured, one of
// them stands in a reset's path (submit and the first fence share it) and none in a probe's, and a hop to a thread and
// back costs a third of one. What is committed unflushed says so; sync() makes it durable.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/result.hpp"
#include "protocol/messages.hpp"
#include "queue/database.hpp"
#include "queue/job_machine.hpp"
#include "service/audit.hpp"
#include "service/credentials.hpp"

namespace wb::service {

struct AgentRow {
  std::string id;
  protocol::Jwk as;
  std::string kid, host;
  bool revoked = false;  // by the service's operator
  // Its next signing key: shown, and its own as soon as a roster has named it and it has said hello with it. The former one
  // says hello no more: results that were signed with it may still come.
  std::optional<protocol::Jwk> next = {}, former = {};
  bool drained = false;  // it gets no new jobs, of any domain, until it is resumed
};
// What an agent has done: since when it is enrolled, and for each controller what it wrote there of late.
struct AgentPast {
  struct At {
    std::string dc;
    std::int64_t written = 0;  // jobs that were applied
    double mean_ms = 0;        // from the job's arrival to its end
    UnixSeconds last = 0;      // when the newest of them came
  };
  UnixSeconds enrolled = 0, key_since = 0;  // key_since: when its signing key succeeded the one before, or came with the enrolment
  std::vector<At> controllers;              // the one that was written to last first
};
struct MemberRow {
  AgentRow agent;
  std::string domain;
};
struct RosterRow {
  std::string jws, dr;
  std::int64_t rsn = 0;
};
struct StatementRow {
  std::string agent, jws;
};
struct ClientRow {
  std::string id, domain;
  Scopes scopes = {Scope::writeback};
};

// What the directory's rules ask of a new password, as far as a refusal says it; 0: not known, or no such rule.
struct PasswordRules {
  int min_length = 0, history = 0;
  std::int64_t min_age_s = 0;
};
struct ProbeRow {
  std::string id, domain, sub;
  protocol::Pre pre;
  UnixSeconds made = 0;                // by our clock
  std::optional<std::string> used_by;  // the jti of its one job
  PasswordRules rules = {};
};

struct JobRow {
  std::string jti, domain, client, probe, sub, correlation_id;
  protocol::Op op = protocol::Op::reset;
  protocol::JobOptions opts;
  protocol::Pre pre;
  std::optional<std::string> sealed, sh;  // sealed: nullopt once resolving or final
  UnixSeconds iat = 0, exp = 0;
  std::int64_t created_ms = 0;
  queue::JobState state = queue::JobState::ready;  // as stored: ready (whoever has it), resolving or final
  std::int64_t fence = 0;
  std::vector<queue::Attempt> attempts;
  bool released = false;  // an operator gave it up
  // Once resolving (outcome and text) or final:
  std::string outcome, reason, text, agent, dc;
  std::optional<std::int64_t> retry_after;
  std::vector<std::string> also;
  double duration_ms = 0;
  std::string result;       // the agent's JWS, when one decided it
  std::string traceparent;  // its caller's; empty: it had none, and trace_of() makes one
};
protocol::Trace trace_of(const JobRow& job);
log::About about(const JobRow& job);

enum class Submitted { stored,
  same_again,
  jti_taken,
  probe_unknown,
  probe_gone,
  account_busy,
  account_in_doubt };  // it has a resolving job on another domain controller
enum class Enrolled { yes,
  token_unknown,
  token_used,
  token_expired,
  domain_full,
  key_taken,  // it is another agent's next or former one, or this one's
  revoked };

class Store {
 public:
  // `tenant`: the installation's name, as its audit says it.
  static Result<Store> open(const std::filesystem::path& file, std::string tenant = "default");

  // Whatever changes here who may do what, or ends a job, is written into the audit in the same transaction: no commit and no
  // flush of its own.
  AuditLog audit() { return AuditLog(database_, tenant_, &heard_); }
  void on_audit(AuditLog::Heard heard) { heard_ = std::move(heard); }
  // For what lives in the same file and shares its transactions (limits, people).
  queue::Database& database() { return database_; }

  // ---- tokens, agents, rosters, statements, clients (store.cpp)
  // `by`: who did it, for the audit.
  Result<void> add_token(std::string_view id, std::string_view hash, std::string_view domain, UnixSeconds expires, const Actor& by = {ActorKind::operator_});
  // The domain of a token that could be used now; nullopt when there is no such token, it is used or out of date.
  // `hash`: SHA-256 of its secret part.
  Result<std::optional<std::string>> token_domain(std::string_view id, std::string_view hash, UnixSeconds now);
  // Why not, to whoever holds its secret: token_used, token_expired (for a day; then nobody knows it any more), else token_unknown.
  Result<Enrolled> token_trouble(std::string_view id, std::string_view hash, UnixSeconds now);
  // Spends the token and makes the agent a member of its domain, or neither. A key we know keeps its agent id
  // (a second domain, or the same again), which is written to `agent.id`.
  Result<Enrolled> enroll(std::string_view token, AgentRow& agent, UnixSeconds now, std::string_view address = {});

  Result<std::optional<AgentRow>> agent_by_key(std::string_view kid);
  // The same, also by its next key.
  Result<std::optional<AgentRow>> agent_saying_hello(std::string_view kid);
  // The agent's next signing key, instead of an earlier next one. False when an agent has or had it, or this one is revoked.
  Result<bool> put_next_key(std::string_view agent, const protocol::Jwk& key, std::string_view kid);
  // The next key is the agent's own from now on, and `agent` is as it is then. Fault internal when it has none.
  Result<void> succeed_key(AgentRow& agent, std::string_view kid, UnixSeconds now);
  Result<std::vector<std::string>> domains_of(std::string_view agent);
  Result<std::vector<MemberRow>> members(std::string_view domain);  // empty domain: everybody

  // By agent id, of a domain's members: from the newest `jobs_looked_at` jobs that have ended, whosesoever they were.
  Result<std::map<std::string, AgentPast>> past_of_members(std::string_view domain);

  Result<std::optional<RosterRow>> roster(std::string_view domain);
  Result<std::vector<std::string>> rostered();  // domains that have one; at most 1,000
  // Believed already; false when a roster of this or a later number, or of another root, is there. `succession`: the link by
  // which the root that is there names the one of this roster; stored with it.
  Result<bool> put_roster(std::string_view domain, const RosterRow& roster, const std::string& succession = {});
  Result<std::vector<std::string>> roots(std::string_view domain);  // its successions, the oldest first
  // For a root that was lost: the domain has no root any more, and the next roster sets one. False when it had none.
  Result<bool> forget_root(std::string_view domain);
  // From now on it is told `revoked`; the running service cuts its link. False when there is no such agent.
  // `why`: a word for the audit; may be empty.
  Result<bool> revoke(std::string_view agent, const Actor& by = {ActorKind::operator_}, std::string_view why = {});
  Result<std::vector<std::string>> revoked();

  // No new jobs for this agent from now on. Without `force` refused where it is the last one that takes jobs of a domain: that
  // domain is named, and nothing is done. Who takes jobs is as the running service has last told it (put_ready).
  struct Drain {
    bool known = false;        // there is such an agent, and it is not revoked
    std::string last_of = {};  // a domain in which nobody else takes jobs; with `force` it was drained all the same
  };
  Result<Drain> drain(std::string_view agent, bool force, const Actor& by = {ActorKind::operator_});
  // And jobs again. False when there is no such agent.
  Result<bool> resume(std::string_view agent, const Actor& by = {ActorKind::operator_});
  Result<std::set<std::string>> drained();
  // Who takes jobs of which domain, where that has changed. Not flushed: it is told anew after each start.
  struct Taking {
    std::string domain, agent;
    auto operator<=>(const Taking&) const = default;
  };
  Result<void> put_ready(const std::set<Taking>& are, const std::set<Taking>& are_no_more);
  Result<void> nobody_ready();  // at a start

  Result<void> put_statement(std::string_view domain, std::string_view agent, std::string_view jws, UnixSeconds exp);
  Result<std::vector<StatementRow>> statements(std::string_view domain, UnixSeconds now);

  Result<void> add_client(std::string_view id, std::string_view hash, std::string_view domain, const Scopes& scopes = {Scope::writeback});
  Result<std::optional<ClientRow>> client(std::string_view id, std::string_view hash);

  // ---- probes and jobs (store_jobs.cpp)
  Result<void> add_probe(const ProbeRow& probe);  // not flushed: a lost one means to probe again
  Result<std::optional<ProbeRow>> probe(std::string_view id, std::string_view domain);
  // One transaction: the jti is new, the probe fresh and unused, the account free; the job stored, the probe spent.
  // Not flushed: offered() or sync() must follow before anybody is told. `also`: what else is written in this transaction, and
  // with it undone when it fails.
  using Also = std::function<Result<void>()>;
  Result<Submitted> submit(const JobRow& job, UnixSeconds now, const Also& also = {});
  Result<std::optional<JobRow>> job(std::string_view jti);
  Result<std::vector<JobRow>> unfinished();
  // The newest first. Empty domain: every one.
  Result<std::vector<JobRow>> jobs(std::string_view domain, bool open_only, int most);
  // Flushed, and with it everything before.
  Result<void> offered(std::string_view jti, std::int64_t fence, const std::vector<queue::Attempt>& attempts);
  // Resolving from here on, with outcome and text of `job`; the sealed password is erased in the same statement.
  Result<void> tell(const JobRow& job);
  // Final, with what `job` says of its ending; the sealed password is erased in the same statement. False when it was
  // final before. Flushed, unless it was applied.
  Result<bool> finish(const JobRow& job);
  // Asks the running service to give up a resolving job; false when it is not (or no longer) one.
  Result<bool> release(std::string_view jti);
  Result<std::vector<std::string>> released();  // and not final yet
  // A late applied instead of an outcome that was not known; false when the job has another one.
  Result<bool> upgrade(const JobRow& job);

  // ---- everything about one account (GDPR)
  Result<std::vector<JobRow>> jobs_of(std::string_view domain, std::string_view sub);  // the newest first
  Result<std::vector<ProbeRow>> probes_of(std::string_view domain, std::string_view sub);
  struct Forgotten {
    std::int64_t jobs = 0, probes = 0;  // removed
    std::int64_t open = 0;              // jobs without an end, which stay, and their probes with them
  };
  Result<Forgotten> forget_account(std::string_view domain, std::string_view sub);

  // For those who keep their own tables in this file (service/sspr): the same transactions.
  Result<void> sync() { return database_.sync(); }
  Result<void> prune(UnixSeconds now);  // what nobody will ask for again

 private:
  Result<std::optional<Submitted>> doubted(const JobRow& job);
  Result<void> write_down(const JobRow& job, Activity activity);
  Store(queue::Database database, std::string tenant) : database_(std::move(database)), tenant_(std::move(tenant)) {}
  queue::Database database_;
  std::string tenant_;
  AuditLog::Heard heard_;
};

constexpr std::int64_t probe_seconds = 300;
constexpr int members_max = 256;       // agents enrolled in one domain
constexpr int jobs_looked_at = 2'000;  // for what agents have done: people are waiting on this thread
constexpr int resolving_max = 8;       // jobs of one account

}  // namespace wb::service
