// Agents that get no new jobs for a while, and who takes jobs besides: of the Store.
#include "service/store.hpp"

namespace wb::service {

static AuditEntry done_to(Activity activity, std::string_view agent, const std::vector<std::string>& domains, const Actor& by) {
  AuditEntry entry;
  entry.activity = activity, entry.actor = by, entry.target = agent, entry.agent = agent;
  if (domains.size() == 1) entry.domain = domains.front();  // as of a revocation: of several, the installation's own audit is told
  return entry;
}

Result<Store::Drain> Store::drain(std::string_view agent, bool force, const Actor& by) {
  auto domains = domains_of(agent);
  if (!domains) return domains.error();
  auto guard = database_.begin();  // from the question to the answer: two agents are not each other's reason to go
  if (!guard) return guard.error();
  Drain out;
  {
    auto q = database_.query("SELECT drained FROM agents WHERE id=? AND revoked=0", agent);
    auto row = q.next();
    if (!row) return row.error();
    out.known = *row;
    if (!out.known || q.number(0) != 0) return out;
  }
  {
    auto q = database_.query(
        "SELECT m.domain FROM members m WHERE m.agent=?1 AND m.ready=1 AND NOT EXISTS("
        "SELECT 1 FROM members o JOIN agents a ON a.id=o.agent WHERE o.domain=m.domain AND o.agent<>?1 AND o.ready=1 AND a.drained=0 AND a.revoked=0) ORDER BY m.domain LIMIT 1",
        agent);
    auto row = q.next();
    if (!row) return row.error();
    if (*row) out.last_of = q.text(0);
  }
  if (!out.last_of.empty() && !force) return out;
  if (auto put = database_.run("UPDATE agents SET drained=1 WHERE id=?", agent); !put) return put.error();
  auto entry = done_to(Activity::agent_drained, agent, *domains, by);
  if (!out.last_of.empty()) entry.details.push_back({DetailKey::cause, "last_ready"});
  if (auto said = audit().append(entry, unix_now_ms()); !said) return said.error();
  if (auto done = guard->commit(); !done) return done.error();
  return out;
}

Result<bool> Store::resume(std::string_view agent, const Actor& by) {
  auto domains = domains_of(agent);
  if (!domains) return domains.error();
  auto guard = database_.begin();
  if (!guard) return guard.error();
  if (auto put = database_.run("UPDATE agents SET drained=0 WHERE id=? AND drained=1", agent); !put) return put.error();
  if (database_.changes() != 1) return !domains->empty();
  if (auto said = audit().append(done_to(Activity::agent_resumed, agent, *domains, by), unix_now_ms()); !said) return said.error();
  if (auto done = guard->commit(); !done) return done.error();
  return true;
}

Result<std::set<std::string>> Store::drained() {
  std::set<std::string> ids;
  auto q = database_.query("SELECT id FROM agents WHERE drained=1");
  for (;;) {
    auto row = q.next();
    if (!row) return row.error();
    if (!*row) return ids;
    ids.insert(q.text(0));
  }
}

Result<void> Store::put_ready(const std::set<Taking>& are, const std::set<Taking>& are_no_more) {
  const auto unflushed = database_.unsynced();
  auto guard = database_.begin();
  if (!guard) return guard.error();
  for (const bool ready : {true, false})
    for (const auto& [domain, agent] : ready ? are : are_no_more)
      if (auto put = database_.run("UPDATE members SET ready=? WHERE domain=? AND agent=?", ready ? 1 : 0, domain, agent); !put) return put;
  return guard->commit();
}

Result<void> Store::nobody_ready() { return database_.run("UPDATE members SET ready=0 WHERE ready=1"); }

}  // namespace wb::service
