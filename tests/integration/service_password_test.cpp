// Changes and sign-ins at the service: what it takes, whom it asks, and how it ends them (docs/PROTOCOL.md sections 6 and 7).
#include <gtest/gtest.h>

#include "tests/support/service_world.hpp"

namespace wb::test {
namespace {

using protocol::Code;
using protocol::Op;
constexpr const char* password = "Canary-4c1d-Passw0rd!";

service::Settings quick() {
  auto shape = ServiceWorld::quick();
  shape.jobs.doubt_first = 50ms;
  shape.jobs.resolve_first = 50ms;
  return shape;
}

class APersonsOwnPassword : public testing::Test {
 protected:
  ServiceWorld world{quick()};
  std::string bearer = world.client();
  std::unique_ptr<FakeAgent> agent = world.active_agent();

  struct Order {
    std::string probe;
    protocol::SealBinding binding;
    std::string sealed;
  };
  Order order(Op op, int seconds = 120) {
    const auto probed = world.probe(*agent, bearer);
    auto binding = world.binding(probed);
    binding.op = op;
    binding.exp = unix_now() + seconds;
    return {probed.id, binding, world.seal({agent.get()}, binding, password)};
  }
  HttpReply submit(const Order& order, std::string_view op, json::object opts = {}) {
    json::object more{{"op", op}};
    if (!opts.empty()) more["opts"] = std::move(opts);
    return world.submit(bearer, order.probe, order.sealed, 0, std::move(more));
  }
  void come_back(FakeAgent::Tweak tweak = {}) {
    agent->epoch++;
    ASSERT_EQ(agent->connect(std::move(tweak)), "welcome");
    agent->state(world.rsn);
    agent->ready();
  }
  HttpReply ended(const std::string& jti) {
    for (;;)
      if (auto reply = world.look(bearer, jti); reply.text("state") == "final" || reply.status != 200) return reply;
  }
};

TEST_F(APersonsOwnPassword, ReachesAnAgentAsTheOperationItWasSealedFor) {
  for (const auto op : {Op::change, Op::authenticate}) {
    const auto asked = order(op);
    ASSERT_EQ(submit(asked, to_string(op)).status, 202);
    const auto got = agent->next_job();
    ASSERT_TRUE(got);
    EXPECT_EQ(got->job.op, op);
    EXPECT_EQ(got->job.sh, crypto::sha256_url(asked.sealed));
    EXPECT_EQ(got->message.sec, asked.sealed);
    EXPECT_FALSE(got->job.opts.must_change || got->job.opts.unlock);
    const auto code = op == Op::change ? Code::applied : Code::ok;
    agent->answer(got->job, code);
    const auto done = ended(asked.binding.jti);
    EXPECT_EQ(done.text("outcome"), to_string(code));
    EXPECT_EQ(world.store().job(asked.binding.jti).value()->sealed, std::nullopt) << "erased with the end";
    EXPECT_EQ(submit(asked, to_string(op)).text("state"), "final") << "the same again: the same answer";
  }
}

TEST_F(APersonsOwnPassword, IsRefusedUnderAnotherOperationThanItsSeals) {
  const auto asked = order(Op::change);
  for (const auto* op : {"reset", "authenticate"}) EXPECT_EQ(submit(asked, op).status, 409) << op;
  EXPECT_EQ(submit(asked, "unlock").status, 400);
  for (const auto* op : {"probe", "resolve", "nonsense"}) EXPECT_EQ(submit(asked, op).status, 400) << op;
  EXPECT_EQ(https("POST", world.url() + "/api/v1/jobs", json::serialize(json::object{{"probe", asked.probe}, {"op", "change"}}), bearer).status, 400) << "nothing sealed";
  EXPECT_FALSE(agent->next_job(0ms));
}

TEST_F(APersonsOwnPassword, TakesNoAdministratorsOptions) {
  for (const auto op : {Op::change, Op::authenticate}) {
    const auto asked = order(op);
    for (const auto* option : {"must_change", "unlock"}) EXPECT_EQ(submit(asked, to_string(op), {{option, true}}).status, 400) << option;
    EXPECT_EQ(submit(asked, to_string(op), {{"must_change", false}}).status, 202);
    const auto got = agent->next_job();
    ASSERT_TRUE(got);
    agent->answer(got->job, Code::rejected);
    ended(asked.binding.jti);
  }
}

TEST_F(APersonsOwnPassword, IsOfferedOnlyToAgentsThatSayTheyKnowTheOperation) {
  const auto asked = order(Op::change);
  agent->cut();
  come_back([](auto& claims) { claims.caps = {"probe", "reset", "unlock", "resolve"}; });
  world.probe(*agent, bearer);  // it is ready, and knows this
  ASSERT_EQ(submit(asked, "change").status, 202);
  EXPECT_EQ(ended(asked.binding.jti).text("outcome"), "unavailable");
  EXPECT_FALSE(agent->next_job(0ms));
}

TEST_F(APersonsOwnPassword, ChangedByAnAgentThatFellSilentIsResolvedAsAReset) {
  const auto asked = order(Op::change, 2);
  ASSERT_EQ(submit(asked, "change").status, 202);
  const auto got = agent->next_job();
  ASSERT_TRUE(got);
  agent->accept(got->job);
  agent->cut();
  const auto told = world.look(bearer, asked.binding.jti);
  EXPECT_EQ(told.text("outcome"), "in_doubt");
  come_back();
  const auto resolve = agent->next_job();
  ASSERT_TRUE(resolve);
  EXPECT_EQ(resolve->job.op, Op::resolve);
  EXPECT_EQ(resolve->message.sec, std::nullopt);
  agent->answer(resolve->job, Code::applied);
  EXPECT_EQ(ended(asked.binding.jti).text("outcome"), "applied");
}

TEST_F(APersonsOwnPassword, TriedByAnAgentThatFellSilentIsUnknownWhateverItSaysLater) {
  const auto asked = order(Op::authenticate, 2);
  ASSERT_EQ(submit(asked, "authenticate").status, 202);
  const auto got = agent->next_job();
  ASSERT_TRUE(got);
  agent->accept(got->job);
  agent->cut();
  const auto done = ended(asked.binding.jti);
  EXPECT_EQ(done.text("outcome"), "unknown");
  EXPECT_NE(done.text("text").find("whether the password is right"), std::string::npos) << done.text("text");
  come_back();
  agent->answer(got->job, Code::ok);
  EXPECT_TRUE(agent->next("ack")) << "so that it is not sent for ever";
  EXPECT_EQ(ended(asked.binding.jti).text("outcome"), "unknown");
  EXPECT_FALSE(agent->next_job(0ms)) << "nothing to resolve";
}

}  // namespace
}  // namespace wb::test
