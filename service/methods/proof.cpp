#include "service/methods/proof.hpp"

#include "service/methods/base32.hpp"
#include "service/methods/totp.hpp"

namespace wb::service::sspr {
namespace {

using protocol::Members;
constexpr std::size_t code_bytes_max = 64, answers_max = 5, question_bytes_max = 64, answer_bytes_max = 1024;

Result<GivenAnswer> given_from(const protocol::json::value& value) {
  GivenAnswer given;
  std::string answer;
  auto read = Members(value, Members::Unknown::refused).text("question", given.question).text("answer", answer).finish();
  given.answer = Secret::copy_of(answer);
  const bool too_long = given.question.size() > question_bytes_max || answer.size() > answer_bytes_max;
  cleanse(answer.data(), answer.size());
  if (!read) return read.error();
  if (too_long) return fault(Fault::Kind::malformed, "sspr.proof", "answers: too long");
  return given;
}

}  // namespace

Result<std::vector<GivenAnswer>> answers_from(const protocol::json::value& value) {
  if (!value.is_array() || value.get_array().empty() || value.get_array().size() > answers_max) return fault(Fault::Kind::malformed, "sspr.proof", "answers: expected a list of 1 to 5");
  std::vector<GivenAnswer> out;
  for (const auto& one : value.get_array()) {
    auto given = given_from(one);
    if (!given) return given.error();
    out.push_back(std::move(*given));
  }
  return out;
}

Result<Proof> proof_from(std::string_view body, Method method) {
  auto parsed = protocol::parse_json(body);
  if (!parsed) return parsed.error();
  Proof proof;
  Members members(*parsed, Members::Unknown::refused);
  if (method == Method::questions) {
    const auto* list = members.any("answers");
    if (auto read = members.finish(); !read) return read.error();
    auto answers = answers_from(*list);
    if (!answers) return answers.error();
    proof.answers = std::move(*answers);
    return proof;
  }
  std::string code;
  auto read = members.text("code", code).finish();
  proof.code = Secret::copy_of(code);
  cleanse(code.data(), code.size());
  if (!read) return read.error();
  if (proof.code.empty() || proof.code.size() > code_bytes_max) return fault(Fault::Kind::malformed, "sspr.proof", "code: 1 to 64 bytes");
  return proof;
}

Result<bool> app_code_fits(People& people, const Secret& key, const RegisteredMethod& method, const Secret& typed, UnixSeconds now) {
  const auto last = method.last_step > 0 ? std::optional(method.last_step) : std::nullopt;
  const auto checked = typed.expose([&](std::string_view code) { return check_totp(key, code, now, last); });
  if (checked.verdict != TotpVerdict::accepted) return false;
  return people.spend_step(method.id, checked.step);
}

std::optional<std::int64_t> app_step(const Secret& key, const Secret& typed, UnixSeconds now) {
  const auto checked = typed.expose([&](std::string_view code) { return check_totp(key, code, now, std::nullopt); });
  return checked.verdict == TotpVerdict::accepted ? std::optional(checked.step) : std::nullopt;
}

protocol::json::object app_offer(const Secret& key, std::string_view issuer, std::string_view account) {
  protocol::json::object shown;
  otpauth_uri(key, issuer, account).expose([&](std::string_view uri) { shown["uri"] = uri; });
  base32(key).expose([&](std::string_view secret) { shown["secret"] = secret; });
  return shown;
}

Result<Secret> code_from_body(std::string_view body) {
  auto proof = proof_from(body, Method::app_code);
  if (!proof) return proof.error();
  return std::move(proof->code);
}

bool sent_code_fits(SentCode& code, const Secret& key, const CodeBinding& binding, const Secret& typed, UnixSeconds now) {
  return typed.expose([&](std::string_view text) { return check_code(code, key, binding, text, now); }) == CodeVerdict::right;
}

Letter code_letter(const Wording& wording, const Secret& digits, std::string_view account, std::string_view organisation, std::string_view helpdesk, std::string_view minutes) {
  return digits.expose([&](std::string_view code) {
    return letter_of(wording, {{"code", code}, {"minutes", minutes}, {"account", account}, {"organisation", organisation}, {"helpdesk", helpdesk}});
  });
}

}  // namespace wb::service::sspr
