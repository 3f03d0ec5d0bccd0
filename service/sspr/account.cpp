#include "service/sspr/account.hpp"

#include <algorithm>

#include "service/sspr/question_list.hpp"

namespace wb::service::sspr {
namespace {

// What the directory itself says no to, whatever is proven.
const char* refused_by(const protocol::AccountState& state) {
  if (state.disabled) return "disabled";
  if (state.account_expired) return "account_expired";
  if (state.smart_card) return "smart_card";
  return nullptr;
}

}  // namespace

bool nobody_answered(std::string_view outcome, std::string_view reason) {
  if (outcome == "denied" || outcome == "ok") return false;
  return outcome != "failed" || (reason != "not_found" && reason != "ambiguous");
}

Account account_of(const Seen& seen, const Settings& settings, const Person* person, const std::vector<RegisteredMethod>& methods) {
  Account account;
  if (seen.outcome != "ok" || !seen.answer) return account;
  const auto& answer = *seen.answer;
  const auto rules = standing(settings, answer.groups, kinds_of(settings, methods));
  account.sub = answer.sub;
  account.registered = rules.usable;
  account.administrator = rules.administrator;
  account.locked = answer.state.locked;
  account.barrier = rules.barrier;
  if (seen.age_enforced) account.change_from = answer.policy.change_from;
  if (account.barrier != Reason::none) return account;
  if (person && person->frozen != 0) account.barrier = Reason::frozen;
  else if (const auto* why = refused_by(answer.state)) account.barrier = Reason::account_refused, account.detail = why;
  return account;
}

std::vector<Method> kinds_of(const Settings& settings, const std::vector<RegisteredMethod>& methods) {
  std::vector<Method> kinds;
  for (const auto& method : methods) {
    if (method.kind == Method::questions && !enough_left(settings, method.questions)) continue;
    if (std::find(kinds.begin(), kinds.end(), method.kind) == kinds.end()) kinds.push_back(method.kind);
  }
  return kinds;
}

Registration registration_of(const Settings& settings, bool administrator, const std::vector<RegisteredMethod>& methods, UnixSeconds confirmed, UnixSeconds now) {
  constexpr std::int64_t day_s = 86'400;
  Registration out;
  out.required = required_of(settings, administrator);
  out.missing = std::max(0, out.required - static_cast<int>(usable_of(settings, administrator, kinds_of(settings, methods)).size()));
  auto looked = confirmed;
  for (const auto& method : methods) looked = std::max(looked, method.made);
  out.reconfirm = out.missing == 0 && settings.reconfirm_days > 0 && now - looked >= settings.reconfirm_days * day_s;
  return out;
}

Person person_of(std::string_view domain, std::string_view name, const protocol::ProbeAnswer& answer, UnixSeconds now) {
  Person person;
  person.domain = domain, person.sub = answer.sub, person.name = name;
  person.display_name = answer.display_name, person.language = answer.language, person.groups = answer.groups, person.seen = now;
  const auto mail = answer.contacts.find("mail");
  if (mail != answer.contacts.end() && !mail->second.empty()) person.mail = mail->second.front();
  return person;
}

}  // namespace wb::service::sspr
