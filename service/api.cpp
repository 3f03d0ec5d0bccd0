#include "service/api.hpp"

#include <charconv>

#include "core/ids.hpp"
#include "protocol/codec.hpp"
#include "service/credentials.hpp"
#include "service/security_events.hpp"

namespace wb::service {
namespace {

using Members = protocol::Members;
constexpr std::size_t name_bytes_max = 256, sub_bytes_max = 64;

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
const Api::Endpoint Api::endpoints[] = {
    // method, path, something follows, scope of the client, handler
    {"GET", "/healthz", false, {}, &Api::healthz},
    {"POST", "/agent/v1/enroll", false, {}, &Api::enroll},
    {"POST", "/agent/v1/agents", false, {}, &Api::agents},
    {"POST", "/agent/v1/signing-key", false, {}, &Api::signing_key},
    {"POST", "/agent/v1/roster", false, {}, &Api::roster},
    {"GET", "/api/v1/keys", false, Scope::writeback, &Api::keys},
    {"POST", "/api/v1/probes", false, Scope::writeback, &Api::add_probe},
    {"POST", "/api/v1/jobs", false, Scope::writeback, &Api::add_job},
    {"GET", "/api/v1/jobs/", true, Scope::writeback, &Api::get_job},
    {"GET", "/api/v1/audit", false, Scope::audit, &Api::audit},
};

Awaitable<link::HttpResponse> Api::handle(link::HttpRequest request) {
  bool path_known = false;
  for (const auto& endpoint : endpoints) {
    const bool here = endpoint.takes_rest ? request.path.starts_with(endpoint.path) && request.path.size() > endpoint.path.size() : request.path == endpoint.path;
    if (!here) continue;
    path_known = true;
    if (request.method != endpoint.method) continue;
    Call call;
    if (endpoint.needs) {
      auto client = client_of(request);
      if (!client) co_return refuse_for(client.error());
      if (!*client) {
        gateway_.refusals().count(security::credential, {log::field("peer", request.peer)});
        co_return refuse(Refusal::unauthorized, "a client credential is needed");
      }
      if (!(*client)->scopes.contains(*endpoint.needs)) {
        gateway_.refusals().count(security::scope, {log::field("client", (*client)->id), log::field("peer", request.peer)});
        co_return refuse(Refusal::forbidden, "this client has no such scope: " + std::string(to_string(*endpoint.needs)));
      }
      call.client = std::move(**client);
    }
    call.rest = request.path.substr(endpoint.path.size());
    call.request = std::move(request);
    auto reply = (this->*endpoint.handler)(std::move(call));
    co_return co_await std::move(reply);
  }
  auto response = refuse(path_known ? Refusal::bad_request : Refusal::not_found, path_known ? "no such method here" : "no such endpoint");
  if (path_known) response.status = 405;
  co_return response;
}

Result<std::optional<ClientRow>> Api::client_of(const link::HttpRequest& request) {
  constexpr std::string_view scheme = "Bearer ";
  if (!request.authorization.starts_with(scheme)) return std::optional<ClientRow>();
  const auto credential = read_credential("wbc1", std::string_view(request.authorization).substr(scheme.size()));
  if (!credential) return std::optional<ClientRow>();
  return store_.client(credential->id, hash_of(*credential));
}

// ---- without a credential -----------------------------------------------------------------------------------
Api::Reply Api::healthz(Call) { co_return answer(200, {{"status", "ok"}, {"version", WB_VERSION}}); }
Api::Reply Api::enroll(Call call) { co_return enrolment_.enroll(call.request); }
Api::Reply Api::agents(Call call) { co_return enrolment_.agents(call.request); }
Api::Reply Api::signing_key(Call call) { co_return enrolment_.signing_key(call.request); }
Api::Reply Api::roster(Call call) { co_return enrolment_.roster(call.request); }

// ---- GET /api/v1/keys ---------------------------------------------------------------------------------------
Api::Reply Api::keys(Call call) {
  const auto& domain = call.client.domain;
  const auto now = unix_now();
  auto statements = rosters_.statements(domain, now);
  if (!statements) co_return refuse_for(statements.error());
  const auto* known = rosters_.shown(domain, now);
  co_return answer(200, {{"tenant", settings_.tenant}, {"domain", domain}, {"roster", known ? json::value(known->jws) : json::value(nullptr)}, {"roots", texts(known ? known->roots : std::vector<std::string>())}, {"statements", texts(*statements)}, {"ready_agents", gateway_.ready_agents(domain)}, {"now", now}});
}

// ---- POST /api/v1/probes ------------------------------------------------------------------------------------
Api::Reply Api::add_probe(Call call) {
  auto body = protocol::parse_json(call.request.body);
  if (!body) co_return refuse(Refusal::bad_request, body.error().detail);
  ProbeRequest request{call.client.domain, call.client.id, "", std::nullopt, {}};
  std::optional<std::string> sub;
  auto read = Members(*body, Members::Unknown::refused).text("name", request.name).text("sub", sub).optional_texts("want", request.want, 16).finish();
  if (!read) co_return refuse(Refusal::bad_request, read.error().detail);
  if (request.name.has_value() == sub.has_value()) co_return refuse(Refusal::bad_request, "exactly one of name and sub is needed");
  if (request.name && (request.name->empty() || request.name->size() > name_bytes_max)) co_return refuse(Refusal::bad_request, "name: 1 to 256 bytes");
  if (sub && (sub->empty() || sub->size() > sub_bytes_max)) co_return refuse(Refusal::bad_request, "sub: 1 to 64 bytes");
  request.sub = sub.value_or("");
  auto probing = dispatch_.probe(std::move(request));
  auto probe = co_await std::move(probing);
  if (!probe) co_return refuse_for(probe.error());
  json::object out{{"probe", probe->id}, {"outcome", probe->outcome}};
  if (!probe->reason.empty()) out["reason"] = probe->reason;
  out["text"] = probe->text;
  out["agent"] = probe->agent;
  out["dc"] = probe->dc;
  auto response = answer(200, out);
  if (probe->answer) {  // JSON already: put in as it is
    response.body.pop_back();
    response.body += ",\"answer\":" + protocol::encode(*probe->answer) + "}";
  }
  co_return response;
}

// ---- GET /api/v1/jobs/{jti} ---------------------------------------------------------------------------------
Api::Reply Api::get_job(Call call) {
  const auto wait = wait_of(call.request, settings_.wait_max);
  if (!wait) co_return refuse(Refusal::bad_request, "wait_ms: a whole number of milliseconds");
  if (!is_ulid(call.rest)) co_return refuse(Refusal::not_found, "no such job");
  // Whose it is comes first: a stranger must not learn by waiting that a job exists.
  auto looking = dispatch_.look(call.rest, std::chrono::milliseconds(0));
  auto job = co_await std::move(looking);
  if (!job) co_return refuse_for(job.error());
  if (!*job || (*job)->domain != call.client.domain) co_return refuse(Refusal::not_found, "no such job");
  if ((*job)->state != queue::JobState::final && wait->count() > 0) {
    auto waiting = dispatch_.look(call.rest, *wait);
    job = co_await std::move(waiting);
    if (!job || !*job) co_return refuse_for(job ? fault(Fault::Kind::internal, "api.get_job", "the job went away") : job.error());
  }
  co_return answer(200, body_of(**job));
}

bool told(const JobRow& job) { return job.state == queue::JobState::resolving || job.state == queue::JobState::final; }

json::object body_of(const JobRow& j) {
  json::object out{{"jti", j.jti}, {"state", queue::to_string(j.state)}};
  if (told(j)) {
    out["outcome"] = j.outcome;
    if (!j.reason.empty()) out["reason"] = j.reason;
    out["text"] = j.text;
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

}  // namespace wb::service
