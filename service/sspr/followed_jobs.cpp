#include "service/sspr/followed_jobs.hpp"

#include "protocol/codec.hpp"
#include "service/api.hpp"

namespace wb::service::sspr {
namespace {

constexpr int followed_max = 10'000;  // taken up after a restart

Result<std::string> jti_in(std::string_view state) {
  auto parsed = protocol::parse_json(state);
  if (!parsed) return parsed.error();
  const auto* all = parsed->if_object();
  const auto* jti = all ? all->if_contains("jti") : nullptr;
  if (!jti || !jti->is_string()) return fault(Fault::Kind::malformed, "sspr.ticket", "no jti");
  return std::string(jti->get_string());
}

}  // namespace

Result<void> FollowedJobs::start() {
  auto open = self_.tickets.all(purpose_, followed_max);
  if (!open) return open.error();
  for (auto& ticket : *open) {
    auto jti = jti_in(ticket.state);
    if (!jti) return jti.error();
    self_.tasks.start(name_, settle(this, std::move(ticket), std::move(*jti)));
  }
  return {};
}

Result<Submitted> FollowedJobs::submit(JobRequest request, const std::string& domain, const std::string& sub, std::string state) {
  auto jti = request.job.jti;
  Ticket ticket;
  ticket.domain = domain, ticket.sub = sub, ticket.purpose = purpose_, ticket.expires = unix_now() + doubt_kept_s, ticket.state = std::move(state);
  const auto also = [this, &ticket]() -> Result<void> {
    auto put = self_.tickets.put_within(ticket);
    if (!put) return put.error();
    if (!*put) return fault(Fault::Kind::exhausted, name_, "too many tickets");
    return {};
  };
  auto submitted = self_.dispatch.submit(std::move(request.job), std::move(request.recipients), also);
  if (submitted && *submitted == Submitted::stored) self_.tasks.start(name_, settle(this, std::move(ticket), std::move(jti)));
  return submitted;
}

// Whoever drops the ticket first tells.
Awaitable<> FollowedJobs::settle(FollowedJobs* self, Ticket ticket, std::string jti) {
  auto waiting = at_its_end(self->self_.dispatch, std::move(jti));
  auto job = co_await std::move(waiting);
  if (!job) {
    if (job.error().kind != Fault::Kind::cancelled) log::fault("store.failed", job.error());
    co_return;
  }
  auto first = self->self_.tickets.drop(ticket.id);
  if (!first) co_return log::fault("store.failed", first.error());
  if (*first) self->tell_(ticket, *job);
}

void end_in(AuditEntry& entry, std::string_view jti, const std::optional<JobRow>& job) {
  const auto [code, reason] = job ? ending_of(*job) : std::pair(protocol::Code::unknown, std::string());
  entry.success = effect_of(code, reason) == Effect::applied, entry.reason = reason_of_outcome(protocol::to_string(code));
  entry.details = {{DetailKey::cause, reason}, {DetailKey::jti, std::string(jti)}};
  if (job) entry.agent = job->agent, entry.dc = job->dc;
}

}  // namespace wb::service::sspr
