#include "service/sspr/own_change.hpp"

#include "protocol/codec.hpp"
#include "service/api.hpp"
#include "service/sspr/flow.hpp"

namespace wb::service::sspr {
namespace {

using protocol::Members;
constexpr int open_max = 10'000;  // taken up after a restart

struct State {
  std::string jti, correlation_id, name, language, address;
};
std::string text_of(const State& s) {
  return json::serialize(json::object{{"jti", s.jti}, {"correlation_id", s.correlation_id}, {"name", s.name}, {"language", s.language}, {"address", s.address}});
}
Result<State> state_from(std::string_view text) {
  State s;
  auto parsed = protocol::parse_json(text);
  if (!parsed) return parsed.error();
  auto read = Members(*parsed, Members::Unknown::refused).text("jti", s.jti).text("correlation_id", s.correlation_id).text("name", s.name).text("language", s.language).text("address", s.address).finish();
  if (!read) return read.error();
  return s;
}

}  // namespace

Result<void> OwnChange::start() {
  auto open = self_.tickets.all(Purpose::own_change, open_max);
  if (!open) return open.error();
  for (auto& ticket : *open) {
    auto state = state_from(ticket.state);
    if (!state) return state.error();
    self_.tasks.start("sspr.own_change", settle(this, std::move(ticket), std::move(state->jti)));
  }
  return {};
}

Result<Submitted> OwnChange::submit(JobRequest request, const Occasion& told) {
  auto jti = request.job.jti;
  request.job.correlation_id = told.correlation_id;
  Ticket ticket;
  ticket.domain = told.domain, ticket.sub = told.sub, ticket.purpose = Purpose::own_change, ticket.expires = unix_now() + doubt_kept_s;
  ticket.state = text_of({jti, told.correlation_id, told.name, told.language, told.address});
  const auto also = [this, &ticket]() -> Result<void> {
    auto put = self_.tickets.put_within(ticket);
    if (!put) return put.error();
    if (!*put) return fault(Fault::Kind::exhausted, "sspr.own_change", "too many tickets");
    return {};
  };
  auto submitted = self_.dispatch.submit(std::move(request.job), std::move(request.recipients), also);
  if (submitted && *submitted == Submitted::stored) self_.tasks.start("sspr.own_change", settle(this, std::move(ticket), std::move(jti)));
  return submitted;
}

Awaitable<> OwnChange::settle(OwnChange* self, Ticket ticket, std::string jti) {
  auto waiting = at_its_end(self->self_.dispatch, std::move(jti));
  auto job = co_await std::move(waiting);
  if (job) co_return self->say(ticket, *job);
  if (job.error().kind != Fault::Kind::cancelled) log::fault("store.failed", job.error());
}

void OwnChange::say(const Ticket& ticket, const std::optional<JobRow>& job) {
  auto first = self_.tickets.drop(ticket.id);
  if (!first) return log::fault("store.failed", first.error());
  auto state = state_from(ticket.state);
  if (!*first || !state) return;
  AuditEntry entry;
  entry.activity = Activity::change_self_service, entry.actor = {ActorKind::user, ticket.sub}, entry.domain = ticket.domain, entry.target = ticket.sub;
  entry.address = state->address, entry.correlation_id = state->correlation_id;
  const auto [code, reason] = job ? ending_of(*job) : std::pair(protocol::Code::unknown, std::string());
  entry.success = effect_of(code, reason) == Effect::applied, entry.reason = reason_of_outcome(protocol::to_string(code));
  entry.details = {{DetailKey::cause, reason}, {DetailKey::jti, state->jti}};
  if (job) entry.agent = job->agent, entry.dc = job->dc;
  self_.write_down(entry);
  if (!entry.success) return;
  Occasion occasion{Notice::password_changed, ticket.domain, ticket.sub, state->name, state->language};
  occasion.correlation_id = state->correlation_id, occasion.address = state->address, occasion.at = unix_now();
  self_.notify(std::move(occasion));
}

}  // namespace wb::service::sspr
