// How a helpdesk lets somebody in again: passes, links and temporary passwords, over HTTPS with an agent made of nothing but the contract.
#include <gtest/gtest.h>

#include "crypto/vault.hpp"
#include "service/methods/pass.hpp"
#include "service/sspr/people.hpp"
#include "service/sspr/tickets.hpp"
#include "tests/support/reset_world.hpp"

namespace wb::test {
namespace {

using protocol::Code;
using protocol::Op;
using service::Scope;
using sspr_method = service::sspr::Method;
namespace sspr = service::sspr;
constexpr const char* password = "Canary-4c1d-Passw0rd!";

class AHelpdesk : public testing::Test {
 protected:
  ResetWorld reset{[](sspr::Settings& s) { s.methods = {sspr_method::app_code, sspr_method::email, sspr_method::pass}; }};
  Browser browser{reset};
  std::string desk = reset.world.client("corp.example", {Scope::helpdesk});
  const std::string alice = "people/" + alices_sub;
  sspr::Tickets tickets{reset.world.store().database()};

  HttpReply ask(const std::string& method, const std::string& path, const json::object& body = {}, const std::string& bearer = {}) {
    return https(method, reset.world.url() + "/api/v1/" + path, method == "POST" ? json::serialize(body) : std::string(), bearer.empty() ? desk : bearer);
  }
  // Looked up at the directory by the helpdesk: known from then on.
  HttpReply look_up(const std::string& name, Browser::Edit edit = {}) {
    auto asking = std::async(std::launch::async, [&] { return ask("POST", "people", {{"name", name}}); });
    const auto probe = reset.agent->next_job();
    EXPECT_TRUE(probe && probe->job.op == Op::probe);
    if (probe) browser.answer_probe(probe->job, alices_sub, edit);
    return asking.get();
  }
  std::string give_pass(int minutes = 60) {
    const auto given = ask("POST", alice + "/pass", {{"minutes", minutes}});
    EXPECT_EQ(given.status, 201) << given.text("detail");
    return given.text("pass");
  }
  HttpReply type(Browser& who, const std::string& pass) {
    EXPECT_EQ(who.choose("pass").status, 200);
    return who.code(pass);
  }
  // As a link in a mail holds it.
  std::string mailed_pass(UnixSeconds expires = unix_now() + 600, const std::string& state = "mailed") {
    const auto vault = crypto::Vault::open(reset.world.config.state_dir).value();
    auto fresh = service::new_pass(vault.derived("codes"), reset.world.domain, alices_sub);
    sspr::Ticket ticket;
    ticket.domain = reset.world.domain, ticket.sub = alices_sub, ticket.purpose = sspr::Purpose::pass, ticket.state = state, ticket.expires = expires;
    EXPECT_TRUE(tickets.put_within(ticket, fresh.mac).value());
    return fresh.text.expose([](std::string_view text) { return std::string(text); });
  }
  int count(const std::string& row) {
    const auto rows = reset.audit();
    return static_cast<int>(std::count(rows.begin(), rows.end(), row));
  }
  void wait_for(const std::string& row) {
    for (const auto until = std::chrono::steady_clock::now() + 20s; count(row) == 0 && std::chrono::steady_clock::now() < until;) std::this_thread::yield();
    EXPECT_EQ(count(row), 1) << row << " in " << testing::PrintToString(reset.audit());
  }
  ServiceWorld::Probed seal_offer(Browser::Edit edit = {}) {
    auto asking = std::async(std::launch::async, [&] { return ask("POST", alice + "/temporary-password/seal"); });
    const auto probe = reset.agent->next_job();
    EXPECT_TRUE(probe && probe->job.op == Op::probe);
    if (probe) browser.answer_probe(probe->job, alices_sub, edit);
    const auto offer = asking.get();
    EXPECT_EQ(offer.status, 200) << offer.text("detail");
    return {offer.text("probe"), protocol::decode<protocol::ProbeAnswer>(json::serialize(offer.body.at("answer"))).value().pre, alices_sub};
  }
  json::object sealed_for(const ServiceWorld::Probed& probed) {
    return {{"probe", probed.id}, {"sealed", reset.world.seal({reset.agent.get()}, reset.world.binding(probed), password)}};
  }
};

TEST_F(AHelpdesk, LooksUpAtTheDirectoryWhomNobodyHasSeen) {
  EXPECT_EQ(ask("GET", alice).status, 404);
  const auto known = look_up("alice@corp.example");
  ASSERT_EQ(known.status, 200) << known.text("detail");
  EXPECT_EQ(known.text("sub"), alices_sub);
  EXPECT_EQ(ask("GET", alice).body.at("display_name"), "Alice");
  auto asking = std::async(std::launch::async, [&] { return ask("POST", "people", {{"name", "nobody"}}); });
  const auto probe = reset.agent->next_job();
  ASSERT_TRUE(probe);
  reset.agent->answer(probe->job, Code::failed, [](protocol::JobResult& r) { r.reason = "not_found"; });
  EXPECT_EQ(asking.get().text("code"), "not_found");
  for (const auto& body : {json::object{}, json::object{{"name", ""}}, json::object{{"name", std::string(257, 'a')}}, json::object{{"name", "a"}, {"sub", "b"}}}) EXPECT_EQ(ask("POST", "people", body).status, 400);
}

TEST_F(AHelpdesk, GivesAPassThatIsTypedOnceInsteadOfAMethod) {
  look_up("alice@corp.example");
  auto pass = give_pass();
  EXPECT_EQ(pass.size(), 14U);
  EXPECT_GT(ask("GET", alice).body.at("pass_until").as_int64(), unix_now());
  pass.erase(std::remove(pass.begin(), pass.end(), '-'), pass.end());
  for (char& c : pass) c = static_cast<char>(std::tolower(c));
  browser.begin_as("alice@corp.example");
  EXPECT_EQ(type(browser, "0000-0000-0000").text("code"), "wrong_answer");
  EXPECT_EQ(phase_of(browser.code(pass)), "choosing");
  Browser again{reset};
  again.begin_as("alice@corp.example");
  EXPECT_EQ(type(again, pass).text("code"), "wrong_answer") << "it was used";
  EXPECT_TRUE(ask("GET", alice).body.at("pass_until").is_null());
  EXPECT_EQ(count("account.temporary_pass_issued "), 1);
  EXPECT_EQ(count("sspr.flow_progress progress.completed_pass"), 1);
}

TEST_F(AHelpdesk, GivesAPassToWhomAlreadyHasThePageOpen) {
  browser.begin_as("alice@corp.example");
  browser.choose("pass");
  sspr::Person known;
  known.domain = reset.world.domain, known.sub = alices_sub, known.name = "alice@corp.example";
  ASSERT_TRUE(sspr::People(reset.world.store().database()).saw(known));
  const auto pass = give_pass();
  auto typing = std::async(std::launch::async, [&] { return browser.code(pass); });
  const auto probe = reset.agent->next_job();
  ASSERT_TRUE(probe) << "the account is looked up once more";
  browser.answer_probe(probe->job);
  EXPECT_EQ(phase_of(typing.get()), "choosing");
}

TEST_F(AHelpdesk, GivesAPassThatCountsAsOneOfTwoMethods) {
  reset.settings([](sspr::Settings& s) { s.methods_required = 2; });
  const auto key = reset.register_app();
  const auto given = ask("POST", alice + "/pass");
  EXPECT_TRUE(given.body.at("barrier").is_null());
  browser.begin_as("alice@corp.example");
  EXPECT_EQ(phase_of(type(browser, given.text("pass"))), "proving");
  browser.choose("app_code");
  EXPECT_EQ(phase_of(browser.code(app_code(key))), "choosing");
}

TEST_F(AHelpdesk, IsToldThatAPassAloneWillNotDo) {
  reset.settings([](sspr::Settings& s) { s.methods_required = 2; });
  look_up("alice@corp.example");
  const auto given = ask("POST", alice + "/pass");
  EXPECT_EQ(given.text("barrier"), "not_registered");
  browser.begin_as("alice@corp.example");
  EXPECT_EQ(type(browser, given.text("pass")).text("code"), "not_registered");
}

TEST_F(AHelpdesk, TakesAPassBackAndReplacesIt) {
  look_up("alice@corp.example");
  const auto first = give_pass(), second = give_pass();
  browser.begin_as("alice@corp.example");
  EXPECT_EQ(type(browser, first).text("code"), "wrong_answer");
  EXPECT_EQ(ask("DELETE", alice + "/pass").body.at("removed"), 1);
  EXPECT_EQ(ask("DELETE", alice + "/pass").body.at("removed"), 0);
  EXPECT_EQ(browser.code(second).text("code"), "wrong_answer");
}

TEST_F(AHelpdesk, GivesNoPassThatIsOver) {
  look_up("alice@corp.example");
  const auto over = mailed_pass(unix_now(), "told");
  browser.begin_as("alice@corp.example");
  EXPECT_EQ(type(browser, over).text("code"), "wrong_answer");
  for (const int minutes : {9, 0, -1, 1'441}) EXPECT_EQ(ask("POST", alice + "/pass", {{"minutes", minutes}}).status, 400) << minutes;
  EXPECT_EQ(ask("POST", alice + "/pass", {{"minutes", "60"}}).status, 400);
}

TEST_F(AHelpdesk, GivesNoPassWhereTheOrganisationHasNone) {
  look_up("alice@corp.example");
  const auto pass = give_pass();
  reset.settings([](sspr::Settings& s) { s.methods = {sspr_method::app_code, sspr_method::email}; });
  EXPECT_EQ(ask("POST", alice + "/pass").text("code"), "method_not_allowed");
  browser.begin_as("alice@corp.example");
  EXPECT_EQ(browser.choose("pass").text("code"), "method_unavailable");
}

TEST_F(AHelpdesk, HelpsNoAdministratorAndNobodyWhoIsFrozenOrElsewhere) {
  reset.settings([](sspr::Settings& s) { s.administrator_groups = {"CN=SSPR,DC=corp,DC=example"}; });
  const auto stranger = reset.world.client("other.example", {Scope::helpdesk});
  const std::vector<std::string> acts{"/pass", "/reset-link", "/temporary-password/seal", "/temporary-password"};
  const json::object sealed{{"probe", "01ARZ3NDEKTSV4RRFFQ69G5FAV"}, {"sealed", "x"}};
  const auto body_of = [&](const std::string& act) { return act.ends_with("password") ? sealed : json::object{}; };
  look_up("alice@corp.example", [](protocol::JobResult& r) { r.probe->groups = {"CN=SSPR,DC=corp,DC=example"}; });
  for (const auto& act : acts) EXPECT_EQ(ask("POST", alice + act, body_of(act)).text("code"), "person_is_administrator") << act;
  look_up("alice@corp.example");
  ASSERT_TRUE(sspr::People(reset.world.store().database()).freeze(reset.world.domain, alices_sub, unix_now()));
  for (const auto& act : acts) EXPECT_EQ(ask("POST", alice + act, body_of(act)).text("code"), "person_is_frozen") << act;
  for (const auto& act : acts) EXPECT_EQ(ask("POST", alice + act, body_of(act), stranger).status, 404) << act;
  const auto other_scope = reset.world.client("corp.example", {Scope::settings});
  for (const auto& act : acts) EXPECT_EQ(ask("POST", alice + act, body_of(act), other_scope).status, 403) << act;
}

TEST_F(AHelpdesk, SendsALinkOnlyWhereTheMailboxIsOutside) {
  look_up("alice@corp.example");
  EXPECT_EQ(ask("POST", alice + "/reset-link").text("code"), "no_mailbox");
  reset.register_email("alice@elsewhere.example");
  EXPECT_EQ(ask("POST", alice + "/reset-link").text("code"), "not_sent") << "no mail leaves this service";
}

// Else whoever reads one mailbox had two methods.
TEST_F(AHelpdesk, SendsALinkThatProvesTheMailboxAndNoMore) {
  reset.settings([](sspr::Settings& s) { s.methods_required = 2; });
  const auto key = reset.register_app();
  reset.register_email("alice@elsewhere.example");
  const auto pass = mailed_pass();
  browser.begin_as("alice@corp.example");
  const auto typed = type(browser, pass);
  ASSERT_EQ(typed.status, 200) << typed.text("code");
  EXPECT_EQ(typed.body.at("session").at("passed"), (json::array{"email"}));
  EXPECT_EQ(browser.choose("email").text("code"), "method_unavailable");
  browser.choose("app_code");
  EXPECT_EQ(phase_of(browser.code(app_code(key))), "choosing");
}

TEST_F(AHelpdesk, SetsATemporaryPasswordThatMustBeChanged) {
  look_up("alice@corp.example");
  const auto body = sealed_for(seal_offer());
  auto setting = std::async(std::launch::async, [&] { return ask("POST", alice + "/temporary-password", body); });
  const auto job = reset.agent->next_job();
  ASSERT_TRUE(job);
  EXPECT_EQ(job->job.op, Op::reset);
  EXPECT_TRUE(job->job.opts.must_change);
  EXPECT_TRUE(job->job.opts.unlock);
  reset.agent->accept(job->job);
  reset.agent->answer(job->job, Code::applied);
  const auto done = setting.get();
  ASSERT_EQ(done.status, 200) << done.text("detail");
  EXPECT_EQ(done.text("code"), "applied");
  const auto again = ask("POST", alice + "/temporary-password", body);
  EXPECT_EQ(again.text("jti"), done.text("jti")) << "the same asked again is the same job";
  wait_for("password.reset_by_admin directory.applied");
  EXPECT_EQ(count("password.reset_started_by_admin "), 1);
  EXPECT_TRUE(tickets.all(sspr::Purpose::temporary_password, 10).value().empty());
}

TEST_F(AHelpdesk, IsToldTheDirectorysReasonForATemporaryPassword) {
  look_up("alice@corp.example");
  const auto body = sealed_for(seal_offer());
  auto setting = std::async(std::launch::async, [&] { return ask("POST", alice + "/temporary-password", body); });
  const auto job = reset.agent->next_job();
  ASSERT_TRUE(job);
  reset.agent->answer(job->job, Code::rejected, [](protocol::JobResult& r) { r.reason = "too_short"; });
  const auto refused = setting.get();
  EXPECT_EQ(refused.status, 422);
  EXPECT_EQ(refused.text("code"), "password_refused");
  EXPECT_EQ(refused.body.at("directory").at("reason"), "too_short");
  wait_for("password.reset_by_admin directory.rejected");
}

TEST_F(AHelpdesk, SetsAPasswordForNobodyButThePersonItWasSealedFor) {
  look_up("alice@corp.example");
  const auto body = sealed_for(seal_offer());
  const std::string bobs_sub = "6f1c2f0e-8a57-4d0f-9a1b-0c6f3a2b1d4f";
  sspr::Person bob;
  bob.domain = reset.world.domain, bob.sub = bobs_sub, bob.name = "bob@corp.example";
  ASSERT_TRUE(sspr::People(reset.world.store().database()).saw(bob));
  EXPECT_EQ(ask("POST", "people/" + bobs_sub + "/temporary-password", body).status, 404);
  EXPECT_EQ(ask("POST", alice + "/temporary-password", {{"probe", body.at("probe")}, {"sealed", "no JWE"}}).status, 400);
  EXPECT_TRUE(tickets.all(sspr::Purpose::temporary_password, 10).value().empty());
}

TEST_F(AHelpdesk, ThatWentAwayHasItsTemporaryPasswordAuditedThoughTheServiceWasKilled) {
  look_up("alice@corp.example");
  const auto body = sealed_for(seal_offer());
  auto setting = std::async(std::launch::async, [&] { return https_or_cut("POST", reset.world.url() + "/api/v1/" + alice + "/temporary-password", json::serialize(body), desk); });
  const auto job = reset.agent->next_job();
  ASSERT_TRUE(job);
  reset.agent->accept(job->job);
  reset.agent->cut();
  reset.world.kill();
  setting.wait();
  reset.world.start();
  ASSERT_EQ(reset.agent->connect(), "welcome");
  reset.agent->state(reset.world.rsn);
  reset.agent->ready();
  const auto again = reset.agent->next_job();
  ASSERT_TRUE(again);
  reset.agent->answer(again->job, Code::applied);
  wait_for("password.reset_by_admin directory.applied");
}

}  // namespace
}  // namespace wb::test
