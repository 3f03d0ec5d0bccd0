// Credentials we hand out: "<kind>.<id>.<secret>[.<pin>]", with 32 random bytes as the secret, of which only the
// SHA-256 is kept. Enrolment tokens are wbe1, client credentials wbc1. And what a client may do.
#pragma once
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace wb::service {

struct Credential {
  std::string id, secret;
};  // secret: 43 characters of base64url
Credential new_credential();
// "<kind>.<id>.<secret>" exactly; nullopt for anything else.
std::optional<Credential> read_credential(std::string_view kind, std::string_view text);
// What is stored, and compared: SHA-256 of the secret's text.
std::string hash_of(const Credential& credential);

enum class Scope { writeback,  // keys, probes and jobs of its domain
  audit,                       // what the audit says of its domain
  settings,                    // what its organisation decides about self-service: read and changed
  helpdesk,                    // its people: looked up and helped
  registration };              // whether somebody has to register still: for sign-in pages, changes nothing
inline constexpr Scope all_scopes[] = {Scope::writeback, Scope::audit, Scope::settings, Scope::helpdesk, Scope::registration};
using Scopes = std::set<Scope>;
std::string_view to_string(Scope scope);
std::string text_of(const Scopes& scopes);  // "audit writeback": blanks between, sorted by name
// Names with blanks or commas between; nullopt for an unknown one, or none at all.
std::optional<Scopes> scopes_from(std::string_view text);

}  // namespace wb::service
