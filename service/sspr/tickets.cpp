#include "service/sspr/tickets.hpp"

#include <array>

#include "core/ids.hpp"
#include "crypto/mac.hpp"

namespace wb::service::sspr {
namespace {

constexpr std::array purposes{Purpose::sign_in, Purpose::not_me, Purpose::pass, Purpose::temporary_password, Purpose::own_change, Purpose::in_doubt, Purpose::invitation};

Ticket read(const queue::Query& q) {
  Ticket ticket;
  ticket.id = q.text(0), ticket.domain = q.text(1), ticket.sub = q.text(2);
  for (const auto purpose : purposes)
    if (to_string(purpose) == q.text(3)) ticket.purpose = purpose;
  ticket.state = q.text(4), ticket.expires = q.number(5);
  return ticket;
}

}  // namespace

std::string_view to_string(Purpose purpose) {
  switch (purpose) {
    case Purpose::sign_in: return "sign_in";
    case Purpose::not_me: return "not_me";
    case Purpose::pass: return "pass";
    case Purpose::temporary_password: return "temporary_password";
    case Purpose::own_change: return "own_change";
    case Purpose::in_doubt: return "in_doubt";
    case Purpose::invitation: return "invitation";
  }
  return "sign_in";
}

std::string_view kind_of(Purpose purpose) {
  switch (purpose) {
    case Purpose::sign_in: return "wbp1";
    case Purpose::not_me: return "wbn1";
    case Purpose::pass:
    case Purpose::temporary_password:
    case Purpose::own_change:
    case Purpose::in_doubt: return "";
    case Purpose::invitation: return "wbi1";
  }
  return "wbp1";
}

Result<std::optional<std::string>> Tickets::add(Ticket& ticket) {
  const auto relaxed = database_.unsynced();
  auto guard = database_.begin();
  if (!guard) return guard.error();
  const auto credential = new_credential();
  ticket.id = credential.id;
  auto put = insert(ticket, hash_of(credential));
  if (!put) return put.error();
  if (!*put) return std::optional<std::string>();
  if (auto done = guard->commit(); !done) return done.error();
  return std::optional(std::string(kind_of(ticket.purpose)) + "." + credential.id + "." + credential.secret);
}

Result<bool> Tickets::put_within(Ticket& ticket, std::string_view hash) {
  ticket.id = new_ulid();
  return insert(ticket, hash);
}

Result<bool> Tickets::insert(const Ticket& ticket, std::string_view hash) {
  const auto purpose = to_string(ticket.purpose);
  {
    auto q = database_.query("SELECT count(*) FROM tickets");
    auto row = q.next();
    if (!row) return row.error();
    if (q.number(0) >= tickets_max) return false;
  }
  auto room = database_.run("DELETE FROM tickets WHERE id IN (SELECT id FROM tickets WHERE domain=? AND sub=? AND purpose=? ORDER BY id DESC LIMIT -1 OFFSET ?)", ticket.domain, ticket.sub, purpose, tickets_of_person_max - 1);
  if (!room) return room.error();
  auto put = database_.run("INSERT INTO tickets(id, hash, domain, sub, purpose, state, expires) VALUES(?,?,?,?,?,?,?)", ticket.id, queue::Blob{hash}, ticket.domain, ticket.sub, purpose, ticket.state, ticket.expires);
  if (!put) return put.error();
  return true;
}

Result<std::optional<Ticket>> Tickets::find(Purpose purpose, std::string_view text, UnixSeconds now) {
  const auto credential = read_credential(kind_of(purpose), text);
  if (!credential) return std::optional<Ticket>();
  auto q = database_.query("SELECT id, domain, sub, purpose, state, expires, hash FROM tickets WHERE id=? AND purpose=? AND expires>?", credential->id, to_string(purpose), now);
  auto row = q.next();
  if (!row) return row.error();
  if (!*row || !crypto::same_bytes(q.text(6), hash_of(*credential))) return std::optional<Ticket>();
  return std::optional(read(q));
}

Result<std::optional<Ticket>> Tickets::find_by(std::string_view domain, std::string_view sub, Purpose purpose, std::string_view hash, UnixSeconds now) {
  auto q = database_.query("SELECT id, domain, sub, purpose, state, expires, hash FROM tickets WHERE domain=? AND sub=? AND purpose=? AND expires>?", domain, sub, to_string(purpose), now);
  for (;;) {
    auto row = q.next();
    if (!row) return row.error();
    if (!*row) return std::optional<Ticket>();
    if (crypto::same_bytes(q.text(6), hash)) return std::optional(read(q));
  }
}

Result<void> Tickets::keep(const Ticket& ticket) {
  const auto relaxed = database_.unsynced();
  return database_.run("UPDATE tickets SET state=?, expires=? WHERE id=?", ticket.state, ticket.expires, ticket.id);
}

Result<void> Tickets::belongs_to(const Ticket& ticket) { return database_.run("UPDATE tickets SET sub=? WHERE id=?", ticket.sub, ticket.id); }

Result<bool> Tickets::drop(std::string_view id) {
  if (auto done = database_.run("DELETE FROM tickets WHERE id=?", id); !done) return done.error();
  return database_.changes() > 0;
}

Result<std::int64_t> Tickets::drop_all(std::string_view domain, std::string_view sub, Purpose purpose) {
  if (auto done = database_.run("DELETE FROM tickets WHERE domain=? AND sub=? AND purpose=?", domain, sub, to_string(purpose)); !done) return done.error();
  return database_.changes();
}

Result<std::vector<Ticket>> Tickets::of(std::string_view domain, std::string_view sub) {
  std::vector<Ticket> out;
  auto q = database_.query("SELECT id, domain, sub, purpose, state, expires FROM tickets WHERE domain=? AND sub=? ORDER BY id", domain, sub);
  for (;;) {
    auto row = q.next();
    if (!row) return row.error();
    if (!*row) return out;
    out.push_back(read(q));
  }
}

Result<std::vector<Ticket>> Tickets::all(Purpose purpose, int most) {
  std::vector<Ticket> out;
  auto q = database_.query("SELECT id, domain, sub, purpose, state, expires FROM tickets WHERE purpose=? ORDER BY id LIMIT ?", to_string(purpose), most);
  for (;;) {
    auto row = q.next();
    if (!row) return row.error();
    if (!*row) return out;
    out.push_back(read(q));
  }
}

Result<void> Tickets::prune(UnixSeconds now) {
  const auto relaxed = database_.unsynced();
  return database_.run("DELETE FROM tickets WHERE expires<=?", now);
}

}  // namespace wb::service::sspr
