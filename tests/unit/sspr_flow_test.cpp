// The way through a reset, without anything around it.
#include <gtest/gtest.h>

#include "service/sspr/flow.hpp"

namespace wb::service::sspr {
namespace {

using protocol::Code;
constexpr UnixSeconds start = 1'800'000'000;

Account alice() {
  Account account;
  account.sub = "7c1f0f4a-0000-4000-8000-000000000001";
  account.registered = {Method::app_code, Method::email};
  return account;
}

struct Way {
  FlowRules rules;
  Session session;
  UnixSeconds now = start;

  explicit Way(Account account = alice(), int required = 1) {
    rules.methods = {Method::app_code, Method::email, Method::questions};
    rules.required = required;
    session = begin(rules, std::move(account), now);
  }
  Step on(const FlowEvent& event) { return step(session, rules, event, now); }
  Step pass(Method method) {
    on(event::Choose{method});
    return on(event::Answer{true});
  }
};

TEST(APersonWithOneMethod, ChoosesAPasswordAndIsDone) {
  Way way;
  EXPECT_EQ(way.on(event::Choose{Method::app_code}).refused, Reason::none);
  EXPECT_EQ(way.on(event::Answer{true}).refused, Reason::none);
  EXPECT_EQ(way.session.phase, Phase::choosing);
  EXPECT_EQ(way.on(event::Pick{false}).refused, Reason::none);
  EXPECT_TRUE(way.on(event::Submit{}).did(Do::write));
  const auto last = way.on(event::Settled{Code::applied, "", std::nullopt});
  EXPECT_TRUE(last.did(Do::notify));
  EXPECT_TRUE(last.did(Do::forget));
  EXPECT_EQ(way.session.phase, Phase::done);
}

TEST(APersonWithOneMethod, MayUnlockAloneWhereThatIsAllowed) {
  Way way;
  way.pass(Method::app_code);
  EXPECT_TRUE(way.on(event::Pick{true}).did(Do::write));
  EXPECT_TRUE(way.session.unlock);
  way.on(event::Settled{Code::applied, "", std::nullopt});
  EXPECT_EQ(way.session.phase, Phase::done);
}

TEST(APersonWithOneMethod, GoesStraightToThePasswordWhereUnlockingIsNotAllowed) {
  Way way;
  way.rules.allow_unlock = false;
  way.pass(Method::app_code);
  EXPECT_EQ(way.session.phase, Phase::new_password);
  EXPECT_EQ(way.on(event::Pick{true}).refused, Reason::wrong_step);
}

TEST(TwoMethods, MustBeDifferent) {
  Way way(alice(), 2);
  way.pass(Method::app_code);
  EXPECT_EQ(way.session.phase, Phase::proving);
  EXPECT_EQ(way.on(event::Choose{Method::app_code}).refused, Reason::method_unavailable);
  EXPECT_EQ(offered(way.session, way.rules), (std::vector{Method::email, Method::questions}));
  way.pass(Method::email);
  EXPECT_EQ(way.session.phase, Phase::choosing);
}

TEST(AnAdministrator, NeedsTwoMethodsWhereOthersNeedOne) {
  auto account = alice();
  account.administrator = true;
  Way way(account);
  EXPECT_EQ(needed(way.session, way.rules), 1) << "before the first it must not show who is one";
  way.pass(Method::email);
  EXPECT_EQ(way.session.phase, Phase::proving);
  EXPECT_EQ(needed(way.session, way.rules), 2);
}

TEST(AnAdministrator, WithOneMethodIsToldSoAfterIt) {
  auto account = alice();
  account.administrator = true;
  account.registered = {Method::app_code};
  Way way(account);
  EXPECT_EQ(way.pass(Method::app_code).refused, Reason::not_registered);
  EXPECT_EQ(way.session.phase, Phase::over);
}

TEST(AnotherMethodThanTheCurrentOne, IsProvenWhereTheAnswerSaysSo) {
  Way way(alice(), 2);
  way.rules.methods.push_back(Method::pass);
  way.on(event::Choose{Method::pass});
  EXPECT_EQ(way.on(event::Answer{true, Method::email}).refused, Reason::none);
  EXPECT_EQ(way.session.passed, std::vector{Method::email});
  way.on(event::Choose{Method::pass});
  EXPECT_EQ(way.on(event::Answer{true, Method::email}).refused, Reason::wrong_answer) << "once only";
}

TEST(QuestionsThatDoNotDoAlone, NeedASecondMethodAfterThem) {
  auto account = alice();
  account.registered.push_back(Method::questions);
  Way way(account);
  way.rules.questions_alone = false;
  EXPECT_EQ(needed(way.session, way.rules), 1);
  way.pass(Method::questions);
  EXPECT_EQ(way.session.phase, Phase::proving);
  EXPECT_EQ(needed(way.session, way.rules), 2);
  way.pass(Method::app_code);
  EXPECT_EQ(way.session.phase, Phase::choosing);
  Way other(account);
  other.rules.questions_alone = false;
  other.pass(Method::app_code);
  EXPECT_EQ(other.session.phase, Phase::choosing) << "any other method is enough";
}

// The heart of it: whatever a stranger does with a name, what he sees does not depend on whose it is.
TEST(AStranger, SeesTheSameForANameThatNobodyHas) {
  auto barred = alice();
  barred.barrier = Reason::not_enabled;
  auto administrator = alice();
  administrator.administrator = true;
  for (const auto& account : {alice(), barred, administrator}) {
    Way known(account), unknown{Account{}};
    const std::vector<FlowEvent> tries = {event::Answer{false}, event::Choose{Method::questions}, event::Answer{false}, event::Choose{Method::email},
        event::Choose{Method::email}, event::Answer{false}, event::Choose{Method::app_code}, event::Pick{false}, event::Submit{}, event::Answer{false},
        event::Answer{false}, event::Answer{false}, event::Choose{Method::app_code}};
    for (std::size_t i = 0; i < tries.size(); ++i) {
      const auto a = known.on(tries[i]), b = unknown.on(tries[i]);
      EXPECT_EQ(a.refused, b.refused) << "try " << i;
      EXPECT_EQ(a.until, b.until) << "try " << i;
      EXPECT_EQ(a.detail, b.detail) << "try " << i;
      EXPECT_EQ(a.did(Do::ask_questions), b.did(Do::ask_questions)) << "try " << i;
      EXPECT_EQ(known.session.phase, unknown.session.phase) << "try " << i;
      EXPECT_EQ(offered(known.session, known.rules), offered(unknown.session, unknown.rules)) << "try " << i;
      EXPECT_EQ(needed(known.session, known.rules), needed(unknown.session, unknown.rules)) << "try " << i;
    }
    EXPECT_EQ(known.session.end, Reason::too_many_tries);
  }
}

TEST(ANameThatNobodyHas, IsNeverProvenNorSentACode) {
  Way way{Account{}};
  EXPECT_FALSE(way.on(event::Choose{Method::email}).did(Do::send_code));
  EXPECT_EQ(way.on(event::Answer{true}).refused, Reason::wrong_answer) << "even if the caller had it that the answer is right";
}

TEST(AMethodThatIsNotTheirs, IsWrongWhateverTheAnswer) {
  Way way;
  way.on(event::Choose{Method::questions});
  EXPECT_EQ(way.on(event::Answer{true}).refused, Reason::wrong_answer);
}

TEST(WhatStandsInTheWay, IsToldAfterTheFirstMethodAndBeforeTheSecond) {
  for (const auto why : {Reason::not_enabled, Reason::frozen, Reason::administrator, Reason::too_young, Reason::account_refused}) {
    auto account = alice();
    account.barrier = why;
    account.until = start + 3'600;
    account.detail = "protected";
    Way way(account, 2);
    EXPECT_EQ(way.on(event::Choose{Method::email}).refused, Reason::none);
    const auto told = way.on(event::Answer{true});
    EXPECT_EQ(told.refused, why);
    EXPECT_EQ(told.until, start + 3'600);
    EXPECT_EQ(told.detail, "protected");
    EXPECT_EQ(way.session.phase, Phase::over);
    EXPECT_EQ(way.on(event::Choose{Method::app_code}).refused, why) << "and stays what it is";
  }
}

TEST(APasswordThatIsTooYoung, EndsTheSessionAfterTheFirstMethodWithTheTimeFromWhenItMayBeChanged) {
  auto account = alice();
  account.change_from = start + 3'600;
  Way way(account, 2);
  const auto told = way.pass(Method::email);
  EXPECT_EQ(told.refused, Reason::too_young);
  EXPECT_EQ(told.until, start + 3'600);
  EXPECT_EQ(way.session.phase, Phase::over);
}

TEST(APasswordThatIsTooYoung, OfALockedAccountLeavesTheUnlock) {
  auto account = alice();
  account.change_from = start + 3'600;
  account.locked = true;
  Way way(account);
  EXPECT_EQ(way.pass(Method::email).refused, Reason::none);
  const auto told = way.on(event::Pick{false});
  EXPECT_EQ(told.refused, Reason::too_young);
  EXPECT_EQ(told.until, start + 3'600);
  EXPECT_TRUE(way.on(event::Pick{true}).did(Do::write));
}

TEST(ACode, IsGoodForFiveMinutes) {
  Way way;
  way.on(event::Choose{Method::email});
  way.now += 299;
  auto late = way;
  EXPECT_EQ(way.on(event::Answer{true}).refused, Reason::none);
  late.now += 1;
  EXPECT_EQ(late.on(event::Answer{true}).refused, Reason::code_expired);
  EXPECT_EQ(late.session.wrong, 0) << "slowness is not a wrong answer";
}

TEST(ACode, IsSentAgainAfterAPauseAndNotWithoutEnd) {
  Way way;
  EXPECT_TRUE(way.on(event::Choose{Method::email}).did(Do::send_code));
  const auto soon = way.on(event::Choose{Method::email});
  EXPECT_EQ(soon.refused, Reason::too_soon);
  EXPECT_EQ(soon.until, start + 60);
  for (int i = 0; i < 2; ++i) {
    way.now += 60;
    EXPECT_TRUE(way.on(event::Choose{Method::email}).did(Do::send_code));
  }
  way.now += 60;
  EXPECT_EQ(way.on(event::Choose{Method::email}).refused, Reason::too_many_codes);
}

TEST(WrongAnswers, EndTheSessionAfterFiveOverAllMethods) {
  Way way;
  for (const auto method : {Method::email, Method::questions, Method::app_code, Method::questions}) {
    way.on(event::Choose{method});
    EXPECT_EQ(way.on(event::Answer{false}).refused, Reason::wrong_answer);
  }
  EXPECT_EQ(way.on(event::Answer{false}).refused, Reason::too_many_tries);
  EXPECT_EQ(way.on(event::Answer{true}).refused, Reason::too_many_tries);
}

TEST(WrongAnswersToQuestions, BringOtherQuestions) {
  Way way;
  EXPECT_TRUE(way.on(event::Choose{Method::questions}).did(Do::ask_questions));
  EXPECT_TRUE(way.on(event::Answer{false}).did(Do::ask_questions));
}

TEST(APasswordThatTheDirectoryRefuses, LeavesTheProofGoodForFurtherTries) {
  Way way;
  way.pass(Method::app_code);
  way.on(event::Pick{false});
  for (int i = 0; i < 4; ++i) {
    way.on(event::Submit{});
    const auto no = way.on(event::Settled{Code::rejected, "in_history", std::nullopt});
    EXPECT_EQ(no.refused, Reason::password_refused);
    EXPECT_EQ(no.detail, "in_history");
    EXPECT_EQ(way.session.phase, Phase::new_password);
  }
  way.on(event::Submit{});
  EXPECT_EQ(way.on(event::Settled{Code::rejected, "too_short", std::nullopt}).refused, Reason::passwords_spent);
  EXPECT_EQ(way.session.phase, Phase::over);
}

TEST(ADirectoryThatWasNotAsked, CostsNoTryButNotWithoutEnd) {
  Way way;
  way.pass(Method::app_code);
  way.on(event::Pick{false});
  for (int i = 0; i < 9; ++i) {
    way.on(event::Submit{});
    EXPECT_EQ(way.on(event::Settled{Code::failed, "dc_unavailable", std::nullopt}).refused, Reason::try_again);
    EXPECT_EQ(way.session.passwords, 0);
  }
  way.on(event::Submit{});
  EXPECT_EQ(way.on(event::Settled{Code::busy, "volume", start + 60}).refused, Reason::write_failed);
}

TEST(AWriteThatIsInDoubt, EndsTheSessionAndSaysSo) {
  Way way;
  way.pass(Method::app_code);
  way.on(event::Pick{false});
  way.on(event::Submit{});
  EXPECT_EQ(way.on(event::Settled{Code::in_doubt, "", std::nullopt}).refused, Reason::in_doubt);
  EXPECT_EQ(way.on(event::Submit{}).refused, Reason::in_doubt) << "nothing is sent behind it";
}

TEST(AnAccountTheAgentDenies, EndsTheSessionWithTheAgentsReason) {
  Way way;
  way.pass(Method::app_code);
  way.on(event::Pick{false});
  way.on(event::Submit{});
  const auto no = way.on(event::Settled{Code::denied, "protected", std::nullopt});
  EXPECT_EQ(no.refused, Reason::write_failed);
  EXPECT_EQ(no.detail, "protected");
}

TEST(ASession, EndsAfterFifteenMinutes) {
  Way way;
  way.pass(Method::app_code);
  way.now += 900;
  EXPECT_EQ(way.on(event::Pick{false}).refused, Reason::session_expired);
  EXPECT_EQ(way.session.end, Reason::session_expired);
}

TEST(ASession, ThatIsWritingIsToldTheEndEvenWhenItsTimeIsUp) {
  Way way;
  way.pass(Method::app_code);
  way.on(event::Pick{false});
  way.on(event::Submit{});
  way.now += 1'000;
  EXPECT_EQ(way.on(event::Cancel{}).refused, Reason::wrong_step);
  EXPECT_TRUE(way.on(event::Settled{Code::applied, "", std::nullopt}).did(Do::notify));
}

TEST(ASession, TakesNothingAfterItsEnd) {
  Way way;
  EXPECT_EQ(way.on(event::Cancel{}).refused, Reason::cancelled);
  for (const FlowEvent& event : std::vector<FlowEvent>{event::Choose{Method::email}, event::Answer{true}, event::Pick{true}, event::Submit{}, event::Settled{Code::applied, "", {}}}) {
    const auto none = way.on(event);
    EXPECT_EQ(none.refused, Reason::cancelled);
    EXPECT_TRUE(none.actions.empty());
  }
}

TEST(ASession, TakesNoStepOutOfTurn) {
  Way way;
  EXPECT_EQ(way.on(event::Answer{true}).refused, Reason::wrong_step);
  EXPECT_EQ(way.on(event::Pick{false}).refused, Reason::wrong_step);
  EXPECT_EQ(way.on(event::Submit{}).refused, Reason::wrong_step);
  EXPECT_EQ(way.on(event::Settled{Code::applied, "", {}}).refused, Reason::wrong_step);
  EXPECT_EQ(way.session, Way().session) << "and nothing of it leaves a trace";
}

TEST(LimitsThatHaveNoRoom, EndTheSessionAndSayUntilWhen) {
  Way way;
  const auto no = way.on(event::Block{start + 3'600});
  EXPECT_EQ(no.refused, Reason::blocked);
  EXPECT_EQ(no.until, start + 3'600);
}

TEST(AFreeze, EndsTheWayOfWhoHasProvenSomething) {
  Way way;
  way.pass(Method::app_code);
  EXPECT_EQ(way.on(event::Freeze{}).refused, Reason::frozen);
  EXPECT_EQ(way.session.phase, Phase::over);
  EXPECT_EQ(way.on(event::Pick{false}).refused, Reason::frozen);
}

TEST(AFreeze, IsToldNobodyElse) {
  Way way;
  EXPECT_EQ(way.on(event::Freeze{}).refused, Reason::none);
  way.on(event::Choose{Method::app_code});
  EXPECT_EQ(way.on(event::Freeze{}).refused, Reason::none);
  EXPECT_EQ(way.on(event::Answer{false}).refused, Reason::wrong_answer);
  EXPECT_EQ(way.on(event::Answer{true}).refused, Reason::frozen);
}

TEST(AFreeze, CallsNothingBackThatIsOnItsWayAndLetsNothingFollow) {
  Way way;
  way.pass(Method::app_code);
  way.on(event::Pick{false});
  way.on(event::Submit{});
  EXPECT_EQ(way.on(event::Freeze{}).refused, Reason::none);
  way.on(event::Settled{Code::rejected, "too_short", std::nullopt});
  EXPECT_EQ(way.session.phase, Phase::new_password);
  EXPECT_EQ(way.on(event::Freeze{}).refused, Reason::frozen) << "as ResetDesk says again before anything else";
  EXPECT_EQ(way.on(event::Submit{}).refused, Reason::frozen);
}

}  // namespace
}  // namespace wb::service::sspr
