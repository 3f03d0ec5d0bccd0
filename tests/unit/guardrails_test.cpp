#include <gtest/gtest.h>

#include "policy/dn.hpp"
#include "policy/guardrails.hpp"

namespace wb::policy {
namespace {

const std::string domain_sid = "S-1-5-21-1004336348-1177238915-682003330-";

Guardrails rules() { return {{"OU=People,DC=corp,DC=example"}, {}, {}, true}; }
Subject alice() {
  return {"CN=Alice,OU=People,DC=corp,DC=example", domain_sid + "1104", {domain_sid + "513", "S-1-5-32-545"}, {}, false};
}

TEST(ADn, IsBelowItsBaseHoweverItIsWritten) {
  const std::string base = "OU=People,DC=corp,DC=example";
  for (const auto* dn : {"OU=People,DC=corp,DC=example", "CN=a,OU=People,DC=corp,DC=example", "cn=a,ou=PEOPLE,dc=Corp,dc=EXAMPLE",
           " CN = a , OU = People ,DC=corp, DC=example ", "CN=a,OU=\\50eople,DC=corp,DC=example", "CN=a,2.5.4.11=People,DC=corp,DC=example",
           "CN=a,OU=#0C0650656F706C65,DC=corp,DC=example", "CN=a\\,b,OU=x,OU=People,DC=corp,DC=example"})
    EXPECT_TRUE(is_below(dn, base)) << dn;
}

TEST(ADn, IsNotBelowWhatOnlyLooksLikeItsBase) {
  const std::string base = "OU=People,DC=corp,DC=example";
  for (const auto* dn : {"DC=corp,DC=example", "OU=People", "CN=a,OU=NotPeople,DC=corp,DC=example", "CN=x\\,OU=People,DC=corp,DC=example",
           "CN=a\\2COU=People,DC=corp,DC=example", "CN=a,OU=People\\ ,DC=corp,DC=example", "CN=a,OU=People,DC=corp,DC=example,DC=org",
           "CN=a+OU=People,DC=corp,DC=example", "CN=a,CN=People,DC=corp,DC=example", "CN=a,OU=\\#People,DC=corp,DC=example"})
    EXPECT_FALSE(is_below(dn, base)) << dn;
}

TEST(ADn, MayHoldEveryCharacterEscaped) {
  const std::string base = R"(OU=R\+D\, \"Lab\" #1,DC=corp,DC=example)";
  EXPECT_TRUE(is_below(R"(CN=a,OU=R\2BD\2C \22Lab\22 #1,DC=corp,DC=example)", base));
  EXPECT_TRUE(is_below(R"(CN=a\0ACNF:9f0c,OU=r\+d\, \"lab\" \#1,DC=corp,DC=example)", base));
  EXPECT_FALSE(is_below(R"(CN=a,OU=R\+D\, Lab #1,DC=corp,DC=example)", base));
  EXPECT_TRUE(is_below("CN=a,OU=B\xc3\xbcro,DC=corp", "OU=b\\C3\\BCro,DC=corp"));
  EXPECT_FALSE(is_below("CN=a,OU=\xc3\x84,DC=corp", "OU=\xc3\xa4,DC=corp")) << "only ASCII is folded";
}

TEST(ADn, WithSeveralPartsInOneComponentComparesInAnyOrder) {
  EXPECT_TRUE(is_below("CN=a+OU=x,DC=corp", "OU=x + CN=A,DC=corp"));
  EXPECT_FALSE(is_below("CN=a+OU=x,DC=corp", "CN=a,DC=corp"));
  EXPECT_FALSE(is_below("CN=a\\00ou=x,DC=corp", "CN=a+OU=x,DC=corp"));
}

TEST(ADn, ThatIsMalformedIsBelowNothing) {
  for (const auto* dn : {"People", "=x", "OU", "OU=a,", ",OU=a", "OU=a,,DC=b", "OU=a;DC=b", "OU=\"a\"", "OU=a<b", "OU=a\\", "OU=a\\g", "OU=a\\4", "OU=#4",
           "OU=#", "1..2=a", "1.2.=a", "O U=a", "<GUID=1>", "OU=a+"}) {
    EXPECT_FALSE(parse_dn(dn)) << dn;
    EXPECT_FALSE(is_below(dn, dn)) << dn;
  }
  EXPECT_TRUE(parse_dn("OU=")) << "an empty value is in the grammar";
  EXPECT_FALSE(parse_dn(std::string_view("OU=a\0b", 6)));
}

TEST(TheEmptyDn, IsNobodysBase) {
  EXPECT_FALSE(is_below("DC=corp", ""));
  EXPECT_FALSE(is_below("", ""));
  EXPECT_FALSE(is_below("DC=corp", "   "));
}

TEST(ASid, IsRecognised) {
  for (const auto* text : {"S-1-5-32-544", "S-1-5-21-1-2-3-500", "s-1-5-18"}) EXPECT_TRUE(is_sid(text)) << text;
  for (const auto* text : {"", "S-1-", "S-1-5", "S-1-5-", "S-1-5--1", "S-2-5-1", "S-1-5-x", "CN=S-1-5-18", "S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16"})
    EXPECT_FALSE(is_sid(text)) << text;
}

TEST(AnOrdinaryAccount, IsAllowedInScopeOnly) {
  EXPECT_EQ(decide(rules(), alice()).denial, Denial::none);
  auto hugo = alice();
  hugo.dn = "CN=Hugo,OU=Other,DC=corp,DC=example";
  EXPECT_EQ(decide(rules(), hugo).denial, Denial::out_of_scope);
  auto nobody = rules();
  nobody.allow_ous.clear();
  EXPECT_EQ(decide(nobody, alice()).denial, Denial::out_of_scope);
}

TEST(ADeniedOu, WinsOverAnAllowedOne) {
  auto r = rules();
  r.deny_ous = {"ou=Board,ou=people,dc=corp,dc=example"};
  auto chief = alice();
  chief.dn = "CN=Chief,OU=Board,OU=People,DC=corp,DC=example";
  const auto decision = decide(r, chief);
  EXPECT_EQ(decision.denial, Denial::out_of_scope);
  EXPECT_EQ(decision.why, "below deny_ous: ou=Board,ou=people,dc=corp,dc=example");
  EXPECT_EQ(decide(r, alice()).denial, Denial::none);
  r.deny_ous = {"OU=People,DC=corp,DC=example"};
  EXPECT_EQ(decide(r, alice()).denial, Denial::out_of_scope);
}

TEST(APrivilegedGroup, ProtectsItsMembersInWhicheverDomain) {
  for (const auto* rid : {"498", "512", "516", "518", "519", "520", "521", "526", "527"}) {
    auto boss = alice();
    boss.group_sids.push_back("S-1-5-21-9-8-7-" + std::string(rid));
    EXPECT_EQ(decide(rules(), boss).denial, Denial::protected_account) << rid;
  }
  for (const auto* rid : {"544", "548", "549", "550", "551", "552"}) {
    auto boss = alice();
    boss.group_sids.push_back("S-1-5-32-" + std::string(rid));
    EXPECT_EQ(decide(rules(), boss).denial, Denial::protected_account) << rid;
  }
  for (const auto* sid : {"S-1-5-32-512", "S-1-5-21-9-8-7-544", "S-1-5-21-9-8-7-1512", "S-1-5-21-9-8-7-5120", "S-1-5-11"}) {
    auto user = alice();
    user.group_sids.push_back(sid);
    EXPECT_EQ(decide(rules(), user).denial, Denial::none) << sid;
  }
}

TEST(APrivilegedAccount, IsProtectedByItself) {
  for (const auto* rid : {"500", "502"}) {
    auto user = alice();
    user.sid = domain_sid + rid;
    EXPECT_EQ(decide(rules(), user).denial, Denial::protected_account) << rid;
  }
  auto user = alice();
  user.admin_count = true;
  EXPECT_EQ(decide(rules(), user).why, "adminCount=1");
  auto r = rules();
  r.protect_admins = false;
  EXPECT_EQ(decide(r, user).denial, Denial::none);
}

TEST(AProtectedGroup, IsFoundBySidOrByDn) {
  auto r = rules();
  r.protect_admins = false;
  r.protected_groups = {"cn=vips, ou=Groups,DC=corp,DC=example", "s-1-5-21-1-2-3-1200"};
  r.group_sids[r.protected_groups[0]] = "S-1-5-21-1-2-3-1100";
  auto by_dn = alice();
  by_dn.group_dns = {"CN=Staff,DC=corp,DC=example", "CN=VIPs,OU=Groups,DC=corp,DC=example"};
  EXPECT_EQ(decide(r, by_dn).denial, Denial::protected_account);
  auto by_sid = alice();
  by_sid.group_sids.push_back("S-1-5-21-1-2-3-1200");
  EXPECT_EQ(decide(r, by_sid).denial, Denial::protected_account);
  EXPECT_EQ(decide(r, alice()).denial, Denial::none);
}

TEST(WhatCannotBeRead, IsDenied) {
  auto r = rules();
  r.deny_ous = {"not a DN"};
  EXPECT_EQ(decide(r, alice()).denial, Denial::out_of_scope);
  r = rules();
  r.protected_groups = {"VIPs"};
  EXPECT_EQ(decide(r, alice()).denial, Denial::protected_account);
  auto user = alice();
  user.dn = "CN=Alice;OU=People";
  EXPECT_EQ(decide(rules(), user).denial, Denial::out_of_scope);
  user = alice();
  user.group_sids.clear();
  EXPECT_EQ(decide(rules(), user).denial, Denial::protected_account);
  user = alice();
  user.sid.clear();
  EXPECT_EQ(decide(rules(), user).denial, Denial::protected_account);
  r = rules();
  r.allow_ous = {"", "not a DN"};
  EXPECT_EQ(decide(r, alice()).denial, Denial::out_of_scope);
}

// ---- what nothing allows ------------------------------------------------------------------------------------
Guardrails open_wide() {
  auto r = rules();
  r.protect_admins = false;
  r.disabled_accounts = Guardrails::Disabled::allow;
  r.allow_privileged = {"CN=Alice,OU=People,DC=corp,DC=example"};
  return r;
}

TEST(Krbtgt, IsNeverWrittenWhateverTheRulesAllow) {
  auto user = alice();
  user.sid = domain_sid + "502";
  EXPECT_EQ(decide(open_wide(), user).why, "the account is krbtgt");
  user = alice();
  for (const auto* sam : {"krbtgt", "KRBTGT", "krbtgt_31337"}) {
    user.sam = sam;
    EXPECT_EQ(decide(open_wide(), user).denial, Denial::protected_account) << sam;
  }
  user.sam = "krbtgtfan";
  EXPECT_EQ(decide(open_wide(), user).denial, Denial::none);
}

TEST(AnAccountThatIsNoPersons, IsNeverWritten) {
  struct Row {
    std::uint32_t bits;
    const char* why;
  };
  for (const auto& row : {Row{0x1000, "the account of a computer"}, Row{0x1020, "the account of a computer"}, Row{0x2000, "the account of a domain controller"},
           Row{0x0500'1000, "the account of a domain controller"}, Row{0x820, "the account of a trust"}, Row{0x100, "not the account of a person (userAccountControl)"},
           Row{0x0, "not the account of a person (userAccountControl)"}}) {
    auto user = alice();
    user.user_account_control = row.bits;
    EXPECT_EQ(decide(open_wide(), user).denial, Denial::protected_account) << row.bits;
    EXPECT_EQ(decide(open_wide(), user).why, row.why) << row.bits;
  }
  for (const auto bits : {0x200U, 0x10200U, 0x4'0200U, 0x202U}) {
    auto user = alice();
    user.user_account_control = bits;
    EXPECT_EQ(decide(open_wide(), user).denial, Denial::none) << bits;
  }
  auto user = alice();
  user.sam_account_type = 0x3000'0002;
  EXPECT_EQ(decide(open_wide(), user).why, "not the account of a person (sAMAccountType)");
  user.sam_account_type = 0x3000'0000;
  EXPECT_EQ(decide(open_wide(), user).denial, Denial::none);
}

TEST(TheAgentsOwnAccount, IsNeverWrittenHoweverItIsNamed) {
  auto user = alice();
  user.sam = "Svc-Writeback", user.upn = "svc.writeback@Corp.Example", user.dn = "CN=svc writeback,OU=People,DC=corp,DC=example";
  auto r = open_wide();
  r.domain = "corp.example";
  for (const auto* own : {"svc-writeback@corp.example", "SVC.WRITEBACK@corp.example", "cn=SVC Writeback, ou=people,dc=corp,dc=example"}) {
    r.own_account = own;
    EXPECT_EQ(decide(r, user).why, "the agent's own account") << own;
    EXPECT_EQ(decide(r, alice()).denial, Denial::none) << own;
  }
  for (const auto* other : {"svc-writeback@other.example", "svc@corp.example", "CN=svc writeback,DC=corp,DC=example", ""}) {
    r.own_account = other;
    EXPECT_EQ(decide(r, user).denial, Denial::none) << other;
  }
}

// ---- privileged, disabled, groups ---------------------------------------------------------------------------
TEST(APrivilegedAccount, IsSparedWhenItIsNamedItself) {
  auto boss = alice();
  boss.admin_count = true;
  boss.group_sids.push_back(domain_sid + "512");
  auto r = rules();
  r.protected_groups = {domain_sid + "512"};
  EXPECT_EQ(decide(r, boss).denial, Denial::protected_account);
  for (const auto& name : {boss.sid, std::string("cn=ALICE,ou=People,dc=corp,dc=example")}) {
    r.allow_privileged = {name};
    EXPECT_EQ(decide(r, boss).denial, Denial::none) << name;
  }
  r.allow_privileged = {domain_sid + "1105", "CN=Bob,OU=People,DC=corp,DC=example", "OU=People,DC=corp,DC=example"};
  EXPECT_EQ(decide(r, boss).denial, Denial::protected_account) << "a base is not an account";
  r.allow_privileged = {boss.sid};
  r.allow_ous = {"OU=Else,DC=corp,DC=example"};
  EXPECT_EQ(decide(r, boss).denial, Denial::out_of_scope) << "scope still holds";
}

TEST(ADisabledAccount, IsRefusedUnlessTheRulesSayElse) {
  auto user = alice();
  user.user_account_control = 0x202;
  auto r = rules();
  EXPECT_EQ(decide(r, user).denial, Denial::disabled);
  EXPECT_EQ(decide(r, user).why, "the account is disabled");
  r.disabled_accounts = Guardrails::Disabled::audit;
  EXPECT_EQ(decide(r, user).denial, Denial::none);
  EXPECT_EQ(decide(r, user).audited, "the account is disabled");
  EXPECT_EQ(decide(r, alice()).audited, "");
  r.disabled_accounts = Guardrails::Disabled::allow;
  EXPECT_EQ(decide(r, user).denial, Denial::none);
  EXPECT_EQ(decide(r, user).audited, "");
  auto elsewhere = alice();
  elsewhere.disabled = true;
  EXPECT_EQ(decide(rules(), elsewhere).denial, Denial::disabled) << "a directory without userAccountControl";
  elsewhere.admin_count = true;
  EXPECT_EQ(decide(rules(), elsewhere).denial, Denial::protected_account) << "what can't be mended comes first";
}

TEST(AGroupNamedByDn, CoversNestedMembersOnceItsSidIsKnown) {
  const std::string vips = "CN=VIPs,OU=Groups,DC=corp,DC=example", sid = domain_sid + "1200";
  auto nested = alice();
  nested.group_sids.push_back(sid);
  nested.group_dns = {"CN=Inner,OU=Groups,DC=corp,DC=example"};
  auto r = rules();
  r.protected_groups = {vips};
  EXPECT_EQ(groups_by_dn(r), std::vector<std::string>{vips});
  for (const auto& user : {nested, alice()}) {
    EXPECT_EQ(decide(r, user).denial, Denial::protected_account) << "whom it protects is not known as long as the directory has not shown its SID";
    EXPECT_EQ(decide(r, user).why, "a group of protected_groups was not found, so whom it protects is not known: " + vips);
  }
  r.group_sids[vips] = sid;
  EXPECT_EQ(decide(r, nested).denial, Denial::protected_account);
  EXPECT_EQ(decide(r, nested).why, "member of protected_groups: " + vips);
  EXPECT_EQ(decide(r, alice()).denial, Denial::none);
  auto direct = alice();
  direct.group_dns = {"cn=vips,ou=groups,dc=corp,dc=example"};
  EXPECT_EQ(decide(r, direct).denial, Denial::protected_account) << "a distribution group has members, and no token";
}

TEST(AProtectedGroup, ProtectsEveryAccountWhoseGroupsWereNotRead) {
  auto r = rules();
  r.protect_admins = false;
  r.protected_groups = {domain_sid + "1200"};
  auto user = alice();
  user.group_sids.clear();
  EXPECT_EQ(decide(r, user).why, "the account's group SIDs were not read");
  user.sid.clear(), user.user_account_control = 0x200;
  EXPECT_EQ(decide(r, user).denial, Denial::protected_account) << "userAccountControl shows that it is one of Active Directory's";
  user.user_account_control.reset();
  r.protected_groups = {"CN=VIPs,DC=corp"};
  EXPECT_EQ(decide(r, user).denial, Denial::none) << "a directory without SIDs: all its groups are named by DN";
}

TEST(AllowedGroups, NarrowTheScopeToTheirMembers) {
  auto r = rules();
  r.allow_groups = {"CN=Staff,DC=corp,DC=example", domain_sid + "1300"};
  EXPECT_EQ(decide(r, alice()).denial, Denial::out_of_scope);
  EXPECT_EQ(decide(r, alice()).why, "member of none of allow_groups");
  auto by_dn = alice(), by_sid = alice();
  by_dn.group_dns = {"cn=staff,dc=corp,dc=example"};
  by_sid.group_sids.push_back(domain_sid + "1300");
  EXPECT_EQ(decide(r, by_dn).denial, Denial::none);
  EXPECT_EQ(decide(r, by_sid).denial, Denial::none);
  by_sid.dn = "CN=Alice,OU=Else,DC=corp,DC=example";
  EXPECT_EQ(decide(r, by_sid).denial, Denial::out_of_scope) << "OUs hold as well";
  r.allow_groups = {"not a DN"};
  EXPECT_EQ(decide(r, by_dn).denial, Denial::out_of_scope);
  r.protected_groups = {"CN=A,DC=x", domain_sid + "1"};
  r.allow_groups = {"CN=B,DC=x", "CN=A,DC=x"};
  EXPECT_EQ(groups_by_dn(r), (std::vector<std::string>{"CN=A,DC=x", "CN=B,DC=x"}));
}

// ---- audit --------------------------------------------------------------------------------------------------
TEST(AnAuditedScope, LetsPassAndSaysWhatItWouldHaveRefused) {
  auto r = rules();
  r.scope = Guardrails::Rule::audit;
  r.allow_groups = {domain_sid + "1300"};
  auto hugo = alice();
  hugo.dn = "CN=Hugo,OU=Other,DC=corp,DC=example";
  const auto decision = decide(r, hugo);
  EXPECT_EQ(decision.denial, Denial::none);
  EXPECT_EQ(decision.audited, "below none of allow_ous; member of none of allow_groups");
  hugo.admin_count = true;
  EXPECT_EQ(decide(r, hugo).denial, Denial::protected_account) << "the other rules hold";
}

TEST(AnAuditedProtection, LetsPassAndSaysWhoItWasAndWhy) {
  auto boss = alice();
  boss.group_sids.push_back(domain_sid + "512");
  boss.user_account_control = 0x202;
  auto r = rules();
  r.protection = Guardrails::Rule::audit;
  r.protected_groups = {domain_sid + "512"};
  r.disabled_accounts = Guardrails::Disabled::audit;
  const auto decision = decide(r, boss);
  EXPECT_EQ(decision.denial, Denial::none);
  EXPECT_EQ(decision.audited, "member of Domain Admins; member of protected_groups: " + domain_sid + "512; the account is disabled");
  EXPECT_EQ(decision.privileged, "member of Domain Admins");
  boss.sam = "krbtgt";
  EXPECT_EQ(decide(r, boss).denial, Denial::protected_account) << "what nothing allows is not audited either";
}

TEST(ASparedAccount, IsToldToBePrivilegedAndWhy) {
  auto boss = alice();
  boss.admin_count = true;
  auto r = rules();
  r.allow_privileged = {boss.sid};
  EXPECT_EQ(decide(r, boss).privileged, "adminCount=1");
  EXPECT_EQ(decide(r, boss).audited, "") << "it is an exception, not a trial";
  boss.admin_count = false, boss.group_sids.push_back("S-1-5-32-551");
  EXPECT_EQ(decide(r, boss).privileged, "member of Backup Operators");
  r.protected_groups = {"CN=VIPs,DC=corp"}, r.group_sids["CN=VIPs,DC=corp"] = domain_sid + "1200";
  boss.group_sids = {domain_sid + "513", domain_sid + "1200"};
  EXPECT_EQ(decide(r, boss).privileged, "member of protected_groups: CN=VIPs,DC=corp");
  EXPECT_EQ(decide(r, alice()).privileged, "");
  boss.admin_count = true;
  EXPECT_EQ(decide(rules(), boss).privileged, "") << "of an account that is refused nothing is told";
}

TEST(AGroupOfTheAccountThatCannotBeRead, IsTakenForAProtectedOne) {
  auto r = rules();
  r.protected_groups = {"CN=VIPs,DC=corp"};
  auto user = alice();
  user.group_dns = {"CN=Staff,DC=corp", "no DN"};
  EXPECT_EQ(decide(r, user).denial, Denial::protected_account);
}

}  // namespace
}  // namespace wb::policy
