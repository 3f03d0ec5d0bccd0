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

}  // namespace
}  // namespace wb::policy
