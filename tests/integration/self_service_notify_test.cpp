// "This wasn't me" against resets that are going on, over HTTPS.
#include <gtest/gtest.h>

#include "service/device_token.hpp"
#include "service/sspr/people.hpp"
#include "service/sspr/sessions.hpp"
#include "service/sspr/tickets.hpp"
#include "service/unblock.hpp"
#include "tests/support/reset_world.hpp"

namespace wb::test {
namespace {

using protocol::Code;
namespace sspr = service::sspr;
constexpr const char* password = "Canary-4c1d-Passw0rd!";

class AReportedMisuse : public testing::Test {
 protected:
  ResetWorld reset;
  Browser browser{reset}, owner{reset};
  Secret key = reset.register_app();
  sspr::People people{reset.world.store().database()};

  HttpReply report() {
    sspr::Ticket ticket;
    ticket.domain = reset.world.domain, ticket.sub = alices_sub, ticket.purpose = sspr::Purpose::not_me, ticket.expires = unix_now() + 600;
    ticket.state = R"({"occasion":"password_reset","at":1,"correlation_id":"01ARZ3NDEKTSV4RRFFQ69G5FAV"})";
    return owner.call("POST", "not-me", {{"token", sspr::Tickets(reset.world.store().database()).add(ticket).value().value()}});
  }
  void thaw() { ASSERT_TRUE(people.freeze(reset.world.domain, alices_sub, 0)); }  // as `people thaw` does
  // Proven with the app; `steps`: each of its codes is used once.
  void prove(Browser& who, int steps = 0) {
    ASSERT_EQ(who.begin_as("alice@corp.example").status, 201);
    ASSERT_EQ(who.choose("app_code").status, 200);
    ASSERT_EQ(phase_of(who.code(app_code(key, steps))), "choosing");
  }
};

TEST_F(AReportedMisuse, StopsAResetThatIsGoingOn) {
  prove(browser);
  const auto reported = report();
  EXPECT_EQ(reported.status, 200) << reported.text("code");
  EXPECT_EQ(reported.body.at("frozen"), true);
  const auto stopped = browser.pick("reset");
  EXPECT_EQ(stopped.status, 403);
  EXPECT_EQ(stopped.text("code"), "frozen");
  EXPECT_EQ(phase_of(stopped), "over");
  const auto audit = reset.audit();
  EXPECT_EQ(std::count(audit.begin(), audit.end(), "account.frozen "), 1) << testing::PrintToString(audit);
  EXPECT_EQ(std::count(audit.begin(), audit.end(), "password.reset_self_service failed.frozen"), 1) << testing::PrintToString(audit);
}

TEST_F(AReportedMisuse, IsNotToldToAStrangerAndEndsWhenTheAccountIsThawed) {
  browser.begin_as("alice@corp.example");
  browser.choose("app_code");
  ASSERT_EQ(report().status, 200);
  EXPECT_EQ(browser.code("000000").text("code"), "wrong_answer") << "as for anybody";
  EXPECT_EQ(browser.code(app_code(key)).text("code"), "frozen") << "who has proven something";
  thaw();
  Browser again{reset};
  prove(again, 1);
  EXPECT_EQ(phase_of(again.pick("reset")), "new_password");
}

TEST_F(AReportedMisuse, LetsNoSecondPasswordBeTriedAfterTheOneThatWasOnItsWay) {
  prove(browser);
  browser.pick("reset");
  auto answer = browser.submit(browser.seal_offer(), password);
  const auto job = reset.agent->next_job();
  ASSERT_TRUE(job);
  ASSERT_EQ(report().status, 200);
  reset.agent->accept(job->job);
  reset.agent->answer(job->job, Code::rejected, [](protocol::JobResult& r) { r.reason = "too_short"; });
  EXPECT_EQ(answer.get().text("code"), "password_refused");
  EXPECT_EQ(browser.call("POST", "session/seal").text("code"), "frozen");
}

TEST_F(AReportedMisuse, StopsAnUnlockWhileTheAgentIsAsked) {
  prove(browser);
  auto picking = std::async(std::launch::async, [&] { return browser.pick("unlock"); });
  const auto probe = reset.agent->next_job();
  ASSERT_TRUE(probe && probe->job.op == protocol::Op::probe);
  ASSERT_EQ(report().status, 200);
  browser.answer_probe(probe->job);
  EXPECT_EQ(picking.get().text("code"), "frozen");
}

TEST_F(AReportedMisuse, MakesStrangersOfTheDevicesOfBeforeAlsoAfterTheThaw) {
  const auto device_key = crypto::Vault::open(reset.world.config.state_dir).value().derived(service::device_key_label);
  const auto cookie = service::issue_device_token(device_key, service::limits_account(reset.world.domain, alices_sub), unix_now() - 10);
  const auto known = [&] {
    Browser device{reset};
    device.cookie = cookie;
    const auto begun = device.begin_as("alice@corp.example");
    EXPECT_EQ(device.get().status, 200);
    const auto kept = sspr::Sessions(reset.world.store().database()).find(std::string(begun.body.at("session").at("id").as_string())).value();
    return kept && !kept->device.empty();
  };
  EXPECT_TRUE(known());
  ASSERT_EQ(report().status, 200);
  EXPECT_FALSE(known());
  thaw();
  EXPECT_FALSE(known());
}

TEST_F(AReportedMisuse, IsNoGet) {
  EXPECT_EQ(owner.call("GET", "not-me?token=x").status, 405);
  EXPECT_EQ(owner.call("POST", "not-me", {{"token", "wbn1.x"}}).text("code"), "link_expired");
}

TEST(SomebodyWhomTheStoreDoesNotKnow, IsAskedOfTheAgentBeforeTheLetterAndKept) {
  ResetWorld reset;
  Browser browser{reset};
  const auto key = reset.register_app();
  browser.begin_as("alice@corp.example");
  browser.choose("app_code");
  ASSERT_EQ(phase_of(browser.code(app_code(key))), "choosing");
  browser.pick("reset");
  auto answer = browser.submit(browser.seal_offer(), password);
  const auto job = reset.agent->next_job();
  ASSERT_TRUE(job);
  ASSERT_TRUE(reset.world.store().database().run("DELETE FROM people"));
  reset.agent->accept(job->job);
  reset.agent->answer(job->job, Code::applied);
  ASSERT_EQ(phase_of(answer.get()), "done");
  const auto probe = reset.agent->next_job();
  ASSERT_TRUE(probe && probe->job.op == protocol::Op::probe);
  EXPECT_EQ(probe->job.sub, alices_sub);
  EXPECT_EQ(probe->job.want, (std::vector<std::string>{"groups", "contacts"}));
  browser.answer_probe(probe->job, alices_sub, [](protocol::JobResult& r) { r.probe->contacts["mail"] = {"alice@corp.example"}; });
  sspr::People people(reset.world.store().database());
  const auto end = std::chrono::steady_clock::now() + 10s;
  while (!people.find(reset.world.domain, alices_sub).value() && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  const auto person = people.find(reset.world.domain, alices_sub).value();
  ASSERT_TRUE(person);
  EXPECT_EQ(person->mail, "alice@corp.example");
}

// Administrators are found by it: who resets and never signs in would stay what they were when they registered.
TEST(APersonWhoBeginsAReset, IsKeptAsTheDirectoryShowsThemNow) {
  ResetWorld reset;
  Browser browser{reset}, stranger{reset};
  reset.register_app();
  browser.begin_as("ALICE@corp.example", alices_sub, [](protocol::JobResult& r) { r.probe->groups = {"CN=SSPR,DC=corp,DC=example"}, r.probe->contacts["mail"] = {"new@corp.example"}; });
  ASSERT_EQ(browser.get().status, 200);
  sspr::People people(reset.world.store().database());
  const auto person = people.find(reset.world.domain, alices_sub).value();
  ASSERT_TRUE(person);
  EXPECT_EQ(person->groups, std::vector<std::string>{"CN=SSPR,DC=corp,DC=example"});
  EXPECT_EQ(person->mail, "new@corp.example");
  EXPECT_EQ(person->name, "alice@corp.example") << "as they spell it themselves";
  const std::string bob = "7a1c2f0e-8a57-4d0f-9a1b-0c6f3a2b1d4e";
  stranger.begin_as("bob@corp.example", bob);
  ASSERT_EQ(stranger.get().status, 200);
  EXPECT_FALSE(people.find(reset.world.domain, bob).value()) << "nobody is kept for a name that somebody typed";
}

TEST(AnAddressThatTheDirectoryHas, IsWrittenToThoughNobodyRegisteredIt) {
  ResetWorld reset;
  Browser browser{reset};
  const auto key = reset.register_app();
  browser.begin_as("alice@corp.example", alices_sub, [](protocol::JobResult& r) { r.probe->contacts["mail"] = {"alice@elsewhere.example"}; });
  browser.choose("app_code");
  ASSERT_EQ(phase_of(browser.code(app_code(key))), "choosing");
  browser.pick("reset");
  auto answer = browser.submit(browser.seal_offer(), password);
  const auto job = reset.agent->next_job();
  ASSERT_TRUE(job);
  reset.agent->accept(job->job);
  reset.agent->answer(job->job, Code::applied);
  ASSERT_EQ(phase_of(answer.get()), "done");
  service::AuditFilter notified;
  notified.activity = service::Activity::notified;
  std::vector<service::AuditRow> rows;
  for (const auto end = std::chrono::steady_clock::now() + 10s; rows.empty() && std::chrono::steady_clock::now() < end; std::this_thread::yield())
    rows = reset.world.store().audit().page(notified, 0, 10).value().rows;
  ASSERT_EQ(rows.size(), 1u);
  const auto details = protocol::parse_json(rows[0].row, 12).value().at("details");
  EXPECT_EQ(details.at("cause"), "no_mail") << "this world has no relay, but there was somebody to write to";
  EXPECT_EQ(details.at("counters"), 1);
}

}  // namespace
}  // namespace wb::test
