// The delegation and its verdict: what is missing on an account and why, what is too much, and the commands printed.
#include "ldap/rights.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/parse.hpp>

#include "agent/command_line.hpp"
#include "agent/rights_text.hpp"

namespace wb::ldap {
namespace {

using Status = Finding::Status;
constexpr const char* domain = "S-1-5-21-1-2-3-";
const std::string agent = std::string(domain) + "1103";
constexpr const char* everyone = "S-1-1-0";
constexpr const char* authenticated = "S-1-5-11";
constexpr const char* ou = "OU=People,DC=corp,DC=example";
const std::string users(user_class);

std::string guid_of(std::size_t number) {
  auto text = std::to_string(number);
  return "00000000-0000-4000-8000-" + std::string(12 - text.size(), '0') + text;
}
Schema schema() {
  Schema made;
  for (const auto& name : delegated_attributes("marker")) made[name] = {guid_of(made.size() + 1), {}};
  made["pwdLastSet"].property_set = "4c164200-20c0-11d0-a768-00aa006e0529";
  return made;
}
const std::vector<Grant> needed = grants(schema(), "marker");

SecurityDescriptor empty_list() {
  SecurityDescriptor made;
  made.has_dacl = true;
  return made;
}
void add_grants(SecurityDescriptor& list, bool (*which)(const Grant&), std::string_view but = "-") {
  for (const auto& grant : needed)
    if (which(grant) && grant.name != but) add_explicit(list, ace_of(grant, agent));
}

// An OU with the whole delegation and an account that inherits it; `but`: without that grant.
RightsView delegated(std::string_view but = "-") {
  RightsView view;
  view.trustee_sid = agent;
  view.token = {agent, everyone, authenticated, std::string(domain) + "513"};
  view.ou = ou;
  view.ou_list = empty_list();
  add_grants(
      *view.ou_list, [](const Grant& one) { return one.place == Grant::Place::accounts || one.place == Grant::Place::containers; }, but);
  view.account_dn = std::string("CN=Alice,") + ou;
  view.account_class = "user";
  view.account_class_guid = users;
  view.account = inherited_by(*view.ou_list, users);
  view.password_settings = empty_list();
  add_grants(
      *view.password_settings, [](const Grant& one) { return one.place == Grant::Place::password_settings; }, but);
  view.domain_head = empty_list();
  add_grants(
      *view.domain_head, [](const Grant& one) { return one.place == Grant::Place::domain_head; }, but);
  return view;
}

std::vector<std::string> ids(const std::vector<Finding>& findings, Status status) {
  std::vector<std::string> some;
  for (const auto& one : findings)
    if (one.status == status) some.push_back(one.id);
  return some;
}
std::vector<std::string> missing(const RightsView& view) { return ids(judge_rights(view, needed), Status::fail); }
std::vector<std::string> too_much(const RightsView& view) { return ids(judge_rights(view, needed), Status::warn); }
std::string why(const RightsView& view, std::string_view id) {
  for (const auto& one : judge_rights(view, needed))
    if (one.id == id) return one.why;
  return "no such finding";
}
using Ids = std::vector<std::string>;

Ace allow(std::uint32_t mask, std::string type = {}, std::string sid = agent) { return {Ace::Kind::allow, 0, mask, std::move(type), {}, std::move(sid), {}}; }
Ace deny(std::uint32_t mask, std::string type = {}, std::string sid = agent) { return {Ace::Kind::deny, 0, mask, std::move(type), {}, std::move(sid), {}}; }

TEST(TheDelegation, IsEnoughAndNotTooMuch) {
  const auto findings = judge_rights(delegated(), needed);
  EXPECT_EQ(findings.size(), 17U);
  for (const auto& one : findings) EXPECT_EQ(one.status, Status::pass) << one.id << ": " << one.why;
}

TEST(TheDelegation, WithoutAnyOneGrantIsMissingThatOneByName) {
  for (const auto& grant : needed) {
    if (grant.name.empty()) continue;
    const auto named = missing(delegated(grant.name));
    auto id = grant.name;
    std::replace(id.begin(), id.end(), ' ', '_');
    const bool writes = grant.mask & right::write_property, control = grant.mask & right::control_access;
    Ids wanted{(control ? "right." : "read.") + id};
    if (writes) wanted.push_back("write." + id);
    EXPECT_EQ(named, wanted);
  }
  EXPECT_EQ(missing(delegated("")), Ids{"read.password_settings"});
}

TEST(TheDelegation, HasNoMarkerWhereNoneIsConfigured) {
  const auto without = grants(schema(), "");
  EXPECT_EQ(without.size(), needed.size() - 1);
  EXPECT_TRUE(std::none_of(without.begin(), without.end(), [](const Grant& one) { return one.name == "marker"; }));
}

TEST(AMissingRight, IsExplained) {
  struct Case {
    const char* what;
    void (*change)(RightsView&);
    const char* why;
  };
  const Case cases[] = {
      {"administrator", [](RightsView& v) { v.account = empty_list(), v.account->control |= SecurityDescriptor::dacl_protected, v.admin_count = true; }, "AdminSDHolder"},
      {"protected by hand", [](RightsView& v) { v.account = empty_list(), v.account->control |= SecurityDescriptor::dacl_protected; }, "inheritance is switched off"},
      {"elsewhere", [](RightsView& v) { v.account = empty_list(), v.below_ou = false; }, "not below OU=People"},
      {"another class", [](RightsView& v) { v.account = empty_list(), v.account_class = "inetOrgPerson", v.account_class_guid = guid_of(99); }, "the account's class is inetOrgPerson"},
      {"a container between", [](RightsView& v) { v.account = empty_list(); }, "does not reach the account"},
      {"the OU is silent", [](RightsView& v) { v.account = v.ou_list = empty_list(); }, "not granted on OU=People"},
      {"the OU is unreadable", [](RightsView& v) { v.account = empty_list(), v.ou_list.reset(); }, "the OU's DACL is not readable"},
      {"denied", [](RightsView& v) { v.account->dacl.insert(v.account->dacl.begin(), deny(right::control_access, {}, everyone)); }, "an explicit entry denies it: (D;;CR;;;S-1-1-0)"},
  };
  for (const auto& one : cases) {
    auto view = delegated();
    one.change(view);
    EXPECT_NE(why(view, "right.Reset_Password").find(one.why), std::string::npos) << one.what << ": " << why(view, "right.Reset_Password");
  }
}

TEST(AMissingRight, IsNotMissingWhereEverybodyHasIt) {
  auto view = delegated("tokenGroups");
  EXPECT_EQ(missing(view), Ids{"read.tokenGroups"});
  view.account->dacl.push_back(allow(right::read_property, {}, authenticated));
  EXPECT_EQ(missing(view), Ids{});
}

TEST(AnUnreadableList, SaysNothingAboutTheAccount) {
  auto view = delegated();
  view.account.reset();
  EXPECT_EQ(missing(view), Ids{"read.nTSecurityDescriptor"});
}

TEST(ThePasswordSettings, AreJudgedByTheObjectInForceFirst) {
  auto view = delegated();
  view.pso_readable = false;
  EXPECT_EQ(missing(view), Ids{"read.password_settings"});
  view.password_settings.reset();
  view.pso_readable = true;
  EXPECT_EQ(missing(view), Ids{});
  view.pso_readable.reset();
  EXPECT_EQ(missing(view), Ids{"read.password_settings"});
  view.password_settings = empty_list();
  view.password_settings->dacl.push_back(allow(right::read_property | right::list_children));  // not inherited
  EXPECT_EQ(missing(view), Ids{"read.password_settings"});
}

TEST(TooMuch, IsNamed) {
  struct Case {
    const char* what;
    void (*change)(RightsView&);
    Ids ids;
  };
  const Case cases[] = {
      {"Domain Admins", [](RightsView& v) { v.token.insert(std::string(domain) + "512"); }, {"group.S-1-5-21-1-2-3-512"}},
      {"Account Operators", [](RightsView& v) { v.token.insert("S-1-5-32-548"); }, {"group.S-1-5-32-548"}},
      {"DCSync", [](RightsView& v) { v.domain_head->dacl.push_back(allow(right::control_access, "1131f6ad-9c07-11d1-f79f-00c04fc2dcd2")); }, {"excess.DS-Replication-Get-Changes-All"}},
      {"DCSync by a group", [](RightsView& v) { v.domain_head->dacl.push_back(allow(right::control_access, "1131f6aa-9c07-11d1-f79f-00c04fc2dcd2", authenticated)); }, {"excess.DS-Replication-Get-Changes"}},
      {"WriteDacl on the OU", [](RightsView& v) { v.ou_list->dacl.push_back(allow(right::write_dacl)); }, {"excess.ou"}},
      {"full control of the account", [](RightsView& v) { v.account->dacl.push_back(allow(0xF01FF)); }, {"excess.account"}},
      {"full control of the domain",
          [](RightsView& v) { v.domain_head->dacl.push_back(allow(0xF01FF)); },
          {"excess.domain", "excess.DS-Replication-Get-Changes", "excess.DS-Replication-Get-Changes-All", "excess.DS-Replication-Get-Changes-In-Filtered-Set"}},
      {"another attribute", [](RightsView& v) { v.account->dacl.push_back(allow(right::write_property, "bf967a68-0de6-11d0-a285-00aa003049e2")); }, {"excess.bf967a68-0de6-11d0-a285-00aa003049e2"}},
      {"a property set around one of ours", [](RightsView& v) { v.account->dacl.push_back(allow(right::write_property, "4c164200-20c0-11d0-a768-00aa006e0529")); }, {"excess.4c164200-20c0-11d0-a768-00aa006e0529"}},
      {"writing what should only be read", [](RightsView& v) { v.account->dacl.push_back(allow(right::write_property, guid_of(3))); }, {"excess." + guid_of(3)}},
      {"every class", [](RightsView& v) { v.ou_list->dacl.push_back({Ace::Kind::allow, Ace::container_inherit | Ace::inherit_only, right::control_access, std::string(reset_password_right), {}, agent, {}}); }, {"excess.classes"}},
      {"nothing: Change Password is everybody's", [](RightsView& v) { v.account->dacl.push_back(allow(right::control_access, "ab721a53-1e2f-11d0-9819-00aa0040529b", everyone)); }, {}},
      {"nothing: reading", [](RightsView& v) { v.account->dacl.push_back(allow(0x20094)); }, {}},
      {"nothing: somebody else's", [](RightsView& v) { v.ou_list->dacl.push_back(allow(0xF01FF, {}, "S-1-5-32-544")); }, {}},
      {"nothing: an attribute taken away before", [](RightsView& v) { v.account->dacl.insert(v.account->dacl.begin(), deny(right::write_property, guid_of(77))), v.account->dacl.push_back(allow(right::write_property, guid_of(77))); }, {}},
      {"nothing: taken away before", [](RightsView& v) { v.account->dacl.insert(v.account->dacl.begin(), deny(right::write_dacl)), v.account->dacl.push_back(allow(right::write_dacl)); }, {}},
  };
  for (const auto& one : cases) {
    auto view = delegated();
    one.change(view);
    EXPECT_EQ(too_much(view), one.ids) << one.what;
    EXPECT_EQ(missing(view), Ids{}) << one.what;
  }
}

Delegation made() {
  return {"dc1.corp.example", "DC=corp,DC=example", "OU=O'Neil\\, \"Lab\" / #1,DC=corp,DC=example", "svc-wb@corp.example", agent, {agent}, needed, empty_list()};
}
std::size_t count(const std::string& text, const std::string& what) {
  std::size_t found = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
  return found;
}

TEST(ThePrintedDelegation, HasEachGrantOnceInEveryForm) {
  const auto text = wb::agent::delegation_text(made());
  const auto hardened = text.find("Only if --verify names them");
  ASSERT_NE(hardened, std::string::npos);
  const auto always = text.substr(0, hardened);
  EXPECT_NE(text.find("dsacls \"OU=O'Neil\\, \\\"Lab\\\" / #1,DC=corp,DC=example\" /I:S /G \"svc-wb@corp.example:CA;Reset Password;user\"\n"), std::string::npos);
  EXPECT_NE(text.find("/I:S /G \"svc-wb@corp.example:RPWP;lockoutTime;user\""), std::string::npos);
  EXPECT_NE(text.find("dsacls \"CN=Password Settings Container,CN=System,DC=corp,DC=example\" /I:T /G \"svc-wb@corp.example:GR\""), std::string::npos);
  EXPECT_NE(text.find("dsacls \"DC=corp,DC=example\" /G \"svc-wb@corp.example:CA;Unexpire Password\""), std::string::npos);
  EXPECT_NE(text.find("--objectdn='OU=O'\\''Neil\\, \"Lab\" / #1,DC=corp,DC=example' --sddl='(OA;CIIO;CR;00299570-246d-11d0-a768-00aa006e0529;bf967aba-0de6-11d0-a285-00aa003049e2;" + agent + ")"), std::string::npos);
  EXPECT_NE(text.find("'LDAP://dc1.corp.example/OU=O''Neil\\, \"Lab\" \\/ #1,DC=corp,DC=example'"), std::string::npos);
  EXPECT_NE(text.find("$sid, 'ReadProperty, WriteProperty', 'Allow', ([guid]'" + schema().at("pwdLastSet").guid + "'), 'Descendents', $user"), std::string::npos);
  const auto all = static_cast<std::size_t>(std::count_if(needed.begin(), needed.end(), [](const Grant& one) { return !one.only_if_missing; }));
  EXPECT_EQ(all, 6U);
  EXPECT_EQ(count(always, "dsacls \""), all);
  EXPECT_EQ(count(always, "AddAccessRule"), all);
  EXPECT_EQ(count(text, "dsacls \""), needed.size());
  for (const auto& grant : needed) EXPECT_EQ(count(text, sddl(ace_of(grant, agent))), 2U) << grant.name;  // as an entry and for Samba
  EXPECT_EQ(count(text, "CommitChanges"), 4U);                                                            // one an object: OU and container, OU and domain
}

TEST(ThePrintedDelegation, QuotesForEachShell) {
  EXPECT_EQ(wb::agent::shell_quoted("a'b$(c)"), "'a'\\''b$(c)'");
  EXPECT_EQ(wb::agent::dsacls_quoted("a\\\"b\\"), "\"a\\\\\\\"b\\\\\"");
  EXPECT_EQ(wb::agent::powershell_quoted("a'b\xe2\x80\x99 $c"), "'a''b\xe2\x80\x99\xe2\x80\x99 $c'");
}

TEST(ThePrintedDelegation, NeedsTheListForAnLdif) {
  auto delegation = made();
  EXPECT_NE(wb::agent::delegation_ldif(delegation, false).find("control: 1.2.840.113556.1.4.801 true:: MAMCAQQ=\nchangetype: modify\n"), std::string::npos);
  delegation.ou_list.reset();
  EXPECT_EQ(wb::agent::delegation_ldif(delegation, false), "");
}

TEST(TheVerdict, IsATableAndJson) {
  auto view = delegated("lockoutTime");
  view.token.insert("S-1-5-32-544");
  const auto findings = judge_rights(view, needed);
  const auto table = wb::agent::verdict_text(made(), view, findings);
  EXPECT_NE(table.find("\nPASS  Reset Password\n"), std::string::npos);
  EXPECT_NE(table.find("\nFAIL  write lockoutTime  "), std::string::npos);
  EXPECT_NE(table.find("\nWARN  member of Administrators  "), std::string::npos);
  EXPECT_NE(table.find("\n2 missing, 1 more than needed\n"), std::string::npos);
  const auto json = boost::json::parse(wb::agent::verdict_json(made(), view, findings)).as_object();
  EXPECT_FALSE(json.at("ok").as_bool());
  EXPECT_EQ(json.at("findings").as_array().size(), findings.size());
  EXPECT_EQ(json.at("findings").as_array()[1].as_object().at("status"), "fail");
  const auto printed = boost::json::parse(wb::agent::delegation_json(made())).as_object();
  EXPECT_EQ(printed.at("grants").as_array().size(), needed.size());
}

TEST(TheVerb, ReadsItsOptions) {
  using namespace wb::agent;
  const auto read = read_command({"rights", "--ou", "OU=People,DC=corp,DC=example", "--json", "--verify=alice"});
  const auto* command = std::get_if<Command>(&read);
  ASSERT_TRUE(command);
  EXPECT_EQ(command->verb, Verb::rights);
  EXPECT_EQ(command->ou, "OU=People,DC=corp,DC=example");
  EXPECT_EQ(command->verify, "alice");
  EXPECT_TRUE(command->has("json"));
  EXPECT_TRUE(std::holds_alternative<UsageError>(read_command({"rights"})));
  EXPECT_TRUE(std::holds_alternative<UsageError>(read_command({"rights", "--ou", "OU=x", "--json=1"})));
  EXPECT_TRUE(std::holds_alternative<UsageError>(read_command({"run", "--json"})));
}

}  // namespace
}  // namespace wb::ldap
