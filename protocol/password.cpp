#include "protocol/password.hpp"

#include "protocol/codec.hpp"

namespace wb::protocol {

PasswordProblem check_password(std::string_view utf8) {
  if (utf8.empty()) return PasswordProblem::empty;
  const auto units = protocol::utf16_units(utf8);
  if (!units) return PasswordProblem::not_unicode;
  return *units > protocol::password_units_max ? PasswordProblem::too_long : PasswordProblem::none;
}

std::string_view reason_of(PasswordProblem problem) {
  switch (problem) {
    case PasswordProblem::none: return "";
    case PasswordProblem::empty: return "empty";
    case PasswordProblem::too_long: return "too_long";
    case PasswordProblem::not_unicode: return "not_unicode";
  }
  return "";
}

}  // namespace wb::protocol
