#include "service/enrolment.hpp"

#include <algorithm>
#include <cstdlib>

#include "core/base64url.hpp"
#include "core/ids.hpp"
#include "crypto/jws.hpp"
#include "protocol/codec.hpp"
#include "service/credentials.hpp"
#include "service/security_events.hpp"

namespace wb::service {
namespace {

constexpr std::int64_t clock_skew_max = 300;
using Members = protocol::Members;

json::object shape_of(const protocol::Jwk& key) { return {{"kty", "EC"}, {"crv", "P-256"}, {"x", key.x}, {"y", key.y}}; }

bool fresh(UnixSeconds iat, UnixSeconds now) { return std::abs(iat - now) <= clock_skew_max; }

// Two text members and nothing else.
Result<void> read_two(const std::string& body, std::string_view first, std::string& a, std::string_view second, std::string& b) {
  auto value = protocol::parse_json(body);
  if (!value) return value.error();
  return Members(*value, Members::Unknown::refused).text(first, a).text(second, b).finish();
}

// `reason`: ours.
link::HttpResponse no(Refusals& refusals, SecurityEvent event, const link::HttpRequest& request, std::string_view reason, Refusal why, std::string_view message) {
  refusals.count(event, {log::field("peer", request.peer), log::field("reason", reason)});
  return refuse(why, message);
}

}  // namespace

Result<std::string> new_enrolment_token(Store& store, const Keys& keys, const std::string& domain, UnixSeconds expires, const Actor& by) {
  const auto credential = new_credential();
  if (auto added = store.add_token(credential.id, hash_of(credential), domain, expires, by); !added) return added.error();
  return "wbe1." + credential.id + "." + credential.secret + "." + keys.root().kid();
}

std::string_view state_of(Rosters& rosters, const std::string& domain, const AgentRow& agent, UnixSeconds now) {
  if (agent.revoked) return "revoked";
  return rosters.stands(domain, agent, now) ? "active" : "pending";
}

bool RateLimit::allows(const std::string& name, BootClock::time_point now) {
  std::erase_if(seen_, [&](const auto& s) { return now - s.second.start >= std::chrono::minutes(1); });
  if (!seen_.contains(name) && seen_.size() >= names_max) return false;
  auto& minute = seen_.try_emplace(name, Minute{now, 0}).first->second;
  return ++minute.count <= per_minute_;
}

// ---- POST /agent/v1/enroll ----------------------------------------------------------------------------------
namespace {
std::string_view words_for(Enrolled token_trouble) {
  switch (token_trouble) {
    case Enrolled::token_used: return "the token was used already: each enrols one agent, once";
    case Enrolled::token_expired: return "the token is out of date";
    default: return "the token is unknown";
  }
}
}  // namespace

link::HttpResponse Enrolment::enroll(const link::HttpRequest& request) {
  if (!limit_.allows(request.peer, BootClock::now())) {
    gateway_.refusals().count(security::enrol_rate, {log::field("peer", request.peer)});
    return refuse(Refusal::busy, "too many enrolments from this address; wait a minute", 60'000);
  }
  const auto refused_as = [&](SecurityEvent event, std::string_view reason, Refusal why, std::string_view message) { return no(gateway_.refusals(), event, request, reason, why, message); };
  std::string token_text, jws;
  if (auto read = read_two(request.body, "token", token_text, "jws", jws); !read) return refuse(Refusal::bad_request, read.error().detail);
  const auto now = unix_now();
  const auto token = read_credential("wbe1", token_text);
  if (!token) return refused_as(security::token, "token", Refusal::unauthorized, words_for(Enrolled::token_unknown));
  auto domain = store_.token_domain(token->id, hash_of(*token), now);
  if (!domain) return refuse_for(domain.error());
  if (!*domain) {
    auto trouble = store_.token_trouble(token->id, hash_of(*token), now);
    if (!trouble) return refuse_for(trouble.error());
    return refused_as(security::token, "token", Refusal::unauthorized, words_for(*trouble));
  }

  auto proof = crypto::verify_self_signed(jws, protocol::typ_enroll);
  if (!proof) return refused_as(security::proof, "signature", Refusal::bad_request, "the proof of possession is not valid");
  auto claims = protocol::decode<protocol::EnrollClaims>(proof->payload);
  if (!claims) return refused_as(security::proof, "malformed", Refusal::bad_request, claims.error().detail);
  if (claims->token != crypto::sha256_url(token->secret)) return refused_as(security::proof, "token_hash", Refusal::bad_request, "the proof is for another token");
  if (!fresh(claims->iat, now)) return refused_as(security::proof, "clock_skew", Refusal::bad_request, "the agent's clock differs by more than 300 s");
  if (!crypto::PublicKey::from_jwk(claims->ae)) return refused_as(security::proof, "ae", Refusal::bad_request, "the encryption key is not a P-256 point");

  AgentRow agent{"", proof->key.jwk(), proof->key.kid(), printable(claims->host)};
  auto enrolled = store_.enroll(token->id, agent, now, request.peer);
  if (!enrolled) return refuse_for(enrolled.error());
  if (*enrolled == Enrolled::revoked) return refused_as(security::proof, "revoked", Refusal::conflict, "this agent was revoked; a host that shall serve again needs new keys: enroll --again");
  if (*enrolled == Enrolled::key_taken) return refused_as(security::proof, "key_taken", Refusal::conflict, "that signing key is, or was, an agent's already");
  if (*enrolled == Enrolled::domain_full) return refused_as(security::proof, "domain_full", Refusal::conflict, "the domain has too many agents");
  if (*enrolled != Enrolled::yes) return refused_as(security::token, "token", Refusal::unauthorized, words_for(*enrolled));
  log::info("agent.enrolled", log::field("agent", agent.id), log::field("domain", **domain), log::field("fingerprint", agent.kid));
  json::array sk;
  for (const auto& e : keys_.endorsements(now)) sk.emplace_back(e);
  const auto* known = rosters_.find(**domain);
  return answer(200, {{"agent", agent.id}, {"tenant", settings_.tenant}, {"domain", **domain}, {"sr", shape_of(keys_.root().jwk())}, {"sk", std::move(sk)}, {"dr", known ? json::value(known->dr) : json::value(nullptr)}});
}

// ---- signed by an enrolled agent ----------------------------------------------------------------------------
Result<AgentRow> Enrolment::submitter(const std::string& jws, std::string_view about, std::string& domain) {
  const auto refusal = [](const char* why) { return fault(Fault::Kind::refused, "enrolment.submit", why); };
  auto named = crypto::parse_jws(jws, protocol::typ_submit, crypto::CarryKey::no);
  if (!named) return named.error();
  auto agent = store_.agent_by_key(named->kid);
  if (!agent) return agent.error();
  if (!*agent) return refusal("no such agent");
  if ((*agent)->revoked) return refusal("revoked");
  auto key = crypto::PublicKey::from_jwk((*agent)->as);
  if (!key) return key.error();
  auto payload = crypto::verify(jws, protocol::typ_submit, *key);
  if (!payload) return payload.error();
  auto claims = protocol::decode<protocol::SubmitClaims>(*payload);
  if (!claims) return claims.error();
  if (claims->agent != (*agent)->id) return refusal("another agent's name");
  if (claims->sh != crypto::sha256_url(about)) return refusal("signed for another body");
  if (!fresh(claims->iat, unix_now())) return refusal("the agent's clock differs by more than 300 s");
  auto domains = store_.domains_of((*agent)->id);
  if (!domains) return domains.error();
  if (std::find(domains->begin(), domains->end(), claims->dom) == domains->end()) return refusal("not enrolled in that domain");
  domain = claims->dom;
  return **agent;
}

// ---- POST /agent/v1/agents ----------------------------------------------------------------------------------
link::HttpResponse Enrolment::agents(const link::HttpRequest& request) {
  std::string domain, signed_domain, jws;
  if (auto read = read_two(request.body, "domain", domain, "jws", jws); !read) return refuse(Refusal::bad_request, read.error().detail);
  auto asker = submitter(jws, domain, signed_domain);
  if (!asker && asker.error().kind == Fault::Kind::internal) return refuse_for(asker.error());
  if (!asker || signed_domain != domain) return no(gateway_.refusals(), security::submitter, request, asker ? "domain" : asker.error().detail, Refusal::unauthorized, "not signed by an agent of this domain");
  auto members = store_.members(domain);
  if (!members) return refuse_for(members.error());
  const auto now = unix_now();
  json::array list;
  for (const auto& m : *members) {
    const auto* state = m.agent.revoked ? "revoked" : rosters_.stands(domain, m.agent, now) ? "active"
                                                                                            : "pending";
    json::object one{{"id", m.agent.id}, {"host", m.agent.host}, {"as", shape_of(m.agent.as)}, {"state", state}};
    if (m.agent.next) one["next"] = shape_of(*m.agent.next);
    list.push_back(std::move(one));
  }
  const auto* known = rosters_.find(domain);
  json::array roots;
  if (known)
    for (const auto& link : known->roots) roots.emplace_back(link);
  return answer(200, {{"agents", std::move(list)}, {"roster", known ? json::value(known->jws) : json::value(nullptr)}, {"roots", std::move(roots)}});
}

// ---- POST /agent/v1/signing-key -----------------------------------------------------------------------------
link::HttpResponse Enrolment::signing_key(const link::HttpRequest& request) {
  std::string proof, domain, jws;
  if (auto read = read_two(request.body, "proof", proof, "jws", jws); !read) return refuse(Refusal::bad_request, read.error().detail);
  auto asker = submitter(jws, proof, domain);
  if (!asker && asker.error().kind == Fault::Kind::internal) return refuse_for(asker.error());
  if (!asker) return no(gateway_.refusals(), security::submitter, request, asker.error().detail, Refusal::unauthorized, "not signed by an agent of this domain");
  const auto refused_as = [&](std::string_view reason, Refusal why, std::string_view message) { return no(gateway_.refusals(), security::proof, request, reason, why, message); };
  auto next = crypto::verify_self_signed(proof, protocol::typ_signing);
  if (!next) return refused_as("signature", Refusal::bad_request, "the proof of possession is not valid");
  auto claims = protocol::decode<protocol::SigningClaims>(next->payload);
  if (!claims) return refused_as("malformed", Refusal::bad_request, claims.error().detail);
  if (claims->agent != asker->id || claims->as != asker->kid) return refused_as("agent", Refusal::bad_request, "the proof is for another agent, or another key of it");
  if (!fresh(claims->iat, unix_now())) return refused_as("clock_skew", Refusal::bad_request, "the agent's clock differs by more than 300 s");
  auto put = store_.put_next_key(asker->id, next->key.jwk(), next->key.kid());
  if (!put) return refuse_for(put.error());
  if (!*put) return refused_as("key_taken", Refusal::conflict, "that signing key is, or was, an agent's already");
  gateway_.take_next_key(asker->id, next->key.jwk());
  log::info("agent.next_key", log::field("agent", asker->id), log::field("fingerprint", next->key.kid()));
  return answer(200, {{"agent", asker->id}, {"next", next->key.kid()}});
}

// ---- POST /agent/v1/roster ----------------------------------------------------------------------------------
link::HttpResponse Enrolment::roster(const link::HttpRequest& request) {
  std::string roster, domain, jws;
  std::optional<std::string> root;
  auto body = protocol::parse_json(request.body);
  if (!body) return refuse(Refusal::bad_request, body.error().detail);
  if (auto read = Members(*body, Members::Unknown::refused).text("roster", roster).text("jws", jws).text("root", root).finish(); !read) return refuse(Refusal::bad_request, read.error().detail);
  auto asker = submitter(jws, roster, domain);
  if (!asker && asker.error().kind == Fault::Kind::internal) return refuse_for(asker.error());
  if (!asker) return no(gateway_.refusals(), security::submitter, request, asker.error().detail, Refusal::unauthorized, "not signed by an agent of this domain");
  auto accepted = rosters_.accept(domain, roster, root.value_or(""), unix_now());
  if (!accepted) {
    if (accepted.error().kind == Fault::Kind::internal) return refuse_for(accepted.error());
    return no(gateway_.refusals(), security::roster, request, accepted.error().detail, accepted.error().kind == Fault::Kind::malformed ? Refusal::bad_request : Refusal::conflict, accepted.error().detail);
  }
  gateway_.tell_roster(domain);
  const auto* known = rosters_.find(domain);
  return answer(200, {{"domain", domain}, {"rsn", known->roster.rsn}, {"dr", known->dr}});
}

}  // namespace wb::service
