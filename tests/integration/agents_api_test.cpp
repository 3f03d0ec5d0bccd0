// An organisation's agents as its administrators see them, over HTTPS.
#include <gtest/gtest.h>

#include "tests/support/service_world.hpp"

namespace wb::test {
namespace {

using service::Scope;

class AnOrganisationsAgents : public testing::Test {
 protected:
  ServiceWorld world;
  std::unique_ptr<FakeAgent> agent = world.active_agent();
  std::string admin = world.client("corp.example", {Scope::settings});

  HttpReply ask(const std::string& method, const std::string& path, const std::string& bearer = {}, const std::string& body = "{}") { return https(method, world.url() + "/api/v1/agents" + path, method == "POST" ? body : "", bearer.empty() ? admin : bearer); }
  json::object first() { return ask("GET", "").body.at("agents").at(0).as_object(); }
};

TEST_F(AnOrganisationsAgents, AreShownWithWhatTheySayOfThemselves) {
  const auto list = ask("GET", "");
  ASSERT_EQ(list.status, 200) << list.text("detail");
  EXPECT_EQ(list.body.at("ready_agents"), 1);
  EXPECT_EQ(list.body.at("roster").at("rsn"), 1);
  EXPECT_EQ(list.body.at("roster").at("root"), json::value(world.dr.kid()));
  const auto one = first();
  EXPECT_EQ(one.at("id"), json::value(agent->id));
  EXPECT_EQ(one.at("state"), "active");
  EXPECT_EQ(one.at("fingerprint"), json::value(agent->as.kid()));
  EXPECT_EQ(one.at("connected").at("ready"), true);
  EXPECT_GT(one.at("connected").at("statement_until").as_int64(), unix_now());
}

TEST_F(AnOrganisationsAgents, ThatAreNotReadySayWhyAndThoseThatAreGoneAreNotConnected) {
  agent->send(protocol::message_text("hb", [] {
    protocol::AgentHeartbeat hb;
    hb.window = 8, hb.ready["corp.example"] = {false, "dc_unreachable", "", false, false};
    return hb;
  }()));
  while (first().at("connected").at("ready") == true) std::this_thread::yield();
  EXPECT_EQ(first().at("connected").at("reason"), "dc_unreachable");
  agent->cut();
  while (!first().at("connected").is_null()) std::this_thread::yield();
  EXPECT_EQ(first().at("state"), "active") << "it may come back";
}

TEST_F(AnOrganisationsAgents, AreShownWithWhatTheyFoundInWordsOfTheService) {
  EXPECT_TRUE(first().at("connected").at("findings").is_null());
  agent->send(R"({"t":"findings","id":"01ARZ3NDEKTSV4RRFFQ69G5FAV","b":{"age_s":120,"findings":[
    {"result":"fail","code":"directory.tcp","domain":"corp.example","subject":"dc2.corp.example:636","meaning":"its own words"},{"result":"warn","code":"state.space"},
    {"result":"fail","code":"directory.bind","domain":"other.example"},{"result":"warn","code":"later.code","domain":"corp.example"},{"result":"pass","code":"service","subject":"reset.example.com"}]}})");
  while (first().at("connected").at("findings").is_null()) std::this_thread::yield();
  const auto findings = first().at("connected").at("findings");
  EXPECT_LE(findings.at("at").as_int64(), unix_now() - 120);
  EXPECT_GT(findings.at("at").as_int64(), unix_now() - 180);
  const auto& list = findings.at("list").as_array();
  ASSERT_EQ(list.size(), 4u) << "what is about a domain that it does not serve here is nobody's business";
  EXPECT_EQ(list[0].at("result"), "fail");
  EXPECT_EQ(list[0].at("subject"), "dc2.corp.example:636");
  EXPECT_EQ(list[0].at("meaning"), "the server takes no connection, or not in time");
  EXPECT_EQ(list[0].at("remedy"), json::value(protocol::text_of_code("directory.tcp")->remedy));
  EXPECT_EQ(list[1].at("subject"), "");
  EXPECT_EQ(list[2].at("code"), "later.code");
  EXPECT_EQ(list[2].at("meaning"), "");
  EXPECT_EQ(list[3].at("result"), "pass");
}

TEST_F(AnOrganisationsAgents, ThatSayMoreThanCodesAndNamesAreNotShown) {
  for (const std::string list : {R"([{"result":"fail","code":"directory.tcp","subject":"<script>"}])", R"([{"result":"fail","code":"DROP TABLE"}])", R"("many")"}) {
    agent->send(R"({"t":"findings","id":"01ARZ3NDEKTSV4RRFFQ69G5FAV","b":{"age_s":0,"findings":)" + list + "}}");
    EXPECT_NE(agent->next("error").value_or("").find("malformed"), std::string::npos) << list;
  }
  EXPECT_TRUE(first().at("connected").at("findings").is_null());
  EXPECT_EQ(first().at("connected").at("ready"), true) << "it stays in step";
}

TEST_F(AnOrganisationsAgents, AreToldThatTheServiceTakesFindings) {
  agent->cut();
  agent->epoch++;
  ASSERT_EQ(agent->connect(), "welcome");
  EXPECT_EQ(agent->service_caps, std::vector<std::string>{"findings"});
}

TEST_F(AnOrganisationsAgents, AreEnrolledByATokenThatIsGoodForOneOfThem) {
  const auto made = ask("POST", "/tokens");
  ASSERT_EQ(made.status, 201) << made.text("detail");
  const auto text = made.text("token");
  EXPECT_EQ(std::count(text.begin(), text.end(), '.'), 3) << "with the service's root, for the agent to pin";
  FakeAgent another(world), late(world);
  const auto token = text.substr(0, text.rfind('.'));
  EXPECT_EQ(another.enroll(token).status, 200);
  EXPECT_EQ(late.enroll(token).status, 401);
  const auto agents = ask("GET", "").body.at("agents").as_array();
  ASSERT_EQ(agents.size(), 2u);
  EXPECT_EQ(agents[1].at("state"), "pending") << "the domain's root has not approved it";
}

TEST_F(AnOrganisationsAgents, AreRevokedAtOnceByTheirOwnAdministratorsAlone) {
  const auto stranger = world.client("other.example", {Scope::settings}), other_scope = world.client("corp.example", {Scope::helpdesk});
  EXPECT_TRUE(ask("GET", "", stranger).body.at("agents").as_array().empty());
  EXPECT_EQ(ask("POST", "/" + agent->id + "/revoke", stranger).status, 404);
  for (const auto& path : {std::string("/tokens"), "/" + agent->id + "/revoke"}) EXPECT_EQ(ask("POST", path, other_scope).status, 403) << path;
  EXPECT_TRUE(first().at("connected").is_object());
  const auto revoked = ask("POST", "/" + agent->id + "/revoke");
  ASSERT_EQ(revoked.status, 200) << revoked.text("detail");
  EXPECT_EQ(revoked.text("state"), "revoked");
  EXPECT_TRUE(agent->gone());
  EXPECT_EQ(ask("POST", "/" + agent->id + "/revoke").status, 200) << "the same again";
  EXPECT_EQ(agent->connect(), "revoked");
  const auto rows = world.store().audit().page({{}, service::Activity::agent_revoked, {}, {}}, 0, 10).value().rows;
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_NE(rows[0].row.find("\"actor\":\"client:" + admin.substr(5, 26)), std::string::npos) << rows[0].row;
}

TEST_F(AnOrganisationsAgents, AreShownWithTheControllersThatTheyWroteTo) {
  const auto bearer = world.client();
  const auto before = unix_now();
  EXPECT_LE(first().at("enrolled").as_int64(), before);
  EXPECT_GT(first().at("enrolled").as_int64(), before - 600);
  EXPECT_TRUE(first().at("controllers").as_array().empty());
  for (const auto code : {protocol::Code::applied, protocol::Code::rejected}) {
    const auto probed = world.probe(*agent, bearer);
    ASSERT_EQ(world.submit(bearer, probed.id, world.seal({agent.get()}, world.binding(probed), "Canary-9f3b-password!")).status, 202);
    const auto got = agent->next_job();
    ASSERT_TRUE(got);
    agent->accept(got->job);
    agent->answer(got->job, code, [](protocol::JobResult& r) { r.dc = "dc7.corp.example"; });
    while (world.store().job(got->job.jti).value()->state != queue::JobState::final) std::this_thread::yield();
  }
  const auto one = first();
  ASSERT_EQ(one.at("controllers").as_array().size(), 1u);
  const auto& dc = one.at("controllers").at(0);
  EXPECT_EQ(dc.at("dc"), "dc7.corp.example");
  EXPECT_EQ(dc.at("written"), 1) << "what was rejected was not written";
  EXPECT_GT(dc.at("mean_ms").as_double(), 0);
  EXPECT_LT(dc.at("mean_ms").as_double(), 60'000);
  EXPECT_GE(dc.at("last").as_int64(), before - 1);
  EXPECT_TRUE(ask("GET", "", world.client("other.example", {Scope::settings})).body.at("agents").as_array().empty());
}

TEST_F(AnOrganisationsAgents, AreRevokedForAReasonThatTheAuditKeeps) {
  const auto path = "/" + agent->id + "/revoke";
  for (const auto* bad : {"{", "[]", R"({"reason":7})", R"({"why":"lost"})", R"({"reason":""})", R"({"reason":"because I say so"})"})
    EXPECT_EQ(ask("POST", path, {}, bad).status, 400) << bad;
  EXPECT_EQ(first().at("state"), "active");
  ASSERT_EQ(ask("POST", path, {}, R"({"reason":"lost"})").status, 200);
  const auto rows = world.store().audit().page({{}, service::Activity::agent_revoked, {}, {}}, 0, 10).value().rows;
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_NE(rows[0].row.find("\"details\":{\"cause\":\"lost\"},\"domain\":\"corp.example\""), std::string::npos) << rows[0].row;
}

TEST_F(AnOrganisationsAgents, ThatServeOthersTooAreNotOneOrganisationsToRevokeOrDrain) {
  ASSERT_EQ(agent->enroll(world.token("other.example")).status, 200);
  for (const auto* what : {"/revoke", "/drain", "/resume"}) {
    const auto no = ask("POST", "/" + agent->id + what);
    EXPECT_EQ(no.status, 409) << no.text("detail");
    EXPECT_EQ(no.error(), "conflict");
  }
  EXPECT_EQ(first().at("state"), "active");
  EXPECT_EQ(first().at("drained"), false);
}

TEST_F(AnOrganisationsAgents, AreNotDrainedToTheLastWithoutForce) {
  const auto path = "/" + agent->id + "/drain";
  for (const auto* bad : {"{", "[]", R"({"force":1})", R"({"force":"yes"})", R"({"forced":true})"}) EXPECT_EQ(ask("POST", path, {}, bad).status, 400) << bad;
  const auto no = ask("POST", path, {}, R"({"force":false})");
  EXPECT_EQ(no.status, 409);
  EXPECT_EQ(no.text("code"), "last_ready_agent");
  EXPECT_EQ(no.text("domain"), "corp.example");
  EXPECT_EQ(first().at("drained"), false);
  EXPECT_EQ(first().at("connected").at("ready"), true);
  const auto yes = ask("POST", path, {}, R"({"force":true})");
  ASSERT_EQ(yes.status, 200) << yes.text("detail");
  EXPECT_EQ(yes.body.at("drained"), true);
  EXPECT_EQ(yes.body.at("connected").at("ready"), false);
  EXPECT_EQ(ask("GET", "").body.at("ready_agents"), 0);
  EXPECT_EQ(ask("POST", path).status, 200) << "it is drained already: nothing is lost by saying so again";
  const auto rows = world.store().audit().page({{}, service::Activity::agent_drained, {}, {}}, 0, 10).value().rows;
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_NE(rows[0].row.find("\"actor\":\"client:" + admin.substr(5, 26)), std::string::npos) << rows[0].row;
  EXPECT_NE(rows[0].row.find("\"details\":{\"cause\":\"last_ready\"},\"domain\":\"corp.example\""), std::string::npos) << rows[0].row;
}

TEST_F(AnOrganisationsAgents, ThatAreDrainedGetNoNewJobsAndFinishWhatTheyHave) {
  const auto bearer = world.client();
  const auto probed = world.probe(*agent, bearer);
  ASSERT_EQ(world.submit(bearer, probed.id, world.seal({agent.get()}, world.binding(probed), "Canary-9f3b-password!")).status, 202);
  const auto held = agent->next_job();
  ASSERT_TRUE(held);
  agent->accept(held->job);
  FakeAgent other(world);
  ASSERT_EQ(other.enroll(world.token()).status, 200);
  ASSERT_EQ(world.post_roster({agent.get(), &other}).status, 200);
  ASSERT_EQ(other.connect(), "welcome");
  for (auto* one : {agent.get(), &other}) one->state(world.rsn);
  other.ready();
  while (world.ready_now(bearer) != 2) std::this_thread::yield();
  ASSERT_EQ(ask("POST", "/" + agent->id + "/drain").status, 200) << "there is another one";
  EXPECT_EQ(first().at("connected").at("held"), 1);
  for (int times = 0; times < 4; ++times) {  // the other one is the busier of the two from the second on
    auto probing = std::async(std::launch::async, [&] { return https("POST", world.url() + "/api/v1/probes", R"({"name":"bob"})", bearer); });
    const auto got = other.next_job();
    ASSERT_TRUE(got);
    other.answer_probe(got->job);
    EXPECT_EQ(probing.get().status, 200);
  }
  EXPECT_FALSE(agent->next_job(0ms));
  agent->answer(held->job, protocol::Code::applied);
  EXPECT_EQ(world.look(bearer, held->job.jti).text("outcome"), "applied");
  ASSERT_EQ(ask("POST", "/" + agent->id + "/resume").status, 200);
  EXPECT_EQ(first().at("connected").at("ready"), true);
  ASSERT_EQ(ask("POST", "/" + other.id + "/drain").status, 200);
  EXPECT_TRUE(world.probe(*agent, bearer).id.size()) << "it gets jobs again";
}

TEST_F(AnOrganisationsAgents, AreResumedToTakeTheJobsThatWaited) {
  const auto bearer = world.client();
  const auto probed = world.probe(*agent, bearer);
  ASSERT_EQ(world.submit(bearer, probed.id, world.seal({agent.get()}, world.binding(probed), "Canary-9f3b-password!")).status, 202);
  const auto first_offer = agent->next_job();
  ASSERT_TRUE(first_offer);
  agent->cut();
  while (!first().at("connected").is_null()) std::this_thread::yield();
  ASSERT_EQ(ask("POST", "/" + agent->id + "/drain").status, 200) << "it takes none as it is: nobody is left without";
  agent->epoch++;
  ASSERT_EQ(agent->connect(), "welcome");
  agent->state(world.rsn);
  agent->ready();
  while (first().at("connected").at("statement_until").is_null()) std::this_thread::yield();
  EXPECT_FALSE(agent->next_job(200ms));
  for (int again = 0; again < 2; ++again) ASSERT_EQ(ask("POST", "/" + agent->id + "/resume").status, 200);
  const auto got = agent->next_job();
  ASSERT_TRUE(got);
  EXPECT_EQ(got->job.jti, first_offer->job.jti);
  EXPECT_EQ(world.store().audit().page({{}, service::Activity::agent_resumed, {}, {}}, 0, 10).value().rows.size(), 1u);
}

TEST_F(AnOrganisationsAgents, ThatAreDrainedAtTheCommandLineStaySoAcrossRestarts) {
  EXPECT_EQ(ask("POST", "/" + agent->id + "/drain").status, 409);  // so the store has been told who takes jobs
  EXPECT_EQ(world.store().drain(agent->id, false).value().last_of, "corp.example");
  ASSERT_TRUE(world.store().drain(agent->id, true).value().known);
  while (first().at("connected").at("ready") == true) std::this_thread::yield();
  world.stop();
  world.start();
  agent->epoch++;
  ASSERT_EQ(agent->connect(), "welcome");
  agent->state(world.rsn);
  agent->ready();
  while (first().at("connected").is_null() || first().at("connected").at("statement_until").is_null()) std::this_thread::yield();
  EXPECT_EQ(first().at("drained"), true);
  EXPECT_EQ(first().at("connected").at("ready"), false);
  ASSERT_TRUE(world.store().resume(agent->id).value());
  while (first().at("connected").at("ready") == false) std::this_thread::yield();
}

TEST_F(AnOrganisationsAgents, AreDrainedByTheirOwnAdministratorsAlone) {
  const auto stranger = world.client("other.example", {Scope::settings}), other_scope = world.client("corp.example", {Scope::helpdesk});
  for (const std::string what : {"/drain", "/resume"}) {
    EXPECT_EQ(ask("POST", "/" + agent->id + what, stranger).status, 404) << what;
    EXPECT_EQ(ask("POST", "/" + agent->id + what, other_scope, "{}").status, 403) << what;
  }
  EXPECT_EQ(first().at("drained"), false);
}

}  // namespace
}  // namespace wb::test
