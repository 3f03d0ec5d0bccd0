#include "service/sspr/pre_registration.hpp"

#include <algorithm>

#include "service/methods/sealed_methods.hpp"
#include "service/sspr/settings_store.hpp"

namespace wb::service::sspr {
namespace {

using Answer = std::variant<RegisteredMethod, NotAdded>;

Result<bool> has(const crypto::Vault& vault, const Person& person, const std::vector<RegisteredMethod>& methods, const EmailAddress& address) {
  for (const auto& method : methods) {
    if (method.kind != Method::email) continue;
    auto known = address_of(vault, person.domain, person.sub, method);
    if (!known) return known.error();
    if (limit_key(*known) == limit_key(address)) return true;
  }
  return false;
}

}  // namespace

std::string_view to_string(NotAdded why) {
  switch (why) {
    case NotAdded::administrator: return "person_is_administrator";
    case NotAdded::frozen: return "person_is_frozen";
    case NotAdded::method: return "method_not_allowed";
    case NotAdded::malformed: return "address_malformed";
    case NotAdded::inside: return "address_inside";
    case NotAdded::known: return "address_known";
    case NotAdded::too_many: return "too_many_methods";
  }
  return "too_many_methods";
}

Result<Answer> add_email(Store& store, const crypto::Vault& vault, const Registrar& by, const Person& person, std::string_view text, UnixSeconds now) {
  SettingsStore settings(store.database());
  People people(store.database());
  auto rules = settings.current(person.domain);
  if (!rules) return rules.error();
  if (standing(rules->settings, person.groups, {}).administrator) return Answer(NotAdded::administrator);
  if (person.frozen != 0) return Answer(NotAdded::frozen);
  if (!allows(rules->settings, Method::email)) return Answer(NotAdded::method);
  const auto address = read_email(text);
  if (!address) return Answer(NotAdded::malformed);
  auto own = own_mail_domains(settings, person.domain, rules->settings);
  if (!own) return own.error();
  if (is_inside(*address, *own)) return Answer(NotAdded::inside);

  auto guard = store.database().begin();
  if (!guard) return guard.error();
  auto methods = people.methods(person.domain, person.sub);
  if (!methods) return methods.error();
  auto known = has(vault, person, *methods, *address);
  if (!known) return known.error();
  if (*known) return Answer(NotAdded::known);
  const auto addresses = std::count_if(methods->begin(), methods->end(), [](const auto& m) { return m.kind == Method::email; });
  if (addresses >= most_of_a_kind || methods->size() >= methods_max) return Answer(NotAdded::too_many);
  auto method = sealed_email(vault, person.domain, person.sub, *address, now);
  if (!method) return method.error();
  if (auto added = people.add_within(person.domain, person.sub, *method); !added) return added.error();
  AuditEntry entry;
  entry.activity = Activity::security_info_registered, entry.actor = by.actor, entry.domain = person.domain, entry.target = person.sub, entry.address = by.address;
  entry.details = {{DetailKey::method, std::string(to_string(method->kind))}};
  if (auto said = store.audit().append(entry, now * 1'000); !said) return said.error();
  if (auto done = guard->commit(); !done) return done.error();
  return Answer(std::move(*method));
}

}  // namespace wb::service::sspr
