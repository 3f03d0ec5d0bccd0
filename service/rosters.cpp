#include "service/rosters.hpp"

#include <algorithm>

#include "core/log.hpp"
#include "crypto/jws.hpp"
#include "crypto/trust.hpp"
#include "protocol/codec.hpp"

namespace wb::service {

const Rosters::Known* Rosters::find(const std::string& domain) {
  if (auto known = known_.find(domain); known != known_.end()) return &known->second;
  auto row = store_.roster(domain);
  if (!row) {
    log::fault("store.failed", row.error());
    return nullptr;
  }
  if (!*row) return nullptr;
  // Believed once, when it came in: only read again, since it may have expired meanwhile.
  auto payload = crypto::verify_pinned((*row)->jws, protocol::typ_roster, (*row)->dr);
  if (!payload) {
    log::fault("store.roster_damaged", payload.error());
    return nullptr;
  }
  auto roster = protocol::decode<protocol::Roster>(*payload);
  if (!roster) {
    log::fault("store.roster_damaged", roster.error());
    return nullptr;
  }
  auto roots = store_.roots(domain);
  if (!roots) {
    log::fault("store.failed", roots.error());
    return nullptr;
  }
  return &known_.emplace(domain, Known{(*row)->jws, (*row)->dr, std::move(*roster), std::move(*roots)}).first->second;
}

const Rosters::Known* Rosters::current(const std::string& domain, UnixSeconds now) {
  const auto* known = find(domain);
  return known && known->roster.exp > now ? known : nullptr;
}

bool Rosters::stands(const std::string& domain, const AgentRow& agent, UnixSeconds now) {
  const auto* known = current(domain, now);
  return known && !agent.revoked && std::any_of(known->roster.agents.begin(), known->roster.agents.end(), [&](const auto& a) { return a.id == agent.id && a.as == agent.as; });
}

Result<void> Rosters::accept(const std::string& domain, const std::string& jws, const std::string& succession, UnixSeconds now) {
  const auto* before = find(domain);
  auto dr = before ? before->dr : std::string();
  if (!before) {
    auto signer = crypto::verify_self_signed(jws, protocol::typ_roster);
    if (!signer) return signer.error();
    dr = signer->key.kid();
  } else if (!succession.empty()) {
    dr = crypto::follow_roots({succession}, before->dr, tenant_, domain);
    if (dr == before->dr) return fault(Fault::Kind::refused, "roster.accept", "the root of now has not named that one");
  }
  const bool moved = before && dr != before->dr;
  auto roster = crypto::check_roster(jws, dr, tenant_, domain, before ? before->roster.rsn + 1 : 1, now);
  if (!roster) return roster.error();
  auto put = store_.put_roster(domain, {jws, dr, roster->rsn}, moved ? succession : std::string());
  if (!put) return put.error();
  if (!*put) return fault(Fault::Kind::refused, "roster.accept", "a newer roster is there");
  log::info("roster.accepted", log::field("domain", domain), log::field("rsn", roster->rsn), log::field("agents", roster->agents.size()), log::field("dr", dr));
  known_.erase(domain);  // read again, with its successions
  stated_.erase(domain);
  return {};
}

std::vector<std::string> Rosters::take_forgotten() {
  std::vector<std::string> gone;
  for (const auto& [domain, known] : known_) {
    auto row = store_.roster(domain);
    if (!row) log::fault("store.failed", row.error());
    else if (!*row) gone.push_back(domain);
  }
  for (const auto& domain : gone) known_.erase(domain), stated_.erase(domain);
  return gone;
}

Result<protocol::Statement> Rosters::accept_statement(const std::string& domain, const AgentRow& agent, const std::string& jws, UnixSeconds now) {
  if (!stands(domain, agent, now)) return fault(Fault::Kind::refused, "statement.accept", "the agent is not in the current roster");
  auto statement = crypto::check_statement(jws, current(domain, now)->roster, now);
  if (!statement) return statement.error();
  if (statement->agent != agent.id) return fault(Fault::Kind::refused, "statement.accept", "another agent's statement");
  if (auto kept = store_.put_statement(domain, agent.id, jws, statement->exp); !kept) return kept.error();
  stated_.erase(domain);
  return statement;
}

Result<std::vector<std::string>> Rosters::statements(const std::string& domain, UnixSeconds now) {
  const auto* known = current(domain, now);
  if (!known) return std::vector<std::string>();
  if (auto found = stated_.find(domain); found != stated_.end() && now < found->second.until) return found->second.jws;
  auto rows = store_.statements(domain, now);
  if (!rows) return rows.error();
  Stated stated{{}, known->roster.exp};
  for (auto& row : *rows) {
    auto statement = crypto::check_statement(row.jws, known->roster, now);
    if (!statement) continue;
    stated.until = std::min(stated.until, statement->exp);
    stated.jws.push_back(std::move(row.jws));
  }
  return stated_.insert_or_assign(domain, std::move(stated)).first->second.jws;
}

}  // namespace wb::service
