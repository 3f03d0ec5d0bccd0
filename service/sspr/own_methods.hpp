// A signed-in person's own methods: shown, added once they have proven to work, removed, confirmed. Each change is audited, and told
// to the person by mail.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "service/methods/proof.hpp"
#include "service/sspr/sign_in.hpp"

namespace wb::service::sspr {

// Why not. The words of to_string() are problems' codes.
enum class Not { allowed,  // the method, by the organisation
  second_needed,           // an administrator with methods proves one of them first
  app_first,               // an administrator's second proof is an app: it comes before anything else
  second_by_app,           // no code is mailed for a second proof to who has an app
  frozen,
  too_many,
  pending,  // there is nothing to prove; or too late
  wrong_answer,
  too_many_codes,
  not_sent,
  email,         // no address
  email_inside,  // of the organisation's own
  not_found };
std::string_view to_string(Not why);

class OwnMethods {
 public:
  explicit OwnMethods(SelfService& self) : self_(self) {}

  Result<json::object> show(const Guest& guest);
  // An app's key, not registered yet: {id, uri, secret}. Shown once.
  Result<std::optional<Not>> begin_app(Guest& guest, json::object& shown);
  Result<std::optional<Not>> begin_email(Guest& guest, std::string_view address, json::object& shown);
  // The pending method works: it is registered.
  Result<std::optional<Not>> prove(Guest& guest, const Secret& code);
  // All answers at once. `problem`: what is wrong with which of them.
  struct Problem {
    std::string code;
    std::size_t at = 0;
  };
  Awaitable<Result<std::optional<Not>>> answers(Guest& guest, std::vector<GivenAnswer> given, std::optional<Problem>& problem);
  Result<std::optional<Not>> remove(Guest& guest, std::string_view id);
  Result<std::optional<Not>> confirm(const Guest& guest);
  // For who has no app that may be used: a code to a registered address that was proven, for second(). {label, code_until}.
  Result<std::optional<Not>> begin_second(Guest& guest, json::object& shown);
  // An administrator's second proof: a code of a registered app, or the one that was mailed.
  Result<std::optional<Not>> second(Guest& guest, const Secret& code);

 private:
  Result<std::optional<Not>> may_change(const Guest& guest, std::optional<Method> kind);
  // A new code in the guest's state, and its letter on its way.
  Result<std::optional<Not>> send_code(Guest& guest, Notice notice, const Settings& rules, const EmailAddress& address);
  // The registered address that may stand for a second proof: of several that which was proven last.
  Result<std::optional<EmailAddress>> second_address(const Guest& guest, const Settings& rules, const std::vector<RegisteredMethod>& methods);
  Result<std::optional<Not>> put(Guest& guest, const RegisteredMethod& method, Activity activity = Activity::security_info_registered);
  void say(const Guest& guest, Activity activity, Notice notice, const RegisteredMethod& method, std::vector<EmailAddress> also = {});
  SelfService& self_;
};

}  // namespace wb::service::sspr
