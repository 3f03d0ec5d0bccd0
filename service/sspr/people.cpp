#include "service/sspr/people.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <sstream>

#include "protocol/json.hpp"

namespace wb::service::sspr {
namespace {

namespace json = protocol::json;
constexpr std::size_t groups_max = 1024;

std::string text_of(const std::vector<std::string>& list) {
  json::array out;
  for (const auto& text : list) out.emplace_back(text);
  return json::serialize(out);
}

// What we wrote ourselves: anything else is a damaged file, and says nothing about groups.
std::vector<std::string> list_of(const std::string& text) {
  std::vector<std::string> out;
  const auto parsed = protocol::parse_json(text);
  if (!parsed || !parsed->is_array() || parsed->get_array().size() > groups_max) return out;
  for (const auto& value : parsed->get_array())
    if (value.is_string()) out.emplace_back(value.get_string());
  return out;
}

// `frozen` of the table: since when; of somebody who was thawed minus that, so that devices of before stay strangers.
constexpr const char* person_columns = "domain, sub, name, display_name, mail, language, groups, seen, confirmed, frozen";
Person person_of(const queue::Query& q) {
  return Person{q.text(0), q.text(1), q.text(2), q.text(3), q.text(4), q.text(5), list_of(q.text(6)), q.number(7), q.number(8), std::max<UnixSeconds>(q.number(9), 0), std::abs(q.number(9))};
}

// Ids have no spaces in them.
std::string joined(const std::vector<std::string>& ids) {
  std::string out;
  for (const auto& id : ids) out += (out.empty() ? "" : " ") + id;
  return out;
}

std::vector<std::string> parted(const std::string& text) {
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), {}};
}

constexpr const char* method_columns = "id, kind, label, sealed, last_step, made, proven, questions";
RegisteredMethod method_of(const queue::Query& q) {
  return RegisteredMethod{q.text(0), method_from(q.text(1)).value_or(Method::app_code), q.text(2), q.text(3), q.number(4), q.number(5), q.number(6), parted(q.text(7))};
}

template <class T, class F> Result<std::vector<T>> rows(queue::Query q, F read) {
  std::vector<T> out;
  for (;;) {
    auto row = q.next();
    if (!row) return row.error();
    if (!*row) return out;
    out.push_back(read(q));
  }
}

// A statement with RETURNING, run to its end: did it find a row?
Result<bool> found(queue::Query q) {
  auto row = q.next();
  if (!row || !*row) return row;
  if (auto done = q.run(); !done) return done.error();
  return true;
}

}  // namespace

bool before_in_codes(const RegisteredMethod& one, const RegisteredMethod& other) { return one.proven != other.proven ? one.proven > other.proven : one.id > other.id; }

std::string context(std::string_view domain, std::string_view sub, const RegisteredMethod& method) {
  return "method/" + std::string(domain) + "/" + std::string(sub) + "/" + method.id + "/" + std::string(to_string(method.kind));
}

Result<void> People::saw(const Person& p) {
  return database_.run(
      "INSERT INTO people(domain, sub, name, display_name, mail, language, groups, seen) VALUES(?,?,?,?,?,?,?,?)"
      " ON CONFLICT(domain, sub) DO UPDATE SET name=excluded.name, display_name=excluded.display_name, mail=excluded.mail, language=excluded.language,"
      " groups=excluded.groups, seen=excluded.seen",
      p.domain, p.sub, p.name, p.display_name, p.mail, p.language, text_of(p.groups), p.seen);
}

Result<std::optional<Person>> People::find(std::string_view domain, std::string_view sub) {
  auto q = database_.query(std::string("SELECT ") + person_columns + " FROM people WHERE domain=? AND sub=?", domain, sub);
  auto row = q.next();
  if (!row) return row.error();
  if (!*row) return std::optional<Person>();
  return std::optional(person_of(q));
}

Result<std::vector<Person>> People::list(std::string_view domain, std::string_view after, int most) {
  return rows<Person>(database_.query(std::string("SELECT ") + person_columns + " FROM people WHERE domain=? AND sub>? ORDER BY sub LIMIT ?", domain, after, most), person_of);
}

Result<std::vector<Person>> People::with_groups(std::string_view domain, std::string_view after, int most) {
  return rows<Person>(database_.query(std::string("SELECT ") + person_columns + " FROM people WHERE domain=? AND sub>? AND groups<>'[]' ORDER BY sub LIMIT ?", domain, after, most), person_of);
}

Result<std::vector<Person>> People::named(std::string_view domain, std::string_view name, int most) {
  return rows<Person>(database_.query(std::string("SELECT ") + person_columns + " FROM people WHERE domain=? AND name=? COLLATE NOCASE ORDER BY seen DESC LIMIT ?", domain, name, most), person_of);
}

Result<void> People::confirm(std::string_view domain, std::string_view sub, UnixSeconds now) {
  return database_.run("UPDATE people SET confirmed=? WHERE domain=? AND sub=?", now, domain, sub);
}

Result<void> People::freeze(std::string_view domain, std::string_view sub, UnixSeconds since) {
  return database_.run("UPDATE people SET frozen=CASE WHEN ?1=0 THEN -abs(frozen) ELSE ?1 END WHERE domain=?2 AND sub=?3", since, domain, sub);
}

Result<bool> People::frozen(std::string_view domain, std::string_view sub) {
  auto q = database_.query("SELECT frozen FROM people WHERE domain=? AND sub=?", domain, sub);
  auto row = q.next();
  if (!row) return row.error();
  return *row && q.number(0) > 0;
}

Result<std::vector<UnixSeconds>> People::sessions(std::string_view domain, std::string_view sub) {
  return rows<UnixSeconds>(database_.query("SELECT expires FROM sspr_sessions WHERE domain=? AND sub=? ORDER BY expires", domain, sub), [](const queue::Query& q) { return q.number(0); });
}

Result<bool> People::erase(std::string_view domain, std::string_view sub) {
  auto guard = database_.begin();
  if (!guard) return guard.error();
  auto known = find(domain, sub);
  if (!known) return known.error();
  for (const auto* statement : {"DELETE FROM sspr_sessions WHERE domain=? AND sub=?", "DELETE FROM tickets WHERE domain=? AND sub=?", "DELETE FROM invited WHERE domain=? AND sub=?", "DELETE FROM person_methods WHERE domain=? AND sub=?", "DELETE FROM people WHERE domain=? AND sub=?"})
    if (auto done = database_.run(statement, domain, sub); !done) return done.error();
  if (auto done = guard->commit(); !done) return done.error();
  return known->has_value();
}

Result<bool> People::add(std::string_view domain, std::string_view sub, const RegisteredMethod& m) {
  auto guard = database_.begin();
  if (!guard) return guard.error();
  auto known = methods(domain, sub);
  if (!known) return known.error();
  if (known->size() >= methods_max) return false;
  if (auto done = add_within(domain, sub, m); !done) return done.error();
  if (auto committed = guard->commit(); !committed) return committed.error();
  return true;
}

Result<void> People::add_within(std::string_view domain, std::string_view sub, const RegisteredMethod& m) {
  return database_.run("INSERT INTO person_methods(id, domain, sub, kind, label, sealed, last_step, made, proven, questions) VALUES(?,?,?,?,?,?,?,?,?,?)", m.id, domain, sub, to_string(m.kind),
      m.label, m.sealed, m.last_step, m.made, m.proven, joined(m.questions));
}

Result<std::vector<RegisteredMethod>> People::methods(std::string_view domain, std::string_view sub) {
  return rows<RegisteredMethod>(database_.query(std::string("SELECT ") + method_columns + " FROM person_methods WHERE domain=? AND sub=? ORDER BY id", domain, sub), method_of);
}

Result<bool> People::remove(std::string_view domain, std::string_view sub, std::string_view id) {
  return found(database_.query("DELETE FROM person_methods WHERE domain=? AND sub=? AND id=? RETURNING id", domain, sub, id));
}

Result<void> People::prove(std::string_view id, UnixSeconds now) { return database_.run("UPDATE person_methods SET proven=? WHERE id=?", now, id); }

Result<bool> People::spend_step(std::string_view id, std::int64_t step) {
  return found(database_.query("UPDATE person_methods SET last_step=? WHERE id=? AND last_step<? RETURNING id", step, id, step));
}

Result<std::vector<People::Sealed>> People::not_under(std::string_view prefix, int most, std::string_view after) {
  const auto columns = std::string("SELECT ") + method_columns + ", domain, sub FROM person_methods WHERE id > ? AND substr(sealed, 1, length(?)) <> ? ORDER BY id LIMIT ?";
  return rows<Sealed>(database_.query(columns, after, prefix, prefix, most), [](const queue::Query& q) { return Sealed{q.text(8), q.text(9), method_of(q)}; });
}

Result<std::map<int, std::int64_t>> People::keys_in_use() {
  std::map<int, std::int64_t> out;
  // CAST reads the digits up to the dot: "wv1.12.AAAA" -> 12.
  auto q = database_.query("SELECT CASE WHEN sealed LIKE 'wv1.%' THEN CAST(substr(sealed, 5) AS INTEGER) ELSE 0 END AS number, count(*) FROM person_methods GROUP BY number");
  for (;;) {
    auto row = q.next();
    if (!row) return row.error();
    if (!*row) return out;
    out[static_cast<int>(q.number(0))] += q.number(1);
  }
}

Result<void> People::reseal(std::string_view id, std::string_view sealed) { return database_.run("UPDATE person_methods SET sealed=? WHERE id=?", sealed, id); }

}  // namespace wb::service::sspr
