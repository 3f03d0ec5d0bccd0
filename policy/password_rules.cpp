#include "policy/password_rules.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "policy/characters.hpp"
#include "protocol/codec.hpp"

namespace wb::policy {
namespace {

constexpr std::size_t shortest_name = 3;
constexpr int categories_needed = 3, categories_all = 5;
constexpr int units_max = static_cast<int>(protocol::password_units_max);

bool is_between(char32_t c) { return std::u32string_view(U",.-_ #\t").find(c) != std::u32string_view::npos; }

std::size_t units_of(std::u32string_view text) {
  return text.size() + static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char32_t c) { return c >= 0x10000; }));
}

std::u32string folded(std::string_view utf8) {
  auto out = decoded(utf8, 1024);
  for (auto& c : out) c = lower(c);
  return out;
}

bool holds(std::u32string_view password, std::u32string_view name) {
  return units_of(name) >= shortest_name && password.find(name) != std::u32string_view::npos;
}

bool holds_a_part(std::u32string_view password, const std::u32string& display) {
  for (auto at = display.begin(); at != display.end();) {
    const auto end = std::find_if(at, display.end(), is_between);
    if (holds(password, std::u32string_view(display).substr(static_cast<std::size_t>(at - display.begin()), static_cast<std::size_t>(end - at)))) return true;
    at = end == display.end() ? end : end + 1;
  }
  return false;
}

}  // namespace

PasswordFacts facts_of(std::string_view password_utf8, const AccountNames& names) {
  PasswordFacts facts;
  PasswordPoints password(password_utf8);
  std::array<bool, categories_all> seen{};
  int unplaced = 0;
  for (const auto c : password.view()) {
    switch (kind_of(c)) {
      case Kind::upper: seen[0] = true; break;
      case Kind::lower: seen[1] = true; break;
      case Kind::digit: seen[2] = true; break;
      case Kind::symbol: seen[3] = true; break;
      case Kind::other_letter: seen[4] = true; break;
      case Kind::currency: break;
      case Kind::unsure: ++unplaced; break;
    }
  }
  facts.units = static_cast<int>(protocol::utf16_units(password_utf8).value_or(0));
  facts.categories = static_cast<int>(std::count(seen.begin(), seen.end(), true));
  facts.categories_most = std::min(categories_all, facts.categories + unplaced);
  password.each([](char32_t c) { return lower(c); });
  facts.holds_account_name = holds(password.view(), folded(names.account));
  facts.holds_display_name = holds_a_part(password.view(), folded(names.display));
  return facts;
}

std::string_view reason_of(RuleBroken rule) {
  switch (rule) {
    case RuleBroken::none: return "";
    case RuleBroken::too_short: return "too_short";
    case RuleBroken::too_long: return "too_long";
    case RuleBroken::contains_name: return "contains_name";
    case RuleBroken::not_complex: return "not_complex";
    case RuleBroken::too_young: return "too_young";
    case RuleBroken::history_or_filter: return "refused_by_filter";
    case RuleBroken::unknown: return "policy";
  }
  return "policy";
}

RuleBroken judge(const protocol::PasswordPolicy& policy, const PasswordFacts& facts) {
  if (facts.units > units_max) return RuleBroken::too_long;
  if (facts.units < policy.min_length) return RuleBroken::too_short;
  if (!policy.complexity) return RuleBroken::none;
  if (facts.holds_account_name || facts.holds_display_name) return RuleBroken::contains_name;
  return facts.categories_most < categories_needed ? RuleBroken::not_complex : RuleBroken::none;
}

RuleBroken explain(const std::optional<protocol::PasswordPolicy>& policy, const PasswordFacts& facts, const AfterRefusal& after) {
  if (!policy) return RuleBroken::unknown;
  // The one that no other password would mend comes first.
  if (after.ages_enforced && policy->change_from && *policy->change_from > after.now) return RuleBroken::too_young;
  if (const auto rule = judge(*policy, facts); rule != RuleBroken::none) return rule;
  if (policy->complexity && facts.categories < categories_needed) return RuleBroken::unknown;
  return RuleBroken::history_or_filter;
}

}  // namespace wb::policy
