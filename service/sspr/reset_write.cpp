// The end of a reset: what a browser seals to, the job, and its outcome.
#include "core/ids.hpp"
#include "protocol/codec.hpp"
#include "service/api.hpp"
#include "service/job_request.hpp"
#include "service/methods/sealed_methods.hpp"
#include "service/sspr/reset_desk.hpp"
#include "service/sspr/trail.hpp"

namespace wb::service::sspr {
namespace {

constexpr int session_looks_max = 20;  // probes of one session

Claim claim_of(const std::string& account) { return {LimitKind::account_reset, account, account}; }

}  // namespace

Awaitable<Result<std::optional<json::object>>> ResetDesk::seal(Visit& visit) {
  auto& kept = visit.kept;
  if (++kept.looks > session_looks_max) co_return std::optional<json::object>();
  ProbeRequest request{kept.domain, std::string(own_client), kept.flow.account.sub, std::nullopt, {}};
  request.trace = {kept.id, visit.traceparent};
  auto probing = self_.dispatch.probe(std::move(request));
  auto outcome = co_await std::move(probing);
  if (!outcome) co_return outcome.error();
  if (!outcome->answer) co_return std::optional<json::object>();
  kept.probe = outcome->id;
  remember(kept, outcome->answer->policy);
  if (auto done = keep(visit); !done) co_return done.error();
  auto keys = keys_of(kept.domain, self_.settings, self_.rosters, self_.gateway);
  if (!keys) co_return keys.error();
  auto answer = protocol::parse_json(protocol::encode(*outcome->answer), 12);
  if (!answer) co_return answer.error();
  co_return std::optional(json::object{{"probe", kept.probe}, {"answer", std::move(*answer)}, {"keys", std::move(*keys)}, {"history_enforced", self_.gateway.history_enforced(kept.domain)}});
}

Awaitable<Result<Step>> ResetDesk::pick(Visit& visit, bool unlock) {
  auto& kept = visit.kept;
  auto flow = kept.flow;
  auto taken = step(flow, visit.flow_rules, event::Pick{unlock}, unix_now());
  if (!taken.did(Do::write)) {
    const auto before = std::exchange(kept.flow, std::move(flow));
    if (kept.flow.phase == Phase::over && before.phase != Phase::over) say_end(visit, nullptr);
    if (auto done = keep(visit); !done) co_return done.error();
    co_return taken;
  }
  auto looking = seal(visit);  // an unlock stands on a probe, as everything does
  auto looked = co_await std::move(looking);
  if (!looked) co_return looked.error();
  if (!*looked) co_return Step{Reason::try_again, "dc_unavailable", std::nullopt, {}};
  auto stopped = stop_if_frozen(visit);  // while the agent was asked
  if (!stopped) co_return stopped.error();
  if (*stopped) co_return Step{Reason::frozen, {}, std::nullopt, {}};
  const auto proven = std::exchange(kept.flow, std::move(flow));
  auto sent = send(visit, json::serialize(json::object{{"probe", kept.probe}, {"op", "unlock"}}));
  if (!sent) co_return sent.error();
  if (!sent->refused) co_return taken;
  kept.flow = proven;
  co_return Step{Reason::try_again, "busy", std::nullopt, {}};
}

Result<ResetDesk::Sent> ResetDesk::submit(Visit& visit, const std::string& probe, const std::string& sealed) {
  auto& kept = visit.kept;
  const auto before = kept.flow;
  auto taken = step(kept.flow, visit.flow_rules, event::Submit{}, unix_now());
  if (!taken.did(Do::write)) {
    if (kept.flow.phase == Phase::over && before.phase != Phase::over) say_end(visit, nullptr);
    if (auto done = keep(visit); !done) return done.error();
    return Sent{std::move(taken), std::nullopt};
  }
  const json::object opts{{"unlock", true}, {"must_change", false}, {"enforce_history", true}};
  auto sent = probe == kept.probe ? send(visit, json::serialize(json::object{{"probe", probe}, {"sealed", sealed}, {"op", "reset"}, {"opts", opts}}))
                                  : Result<Sent>(Sent{{}, refuse(Refusal::not_found, "no such probe")});
  if (!sent || sent->refused || sent->limited) kept.flow = before;
  if (!sent || sent->refused) return sent;
  if (sent->limited) {
    auto blocked = step(kept.flow, visit.flow_rules, event::Block{sent->limited->until_ms / 1'000 + 1}, unix_now());
    kept.said_until = blocked.until;
    say_end(visit, nullptr);
    if (auto done = keep(visit); !done) return done.error();
    return Sent{std::move(blocked), std::nullopt};
  }
  self_.write_down(entry_of(kept, Activity::flow_progress, true, StatusReason::submitted_new_password));
  return Sent{std::move(taken), std::nullopt};
}

// The job, and what is spent on it: the session's try and, of a new password, the account's. In one transaction, or not at all.
Result<ResetDesk::Sent> ResetDesk::send(Visit& visit, const std::string& body) {
  auto& kept = visit.kept;
  JobRequest request;
  const ClientRow row{std::string(own_client), kept.domain};
  if (auto no = read_job_request(self_.settings, self_.store, self_.rosters, row, body, request)) return Sent{{}, std::move(no)};
  request.job.correlation_id = kept.id, request.job.traceparent = visit.traceparent;
  const auto former = std::exchange(kept.jti, request.job.jti);
  std::optional<Limited> limited;
  const auto also = [this, &kept, &limited, counts = request.job.op == protocol::Op::reset, at = request.job.created_ms]() -> Result<void> {
    if (!counts) return self_.sessions.keep_within(kept);
    auto taken = self_.limits.take_within({claim_of(account(kept))}, at);
    if (!taken) return taken.error();
    limited = *taken;
    if (limited) return fault(Fault::Kind::refused, "sspr.send", "too many passwords of this account");
    return self_.sessions.keep_within(kept);
  };
  auto submitted = self_.dispatch.submit(std::move(request.job), std::move(request.recipients), also);
  if (!submitted) {
    kept.jti = former;
    if (limited) return Sent{{}, std::nullopt, limited};
    return submitted.error();
  }
  if (auto no = refuse_submit(*submitted)) {
    kept.jti = former;
    return Sent{{}, std::move(no)};
  }
  if (*submitted == Submitted::same_again)  // it was this session's, whose try is spent
    if (auto done = keep(visit); !done) return done.error();
  self_.tasks.start("sspr.settle", settle_later(this, kept.id, kept.jti));
  return Sent{};
}

// ---- its end ------------------------------------------------------------------------------------------------
Awaitable<Result<Step>> ResetDesk::settled(std::optional<Visit>& visit, std::chrono::milliseconds wait) {
  const auto id = visit->kept.id, jti = visit->kept.jti;
  if (visit->kept.flow.phase != Phase::writing) co_return Step{};
  auto now = self_.dispatch.look(jti, std::chrono::milliseconds(0));
  auto job = co_await std::move(now);
  if (!job) co_return job.error();
  if (*job && !told(**job) && wait.count() > 0) {
    visit.reset();
    auto waiting = self_.dispatch.look(jti, wait);
    job = co_await std::move(waiting);
    if (!job) co_return job.error();
    auto taking = self_.turns.take(id);
    auto turn = co_await std::move(taking);
    if (!turn) co_return fault(Fault::Kind::exhausted, "sspr.turn", "too many requests of one session");
    auto again = open(std::move(*turn), self_.sessions.find(id));
    if (!again) co_return again.error();
    if (!*again) co_return fault(Fault::Kind::internal, "sspr.settled", "the session went away");
    visit.emplace(std::move(**again));
  }
  const auto& kept = visit->kept;
  if (kept.jti != jti) co_return Step{};
  if (kept.flow.phase != Phase::writing) co_return Step{kept.said, kept.said_reason, kept.said_until, {}};  // somebody else took it: the same words
  if (*job && !told(**job)) co_return Step{};
  co_return settle(*visit, *job);
}

Step ResetDesk::settle(Visit& visit, const std::optional<JobRow>& job) {
  auto& kept = visit.kept;
  const auto [code, reason] = job ? ending_of(*job) : std::pair(protocol::Code::unknown, std::string());
  const auto retry = job ? job->retry_after : std::nullopt;
  auto taken = step(kept.flow, visit.flow_rules, event::Settled{code, reason, retry}, unix_now());
  kept.said = taken.refused, kept.said_code = protocol::to_string(code), kept.said_reason = reason, kept.said_until = taken.until;
  auto done = kept.flow.end == Reason::in_doubt ? keep_doubt(visit) : keep(visit);
  if (!done) log::fault("sspr.keep_failed", done.error());
  if (job) give_back(kept, *job);
  if (kept.flow.phase == Phase::done) applied(kept, job);
  else if (kept.flow.phase == Phase::over) say_end(visit, job ? &*job : nullptr);
  else {
    auto entry = entry_of(kept, Activity::flow_progress, false, reason_of_outcome(kept.said_code));
    entry.details = {{DetailKey::cause, reason}, {DetailKey::jti, kept.jti}};
    if (job) entry.agent = job->agent, entry.dc = job->dc;
    self_.write_down(entry);
  }
  return taken;
}

void ResetDesk::applied(const KeptSession& kept, const std::optional<JobRow>& job) {
  const bool unlock = kept.flow.unlock;
  auto entry = entry_of(kept, unlock ? Activity::unlock_self_service : Activity::reset_self_service, true, reason_of_outcome(kept.said_code));
  entry.details = {{DetailKey::cause, kept.said_reason}, {DetailKey::jti, kept.jti}};
  if (job) entry.agent = job->agent, entry.dc = job->dc;
  self_.write_down(entry);
  Occasion occasion{unlock ? Notice::account_unlocked : Notice::password_reset, kept.domain, kept.flow.account.sub, kept.name, kept.language};
  occasion.administrator = kept.flow.account.administrator, occasion.correlation_id = kept.id, occasion.address = kept.address, occasion.at = unix_now();
  for (const auto& found : kept.found) {  // registered by nobody, and codes went there
    auto address = address_of(self_.vault, kept.domain, kept.flow.account.sub, found);
    if (address) occasion.also.push_back(std::move(*address));
    else log::fault("notify.failed", address.error());
  }
  self_.notify(std::move(occasion));
}

// A password that was not written is not counted. In doubt it is: it may have been.
void ResetDesk::give_back(const KeptSession& kept, const JobRow& job) {
  const auto [code, reason] = ending_of(job);
  const auto effect = effect_of(code, reason);
  if (job.op != protocol::Op::reset || (effect != Effect::refused && effect != Effect::untouched)) return;
  if (auto done = self_.limits.give_back(claim_of(account(kept)), job.created_ms); !done) log::fault("limits.failed", done.error());
}

Awaitable<> ResetDesk::settle_later(ResetDesk* desk, std::string id, std::string jti) {
  for (;;) {
    auto waiting = desk->self_.dispatch.look(jti, std::chrono::milliseconds(60'000));
    auto job = co_await std::move(waiting);
    if (!job) co_return log::fault("store.failed", job.error());
    const auto cancelled = co_await asio::this_coro::cancellation_state;
    if (cancelled.cancelled() != asio::cancellation_type::none) co_return;
    if (*job && !told(**job)) continue;
    auto taking = desk->self_.turns.take(id);
    auto turn = co_await std::move(taking);
    if (!turn) co_return;
    auto visit = desk->open(std::move(*turn), desk->self_.sessions.find(id));
    if (!visit || !*visit || (*visit)->kept.jti != jti) co_return;
    if ((*visit)->kept.flow.phase == Phase::writing) (void)desk->settle(**visit, *job);
    co_return;
  }
}

// The page is closed when a doubt is resolved: whoever was told "it may already work" hears by mail that it does. Kept apart from the
// session, which is over, and across restarts.
Result<void> ResetDesk::keep_doubt(const Visit& visit) {
  const auto relaxed = self_.store.database().unsynced();
  auto guard = self_.store.database().begin();
  if (!guard) return guard.error();
  if (auto done = self_.sessions.keep_within(visit.kept); !done) return done;
  Ticket ticket;
  ticket.domain = visit.kept.domain, ticket.sub = visit.kept.flow.account.sub, ticket.purpose = Purpose::in_doubt;
  ticket.state = to_json(visit.kept), ticket.expires = unix_now() + doubt_kept_s;
  auto put = self_.tickets.put_within(ticket);
  if (!put) return put.error();
  if (auto done = guard->commit(); !done) return done;
  if (!*put) return fault(Fault::Kind::exhausted, "sspr.doubt", "too many tickets");  // the session is kept, nobody is told later
  self_.tasks.start("sspr.doubt", watch_doubt(this, std::move(ticket), visit.kept));
  return {};
}

Awaitable<> ResetDesk::watch_doubt(ResetDesk* desk, Ticket ticket, KeptSession kept) {
  auto waiting = at_its_end(desk->self_.dispatch, kept.jti);
  auto job = co_await std::move(waiting);
  if (!job) {
    if (job.error().kind != Fault::Kind::cancelled) log::fault("store.failed", job.error());
    co_return;
  }
  auto first = desk->self_.tickets.drop(ticket.id);
  if (!first) co_return log::fault("store.failed", first.error());
  if (!*first || !*job) co_return;  // erased meanwhile
  desk->give_back(kept, **job);
  const auto [code, reason] = ending_of(**job);
  if (effect_of(code, reason) != Effect::applied) co_return;
  kept.said_code = protocol::to_string(code), kept.said_reason = reason;
  desk->applied(kept, *job);
}

}  // namespace wb::service::sspr
