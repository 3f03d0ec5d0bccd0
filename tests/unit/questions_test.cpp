#include "service/methods/questions.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <map>
#include <set>

namespace wb::service {
namespace {

constexpr Argon2Cost cheap{.memory_kib = 8, .passes = 1};
constexpr QuestionSettings settings{.to_register = 3, .to_ask = 3, .cost = cheap};

GivenAnswer answer(std::string question, std::string_view text, std::string shown = "What was it?") { return {std::move(question), std::move(shown), Secret::copy_of(text)}; }

std::vector<GivenAnswer> three(std::string_view a, std::string_view b, std::string_view c) {
  std::vector<GivenAnswer> out;
  out.push_back(answer("first_pet", a));
  out.push_back(answer("first_car", b));
  out.push_back(answer("first_toy", c));
  return out;
}

// Of this thread alone: a busy machine must not make one of the two look dearer.
double processor_ms() {
  timespec t{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) / 1e6;
}

Registration registered(const std::vector<GivenAnswer>& given, const QuestionSettings& s = settings) {
  auto made = register_answers(given, s);
  EXPECT_TRUE(made);
  return made ? std::move(*made) : Registration{};
}

TEST(ThePredefinedQuestions, AreThirtyFiveOfTheirOwn) {
  const auto& ids = predefined_questions();
  EXPECT_EQ(std::set<std::string_view>(ids.begin(), ids.end()).size(), 35U);
}

TEST(Answers, AreKeptAsArgon2idOnly) {
  const auto done = registered(three("Rex", "Golf", "Bär"));
  ASSERT_EQ(done.kept.size(), 3U);
  EXPECT_EQ(done.kept[0].question, "first_pet");
  std::set<std::string> hashes;
  for (const auto& kept : done.kept) {
    EXPECT_TRUE(kept.hash.starts_with("$argon2id$v=19$m=8,t=1,p=1$")) << kept.hash;
    hashes.insert(kept.hash);
  }
  EXPECT_EQ(hashes.size(), 3U);
}

TEST(Answers, CostWhatOwaspAsks) {
  const auto hash = argon2id("Rex");
  ASSERT_TRUE(hash);
  EXPECT_TRUE(hash->starts_with("$argon2id$v=19$m=19456,t=2,p=1$")) << *hash;
  EXPECT_TRUE(argon2id_fits(*hash, "Rex"));
  EXPECT_FALSE(argon2id_fits(*hash, "rex"));
}

TEST(Answers, AreRefusedWithTheReasonAndTheirPlace) {
  const std::string longest(40, 'x');
  struct Case {
    std::vector<GivenAnswer> given;
    std::optional<AnswerProblem> problem;
    std::size_t at;
  };
  std::vector<Case> cases;
  cases.push_back({three("Rex", "Golf", "Bär"), std::nullopt, 0});
  cases.push_back({three("Rex", "  A   B ", "Bär"), std::nullopt, 0});
  cases.push_back({three("Rex", "AB", "Bär"), AnswerProblem::too_short, 1});
  cases.push_back({three("Rex", "   A       ", "Bär"), AnswerProblem::too_short, 1});
  cases.push_back({three("", "Golf", "Bär"), AnswerProblem::too_short, 0});
  cases.push_back({three("Rex", longest, "Bär"), std::nullopt, 0});
  cases.push_back({three("Rex", longest + "x", "Bär"), AnswerProblem::too_long, 1});
  cases.push_back({three("Rex", "Golf", "B\xff r"), AnswerProblem::not_text, 2});
  cases.push_back({three("Rex", "Golf", std::string(2000, 'x')), AnswerProblem::not_text, 2});
  cases.push_back({three("Rex", "Golf", " REX"), AnswerProblem::answer_twice, 2});
  cases.push_back({three("Rex", "Golf", "  WHAT   was"), AnswerProblem::part_of_question, 2});
  cases.push_back({{}, AnswerProblem::count, 0});
  auto twice = three("Rex", "Golf", "Bär");
  twice[2].question = "first_pet";
  cases.push_back({std::move(twice), AnswerProblem::question_twice, 2});
  auto four = three("Rex", "Golf", "Bär");
  four.push_back(answer("first_job", "Baker"));
  cases.push_back({std::move(four), AnswerProblem::count, 0});
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const auto done = registered(cases[i].given);
    EXPECT_EQ(done.problem, cases[i].problem) << i;
    EXPECT_EQ(done.at, cases[i].at) << i;
    EXPECT_EQ(done.kept.size(), cases[i].problem ? 0U : 3U) << i;
  }
}

class RegisteredAnswers : public testing::Test {
 protected:
  bool fit(const std::vector<GivenAnswer>& given, const std::vector<std::string>& asked = {"first_toy", "first_pet", "first_car"}) { return answers_fit(kept_, asked, given, cheap); }
  std::vector<KeptAnswer> kept_ = registered(three("Rex", "VW Golf", "Bär")).kept;
};

TEST_F(RegisteredAnswers, FitInAnySpellingAndOrder) {
  EXPECT_TRUE(fit(three("Rex", "VW Golf", "Bär")));
  auto other = three(" REX ", "vw  golf", "BA\u0308R");
  std::reverse(other.begin(), other.end());
  EXPECT_TRUE(fit(other));
}

TEST_F(RegisteredAnswers, DoNotFitWhenOneIsWrongWhicheverItIs) {
  EXPECT_FALSE(fit(three("Max", "VW Golf", "Bär")));
  EXPECT_FALSE(fit(three("Rex", "Audi", "Bär")));
  EXPECT_FALSE(fit(three("Rex", "VW Golf", "Hase")));
  EXPECT_FALSE(fit(three("VW Golf", "Rex", "Bär"))) << "right answers to other questions";
  EXPECT_FALSE(fit(three("Rex", "VW Golf", "")));
}

TEST_F(RegisteredAnswers, DoNotFitWithFewerOrOtherQuestionsAnswered) {
  auto fewer = three("Rex", "VW Golf", "Bär");
  fewer.pop_back();
  EXPECT_FALSE(fit(fewer));
  auto twice = three("Rex", "VW Golf", "Bär");
  twice[2] = answer("first_pet", "Rex");
  EXPECT_FALSE(fit(twice)) << "one answered twice instead of another";
  EXPECT_FALSE(fit({}, {})) << "nothing asked proves nothing";
  EXPECT_FALSE(fit(three("Rex", "VW Golf", "Bär"), {"first_toy", "first_pet", "first_boss"})) << "asked, and not registered";
  auto more = three("Rex", "VW Golf", "Bär");
  more.push_back(answer("first_boss", "Meier"));
  EXPECT_FALSE(fit(more));
}

TEST_F(RegisteredAnswers, AreWorthNothingWhenDamaged) {
  for (const std::string bad : {"", "x", "$argon2id$v=19$m=4294967295,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNo", "$argon2id$v=19$m=8,t=4294967295,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNo",
           "$argon2i$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNo", "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$"}) {
    kept_[1].hash = bad;
    EXPECT_FALSE(fit(three("Rex", "VW Golf", "Bär"))) << bad;
  }
}

TEST_F(RegisteredAnswers, EachCostOneHashWhateverIsWrong) {
  constexpr Argon2Cost cost{.memory_kib = 4096, .passes = 1};
  auto kept = registered(three("Rex", "VW Golf", "Bär"), {3, 3, cost}).kept;
  const std::vector<std::string> asked = {"first_pet", "first_car", "first_toy"};
  const auto best_of = [&](const std::vector<GivenAnswer>& given) {
    double best = 1e9;
    for (int i = 0; i < 5; ++i) {
      const auto began = processor_ms();
      (void)answers_fit(kept, asked, given, cost);
      best = std::min(best, processor_ms() - began);
    }
    return best;
  };
  const double right = best_of(three("Rex", "VW Golf", "Bär"));
  EXPECT_GT(best_of(three("Max", "VW Golf", "Bär")), right * 0.5) << "the first is wrong";
  EXPECT_GT(best_of({}), right * 0.5) << "none is answered";
  EXPECT_GT(best_of(three("\xff", "\xff", "\xff")), right * 0.5) << "none is text";
  for (auto& one : kept) one.hash = "damaged";
  EXPECT_GT(best_of(three("Rex", "VW Golf", "Bär")), right * 0.5) << "none is kept as it should be";
}

TEST(DrawnQuestions, AreDifferentOnesAndEachAsOftenAsTheOthers) {
  std::vector<KeptAnswer> kept;
  for (const auto* id : {"a", "b", "c", "d", "e"}) kept.push_back({id, "h"});
  std::map<std::string, int> seen;
  for (int i = 0; i < 1'000; ++i) {
    const auto drawn = draw_questions(kept, 3);
    ASSERT_EQ(std::set<std::string>(drawn.begin(), drawn.end()).size(), 3U);
    for (const auto& id : drawn) ++seen[id];
  }
  for (const auto& [id, count] : seen) EXPECT_GT(count, 450) << id << ": 600 are expected, and 450 are nearly ten standard deviations away";
  EXPECT_EQ(seen.size(), 5U);
  EXPECT_EQ(draw_questions(kept, 9).size(), 5U);
  EXPECT_TRUE(draw_questions({}, 3).empty());
}

TEST(QuestionCounts, AreThreeToFiveAndNoMoreAskedThanRegistered) {
  for (const auto& [to_register, to_ask, right] : {std::tuple{3, 3, true}, {5, 3, true}, {5, 5, true}, {4, 5, false}, {2, 2, false}, {6, 3, false}, {5, 2, false}, {0, 0, false}})
    EXPECT_EQ(valid({to_register, to_ask, {}}), right) << to_register << " " << to_ask;
}

TEST(AnOrganisationsQuestion, IsTheSameInEverySpellingOfItsWordsAndAnotherWithOtherWords) {
  const auto id = own_question_id("Wie hieß dein Schiff?");
  EXPECT_EQ(id, own_question_id("  WIE HIESS  dein schiff? "));
  EXPECT_NE(id, own_question_id("Wie hieß dein Boot?"));
  EXPECT_EQ(id.size(), 20U);
  EXPECT_TRUE(id.starts_with("own.") && id.find_first_not_of("0123456789abcdef", 4) == std::string::npos) << id;
  for (const auto* text : {"", " ", "ab\xff!", "a\x01z"}) EXPECT_EQ(own_question_id(text), "") << text;
}

}  // namespace
}  // namespace wb::service
