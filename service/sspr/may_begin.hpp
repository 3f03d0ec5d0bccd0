// What a stranger must bring before anything is looked at: a name of an organisation that is served, and proof of work; and how often.
#pragma once
#include <optional>
#include <string>

#include "service/sspr/self_service.hpp"

namespace wb::service::sspr {

struct Beginning {
  std::string name, language, domain;
  SettingsVersion rules;
  std::optional<link::HttpResponse> refused;  // and nothing else is to be believed
};
// The body {name, captcha}; `purpose` of the captcha: "reset" or "sign_in".
Result<Beginning> may_begin(SelfService& self, const link::HttpRequest& request, std::string_view purpose);

// A row about who was refused before there was a session: one for each reason, address and domain in ten minutes, as they cost nothing.
void say_refused(SelfService& self, const link::HttpRequest& request, std::string_view purpose, const std::string& domain, StatusReason reason, std::string cause = {});

}  // namespace wb::service::sspr
