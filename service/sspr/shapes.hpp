// JSON that stands in more than one place: methods and people as they are named and shown, and a code that is on its way as it is kept. Pure.
#pragma once
#include <optional>
#include <vector>

#include "protocol/json.hpp"
#include "service/methods/codes.hpp"
#include "service/sspr/people.hpp"

namespace wb::service::sspr {

protocol::json::array words_of(const std::vector<Method>& methods);
// {id, kind, label, made, proven}: never the secret.
protocol::json::object shown(const RegisteredMethod& method);
// What a helpdesk sees: {sub, name, display_name, mail, language, seen, confirmed, frozen}.
protocol::json::object shown(const Person& person);
protocol::json::value kept(const std::optional<SentCode>& code);  // null: there is none
Result<SentCode> sent_code_from(const protocol::json::value& value);

}  // namespace wb::service::sspr
