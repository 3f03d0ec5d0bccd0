#include "service/told_verdict.hpp"

#include <gtest/gtest.h>

#include <set>

namespace wb::service {
namespace {

using policy::Details;
using protocol::Code;
using protocol::Op;

constexpr std::int64_t then = 1'795'338'840;  // 22 November 2026, 09:14:00 UTC

const Catalogue& catalogue() {
  static const auto loaded = Catalogue::load();
  return *loaded;
}

std::vector<Details> details() {
  std::vector<Details> out;
  for (const auto op : {Op::probe, Op::reset, Op::unlock, Op::change, Op::authenticate, Op::resolve}) {
    out.push_back({.op = op});
    out.push_back({.op = op, .min_length = 12, .min_age_s = 86'400, .history = 24, .kinds = 2, .retry_after = then, .also = {"still_locked", "account_disabled", "nonsense", "still_locked"}});
    out.push_back({.op = op, .min_length = 1, .min_age_s = 2 * 86'400, .history = 1, .kinds = 1, .retry_after = then - 59, .also = {"must_change_moot"}});
    out.push_back({.op = op, .min_length = 0, .min_age_s = 3'600, .history = 0, .kinds = 3, .retry_after = -1});
    out.push_back({.op = op, .min_age_s = 7'200, .retry_after = 253'402'300'000});
    out.push_back({.op = op, .min_age_s = 59});
    out.push_back({.op = op, .min_age_s = 5'400});
  }
  return out;
}

TEST(AVerdictInEnglish, IsWordForWordThePolicys) {
  for (const auto& row : policy::verdict_rows())
    for (const auto& d : details()) EXPECT_EQ(told_verdict(catalogue(), "en", row.code, row.reason, d), policy::verdict_text(row.code, row.reason, d)) << protocol::to_string(row.code) << "/" << row.reason;
  for (int code = 0; code <= static_cast<int>(Code::unknown); ++code)
    for (const auto& d : details()) EXPECT_EQ(told_verdict(catalogue(), "en", static_cast<Code>(code), "<script>", d), policy::verdict_text(static_cast<Code>(code), "<script>", d)) << code;
}

TEST(AVerdictInAnotherLanguage, IsAnotherForEveryReasonAndNeverEnglish) {
  for (const auto& language : catalogue().languages()) {
    std::set<std::string> texts;
    for (const auto& row : policy::verdict_rows()) {
      const auto text = told_verdict(catalogue(), language, row.code, row.reason);
      EXPECT_EQ(text == told_verdict(catalogue(), "en", row.code, row.reason), language == "en") << language << ": " << text;
      EXPECT_TRUE(texts.insert(text).second) << language << ": " << text;
      for (const auto& d : details()) EXPECT_EQ(told_verdict(catalogue(), language, row.code, row.reason, d).find('{'), std::string::npos) << language << " " << row.reason;
    }
  }
}

TEST(AVerdictInGerman, SaysItsDetails) {
  EXPECT_EQ(told_verdict(catalogue(), "de", Code::rejected, "too_young", {.min_age_s = 2 * 86'400, .retry_after = then}),
      "Ihr Passwort wurde vor weniger als 2 Tagen geändert. Versuchen Sie es nach 09:14 UTC am 22. November noch einmal.");
  EXPECT_EQ(told_verdict(catalogue(), "de", Code::rejected, "too_short", {.min_length = 12}), "Zu kurz: Mindestens 12 Zeichen sind nötig.");
  EXPECT_EQ(told_verdict(catalogue(), "de", Code::applied_but, "", {.op = Op::unlock, .also = {"account_disabled"}}),
      "Ihr Konto ist entsperrt. Ihr Konto ist deaktiviert: Bitten Sie Ihre Administration, es zu aktivieren.");
}

TEST(AVerdictInOtherLanguages, SaysItsDetailsAsTheyAreSaidThere) {
  const std::pair<const char*, const char*> told[] = {
      {"ar", "لم تمض بعد المدة المطلوبة منذ آخر تغيير لكلمة مرورك (عدد الأيام: 2). حاول مرة أخرى بعد 22 نوفمبر الساعة 09:14 بتوقيت UTC."},
      {"fr", "Votre mot de passe a été changé il y a moins de 2 jours. Réessayez après le 22 novembre à 09:14 UTC."},
      {"ja", "パスワードが変更されてから、まだ 2 日たっていません。11 月 22 日 09:14 (UTC) 以降にもう一度試してください。"},  // no space after that full stop
      {"pl", "Hasło zmieniono mniej niż 2 dni temu. Ponowna próba możliwa od: 22 listopada, godz. 09:14 UTC."},
  };
  for (const auto& [language, text] : told) EXPECT_EQ(told_verdict(catalogue(), language, Code::rejected, "too_young", {.min_age_s = 2 * 86'400, .retry_after = then}), text);
}

TEST(AMomentToWaitFor, IsRoundedUpToTheMinute) {
  EXPECT_EQ(told_from(catalogue(), "en", "No.", then - 59), "No. Try again after 09:14 UTC on 22 November.");
  EXPECT_EQ(told_from(catalogue(), "de", "Nein.", then + 1), "Nein. Versuchen Sie es nach 09:15 UTC am 22. November noch einmal.");
  EXPECT_EQ(told_from(catalogue(), "zh", "不。", then), "不。请在 11 月 22 日 09:14 (UTC) 之后重试。");
}

TEST(AMomentThatIsPast, IsNeverToldAsOneToCome) {
  EXPECT_EQ(told_happened(catalogue(), "en", then), "09:14 UTC on 22 November");
  EXPECT_EQ(told_happened(catalogue(), "de", then + 59), "09:14 UTC am 22. November");
  EXPECT_EQ(told_happened(catalogue(), "es", then - 1), "22 de noviembre a las 09:13 UTC");
}

}  // namespace
}  // namespace wb::service
