// An entry as a directory sends it, of either dialect. A line an attribute: its name, a blank, its value (any bytes).
#include "ldap/account.hpp"

#include "ldap/connection.hpp"
#include "ldap/metadata.hpp"
#include "ldap/open_ldap_entry.hpp"
#include "ldap/password_policy.hpp"
#include "tests/fuzz/target.hpp"

namespace wb::fuzz {
using namespace ldap;

void run(std::string_view input) {
  static const Settings settings = [] {
    Settings s;
    s.domain = "corp.example", s.marker_attribute = "adminDisplayName", s.contacts = {"mail", "mobile"};
    return s;
  }();
  constexpr UnixSeconds now = 1'795'176'000;
  Entry entry{"CN=Alice,DC=corp,DC=example", {}};
  while (!input.empty()) {
    const auto line = take_line(input);
    const auto space = std::min(line.find(' '), line.size());
    const std::string name(line.substr(0, space)), value(line.substr(std::min(space + 1, line.size())));
    if (entry.attributes.empty() || entry.attributes.back().first != name) entry.attributes.emplace_back(name, std::vector<std::string>());
    entry.attributes.back().second.push_back(value);
  }
  for (const auto detail : {Detail::probe, Detail::guard, Detail::after})
    if (const auto account = account_from(entry, detail, settings, "dc1.corp.example", now, attid_admin_display_name)) hold(account->sub.size() == 36, "an account has a GUID");
  for (const bool pso : {false, true}) (void)policy_from(entry, pso);
  const auto rules = rules_from(entry);
  if (const auto person = person_from(entry, rules, settings, "ldap1.corp.example", now)) hold(person->sub.size() == 36, "a person has a UUID");
}

}  // namespace wb::fuzz
