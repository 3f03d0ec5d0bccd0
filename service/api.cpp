#include "service/api.hpp"

#include <charconv>

#include "core/ids.hpp"
#include "protocol/codec.hpp"
#include "service/asked_language.hpp"
#include "service/told_job.hpp"
#include "service/told_verdict.hpp"

namespace wb::service {
namespace {

using Members = protocol::Members;

std::pair<protocol::Code, std::string> ending_of(std::string_view outcome, const std::string& reason) {
  if (const auto code = protocol::code_from(outcome)) return {*code, reason};
  return {protocol::Code::failed, "dc_unavailable"};  // expired, unavailable
}

std::string text_of(const Catalogue& catalogue, std::string_view language, const ProbeOutcome& probe) {
  policy::Details details;
  details.op = protocol::Op::probe, details.retry_after = probe.retry_after;
  const auto [code, reason] = ending_of(probe.outcome, probe.reason);
  return told_verdict(catalogue, language, code, reason, details);
}

json::array texts(const std::vector<std::string>& list) {
  json::array out;
  for (const auto& text : list) out.emplace_back(text);
  return out;
}

}  // namespace

std::optional<std::chrono::milliseconds> wait_of(const link::HttpRequest& request, std::chrono::milliseconds most) {
  auto found = request.query.find("wait_ms");
  if (found == request.query.end()) return std::chrono::milliseconds(0);
  const auto& text = found->second;
  std::int64_t ms = 0;
  auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), ms);
  if (ec != std::errc() || end != text.data() + text.size() || ms < 0) return std::nullopt;
  return std::min(std::chrono::milliseconds(ms), most);
}

link::HttpResponse refuse_for(const Fault& fault) {
  log::fault("api.failed", fault);
  if (fault.kind == Fault::Kind::exhausted) return refuse(Refusal::busy, "too much is going on; try again", 1'000);
  return refuse(Refusal::unavailable, "the service has a problem of its own; its operator sees it in the log", 5'000);
}

// ---- the table ----------------------------------------------------------------------------------------------
std::vector<Endpoint> Api::endpoints() {
  const auto plain = [](auto work) { return [work](HttpCall call) -> Reply { co_return work(call.request); }; };
  return {
      {"GET", "/healthz", {}, plain([](const auto&) { return answer(200, {{"status", "ok"}, {"version", WB_VERSION}}); })},
      {"GET", "/api/v1/openapi.json", {}, plain([](const auto&) { return link::HttpResponse{200, std::string(openapi_document()), "application/json", {}}; })},
      {"POST", "/agent/v1/enroll", {}, plain([this](const auto& request) { return enrolment_.enroll(request); })},
      {"POST", "/agent/v1/agents", {}, plain([this](const auto& request) { return enrolment_.agents(request); })},
      {"POST", "/agent/v1/signing-key", {}, plain([this](const auto& request) { return enrolment_.signing_key(request); })},
      {"POST", "/agent/v1/roster", {}, plain([this](const auto& request) { return enrolment_.roster(request); })},
      {"GET", "/api/v1/keys", Scope::writeback, [this](HttpCall call) { return keys(std::move(call)); }},
      {"POST", "/api/v1/probes", Scope::writeback, [this](HttpCall call) { return add_probe(std::move(call)); }},
      {"POST", "/api/v1/jobs", Scope::writeback, [this](HttpCall call) { return add_job(std::move(call)); }},
      {"GET", "/api/v1/jobs/{jti}", Scope::writeback, [this](HttpCall call) { return get_job(std::move(call)); }},
      {"GET", "/api/v1/jobs/{jti}/events", Scope::writeback, [this](HttpCall call) { return job_events(std::move(call)); }},
      {"GET", "/api/v1/audit", Scope::audit, [this](HttpCall call) { return audit(std::move(call)); }},
  };
}

// ---- GET /api/v1/keys ---------------------------------------------------------------------------------------
Result<json::object> keys_of(const std::string& domain, const Settings& settings, Rosters& rosters, const Gateway& gateway) {
  const auto now = unix_now();
  auto statements = rosters.statements(domain, now);
  if (!statements) return statements.error();
  const auto* known = rosters.shown(domain, now);
  return json::object{{"tenant", settings.tenant}, {"domain", domain}, {"roster", known ? json::value(known->jws) : json::value(nullptr)},
      {"roots", texts(known ? known->roots : std::vector<std::string>())}, {"statements", texts(*statements)}, {"ready_agents", gateway.ready_agents(domain)}, {"now", now}};
}

Reply Api::keys(HttpCall call) {
  auto keys = keys_of(call.client.domain, settings_, rosters_, gateway_);
  if (!keys) co_return refuse_for(keys.error());
  co_return answer(200, *keys);
}

// ---- POST /api/v1/probes ------------------------------------------------------------------------------------
Reply Api::add_probe(HttpCall call) {
  auto body = protocol::parse_json(call.request.body);
  if (!body) co_return refuse(Refusal::bad_request, body.error().detail);
  ProbeRequest request{call.client.domain, call.client.id, "", std::nullopt, {}};
  std::optional<std::string> sub;
  auto read = Members(*body, Members::Unknown::refused).text("name", request.name).text("sub", sub).optional_texts("want", request.want, 16).optional_texts("groups", request.groups, protocol::named_groups_max).finish();
  if (!read) co_return refuse(Refusal::bad_request, read.error().detail);
  if (request.name.has_value() == sub.has_value()) co_return refuse(Refusal::bad_request, "exactly one of name and sub is needed");
  if (request.name && (request.name->empty() || request.name->size() > name_bytes_max)) co_return refuse(Refusal::bad_request, "name: 1 to 256 bytes");
  if (sub && (sub->empty() || sub->size() > sub_bytes_max)) co_return refuse(Refusal::bad_request, "sub: 1 to 64 bytes");
  std::size_t bytes = 0;
  for (const auto& group : request.groups) bytes += group.size();
  if (bytes > protocol::named_groups_bytes_max) co_return refuse(Refusal::bad_request, "groups: at most 16 KiB in all");
  request.sub = sub.value_or("");
  request.trace.traceparent = call.request.traceparent;
  const auto language = language_of(catalogue_, call.request);
  auto probing = dispatch_.probe(std::move(request));
  auto probe = co_await std::move(probing);
  if (!probe) co_return refuse_for(probe.error());
  json::object out{{"probe", probe->id}, {"outcome", probe->outcome}};
  if (!probe->reason.empty()) out["reason"] = probe->reason;
  out["text"] = text_of(catalogue_, language, *probe);
  out["agent"] = probe->agent;
  out["dc"] = probe->dc;
  auto response = answer(200, out);
  response.headers["Content-Language"] = language;
  if (probe->answer) {  // JSON already: put in as it is
    response.body.pop_back();
    response.body += ",\"answer\":" + protocol::encode(*probe->answer) + "}";
  }
  co_return response;
}

// ---- GET /api/v1/jobs/{jti} ---------------------------------------------------------------------------------
Reply Api::get_job(HttpCall call) {
  const auto wait = wait_of(call.request, settings_.wait_max);
  if (!wait) co_return refuse(Refusal::bad_request, "wait_ms: a whole number of milliseconds");
  if (!is_ulid(call.path.front())) co_return refuse(Refusal::not_found, "no such job");
  // Whose it is comes first: a stranger must not learn by waiting that a job exists.
  auto looking = dispatch_.look(call.path.front(), std::chrono::milliseconds(0));
  auto job = co_await std::move(looking);
  if (!job) co_return refuse_for(job.error());
  if (!*job || (*job)->domain != call.client.domain) co_return refuse(Refusal::not_found, "no such job");
  if ((*job)->state != queue::JobState::final && wait->count() > 0) {
    auto waiting = dispatch_.look(call.path.front(), *wait);
    job = co_await std::move(waiting);
    if (!job || !*job) co_return refuse_for(job ? fault(Fault::Kind::internal, "api.get_job", "the job went away") : job.error());
  }
  co_return answer_of(**job, language_of(catalogue_, call.request));
}

bool told(const JobRow& job) { return job.state == queue::JobState::resolving || job.state == queue::JobState::final; }

std::pair<protocol::Code, std::string> ending_of(const JobRow& job) { return ending_of(job.outcome, job.reason); }

json::object Api::body_of(const JobRow& j, std::string_view language) const {
  json::object out{{"jti", j.jti}, {"state", queue::to_string(j.state)}};
  if (told(j)) {
    out["outcome"] = j.outcome;
    if (!j.reason.empty()) out["reason"] = j.reason;
    out["text"] = told_job(catalogue_, store_, language, j);
    if (j.retry_after) out["retry_after"] = *j.retry_after;
    if (!j.agent.empty()) out["agent"] = j.agent;
    if (!j.dc.empty()) out["dc"] = j.dc;
    if (!j.also.empty()) out["also"] = texts(j.also);
  }
  out["attempts"] = j.attempts.size();
  out["duration_ms"] = j.duration_ms;
  out["correlation_id"] = j.correlation_id;
  if (!j.result.empty()) out["result"] = j.result;
  return out;
}

link::HttpResponse Api::answer_of(const JobRow& job, const std::string& language) const {
  auto response = answer(200, body_of(job, language));
  response.headers["Content-Language"] = language;
  return response;
}

}  // namespace wb::service
