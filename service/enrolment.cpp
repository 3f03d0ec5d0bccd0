#include "service/enrolment.hpp"

#include <algorithm>
#include <cstdlib>

#include "core/base64url.hpp"
#include "core/ids.hpp"
#include "crypto/jws.hpp"
#include "protocol/codec.hpp"
#include "service/credentials.hpp"

namespace wb::service {
namespace {

constexpr std::int64_t clock_skew_max = 300;
using Members = protocol::Members;

json::object shape_of(const protocol::Jwk& key) { return {{"kty", "EC"}, {"crv", "P-256"}, {"x", key.x}, {"y", key.y}}; }

bool fresh(UnixSeconds iat, UnixSeconds now) { return std::abs(iat - now) <= clock_skew_max; }

// Two text members and nothing else, as all three calls have.
Result<void> read_two(const std::string& body, std::string_view first, std::string& a, std::string_view second, std::string& b) {
  auto value = protocol::parse_json(body);
  if (!value) return value.error();
  return Members(*value, Members::Unknown::refused).text(first, a).text(second, b).finish();
}

link::HttpResponse refused(std::string_view event, std::string_view reason, Refusal why, std::string_view message) {
  log::warn(event, log::field("reason", reason));
  return refuse(why, message);
}

}  // namespace

bool RateLimit::allows(const std::string& name, BootClock::time_point now) {
  std::erase_if(seen_, [&](const auto& s) { return now - s.second.start >= std::chrono::minutes(1); });
  if (!seen_.contains(name) && seen_.size() >= names_max) return false;
  auto& minute = seen_.try_emplace(name, Minute{now, 0}).first->second;
  return ++minute.count <= per_minute_;
}

// ---- POST /agent/v1/enroll ----------------------------------------------------------------------------------
link::HttpResponse Enrolment::enroll(const link::HttpRequest& request) {
  if (!limit_.allows(request.peer, BootClock::now())) {
    log::warn("enroll.refused", log::field("peer", request.peer), log::field("reason", "rate"));
    return refuse(Refusal::busy, "too many enrolments from this address; wait a minute", 60'000);
  }
  constexpr std::string_view event = "enroll.refused";
  std::string token_text, jws;
  if (auto read = read_two(request.body, "token", token_text, "jws", jws); !read) return refuse(Refusal::bad_request, read.error().detail);
  const auto now = unix_now();
  const auto token = read_credential("wbe1", token_text);
  if (!token) return refused(event, "token", Refusal::unauthorized, "the token is unknown, used or out of date");
  auto domain = store_.token_domain(token->id, hash_of(*token), now);
  if (!domain) return refuse_for(domain.error());
  if (!*domain) return refused(event, "token", Refusal::unauthorized, "the token is unknown, used or out of date");

  auto proof = crypto::verify_self_signed(jws, protocol::typ_enroll);
  if (!proof) return refused(event, "signature", Refusal::bad_request, "the proof of possession is not valid");
  auto claims = protocol::decode<protocol::EnrollClaims>(proof->payload);
  if (!claims) return refused(event, "malformed", Refusal::bad_request, claims.error().detail);
  if (claims->token != crypto::sha256_url(token->secret)) return refused(event, "token_hash", Refusal::bad_request, "the proof is for another token");
  if (!fresh(claims->iat, now)) return refused(event, "clock_skew", Refusal::bad_request, "the agent's clock differs by more than 300 s");
  if (!crypto::PublicKey::from_jwk(claims->ae)) return refused(event, "ae", Refusal::bad_request, "the encryption key is not a P-256 point");

  AgentRow agent{"", proof->key.jwk(), proof->key.kid(), printable(claims->host)};
  auto enrolled = store_.enroll(token->id, agent, now);
  if (!enrolled) return refuse_for(enrolled.error());
  if (*enrolled == Enrolled::domain_full) return refused(event, "domain_full", Refusal::conflict, "the domain has too many agents");
  if (*enrolled != Enrolled::yes) return refused(event, "token", Refusal::unauthorized, "the token is unknown, used or out of date");
  log::info("agent.enrolled", log::field("agent", agent.id), log::field("domain", **domain), log::field("fingerprint", agent.kid));
  json::array sk;
  for (const auto& e : keys_.endorsements(now)) sk.emplace_back(e);
  const auto* known = rosters_.find(**domain);
  return answer(200, {{"agent", agent.id}, {"tenant", settings_.tenant}, {"domain", **domain}, {"sr", shape_of(keys_.root().jwk())}, {"sk", std::move(sk)}, {"dr", known ? json::value(known->dr) : json::value(nullptr)}});
}

// ---- signed by an enrolled agent ----------------------------------------------------------------------------
Result<AgentRow> Enrolment::submitter(const std::string& jws, std::string_view about, std::string& domain) {
  const auto no = [](const char* why) { return fault(Fault::Kind::refused, "enrolment.submit", why); };
  auto named = crypto::parse_jws(jws, protocol::typ_submit, crypto::CarryKey::no);
  if (!named) return named.error();
  auto agent = store_.agent_by_key(named->kid);
  if (!agent) return agent.error();
  if (!*agent) return no("no such agent");
  auto key = crypto::PublicKey::from_jwk((*agent)->as);
  if (!key) return key.error();
  auto payload = crypto::verify(jws, protocol::typ_submit, *key);
  if (!payload) return payload.error();
  auto claims = protocol::decode<protocol::SubmitClaims>(*payload);
  if (!claims) return claims.error();
  if (claims->agent != (*agent)->id) return no("another agent's name");
  if (claims->sh != crypto::sha256_url(about)) return no("signed for another body");
  if (!fresh(claims->iat, unix_now())) return no("the agent's clock differs by more than 300 s");
  auto domains = store_.domains_of((*agent)->id);
  if (!domains) return domains.error();
  if (std::find(domains->begin(), domains->end(), claims->dom) == domains->end()) return no("not enrolled in that domain");
  domain = claims->dom;
  return **agent;
}

// ---- POST /agent/v1/agents ----------------------------------------------------------------------------------
link::HttpResponse Enrolment::agents(const link::HttpRequest& request) {
  std::string domain, signed_domain, jws;
  if (auto read = read_two(request.body, "domain", domain, "jws", jws); !read) return refuse(Refusal::bad_request, read.error().detail);
  auto asker = submitter(jws, domain, signed_domain);
  if (!asker && asker.error().kind == Fault::Kind::internal) return refuse_for(asker.error());
  if (!asker || signed_domain != domain) return refused("agents.refused", asker ? "domain" : asker.error().detail, Refusal::unauthorized, "not signed by an agent of this domain");
  auto members = store_.members(domain);
  if (!members) return refuse_for(members.error());
  const auto now = unix_now();
  json::array list;
  for (const auto& m : *members)
    list.push_back(json::object{{"id", m.agent.id}, {"host", m.agent.host}, {"as", shape_of(m.agent.as)}, {"state", rosters_.stands(domain, m.agent, now) ? "active" : "pending"}});
  const auto* known = rosters_.find(domain);
  return answer(200, {{"agents", std::move(list)}, {"roster", known ? json::value(known->jws) : json::value(nullptr)}});
}

// ---- POST /agent/v1/roster ----------------------------------------------------------------------------------
link::HttpResponse Enrolment::roster(const link::HttpRequest& request) {
  std::string roster, domain, jws;
  if (auto read = read_two(request.body, "roster", roster, "jws", jws); !read) return refuse(Refusal::bad_request, read.error().detail);
  auto asker = submitter(jws, roster, domain);
  if (!asker && asker.error().kind == Fault::Kind::internal) return refuse_for(asker.error());
  if (!asker) return refused("roster.refused", asker.error().detail, Refusal::unauthorized, "not signed by an agent of this domain");
  auto accepted = rosters_.accept(domain, roster, unix_now());
  if (!accepted) {
    if (accepted.error().kind == Fault::Kind::internal) return refuse_for(accepted.error());
    return refused("roster.refused", accepted.error().detail, accepted.error().kind == Fault::Kind::malformed ? Refusal::bad_request : Refusal::conflict, accepted.error().detail);
  }
  gateway_.tell_roster(domain);
  const auto* known = rosters_.find(domain);
  return answer(200, {{"domain", domain}, {"rsn", known->roster.rsn}, {"dr", known->dr}});
}

}  // namespace wb::service
