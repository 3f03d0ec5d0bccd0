#include "service/methods/sealed_methods.hpp"

#include "core/ids.hpp"
#include "protocol/json.hpp"

namespace wb::service::sspr {
namespace {

namespace json = protocol::json;

Fault unreadable() { return fault(Fault::Kind::malformed, "methods.sealed", "what was sealed is of another kind"); }

Result<RegisteredMethod> sealed(const crypto::Vault& vault, std::string_view domain, std::string_view sub, Method kind, const Secret& secret, std::string label, UnixSeconds now) {
  RegisteredMethod method;
  method.id = new_ulid(), method.kind = kind, method.label = std::move(label), method.made = now;
  auto text = vault.seal(secret, context(domain, sub, method));
  if (!text) return text.error();
  method.sealed = std::move(*text);
  return method;
}

Result<Secret> opened(const crypto::Vault& vault, std::string_view domain, std::string_view sub, const RegisteredMethod& method, Method kind) {
  if (method.kind != kind) return unreadable();
  return vault.open_sealed(method.sealed, context(domain, sub, method));
}

}  // namespace

Result<RegisteredMethod> sealed_app(const crypto::Vault& vault, std::string_view domain, std::string_view sub, const Secret& key, std::string label, UnixSeconds now) {
  return sealed(vault, domain, sub, Method::app_code, key, std::move(label), now);
}

Result<RegisteredMethod> sealed_email(const crypto::Vault& vault, std::string_view domain, std::string_view sub, const EmailAddress& address, UnixSeconds now) {
  return sealed(vault, domain, sub, Method::email, Secret::copy_of(address.text()), masked(address), now);
}

Result<RegisteredMethod> sealed_answers(const crypto::Vault& vault, std::string_view domain, std::string_view sub, const std::vector<KeptAnswer>& answers, UnixSeconds now) {
  json::array list;
  for (const auto& answer : answers) list.push_back(json::object{{"question", answer.question}, {"hash", answer.hash}});
  auto method = sealed(vault, domain, sub, Method::questions, Secret::copy_of(json::serialize(list)), std::to_string(answers.size()), now);
  if (method)
    for (const auto& answer : answers) method->questions.push_back(answer.question);
  return method;
}

Result<Secret> app_key_of(const crypto::Vault& vault, std::string_view domain, std::string_view sub, const RegisteredMethod& method) {
  return opened(vault, domain, sub, method, Method::app_code);
}

Result<EmailAddress> address_of(const crypto::Vault& vault, std::string_view domain, std::string_view sub, const RegisteredMethod& method) {
  auto secret = opened(vault, domain, sub, method, Method::email);
  if (!secret) return secret.error();
  auto address = secret->expose([](std::string_view text) { return read_email(text); });
  if (!address) return unreadable();
  return std::move(*address);
}

Result<std::vector<KeptAnswer>> answers_of(const crypto::Vault& vault, std::string_view domain, std::string_view sub, const RegisteredMethod& method) {
  auto secret = opened(vault, domain, sub, method, Method::questions);
  if (!secret) return secret.error();
  auto parsed = secret->expose([](std::string_view text) { return protocol::parse_json(text); });
  if (!parsed || !parsed->is_array()) return unreadable();
  std::vector<KeptAnswer> out;
  for (const auto& one : parsed->get_array()) {
    KeptAnswer answer;
    if (!protocol::Members(one, protocol::Members::Unknown::refused).text("question", answer.question).text("hash", answer.hash).finish()) return unreadable();
    out.push_back(std::move(answer));
  }
  return out;
}

}  // namespace wb::service::sspr
