#include "ldap/rights_reader.hpp"

#include <strings.h>

#include "ldap/memory.hpp"
#include "ldap/result_codes.hpp"
#include "ldap/text.hpp"
#include "ldap/tickets.hpp"
#include "policy/dn.hpp"

namespace wb::ldap {
namespace {

constexpr const char* descriptor = "nTSecurityDescriptor";

Fault refused(const char* where, std::string detail) { return fault(Fault::Kind::refused, where, std::move(detail)); }

// nullopt: not shown. A descriptor that can't be read is a fault of the other side, not a missing right.
Result<std::optional<SecurityDescriptor>> list_in(const Entry& entry) {
  if (entry.values(descriptor).empty()) return std::optional<SecurityDescriptor>();
  auto parsed = parse_security_descriptor(entry.first(descriptor));
  if (!parsed) return fault(Fault::Kind::malformed, "rights.descriptor", entry.dn);
  return parsed;
}

bool is_dn(const std::string& name) {
  const auto dn = policy::parse_dn(name);
  return name.find('=') != std::string::npos && dn && !dn->empty();
}

}  // namespace

Result<RightsReader> RightsReader::open(const Settings& settings) {
  wipe_ldap_memory();
  auto dog = std::make_unique<Watchdog>();
  Tickets tickets(settings);
  auto why = fault(Fault::Kind::refused, "ldap.connect", "no URI is configured");
  for (const auto& uri : settings.uris) {
    const auto endpoint = parse_uri(uri, settings.encryption);
    if (!endpoint) return endpoint.error();
    auto connection = Connection::open(settings, *endpoint, std::chrono::steady_clock::now() + settings.connect_timeout, *dog, tickets);
    if (connection) return RightsReader(settings, std::move(dog), std::move(*connection));
    why = std::move(connection).error();
    if ((why.where == "ldap.bind" || why.where == "kerberos.login") && why.kind == Fault::Kind::refused) break;  // a second wrong password helps nobody
  }
  return why;
}

Result<std::optional<Entry>> RightsReader::object(const std::string& dn, std::vector<std::string> attributes) {
  Search search;
  search.base = dn;
  search.attributes = std::move(attributes);
  search.control = dacl_only();
  auto found = connection_->search(search, deadline());
  if (!found) return std::move(found).error();
  const bool none = found->code == no_such_object || found->code == invalid_dn || found->code == referral || found->entries.empty();
  if (none) return std::optional<Entry>();
  return std::optional(std::move(found->entries.front()));
}

Result<std::optional<SecurityDescriptor>> RightsReader::list_of(const std::string& dn) {
  auto entry = object(dn, {descriptor});
  if (!entry) return std::move(entry).error();
  if (!*entry) return std::optional<SecurityDescriptor>();
  return list_in(**entry);
}

Result<Entry> RightsReader::only_one(const std::string& filter, std::vector<std::string> attributes, const char* where) {
  Search search;
  search.base = connection_->root().base;
  search.subtree = true;
  search.filter = filter;
  search.attributes = std::move(attributes);
  search.entries_max = 2;
  search.control = dacl_only();
  auto found = connection_->search(search, deadline());
  if (!found) return std::move(found).error();
  if (found->code != success && found->code != size_limit_exceeded) return refused(where, "ldap " + std::to_string(found->code));
  if (found->entries.empty()) return refused(where, "no such account, or the agent's account may not see it (List Contents on its container)");
  if (found->entries.size() > 1) return refused(where, "ambiguous: more than one account has that name");
  return std::move(found->entries.front());
}

// The service account: a DN, a UPN (an implicit one too), or DOMAIN\name.
Result<Entry> RightsReader::own_account() {
  const auto& name = settings_.account();
  const std::vector<std::string> attributes{"sAMAccountName", "objectSid"};
  if (is_dn(name)) {
    auto entry = object(name, attributes);
    if (!entry) return std::move(entry).error();
    if (!*entry) return refused("rights.account", "the entry of bind_dn is not readable");
    return std::move(**entry);
  }
  auto sam = name.substr(0, name.find('@'));
  sam = sam.substr(sam.find('\\') + 1);  // npos + 1 = 0: all of it
  return only_one("(&(objectCategory=person)(objectClass=user)(|(userPrincipalName=" + filter_escape(name) + ")(sAMAccountName=" + filter_escape(sam) + ")))",
      attributes, "rights.account");
}

Result<Schema> RightsReader::schema() {
  Schema schema;
  std::string names;
  const auto wanted = delegated_attributes(settings_.marker_attribute);
  for (const auto& name : wanted) names += "(lDAPDisplayName=" + filter_escape(name) + ")";
  Search search;
  search.base = "CN=Schema," + connection_->root().configuration;
  search.subtree = true;
  search.filter = "(&(objectClass=attributeSchema)(|" + names + "))";
  search.attributes = {"lDAPDisplayName", "schemaIDGUID", "attributeSecurityGUID"};
  auto found = connection_->search(search, deadline());
  if (!found) return std::move(found).error();
  for (const auto& name : wanted) {
    for (const auto& entry : found->entries) {
      const auto guid = guid_text(entry.first("schemaIDGUID"));
      if (::strcasecmp(entry.first("lDAPDisplayName").c_str(), name.c_str()) != 0 || !guid) continue;
      schema[name] = {*guid, guid_text(entry.first("attributeSecurityGUID")).value_or("")};
    }
    if (!schema.contains(name)) return refused("rights.schema", name + ": the forest's schema has no such attribute, or it is not readable");
  }
  return schema;
}

Result<std::string> RightsReader::class_guid(const std::string& name) {
  Search search;
  search.base = "CN=Schema," + connection_->root().configuration;
  search.subtree = true;
  search.filter = "(&(objectClass=classSchema)(lDAPDisplayName=" + filter_escape(name) + "))";
  search.attributes = {"schemaIDGUID"};
  auto found = connection_->search(search, deadline());
  if (!found) return std::move(found).error();
  const auto guid = found->entries.size() == 1 ? guid_text(found->entries.front().first("schemaIDGUID")) : std::nullopt;
  if (!guid) return refused("rights.schema", "the account's class is not in the schema");
  return *guid;
}

Result<Delegation> RightsReader::delegation(const std::string& ou) {
  Delegation made;
  made.dc = connection_->root().dc;
  made.domain_dn = connection_->root().base;
  auto container = object(ou, {"objectClass", descriptor});
  if (!container) return std::move(container).error();
  if (!*container) return refused("rights.ou", "no such OU in this domain, or the agent's account may not see it");
  made.ou = (*container)->dn;
  auto list = list_in(**container);
  if (!list) return std::move(list).error();
  made.ou_list = std::move(*list);

  auto own = own_account();
  if (!own) return std::move(own).error();
  const auto sid = sid_text(own->first("objectSid"));
  if (!sid || own->first("sAMAccountName").empty()) return refused("rights.account", "objectSid or sAMAccountName of the agent's own account is not readable");
  made.trustee_sid = *sid;
  made.trustee = own->first("sAMAccountName") + "@" + settings_.domain;
  auto root = object("", {"tokenGroups"});
  if (!root) return std::move(root).error();
  if (*root)
    for (const auto& group : (*root)->values("tokenGroups"))
      if (auto text = sid_text(group)) made.token.insert(std::move(*text));
  if (made.token.empty()) return refused("rights.account", "the DC does not tell the token of this connection (rootDSE tokenGroups)");
  made.token.insert({*sid, "S-1-1-0", "S-1-5-11"});  // itself, Everyone, Authenticated Users: true whatever the DC lists

  auto known = schema();
  if (!known) return std::move(known).error();
  made.grants = grants(*known, settings_.marker_attribute);
  return made;
}

Result<Entry> RightsReader::account(const std::string& name) {
  const std::vector<std::string> attributes{"objectClass", "adminCount", "msDS-ResultantPSO", descriptor};
  if (is_dn(name) || guid_bytes(name)) {
    auto entry = object(is_dn(name) ? name : guid_dn(name), attributes);
    if (!entry) return std::move(entry).error();
    if (!*entry) return refused("rights.user", "no such account, or the agent's account may not see it (List Contents on its container)");
    return std::move(**entry);
  }
  auto sam = name;
  if (const auto at = name.rfind('@'); at != std::string::npos && ::strcasecmp(name.c_str() + at + 1, settings_.domain.c_str()) == 0) sam.resize(at);
  sam = sam.substr(sam.find('\\') + 1);
  const auto whole = filter_escape(name);
  return only_one("(&(objectCategory=person)(objectClass=user)(|(userPrincipalName=" + whole + ")(sAMAccountName=" + filter_escape(sam) + ")(mail=" + whole + ")))",
      attributes, "rights.user");
}

Result<RightsView> RightsReader::view(const Delegation& delegation, const std::string& name) {
  auto entry = account(name);
  if (!entry) return std::move(entry).error();
  RightsView view;
  view.trustee_sid = delegation.trustee_sid;
  view.token = delegation.token;
  view.ou = delegation.ou;
  view.ou_list = delegation.ou_list;
  view.account_dn = entry->dn;
  if (entry->values("objectClass").empty()) return refused("rights.user", "the account's objectClass is not readable");
  view.account_class = entry->values("objectClass").back();  // the most specific one is the last (MS-ADTS 3.1.1.1.4)
  auto guid = class_guid(view.account_class);
  if (!guid) return std::move(guid).error();
  view.account_class_guid = std::move(*guid);
  const auto dn = policy::parse_dn(entry->dn), base = policy::parse_dn(delegation.ou);
  view.below_ou = dn && base && policy::is_below(*dn, *base);
  if (!entry->values("adminCount").empty()) view.admin_count = integer(entry->first("adminCount")).value_or(0) > 0;
  auto list = list_in(*entry);
  if (!list) return std::move(list).error();
  view.account = std::move(*list);
  if (auto done = read_policy(delegation, entry->first("msDS-ResultantPSO"), view); !done) return std::move(done).error();
  return view;
}

Result<void> RightsReader::read_policy(const Delegation& delegation, const std::string& pso, RightsView& view) {
  auto head = list_of(delegation.domain_dn);
  if (!head) return std::move(head).error();
  view.domain_head = std::move(*head);
  auto container = list_of("CN=Password Settings Container,CN=System," + delegation.domain_dn);
  if (!container) return std::move(container).error();
  view.password_settings = std::move(*container);
  if (pso.empty()) return {};
  auto settings = object(pso, {"msDS-MinimumPasswordLength"});
  if (!settings) return std::move(settings).error();
  view.pso_readable = *settings && !(*settings)->values("msDS-MinimumPasswordLength").empty();
  return {};
}

}  // namespace wb::ldap
