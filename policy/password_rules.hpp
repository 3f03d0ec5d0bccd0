// The directory's own password rules, evaluated here: before the directory sees the password, so that the reason has a
// name, and after it refused one without saying why (Windows answers 0000052D and nothing else). Pure.
//
// Windows' "Password must meet complexity requirements" (learn.microsoft.com, security policy settings; MS-SAMR section
// 3.1.1.7.2): characters of three of five categories (capitals, small letters, digits, symbols, letters without case);
// not the sAMAccountName (3 characters or more) and no part of the display name (split at , . - _ # blank tab; parts of 3
// characters or more), without regard to case. Lengths count UTF-16 code units.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "protocol/messages.hpp"

namespace wb::policy {

struct AccountNames {
  std::string_view account, display;  // sAMAccountName, displayName; UTF-8
};

// What the rules ask of a password, without the password: taken inside Secret::expose, judged outside. Not for logs.
struct PasswordFacts {
  int units = 0;            // UTF-16 code units
  int categories = 0;       // of five, surely
  int categories_most = 0;  // with the characters we can't place counted in the person's favour
  bool holds_account_name = false, holds_display_name = false;
};
PasswordFacts facts_of(std::string_view password_utf8, const AccountNames& names);

enum class RuleBroken { none,
  too_short,
  too_long,
  contains_name,
  not_complex,
  too_young,
  // After a refusal only:
  history_or_filter,  // everything else is excluded
  unknown };          // something else is not excluded
// The contract's reason for Code::rejected; "" for none.
std::string_view reason_of(RuleBroken rule);

// Surely refused by this policy? Doubts are the directory's to decide: none. Its history and age stay its own, too.
RuleBroken judge(const protocol::PasswordPolicy& policy, const PasswordFacts& facts);

struct AfterRefusal {
  bool ages_enforced = false;  // the policy hints were in force (or it was the person's own change): history and age count
  std::int64_t now = 0;        // Unix seconds, against policy.change_from
};
// The directory said 0000052D and no more: which rule was it? nullopt for the policy: it could not be read.
RuleBroken explain(const std::optional<protocol::PasswordPolicy>& policy, const PasswordFacts& facts, const AfterRefusal& after);

}  // namespace wb::policy
