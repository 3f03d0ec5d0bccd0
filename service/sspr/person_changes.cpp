#include "service/sspr/person_changes.hpp"

namespace wb::service::sspr {
namespace {

AuditEntry entry_of(const Person& person, Activity activity, const Registrar& by) {
  AuditEntry entry;
  entry.activity = activity, entry.actor = by.actor, entry.domain = person.domain, entry.target = person.sub, entry.address = by.address;
  return entry;
}

}  // namespace

Result<Person> set_frozen(Store& store, Person person, bool frozen, const Registrar& by) {
  auto guard = store.database().begin();
  if (!guard) return guard.error();
  People people(store.database());
  auto known = people.find(person.domain, person.sub);
  if (!known) return known.error();
  if (*known && ((*known)->frozen != 0) == frozen) return std::move(**known);
  person.frozen = frozen ? unix_now() : 0;
  if (auto done = people.freeze(person.domain, person.sub, person.frozen); !done) return done.error();
  const auto entry = entry_of(person, frozen ? Activity::account_frozen : Activity::account_thawed, by);
  if (auto said = store.audit().append(entry, unix_now_ms()); !said) return said.error();
  if (auto done = guard->commit(); !done) return done.error();
  return person;
}

Result<bool> take_away(Store& store, const Person& person, const RegisteredMethod& method, const Registrar& by) {
  auto guard = store.database().begin();
  if (!guard) return guard.error();
  auto removed = People(store.database()).remove(person.domain, person.sub, method.id);
  if (!removed || !*removed) return removed;
  auto entry = entry_of(person, Activity::security_info_deleted, by);
  entry.details = {{DetailKey::method, std::string(to_string(method.kind))}};
  if (auto said = store.audit().append(entry, unix_now_ms()); !said) return said.error();
  if (auto done = guard->commit(); !done) return done.error();
  return true;
}

}  // namespace wb::service::sspr
