// Jobs through the reset service over real TLS: sealed, offered, lost, found again, answered. No directory.
#include <gtest/gtest.h>

#include <fstream>

#include "core/base64url.hpp"
#include "core/ids.hpp"
#include "crypto/trust.hpp"
#include "tests/support/service_world.hpp"

namespace wb::test {
namespace {

using protocol::Code;

std::string text_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

constexpr const char* canary = "Canary-9f3b-password!";

class ADomainWithAnAgent : public testing::Test {
 protected:
  ServiceWorld world;
  std::string bearer = world.client();
  std::unique_ptr<FakeAgent> agent = world.active_agent();
  ServiceWorld::Probed probed;
  void SetUp() override { probed = world.probe(*agent, bearer); }
};

TEST_F(ADomainWithAnAgent, ShowsItsKeysToSealingClients) {
  const auto reply = https("GET", world.url() + "/api/v1/keys", {}, bearer);
  ASSERT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body.at("ready_agents").as_int64(), 1);
  ASSERT_EQ(reply.body.at("statements").as_array().size(), 1U);
  const auto roster = crypto::check_roster(reply.text("roster"), world.dr.kid(), "default", world.domain, 1, unix_now());
  ASSERT_TRUE(roster);
  EXPECT_TRUE(crypto::check_statement(std::string(reply.body.at("statements").at(0).as_string()), *roster, unix_now()));
}

TEST_F(ADomainWithAnAgent, CarriesASealedPasswordToItAndTheResultBack) {
  const auto binding = world.binding(probed);
  const auto sealed = world.seal({agent.get()}, binding, canary);
  const auto submitted = world.submit(bearer, probed.id, sealed);
  ASSERT_EQ(submitted.status, 202) << json::serialize(submitted.body);
  EXPECT_EQ(submitted.text("jti"), binding.jti);

  const auto got = agent->next_job();
  ASSERT_TRUE(got);
  const auto& job = got->job;
  const auto keys = protocol::decode<protocol::ServiceKeys>(agent->next("keys").value()).value();
  const auto endorsement = crypto::verify_self_signed(keys.sk.at(0), protocol::typ_endorse).value();
  const auto sk = crypto::check_endorsement(keys.sk.at(0), endorsement.key.kid(), world.config.public_url, unix_now());
  ASSERT_TRUE(sk);
  EXPECT_TRUE(crypto::verify(got->message.jws, protocol::typ_job, sk->key));
  EXPECT_EQ(job.iss, world.config.public_url);
  EXPECT_EQ(job.aud, "default/" + world.domain);
  EXPECT_EQ(job.jti, binding.jti);
  EXPECT_EQ(job.fence, 1);
  EXPECT_EQ(job.att, 1);
  EXPECT_EQ(job.sub, probed.sub);
  EXPECT_EQ(job.pre, probed.pre);
  EXPECT_EQ(job.exp, binding.exp);
  EXPECT_EQ(job.sh, crypto::sha256_url(sealed));
  EXPECT_EQ(got->message.sec, sealed);
  EXPECT_NEAR(got->message.ttl_ms, 120'000, 3'000);
  const auto opened = crypto::open_sealed(*got->message.sec, agent->ae);
  ASSERT_TRUE(opened);
  EXPECT_TRUE(crypto::read_passwords(*opened).value().pw == Secret::copy_of(canary));

  agent->accept(job);
  agent->applying(job);
  auto looking = std::async(std::launch::async, [&] { return world.look(bearer, job.jti); });
  agent->answer(job, Code::applied_but, [](auto& r) { r.also = {"account_disabled", "still_locked"}; });
  const auto done = looking.get();
  EXPECT_EQ(done.text("state"), "final");
  EXPECT_EQ(done.text("outcome"), "applied_but");
  EXPECT_EQ(done.text("agent"), agent->id);
  EXPECT_EQ(done.text("dc"), "dc1.corp.example");
  EXPECT_EQ(done.body.at("also").as_array().size(), 2U);
  EXPECT_EQ(done.body.at("attempts").to_number<int>(), 1);
  EXPECT_EQ(done.text("correlation_id"), submitted.text("correlation_id"));
  EXPECT_TRUE(crypto::verify(done.text("result"), protocol::typ_result, agent->as.public_key()));
  const auto ack = agent->next("ack");  // the probe's, or the job's: both come
  EXPECT_TRUE(ack);
  EXPECT_TRUE(agent->next("ack"));
}

TEST_F(ADomainWithAnAgent, ForgetsTheSealedPasswordWithTheEnd) {
  const auto binding = world.binding(probed);
  const auto sealed = world.seal({agent.get()}, binding, canary);
  ASSERT_EQ(world.submit(bearer, probed.id, sealed).status, 202);
  EXPECT_EQ(world.store().job(binding.jti).value()->sealed, sealed) << "kept as long as it is needed";
  const auto got = agent->next_job();
  ASSERT_TRUE(got);
  agent->answer(got->job, Code::applied);
  EXPECT_EQ(world.look(bearer, binding.jti).text("outcome"), "applied");
  EXPECT_EQ(world.store().job(binding.jti).value()->sealed, std::nullopt);
  for (const char* suffix : {"", "-wal"}) {
    const auto bytes = text_of(world.store_file().string() + suffix);
    EXPECT_EQ(bytes.find(canary), std::string::npos) << suffix;
    EXPECT_EQ(bytes.find(base64url(canary).substr(0, 24)), std::string::npos) << suffix;
  }
}

TEST_F(ADomainWithAnAgent, AnswersTheSameSubmitTheSame) {
  const auto binding = world.binding(probed);
  const auto sealed = world.seal({agent.get()}, binding, canary);
  const auto first = world.submit(bearer, probed.id, sealed);
  const auto second = world.submit(bearer, probed.id, sealed);
  EXPECT_EQ(second.status, 202);
  EXPECT_EQ(second.text("correlation_id"), first.text("correlation_id"));
  const auto got = agent->next_job();
  ASSERT_TRUE(got);
  agent->answer(got->job, Code::applied);
  EXPECT_EQ(world.look(bearer, binding.jti).text("outcome"), "applied");
  const auto third = world.submit(bearer, probed.id, sealed);
  EXPECT_EQ(third.status, 202);
  EXPECT_EQ(third.text("state"), "final");
  EXPECT_FALSE(agent->next_job(0ms)) << "offered once";
  EXPECT_EQ(world.submit(bearer, probed.id, world.seal({agent.get()}, binding, "another")).status, 409) << "the jti for something else";
}

TEST_F(ADomainWithAnAgent, RefusesAPasswordSealedForSomethingElse) {
  using Edit = std::function<void(protocol::SealBinding&)>;
  const Edit edits[] = {[](auto& b) { b.sub = "00000000-0000-4000-8000-000000000000"; }, [](auto& b) { b.pre.pls = "1"; }, [](auto& b) { b.pre.mk.reset(); }, [](auto& b) { b.pre.dc = "dc2.corp.example"; },
      [](auto& b) { b.dom = "other.example"; }, [](auto& b) { b.ten = "other"; }, [](auto& b) { b.op = protocol::Op::unlock; }, [](auto& b) { b.iat -= 200, b.exp -= 200; }, [](auto& b) { b.rsn += 1; }};
  for (const auto& edit : edits) {
    auto binding = world.binding(probed);
    edit(binding);
    const auto reply = world.submit(bearer, probed.id, world.seal({agent.get()}, binding, canary));
    EXPECT_EQ(reply.status, 409) << json::serialize(reply.body);
  }
  EXPECT_EQ(world.submit(bearer, probed.id, "not a JWE").status, 400);
  EXPECT_FALSE(agent->next_job(0ms));
}

TEST_F(ADomainWithAnAgent, LetsAProbeServeOnce) {
  ASSERT_EQ(world.submit(bearer, probed.id, world.seal({agent.get()}, world.binding(probed), canary)).status, 202);
  const auto again = world.submit(bearer, probed.id, world.seal({agent.get()}, world.binding(probed), canary));
  EXPECT_EQ(again.status, 410);
  EXPECT_EQ(again.error(), "gone");
}

TEST_F(ADomainWithAnAgent, WorksOnOneJobOfAnAccountAtATime) {
  const auto second = world.probe(*agent, bearer);
  const auto binding = world.binding(probed);
  ASSERT_EQ(world.submit(bearer, probed.id, world.seal({agent.get()}, binding, canary)).status, 202);
  const auto sealed = world.seal({agent.get()}, world.binding(second), canary);
  const auto busy = world.submit(bearer, second.id, sealed);
  EXPECT_EQ(busy.status, 409);
  EXPECT_EQ(busy.error(), "busy");
  const auto got = agent->next_job();
  ASSERT_TRUE(got);
  agent->answer(got->job, Code::superseded);
  EXPECT_EQ(world.look(bearer, binding.jti).text("outcome"), "superseded");
  EXPECT_EQ(world.submit(bearer, second.id, sealed).status, 202) << "a refusal for being busy does not spend the probe";
}

TEST_F(ADomainWithAnAgent, UnlocksWithoutAPassword) {
  const auto body = json::serialize(json::object{{"probe", probed.id}, {"op", "unlock"}});
  const auto first = https("POST", world.url() + "/api/v1/jobs", body, bearer);
  ASSERT_EQ(first.status, 202) << json::serialize(first.body);
  const auto got = agent->next_job();
  ASSERT_TRUE(got);
  EXPECT_EQ(got->job.op, protocol::Op::unlock);
  EXPECT_EQ(got->message.sec, std::nullopt);
  EXPECT_EQ(https("POST", world.url() + "/api/v1/jobs", body, bearer).text("jti"), first.text("jti"));
  agent->answer(got->job, Code::applied);
  EXPECT_EQ(world.look(bearer, first.text("jti")).text("outcome"), "applied");
}

TEST_F(ADomainWithAnAgent, IsAStrangerToClientsOfOtherDomains) {
  const auto binding = world.binding(probed);
  const auto sealed = world.seal({agent.get()}, binding, canary);
  ASSERT_EQ(world.submit(bearer, probed.id, sealed).status, 202);
  const auto stranger = world.client("other.example");
  EXPECT_EQ(world.look(stranger, binding.jti, 0).status, 404);
  EXPECT_EQ(world.submit(stranger, probed.id, sealed).status, 404);
  EXPECT_EQ(https("POST", world.url() + "/api/v1/probes", R"({"name":"alice"})", stranger).text("outcome"), "unavailable");
}

TEST_F(ADomainWithAnAgent, BelievesAResultOnlyWithTheAgentsOwnKey) {
  const auto binding = world.binding(probed);
  ASSERT_EQ(world.submit(bearer, probed.id, world.seal({agent.get()}, binding, canary)).status, 202);
  const auto got = agent->next_job();
  ASSERT_TRUE(got);
  std::swap(agent->as, agent->ae);
  agent->answer(got->job, Code::applied);
  const auto error = agent->next("error");
  ASSERT_TRUE(error);
  std::swap(agent->as, agent->ae);
  EXPECT_EQ(world.look(bearer, binding.jti, 0).text("state"), "leased");
}

TEST_F(ADomainWithAnAgent, GivesTheJobToTheNextWhenTheFirstIsKilled) {
  auto second = world.active_agent();
  agent->ready(false);  // so that it is clear who is first
  const auto fresh = world.probe(*second, bearer);
  agent->ready();
  second->ready(false);
  const auto binding = world.binding(fresh);
  while (https("GET", world.url() + "/api/v1/keys", {}, bearer).body.at("ready_agents").as_int64() != 1) {}
  ASSERT_EQ(world.submit(bearer, fresh.id, world.seal({agent.get(), second.get()}, binding, canary)).status, 202);
  const auto first_try = agent->next_job();
  ASSERT_TRUE(first_try);
  agent->accept(first_try->job);
  second->ready();
  agent->cut();
  const auto second_try = second->next_job();
  ASSERT_TRUE(second_try);
  EXPECT_EQ(second_try->job.jti, first_try->job.jti);
  EXPECT_EQ(second_try->job.fence, 2);
  EXPECT_EQ(second_try->job.att, 2);
  EXPECT_EQ(second_try->job.exp, first_try->job.exp);
  EXPECT_EQ(second_try->message.sec, first_try->message.sec);
  second->accept(second_try->job);
  second->answer(second_try->job, Code::applied);
  const auto done = world.look(bearer, binding.jti);
  EXPECT_EQ(done.text("outcome"), "applied");
  EXPECT_EQ(done.text("agent"), second->id);
  EXPECT_EQ(done.body.at("attempts").to_number<int>(), 2);
}

TEST_F(ADomainWithAnAgent, OffersOnlyToWhomThePasswordIsSealed) {
  auto second = world.active_agent();
  const auto binding = world.binding(probed);
  agent->cut();
  ASSERT_EQ(world.submit(bearer, probed.id, world.seal({agent.get()}, binding, canary)).status, 202);
  EXPECT_EQ(world.look(bearer, binding.jti).text("outcome"), "unavailable");
  EXPECT_FALSE(second->next_job(0ms));
}

TEST_F(ADomainWithAnAgent, WaitsWhenItsWindowIsFull) {
  agent->ready(true, 1);
  const auto second = world.probe(*agent, bearer);
  const auto binding = world.binding(probed);
  ASSERT_EQ(world.submit(bearer, probed.id, world.seal({agent.get()}, binding, canary)).status, 202);
  const auto first = agent->next_job();
  ASSERT_TRUE(first);
  agent->accept(first->job);
  auto probing = std::async(std::launch::async, [&] { return https("POST", world.url() + "/api/v1/probes", R"({"name":"bob"})", bearer); });
  EXPECT_FALSE(agent->next_job(200ms));
  agent->answer(first->job, Code::rejected, [](auto& r) { r.reason = "too_short"; });
  const auto next = agent->next_job();
  ASSERT_TRUE(next);
  EXPECT_EQ(next->job.op, protocol::Op::probe);
  agent->answer_probe(next->job);
  EXPECT_EQ(probing.get().text("outcome"), "ok");
  EXPECT_EQ(world.look(bearer, binding.jti).text("reason"), "too_short");
}

TEST_F(ADomainWithAnAgent, KeepsAQuarterOfItsWindowForProbes) {
  agent->ready(true, 4);
  std::vector<protocol::Job> held;
  for (const char who : {'1', '2', '3', '4'}) {
    const auto person = world.probe(*agent, bearer, std::string("person") + who, alices_sub.substr(0, 35) + who);
    ASSERT_EQ(world.submit(bearer, person.id, world.seal({agent.get()}, world.binding(person), canary)).status, 202);
    if (who == '4') break;
    const auto got = agent->next_job();
    ASSERT_TRUE(got) << who;
    agent->accept(got->job);
    held.push_back(got->job);
  }
  auto probing = std::async(std::launch::async, [&] { return https("POST", world.url() + "/api/v1/probes", R"({"name":"bob"})", bearer); });
  const auto probe = agent->next_job();
  ASSERT_TRUE(probe) << "three writes stand still, and a probe must not wait for them";
  ASSERT_EQ(probe->job.op, protocol::Op::probe) << "the fourth write was first";
  agent->answer_probe(probe->job);
  EXPECT_EQ(probing.get().text("outcome"), "ok");
  ASSERT_FALSE(agent->next_job(200ms)) << "the fourth write waits, also when the probe has gone";
  agent->answer(held.front(), Code::applied);
  const auto fourth = agent->next_job();
  ASSERT_TRUE(fourth);
  EXPECT_EQ(fourth->job.sub, alices_sub.substr(0, 35) + '4');
}

TEST_F(ADomainWithAnAgent, LearnsLateThatAJobWasApplied) {
  auto binding = world.binding(probed);
  binding.exp = unix_now() + 2;
  ASSERT_EQ(world.submit(bearer, probed.id, world.seal({agent.get()}, binding, canary)).status, 202);
  const auto got = agent->next_job();
  ASSERT_TRUE(got);
  agent->accept(got->job);
  agent->cut();
  EXPECT_EQ(world.look(bearer, binding.jti).text("outcome"), "in_doubt");
  ASSERT_TRUE(world.store().release(binding.jti).value());
  while (world.look(bearer, binding.jti).text("state") != "final") {}
  EXPECT_EQ(world.look(bearer, binding.jti).text("outcome"), "unknown");
  EXPECT_EQ(world.look(bearer, binding.jti).text("reason"), "released");
  agent->epoch++;
  ASSERT_EQ(agent->connect(), "welcome");
  agent->answer(got->job, Code::rejected);
  ASSERT_TRUE(agent->next("ack"));
  EXPECT_EQ(world.look(bearer, binding.jti).text("outcome"), "unknown") << "never the reverse, and no other code";
  agent->answer(got->job, Code::applied);
  ASSERT_TRUE(agent->next("ack"));
  EXPECT_EQ(world.look(bearer, binding.jti).text("outcome"), "applied");
}

TEST_F(ADomainWithAnAgent, KeepsItsJobsOverARestartOfTheService) {
  const auto binding = world.binding(probed);
  ASSERT_EQ(world.submit(bearer, probed.id, world.seal({agent.get()}, binding, canary)).status, 202);
  const auto before = agent->next_job();
  ASSERT_TRUE(before);
  agent->accept(before->job);
  auto waiting = std::async(std::launch::async, [&] { return world.look(bearer, binding.jti, 30'000); });
  while (world.waiting_calls() == 0) {}
  world.stop();
  EXPECT_EQ(waiting.get().text("state"), "leased") << "whoever waits is answered before the service goes";
  EXPECT_TRUE(agent->gone());
  world.start();
  ASSERT_EQ(agent->connect(), "welcome");
  agent->state(world.rsn);
  agent->ready();
  const auto after = agent->next_job();
  ASSERT_TRUE(after);
  EXPECT_EQ(after->job.jti, binding.jti);
  EXPECT_EQ(after->job.fence, 2);
  EXPECT_EQ(after->job.att, 2);
  agent->answer(after->job, Code::applied);
  EXPECT_EQ(world.look(bearer, binding.jti).text("outcome"), "applied");
}

TEST_F(ADomainWithAnAgent, HasAFailedProbeWhenTheAnswerIsForAnotherAccount) {
  auto probing = std::async(std::launch::async, [&] { return https("POST", world.url() + "/api/v1/probes", R"({"sub":"00000000-0000-4000-8000-000000000000"})", bearer); });
  const auto got = agent->next_job();
  ASSERT_TRUE(got);
  agent->answer_probe(got->job);
  const auto reply = probing.get();
  EXPECT_EQ(reply.text("outcome"), "failed");
  EXPECT_FALSE(reply.body.as_object().contains("answer"));
}

TEST(AnOfferThatIsNotAccepted, GoesToTheNextAgent) {
  auto shape = ServiceWorld::quick();
  shape.jobs.accept = 100ms;
  ServiceWorld world(shape);
  auto first = world.active_agent();
  auto second = world.active_agent();
  const auto bearer = world.client();
  auto probing = std::async(std::launch::async, [&] { return https("POST", world.url() + "/api/v1/probes", R"({"name":"alice"})", bearer); });
  auto got = first->next_job(5s);
  auto other = second->next_job(5s);
  ASSERT_TRUE(got && other);
  const bool first_asked_first = got->job.fence == 1;
  EXPECT_EQ(got->job.fence + other->job.fence, 3);
  EXPECT_EQ(got->job.att + other->job.att, 3);
  auto& late = first_asked_first ? *second : *first;
  late.answer_probe(first_asked_first ? other->job : got->job);
  EXPECT_EQ(probing.get().text("outcome"), "ok");
  auto& silent = first_asked_first ? *first : *second;
  EXPECT_TRUE(silent.next("cancel"));

  // It is not asked first again, idle as it is, before it has said anything.
  const auto probe = [&] { return std::async(std::launch::async, [&] { return https("POST", world.url() + "/api/v1/probes", R"({"name":"alice"})", bearer); }); };
  auto again = probe();
  auto taken = late.next_job(5s);
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->job.fence, 1);
  late.answer_probe(taken->job);
  EXPECT_EQ(again.get().text("outcome"), "ok");

  silent.send(protocol::message_text("hello?", protocol::JobRef{}));
  ASSERT_TRUE(silent.next("error"));
  auto third = probe();
  auto woken = silent.next_job(5s);
  ASSERT_TRUE(woken);
  EXPECT_EQ(woken->job.fence, 1);
  silent.answer_probe(woken->job);
  EXPECT_EQ(third.get().text("outcome"), "ok");
}

}  // namespace
}  // namespace wb::test
