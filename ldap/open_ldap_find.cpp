// Entries of people, and the groups they are in: the searching half of OpenLdap.
#include <strings.h>

#include <algorithm>

#include "ldap/open_ldap.hpp"
#include "ldap/result_codes.hpp"
#include "ldap/text.hpp"
#include "protocol/codec.hpp"

namespace wb::ldap {
namespace {

constexpr std::string_view people = "(|(objectClass=person)(objectClass=posixAccount))";
constexpr std::size_t name_bytes_max = 256;
constexpr int candidates_max = 10;
constexpr std::size_t remembered_max = 4096, groups_max = 1000, in_one_filter_max = 50;
constexpr int nesting_max = 16;

bool same(const std::string& a, const std::string& b) { return ::strcasecmp(a.c_str(), b.c_str()) == 0; }
Fault answered(int code, const char* where) { return fault(Fault::Kind::refused, where, "ldap " + std::to_string(code)); }

// Somebody's uid goes before what others have put into their mail attribute.
Result<std::optional<Entry>> choose(std::vector<Entry>& entries, const std::string& uid, const std::string& mail) {
  const std::pair<const char*, const std::string&> kinds[]{{"uid", uid}, {"mail", mail}, {nullptr, uid}};
  for (const auto& [attribute, wanted] : kinds) {
    Entry* match = nullptr;
    for (auto& entry : entries) {
      const auto is_it = [&wanted = wanted](const std::string& value) { return same(value, wanted); };
      if (attribute && std::none_of(entry.values(attribute).begin(), entry.values(attribute).end(), is_it)) continue;
      if (match) return fault(Fault::Kind::refused, "ldap.find", "ambiguous");
      match = &entry;
    }
    if (match) return std::optional(std::move(*match));
  }
  return std::optional<Entry>();
}

// Groups that `members` (and, on the first level, the person) are direct members of.
std::string groups_filter(const std::vector<std::string>& members, std::size_t from, std::size_t to, const Entry* person) {
  std::string filter = "(|";
  for (std::size_t i = from; i < to; ++i) {
    const auto dn = filter_escape(members[i]);
    filter += "(member=" + dn + ")(uniqueMember=" + dn + ")";
  }
  if (person) {
    for (const auto& uid : person->values("uid")) filter += "(memberUid=" + filter_escape(uid) + ")";
    if (const auto gid = person->first("gidNumber"); !gid.empty()) filter += "(&(objectClass=posixGroup)(gidNumber=" + filter_escape(gid) + "))";
  }
  return filter + ")";
}

}  // namespace

Result<std::optional<Entry>> OpenLdap::entry_of(Connection& connection, std::string_view sub, Deadline until) {
  Search search;
  search.base = base_of(connection);
  search.subtree = true;
  search.filter = "(&" + std::string(people) + schema_.is(sub) + ")";
  search.attributes = schema_.person_attributes(settings_);
  auto found = connection.search(search, until);
  if (!found) return std::move(found).error();
  if (found->code != success && found->code != no_such_object) return answered(found->code, "ldap.read");
  if (found->entries.empty()) return std::optional<Entry>();
  remember(std::string(sub), found->entries.front());
  return std::optional(std::move(found->entries.front()));
}

Result<std::optional<Entry>> OpenLdap::entry_of_name(Connection& connection, std::string_view name, Deadline until) {
  const std::optional<Entry> nobody;
  if (name.empty() || name.size() > name_bytes_max || !protocol::utf16_units(name)) return nobody;
  if (guid_bytes(name)) return entry_of(connection, name, until);
  std::string uid(name), mail(name);
  if (const auto slash = name.find('\\'); slash != std::string_view::npos) {
    const std::string label(name.substr(0, slash));
    if (!same(label, settings_.domain) && !same(label, settings_.domain.substr(0, settings_.domain.find('.')))) return nobody;
    uid = mail = std::string(name.substr(slash + 1));
  } else if (const auto at = name.rfind('@'); at != std::string_view::npos && same(std::string(name.substr(at + 1)), settings_.domain)) {
    uid = std::string(name.substr(0, at));
  }
  if (uid.empty()) return nobody;
  Search search;
  search.base = base_of(connection);
  search.subtree = true;
  search.filter = "(&" + std::string(people) + "(|(uid=" + filter_escape(uid) + ")(mail=" + filter_escape(mail) + ")))";
  search.attributes = schema_.person_attributes(settings_);
  search.entries_max = candidates_max;
  auto found = connection.search(search, until);
  if (!found) return std::move(found).error();
  if (found->code == size_limit_exceeded) return fault(Fault::Kind::refused, "ldap.find", "ambiguous");
  if (found->code != success) return answered(found->code, "ldap.find");
  return choose(found->entries, uid, mail);
}

Result<Account> OpenLdap::account_of(Connection& connection, const Entry& entry, bool groups, Deadline until) {
  std::optional<PolicyRules> rules;
  if (auto known = rules_at(connection, entry.first("pwdPolicySubentry"), until)) rules = *known;
  else if (connection.broken()) return std::move(known).error();
  auto account = schema_.person(entry, rules, settings_, connection.root().dc, unix_now());
  if (!account) return account;
  remember(account->sub, entry);
  if (groups)
    if (auto added = add_groups(connection, entry, *account, until); !added) return std::move(added).error();
  return account;
}

// Direct and nested, level by level, as well as what the server computes into memberOf (slapo-memberof, dynlist).
Result<void> OpenLdap::add_groups(Connection& connection, const Entry& entry, Account& account, Deadline until) {
  auto& all = account.group_dns;
  std::vector<std::string> level{entry.dn};
  level.insert(level.end(), all.begin(), all.end());
  const Entry* person = &entry;
  for (int depth = 0; !level.empty(); ++depth) {
    if (depth == nesting_max) return fault(Fault::Kind::refused, "ldap.groups", "groups are nested too deeply to judge");
    std::vector<std::string> next;
    for (std::size_t from = 0; from < level.size(); from += in_one_filter_max) {
      Search search;
      search.base = suffix_of(connection);
      search.subtree = true;
      search.filter = groups_filter(level, from, std::min(level.size(), from + in_one_filter_max), person);
      search.attributes = {"1.1"};
      person = nullptr;
      auto found = connection.search(search, until);
      if (!found) return std::move(found).error();
      if (found->code != success) return answered(found->code, "ldap.groups");
      for (auto& group : found->entries) {
        if (std::find(all.begin(), all.end(), group.dn) != all.end()) continue;
        if (all.size() >= groups_max) return fault(Fault::Kind::refused, "ldap.groups", "the account is a member of too many groups to judge");
        all.push_back(group.dn);
        next.push_back(std::move(group.dn));
      }
    }
    level = std::move(next);
  }
  return {};
}

Result<std::optional<Account>> OpenLdap::read_on(Connection& connection, std::string_view sub, bool groups, Deadline until) {
  auto entry = entry_of(connection, sub, until);
  if (!entry) return std::move(entry).error();
  if (!*entry) return std::optional<Account>();
  auto account = account_of(connection, **entry, groups, until);
  if (!account) return std::move(account).error();
  return std::optional<Account>(std::move(*account));
}

void OpenLdap::remember(const std::string& sub, const Entry& entry) {
  const std::lock_guard lock(mutex_);
  if (people_.size() >= remembered_max) people_.clear();
  people_[sub] = {entry.dn, schema_.locked_for_good(entry)};
}

Result<std::optional<OpenLdap::Person>> OpenLdap::whereabouts(Connection& connection, const std::string& sub, bool remembered, Deadline until) {
  if (remembered) {
    const std::lock_guard lock(mutex_);
    if (const auto at = people_.find(sub); at != people_.end()) return std::optional(at->second);
  }
  auto entry = entry_of(connection, sub, until);
  if (!entry) return std::move(entry).error();
  if (!*entry) return std::optional<Person>();
  return std::optional(Person{(*entry)->dn, schema_.locked_for_good(**entry)});
}

}  // namespace wb::ldap
