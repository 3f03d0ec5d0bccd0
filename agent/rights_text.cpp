#include "agent/rights_text.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "core/base64url.hpp"

namespace wb::agent {
namespace {

namespace json = boost::json;
using ldap::Grant;
using Place = Grant::Place;

// What the directory sent, for a terminal: without control characters.
std::string shown(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
  return text;
}

std::string object_of(const ldap::Delegation& d, Place place) {
  switch (place) {
    case Place::accounts:
    case Place::containers: return d.ou;
    case Place::password_settings: return "CN=Password Settings Container,CN=System," + d.domain_dn;
    case Place::domain_head: return d.domain_dn;
  }
  return {};
}

std::string words(const Grant& grant) {
  const bool reads = grant.mask & ldap::right::read_property, writes = grant.mask & ldap::right::write_property;
  if (grant.place == Place::accounts && reads && writes) return "read and write " + grant.name;
  return right_name(grant, writes ? ldap::right::write_property : reads ? ldap::right::read_property
                                                                        : grant.mask);
}

std::vector<Grant> part(const ldap::Delegation& d, bool only_if_missing) {
  std::vector<Grant> some;
  for (const auto& grant : d.grants)
    if (grant.only_if_missing == only_if_missing) some.push_back(grant);
  return some;
}

std::string in_sddl(const ldap::Delegation& d, bool only_if_missing) {
  std::string text;
  for (const auto& grant : part(d, only_if_missing)) text += "  " + sddl(ace_of(grant, d.trustee_sid)) + "  " + words(grant) + "\n    on " + shown(object_of(d, grant.place)) + "\n";
  return text;
}

std::string in_dsacls(const ldap::Delegation& d, bool only_if_missing) {
  std::string text;
  for (const auto& grant : part(d, only_if_missing)) {
    auto permission = d.trustee + ":";
    if (grant.place == Place::password_settings) permission += "GR";
    else if (grant.place == Place::containers) permission += "LC";
    else if (grant.mask & ldap::right::control_access) permission += "CA;" + grant.name;
    else permission += std::string(grant.mask & ldap::right::write_property ? "RPWP;" : "RP;") + grant.name;
    if (grant.place == Place::accounts) permission += ";user";
    const auto* inheritance = grant.place == Place::accounts ? " /I:S" : grant.place == Place::domain_head ? ""
                                                                                                           : " /I:T";
    text += "  dsacls " + dsacls_quoted(object_of(d, grant.place)) + inheritance + " /G " + dsacls_quoted(permission) + "\n";
  }
  return text;
}

std::string rule(const Grant& grant) {
  const bool whole = grant.guid.empty();
  std::string rights = grant.place == Place::password_settings ? "GenericRead" : grant.place == Place::containers ? "ListChildren"
      : grant.mask & ldap::right::control_access                                                                  ? "ExtendedRight"
      : grant.mask & ldap::right::write_property                                                                  ? "ReadProperty, WriteProperty"
                                                                                                                  : "ReadProperty";
  std::string text = "New-Object System.DirectoryServices.ActiveDirectoryAccessRule $sid, '" + rights + "', 'Allow'";
  if (!whole) text += ", ([guid]'" + grant.guid + "')";
  if (grant.place == Place::accounts) return text + ", 'Descendents', $user";  // .NET spells it so
  return text + (grant.place == Place::domain_head ? ", 'None'" : ", 'All'");
}

std::string in_powershell(const ldap::Delegation& d, bool only_if_missing) {
  std::string text = "  $sid = New-Object System.Security.Principal.SecurityIdentifier '" + d.trustee_sid + "'\n  $user = [guid]'" + std::string(ldap::user_class) + "'\n";
  const auto some = part(d, only_if_missing);
  std::string open;
  const std::string commit = "  $object.CommitChanges()\n";
  for (const auto& grant : some) {
    const auto dn = object_of(d, grant.place);
    if (dn != open) {
      if (!open.empty()) text += commit;
      std::string path = "LDAP://" + d.dc + "/";
      for (const char c : dn) path += c == '/' ? std::string("\\/") : std::string(1, c);  // ADSI's own escape
      text += "  $object = New-Object System.DirectoryServices.DirectoryEntry " + powershell_quoted(path) + "\n  $object.Options.SecurityMasks = 'Dacl'\n";
      open = dn;
    }
    text += "  $object.ObjectSecurity.AddAccessRule((" + rule(grant) + "))\n";
  }
  return text + (some.empty() ? "" : commit);
}

std::string in_samba(const ldap::Delegation& d, bool only_if_missing) {
  std::vector<std::pair<std::string, std::string>> lists;  // object, entries
  for (const auto& grant : part(d, only_if_missing)) {
    const auto dn = object_of(d, grant.place);
    auto at = std::find_if(lists.begin(), lists.end(), [&](const auto& one) { return one.first == dn; });
    if (at == lists.end()) at = lists.insert(lists.end(), {dn, {}});
    at->second += sddl(ace_of(grant, d.trustee_sid));
  }
  std::string text;
  for (const auto& [dn, entries] : lists)
    text += "  samba-tool dsacl set -H ldap://" + d.dc + " -U Administrator --objectdn=" + shell_quoted(dn) + " --sddl=" + shell_quoted(entries) + "\n";
  return text;
}

std::string in_every_form(const ldap::Delegation& d, bool only_if_missing) {
  auto ldif = delegation_ldif(d, only_if_missing);
  return "\n# entries (SDDL)\n" + in_sddl(d, only_if_missing) + "\n# dsacls (names of extended rights are translated in other languages than English: use PowerShell there)\n" + in_dsacls(d, only_if_missing) + "\n# PowerShell (System.DirectoryServices; needs no module)\n" + in_powershell(d, only_if_missing) + "\n# Samba\n" + in_samba(d, only_if_missing) + "\n# LDIF for the OU (the list as it is now with the entries added; the other objects by one of the forms above)\n" + (ldif.empty() ? "# not possible: the OU's DACL is not readable by the agent's account\n" : ldif);
}

std::string status_text(ldap::Finding::Status status) {
  switch (status) {
    case ldap::Finding::Status::pass: return "PASS";
    case ldap::Finding::Status::fail: return "FAIL";
    case ldap::Finding::Status::warn: return "WARN";
  }
  return {};
}

}  // namespace

std::string shell_quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string dsacls_quoted(const std::string& text) {
  std::string quoted = "\"";
  std::size_t backslashes = 0;  // they count only in front of a quotation mark
  for (const char c : text + '"') {
    if (c == '"') quoted.append(backslashes, '\\');
    backslashes = c == '\\' ? backslashes + 1 : 0;
    if (c == '"') quoted += '\\';
    quoted += c;
  }
  quoted.erase(quoted.size() - 2, 1);  // the closing mark is none of the text's
  return quoted;
}

std::string powershell_quoted(const std::string& text) {
  // PowerShell ends a literal at the typographic marks U+2018 to U+201B too: e2 80 98 to e2 80 9b.
  std::string quoted = "'";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto mark = text.compare(i, 2, "\xe2\x80") == 0 && i + 2 < text.size() && static_cast<unsigned char>(text[i + 2]) >= 0x98 && static_cast<unsigned char>(text[i + 2]) <= 0x9B;
    const auto unit = text.substr(i, mark ? 3 : 1);
    quoted += unit == "'" || mark ? unit + unit : unit;
    i += unit.size() - 1;
  }
  return quoted + "'";
}

std::string delegation_ldif(const ldap::Delegation& d, bool only_if_missing) {
  if (!d.ou_list || !d.ou_list->has_dacl) return {};
  auto list = *d.ou_list;
  for (const auto& grant : part(d, only_if_missing))
    if (grant.place == Place::accounts || grant.place == Place::containers) add_explicit(list, ace_of(grant, d.trustee_sid));
  const auto bytes = dacl_bytes(list);
  if (!bytes) return {};
  return "dn:: " + base64(d.ou) + "\ncontrol: 1.2.840.113556.1.4.801 true:: MAMCAQQ=\nchangetype: modify\nreplace: nTSecurityDescriptor\nnTSecurityDescriptor:: " + base64(*bytes) + "\n-\n";
}

std::string delegation_text(const ldap::Delegation& d) {
  return "# What " + shown(d.trustee) + " (" + d.trustee_sid + ") needs to reset passwords of users below\n#   " + shown(d.ou) +
      "\n# Apply it in one of the forms, as an administrator of the domain; then: runuser -u writeback-agent -- writeback-agent rights --ou ... --verify USER\n" + in_every_form(d, false) +
      "\n\n# ==== Only if --verify names them: most domains let every authenticated user do this ====\n" + in_every_form(d, true);
}

std::string delegation_json(const ldap::Delegation& d) {
  json::array list;
  for (const auto& grant : d.grants) {
    const auto* inherits = grant.place == Place::accounts ? "user" : grant.place == Place::domain_head ? "nobody"
                                                                                                       : "everything";
    list.push_back(json::object{{"object", object_of(d, grant.place)}, {"right", words(grant)}, {"inherited_by", inherits}, {"sddl", sddl(ace_of(grant, d.trustee_sid))}, {"needed", grant.only_if_missing ? "if_missing" : "always"}});
  }
  return json::serialize(json::object{{"domain_dn", d.domain_dn}, {"dc", d.dc}, {"ou", d.ou}, {"account", d.trustee}, {"sid", d.trustee_sid}, {"grants", std::move(list)}}) + "\n";
}

std::string verdict_text(const ldap::Delegation& d, const ldap::RightsView& view, const std::vector<ldap::Finding>& findings) {
  std::size_t widest = 0, failed = 0, warned = 0;
  for (const auto& one : findings) {
    widest = std::max(widest, one.what.size());
    failed += one.status == ldap::Finding::Status::fail;
    warned += one.status == ldap::Finding::Status::warn;
  }
  auto text = shown(d.trustee) + " on " + shown(view.account_dn) + ", by the DACLs on " + shown(d.dc) + "\n";
  for (const auto& one : findings) {
    text += status_text(one.status) + "  " + shown(one.what);
    if (!one.why.empty()) text += std::string(widest - one.what.size() + 2, ' ') + shown(one.why);
    text += '\n';
  }
  const auto count = [](std::size_t number, const char* what) { return std::to_string(number) + what; };
  return text + (failed ? count(failed, " missing") : "nothing missing") + ", " + (warned ? count(warned, " more than needed") : "nothing too much") + "\n";
}

std::string verdict_json(const ldap::Delegation& d, const ldap::RightsView& view, const std::vector<ldap::Finding>& findings) {
  json::array list;
  bool ok = true;
  for (const auto& one : findings) {
    ok = ok && one.status != ldap::Finding::Status::fail;
    auto status = status_text(one.status);
    for (char& c : status) c = static_cast<char>(c - 'A' + 'a');
    list.push_back(json::object{{"id", one.id}, {"status", status}, {"what", one.what}, {"why", one.why}});
  }
  return json::serialize(json::object{{"ok", ok}, {"account", view.account_dn}, {"agent", d.trustee}, {"dc", d.dc}, {"findings", std::move(list)}}) + "\n";
}

}  // namespace wb::agent
