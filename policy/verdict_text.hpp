// Code and reason -> one English sentence for the person (docs/PROTOCOL.md section 5, `text`). Pure. Translations are
// the portal's; they start from code and reason, not from this text.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/messages.hpp"

namespace wb::policy {

struct Details {
  protocol::Op op = protocol::Op::reset;         // an unlock is told as an unlock, a sign-in as a sign-in
  std::optional<int> min_length = {};            // too_short: what is needed, in characters
  std::optional<std::int64_t> min_age_s = {};    // too_young: the rule
  std::optional<int> history = {};               // in_history: how many are remembered
  std::optional<int> kinds = {};                 // not_complex: kinds of characters that it has, of the three that are needed
  std::optional<std::int64_t> retry_after = {};  // too_young, too_often, lockout_near, busy: Unix seconds from which a try makes sense
  std::vector<std::string> also = {};            // applied_but: what differs from what was asked
};

// Never empty and never input text: a code or reason that the contract does not have gets the code's general sentence.
std::string verdict_text(protocol::Code code, std::string_view reason, const Details& details = {});

// The table behind it, for tests and documentation: every (code, reason) of the contract once; no reason = "".
struct VerdictRow {
  protocol::Code code;
  std::string_view reason, text;
};
const std::vector<VerdictRow>& verdict_rows();

}  // namespace wb::policy
