#include "service/sspr/temporary_password.hpp"

#include "protocol/codec.hpp"
#include "service/api.hpp"
#include "service/sspr/account.hpp"

namespace wb::service::sspr {
namespace {

using protocol::Members;

struct State {
  std::string jti, kind, id, address, language;
};
std::string text_of(const State& s) {
  return json::serialize(json::object{{"jti", s.jti}, {"kind", s.kind}, {"id", s.id}, {"address", s.address}, {"language", s.language}});
}
Result<State> state_from(std::string_view text) {
  State s;
  auto parsed = protocol::parse_json(text);
  if (!parsed) return parsed.error();
  auto read = Members(*parsed, Members::Unknown::refused).text("jti", s.jti).text("kind", s.kind).text("id", s.id).text("address", s.address).text("language", s.language).finish();
  if (!read) return read.error();
  return s;
}

Actor actor_of(const State& s) {
  for (const auto kind : {ActorKind::client, ActorKind::administrator})
    if (to_string(kind) == s.kind) return {kind, s.id};
  return {};
}

AuditEntry entry_of(const Person& person, Activity activity, const Actor& actor, const std::string& address) {
  AuditEntry entry;
  entry.activity = activity, entry.actor = actor, entry.domain = person.domain, entry.target = person.sub, entry.address = address;
  return entry;
}

}  // namespace

Awaitable<Result<std::optional<json::object>>> TemporaryPassword::seal(Person person, Settings rules, Actor actor, std::string address) {
  ProbeRequest request{person.domain, std::string(own_client), person.sub, std::nullopt, {"groups", "contacts"}};
  request.groups = named_groups(rules);
  auto probing = self_.dispatch.probe(std::move(request));
  auto outcome = co_await std::move(probing);
  if (!outcome) co_return outcome.error();
  if (!outcome->answer || outcome->answer->sub != person.sub) co_return std::optional<json::object>();
  if (auto saw = self_.people.saw(person_of(person.domain, person.name, *outcome->answer, unix_now())); !saw) co_return saw.error();
  auto keys = keys_of(person.domain, self_.settings, self_.rosters, self_.gateway);
  if (!keys) co_return keys.error();
  auto answer = protocol::parse_json(protocol::encode(*outcome->answer), 12);
  if (!answer) co_return answer.error();
  self_.write_down(entry_of(person, Activity::admin_started_reset, actor, address));
  co_return std::optional(json::object{{"probe", outcome->id}, {"answer", std::move(*answer)}, {"keys", std::move(*keys)}, {"history_enforced", self_.gateway.history_enforced(person.domain)}});
}

// The job and who asked for it, in one transaction.
Result<TemporaryPassword::Ended> TemporaryPassword::submit(const Person& person, const Asked& asked, const std::string& probe, const std::string& sealed) {
  auto known = self_.store.probe(probe, person.domain);
  if (!known) return known.error();
  if (!*known || (*known)->sub != person.sub) return Ended{refuse(Refusal::not_found, "no such probe"), {}};
  const json::object opts{{"unlock", true}, {"must_change", true}, {"enforce_history", true}};
  JobRequest request;
  const ClientRow row{std::string(own_client), person.domain};
  if (auto no = read_job_request(self_.settings, self_.store, self_.rosters, row, json::serialize(json::object{{"probe", probe}, {"sealed", sealed}, {"op", "reset"}, {"opts", opts}}), request)) return Ended{std::move(no), {}};
  const auto jti = request.job.jti;
  auto state = text_of({jti, std::string(to_string(asked.actor.kind)), asked.actor.id, asked.address, asked.language});
  auto submitted = jobs_.submit(std::move(request), person.domain, person.sub, std::move(state));
  if (!submitted) return submitted.error();
  if (auto no = refuse_submit(*submitted)) return Ended{std::move(no), {}};
  Ended ended;
  ended.job.emplace().jti = jti;
  return ended;
}

Awaitable<Result<TemporaryPassword::Ended>> TemporaryPassword::set(Person person, Asked asked, std::string probe, std::string sealed) {
  auto ended = submit(person, asked, probe, sealed);
  if (!ended || ended->refused) co_return ended;
  auto waiting = self_.dispatch.look(ended->job->jti, self_.settings.settle_wait);
  auto job = co_await std::move(waiting);
  if (!job) co_return job.error();
  ended->job = std::move(*job);
  co_return ended;
}

// ---- its end ------------------------------------------------------------------------------------------------
void TemporaryPassword::say(const Ticket& ticket, const std::optional<JobRow>& job) {
  const auto state = state_from(ticket.state);
  if (!state) return;
  Person person;
  person.domain = ticket.domain, person.sub = ticket.sub;
  auto entry = entry_of(person, Activity::reset_by_admin, actor_of(*state), state->address);
  end_in(entry, state->jti, job);
  if (job) entry.correlation_id = job->correlation_id;
  self_.write_down(entry);
  if (!entry.success) return;
  Occasion occasion{Notice::password_reset, ticket.domain, ticket.sub, {}, state->language};
  occasion.correlation_id = entry.correlation_id, occasion.address = state->address, occasion.at = unix_now();
  self_.notify(std::move(occasion));
}

}  // namespace wb::service::sspr
