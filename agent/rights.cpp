#include "agent/rights.hpp"

#include <algorithm>
#include <ostream>

#include "agent/rights_text.hpp"
#include "ldap/rights_reader.hpp"
#include "policy/dn.hpp"

namespace wb::agent {
namespace {

// DC=corp,DC=example at the end of the DN; "corp.example".
std::string domain_of(const policy::Dn& dn) {
  std::string domain;
  for (const auto& rdn : dn) {
    if (rdn.size() != 1 || !rdn.front().starts_with("dc=")) domain.clear();
    else domain += (domain.empty() ? "" : ".") + rdn.front().substr(3);
  }
  return domain;
}

Result<const ldap::Settings*> settings_for(const config::AgentConfig& config, const std::string& ou) {
  const auto dn = policy::parse_dn(ou);
  if (!dn || dn->empty()) return fault(Fault::Kind::refused, "rights.ou", "--ou: not a distinguished name");
  const auto domain = domain_of(*dn);
  const auto at = std::find_if(config.domains.begin(), config.domains.end(), [&](const auto& one) { return one.directory.domain == domain; });
  if (at == config.domains.end()) return fault(Fault::Kind::refused, "rights.ou", "--ou: in no domain of the configuration");
  if (at->directory.type != ldap::DirectoryType::active_directory) return fault(Fault::Kind::refused, "rights.ou", "this domain is not an Active Directory: it has no such delegation");
  return &at->directory;
}

}  // namespace

Result<bool> rights(const config::AgentConfig& config, const RightsQuestion& question, std::ostream& out) {
  const auto settings = settings_for(config, question.ou);
  if (!settings) return settings.error();
  auto reader = ldap::RightsReader::open(**settings);
  if (!reader) return std::move(reader).error();
  const auto delegation = reader->delegation(question.ou);
  if (!delegation) return delegation.error();
  if (question.user.empty()) {
    out << (question.json ? delegation_json(*delegation) : delegation_text(*delegation));
    return true;
  }
  const auto view = reader->view(*delegation, question.user);
  if (!view) return view.error();
  const auto findings = ldap::judge_rights(*view, delegation->grants);
  out << (question.json ? verdict_json(*delegation, *view, findings) : verdict_text(*delegation, *view, findings));
  return std::none_of(findings.begin(), findings.end(), [](const auto& one) { return one.status == ldap::Finding::Status::fail; });
}

}  // namespace wb::agent
