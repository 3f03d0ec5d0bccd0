// What is sealed of a registered method (crypto/vault), as text: an authenticator's key, an address, the hashes of answers.
#pragma once
#include <optional>
#include <vector>

#include "core/result.hpp"
#include "crypto/vault.hpp"
#include "service/methods/email.hpp"
#include "service/methods/questions.hpp"
#include "service/sspr/people.hpp"

namespace wb::service::sspr {

// A new method with its secret sealed for this person. `label`: masked, to tell one from another.
Result<RegisteredMethod> sealed_app(const crypto::Vault& vault, std::string_view domain, std::string_view sub, const Secret& key, std::string label, UnixSeconds now);
Result<RegisteredMethod> sealed_email(const crypto::Vault& vault, std::string_view domain, std::string_view sub, const EmailAddress& address, UnixSeconds now);
Result<RegisteredMethod> sealed_answers(const crypto::Vault& vault, std::string_view domain, std::string_view sub, const std::vector<KeptAnswer>& answers, UnixSeconds now);

// Faults: the vault's, or malformed "methods.sealed" when what was sealed is no such thing.
Result<Secret> app_key_of(const crypto::Vault& vault, std::string_view domain, std::string_view sub, const RegisteredMethod& method);
Result<EmailAddress> address_of(const crypto::Vault& vault, std::string_view domain, std::string_view sub, const RegisteredMethod& method);
Result<std::vector<KeptAnswer>> answers_of(const crypto::Vault& vault, std::string_view domain, std::string_view sub, const RegisteredMethod& method);

}  // namespace wb::service::sspr
