#include "service/credentials.hpp"

#include <algorithm>
#include <iterator>

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

std::string_view to_string(Scope scope) {
  switch (scope) {
    case Scope::writeback: return "writeback";
    case Scope::audit: return "audit";
    case Scope::settings: return "settings";
    case Scope::helpdesk: return "helpdesk";
    case Scope::registration: return "registration";
  }
  return "writeback";
}

std::string text_of(const Scopes& scopes) {
  std::set<std::string_view> names;
  for (const auto scope : scopes) names.insert(to_string(scope));
  std::string text;
  for (const auto name : names) text += (text.empty() ? "" : " ") + std::string(name);
  return text;
}

std::optional<Scopes> scopes_from(std::string_view text) {
  Scopes scopes;
  while (!text.empty()) {
    const auto end = text.find_first_of(" ,");
    const auto name = text.substr(0, end);
    const auto* known = std::find_if(std::begin(all_scopes), std::end(all_scopes), [name](Scope scope) { return to_string(scope) == name; });
    if (known == std::end(all_scopes)) return std::nullopt;
    scopes.insert(*known);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return scopes.empty() ? std::nullopt : std::optional(scopes);
}

}  // namespace wb::service
