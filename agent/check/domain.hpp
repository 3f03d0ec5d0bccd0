// Of `writeback-agent check`: what holds for a whole domain, asked of one of its servers: OUs, policy, rights. Reads only. Blocking.
#pragma once
#include <string>
#include <vector>

#include "agent/check/report.hpp"
#include "config/agent_config.hpp"
#include "ldap/connection.hpp"
#include "ldap/rights.hpp"

namespace wb::agent {

void check_domain(const config::AgentDomain& domain, ldap::Connection& connection, Report& report);
// The agent account's rights on one person, at that server. AD only.
void check_person(const config::AgentDomain& domain, const std::string& uri, const std::string& user, Report& report);
void judge_person(const ldap::RightsView& view, const std::vector<ldap::Finding>& findings, Report& report);  // pure

}  // namespace wb::agent
