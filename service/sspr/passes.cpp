#include "service/sspr/passes.hpp"

#include <algorithm>

#include "service/methods/pass.hpp"

namespace wb::service::sspr {
namespace {

constexpr std::string_view told_pass = "told", mailed_link = "mailed";  // a ticket's state

}  // namespace

Result<std::optional<IssuedPass>> issue_pass(SelfService& self, const Person& person, int minutes, bool mailed, const Actor& actor, std::string_view address) {
  const auto now = unix_now();
  auto fresh = new_pass(self.code_key, person.domain, person.sub);
  Ticket ticket;
  ticket.domain = person.domain, ticket.sub = person.sub, ticket.purpose = Purpose::pass;
  ticket.state = mailed ? mailed_link : told_pass, ticket.expires = now + std::int64_t{minutes} * 60;
  auto guard = self.store.database().begin();
  if (!guard) return guard.error();
  if (auto former = self.tickets.drop_all(person.domain, person.sub, Purpose::pass); !former) return former.error();
  auto put = self.tickets.put_within(ticket, fresh.mac);
  if (!put) return put.error();
  if (!*put) return std::optional<IssuedPass>();
  AuditEntry entry;
  entry.activity = Activity::temporary_pass_issued, entry.actor = actor, entry.domain = person.domain, entry.target = person.sub, entry.address = address;
  entry.details = {{DetailKey::op, ticket.state}, {DetailKey::until_ms, ticket.expires * 1'000}};
  if (auto said = self.store.audit().append(entry, unix_now_ms()); !said) return said.error();
  if (auto done = guard->commit(); !done) return done.error();
  return std::optional(IssuedPass{std::move(fresh.text), ticket.expires});
}

Result<bool> has_pass(Tickets& tickets, std::string_view domain, std::string_view sub, UnixSeconds now) {
  auto all = tickets.of(domain, sub);
  if (!all) return all.error();
  return std::any_of(all->begin(), all->end(), [now](const Ticket& t) { return t.purpose == Purpose::pass && t.expires > now && t.state == told_pass; });
}

Method proven_by(const Ticket& pass) { return pass.state == told_pass ? Method::pass : Method::email; }

}  // namespace wb::service::sspr
