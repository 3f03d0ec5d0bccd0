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
  return !agent.revoked && (names(domain, agent.id, agent.as, now) || (agent.next && names(domain, agent.id, *agent.next, now)));
}

bool Rosters::names(const std::string& domain, const std::string& agent, const protocol::Jwk& key, UnixSeconds now) {
  const auto* known = current(domain, now);
  return known && std::any_of(known->roster.agents.begin(), known->roster.agents.end(), [&](const auto& a) { return a.id == agent && a.as == key; });
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
  auto former = leave(domain, now);
  auto put = store_.put_roster(domain, {jws, dr, roster->rsn}, moved ? succession : std::string());
  if (!put) return put.error();
  if (!*put) return fault(Fault::Kind::refused, "roster.accept", "a newer roster is there");
  log::info("roster.accepted", log::field("domain", domain), log::field("rsn", roster->rsn), log::field("agents", roster->agents.size()), log::field("dr", dr));
  known_.erase(domain);  // read again, with its successions
  stated_.erase(domain);
  succeed(domain, std::move(former), now);
  return {};
}

std::vector<std::string> Rosters::take_forgotten() {
  std::vector<std::string> gone;
  for (const auto& [domain, known] : known_) {
    auto row = store_.roster(domain);
    if (!row) log::fault("store.failed", row.error());
    else if (!*row) gone.push_back(domain);
  }
  for (const auto& domain : gone) known_.erase(domain), stated_.erase(domain), former_.erase(domain);
  return gone;
}

Result<protocol::Statement> Rosters::accept_statement(const std::string& domain, const AgentRow& agent, const std::string& jws, UnixSeconds now) {
  if (!stands(domain, agent, now)) return fault(Fault::Kind::refused, "statement.accept", "the agent is not in the current roster");
  auto statement = crypto::check_statement(jws, current(domain, now)->roster, now);
  if (!statement) return statement.error();
  if (statement->agent != agent.id) return fault(Fault::Kind::refused, "statement.accept", "another agent's statement");
  if (auto kept = store_.put_statement(domain, agent.id, jws, statement->exp); !kept) return kept.error();
  stated_.erase(domain);
  if (auto found = former_.find(domain); found != former_.end()) found->second.waited_for.erase(agent.id);
  return statement;
}

Result<const std::vector<StatementRow>*> Rosters::stated(const std::string& domain, UnixSeconds now) {
  static const std::vector<StatementRow> none;
  const auto* known = current(domain, now);
  if (!known) return &none;
  if (auto found = stated_.find(domain); found != stated_.end() && now < found->second.until) return &found->second.rows;
  auto rows = store_.statements(domain, now);
  if (!rows) return rows.error();
  Stated stated{{}, known->roster.exp};
  for (auto& row : *rows) {
    auto statement = crypto::check_statement(row.jws, known->roster, now);
    if (!statement) continue;
    stated.until = std::min(stated.until, statement->exp);
    stated.rows.push_back(std::move(row));
  }
  return &stated_.insert_or_assign(domain, std::move(stated)).first->second.rows;
}

Result<std::vector<std::string>> Rosters::statements(const std::string& domain, UnixSeconds now) {
  const auto* before = former(domain, now);
  auto rows = before ? Result<const std::vector<StatementRow>*>(&before->statements) : stated(domain, now);
  if (!rows) return rows.error();
  std::vector<std::string> out;
  for (const auto& row : **rows) out.push_back(row.jws);
  return out;
}

// ---- from one roster to the next ----------------------------------------------------------------------------
const Rosters::Former* Rosters::former(const std::string& domain, UnixSeconds now) const {
  const auto found = former_.find(domain);
  if (found == former_.end() || found->second.waited_for.empty()) return nullptr;
  const auto& f = found->second;
  return now >= f.since && now < f.since + restate_s && f.known.roster.exp > now ? &f : nullptr;
}

// What the roster of now leaves behind when another comes; nothing where it says nothing any more.
std::optional<Rosters::Former> Rosters::leave(const std::string& domain, UnixSeconds now) {
  if (const auto* waiting = former(domain, now)) {  // two changes in a row: the agents had no time for the first one
    auto still = *waiting;
    still.since = now;
    return still;
  }
  const auto* known = current(domain, now);
  auto rows = stated(domain, now);
  if (!known || !rows) return std::nullopt;
  return Former{*known, **rows, {}, {}, now};
}

void Rosters::succeed(const std::string& domain, std::optional<Former> before, UnixSeconds now) {
  former_.erase(domain);
  const auto* next = current(domain, now);
  if (!next || !before) return;
  const auto stays = [&](const StatementRow& row) { return std::any_of(next->roster.agents.begin(), next->roster.agents.end(), [&](const auto& a) { return a.id == row.agent; }); };
  for (const auto& row : before->statements) {
    auto statement = crypto::check_statement(row.jws, before->known.roster, now);
    if (stays(row)) before->waited_for.insert(row.agent);
    else if (statement)
      for (const auto& ae : statement->ae) before->left.insert(ae.kid);
  }
  std::erase_if(before->statements, [&](const auto& row) { return !stays(row); });
  former_.emplace(domain, std::move(*before));
}

void Rosters::drop_statements(const std::string& agent) {
  stated_.clear();
  for (auto& [domain, before] : former_) {
    before.waited_for.erase(agent);
    for (const auto& row : before.statements)
      if (row.agent == agent)
        if (auto statement = crypto::check_statement(row.jws, before.known.roster, before.since))
          for (const auto& ae : statement->ae) before.left.insert(ae.kid);
    std::erase_if(before.statements, [&](const auto& row) { return row.agent == agent; });
  }
}

const Rosters::Known* Rosters::shown(const std::string& domain, UnixSeconds now) {
  const auto* before = former(domain, now);
  return before ? &before->known : find(domain);
}

bool Rosters::counts(const std::string& domain, std::int64_t rsn, UnixSeconds now) {
  const auto* known = current(domain, now);
  const auto* before = former(domain, now);
  return known && (rsn == known->roster.rsn || (before && rsn >= before->known.roster.rsn));
}

bool Rosters::takes(const std::string& domain, std::int64_t rsn, const std::vector<std::string>& recipients, UnixSeconds now) {
  const auto* known = current(domain, now);
  if (!known || rsn == known->roster.rsn) return known;
  const auto found = former_.find(domain);
  if (found == former_.end()) return false;
  const auto& f = found->second;
  const bool on_its_way = rsn == f.known.roster.rsn && now >= f.since && now < f.since + protocol::seal_seconds_max;
  return on_its_way && std::none_of(recipients.begin(), recipients.end(), [&](const auto& kid) { return f.left.contains(kid); });
}

}  // namespace wb::service
