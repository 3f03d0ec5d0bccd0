// The names that stand in the API, in catalogues and in the audit.
#include <array>

#include "service/sspr/flow.hpp"

namespace wb::service::sspr {

std::string_view to_string(Method method) {
  switch (method) {
    case Method::app_code: return "app_code";
    case Method::email: return "email";
    case Method::questions: return "questions";
    case Method::pass: return "pass";
  }
  return "app_code";
}

std::string_view to_string(Phase phase) {
  switch (phase) {
    case Phase::proving: return "proving";
    case Phase::choosing: return "choosing";
    case Phase::new_password: return "new_password";
    case Phase::writing: return "writing";
    case Phase::done: return "done";
    case Phase::over: return "over";
  }
  return "over";
}

std::string_view to_string(Reason reason) {
  switch (reason) {
    case Reason::none: return "";
    case Reason::wrong_answer: return "wrong_answer";
    case Reason::code_expired: return "code_expired";
    case Reason::too_soon: return "too_soon";
    case Reason::too_many_codes: return "too_many_codes";
    case Reason::method_unavailable: return "method_unavailable";
    case Reason::wrong_step: return "wrong_step";
    case Reason::unlock_not_allowed: return "unlock_not_allowed";
    case Reason::password_refused: return "password_refused";
    case Reason::try_again: return "try_again";
    case Reason::session_expired: return "session_expired";
    case Reason::cancelled: return "cancelled";
    case Reason::too_many_tries: return "too_many_tries";
    case Reason::blocked: return "blocked";
    case Reason::passwords_spent: return "passwords_spent";
    case Reason::in_doubt: return "in_doubt";
    case Reason::write_failed: return "write_failed";
    case Reason::not_enabled: return "not_enabled";
    case Reason::not_registered: return "not_registered";
    case Reason::administrator: return "administrator";
    case Reason::frozen: return "frozen";
    case Reason::account_refused: return "account_refused";
    case Reason::too_young: return "too_young";
    case Reason::unreachable: return "unreachable";
  }
  return "";
}

std::optional<Method> method_from(std::string_view text) {
  for (const auto method : std::array{Method::app_code, Method::email, Method::questions, Method::pass})
    if (to_string(method) == text) return method;
  return std::nullopt;
}

}  // namespace wb::service::sspr
