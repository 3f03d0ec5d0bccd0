#include "crypto/trust.hpp"

#include <algorithm>
#include <set>

#include "crypto/evp.hpp"
#include "protocol/codec.hpp"

namespace wb::crypto {
namespace {
constexpr UnixSeconds day = 24 * 3600, roster_life_max = 30 * day, statement_life_max = day;
constexpr UnixSeconds future_max = 300;  // docs/PROTOCOL.md section 8: clocks further apart do no jobs

Fault refused(std::string where, std::string detail) { return fault(Fault::Kind::refused, std::move(where), std::move(detail)); }

// What is wrong with a span of life, or nothing.
const char* span_problem(UnixSeconds iat, UnixSeconds exp, UnixSeconds life_max, UnixSeconds now) {
  if (exp <= now) return "expired";
  if (iat > now + future_max) return "from the future";
  if (exp <= iat || exp - iat > life_max) return "lives too long";
  return nullptr;
}

}  // namespace

Result<protocol::Roster> check_roster(std::string_view jws, std::string_view dr_pin, std::string_view ten, std::string_view dom, std::int64_t least_rsn, UnixSeconds now) {
  auto payload = verify_pinned(jws, protocol::typ_roster, dr_pin);
  if (payload.has_error()) return payload.error();
  auto roster = protocol::decode<protocol::Roster>(*payload);
  if (roster.has_error()) return roster.error();
  if (roster->ten != ten) return refused("roster.check", "another tenant");
  if (roster->dom != dom) return refused("roster.check", "another domain");
  if (const auto* problem = span_problem(roster->iat, roster->exp, roster_life_max, now)) return refused("roster.check", problem);
  if (roster->rsn < least_rsn) return refused("roster.check", "older than one seen before");
  if (roster->agents.empty() || roster->agents.size() > protocol::recipients_max) return refused("roster.check", "expected 1 to 32 agents");
  std::set<std::string_view> ids, keys;
  for (const auto& agent : roster->agents) {
    if (agent.id.empty() || !ids.insert(agent.id).second || !keys.insert(agent.as.x).second) return refused("roster.check", "an agent stands in it twice");
    if (point_of(agent.as).empty()) return refused("roster.check", "an agent's key is not on P-256");
  }
  return roster;
}

std::string follow_roots(const std::vector<std::string>& chain, std::string dr_pin, std::string_view ten, std::string_view dom) {
  for (const auto& jws : chain) {
    auto payload = verify_pinned(jws, protocol::typ_root, dr_pin);
    if (payload.has_error()) continue;
    auto next = protocol::decode<protocol::Succession>(*payload);
    if (next.has_error() || next->ten != ten || next->dom != dom || point_of(next->dr).empty()) continue;
    dr_pin = thumbprint(next->dr);
  }
  return dr_pin;
}

Result<protocol::Statement> check_statement(std::string_view jws, const protocol::Roster& roster, UnixSeconds now) {
  auto named = parse_jws(jws, protocol::typ_statement, CarryKey::no);
  if (named.has_error()) return named.error();
  const auto agent = std::find_if(roster.agents.begin(), roster.agents.end(), [&](const auto& a) { return thumbprint(a.as) == named->kid; });
  if (agent == roster.agents.end()) return refused("statement.check", "its agent is not in the roster");
  auto key = PublicKey::from_jwk(agent->as);
  if (key.has_error()) return key.error();
  auto payload = verify(jws, protocol::typ_statement, *key);
  if (payload.has_error()) return payload.error();
  auto statement = protocol::decode<protocol::Statement>(*payload);
  if (statement.has_error()) return statement.error();
  if (statement->agent != agent->id) return refused("statement.check", "speaks for another agent");
  if (statement->ten != roster.ten || statement->dom != roster.dom) return refused("statement.check", "another tenant or domain");
  if (statement->rsn != roster.rsn) return refused("statement.check", "made for another roster");
  if (const auto* problem = span_problem(statement->iat, statement->exp, statement_life_max, now)) return refused("statement.check", problem);
  if (statement->ae.empty()) return refused("statement.check", "no encryption key");
  std::set<std::string_view> kids;
  for (const auto& ae : statement->ae) {
    if (thumbprint(ae.jwk) != ae.kid || !kids.insert(ae.kid).second) return refused("statement.check", "a kid is not its key's, or twice");
    if (point_of(ae.jwk).empty()) return refused("statement.check", "an encryption key is not on P-256");
  }
  return statement;
}

Result<Endorsed> check_endorsement(std::string_view jws, std::string_view sr_pin, std::string_view iss, UnixSeconds now) {
  auto payload = verify_pinned(jws, protocol::typ_endorse, sr_pin);
  if (payload.has_error()) return payload.error();
  auto endorsement = protocol::decode<protocol::Endorsement>(*payload);
  if (endorsement.has_error()) return endorsement.error();
  if (endorsement->iss != iss) return refused("endorsement.check", "another issuer");
  if (now < endorsement->nbf - endorsement_skew_s) return refused("endorsement.check", "not valid yet");
  if (now >= endorsement->exp + endorsement_skew_s) return refused("endorsement.check", "expired");
  auto key = PublicKey::from_jwk(endorsement->sk);
  if (key.has_error()) return key.error();
  return Endorsed{std::move(*key), endorsement->exp};
}

}  // namespace wb::crypto
