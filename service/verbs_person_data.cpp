// reset-service people export | erase: what is kept about one person (GDPR articles 15 and 17).
#include <unistd.h>

#include <iostream>

#include "core/ids.hpp"
#include "crypto/vault.hpp"
#include "protocol/json.hpp"
#include "service/methods/sealed_methods.hpp"
#include "service/sspr/invited.hpp"
#include "service/sspr/people.hpp"
#include "service/sspr/tickets.hpp"
#include "service/verbs.hpp"

namespace wb::service {
namespace {

namespace json = protocol::json;
constexpr int rows_at_once = 1'000;

struct Kept {
  std::optional<sspr::Person> person;
  std::vector<sspr::RegisteredMethod> methods;
  std::vector<UnixSeconds> sessions;
  std::vector<JobRow> jobs;
  std::vector<ProbeRow> probes;
  std::vector<sspr::Ticket> tickets;
  std::optional<sspr::Invited> invited;
  std::vector<AuditRow> audit;  // what they did, and what was done to them
  bool nothing() const { return !invited && tickets.empty() && !person && methods.empty() && sessions.empty() && jobs.empty() && probes.empty(); }
};

Result<Kept> all_of(Store& store, const std::string& domain, const std::string& sub) {
  sspr::People people(store.database());
  auto person = people.find(domain, sub);
  if (!person) return person.error();
  auto methods = people.methods(domain, sub);
  if (!methods) return methods.error();
  auto sessions = people.sessions(domain, sub);
  if (!sessions) return sessions.error();
  auto jobs = store.jobs_of(domain, sub);
  if (!jobs) return jobs.error();
  auto probes = store.probes_of(domain, sub);
  if (!probes) return probes.error();
  auto tickets = sspr::Tickets(store.database()).of(domain, sub);
  if (!tickets) return tickets.error();
  auto invited = sspr::InvitedBook(store).of(domain, sub);
  if (!invited) return invited.error();
  return Kept{std::move(*person), std::move(*methods), std::move(*sessions), std::move(*jobs), std::move(*probes), std::move(*tickets), std::move(*invited), {}};
}

Result<std::vector<AuditRow>> audit_of(Store& store, const std::string& domain, const std::string& sub) {
  AuditFilter filter;
  filter.domain = domain, filter.person = sub;
  std::vector<AuditRow> out;
  for (std::int64_t after = 0;;) {
    auto page = store.audit().page(filter, after, rows_at_once);
    if (!page) return page.error();
    out.insert(out.end(), page->rows.begin(), page->rows.end());
    if (static_cast<int>(page->rows.size()) < rows_at_once) return out;
    after = page->next;
  }
}

Result<void> write_down(Store& store, Activity activity, const Call& call) {
  AuditEntry entry;
  entry.activity = activity, entry.actor = {ActorKind::operator_}, entry.domain = call.domain, entry.target = call.words[0];
  return store.audit().record(entry, unix_now_ms());
}

// An address is theirs, and handed out; a key or answers would open their account to whoever reads the document.
json::object shape(const crypto::Vault& vault, const std::string& domain, const std::string& sub, const sspr::RegisteredMethod& m) {
  json::object out{{"id", m.id}, {"kind", to_string(m.kind)}, {"label", m.label}, {"registered", utc(m.made)}, {"proven", utc(m.proven)}};
  if (m.kind != sspr::Method::email) {
    out["secret"] = "kept sealed, not shown";
    return out;
  }
  const auto address = sspr::address_of(vault, domain, sub, m);
  out["address"] = address ? json::value(address->text()) : json::value("kept sealed, and can't be opened by the keys that are here");
  return out;
}

json::value shape(const sspr::Person& p) {
  json::array groups;
  for (const auto& group : p.groups) groups.emplace_back(group);
  return json::object{{"name", p.name}, {"display_name", p.display_name}, {"mail", p.mail}, {"language", p.language}, {"groups", groups}, {"seen", utc(p.seen)}, {"confirmed", utc(p.confirmed)}, {"frozen", utc(p.frozen)}};
}

json::object document(const crypto::Vault& vault, const std::string& domain, const std::string& sub, const Kept& kept) {
  json::array methods, sessions, jobs, probes, tickets, audit;
  for (const auto& m : kept.methods) methods.push_back(shape(vault, domain, sub, m));
  for (const auto ends : kept.sessions) sessions.push_back(json::object{{"ends", utc(ends)}, {"state", "kept, not shown"}});
  for (const auto& j : kept.jobs)
    jobs.push_back(json::object{{"jti", j.jti}, {"operation", protocol::to_string(j.op)}, {"submitted", utc(j.created_ms / 1'000)}, {"client", j.client}, {"correlation_id", j.correlation_id},
        {"dc", j.pre.dc}, {"outcome", j.outcome}, {"reason", j.reason}, {"told", j.text}, {"password", j.sealed ? "kept sealed to the agents, not shown" : "not kept"}});
  for (const auto& p : kept.probes) probes.push_back(json::object{{"id", p.id}, {"at", utc(p.made)}, {"dc", p.pre.dc}, {"version", p.pre.ver}, {"password_last_set", p.pre.pls}});
  for (const auto& t : kept.tickets) tickets.push_back(json::object{{"purpose", to_string(t.purpose)}, {"ends", utc(t.expires)}});
  for (const auto& row : kept.audit)
    if (auto read = protocol::parse_json(row.row)) audit.push_back(std::move(*read));
  json::value invited;
  if (kept.invited) invited = json::object{{"letters", kept.invited->written}, {"at", utc(kept.invited->at)}, {"ordered", kept.invited->ordered}};
  return {{"domain", domain}, {"account", sub}, {"person", kept.person ? shape(*kept.person) : json::value()}, {"methods", methods}, {"sessions", sessions}, {"jobs", jobs}, {"probes", probes}, {"tickets", tickets}, {"invited", std::move(invited)}, {"audit", std::move(audit)}};
}

// On a terminal the id is typed once more. Nothing else than that, or --yes, erases.
bool confirmed(const Call& call) {
  if (call.has("yes")) return true;
  if (::isatty(STDIN_FILENO) == 0) return false;
  std::cout << "Type the account's id once more to erase it: " << std::flush;
  std::string typed;
  return std::getline(std::cin, typed) && account_id(typed) == call.words[0];
}

}  // namespace

int export_person(const config::ServiceConfig& config, const Call& call) {
  auto store = open_store(config);
  if (!store) return failed(store.error());
  auto kept = all_of(*store, call.domain, call.words[0]);
  if (!kept) return failed(kept.error());
  auto audit = audit_of(*store, call.domain, call.words[0]);
  if (!audit) return failed(audit.error());
  kept->audit = std::move(*audit);
  if (kept->nothing() && kept->audit.empty()) return refuse("nothing is kept about this account in this domain");
  auto vault = crypto::Vault::open(config.state_dir);
  if (!vault) return failed(vault.error());
  if (auto said = write_down(*store, Activity::person_exported, call); !said) return failed(said.error());
  std::cout << json::serialize(document(*vault, call.domain, call.words[0], *kept)) << "\n";
  return exit_done;
}

int erase_person(const config::ServiceConfig& config, const Call& call) {
  auto store = open_store(config);
  if (!store) return failed(store.error());
  auto kept = all_of(*store, call.domain, call.words[0]);
  if (!kept) return failed(kept.error());
  if (kept->nothing()) return refuse("nothing is kept about this account in this domain");
  std::cout << "account " << call.words[0] << ": " << kept->methods.size() << " methods, " << kept->sessions.size() << " sessions, " << kept->jobs.size() << " jobs, " << kept->probes.size() << " probes\n";
  if (!confirmed(call)) return refuse("nothing was erased: --yes does it, or the id typed once more on a terminal", exit_usage);
  if (auto done = sspr::People(store->database()).erase(call.domain, call.words[0]); !done) return failed(done.error());
  // What is answered again is kept for a day under names that tell nobody whose it is: so all of it goes.
  if (auto done = store->database().run("DELETE FROM answered"); !done) return failed(done.error());
  auto forgotten = store->forget_account(call.domain, call.words[0]);
  if (!forgotten) return failed(forgotten.error());
  if (auto said = write_down(*store, Activity::person_erased, call); !said) return failed(said.error());
  // Deleted rows are overwritten in the file; that their former selves leave the log beside it too is tried here, and done at
  // the latest when the running service's next checkpoint comes.
  (void)store->database().run("PRAGMA wal_checkpoint(TRUNCATE)");
  std::cout << "erased: the person, " << kept->methods.size() << " methods, " << kept->sessions.size() << " sessions, " << forgotten->jobs << " jobs, " << forgotten->probes << " probes\n";
  if (forgotten->open > 0) std::cout << forgotten->open << " jobs have no end yet and stay until then: run this again once `jobs list --open` no longer shows them\n";
  std::cout << "Backups and logs are not touched, nor is the audit: it knows this account by its id, for as long as audit_keep_days says.\n";
  return exit_done;
}

}  // namespace wb::service
