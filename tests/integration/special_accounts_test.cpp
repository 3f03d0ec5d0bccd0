// Every kind of account that is not the plain case, against a real Samba AD. Run with: ad-lab run [--samba 4.17] <program>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/apply.hpp"
#include "core/clock.hpp"
#include "policy/guardrails.hpp"
#include "tests/integration/directory_world.hpp"

namespace wb::ldap {
namespace {

using namespace wb::test;
using policy::Denial;

class AnAccount : public testing::Test {
 protected:
  static void SetUpTestSuite() { open_ = open_directory(settings()); }
  static void TearDownTestSuite() { open_.reset(); }
  static Settings settings() {
    auto all = lab_settings();
    all.contacts = {"mail", "otherMailbox", "proxyAddresses", "mobile", "otherMobile", "telephoneNumber"};
    return all;
  }
  Directory& directory() { return *open_; }
  Account account(const std::string& name) { return found(directory(), name); }
  SignIn sign_in(const std::string& name) {
    auto answer = directory().authenticate(account(name), secret(env("AD_USER_PW")));
    EXPECT_TRUE(answer) << name << ' ' << answer.error().where << ' ' << answer.error().detail;
    return answer ? answer->sign_in : SignIn::accepted;
  }
  Refusal reset(const std::string& name) {
    auto answer = directory().write_password(order_for(account(name)), secret(distinct_password()));
    EXPECT_TRUE(answer) << name << ' ' << answer.error().detail;
    return answer ? answer->refusal : Refusal::directory_error;
  }
  // Samba 4.17 lets passwords live as long as the domain says, whatever a PSO says.
  static bool psos_age_passwords() { return has_hints(); }
  static std::string people(const std::string& rdn) { return rdn + ",OU=People," + env("AD_BASE"); }
  // What the guardrails say, with the SIDs that the directory has found for the groups they name.
  policy::Decision judged(const std::string& name, policy::Guardrails rules) {
    rules.allow_ous = {"OU=People," + env("AD_BASE")};
    auto with_groups = settings();
    with_groups.named_groups = policy::groups_by_dn(rules);
    const auto other = open_directory(with_groups);
    const auto state = other->check();
    EXPECT_TRUE(state.ready) << state.reason;
    rules.group_sids = state.group_sids;
    return policy::decide(rules, agent::subject_of(found(*other, name)));
  }

 private:
  static inline std::unique_ptr<Directory> open_;
};

TEST_F(AnAccount, ThatMayNotChangeItsPasswordCanBeReset) {
  const auto ivan = account("ivan");
  EXPECT_TRUE(ivan.state.cannot_change);
  EXPECT_FALSE(account("alice").state.cannot_change);
  const auto old = secret(env("AD_USER_PW"));
  const auto changed = directory().write_password(order_for(ivan), secret(distinct_password()), &old);
  ASSERT_TRUE(changed) << changed.error().detail;
  EXPECT_EQ(changed->refusal, Refusal::cannot_change) << changed->detail;
  EXPECT_EQ(reset("ivan"), Refusal::none);
}

TEST_F(AnAccount, TellsWhatKeepsItFromSigningIn) {
  EXPECT_TRUE(account("sven").state.smart_card);
  EXPECT_TRUE(account("otto").state.account_expired);
  EXPECT_EQ(account("maxi").state.expired, psos_age_passwords());
  const auto alice = account("alice").state;
  EXPECT_FALSE(alice.smart_card || alice.account_expired || alice.expired || alice.locked || alice.locked_until);
  EXPECT_EQ(sign_in("lena"), SignIn::logon_hours);
  EXPECT_EQ(sign_in("wanda"), SignIn::workstation);
  EXPECT_EQ(sign_in("otto"), SignIn::account_expired);
  EXPECT_EQ(sign_in("maxi"), psos_age_passwords() ? SignIn::password_expired : SignIn::accepted);
  EXPECT_EQ(sign_in("dora"), SignIn::disabled);
  EXPECT_EQ(sign_in("erik"), SignIn::must_change);
}

TEST_F(AnAccount, WhosePasswordHasExpiredCanChangeIt) {
  const auto maxi = account("maxi");
  const auto old = secret(env("AD_USER_PW"));
  const auto changed = directory().write_password(order_for(maxi), secret(distinct_password()), &old);
  ASSERT_TRUE(changed) << changed.error().detail;
  EXPECT_EQ(changed->refusal, Refusal::none) << changed->detail;
}

TEST_F(AnAccount, ThatIsLockedSaysUntilWhen) {
  const auto name = fresh_user();
  for (int i = 0; i < 3; ++i) bind_code(name + "@" + env("AD_DOMAIN"), "wrong");
  const auto locked = account(name);
  EXPECT_TRUE(locked.state.locked);
  EXPECT_GT(locked.lockout_time, 0);
  const auto policy = directory().policy_of(locked);
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->lockout_threshold, 3);
  EXPECT_EQ(policy->lockout_duration_s, 1'800);
  EXPECT_EQ(policy->lockout_window_s, 1'800);
  EXPECT_EQ(sign_in(name), SignIn::locked);
}

TEST_F(AnAccount, ShowsTheContactsThatAreConfiguredAndItsLanguage) {
  const auto pia = account("pia");
  EXPECT_EQ(pia.language, "de-AT");
  EXPECT_THAT(pia.contacts.at("otherMailbox"), testing::UnorderedElementsAre("pia@home.example", "pia@club.example"));
  EXPECT_THAT(pia.contacts.at("proxyAddresses"), testing::ElementsAre("SMTP:pia@corp.example"));
  EXPECT_THAT(pia.contacts.at("mobile"), testing::ElementsAre("+49 170 5550101"));
  EXPECT_FALSE(pia.contacts.contains("otherMobile"));
  EXPECT_TRUE(found(*open_directory([] { auto s = lab_settings(); s.contacts = {}; return s; }()), "pia").contacts.empty()) << "nothing is asked for that is not configured";
}

TEST_F(AnAccount, MayHaveAnyNameInAnyUnit) {
  const auto awk = account("awk");
  EXPECT_EQ(reset("awk"), Refusal::none) << awk.dn;
  const auto password = distinct_password();
  ASSERT_TRUE(directory().write_password(order_for(account("awk")), secret(password)));
  const auto answer = directory().authenticate(account("awk"), secret(password));
  ASSERT_TRUE(answer) << answer.error().detail;
  EXPECT_EQ(answer->sign_in, SignIn::accepted) << "by its DN";
  const auto groups = directory().groups_of(awk);
  ASSERT_TRUE(groups) << "which goes into a filter, too";
}

TEST_F(AnAccount, MayHaveAnyNameAndServeTheAgent) {
  auto as_awk = lab_settings();
  as_awk.bind_dn = account("svc-awk").dn;
  const auto directory = open_directory(as_awk);
  const auto state = directory->check();
  ASSERT_TRUE(state.ready) << as_awk.bind_dn << ": " << state.reason;
  const auto answer = directory->write_password(order_for(found(*directory, "awk")), secret(distinct_password()));
  ASSERT_TRUE(answer) << answer.error().detail;
  EXPECT_EQ(answer->refusal, Refusal::none) << answer->detail;
}

// A configuration writes a DN as RFC 4514 permits, Samba as it likes: \; or \3B, \0A for a line feed.
TEST_F(AnAccount, IsInAnAwkwardUnitHoweverThatIsSpelled) {
  const auto awk = agent::subject_of(account("awk"));
  const auto base = ",OU=People," + env("AD_BASE");
  for (const auto& unit : {account("awk").dn.substr(account("awk").dn.find(",OU=") + 1), R"(OU=\ #a\, b\+c\"d\\e\<f\>g\;h\=i/j(*)\0Ak #l\ )" + base,
           R"(ou=\20#A\2C B\2Bc\22d\5Ce\3Cf\3Eg\3Bh=i/j\28\2A\29\0ak #L\20)" + base}) {
    policy::Guardrails rules;
    rules.allow_ous = {unit};
    EXPECT_EQ(policy::decide(rules, awk).denial, Denial::none) << unit;
    rules = {};
    rules.allow_ous = {"OU=People," + env("AD_BASE")};
    rules.deny_ous = {unit};
    EXPECT_EQ(policy::decide(rules, awk).denial, Denial::out_of_scope) << unit;
  }
}

TEST_F(AnAccount, ThatIsPrivilegedByNestingAloneIsProtected) {
  EXPECT_FALSE(account("nadia").admin_count);
  const auto decision = judged("nadia", {});
  EXPECT_EQ(decision.denial, Denial::protected_account);
  EXPECT_EQ(decision.why, "member of Domain Admins");
}

TEST_F(AnAccount, OfAComputerIsNobodys) {
  const auto pc = directory().find("pc1$");
  ASSERT_TRUE(pc);
  EXPECT_FALSE(*pc) << "objectCategory=person";
}

TEST_F(AnAccount, TellsItsGroupsThroughNesting) {
  const auto groups = directory().groups_of(account("ralf"));
  ASSERT_TRUE(groups) << groups.error().detail;
  for (const auto* name : {"CN=inner-allowed", "CN=reset-allowed", "CN=inner-list", "CN=mailing-list"}) EXPECT_THAT(*groups, testing::Contains(people(name)));
}

TEST_F(AnAccount, IsAMemberByNestingOfAGroupThatIsNamedByDn) {
  policy::Guardrails rules;
  rules.allow_groups = {people("CN=reset-allowed")};
  EXPECT_EQ(judged("ralf", rules).denial, Denial::none);
  EXPECT_EQ(judged("alice", rules).denial, Denial::out_of_scope);
  rules = {};
  rules.protected_groups = {people("CN=reset-allowed")};
  EXPECT_EQ(judged("ralf", rules).denial, Denial::protected_account);
  EXPECT_EQ(judged("alice", rules).denial, Denial::none);
}

TEST_F(AnAccount, IsAMemberByNestingOfADistributionGroupToo) {
  policy::Guardrails rules;
  rules.protected_groups = {people("CN=mailing-list")};
  EXPECT_EQ(judged("ralf", rules).denial, Denial::protected_account) << "no token holds it";
  EXPECT_EQ(judged("alice", rules).denial, Denial::none);
}

TEST_F(AnAccount, IsAMemberOfItsPrimaryGroupByDn) {
  policy::Guardrails rules;
  rules.protected_groups = {"CN=Domain Users,CN=Users," + env("AD_BASE")};
  EXPECT_EQ(judged("alice", rules).denial, Denial::protected_account);
}

TEST(AGroupThatGuardrailsName, KeepsTheDomainFromBeingReadyWhereItIsNotThere) {
  auto settings = lab_settings();
  settings.named_groups = {"CN=nobody-knows,OU=People," + env("AD_BASE")};
  const auto state = open_directory(settings)->check();
  EXPECT_FALSE(state.ready);
  EXPECT_THAT(state.reason, testing::HasSubstr("the group CN=nobody-knows"));
  EXPECT_TRUE(state.group_sids.empty());
  const auto there = "CN=reset-allowed,OU=People," + env("AD_BASE");
  settings.named_groups.push_back(there);
  const auto both = open_directory(settings)->check();
  EXPECT_FALSE(both.ready);
  ASSERT_EQ(both.group_sids.size(), 1U) << "the other one is known all the same";
  EXPECT_TRUE(both.group_sids.contains(there));
  settings.named_groups = {"CN=Alice Liddell,OU=People," + env("AD_BASE")};
  EXPECT_FALSE(open_directory(settings)->check().ready) << "a person is no group";
}

}  // namespace
}  // namespace wb::ldap
