// What the service must be able to read again but a stolen database must not tell: the secrets of people's methods. They
// are sealed (AES-256-GCM, NIST SP 800-38D) under random keys that lie in files of their own beside the database.
//
//   auto vault = Vault::open(folder);                       // makes vault-1.key (0600) where there is none
//   auto text = vault->seal(secret, "corp.example/7c1f.../totp");   // "wv1.<key number>.<base64url of nonce, text and tag>"
//   auto back = vault->open_sealed(text, "corp.example/7c1f.../totp");
//
// The context is authenticated: what was sealed for one person opens for nobody else. Keys are never deleted here: after
// rotate() and sealing everything anew (`renewed`) an operator may remove the older files.
#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "core/secret.hpp"

namespace wb::crypto {

class Vault {
 public:
  // Faults: refused when a key file is open to others or foreign (as PrivateKey::load), malformed when it holds no key.
  static Result<Vault> open(const std::filesystem::path& folder);

  // A new key, which seals from now on; what the former sealed still opens.
  Result<void> rotate();
  int newest() const { return keys_.rbegin()->first; }
  std::vector<int> numbers() const;  // of the keys that are there, the oldest first
  // Takes over the keys that another process made since (`reset-service vault rotate`): what is sealed from now on is under the
  // newest. What is sealed under them opens without it. True when there was one.
  Result<bool> refresh();

  Result<std::string> seal(const Secret& plain, std::string_view context) const;
  // Fault refused "vault.open": no such key, changed, or of another context.
  Result<Secret> open_sealed(std::string_view text, std::string_view context) const;
  // The same under the newest key, or nothing where it is that already.
  Result<std::optional<std::string>> renewed(std::string_view text, std::string_view context) const;

  // 32 bytes for another purpose (codes at rest, captcha), the same as long as the first key is there: HMAC-SHA-256 of the label.
  Secret derived(std::string_view label) const;

 private:
  Vault(std::filesystem::path folder, std::map<int, Secret> keys) : folder_(std::move(folder)), keys_(std::move(keys)) {}
  std::filesystem::path folder_;
  std::map<int, Secret> keys_;  // by number, never empty
};

}  // namespace wb::crypto
