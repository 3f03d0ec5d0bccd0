// GET /api/v1/jobs/{jti}/events: how a job goes, as server-sent events (WHATWG HTML section 9.2): `state` {state, attempts} at first and
// at each change, and at last `outcome`, which is the answer of GET /api/v1/jobs/{jti}. Changes that come at once are told as one.
#include "core/ids.hpp"
#include "service/api.hpp"
#include "service/asked_language.hpp"

namespace wb::service {
namespace {

std::string event(std::string_view name, const json::object& data) { return "event: " + std::string(name) + "\ndata: " + json::serialize(data) + "\n\n"; }  // one line: JSON has no line breaks of its own

class Events {
 public:
  using Shape = std::function<json::object(const JobRow&)>;  // of an outcome
  Events(Dispatch& dispatch, const Settings& settings, std::string jti, InUseCount open, Shape shape)
      : dispatch_(dispatch), beat_(settings.events_beat), until_(BootClock::now() + settings.events_most), jti_(std::move(jti)), open_(std::move(open)), shape_(std::move(shape)) {}

  Awaitable<std::optional<std::string>> next() {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until_ - BootClock::now());
    if (over_ || dispatch_.stopping() || left.count() <= 0) co_return std::nullopt;
    auto watching = dispatch_.watch(jti_, seen_.value_or(Dispatch::Stand{}), seen_ ? std::min(beat_, left) : std::chrono::milliseconds(0));
    auto job = co_await std::move(watching);
    if (!job || !*job) co_return std::nullopt;
    const auto& row = **job;
    const Dispatch::Stand now{row.state, row.attempts.size()};
    if (seen_ == now) co_return std::string(": still here\n\n");
    seen_ = now;
    auto text = event("state", {{"state", queue::to_string(row.state)}, {"attempts", row.attempts.size()}});
    over_ = told(row);
    if (over_) text += event("outcome", shape_(row));
    co_return text;
  }

 private:
  Dispatch& dispatch_;
  std::chrono::milliseconds beat_;
  BootClock::time_point until_;
  std::string jti_;
  InUse open_;
  Shape shape_;
  std::optional<Dispatch::Stand> seen_;
  bool over_ = false;
};

}  // namespace

Reply Api::job_events(HttpCall call) {
  if (!is_ulid(call.path.front())) co_return refuse(Refusal::not_found, "no such job");
  auto looking = dispatch_.look(call.path.front(), std::chrono::milliseconds(0));
  auto job = co_await std::move(looking);
  if (!job) co_return refuse_for(job.error());
  if (!*job || (*job)->domain != call.client.domain) co_return refuse(Refusal::not_found, "no such job");
  if (*streams_ >= settings_.event_streams_max) co_return refuse(Refusal::busy, "too many streams are open", 5'000);
  const auto language = language_of(catalogue_, call.request);
  auto events = std::make_shared<Events>(dispatch_, settings_, std::move(call.path.front()), streams_, [this, language](const JobRow& row) { return body_of(row, language); });
  link::HttpResponse response;
  response.headers["Content-Language"] = language;
  response.content_type = "text/event-stream";
  response.headers["Cache-Control"] = "no-store";
  response.headers["X-Accel-Buffering"] = "no";  // nginx in between would gather them
  response.next_piece = [events] { return events->next(); };
  co_return response;
}

}  // namespace wb::service
