// What this service refuses to believe, one event for each reason.
#pragma once
#include <string_view>

#include "core/refusals.hpp"

namespace wb::service {

namespace security {
// Of hellos, whose codes are the wire's.
constexpr SecurityEvent hello_malformed{"hello.invalid_malformed"}, hello_agent{"hello.invalid_unknown_agent"}, hello_signature{"hello.invalid_signature"}, hello_nonce{"hello.invalid_nonce"},
    hello_gateway{"hello.invalid_gateway"}, hello_binding{"hello.invalid_channel_binding"}, hello_tenant{"hello.invalid_tenant"}, hello_revoked{"hello.invalid_revoked"}, hello_duplicate{"hello.duplicate"}, hello_slow_down{"hello.slow_down"},
    hello_none{"hello.none"};
// Of what an agent says after it.
constexpr SecurityEvent message{"agent.invalid_message"}, flood{"agent.flood"}, error{"agent.error"}, statement{"agent.invalid_statement"}, result{"agent.invalid_result"};
// Of HTTP.
constexpr SecurityEvent token{"enroll.invalid_token"}, proof{"enroll.invalid_proof"}, enrol_rate{"enroll.flood"}, submitter{"submit.invalid_signature"}, roster{"submit.invalid_roster"},
    credential{"api.invalid_credential"}, scope{"api.forbidden_scope"};
}  // namespace security

// The event of a hello's code; anything else is a link that never came to a hello.
constexpr SecurityEvent hello_event(std::string_view code) {
  using namespace security;
  for (const auto event : {hello_malformed, hello_agent, hello_signature, hello_nonce, hello_gateway, hello_binding, hello_tenant, hello_revoked})
    if (event.id.substr(event.id.find('_') + 1) == code) return event;
  if (code == "duplicate") return hello_duplicate;
  return code == "slow_down" ? hello_slow_down : hello_none;
}

}  // namespace wb::service
