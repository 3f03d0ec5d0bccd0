// Security questions: which there are, what makes an answer, how answers are kept and checked.
//
// Answers are normalised (answer_text.hpp), hashed with Argon2id (argon2.hpp) and can't be read back by anybody. Never for
// administrators and never alone where policy says so: that is the flow's business.
#pragma once
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "core/secret.hpp"
#include "service/methods/argon2.hpp"

namespace wb::service {

// Ids of the predefined ones; their texts are question.<id> in the message catalogues.
constexpr std::size_t predefined_count = 35;
const std::array<std::string_view, predefined_count>& predefined_questions();

// One of the organisation's own: "own." and 16 hex digits of a hash of its normalised text, so that it is the same question wherever it
// stands in a list, and another one when its words change. Empty: no text (answer_text.hpp), or nothing of it is left.
std::string own_question_id(std::string_view text);

struct QuestionSettings {
  int to_register = 5;  // 3 to 5
  int to_ask = 3;       // 3 to 5, at most to_register
  Argon2Cost cost = {};
};
bool valid(const QuestionSettings& settings);

// What the person typed. `text`: the question as it was shown.
struct GivenAnswer {
  std::string question, text;
  Secret answer;
};
// What is kept.
struct KeptAnswer {
  std::string question, hash;
};

enum class AnswerProblem {
  count,             // not as many as to_register says
  question_twice,    // a question answered twice
  not_text,          // not UTF-8, with control characters, or over a kilobyte
  too_short,         // under 3 characters when normalised
  too_long,          // over 40
  answer_twice,      // two questions with the same answer
  part_of_question,  // the answer stands in the question
};
struct Registration {
  std::vector<KeptAnswer> kept;  // empty when there is a problem
  std::optional<AnswerProblem> problem;
  std::size_t at = 0;  // which answer it is about, from 0
};
// Blocks for to_register hashes: on a pool. That the questions exist has been checked. Fault internal "argon2.hash".
Result<Registration> register_answers(const std::vector<GivenAnswer>& given, const QuestionSettings& settings);

// Some of the registered ones, in random order, each choice as likely as any other.
std::vector<std::string> draw_questions(const std::vector<KeptAnswer>& kept, int count);

// Whether every asked question was answered right. Each of them costs one hash, answered or not, known or not: time and answer
// say nothing about which was wrong. Blocks for asked.size() hashes: on a pool.
bool answers_fit(const std::vector<KeptAnswer>& kept, const std::vector<std::string>& asked, const std::vector<GivenAnswer>& given, const Argon2Cost& cost = {});

}  // namespace wb::service
