// Changing one's own password, over HTTPS with an agent made of nothing but the contract.
#include "service/sspr/tickets.hpp"
#include "tests/support/person_who_signs_in.hpp"

namespace wb::test {
namespace {

using protocol::Code;
using protocol::Op;
namespace sspr = service::sspr;

TEST_F(APersonWhoSignsIn, WhoseAccountIsFrozenChangesNoPasswordThatMustBeChanged) {
  reset.register_app();
  begin("alice@corp.example");
  const auto as_stranger = offer();
  sspr::People people(reset.world.store().database());
  ASSERT_TRUE(people.freeze(reset.world.domain, alices_sub, unix_now()));
  EXPECT_EQ(try_password(as_stranger, Op::change, std::nullopt).text("code"), "wrong_step") << "who has proven nothing is not told";
  EXPECT_EQ(try_password(as_stranger, Op::authenticate, Code::failed, "must_change").text("code"), "sign_in_failed");
  EXPECT_EQ(try_password(offer(), Op::change, std::nullopt).text("code"), "frozen");
  ASSERT_TRUE(people.freeze(reset.world.domain, alices_sub, 0));
  EXPECT_EQ(try_password(offer(), Op::change, Code::applied).status, 200);
}

TEST_F(APersonWhoSignsIn, ChangesAPasswordThatMustBeChanged) {
  begin("alice@corp.example");
  const auto first = offer();
  EXPECT_FALSE(first.reply.body.as_object().contains("asked")) << "nobody has shown that it is their account";
  const auto expired = try_password(first, Op::authenticate, Code::failed, "must_change");
  EXPECT_EQ(expired.text("code"), "sign_in_failed");
  EXPECT_EQ(expired.body.at("directory").at("reason"), "must_change");
  EXPECT_EQ(call("GET", "me").status, 401) << "not before it is changed";
  const auto second = offer();
  ASSERT_TRUE(second.reply.body.as_object().contains("asked"));
  EXPECT_EQ(second.reply.body.at("asked").at("policy").at("min_length"), 12);
  const auto refused = try_password(second, Op::change, Code::rejected, "in_history");
  EXPECT_EQ(refused.text("code"), "password_refused");
  const auto changed = try_password(offer(), Op::change, Code::applied);
  EXPECT_EQ(changed.status, 200) << changed.text("code");
  const auto written = [&] { return rows("password.change_self_service directory.applied"); };
  for (const auto until = std::chrono::steady_clock::now() + 20s; written() == 0 && std::chrono::steady_clock::now() < until;) std::this_thread::yield();
  EXPECT_EQ(written(), 1) << testing::PrintToString(reset.audit());
}

TEST_F(APersonWhoSignsIn, ChangesNothingBeforeThePasswordOfNowWasRight) {
  begin("alice@corp.example");
  EXPECT_EQ(try_password(offer(), Op::change, std::nullopt).text("code"), "wrong_step");
  begin("nobody@corp.example", "");
  EXPECT_EQ(try_password(offer(false), Op::change, std::nullopt).text("code"), "wrong_step");
}

// One whose agent takes longer than the answer waits.
class AChangeOfThePassword : public APersonWhoSignsIn {
 protected:
  // Sent, and answered before the directory was: the agent's job.
  protocol::Job sent() {
    reset.register_app();
    sign_in();
    reset.world.shape.settle_wait = 1ms;
    restart();
    const auto unknown = try_password(offer(), Op::change, std::nullopt);
    EXPECT_EQ(unknown.body.at("directory").at("code"), "unknown") << unknown.text("code");
    const auto job = reset.agent->next_job();
    EXPECT_TRUE(job && job->job.op == Op::change);
    if (!job) return {};
    reset.agent->accept(job->job);
    EXPECT_EQ(ends(), 0) << "nothing is known yet: " << testing::PrintToString(reset.audit());
    return job->job;
  }
  void restart() {
    reset.world.stop();
    reset.world.start();
    reset.agent->epoch++;
    EXPECT_EQ(reset.agent->connect(), "welcome");
    reset.agent->state(reset.world.rsn);
    reset.agent->ready();
  }
  std::ptrdiff_t ends() {
    const auto all = reset.audit();
    return std::count_if(all.begin(), all.end(), [](const auto& row) { return row.starts_with("password.change_self_service "); });
  }
  void wait_for(const std::string& row) {
    for (const auto until = std::chrono::steady_clock::now() + 20s; rows(row) == 0 && std::chrono::steady_clock::now() < until;) std::this_thread::yield();
    EXPECT_EQ(rows(row), 1) << row << " in " << testing::PrintToString(reset.audit());
  }
  // Of which things letters were to be written.
  std::vector<std::string> told() {
    service::AuditFilter wanted;
    wanted.activity = service::Activity::notified;
    std::vector<std::string> out;
    for (const auto& row : reset.world.store().audit().page(wanted, 0, 10).value().rows) out.emplace_back(protocol::parse_json(row.row, 12).value().at("details").at("op").as_string());
    return out;
  }
  bool followed() { return !sspr::Tickets(reset.world.store().database()).all(sspr::Purpose::own_change, 1).value().empty(); }
};

TEST_F(AChangeOfThePassword, ThatIsAppliedAfterTheAnswerIsWrittenDownOnceAndToldToThePerson) {
  const auto job = sent();
  reset.agent->answer(job, Code::applied);
  wait_for("password.change_self_service directory.applied");
  wait_for("user.notified ");
  EXPECT_EQ(told(), std::vector<std::string>{"password_changed"});
  EXPECT_EQ(ends(), 1);
  EXPECT_FALSE(followed());
}

TEST_F(AChangeOfThePassword, ThatIsAppliedAfterARestartIsWrittenDownOnceAndToldToThePerson) {
  const auto job = sent();
  restart();
  const auto again = reset.agent->next_job();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->job.jti, job.jti);
  reset.agent->answer(again->job, Code::applied);
  wait_for("password.change_self_service directory.applied");
  wait_for("user.notified ");
  EXPECT_EQ(told(), std::vector<std::string>{"password_changed"});
  EXPECT_EQ(ends(), 1);
  restart();
  EXPECT_FALSE(followed());
  EXPECT_EQ(ends(), 1);
}

TEST_F(AChangeOfThePassword, ThatTheDirectoryRefusesAfterTheAnswerIsWrittenDownAndNoNews) {
  const auto job = sent();
  reset.agent->answer(job, Code::rejected, [](protocol::JobResult& r) { r.reason = "in_history"; });
  wait_for("password.change_self_service directory.rejected");
  EXPECT_EQ(ends(), 1);
  EXPECT_TRUE(told().empty());
  EXPECT_FALSE(followed());
}

}  // namespace
}  // namespace wb::test
