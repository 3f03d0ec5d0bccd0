#include "crypto/vault.hpp"

#include <openssl/hmac.h>

#include <charconv>
#include <system_error>

#include "core/base64url.hpp"
#include "core/ids.hpp"
#include "crypto/evp.hpp"
#include "crypto/key_file.hpp"

namespace wb::crypto {
namespace {

constexpr std::size_t key_bytes = 32, nonce_bytes = 12, vault_tag_bytes = 16, sealed_bytes_max = 64 * 1024;
constexpr int keys_max = 1'000;

std::filesystem::path file_of(const std::filesystem::path& folder, int number) { return folder / ("vault-" + std::to_string(number) + ".key"); }

Result<Secret> load(const std::filesystem::path& file) {
  auto text = read_private(file);
  if (!text) return text;
  auto key = Secret::of_size(key_bytes);
  const bool good = text->expose([&](std::string_view line) {
    while (line.ends_with('\n')) line.remove_suffix(1);
    auto raw = from_base64url(line);
    const bool fits = raw && raw->size() == key_bytes;
    if (fits) key.expose_mutable([&](std::span<char> out) { std::copy(raw->begin(), raw->end(), out.begin()); });
    if (raw) cleanse(raw->data(), raw->size());
    return fits;
  });
  if (!good) return fault(Fault::Kind::malformed, "vault.key", file.string() + " holds no key");
  return key;
}

Result<Secret> make(const std::filesystem::path& file) {
  auto raw = random_bytes(key_bytes);
  auto text = base64url(raw);
  auto written = write_fresh(file, Secret::copy_of(text));
  auto key = Secret::copy_of(raw);
  cleanse(raw.data(), raw.size());
  cleanse(text.data(), text.size());
  if (!written) return written.error();
  return key;
}

struct VaultParts {
  int key = 0;
  std::string body;  // nonce, ciphertext, tag
};
std::optional<VaultParts> parts_of(std::string_view text) {
  constexpr std::string_view prefix = "wv1.";
  if (!text.starts_with(prefix) || text.size() > sealed_bytes_max) return std::nullopt;
  text.remove_prefix(prefix.size());
  VaultParts parts;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), parts.key);
  if (ec != std::errc() || end == text.data() + text.size() || *end != '.') return std::nullopt;
  auto body = from_base64url(std::string_view(end + 1, text.data() + text.size()));
  if (!body || body->size() < nonce_bytes + vault_tag_bytes) return std::nullopt;
  parts.body = std::move(*body);
  return parts;
}

Fault closed() { return fault(Fault::Kind::refused, "vault.open", "not sealed here, changed, or for somebody else"); }

}  // namespace

Result<Vault> Vault::open(const std::filesystem::path& folder) {
  std::map<int, Secret> keys;
  std::error_code ec;
  for (int number = 1; number < keys_max; ++number) {
    if (!std::filesystem::exists(file_of(folder, number), ec)) {
      if (ec) return fault(Fault::Kind::internal, "vault.key", ec.message());
      continue;  // an older one may have been removed
    }
    auto key = load(file_of(folder, number));
    if (!key) return key.error();
    keys.emplace(number, std::move(*key));
  }
  if (keys.empty()) {
    auto first = make(file_of(folder, 1));
    if (!first) return first.error();
    keys.emplace(1, std::move(*first));
  }
  return Vault(folder, std::move(keys));
}

Result<void> Vault::rotate() {
  auto key = make(file_of(folder_, newest() + 1));
  if (!key) return key.error();
  keys_.emplace(newest() + 1, std::move(*key));
  return {};
}

std::vector<int> Vault::numbers() const {
  std::vector<int> out;
  for (const auto& [number, key] : keys_) out.push_back(number);
  return out;
}

Result<bool> Vault::refresh() {
  std::error_code ec;
  bool news = false;
  while (newest() + 1 < keys_max && std::filesystem::exists(file_of(folder_, newest() + 1), ec)) {
    auto key = load(file_of(folder_, newest() + 1));
    if (!key) return key.error();
    keys_.emplace(newest() + 1, std::move(*key));
    news = true;
  }
  return news;
}

Result<std::string> Vault::seal(const Secret& plain, std::string_view context) const {
  auto body = random_bytes(nonce_bytes);
  const CipherCtx ctx(EVP_CIPHER_CTX_new());
  std::string text(plain.size(), '\0'), tag(vault_tag_bytes, '\0');
  int some = 0;
  const bool sealed = ctx && keys_.rbegin()->second.expose([&](std::string_view key) { return EVP_EncryptInit_ex2(ctx.get(), cipher_aes256_gcm(), bytes(key), bytes(std::string_view(body)), nullptr); }) == 1 &&
      EVP_EncryptUpdate(ctx.get(), nullptr, &some, bytes(context), static_cast<int>(context.size())) == 1 &&
      plain.expose([&](std::string_view in) { return EVP_EncryptUpdate(ctx.get(), bytes(text.data()), &some, bytes(in), static_cast<int>(in.size())); }) == 1 &&
      EVP_EncryptFinal_ex(ctx.get(), bytes(tag.data()), &some) == 1 && EVP_CIPHER_CTX_ctrl(ctx.get(), EVP_CTRL_AEAD_GET_TAG, vault_tag_bytes, tag.data()) == 1;
  if (!sealed) return openssl_fault("vault.seal");
  body += text;
  body += tag;
  return "wv1." + std::to_string(newest()) + "." + base64url(body);
}

Result<Secret> Vault::open_sealed(std::string_view text, std::string_view context) const {
  const auto parts = parts_of(text);
  if (!parts) return closed();
  auto key = keys_.find(parts->key);
  std::map<int, Secret> newer;  // made by another process a moment ago
  if (key == keys_.end() && parts->key > newest() && parts->key < keys_max)
    if (auto made = load(file_of(folder_, parts->key)); made) key = newer.emplace(parts->key, std::move(*made)).first;
  if (key == keys_.end() && newer.empty()) return closed();
  const std::string_view all = parts->body, inner = all.substr(nonce_bytes, all.size() - nonce_bytes - vault_tag_bytes);
  std::string tag(all.substr(all.size() - vault_tag_bytes));
  auto plain = Secret::of_size(inner.size());
  const CipherCtx ctx(EVP_CIPHER_CTX_new());
  int some = 0;
  const bool opened = ctx && key->second.expose([&](std::string_view k) { return EVP_DecryptInit_ex2(ctx.get(), cipher_aes256_gcm(), bytes(k), bytes(all), nullptr); }) == 1 &&
      EVP_DecryptUpdate(ctx.get(), nullptr, &some, bytes(context), static_cast<int>(context.size())) == 1 &&
      plain.expose_mutable([&](std::span<char> out) { return EVP_DecryptUpdate(ctx.get(), bytes(out.data()), &some, bytes(inner), static_cast<int>(inner.size())); }) == 1 &&
      EVP_CIPHER_CTX_ctrl(ctx.get(), EVP_CTRL_AEAD_SET_TAG, vault_tag_bytes, tag.data()) == 1 && EVP_DecryptFinal_ex(ctx.get(), bytes(tag.data()), &some) == 1;
  if (!opened) return closed();
  return plain;
}

Result<std::optional<std::string>> Vault::renewed(std::string_view text, std::string_view context) const {
  const auto parts = parts_of(text);
  if (parts && parts->key == newest()) return std::optional<std::string>();
  auto plain = open_sealed(text, context);
  if (!plain) return plain.error();
  auto again = seal(*plain, context);
  if (!again) return again.error();
  return std::optional(std::move(*again));
}

Secret Vault::derived(std::string_view label) const {
  auto out = Secret::of_size(32);
  keys_.begin()->second.expose([&](std::string_view key) {
    out.expose_mutable([&](std::span<char> to) { HMAC(md_sha256(), key.data(), static_cast<int>(key.size()), bytes(label), label.size(), bytes(to.data()), nullptr); });
  });
  return out;
}

}  // namespace wb::crypto
