#include "policy/verdict_text.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <regex>
#include <set>

namespace wb::policy {
namespace {

using protocol::Code;
using protocol::Op;

// Codes and reasons as docs/PROTOCOL.md section 5 lists them: rows "| `code`[, `code`] | meaning | `reason`, ... |".
std::vector<std::pair<Code, std::string>> contract() {
  std::vector<std::pair<Code, std::string>> out;
  std::ifstream in(WB_SOURCE_DIR "/docs/PROTOCOL.md");
  bool inside = false;
  const std::regex word("`([a-z_]+)`");
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("| code | meaning | reasons |")) inside = true;
    else if (inside && !line.starts_with("|")) break;
    if (!inside || !line.starts_with("| `")) continue;
    const auto second = line.find(" | "), third = line.rfind(" | ");
    const auto codes = line.substr(0, second), reasons = line.substr(third);
    for (std::sregex_iterator code(codes.begin(), codes.end(), word), end; code != end; ++code) {
      const auto is = protocol::code_from((*code)[1].str());
      EXPECT_TRUE(is) << (*code)[1];
      if (!is) continue;
      out.emplace_back(*is, "");
      for (std::sregex_iterator reason(reasons.begin(), reasons.end(), word); reason != end; ++reason) out.emplace_back(*is, (*reason)[1]);
    }
  }
  return out;
}

TEST(EveryReasonOfTheContract, HasATextOfItsOwn) {
  const auto wanted = contract();
  ASSERT_GT(wanted.size(), 40U) << "the table in docs/PROTOCOL.md was not found";
  std::set<std::string> texts;
  for (const auto& [code, reason] : wanted) {
    const auto row = std::find_if(verdict_rows().begin(), verdict_rows().end(), [&](const VerdictRow& r) { return r.code == code && r.reason == reason; });
    ASSERT_NE(row, verdict_rows().end()) << protocol::to_string(code) << " " << reason;
    EXPECT_TRUE(texts.insert(std::string(row->text)).second) << "said twice: " << row->text;
    const auto text = verdict_text(code, reason);
    EXPECT_TRUE(text.ends_with('.')) << text;
    if (!reason.empty()) { EXPECT_NE(text, verdict_text(code, "")) << reason; }
  }
  EXPECT_EQ(verdict_rows().size(), wanted.size()) << "a row that the contract does not have";
}

TEST(EveryCode, HasATextForEachOperation) {
  for (int code = 0; code <= static_cast<int>(Code::unknown); ++code)
    for (auto op : {Op::probe, Op::reset, Op::unlock, Op::change, Op::authenticate, Op::resolve}) EXPECT_GT(verdict_text(static_cast<Code>(code), "", {.op = op}).size(), 10U) << code;
}

TEST(ATooShortPassword, IsToldWhatIsNeeded) {
  EXPECT_EQ(verdict_text(Code::rejected, "too_short", {.min_length = 12}), "Too short: at least 12 characters are needed.");
  EXPECT_EQ(verdict_text(Code::rejected, "too_short", {.min_length = 1}), "Too short: at least 1 character is needed.");
  EXPECT_EQ(verdict_text(Code::rejected, "too_short"), "Too short: a longer password is needed.");
}

TEST(ATooYoungPassword, IsToldWhenItMayChange) {
  // 22 November 2026, 09:14:00 UTC
  constexpr std::int64_t then = 1'795'338'840;
  EXPECT_EQ(verdict_text(Code::rejected, "too_young", {.min_age_s = 86'400, .retry_after = then}),
      "Your password was changed less than 1 day ago. Try again after 09:14 UTC on 22 November.");
  EXPECT_EQ(verdict_text(Code::rejected, "too_young", {.min_age_s = 7'200, .retry_after = then - 59}),
      "Your password was changed less than 2 hours ago. Try again after 09:14 UTC on 22 November.");
  EXPECT_EQ(verdict_text(Code::rejected, "too_young", {.min_age_s = 5'400}), "Your password was changed less than 90 minutes ago.");
  EXPECT_EQ(verdict_text(Code::rejected, "too_young"), "Your password was changed too recently to be changed again.");
  EXPECT_EQ(verdict_text(Code::rejected, "too_young", {.retry_after = -1}), "Your password was changed too recently to be changed again.");
}

TEST(APasswordOfTheHistory, IsToldHowManyAreRemembered) {
  EXPECT_EQ(verdict_text(Code::rejected, "in_history", {.history = 24}), "You have used this password before: your last 24 passwords can't be used again.");
  for (const int few : {0, 1}) EXPECT_EQ(verdict_text(Code::rejected, "in_history", {.history = few}), "You have used this password before. Choose a new one.");
  EXPECT_EQ(verdict_text(Code::rejected, "in_history"), "You have used this password before. Choose a new one.");
}

TEST(ATooSimplePassword, IsToldHowManyKindsOfCharactersItHas) {
  EXPECT_EQ(verdict_text(Code::rejected, "not_complex", {.kinds = 1}),
      "Too simple: it has 1 kind of characters, and 3 of these are needed: capital letters, small letters, digits, symbols.");
  EXPECT_EQ(verdict_text(Code::rejected, "not_complex", {.kinds = 2}),
      "Too simple: it has 2 kinds of characters, and 3 of these are needed: capital letters, small letters, digits, symbols.");
  const auto general = verdict_text(Code::rejected, "not_complex");
  EXPECT_EQ(verdict_text(Code::rejected, "not_complex", {.kinds = 3}), general) << "then it was the name, or something we can't see";
  EXPECT_NE(general.find("leave your name out"), std::string::npos);
}

TEST(AnAccountChangedTooOften, IsToldWhenItMayBeTriedAgain) {
  EXPECT_EQ(verdict_text(Code::denied, "too_often", {.retry_after = 1'795'338'840}),
      "Too much was asked for this account in a short time. Next try: after 09:14 UTC on 22 November.");
  EXPECT_EQ(verdict_text(Code::denied, "protected", {.retry_after = 1'795'338'840}), verdict_text(Code::denied, "protected"));
}

TEST(AnAppliedJob, IsToldAsWhatItWas) {
  EXPECT_EQ(verdict_text(Code::applied, ""), "Your new password is set.");
  EXPECT_EQ(verdict_text(Code::applied, "", {.op = Op::unlock}), "Your account is unlocked.");
  EXPECT_EQ(verdict_text(Code::applied_but, "still_locked", {.also = {"still_locked", "account_disabled"}}),
      "Your new password is set. Your account is still locked: ask your administrator to unlock it. "
      "Your account is disabled: ask your administrator to enable it.");
  EXPECT_EQ(verdict_text(Code::applied_but, "", {.also = {"must_change_moot"}}),
      "Your new password is set. You will not be asked to change it at the next sign-in.");
}

TEST(ASignIn, IsNotToldAsAChange) {
  const Details sign_in{.op = Op::authenticate};
  EXPECT_EQ(verdict_text(Code::ok, "", sign_in), "Your password is right.");
  EXPECT_EQ(verdict_text(Code::ok, "", {.op = Op::probe}), "Your account was found.");
  EXPECT_EQ(verdict_text(Code::rejected, "old_password_wrong", sign_in), "The password is not right.");
  EXPECT_EQ(verdict_text(Code::rejected, "old_password_wrong", {.op = Op::change}), "The current password is not right.");
  EXPECT_EQ(verdict_text(Code::unknown, "", sign_in), "It is not known whether the password is right: try again.");
  EXPECT_EQ(verdict_text(Code::failed, "password_expired", sign_in), "Your password is right, but it has expired: change it.");
  EXPECT_EQ(verdict_text(Code::denied, "too_often", {.op = Op::authenticate, .retry_after = 1'795'338'840}),
      "The password of this account was tried too often in a short time. Next try: after 09:14 UTC on 22 November.");
}

TEST(AChange, IsToldAsAReset) {
  for (const auto code : {Code::applied, Code::in_doubt, Code::unknown}) EXPECT_EQ(verdict_text(code, "", {.op = Op::change}), verdict_text(code, "", {.op = Op::reset}));
}

TEST(AnAccountNearItsLock, IsToldWhenItMayBeTriedAgain) {
  EXPECT_EQ(verdict_text(Code::denied, "lockout_near", {.retry_after = 1'795'338'840}),
      "Too many wrong passwords were tried, and more would lock the account. Reset your password, or wait. Next try: after 09:14 UTC on 22 November.");
  EXPECT_TRUE(verdict_text(Code::denied, "lockout_near").ends_with("or wait."));
}

TEST(ABusyAgent, SaysFromWhenItIsNot) {
  EXPECT_TRUE(verdict_text(Code::busy, "volume", {.retry_after = 1'795'338'840}).ends_with("try again later. Next try: after 09:14 UTC on 22 November."));
  EXPECT_TRUE(verdict_text(Code::busy, "window").ends_with("try again in a moment."));
}

TEST(AReasonNobodyKnows, GetsTheCodesGeneralTextAndIsNotRepeated) {
  EXPECT_EQ(verdict_text(Code::rejected, "<script>"), verdict_text(Code::rejected, ""));
  EXPECT_EQ(verdict_text(Code::applied_but, "", {.also = {"<script>"}}), "Your new password is set.");
}

}  // namespace
}  // namespace wb::policy
