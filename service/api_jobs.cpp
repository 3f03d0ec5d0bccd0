// POST /api/v1/jobs.
#include "service/api.hpp"
#include "service/asked_language.hpp"
#include "service/job_request.hpp"

namespace wb::service {

Reply Api::add_job(HttpCall call) {
  JobRequest read;
  const auto refused = [](link::HttpResponse response) {
    log::info("api.refused", log::field("endpoint", "jobs"), log::field("status", response.status));
    return response;
  };
  const auto wait = wait_of(call.request, settings_.wait_max);
  if (!wait) co_return refused(refuse(Refusal::bad_request, "wait_ms: a whole number of milliseconds"));
  if (auto no = read_job_request(settings_, store_, rosters_, call.client, call.request.body, read)) co_return refused(std::move(*no));
  const auto jti = read.job.jti;
  read.job.traceparent = call.request.traceparent;
  auto submitted = dispatch_.submit(std::move(read.job), std::move(read.recipients));
  if (!submitted) co_return refuse_for(submitted.error());
  if (auto no = refuse_submit(*submitted)) co_return refused(std::move(*no));
  auto looking = dispatch_.look(jti, std::chrono::milliseconds(0));
  auto now = co_await std::move(looking);
  if (now && *now && !told(**now) && wait->count() > 0) {
    auto waiting = dispatch_.look(jti, *wait);
    now = co_await std::move(waiting);
  }
  if (!now || !*now) co_return refuse_for(now ? fault(Fault::Kind::internal, "api.add_job", "the job went away") : now.error());
  if (wait->count() > 0 && told(**now)) co_return answer_of(**now, language_of(catalogue_, call.request));
  co_return answer(202, {{"jti", jti}, {"state", queue::to_string((*now)->state)}, {"correlation_id", (*now)->correlation_id}});
}

}  // namespace wb::service
