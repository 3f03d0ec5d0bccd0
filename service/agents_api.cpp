#include "service/agents_api.hpp"

#include <algorithm>

#include "core/ids.hpp"
#include "crypto/jws.hpp"

namespace wb::service {

std::vector<Endpoint> AgentsApi::endpoints() {
  const auto scope = Scope::settings;
  return {
      {"GET", "/api/v1/agents", scope, [this](HttpCall call) { return list(std::move(call)); }},
      {"POST", "/api/v1/agents/tokens", scope, [this](HttpCall call) { return add_token(std::move(call)); }},
      {"POST", "/api/v1/agents/{id}/revoke", scope, [this](HttpCall call) { return revoke(std::move(call)); }},
      {"POST", "/api/v1/agents/{id}/drain", scope, [this](HttpCall call) { return drain(std::move(call)); }},
      {"POST", "/api/v1/agents/{id}/resume", scope, [this](HttpCall call) { return resume(std::move(call)); }},
  };
}

// What it found when it last looked at itself, as far as it is about this domain or its host. In words of ours: it says codes and names alone.
static json::value findings_of(const AgentSession& session, const std::string& domain) {
  if (!session.findings()) return nullptr;
  json::array list;
  for (const auto& one : session.findings()->all) {
    if (!one.domain.empty() && one.domain != domain) continue;
    const auto* text = protocol::text_of_code(one.code);
    list.push_back(json::object{{"result", to_string(one.result)}, {"code", one.code}, {"subject", one.subject}, {"meaning", text ? text->meaning : ""}, {"remedy", text ? text->remedy : ""}});
  }
  return json::object{{"at", session.findings()->at}, {"list", std::move(list)}};
}

// What of it is on the link: null where there is none.
static json::value connection(const AgentSession* session, const std::string& domain, UnixSeconds now) {
  const auto* here = session ? session->domain(domain) : nullptr;
  if (!here) return nullptr;
  const auto& said = here->readiness;
  const auto silent = std::chrono::duration_cast<std::chrono::seconds>(BootClock::now() - session->heard()).count();
  return json::object{{"since", session->since}, {"heard_s", silent}, {"software", printable(session->software, 64)}, {"ready", session->ready(domain, now)}, {"reason", printable(said.reason, 64)}, {"dc", printable(said.dc, 256)},
      {"policy_hints", said.hints}, {"marker", said.marker}, {"draining", session->draining()}, {"suspected", session->suspected()}, {"window", session->window()}, {"held", here->held},
      {"findings", findings_of(*session, domain)}, {"statement_until", here->statement ? json::value(here->statement->exp) : json::value(nullptr)}};
}

static json::array controllers_of(const AgentPast& past) {
  json::array out;
  for (const auto& one : past.controllers) {
    if (out.size() == controllers_shown_max) break;
    out.push_back(json::object{{"dc", printable(one.dc, 256)}, {"written", one.written}, {"mean_ms", one.mean_ms}, {"last", one.last}});
  }
  return out;
}

json::object AgentsApi::shown(const std::string& domain, const AgentRow& agent, const AgentPast& past, UnixSeconds now) {
  return {{"id", agent.id}, {"host", printable(agent.host, 256)}, {"state", state_of(rosters_, domain, agent, now)}, {"drained", agent.drained}, {"fingerprint", agent.kid}, {"next_fingerprint", agent.next ? json::value(crypto::thumbprint(*agent.next)) : json::value(nullptr)},
      {"enrolled", past.enrolled}, {"key_since", past.key_since}, {"controllers", controllers_of(past)}, {"connected", connection(gateway_.session(agent.id), domain, now)}};
}

Reply AgentsApi::list(HttpCall call) {
  const auto& domain = call.caller.domain;
  const auto now = unix_now();
  auto members = store_.members(domain);
  if (!members) co_return refuse_for(members.error());
  auto past = store_.past_of_members(domain);
  if (!past) co_return refuse_for(past.error());
  json::array agents;
  for (const auto& member : *members) agents.push_back(shown(domain, member.agent, (*past)[member.agent.id], now));
  const auto* known = rosters_.find(domain);
  json::value roster = nullptr;
  if (known) roster = json::object{{"rsn", known->roster.rsn}, {"issued", known->roster.iat}, {"expires", known->roster.exp}, {"root", known->dr}};
  co_return answer(200, {{"domain", domain}, {"now", now}, {"ready_agents", gateway_.ready_agents(domain)}, {"roster", std::move(roster)}, {"agents", std::move(agents)}});
}

// Whoever uses it is known, and no more: what an agent may open, the domain's root says (writeback-agent approve).
Reply AgentsApi::add_token(HttpCall call) {
  const auto expires = unix_now() + enrolment_token_life;
  auto token = new_enrolment_token(store_, keys_, call.caller.domain, expires, call.caller.actor);
  if (!token) co_return refuse_for(token.error());
  auto response = answer(201, {{"token", *token}, {"expires", expires}, {"service", settings_.public_url}, {"command", "runuser -u writeback-agent -- writeback-agent enroll --service " + settings_.public_url + " --token-file FILE"}});
  response.headers["Cache-Control"] = "no-store";
  co_return response;
}

// Why: one of the words that there are, or none. What was wrong with it otherwise.
static std::optional<std::string> reason_problem(const std::string& body, std::optional<std::string>& reason) {
  if (body.empty()) return std::nullopt;
  auto read = protocol::parse_json(body, 2);
  if (!read) return read.error().detail;
  if (auto members = protocol::Members(*read, protocol::Members::Unknown::refused).text("reason", reason).finish(); !members) return members.error().detail;
  if (reason && std::find(std::begin(revocation_reasons), std::end(revocation_reasons), *reason) == std::end(revocation_reasons)) return "reason: compromised, lost, replaced or retired";
  return std::nullopt;
}

// The operator alone decides for several organisations at once.
std::variant<AgentRow, link::HttpResponse> AgentsApi::own_agent(const HttpCall& call) {
  const auto& id = call.path.front();
  auto members = store_.members(call.caller.domain);
  if (!members) return refuse_for(members.error());
  const auto member = std::find_if(members->begin(), members->end(), [&](const auto& m) { return m.agent.id == id; });
  if (member == members->end()) return refuse(Refusal::not_found, "no such agent");
  auto domains = store_.domains_of(id);
  if (!domains) return refuse_for(domains.error());
  if (domains->size() > 1 && !member->agent.revoked) return refuse(Refusal::conflict, "this agent serves other domains too: the service's operator decides about it");
  return std::move(member->agent);
}

link::HttpResponse AgentsApi::answer_with(const HttpCall& call, const AgentRow& agent) {
  auto past = store_.past_of_members(call.caller.domain);
  if (!past) return refuse_for(past.error());
  return answer(200, shown(call.caller.domain, agent, (*past)[agent.id], unix_now()));
}

Reply AgentsApi::revoke(HttpCall call) {
  std::optional<std::string> reason;
  if (auto problem = reason_problem(call.request.body, reason)) co_return refuse(Refusal::bad_request, *problem);
  auto own = own_agent(call);
  if (auto* no = std::get_if<link::HttpResponse>(&own)) co_return std::move(*no);
  auto& agent = std::get<AgentRow>(own);
  if (!agent.revoked) {
    if (auto done = store_.revoke(agent.id, call.caller.actor, reason.value_or("")); !done) co_return refuse_for(done.error());
    gateway_.take_revoked();
    agent.revoked = true;
  }
  co_return answer_with(call, agent);
}

static std::optional<std::string> force_problem(const std::string& body, bool& force) {
  if (body.empty()) return std::nullopt;
  auto read = protocol::parse_json(body, 2);
  if (!read) return read.error().detail;
  protocol::Members members(*read, protocol::Members::Unknown::refused);
  if (members.any("force", false)) members.flag("force", force);
  if (auto done = members.finish(); !done) return done.error().detail;
  return std::nullopt;
}

Reply AgentsApi::drain(HttpCall call) {
  bool force = false;
  if (auto wrong = force_problem(call.request.body, force)) co_return refuse(Refusal::bad_request, *wrong);
  auto own = own_agent(call);
  if (auto* no = std::get_if<link::HttpResponse>(&own)) co_return std::move(*no);
  auto& agent = std::get<AgentRow>(own);
  if (agent.revoked) co_return refuse(Refusal::conflict, "this agent is revoked");
  gateway_.tell_ready();  // as it is at this moment
  auto drained = store_.drain(agent.id, force, call.caller.actor);
  if (!drained) co_return refuse_for(drained.error());
  if (!drained->last_of.empty() && !force)
    co_return problem(409, "last_ready_agent", "nobody else takes jobs of " + drained->last_of + ": people could reset no password until this agent, or another one, is ready; `force` drains it all the same", {{"domain", drained->last_of}});
  gateway_.take_drained();
  agent.drained = true;
  co_return answer_with(call, agent);
}

Reply AgentsApi::resume(HttpCall call) {
  auto own = own_agent(call);
  if (auto* no = std::get_if<link::HttpResponse>(&own)) co_return std::move(*no);
  auto& agent = std::get<AgentRow>(own);
  if (auto resumed = store_.resume(agent.id, call.caller.actor); !resumed) co_return refuse_for(resumed.error());
  gateway_.take_drained();
  agent.drained = false;
  co_return answer_with(call, agent);
}

}  // namespace wb::service
