#include "service/sspr/question_list.hpp"

#include <algorithm>

#include "service/methods/questions.hpp"

namespace wb::service::sspr {
namespace {

bool is_predefined(std::string_view id) {
  const auto& ids = predefined_questions();
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

// Of the own ones, that with this id; nullptr: there is none.
const std::string* own_question(const Settings& rules, std::string_view id) {
  if (!id.starts_with("own.")) return nullptr;
  const auto found = std::find_if(rules.custom_questions.begin(), rules.custom_questions.end(), [id](const auto& text) { return own_question_id(text) == id; });
  return found == rules.custom_questions.end() ? nullptr : &*found;
}

}  // namespace

std::vector<std::string> question_ids(const Settings& rules) {
  std::vector<std::string> ids(predefined_questions().begin(), predefined_questions().end());
  for (const auto& text : rules.custom_questions) ids.push_back(own_question_id(text));
  return ids;
}

bool is_offered(const Settings& rules, std::string_view id) { return is_predefined(id) || own_question(rules, id); }

std::string question_text(const Catalogue& catalogue, std::string_view language, const Settings& rules, std::string_view id) {
  if (is_predefined(id)) return catalogue.text(language, "question." + std::string(id));
  const auto* own = own_question(rules, id);
  return own ? *own : std::string();
}

bool enough_left(const Settings& rules, const std::vector<std::string>& answered) {
  return std::count_if(answered.begin(), answered.end(), [&](const auto& id) { return is_offered(rules, id); }) >= rules.questions_to_ask;
}

}  // namespace wb::service::sspr
