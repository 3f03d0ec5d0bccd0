#include "service/methods/questions.hpp"

#include <algorithm>
#include <set>

#include "crypto/keys.hpp"
#include "crypto/mac.hpp"
#include "service/methods/answer_text.hpp"
#include "service/methods/fair_random.hpp"

namespace wb::service {
namespace {
constexpr std::size_t answer_shortest = 3, answer_longest = 40;
constexpr int fewest = 3, most = 5;

// An answer in one spelling, wiped at the end; nullopt where it is no text.
std::optional<Secret> spelled(const Secret& answer) {
  auto text = answer.expose([](std::string_view typed) { return normalised(typed); });
  if (!text) return std::nullopt;
  auto out = Secret::copy_of(*text);
  cleanse(text->data(), text->size());
  return out;
}

std::optional<AnswerProblem> problem_of(std::string_view question, const std::optional<Secret>& answer) {
  if (!answer) return AnswerProblem::not_text;
  return answer->expose([question](std::string_view text) -> std::optional<AnswerProblem> {
    const auto length = characters_in(text);
    if (length < answer_shortest) return AnswerProblem::too_short;
    if (length > answer_longest) return AnswerProblem::too_long;
    if (normalised(question).value_or(std::string()).find(text) != std::string::npos) return AnswerProblem::part_of_question;
    return std::nullopt;
  });
}
}  // namespace

const std::array<std::string_view, predefined_count>& predefined_questions() {
  static constexpr std::array<std::string_view, predefined_count> ids = {
      "partner_city", "parents_city", "sibling_city", "father_birthplace", "mother_birthplace", "honeymoon_place", "new_year_place", "first_flight", "childhood_holiday",
      "first_job_city", "first_concert", "first_film", "first_pet", "first_toy", "first_car", "first_job", "first_boss", "first_phone", "first_kiss", "first_teacher",
      "favourite_teacher", "primary_school", "secondary_school", "childhood_friend", "childhood_nickname", "childhood_street", "childhood_hero", "childhood_dream_job",
      "oldest_cousin", "grandmother_first_name", "grandfather_job", "oldest_nephew", "lost_thing", "wished_name", "memorable_meal"};
  return ids;
}

std::string own_question_id(std::string_view text) {
  constexpr std::size_t digits = 16;
  const auto normal = normalised(text);
  if (!normal || normal->empty()) return {};
  return "own." + crypto::hex(crypto::sha256(*normal)).substr(0, digits);
}

bool valid(const QuestionSettings& s) { return s.to_register >= fewest && s.to_register <= most && s.to_ask >= fewest && s.to_ask <= s.to_register; }

Result<Registration> register_answers(const std::vector<GivenAnswer>& given, const QuestionSettings& settings) {
  if (given.size() != static_cast<std::size_t>(settings.to_register)) return Registration{{}, AnswerProblem::count, 0};
  std::vector<Secret> answers;
  std::set<std::string> questions;
  for (std::size_t at = 0; at < given.size(); ++at) {
    if (!questions.insert(given[at].question).second) return Registration{{}, AnswerProblem::question_twice, at};
    auto answer = spelled(given[at].answer);
    if (const auto problem = problem_of(given[at].text, answer)) return Registration{{}, problem, at};
    if (std::find(answers.begin(), answers.end(), *answer) != answers.end()) return Registration{{}, AnswerProblem::answer_twice, at};
    answers.push_back(std::move(*answer));
  }
  Registration done;
  for (std::size_t at = 0; at < given.size(); ++at) {
    auto hash = answers[at].expose([&settings](std::string_view text) { return argon2id(text, settings.cost); });
    if (!hash) return hash.error();
    done.kept.push_back({given[at].question, std::move(*hash)});
  }
  return done;
}

std::vector<std::string> draw_questions(const std::vector<KeptAnswer>& kept, int count) {
  std::vector<std::string> drawn;
  for (const auto& answer : kept) drawn.push_back(answer.question);
  const auto wanted = std::min(drawn.size(), static_cast<std::size_t>(std::max(count, 0)));
  for (std::size_t at = 0; at < wanted; ++at) std::swap(drawn[at], drawn[at + fair_random(static_cast<std::uint32_t>(drawn.size() - at))]);
  drawn.resize(wanted);
  return drawn;
}

bool answers_fit(const std::vector<KeptAnswer>& kept, const std::vector<std::string>& asked, const std::vector<GivenAnswer>& given, const Argon2Cost& cost) {
  bool all = !asked.empty() && given.size() == asked.size();
  for (const auto& question : asked) {
    const auto known = std::find_if(kept.begin(), kept.end(), [&question](const KeptAnswer& k) { return k.question == question; });
    const auto typed = std::find_if(given.begin(), given.end(), [&question](const GivenAnswer& g) { return g.question == question; });
    auto answer = typed == given.end() ? std::nullopt : spelled(typed->answer);
    if (!answer) answer.emplace();  // no answer is a wrong one, and costs as much
    const auto hash = known == kept.end() ? std::string() : known->hash;
    const bool fits = answer->expose([&](std::string_view text) { return argon2id_fits(hash, text, cost); });
    all = all & fits;  // no &&: nothing is left out
  }
  return all;
}

}  // namespace wb::service
