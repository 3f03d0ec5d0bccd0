// For the tests of crypto/: keys, bindings, and objects that are wrong in one way.
#pragma once
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/base64url.hpp"
#include "core/ids.hpp"
#include "crypto/evp.hpp"
#include "crypto/jwe.hpp"
#include "crypto/jws.hpp"
#include "crypto/trust.hpp"
#include "protocol/codec.hpp"
#include "protocol/json.hpp"

namespace wb::crypto {

constexpr UnixSeconds test_now = 1'795'176'000;

inline PrivateKey new_key() { return PrivateKey::generate().value(); }

inline protocol::SealBinding test_binding() {
  protocol::SealBinding b;
  b.jti = "01ARZ3NDEKTSV4RRFFQ69G5FAV", b.ten = "default", b.dom = "corp.example", b.sub = "9f0c6b5e-0000-4000-8000-000000000001";
  b.iat = test_now, b.exp = test_now + 120, b.rsn = 2;
  b.pre = {"dc1.corp.example", 7, "134396533468610800", "wb1;01ARZ3NDEKTSV4RRFFQ69G5FAV;1;A"};
  b.nce = "AAECAwQFBgcICQoLDA0ODw";
  return b;
}

// A compact JWS with any header, rightly signed: what only a mistaken or malicious holder of the key can make.
inline std::string signed_with(const PrivateKey& key, std::string_view header, std::string_view payload = "{}") {
  const auto input = base64url(header) + "." + base64url(payload);
  return input + "." + base64url(es256_sign(input, key.get()).value());
}
inline std::string jwk_text(const Jwk& jwk) { return R"({"kty":"EC","crv":"P-256","x":")" + jwk.x + R"(","y":")" + jwk.y + R"("})"; }

// The fault, or a fault that says "no fault": for EXPECT_EQ on kinds and details.
template <class T> Fault fault_of(const Result<T>& result) {
  return result.has_error() ? result.error() : Fault{Fault::Kind::internal, "test", "no fault"};
}

inline std::string read_file(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// A private folder that goes away with the test.
class Folder {
 public:
  Folder() : path_(std::filesystem::temp_directory_path() / ("wb-test-" + new_ulid())) { std::filesystem::create_directory(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path_); }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline PrivateKey key_from_pem(const std::string& pem) {
  const Folder folder;
  const auto file = folder / "key.pem";
  { std::ofstream(file) << pem; }
  std::filesystem::permissions(file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  return PrivateKey::load(file).value();
}

}  // namespace wb::crypto
