// The doctor's part on directories, against a real Samba AD: what is well passes, and what an administrator gets wrong has its name.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "agent/check/directory.hpp"
#include "tests/integration/directory_world.hpp"

namespace wb::agent {
namespace {
using namespace wb::test;
using testing::Contains;
using testing::Not;

struct ARealDomain : testing::Test {
  ARealDomain() {
    domain.directory = lab_settings();
    domain.guardrails.allow_ous = {"OU=People," + env("AD_BASE")};
  }
  // What is not well: "fail directory.rights" and the like.
  std::vector<std::string> troubles(const std::string& user = "") {
    Report report;
    check_directory(domain, user, report);
    text = report.text();
    std::vector<std::string> out;
    for (const auto& line : report.lines())
      if (line.result == CheckResult::warn || line.result == CheckResult::fail) out.push_back(std::string(to_string(line.result)) + " " + line.code);
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
  }
  using Troubles = std::vector<std::string>;
  Troubles but_for_hints(Troubles all) {  // Samba 4.17 has no such control
    if (!has_hints()) std::erase(all, "warn directory.hints");
    return all;
  }
  config::AgentDomain domain;
  std::string text;
};

TEST_F(ARealDomain, ThatIsWellPassesInEveryWay) {
  EXPECT_EQ(but_for_hints(troubles("alice")), Troubles{}) << text;
  for (const auto* line : {"takes the sign-in", "the server's clock minus this one: ", "can write", "the domain's password policy is readable", "has the rights that it needs", "would take jobs, at dc1.corp.example"})
    EXPECT_THAT(text, testing::HasSubstr(line));
}
TEST_F(ARealDomain, WithoutANameSkipsTheRights) {
  EXPECT_EQ(but_for_hints(troubles()), Troubles{});
  EXPECT_THAT(text, testing::HasSubstr("SKIP  directory               corp.example: rights on a person: name one with --user"));
}
TEST_F(ARealDomain, HasAPersonNamedWhoIsNobodyOrElsewhere) {
  EXPECT_EQ(but_for_hints(troubles("nobody-of-that-name")), Troubles{"warn directory.user"});
  EXPECT_EQ(but_for_hints(troubles("hugo")), Troubles{"warn directory.scope"});
}
TEST_F(ARealDomain, HasAMissingDelegationNamed) {
  domain.guardrails.allow_ous = {"OU=Outside," + env("AD_BASE")};
  EXPECT_EQ(but_for_hints(troubles("hugo")), Troubles{"fail directory.rights"});
  EXPECT_THAT(text, testing::HasSubstr("writeback-agent rights --ou 'OU=Outside,DC=corp,DC=example'"));
}
TEST_F(ARealDomain, HasAnAdministratorNamedWhomNoDelegationReaches) { EXPECT_EQ(but_for_hints(troubles("boss")), Troubles{"fail directory.admin"}); }
TEST_F(ARealDomain, HasTooManyRightsNamed) {
  domain.directory.bind_dn = env("AD_ADMIN");
  domain.directory.bind_password_file = password_file(env("AD_ADMIN_PW"));
  EXPECT_EQ(but_for_hints(troubles("alice")), Troubles{"warn directory.excess"});
}
TEST_F(ARealDomain, HasUnreadablePasswordSettingsNamed) {
  domain.directory.bind_dn = env("AD_HELPDESK");
  domain.directory.bind_password_file = password_file(env("AD_HELPDESK_PW"));
  EXPECT_THAT(troubles(), Contains("warn directory.pso"));
}
TEST_F(ARealDomain, HasAWrongPasswordNamedAndAMissingOu) {
  domain.guardrails.allow_ous = {"OU=Nowhere," + env("AD_BASE")};
  EXPECT_EQ(but_for_hints(troubles()), Troubles{"fail directory.ou"});
  domain.directory.bind_password_file = password_file("wrong");
  EXPECT_EQ(troubles(), Troubles{"fail directory.bind"});
  EXPECT_THAT(text, Not(testing::HasSubstr("wrong\n")));
}

}  // namespace
}  // namespace wb::agent
