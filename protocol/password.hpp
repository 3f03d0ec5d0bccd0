// What can be said of a new password before any directory sees it (docs/PROTOCOL.md section 4). Pure; the caller
// holds the Secret and calls this inside expose().
#pragma once
#include <string_view>

namespace wb::protocol {

enum class PasswordProblem { none,
  empty,
  too_long,
  not_unicode };

// 1 to 256 UTF-16 code units of well-formed UTF-8 without U+0000; never normalised.
PasswordProblem check_password(std::string_view utf8);

// The contract's reason for Code::rejected: "empty", "too_long", "not_unicode"; "" for none.
std::string_view reason_of(PasswordProblem problem);

}  // namespace wb::protocol
