// An organisation's own security questions, and what is asked when they stand elsewhere in the settings or are gone.
#include <gtest/gtest.h>

#include <map>

#include "tests/support/reset_world.hpp"

namespace wb::test {
namespace {

struct AnOwnQuestion : testing::Test {
  ResetWorld reset;
  Browser browser{reset};
  const std::vector<std::string> texts{"Which ship was your first?", "Which harbour was your first?", "Which sea was your first?"};
  AnOwnQuestion() { offer(texts); }
  void offer(std::vector<std::string> own) {
    reset.settings([&own](auto& s) { s.methods = {service::sspr::Method::questions, service::sspr::Method::app_code}, s.questions_alone = true, s.custom_questions = own; });
  }
  static std::string id(const std::string& text) { return service::own_question_id(text); }
  std::map<std::string, std::string> asked(const HttpReply& reply) {
    std::map<std::string, std::string> out;
    for (const auto& one : reply.body.at("session").at("questions").as_array()) out[std::string(one.at("id").as_string())] = one.at("text").as_string();
    return out;
  }
};

TEST_F(AnOwnQuestion, IsAskedInTheSameWordsWhereverItStandsInTheSettings) {
  reset.register_answers(alices_sub, {id(texts[0]), id(texts[1]), id(texts[2])});
  offer({texts[2], "Which one is new?", texts[0], texts[1]});
  browser.begin_as("alice@corp.example");
  const auto reply = browser.choose("questions");
  EXPECT_EQ(asked(reply), (std::map<std::string, std::string>{{id(texts[0]), texts[0]}, {id(texts[1]), texts[1]}, {id(texts[2]), texts[2]}}));
  EXPECT_EQ(phase_of(browser.answers(reply)), "choosing");
}

TEST_F(AnOwnQuestion, IsNotAskedAnyMoreWhenItIsWithdrawn) {
  reset.register_answers(alices_sub, {id(texts[0]), id(texts[1]), "first_pet", "first_car", "own.2"});
  offer({texts[1]});
  browser.begin_as("alice@corp.example");
  const auto reply = browser.choose("questions");
  const auto shown = asked(reply);
  EXPECT_TRUE(shown.size() == 3 && shown.contains(id(texts[1])) && shown.contains("first_pet") && shown.contains("first_car")) << reply.raw;
  EXPECT_EQ(phase_of(browser.answers(reply)), "choosing");
}

TEST_F(AnOwnQuestion, IsOfNoUseWhenTooFewOthersAreLeftAndAStrangerIsAskedTheSame) {
  reset.register_answers(alices_sub, {id(texts[0]), id(texts[1]), "first_pet", "first_car", "own.2"});
  offer({"Which one is new?"});
  const auto as = [this](const std::string& sub) {
    Browser one{reset};
    one.begin_as("alice@corp.example", sub);
    const auto reply = one.choose("questions");
    const auto shown = asked(reply);
    for (const auto& [key, text] : shown) EXPECT_NE(key, text);
    EXPECT_EQ(one.answers(reply).text("code"), "wrong_answer");
    return shown.size();
  };
  EXPECT_EQ(as(alices_sub), 3U);
  EXPECT_EQ(as(""), 3U);
}

// More questions are asked than somebody has answered: three answers open nothing, and nobody is asked three where strangers are asked five.
TEST_F(AnOwnQuestion, IsAskedOfNobodyWhoHasAnsweredFewerThanAreAskedNow) {
  reset.settings([](auto& s) { s.questions_to_register = 3, s.questions_to_ask = 3; });
  reset.register_answers(alices_sub, {id(texts[0]), "first_pet", "first_car"});
  reset.settings([](auto& s) { s.questions_to_register = 5, s.questions_to_ask = 5; });
  for (const std::string sub : {std::string(alices_sub), std::string()}) {
    Browser one{reset};
    one.begin_as("alice@corp.example", sub);
    const auto reply = one.choose("questions");
    EXPECT_EQ(asked(reply).size(), 5U) << sub;
    EXPECT_EQ(one.answers(reply).text("code"), "wrong_answer") << sub;
  }
}

}  // namespace
}  // namespace wb::test
