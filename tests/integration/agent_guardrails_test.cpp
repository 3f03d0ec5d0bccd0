// The guardrails at work: what an agent does for accounts that it must not serve, and what the cloud learns of them.
#include <gtest/gtest.h>

#include "tests/support/agent_world.hpp"

namespace wb::test {
namespace {
using protocol::Code;
using Shared = FakeDirectory::Shared;

TEST(AnAgentsGuardrails, SayNothingOfAProtectedAccount) {
  AgentWorld world;
  world.play([](AgentWorld& w) -> Awaitable<> {
    w.post_job(w.maker.probe("boss"));
    auto r = co_await w.result();
    EXPECT_EQ(r.code, Code::denied);
    EXPECT_EQ(r.reason, "protected");
    EXPECT_FALSE(r.probe || r.sub || r.dc || r.pls);
    auto [job, sec] = w.reset("x", boss);
    w.post_job(job, sec);
    r = co_await w.result();
    EXPECT_EQ(r.code, Code::denied);
    EXPECT_EQ(w.directory->count(&Shared::writes), 0);
  });
}

// What the cloud learns of an account that it is not served: the same bytes of each, but for ids and times.
std::string without_ids_and_times(protocol::JobResult r) {
  r.jti.clear(), r.fence = 0, r.at = 0, r.total_ms = r.directory_ms = 0;
  return protocol::encode(r);
}

TEST(AnAgentsGuardrails, AnswerForAccountsThatAreNotServedInTheSameBytes) {
  AgentWorld world;
  const std::string hugo = "6fd0a2c4-1111-2222-3333-000000000003", ida = "6fd0a2c4-1111-2222-3333-000000000004", jan = "6fd0a2c4-1111-2222-3333-000000000005";
  auto& plain = world.directory->add(hugo, "hugo");
  plain.dn = "CN=Hugo,OU=Else,DC=corp,DC=example";
  auto& telling = world.directory->add(ida, "ida");  // whatever might show through
  telling.dn = "CN=Ida,OU=Board,DC=corp,DC=example", telling.admin_count = true, telling.user_account_control = 0x202, telling.language = "de";
  telling.state.locked = telling.state.disabled = telling.state.must_change = true;
  telling.group_dns = {"CN=Staff,DC=corp,DC=example"}, telling.contacts = {{"mail", {"ida@corp.example"}}};
  auto& head = world.directory->add(jan, "jan");  // protected for another reason than boss
  head.group_sids.push_back("S-1-5-21-1-2-3-512"), head.state.locked = true, head.contacts = telling.contacts;
  world.play([&](AgentWorld& w) -> Awaitable<> {
    for (const auto& [name, sub, reason, other_name, other_sub] : {std::tuple("hugo", hugo, "out_of_scope", "ida", ida), std::tuple("boss", boss, "protected", "jan", jan)}) {
      std::vector<std::string> by_name;
      for (const auto* asked : {name, other_name}) {
        auto job = w.maker.probe(asked);
        job.want = {"groups", "contacts"};
        w.post_job(job);
        auto r = co_await w.result();
        EXPECT_EQ(r.code, Code::denied) << asked;
        EXPECT_EQ(r.reason, reason) << asked;
        EXPECT_FALSE(r.probe || r.sub || r.dc || r.pls || r.ver || r.usn || r.retry_after) << asked;
        by_name.push_back(without_ids_and_times(r));
      }
      EXPECT_EQ(by_name[0], by_name[1]);
      for (const auto& asked : {sub, other_sub}) {
        auto job = w.maker.probe("");
        job.name.reset(), job.sub = asked, job.want = {"groups", "contacts"};
        w.post_job(job);
        auto r = co_await w.result();
        EXPECT_EQ(r.sub, asked) << "as it was asked";
        r.sub.reset();
        EXPECT_EQ(without_ids_and_times(r), by_name[0]) << asked;
      }
    }
  });
}

TEST(AnAgentsGuardrails, SayWhyAnAccountIsPrivilegedWhereTheySpareIt) {
  AgentWorld world;
  world.config.domains[0].guardrails.allow_privileged = {world.directory->accounts.at(boss).dn};
  world.play([](AgentWorld& w) -> Awaitable<> {
    w.post_job(w.maker.probe("boss"));
    auto r = co_await w.result();
    EXPECT_EQ(r.code, Code::ok);
    CO_REQUIRE(r.probe);
    EXPECT_EQ(r.probe->privileged, "adminCount=1");
    w.post_job(w.maker.probe("alice"));
    r = co_await w.result();
    CO_REQUIRE(r.probe);
    EXPECT_EQ(r.probe->privileged, "");
  });
}

TEST(AnAgentsGuardrails, ProtectEverybodyWhileTheDirectoryDoesNotShowAProtectedGroup) {
  AgentWorld world;
  const std::string vips = "CN=VIPs,OU=Groups,DC=corp,DC=example";
  world.config.domains[0].guardrails.protected_groups = {vips};
  world.play([&](AgentWorld& w) -> Awaitable<> {
    w.post_job(w.maker.probe("alice"));
    auto r = co_await w.result();
    EXPECT_EQ(r.code, Code::denied);
    EXPECT_EQ(r.reason, "protected");
    w.directory->set([&](Shared& s) { s.state.group_sids = {{vips, "S-1-5-21-1-2-3-1200"}}, s.state.ready = false, s.state.reason = "another group is gone"; });
    auto down = w.until_ready(false);
    (void)co_await std::move(down);
    w.post_job(w.maker.probe("alice"));  // on its way when the domain was not ready any more
    r = co_await w.result();
    EXPECT_EQ(r.code, Code::ok) << "what is known of groups is taken over at once";
    w.directory->set([](Shared& s) { s.accounts.at(alice).group_sids.emplace_back("S-1-5-21-1-2-3-1200"); });
    w.post_job(w.maker.probe("alice"));
    r = co_await w.result();
    EXPECT_EQ(r.reason, "protected");
  });
}

TEST(AnAgentsGuardrails, ThatAreOnlyAuditedLetPass) {
  AgentWorld world;
  using Rule = policy::Guardrails::Rule;
  auto& rules = world.config.domains[0].guardrails;
  rules.allow_ous = {"OU=Else,DC=corp,DC=example"}, rules.scope = Rule::audit, rules.protection = Rule::audit;
  rules.disabled_accounts = policy::Guardrails::Disabled::audit;
  world.directory->accounts.at(boss).state.disabled = true;
  world.play([](AgentWorld& w) -> Awaitable<> {
    w.post_job(w.maker.probe("boss"));
    auto probed = co_await w.result();
    EXPECT_EQ(probed.code, Code::ok);
    auto [job, sec] = w.reset("New-Passw0rd-1", boss);
    w.post_job(job, sec);
    auto r = co_await w.result();
    EXPECT_EQ(r.code, Code::applied_but) << "and it is still disabled";
    EXPECT_EQ(w.directory->count(&Shared::applied), 1);
  });
}

}  // namespace
}  // namespace wb::test
