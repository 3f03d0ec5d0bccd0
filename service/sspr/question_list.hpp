// The security questions that an organisation offers: the predefined ones and its own. What is not among them any more is withdrawn:
// nobody is asked it, and an answer to it counts for nothing. Pure.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "service/catalogue.hpp"
#include "service/sspr/settings.hpp"

namespace wb::service::sspr {

// Ids of all that may be registered: the predefined ones, then the own ones in the order of the settings.
std::vector<std::string> question_ids(const Settings& rules);
bool is_offered(const Settings& rules, std::string_view id);
// As it is shown: a predefined one in the person's language, one of the organisation's own as the settings have it; empty: withdrawn.
std::string question_text(const Catalogue& catalogue, std::string_view language, const Settings& rules, std::string_view id);
// Whether of a person's answered questions enough are left to ask as many as the rules say.
bool enough_left(const Settings& rules, const std::vector<std::string>& answered);

}  // namespace wb::service::sspr
