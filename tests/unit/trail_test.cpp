// What the audit says of a person's way, for every way that a way can go; and what it is not told twice.
#include <gtest/gtest.h>

#include "service/sspr/said_once.hpp"
#include "service/sspr/trail.hpp"

namespace wb::service::sspr {
namespace {

using enum Method;
using Methods = std::vector<Method>;

Session at(Phase phase, Methods passed = {}, std::optional<Method> current = std::nullopt, int passwords = 0) {
  Session session;
  session.phase = phase, session.passed = std::move(passed), session.current = current, session.passwords = passwords;
  return session;
}

struct Told {
  Session session;
  std::string_view word;
};

TEST(AWayThatNobodyEnded, IsToldByHowFarItHadCome) {
  const Told table[] = {
      {at(Phase::proving), "abandoned.after_user_name"},
      {at(Phase::proving, {}, email), "abandoned.after_starting_email"},
      {at(Phase::proving, {}, questions), "abandoned.after_starting_questions"},
      {at(Phase::proving, {}, app_code), "abandoned.after_starting_app"},
      {at(Phase::proving, {}, pass), "abandoned.after_starting_pass"},
      {at(Phase::proving, {email}), "abandoned.after_completing_email"},
      {at(Phase::proving, {questions}), "abandoned.after_completing_questions"},
      {at(Phase::proving, {app_code}), "abandoned.after_completing_app"},
      {at(Phase::proving, {pass}), "abandoned.after_completing_pass"},
      {at(Phase::proving, {app_code}, email), "abandoned.after_starting_email"},
      {at(Phase::proving, {email}, questions), "abandoned.after_starting_questions"},
      {at(Phase::choosing, {email}), "abandoned.before_new_password"},
      {at(Phase::new_password, {email, app_code}), "abandoned.before_new_password"},
      {at(Phase::new_password, {email}, std::nullopt, 1), "abandoned.at_new_password"},
      {at(Phase::choosing, {email}, std::nullopt, 2), "abandoned.at_new_password"},
  };
  for (const auto& [session, word] : table) EXPECT_EQ(to_string(abandoned(session)), word);
}

TEST(AskingForHelp, IsToldByWhatTheyAreAt) {
  const Told table[] = {
      {at(Phase::proving), "contacted_admin"},
      {at(Phase::proving, {}, email), "contacted_admin.after_email"},  // the mail never came
      {at(Phase::proving, {}, questions), "contacted_admin.after_questions"},
      {at(Phase::proving, {}, app_code), "contacted_admin"},  // Entra has no word for those
      {at(Phase::proving, {}, pass), "contacted_admin"},
      {at(Phase::proving, {email}), "contacted_admin.after_email"},
      {at(Phase::proving, {questions}), "contacted_admin.after_questions"},
      {at(Phase::proving, {email}, questions), "contacted_admin.after_questions"},
      {at(Phase::proving, {questions}, app_code), "contacted_admin"},
      {at(Phase::over, {app_code, email}), "contacted_admin.after_email"},
  };
  for (const auto& [session, word] : table) EXPECT_EQ(to_string(contacted(session)), word);
}

TEST(AWayThatIsOver, IsToldByWhyAndWhere) {
  struct Over {
    Reason end;
    Session before;
    std::string_view word;
  };
  const auto chosen = at(Phase::choosing, {email}), tried = at(Phase::new_password, {email}, std::nullopt, 5);
  const Over table[] = {
      {Reason::cancelled, at(Phase::proving), "cancelled.before_methods"},
      {Reason::cancelled, at(Phase::proving, {email}, app_code), "cancelled.before_methods"},  // one of two
      {Reason::cancelled, chosen, "cancelled.before_new_password"},
      {Reason::cancelled, tried, "cancelled.before_new_password"},
      {Reason::too_many_tries, at(Phase::proving, {}, email), "failed.wrong_answer"},
      {Reason::passwords_spent, tried, "directory.rejected"},
      {Reason::passwords_spent, chosen, "failed.on_premises_error"},
      {Reason::blocked, at(Phase::proving, {}, email), "blocked.account"},
      {Reason::not_enabled, at(Phase::proving), "failed.not_in_scope"},
      {Reason::administrator, at(Phase::proving), "failed.not_enabled"},
      {Reason::not_registered, at(Phase::proving), "failed.insufficient_methods"},
      {Reason::frozen, at(Phase::proving), "failed.frozen"},
      {Reason::unreachable, at(Phase::proving), "failed.on_premises_unreachable"},
      {Reason::in_doubt, at(Phase::writing), "failed.on_premises_error"},
      {Reason::write_failed, at(Phase::writing), "failed.on_premises_error"},
      {Reason::account_refused, at(Phase::proving), "failed.on_premises_error"},
      {Reason::too_young, at(Phase::proving), "failed.on_premises_error"},
      {Reason::session_expired, at(Phase::proving, {app_code}, email), "abandoned.after_starting_email"},
      {Reason::session_expired, at(Phase::proving, {app_code}), "abandoned.after_completing_app"},
      {Reason::session_expired, chosen, "abandoned.before_new_password"},
      {Reason::session_expired, tried, "abandoned.at_new_password"},
      {Reason::none, at(Phase::done), ""},
      {Reason::wrong_answer, at(Phase::proving), ""},
      {Reason::password_refused, tried, ""},
  };
  for (const auto& [end, before, word] : table) {
    auto flow = before;
    flow.phase = Phase::over, flow.end = end, flow.current.reset();
    EXPECT_EQ(to_string(reason_of(flow, before)), word) << to_string(end);
  }
}

TEST(EachMethod, HasItsOwnWords) {
  const std::pair<Method, std::string> table[] = {{app_code, "app"}, {email, "email"}, {questions, "questions"}, {pass, "pass"}};
  for (const auto& [method, word] : table) {
    EXPECT_EQ(to_string(started(method)), "progress.started_" + word);
    EXPECT_EQ(to_string(completed(method)), "progress.completed_" + word);
    EXPECT_EQ(to_string(blocked(method)), "blocked." + word);
  }
}

TEST(WhatWasSaidOnce, IsSaidAgainOnlyAfterItsTime) {
  SaidOnce said;
  EXPECT_TRUE(said.first("a", 100, 0));
  EXPECT_FALSE(said.first("a", 100'000, 99)) << "nor does whoever asks put its time off";
  EXPECT_TRUE(said.first("a", 200, 100));
  EXPECT_TRUE(said.first("b", 100, 0));
}

TEST(WhatWasSaidOnce, IsRememberedOfAFewAndSaidOfNoOther) {
  SaidOnce said(2);
  EXPECT_TRUE(said.first("a", 100, 0));
  EXPECT_TRUE(said.first("b", 300, 0));
  EXPECT_FALSE(said.first("c", 100, 50));
  EXPECT_FALSE(said.first("b", 400, 150)) << "still remembered";
  EXPECT_TRUE(said.first("c", 300, 150)) << "a's time is over";
  EXPECT_EQ(said.remembered(), 2U);
}

}  // namespace
}  // namespace wb::service::sspr
