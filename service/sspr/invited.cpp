#include "service/sspr/invited.hpp"

#include "service/sspr/account.hpp"

namespace wb::service::sspr {
namespace {

Invited read(const queue::Query& q) {
  Invited one{q.text(0), q.text(1), q.number(2), static_cast<int>(q.number(3)), false};
  if (one.written < 0) one.written = -one.written - 1, one.ordered = true;
  return one;
}

}  // namespace

std::string_view to_string(NotInvited why) {
  switch (why) {
    case NotInvited::not_needed: return "not_to_invite";
    case NotInvited::lately: return "invited_lately";
    case NotInvited::no_mailbox: return "no_own_mailbox";
  }
  return "not_to_invite";
}

std::optional<NotInvited> not_invited(const Settings& rules, const Person& person, const std::vector<Method>& registered, const std::optional<Invited>& before, UnixSeconds now, bool again) {
  if (person.frozen != 0 || standing(rules, person.groups, registered).barrier != Reason::not_registered) return NotInvited::not_needed;
  if (person.mail.empty()) return NotInvited::no_mailbox;
  if (before && (before->ordered || (!again && now - before->at < invited_again_s))) return NotInvited::lately;
  return std::nullopt;
}

Result<std::optional<Invited>> InvitedBook::of(std::string_view domain, std::string_view sub) {
  auto q = store_.database().query("SELECT domain, sub, at, times FROM invited WHERE domain=? AND sub=?", domain, sub);
  auto row = q.next();
  if (!row) return row.error();
  return *row ? std::optional(read(q)) : std::nullopt;
}

Result<std::optional<NotInvited>> InvitedBook::put(const Settings& rules, const Person& person, const Actor& by, UnixSeconds now, bool again) {
  auto before = of(person.domain, person.sub);
  if (!before) return before.error();
  auto methods = People(store_.database()).methods(person.domain, person.sub);
  if (!methods) return methods.error();
  if (const auto no = not_invited(rules, person, kinds_of(rules, *methods), *before, now, again)) return no;
  const int written = *before ? (*before)->written : 0;
  auto done = store_.database().run("INSERT INTO invited(domain, sub, at, times) VALUES(?,?,?,?) ON CONFLICT(domain, sub) DO UPDATE SET at=excluded.at, times=excluded.times", person.domain, person.sub, now, -written - 1);
  if (!done) return done.error();
  AuditEntry entry;
  entry.activity = Activity::invited, entry.actor = by, entry.domain = person.domain, entry.target = person.sub;
  entry.details = {{DetailKey::attempts, static_cast<std::int64_t>(written) + 1}};
  if (auto said = store_.audit().append(entry, unix_now_ms()); !said) return said.error();
  return std::optional<NotInvited>();
}

Result<std::optional<NotInvited>> InvitedBook::order(const Settings& rules, const Person& person, const Actor& by, UnixSeconds now, bool again) {
  auto guard = store_.database().begin();
  if (!guard) return guard.error();
  auto no = put(rules, person, by, now, again);
  if (!no || *no) return no;
  if (auto done = guard->commit(); !done) return done.error();
  return no;
}

Result<InvitedBook::Page> InvitedBook::order_missing(const Settings& rules, std::string_view domain, std::string_view after, int people, const Actor& by, UnixSeconds now) {
  auto some = People(store_.database()).list(domain, after, people);
  if (!some) return some.error();
  auto guard = store_.database().begin();
  if (!guard) return guard.error();
  Page page;
  for (const auto& one : *some) {
    auto no = put(rules, one, by, now, false);
    if (!no) return no.error();
    if (!*no) ++page.ordered;
  }
  if (auto done = guard->commit(); !done) return done.error();
  if (static_cast<int>(some->size()) == people) page.next = some->back().sub;
  return page;
}

Result<std::vector<Invited>> InvitedBook::waiting(int most) {
  std::vector<Invited> out;
  auto q = store_.database().query("SELECT domain, sub, at, times FROM invited WHERE times<0 ORDER BY at LIMIT ?", most);
  for (;;) {
    auto row = q.next();
    if (!row) return row.error();
    if (!*row) return out;
    out.push_back(read(q));
  }
}

Result<void> InvitedBook::settle(const Invited& order, bool written, UnixSeconds now) {
  if (!written && order.written == 0) return store_.database().run("DELETE FROM invited WHERE domain=? AND sub=?", order.domain, order.sub);
  return store_.database().run("UPDATE invited SET at=?, times=? WHERE domain=? AND sub=?", now, order.written + (written ? 1 : 0), order.domain, order.sub);
}

}  // namespace wb::service::sspr
