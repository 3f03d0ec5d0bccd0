// How a person's name becomes an account: the search half of ActiveDirectory::find.
#include <strings.h>

#include "ldap/active_directory.hpp"
#include "ldap/result_codes.hpp"
#include "ldap/text.hpp"
#include "protocol/codec.hpp"

namespace wb::ldap {
namespace {

constexpr std::size_t name_bytes_max = 256;
constexpr int candidates_max = 10;

bool same(const std::string& a, const std::string& b) { return ::strcasecmp(a.c_str(), b.c_str()) == 0; }

// The best match: a sign-in name is its owner's, whatever others have put into their mail attribute. Exact matches of
// one kind go before the next; what only the directory's own collation matched counts if it is the only one.
Result<std::optional<std::string>> choose(const std::vector<Entry>& entries, const std::string& name, const std::string& sam) {
  const std::pair<const char*, const std::string&> kinds[]{{"userPrincipalName", name}, {"sAMAccountName", sam}, {"mail", name}, {nullptr, name}};
  for (const auto& [attribute, wanted] : kinds) {
    const Entry* match = nullptr;
    for (const auto& entry : entries) {
      if (attribute && !same(entry.first(attribute), wanted)) continue;
      if (match) return fault(Fault::Kind::refused, "ldap.find", "ambiguous");
      match = &entry;
    }
    if (match) return guid_text(match->first("objectGUID"));
  }
  return std::optional<std::string>();
}

}  // namespace

// DOMAIN\user: the first label of the domain's DNS name nearly always, else what the forest's partitions say.
Result<bool> ActiveDirectory::is_our_netbios_name(Connection& connection, std::string_view label, Deadline until) {
  const std::string wanted(label);
  if (same(wanted, settings_.domain)) return true;
  std::string known;
  {
    const std::lock_guard lock(mutex_);
    known = netbios_name_;
  }
  if (known.empty()) {
    Search search;
    search.base = "CN=Partitions," + connection.root().configuration;
    search.subtree = true;
    search.filter = "(&(objectClass=crossRef)(nCName=" + filter_escape(connection.root().base) + "))";
    search.attributes = {"nETBIOSName"};
    auto found = connection.search(search, until);
    if (!found) return std::move(found).error();
    if (!found->entries.empty()) known = found->entries.front().first("nETBIOSName");
    if (known.empty()) known = settings_.domain.substr(0, settings_.domain.find('.'));
    const std::lock_guard lock(mutex_);
    netbios_name_ = known;
  }
  return same(wanted, known);
}

Result<std::optional<std::string>> ActiveDirectory::sub_of_name(Connection& connection, std::string_view name, Deadline until) {
  const std::optional<std::string> nobody;
  if (name.empty() || name.size() > name_bytes_max || !protocol::utf16_units(name)) return nobody;
  if (guid_bytes(name)) return std::optional(std::string(name));
  std::string wanted(name), sam(name);
  if (const auto slash = name.find('\\'); slash != std::string_view::npos) {
    auto ours = is_our_netbios_name(connection, name.substr(0, slash), until);
    if (!ours) return std::move(ours).error();
    if (!*ours || slash + 1 == name.size()) return nobody;
    wanted = sam = std::string(name.substr(slash + 1));
  } else if (const auto at = name.rfind('@'); at != std::string_view::npos && same(std::string(name.substr(at + 1)), settings_.domain)) {
    sam = std::string(name.substr(0, at));  // user@dns.domain signs in even where no userPrincipalName is set
    if (sam.empty()) return nobody;
  }
  const auto full = filter_escape(wanted);
  Search search;
  search.base = base_of(connection);
  search.subtree = true;
  search.filter = "(&(objectCategory=person)(objectClass=user)(|(userPrincipalName=" + full +
      ")(sAMAccountName=" + filter_escape(sam) + ")(mail=" + full + ")))";
  search.attributes = {"objectGUID", "userPrincipalName", "sAMAccountName", "mail"};
  search.entries_max = candidates_max;
  auto found = connection.search(search, until);
  if (!found) return std::move(found).error();
  if (found->code == size_limit_exceeded) return fault(Fault::Kind::refused, "ldap.find", "ambiguous");
  if (found->code != 0) return fault(Fault::Kind::refused, "ldap.find", "ldap " + std::to_string(found->code));
  return choose(found->entries, wanted, sam);
}

}  // namespace wb::ldap
