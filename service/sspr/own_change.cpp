#include "service/sspr/own_change.hpp"

#include "protocol/codec.hpp"

namespace wb::service::sspr {
namespace {

using protocol::Members;

struct ChangeState {
  std::string jti, correlation_id, name, language, address;
};
std::string text_of(const ChangeState& s) {
  return json::serialize(json::object{{"jti", s.jti}, {"correlation_id", s.correlation_id}, {"name", s.name}, {"language", s.language}, {"address", s.address}});
}
Result<ChangeState> change_from(std::string_view text) {
  ChangeState s;
  auto parsed = protocol::parse_json(text);
  if (!parsed) return parsed.error();
  auto read = Members(*parsed, Members::Unknown::refused).text("jti", s.jti).text("correlation_id", s.correlation_id).text("name", s.name).text("language", s.language).text("address", s.address).finish();
  if (!read) return read.error();
  return s;
}

}  // namespace

Result<Submitted> OwnChange::submit(JobRequest request, const Occasion& told) {
  request.job.correlation_id = told.correlation_id;
  auto state = text_of({request.job.jti, told.correlation_id, told.name, told.language, told.address});
  return jobs_.submit(std::move(request), told.domain, told.sub, std::move(state));
}

void OwnChange::say(const Ticket& ticket, const std::optional<JobRow>& job) {
  const auto state = change_from(ticket.state);
  if (!state) return;
  AuditEntry entry;
  entry.activity = Activity::change_self_service, entry.actor = {ActorKind::user, ticket.sub}, entry.domain = ticket.domain, entry.target = ticket.sub;
  entry.address = state->address, entry.correlation_id = state->correlation_id;
  end_in(entry, state->jti, job);
  self_.write_down(entry);
  if (!entry.success) return;
  Occasion occasion{Notice::password_changed, ticket.domain, ticket.sub, state->name, state->language};
  occasion.correlation_id = state->correlation_id, occasion.address = state->address, occasion.at = unix_now();
  self_.notify(std::move(occasion));
}

}  // namespace wb::service::sspr
