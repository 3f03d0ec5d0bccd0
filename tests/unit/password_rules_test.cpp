#include "policy/password_rules.hpp"

#include <gtest/gtest.h>

namespace wb::policy {
namespace {

protocol::PasswordPolicy rules(int min_length = 8, bool complexity = true) {
  protocol::PasswordPolicy policy;
  policy.min_length = min_length, policy.complexity = complexity, policy.history = 24, policy.min_age_s = 86'400;
  return policy;
}
PasswordFacts facts(std::string_view password, std::string_view account = "ehagens", std::string_view display = "Erin M. Hagens") {
  return facts_of(password, {account, display});
}
RuleBroken judged(std::string_view password) { return judge(rules(), facts(password)); }

TEST(APassword, NeedsThreeOfFiveCategories) {
  for (const auto* password : {"Passwort1", "passwort1!", "PASSWORT1!", "Passwort!",
           "Gr\xc3\xbc\xc3\x9f"
           "e-Dich",
           "\xd0\x9f\xd0\xb0\xd1\x80\xd0\xbe\xd0\xbb\xd1\x8c\xd0\xbb\xd1\x8c"
           "1",
           "\xe5\xaf\x86\xe7\xa0\x81\xe5\xaf\x86\xe7\xa0\x81\xe5\xaf\x86\xe7\xa0\x81"
           "a1"})
    EXPECT_EQ(judged(password), RuleBroken::none) << password;
  for (const auto* password : {"passwort", "Passwort", "passwort1", "12345678", "PASSWORT!", "1234567!",
           "\xd0\xbf\xd0\xb0\xd1\x80\xd0\xbe\xd0\xbb\xd1\x8c\xd0\xbb\xd1\x8c"
           "1",
           "passwort\xe2\x82\xac\xe2\x82\xac"
           "1"})
    EXPECT_EQ(judged(password), RuleBroken::not_complex) << password;
}

TEST(ACharacterThatWeCannotPlace, IsCountedInThePersonsFavour) {
  const auto blank = facts("pass phrase 1");
  EXPECT_EQ(blank.categories, 2);
  EXPECT_EQ(judge(rules(), blank), RuleBroken::none) << "the directory decides";
  EXPECT_EQ(explain(rules(), blank, {}), RuleBroken::unknown) << "and if it refuses, complexity is not excluded";
}

TEST(AName, MayNotStandInThePassword) {
  for (const auto* password : {"x-EHAGENS-1", "Erin-2026!", "xxerinXX1", "hagens-X1", "1xHaGeNsX"}) EXPECT_EQ(judged(password), RuleBroken::contains_name) << password;
  EXPECT_EQ(judged("M-2026-xyz!"), RuleBroken::none) << "parts of less than three characters don't count";
  EXPECT_EQ(judged("Hagen-2026!"), RuleBroken::none) << "nor do pieces of a part";
  EXPECT_EQ(judge(rules(), facts("Jo-2026-xyz!", "jo", "")), RuleBroken::none);
  EXPECT_EQ(judge(rules(), facts("Joe-2026-xyz!", "joe", "")), RuleBroken::contains_name);
  for (const auto* display : {"Lee,Anna", "Lee.Anna", "Lee-Anna", "Lee_Anna", "Lee Anna", "Lee#Anna", "Lee\tAnna", "  Anna  "})
    EXPECT_TRUE(facts("xANNA1234", "", display).holds_display_name) << display;
  EXPECT_FALSE(facts("xANNA1234", "", "Lee;Anna").holds_display_name) << "a semicolon does not divide";
  EXPECT_TRUE(facts("x\xc3\x84NNE1234", "", "\xc3\xa4nne Lee").holds_display_name) << "without regard to case, also outside ASCII";
  EXPECT_EQ(judge(rules(8, false), facts("ehagensehagens")), RuleBroken::none) << "it is part of the complexity rule";
}

TEST(TheLength, IsCountedInUtf16Units) {
  EXPECT_EQ(judge(rules(9, false), facts("12345678")), RuleBroken::too_short);
  EXPECT_EQ(judge(rules(8, false), facts("12345678")), RuleBroken::none);
  EXPECT_EQ(facts("Gr\xc3\xbc\xc3\x9f"
                  "e")
                .units,
      5);
  EXPECT_EQ(facts("\xf0\x9f\x98\x80").units, 2);
  EXPECT_EQ(judge(rules(8, false), facts(std::string(257, 'x'))), RuleBroken::too_long);
  EXPECT_EQ(judge(rules(8, false), facts(std::string(256, 'x'))), RuleBroken::none);
  EXPECT_EQ(judge(rules(8), facts("x")), RuleBroken::too_short) << "the length first: it is the plainest";
}

TEST(ARefusalWithoutAReason, GetsTheOneThatThePolicyGives) {
  EXPECT_EQ(explain(rules(), facts("kurz"), {}), RuleBroken::too_short);
  EXPECT_EQ(explain(rules(), facts("passwort"), {}), RuleBroken::not_complex);
  EXPECT_EQ(explain(rules(), facts("Erin-2026!"), {}), RuleBroken::contains_name);
}

TEST(ARefusalWithoutAReason, IsHistoryOrAFilterOnlyWhenAllElseIsExcluded) {
  EXPECT_EQ(explain(rules(), facts("Zebra-2026!"), {}), RuleBroken::history_or_filter);
  EXPECT_EQ(reason_of(RuleBroken::history_or_filter), "refused_by_filter");
  EXPECT_EQ(explain(std::nullopt, facts("Zebra-2026!"), {}), RuleBroken::unknown) << "without the policy nothing is excluded";
}

TEST(ARefusalOfAYoungPassword, IsToldAsThatOnlyWhereAgeCounts) {
  auto young = rules();
  young.change_from = 1000;
  EXPECT_EQ(explain(young, facts("kurz"), {.ages_enforced = true, .now = 999}), RuleBroken::too_young) << "no other password would mend it";
  EXPECT_EQ(explain(young, facts("Zebra-2026!"), {.ages_enforced = true, .now = 1000}), RuleBroken::history_or_filter);
  EXPECT_EQ(explain(young, facts("Zebra-2026!"), {.ages_enforced = false, .now = 999}), RuleBroken::history_or_filter);
}

TEST(EveryRule, HasAReasonOfTheContract) {
  for (auto rule : {RuleBroken::too_short, RuleBroken::too_long, RuleBroken::contains_name, RuleBroken::not_complex, RuleBroken::too_young, RuleBroken::history_or_filter, RuleBroken::unknown})
    EXPECT_FALSE(reason_of(rule).empty());
}

}  // namespace
}  // namespace wb::policy
