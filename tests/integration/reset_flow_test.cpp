// A reset from its first page to its last, over HTTPS, with an agent made of nothing but the contract.
#include <gtest/gtest.h>

#include "tests/support/reset_world.hpp"

namespace wb::test {
namespace {

using protocol::Code;
constexpr const char* password = "Canary-4c1d-Passw0rd!";

// A new password, taken by the agent, which then goes away for as long as the job is good.
void sends_into_doubt(ResetWorld& reset, Browser& browser) {
  const auto probed = browser.seal_offer();
  auto binding = reset.world.binding(probed);
  binding.exp = unix_now() + 2;
  const auto sealed = reset.world.seal({reset.agent.get()}, binding, password);
  auto going = std::async(std::launch::async, [&] { return browser.call("POST", "session/password", {{"probe", probed.id}, {"sealed", sealed}}); });
  const auto job = reset.agent->next_job();
  ASSERT_TRUE(job);
  reset.agent->accept(job->job);
  reset.agent->cut();
  EXPECT_EQ(going.get().text("code"), "in_doubt");
}
void come_back(ResetWorld& reset) {
  reset.agent->epoch++;
  ASSERT_EQ(reset.agent->connect(), "welcome");
  reset.agent->state(reset.world.rsn);
  reset.agent->ready();
}

class AResetInTheBrowser : public testing::Test {
 protected:
  ResetWorld reset;
  Browser browser{reset};

  // Proven with the app, and about to choose.
  void prove(const Secret& key) {
    ASSERT_EQ(browser.begin_as("alice@corp.example").status, 201);
    ASSERT_EQ(browser.choose("app_code").status, 200);
    const auto passed = browser.code(app_code(key));
    ASSERT_EQ(passed.status, 200) << passed.text("code");
    ASSERT_EQ(phase_of(passed), "choosing");
  }
  // How many rows of the audit there are of this: "activity reason".
  auto rows(const std::string& of) {
    const auto all = reset.audit();
    return std::count(all.begin(), all.end(), of);
  }
  HttpReply write(Code code, const std::string& reason = {}) {
    auto answer = browser.submit(browser.seal_offer(), password);
    const auto got = reset.agent->next_job();
    EXPECT_TRUE(got && got->job.op == protocol::Op::reset);
    if (got) {
      reset.agent->accept(got->job);
      reset.agent->answer(got->job, code, [&](protocol::JobResult& r) { r.reason = reason; });
    }
    return answer.get();
  }
};

TEST_F(AResetInTheBrowser, EndsWithTheNewPasswordInTheDirectory) {
  const auto key = reset.register_app();
  prove(key);
  EXPECT_EQ(phase_of(browser.pick("reset")), "new_password");
  const auto done = write(Code::applied);
  EXPECT_EQ(done.status, 200);
  EXPECT_EQ(phase_of(done), "done");
  EXPECT_EQ(done.body.at("session").at("result").at("code"), "applied");
  EXPECT_FALSE(browser.cookie.empty()) << "this device is known from now on";
  const auto audit = reset.audit();
  const std::vector<std::string> wanted{"password.reset_started_by_user ", "sspr.flow_progress progress.started_app", "sspr.flow_progress progress.completed_app", "job.submitted ",
      "sspr.flow_progress progress.submitted_new_password", "password.reset_self_service directory.applied"};
  std::size_t at = 0;
  for (const auto& row : audit)
    if (at < wanted.size() && row == wanted[at]) ++at;
  EXPECT_EQ(at, wanted.size()) << testing::PrintToString(audit);
}

TEST_F(AResetInTheBrowser, TellsTheDirectorysReasonAndKeepsTheProvenSessionForAnotherTry) {
  const auto key = reset.register_app();
  prove(key);
  browser.pick("reset");
  const auto refused = write(Code::rejected, "too_short");
  EXPECT_EQ(refused.status, 422);
  EXPECT_EQ(refused.text("code"), "password_refused");
  EXPECT_EQ(refused.body.at("directory").at("reason"), "too_short");
  EXPECT_NE(refused.text("detail").find("at least 12"), std::string::npos) << refused.text("detail");
  EXPECT_EQ(phase_of(refused), "new_password");
  EXPECT_EQ(refused.body.at("session").at("passwords_left"), 4);
  EXPECT_EQ(phase_of(write(Code::applied)), "done");
}

TEST_F(AResetInTheBrowser, OfANameThatNobodyHasLooksTheSameUntilAMethodIsPassed) {
  reset.register_app();
  Browser stranger{reset};
  const auto known = browser.begin_as("alice@corp.example");
  const auto unknown = stranger.begin_as("nobody@corp.example", "");
  const auto alike = [](HttpReply reply) {
    for (const auto* changing : {"id", "expires", "code_until", "resend_from"})
      if (auto* session = reply.body.as_object().if_contains("session")) session->as_object().erase(changing);
    reply.body.as_object().erase("token");
    return std::to_string(reply.status) + json::serialize(reply.body);
  };
  EXPECT_EQ(alike(known), alike(unknown));
  for (const auto* method : {"email", "app_code"}) {
    EXPECT_EQ(alike(browser.choose(method)), alike(stranger.choose(method))) << method;
    EXPECT_EQ(alike(browser.code("000000")), alike(stranger.code("000000"))) << method;
  }
}

TEST_F(AResetInTheBrowser, SaysInThePersonsLanguageWhatIsWrong) {
  reset.register_app();
  browser.language = "de-AT, en;q=0.5";
  browser.begin_as("alice@corp.example");
  browser.choose("app_code");
  const auto wrong = browser.code("000000");
  EXPECT_EQ(wrong.status, 422);
  EXPECT_EQ(wrong.text("code"), "wrong_answer");
  EXPECT_EQ(wrong.text("detail"), "Das ist nicht richtig.");
}

// The directory's attributes register whoever has registered nothing; the organisation's own mailboxes prove nothing.
TEST_F(AResetInTheBrowser, SendsACodeToTheAddressThatTheDirectoryHas) {
  const auto passes = [&](const std::string& mail) {
    Browser one{reset};
    one.begin_as("alice@corp.example", alices_sub, [&](protocol::JobResult& r) { r.probe->contacts["mail"] = {mail}; });
    one.choose("app_code");
    one.call("POST", "session/method", {{"method", "email"}});
    auto kept = service::sspr::Sessions(reset.world.store().database()).find(one.token.substr(5, 26)).value();
    return kept && kept->flow.account.registered == std::vector{service::sspr::Method::email} && !kept->method.empty();
  };
  EXPECT_TRUE(passes("alice@home.example"));
  EXPECT_FALSE(passes("alice@corp.example"));
  EXPECT_FALSE(passes("alice@mail.corp.example"));
  EXPECT_FALSE(passes("no address"));
}

TEST_F(AResetInTheBrowser, TakesACodeOfTheAppOnce) {
  const auto key = reset.register_app();
  const auto code = app_code(key);
  browser.begin_as("alice@corp.example");
  browser.choose("app_code");
  ASSERT_EQ(browser.code(code).status, 200);
  Browser thief{reset};
  thief.begin_as("alice@corp.example");
  thief.choose("app_code");
  EXPECT_EQ(thief.code(code).text("code"), "wrong_answer");
}

TEST_F(AResetInTheBrowser, AsksQuestionsThatOnlyTheOwnerAnswers) {
  reset.settings([](auto& s) { s.methods = {service::sspr::Method::questions, service::sspr::Method::app_code}, s.questions_alone = true; });
  reset.register_answers();
  browser.begin_as("alice@corp.example");
  const auto asked = browser.choose("questions");
  ASSERT_EQ(asked.status, 200);
  EXPECT_EQ(asked.body.at("session").at("questions").as_array().size(), 3u);
  const auto wrong = browser.answers(asked, "wrong ");
  EXPECT_EQ(wrong.text("code"), "wrong_answer");
  EXPECT_EQ(phase_of(browser.answers(wrong)), "choosing");
}

TEST_F(AResetInTheBrowser, IsStoppedByTheLimitsBeforeAnythingIsCompared) {
  const auto key = reset.register_app();
  browser.begin_as("alice@corp.example");
  browser.choose("app_code");
  for (int i = 0; i < 4; ++i) EXPECT_EQ(browser.code("000000").text("code"), "wrong_answer");
  EXPECT_EQ(browser.code("000000").text("code"), "too_many_tries") << "of this session";
  Browser again{reset};
  again.begin_as("alice@corp.example");
  again.choose("app_code");
  const auto blocked = again.code(app_code(key));
  EXPECT_EQ(blocked.status, 429) << "right as it is";
  EXPECT_EQ(blocked.text("code"), "blocked");
  EXPECT_GT(blocked.body.at("until").as_int64(), unix_now());
  EXPECT_THAT(blocked.text("detail"), testing::MatchesRegex("Too many tries\\..* Try again after [0-9:]+ UTC on .*"));
  EXPECT_EQ(blocked.text("undated"), "Too many tries. Wait a while, or ask your administrator.");
  const auto& end = blocked.body.at("session").at("end").as_object();
  EXPECT_EQ(end.at("text").as_string(), blocked.text("detail"));
  EXPECT_EQ(end.at("undated").as_string(), blocked.text("undated"));
}

TEST_F(AResetInTheBrowser, UnlocksAloneWhereThatIsAllowed) {
  const auto key = reset.register_app();
  prove(key);
  auto picking = std::async(std::launch::async, [&] { return browser.pick("unlock"); });
  const auto probe = reset.agent->next_job();
  ASSERT_TRUE(probe);
  browser.answer_probe(probe->job);
  const auto job = reset.agent->next_job();
  ASSERT_TRUE(job && job->job.op == protocol::Op::unlock);
  reset.agent->accept(job->job);
  reset.agent->answer(job->job, Code::applied);
  const auto done = picking.get();
  EXPECT_EQ(phase_of(done), "done");
  EXPECT_EQ(done.body.at("session").at("result").at("text"), "Your account is unlocked.");
}

TEST_F(AResetInTheBrowser, GoesOnAfterTheServiceWasKilled) {
  const auto key = reset.register_app();
  prove(key);
  reset.agent->cut();
  reset.world.kill();
  reset.world.start();
  come_back(reset);
  EXPECT_EQ(phase_of(browser.pick("reset")), "new_password");
  EXPECT_EQ(phase_of(write(Code::applied)), "done");
}

TEST_F(AResetInTheBrowser, IsAuditedThoughItsBrowserAndTheServiceWentAwayWhileItWasWritten) {
  const auto key = reset.register_app();
  prove(key);
  browser.pick("reset");
  const auto probed = browser.seal_offer();
  const auto sealed = reset.world.seal({reset.agent.get()}, reset.world.binding(probed), password);
  auto going = std::async(std::launch::async, [&] { return https_or_cut("POST", reset.world.url() + "/api/v1/sspr/session/password", json::serialize(json::object{{"probe", probed.id}, {"sealed", sealed}}), browser.token); });
  const auto job = reset.agent->next_job();
  ASSERT_TRUE(job);
  reset.agent->accept(job->job);
  reset.agent->cut();
  reset.world.kill();
  going.wait();
  reset.world.start();
  come_back(reset);
  const auto again = reset.agent->next_job();
  ASSERT_TRUE(again);
  reset.agent->answer(again->job, Code::applied);
  const auto audited = [&] {
    const auto rows = reset.audit();
    return std::count(rows.begin(), rows.end(), "password.reset_self_service directory.applied") == 1;
  };
  for (const auto until = std::chrono::steady_clock::now() + 20s; !audited() && std::chrono::steady_clock::now() < until;) std::this_thread::yield();
  EXPECT_TRUE(audited()) << "though no browser asks";
  EXPECT_EQ(phase_of(browser.get()), "done");
  const auto audit = reset.audit();
  EXPECT_EQ(std::count(audit.begin(), audit.end(), "password.reset_self_service directory.applied"), 1) << testing::PrintToString(audit);
}

TEST_F(AResetInTheBrowser, ThatEndedInDoubtIsToldByMailOnceItTurnsOutToBeDone) {
  const auto key = reset.register_app();
  prove(key);
  browser.pick("reset");
  sends_into_doubt(reset, browser);
  const auto count = [&](const std::string& row) {
    const auto rows = reset.audit();
    return std::count(rows.begin(), rows.end(), row);
  };
  EXPECT_EQ(count("user.notified "), 0) << "nothing is known yet";
  reset.world.stop();  // a restart forgets nobody who waits for the news
  reset.world.start();
  come_back(reset);
  const auto again = reset.agent->next_job();
  ASSERT_TRUE(again);
  reset.agent->answer(again->job, Code::applied);
  for (const auto until = std::chrono::steady_clock::now() + 20s; count("user.notified ") == 0 && std::chrono::steady_clock::now() < until;) std::this_thread::yield();
  EXPECT_EQ(count("user.notified "), 1);
  EXPECT_EQ(count("password.reset_self_service directory.applied"), 1);
}

TEST_F(AResetInTheBrowser, AsksTheAdministratorsForHelpOnceAndForNobodySendsNothing) {
  reset.register_app();
  browser.begin_as("alice@corp.example");
  const auto asked = browser.call("POST", "session/help");
  EXPECT_EQ(asked.status, 200) << asked.text("code");
  EXPECT_NE(browser.call("POST", "session/help").text("text"), asked.text("text")) << "it was asked before";
  Browser stranger{reset};
  stranger.begin_as("nobody@corp.example", "");
  EXPECT_EQ(stranger.call("POST", "session/help").body, asked.body) << "and of a name that nobody has";
  const auto told = [&] {
    const auto rows = reset.audit();
    return std::count(rows.begin(), rows.end(), "user.notified ");
  };
  for (const auto until = std::chrono::steady_clock::now() + 20s; told() == 0 && std::chrono::steady_clock::now() < until;) std::this_thread::yield();
  EXPECT_EQ(told(), 1) << "of alice alone, though no administrator has a mailbox here";
  const auto rows = reset.audit();
  EXPECT_EQ(std::count(rows.begin(), rows.end(), "sspr.flow_progress contacted_admin"), 2) << testing::PrintToString(rows);
}

TEST_F(AResetInTheBrowser, SaysAtOnceThatNoAgentIsReady) {
  reset.agent->ready(false);
  const auto bearer = reset.world.client();
  while (reset.world.ready_now(bearer) > 0) std::this_thread::yield();
  const auto reply = browser.begin("alice@corp.example");
  EXPECT_EQ(std::pair(reply.status, reply.text("code")), std::pair(503, std::string("no_agent_ready")));
  EXPECT_EQ(browser.begin("bob@corp.example").text("code"), "no_agent_ready");
  EXPECT_EQ(rows("password.reset_self_service failed.on_premises_unreachable"), 1) << "not with each request";
}

TEST_F(AResetInTheBrowser, SaysOfWhatClassTheReasonIsThatNoAgentIsReady) {
  const auto bearer = reset.world.client();
  const auto wait_for = [&](int agents) { while (reset.world.ready_now(bearer) != agents) std::this_thread::yield(); };
  for (const auto& [reason, shown] : {std::pair("journal", "agent"), std::pair("unreachable", "directory"), std::pair("draining", "drained")}) {
    protocol::AgentHeartbeat hb;
    hb.window = 8, hb.ready[reset.world.domain] = {false, reason, "", false, false};
    reset.agent->send(protocol::message_text("hb", hb));
    wait_for(0);
    EXPECT_EQ(browser.begin("alice@corp.example").text("reason_class"), shown);
    reset.agent->ready();
    wait_for(1);
  }
  reset.agent->cut();
  wait_for(0);
  EXPECT_EQ(browser.begin("alice@corp.example").text("reason_class"), "no_agent");
}

TEST_F(AResetInTheBrowser, ThatTheOrganisationRefusesIsAuditedThoughItNeverBegan) {
  reset.settings([](auto& s) { s.write_back = false; });
  EXPECT_EQ(browser.begin("alice@corp.example").text("code"), "writeback_off");
  reset.settings([](auto& s) { s.scope = service::sspr::Scope::none; });
  EXPECT_EQ(browser.begin("alice@corp.example").text("code"), "not_enabled");
  EXPECT_EQ(rows("password.reset_self_service failed.on_premises_writeback_off"), 1);
  EXPECT_EQ(rows("password.reset_self_service failed.disabled_for_tenant"), 1);
  EXPECT_EQ(rows("password.reset_started_by_user "), 0);
  reset.settings([](auto& s) { s.scope = service::sspr::Scope::all, s.write_back = true; });
  EXPECT_EQ(browser.begin_as("alice@corp.example").status, 201);
  EXPECT_EQ(rows("sspr.flow_progress progress.presented_methods"), 1);
}

TEST_F(AResetInTheBrowser, BeginsForNobodyWhoHasNotWorked) {
  for (const std::string captcha : {"", "bm8=", "%%%"}) {
    const auto reply = browser.call("POST", "sessions", {{"name", "alice@corp.example"}, {"captcha", captcha}});
    EXPECT_EQ(reply.status, 403) << captcha;
    EXPECT_EQ(reply.text("code"), "captcha_failed");
  }
  EXPECT_EQ(rows("sspr.blocked blocked.captcha"), 1) << "of an address once, however often it tries";
  const auto solved = browser.solved_captcha();
  EXPECT_EQ(browser.call("POST", "sessions", {{"name", "a@corp.example"}, {"captcha", solved}}).status, 201);
  EXPECT_EQ(browser.call("POST", "sessions", {{"name", "a@corp.example"}, {"captcha", solved}}).status, 403) << "once";
}

// ---- how many passwords an account is given -----------------------------------------------------------------
class AnAccount : public testing::Test {
 protected:
  static service::Settings one_an_hour() {
    auto shape = ResetWorld::quick();
    shape.limit = +[](service::LimitKind kind) {
      auto limit = service::limit_of(kind);
      if (kind == service::LimitKind::account_reset) limit.most = 1;
      return limit;
    };
    return shape;
  }
  ResetWorld reset{[](auto& s) { s.methods = {service::sspr::Method::questions}, s.questions_alone = true; }, one_an_hour()};

  // Somebody who has proven to be its owner, and is to choose a password.
  void prove(Browser& browser) {
    ASSERT_EQ(browser.begin_as("alice@corp.example").status, 201);
    ASSERT_EQ(phase_of(browser.answers(browser.choose("questions"))), "choosing");
    ASSERT_EQ(phase_of(browser.pick("reset")), "new_password");
  }
  HttpReply write(Browser& browser, Code code, const std::string& reason = {}) {
    auto answer = browser.submit(browser.seal_offer(), password);
    const auto got = reset.agent->next_job();
    EXPECT_TRUE(got && got->job.op == protocol::Op::reset);
    if (got) {
      reset.agent->accept(got->job);
      reset.agent->answer(got->job, code, [&](protocol::JobResult& r) { r.reason = reason; });
    }
    return answer.get();
  }
  HttpReply send(Browser& browser) { return browser.submit(browser.seal_offer(), password).get(); }
};

TEST_F(AnAccount, IsGivenOnePasswordMoreForEachThatWasRefusedAndNoneBeyondItsLimit) {
  reset.register_answers();
  Browser first{reset}, second{reset};
  prove(first);
  EXPECT_EQ(write(first, Code::rejected, "too_short").text("code"), "password_refused");
  EXPECT_EQ(write(first, Code::failed, "dc_unavailable").text("code"), "try_again");
  EXPECT_EQ(phase_of(write(first, Code::applied)), "done");
  prove(second);
  const auto blocked = send(second);
  EXPECT_EQ(blocked.status, 429);
  EXPECT_EQ(blocked.text("code"), "blocked");
  EXPECT_GT(blocked.body.at("until").as_int64(), unix_now());
  EXPECT_EQ(phase_of(second.get()), "over");
  const auto rows = reset.audit();
  EXPECT_EQ(std::count(rows.begin(), rows.end(), "job.submitted "), 3) << "none for what was blocked: " << testing::PrintToString(rows);
}

TEST_F(AnAccount, IsGivenNoSecondPasswordWhileTheFirstIsInDoubt) {
  reset.register_answers();
  Browser first{reset}, second{reset}, third{reset};
  for (auto* each : {&first, &second, &third}) prove(*each);
  sends_into_doubt(reset, first);
  come_back(reset);
  const auto again = reset.agent->next_job();
  ASSERT_TRUE(again);
  EXPECT_EQ(send(second).text("code"), "blocked");
  reset.agent->answer(again->job, Code::failed, [](protocol::JobResult& r) { r.reason = "void"; });
  const auto settled = [&] { return service::sspr::Tickets(reset.world.store().database()).all(service::sspr::Purpose::in_doubt, 1).value().empty(); };
  for (const auto until = std::chrono::steady_clock::now() + 20s; !settled() && std::chrono::steady_clock::now() < until;) std::this_thread::yield();
  ASSERT_TRUE(settled());
  EXPECT_EQ(phase_of(write(third, Code::applied)), "done") << "it was not written after all";
}

}  // namespace
}  // namespace wb::test
