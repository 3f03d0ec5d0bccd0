// What a reset makes of an account.
#include <gtest/gtest.h>

#include "service/sspr/account.hpp"

#include "service/methods/questions.hpp"

namespace wb::service::sspr {
namespace {

const std::string staff = "CN=Staff,DC=corp,DC=example";

struct Case {
  Seen seen{"ok", "", protocol::ProbeAnswer(), true};
  Settings settings;
  Person person;
  std::vector<RegisteredMethod> methods{{"1", Method::app_code, "phone", "", 0, 0, 0}, {"2", Method::app_code, "tablet", "", 0, 0, 0}, {"3", Method::email, "a…@e…com", "", 0, 0, 0}};

  Case() {
    seen.answer->sub = "7c1f";
    seen.answer->groups = {staff};
    settings.scope = Scope::all;
  }
  Account account() const { return account_of(seen, settings, &person, methods); }
};

TEST(AnAccount, KnowsEachKindOfMethodOnce) {
  const auto account = Case().account();
  EXPECT_EQ(account.sub, "7c1f");
  EXPECT_EQ(account.registered, (std::vector{Method::app_code, Method::email}));
  EXPECT_EQ(account.barrier, Reason::none);
}

TEST(AnAccount, ThatTheAgentDoesNotTalkAboutIsLikeOneThatNobodyHas) {
  for (const auto& [outcome, reason] : {std::pair("failed", "not_found"), std::pair("failed", "ambiguous"), std::pair("denied", "protected"), std::pair("denied", "out_of_scope"),
           std::pair("denied", "too_often"), std::pair("unavailable", ""), std::pair("busy", "volume")}) {
    Case c;
    c.seen = {outcome, reason, std::nullopt, true};
    EXPECT_EQ(c.account(), Account()) << outcome << " " << reason;
  }
}

TEST(AnAccount, IsBarredInOrderOfWhatMattersMore) {
  Case c;
  c.seen.answer->state.disabled = true;
  EXPECT_EQ(c.account().barrier, Reason::account_refused);
  EXPECT_EQ(c.account().detail, "disabled");
  c.person.frozen = 5;
  EXPECT_EQ(c.account().barrier, Reason::frozen);
  c.methods.clear();
  EXPECT_EQ(c.account().barrier, Reason::not_registered);
  c.settings.scope = Scope::none;
  EXPECT_EQ(c.account().barrier, Reason::not_enabled);
}

TEST(AnAccount, IsRefusedWhenItHasExpiredOrNeedsASmartCard) {
  Case expired, card;
  expired.seen.answer->state.account_expired = true;
  card.seen.answer->state.smart_card = true;
  EXPECT_EQ(expired.account().detail, "account_expired");
  EXPECT_EQ(card.account().detail, "smart_card");
}

TEST(AnAccount, WhosePasswordIsTooYoungSaysFromWhenWhereThatIsEnforced) {
  Case c;
  c.seen.answer->policy.change_from = 1'800'000'000;
  EXPECT_EQ(c.account().change_from, 1'800'000'000);
  c.seen.age_enforced = false;
  EXPECT_FALSE(c.account().change_from);
}

TEST(AnAccount, ThatNobodyKnewBeforeNeedsNoPerson) {
  Case c;
  EXPECT_EQ(account_of(c.seen, c.settings, nullptr, {}).barrier, Reason::not_registered);
}

TEST(APersonWhoWasSeen, IsKeptWithTheAddressTheDirectoryShows) {
  protocol::ProbeAnswer answer;
  answer.sub = "7c1f", answer.display_name = "Alice", answer.language = "de-AT", answer.groups = {staff};
  answer.contacts["mail"] = {"alice@corp.example", "other@corp.example"};
  EXPECT_EQ(person_of("corp.example", "alice", answer, 9), (Person{"corp.example", "7c1f", "alice", "Alice", "alice@corp.example", "de-AT", {staff}, 9, 0, 0}));
}

TEST(ARegistration, IsCompleteByWhatTheRulesAllow) {
  Settings rules;
  rules.methods = {Method::app_code, Method::questions}, rules.methods_required = 2, rules.reconfirm_days = 0;
  RegisteredMethod app, questions, email;
  questions.kind = Method::questions, questions.questions = {"first_pet", "first_car", "first_job"}, email.kind = Method::email;
  EXPECT_EQ(registration_of(rules, false, {}, 0, 1'000).missing, 2);
  EXPECT_EQ(registration_of(rules, false, {app, app, email}, 0, 1'000).missing, 1) << "two apps are one method, and mail is not allowed";
  EXPECT_EQ(registration_of(rules, false, {app, questions}, 0, 1'000).missing, 0);
  EXPECT_EQ(registration_of(rules, true, {app, questions}, 0, 1'000).missing, 1) << "an administrator's questions do not count";
}

TEST(ARegistration, NeedsAsManyAnswersAsAreAsked) {
  Settings rules;
  rules.methods = {Method::questions}, rules.questions_alone = true, rules.custom_questions = {"Which ship?"};
  RegisteredMethod questions;
  questions.kind = Method::questions, questions.questions = {"first_pet", "first_car", own_question_id("WHICH ship?")};
  EXPECT_EQ(registration_of(rules, false, {questions}, 0, 1'000).missing, 0);
  rules.questions_to_ask = 4;
  EXPECT_EQ(registration_of(rules, false, {questions}, 0, 1'000).missing, 1);
  rules.questions_to_ask = 3, rules.custom_questions = {"Which boat?"};
  EXPECT_EQ(registration_of(rules, false, {questions}, 0, 1'000).missing, 1) << "one is withdrawn";
  questions.questions = {"first_pet", "first_car", "own.1", "own.3"};
  EXPECT_EQ(registration_of(rules, false, {questions}, 0, 1'000).missing, 1) << "what such ids meant once nobody knows";
}

TEST(ARegistration, IsLookedAtAgainSoLongAfterTheLastWord) {
  constexpr UnixSeconds day = 86'400, now = 1'000 * day;
  Settings rules;
  rules.reconfirm_days = 180;
  RegisteredMethod app;
  app.made = now - 200 * day;
  EXPECT_TRUE(registration_of(rules, false, {app}, 0, now).reconfirm);
  EXPECT_FALSE(registration_of(rules, false, {app}, now - 179 * day, now).reconfirm) << "confirmed since";
  EXPECT_FALSE(registration_of(rules, false, {}, 0, now).reconfirm) << "something is missing: that comes first";
  rules.reconfirm_days = 0;
  EXPECT_FALSE(registration_of(rules, false, {app}, 0, now).reconfirm);
}

}  // namespace
}  // namespace wb::service::sspr
