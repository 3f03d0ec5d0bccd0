// What a person typed, read from a request and compared with what is kept. In this folder typed secrets are exposed, and in no other.
#pragma once
#include <optional>
#include <vector>

#include "protocol/json.hpp"
#include "service/methods/codes.hpp"
#include "service/methods/questions.hpp"
#include "service/notify/notices.hpp"
#include "service/sspr/people.hpp"

namespace wb::service::sspr {

// What a person typed, as the current method wants it.
struct Proof {
  Secret code;                       // app_code, email
  std::vector<GivenAnswer> answers;  // questions; their texts are not filled in
};
// {"code"}, or {"answers":[{"question","answer"}]}; Fault malformed, detail naming the member.
Result<Proof> proof_from(std::string_view body, Method method);
Result<std::vector<GivenAnswer>> answers_from(const protocol::json::value& value);

// And spends its step: the same code is right once.
Result<bool> app_code_fits(People& people, const Secret& key, const RegisteredMethod& method, const Secret& typed, UnixSeconds now);
// Of a key that is not registered yet: the step that the code is of, to be its last one.
std::optional<std::int64_t> app_step(const Secret& key, const Secret& typed, UnixSeconds now);
// What an authenticator app is set up with, shown once: {uri, secret}.
protocol::json::object app_offer(const Secret& key, std::string_view issuer, std::string_view account);
// {"code"} alone.
Result<Secret> code_from_body(std::string_view body);
bool sent_code_fits(SentCode& code, const Secret& key, const CodeBinding& binding, const Secret& typed, UnixSeconds now);

// The mail that a code travels in: verification_code, registration_code or second_proof_code.
Letter code_letter(const Wording& wording, const Secret& digits, std::string_view account, std::string_view organisation, std::string_view helpdesk, std::string_view minutes);

}  // namespace wb::service::sspr
