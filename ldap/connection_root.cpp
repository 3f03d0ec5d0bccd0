// What a connection finds out of its server before it is used: the rootDSE (RFC 4512 section 5.1) and, in AD, its roles.
#include <ldap.h>

#include <algorithm>
#include <array>

#include "core/ids.hpp"
#include "ldap/connection.hpp"

namespace wb::ldap {
namespace {

constexpr std::array<std::string_view, 2> hints_oids{"1.2.840.113556.1.4.2239", "1.2.840.113556.1.4.2066"};  // current, deprecated

}  // namespace

Result<void> Connection::take_open_ldap_root(const Entry& root, const Settings& settings, const Endpoint& endpoint) {
  root_.dc = endpoint.host + (endpoint.port == default_port(settings.encryption) ? "" : ":" + std::to_string(endpoint.port));
  root_.suffixes = root.values("namingContexts");
  if (root_.suffixes.empty()) return fail(Fault::Kind::refused, "ldap.root", "namingContexts is not readable");
  root_.base = root_.suffixes.front();
  for (const auto& oid : root.values("supportedControl")) {
    root_.asserts |= oid == LDAP_CONTROL_ASSERT;
    root_.has_policy |= oid == LDAP_CONTROL_PASSWORDPOLICYREQUEST;
  }
  for (const auto& oid : root.values("supportedExtension")) root_.modifies_passwords |= oid == LDAP_EXOP_MODIFY_PASSWD;
  return {};
}

Result<void> Connection::read_root(const Settings& settings, const Endpoint& endpoint, Deadline deadline) {
  const bool open_ldap = settings.type != DirectoryType::active_directory;
  Search search;
  search.attributes = {"dnsHostName", "defaultNamingContext", "configurationNamingContext", "dsServiceName", "supportedControl"};
  if (open_ldap) search.attributes = {"namingContexts", "supportedControl", "supportedExtension"};
  auto found = this->search(search, deadline);
  if (!found) return fail(found.error().kind == Fault::Kind::timed_out ? Fault::Kind::timed_out : Fault::Kind::unreachable, "ldap.root",
      found.error().detail);
  if (found->entries.size() != 1) return fail(Fault::Kind::refused, "ldap.root", "no rootDSE");
  const auto& root = found->entries.front();
  if (open_ldap) return take_open_ldap_root(root, settings, endpoint);
  root_.dc = lowered(root.first("dnsHostName"));
  root_.base = root.first("defaultNamingContext");
  root_.configuration = root.first("configurationNamingContext");
  root_.server = root.first("dsServiceName");
  if (root_.dc.empty() || root_.base.empty()) return fail(Fault::Kind::refused, "ldap.root", "this is not an Active Directory domain controller");
  const auto& controls = root.values("supportedControl");
  for (const auto oid : hints_oids) {
    if (root_.hints_oid.empty() && std::find(controls.begin(), controls.end(), oid) != controls.end()) root_.hints_oid = oid;
  }
  return {};
}

bool Connection::is_pdc(const Entry& head) const { return !root_.server.empty() && lowered(head.first("fSMORoleOwner")) == lowered(root_.server); }

// An RODC's nTDSDSA object is an nTDSDSARO (MS-ADTS 6.1.1.2.2.1.2.1.2). What is not readable is not known, and not the case.
Result<void> Connection::read_roles(Deadline deadline) {
  Search search;
  search.base = root_.base;
  search.attributes = {"fSMORoleOwner"};
  auto head = this->search(search, deadline);
  if (!head) return std::move(head).error();
  if (head->entries.size() == 1) root_.pdc = is_pdc(head->entries.front());
  search.base = root_.server;
  search.attributes = {"objectClass"};
  auto itself = this->search(search, deadline);
  if (!itself) return std::move(itself).error();
  if (itself->entries.size() != 1) return {};
  const auto& classes = itself->entries.front().values("objectClass");
  root_.read_only = std::any_of(classes.begin(), classes.end(), [](const std::string& one) { return lowered(one) == "ntdsdsaro"; });
  return {};
}

}  // namespace wb::ldap
