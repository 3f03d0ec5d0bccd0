#include "service/credentials.hpp"

#include "core/base64url.hpp"
#include "core/ids.hpp"
#include "crypto/keys.hpp"

namespace wb::service {

Credential new_credential() { return {new_ulid(), base64url(random_bytes(32))}; }

std::optional<Credential> read_credential(std::string_view kind, std::string_view text) {
  if (!text.starts_with(kind) || text.size() < kind.size() + 1 || text[kind.size()] != '.') return std::nullopt;
  text.remove_prefix(kind.size() + 1);
  const auto dot = text.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  Credential credential{std::string(text.substr(0, dot)), std::string(text.substr(dot + 1))};
  const auto secret = from_base64url(credential.secret);
  if (!is_ulid(credential.id) || !secret || secret->size() != 32) return std::nullopt;
  return credential;
}

std::string hash_of(const Credential& credential) { return crypto::sha256(credential.secret); }

}  // namespace wb::service
