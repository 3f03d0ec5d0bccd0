#include <openssl/core_names.h>
#include <openssl/params.h>

#include <functional>

#include "tests/support/crypto_world.hpp"

namespace wb::crypto {
namespace {
using Kind = Fault::Kind;
namespace json = protocol::json;

Secret secret(std::string_view text) { return Secret::copy_of(text); }
std::string pw_in(const Result<Secret>& plaintext) {
  if (plaintext.has_error()) return "(not opened)";
  auto read = read_passwords(*plaintext);
  return read.has_error() ? "(not read)" : read->pw.expose([](std::string_view text) { return std::string(text); });
}

class ASealedPassword : public testing::Test {
 protected:
  PrivateKey ours = new_key();
  std::string text = seal({ours.public_key()}, test_binding(), make_plaintext(secret("Correct-Horse-1"))).value();

  // The text with one thing changed in its JSON.
  std::string changed(const std::function<void(json::object&)>& change) const {
    auto value = protocol::parse_json(text).value();
    change(value.as_object());
    return json::serialize(value);
  }
  std::string with_protected(const std::string& header) const {
    return changed([&](json::object& o) { o["protected"] = base64url(header); });
  }
  std::string header(std::string_view from = "", std::string_view to = "") const {
    auto out = R"({"alg":"ECDH-ES+A256KW","enc":"A256GCM","typ":"wb-sealed+jwe","wb":)" + protocol::encode(test_binding()) + "}";
    if (const auto at = out.find(from); !from.empty() && at != std::string::npos) out.replace(at, from.size(), to);
    return out;
  }
  std::string with_recipient(const std::function<void(json::object&)>& change) const {
    return changed([&](json::object& o) { change(o["recipients"].as_array()[0].as_object()); });
  }
};

TEST_F(ASealedPassword, OpensForItsRecipientAndSaysWhatItIsFor) {
  EXPECT_EQ(pw_in(open_sealed(text, ours)), "Correct-Horse-1");
  const auto header = read_sealed(text);
  ASSERT_TRUE(header.has_value());
  EXPECT_EQ(protocol::encode(header->binding), protocol::encode(test_binding()));
  EXPECT_EQ(header->kids, std::vector<std::string>{ours.kid()});
}

TEST_F(ASealedPassword, OpensForEachOfManyAndForNobodyElse) {
  std::vector<PrivateKey> keys;
  std::vector<PublicKey> recipients;
  for (int i = 0; i < 32; ++i) keys.push_back(new_key()), recipients.push_back(keys.back().public_key());
  const auto sealed = seal(recipients, test_binding(), make_plaintext(secret("p"))).value();
  EXPECT_LT(sealed.size(), protocol::job_bytes_max);
  for (const auto& key : keys) EXPECT_EQ(pw_in(open_sealed(sealed, key)), "p");
  const auto stranger = fault_of(open_sealed(sealed, ours));
  EXPECT_EQ(stranger.kind, Kind::refused);
  EXPECT_EQ(stranger.detail, "recipient");
  recipients.push_back(ours.public_key());
  EXPECT_EQ(fault_of(seal(recipients, test_binding(), make_plaintext(secret("p")))).kind, Kind::malformed) << "33";
  EXPECT_EQ(fault_of(seal({}, test_binding(), make_plaintext(secret("p")))).kind, Kind::malformed);
  EXPECT_EQ(fault_of(seal({ours.public_key(), ours.public_key()}, test_binding(), make_plaintext(secret("p")))).kind, Kind::malformed);
}

TEST_F(ASealedPassword, IsNotOpenedByAnotherKeyWithOurName) {
  const auto theirs = new_key();
  const auto renamed = with_recipient([&](json::object& r) { r["header"].as_object()["kid"] = theirs.kid(); });
  const auto fault = fault_of(open_sealed(renamed, theirs));
  EXPECT_EQ(fault.kind, Kind::refused);
  EXPECT_EQ(fault.detail, "decrypt");
}

TEST_F(ASealedPassword, IsRefusedWithAnyBitFlipped) {
  for (std::size_t i = 0; i < text.size(); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      text[i] = static_cast<char>(text[i] ^ (1 << bit));
      EXPECT_TRUE(open_sealed(text, ours).has_error()) << "byte " << i << " bit " << bit;
      text[i] = static_cast<char>(text[i] ^ (1 << bit));
    }
  EXPECT_TRUE(open_sealed(text, ours).has_value());
}

TEST_F(ASealedPassword, IsRefusedWhenCutOrLengthened) {
  for (std::size_t i = 0; i < text.size(); ++i) EXPECT_EQ(fault_of(open_sealed(text.substr(0, i), ours)).kind, Kind::malformed) << i;
  for (const auto* more : {"{}", ",", "x", "\"\""}) EXPECT_EQ(fault_of(open_sealed(text + more, ours)).kind, Kind::malformed) << more;
  EXPECT_EQ(fault_of(open_sealed(std::string(40'000, ' ') + text, ours)).kind, Kind::malformed) << "over the size limit";
}

TEST_F(ASealedPassword, IsRefusedForAProtectedHeaderOutsideTheProfile) {
  ASSERT_TRUE(read_sealed(with_protected(header())).has_value());
  const std::pair<const char*, std::string> cases[] = {
      {"alg", header("ECDH-ES+A256KW", "ECDH-ES+A128KW")},
      {"alg direct", header("ECDH-ES+A256KW", "ECDH-ES")},
      {"alg dir", header("ECDH-ES+A256KW", "dir")},
      {"enc", header("A256GCM", "A128GCM")},
      {"typ", header("wb-sealed+jwe", "JWE")},
      {"zip", header(R"("typ")", R"("zip":"DEF","typ")")},
      {"crit", header(R"("typ")", R"("crit":["wb"],"typ")")},
      {"apu", header(R"("typ")", R"("apu":"AA","typ")")},
      {"epk", header(R"("typ")", R"("epk":{},"typ")")},
      {"alg twice", header(R"("typ")", R"("alg":"dir","typ")")},
      {"no wb", R"({"alg":"ECDH-ES+A256KW","enc":"A256GCM","typ":"wb-sealed+jwe"})"},
      {"a version of tomorrow", header(R"("v":1)", R"("v":2)")},
      {"a member more in wb", header(R"("v":1)", R"("v":1,"x":1)")},
      {"jti no ulid", header("01ARZ3NDEKTSV4RRFFQ69G5FAV\",\"ten", "01ARZ3NDEKTSV4RRFFQ69G5FA\",\"ten")},
      {"nce short", header("AAECAwQFBgcICQoLDA0ODw", "AAEC")},
      {"exp too far", header("1795176120", "1795176121")},
      {"exp before iat", header("1795176120", "1795176000")},
      {"null", "null"},
      {"empty", ""},
  };
  for (const auto& [name, text_of_header] : cases) {
    EXPECT_NE(text_of_header, header()) << name << ": the case changes nothing";
    EXPECT_EQ(fault_of(read_sealed(with_protected(text_of_header))).kind, Kind::malformed) << name;
  }
}

TEST_F(ASealedPassword, IsRefusedForMembersOutsideTheProfile) {
  const std::pair<const char*, std::function<void(json::object&)>> cases[] = {
      {"aad", [](json::object& o) { o["aad"] = ""; }},
      {"unprotected", [](json::object& o) { o["unprotected"] = json::object{}; }},
      {"flattened", [](json::object& o) { o["encrypted_key"] = "AAAA"; }},
      {"no iv", [](json::object& o) { o.erase("iv"); }},
      {"short iv", [](json::object& o) { o["iv"] = base64url(std::string(8, 'i')); }},
      {"long iv", [](json::object& o) { o["iv"] = base64url(std::string(16, 'i')); }},
      {"short tag", [](json::object& o) { o["tag"] = o["tag"].as_string().subview(0, 16); }},
      {"no tag", [](json::object& o) { o["tag"] = ""; }},
      {"padded base64", [](json::object& o) { o["tag"] = std::string(o["tag"].as_string()) + "=="; }},
      {"null", [](json::object& o) { o["ciphertext"] = nullptr; }},
      {"unpadded plaintext", [](json::object& o) { o["ciphertext"] = base64url(std::string(127, 'c')); }},
      {"no plaintext", [](json::object& o) { o["ciphertext"] = ""; }},
      {"a long plaintext", [](json::object& o) { o["ciphertext"] = base64url(std::string(4224, 'c')); }},
      {"no recipients", [](json::object& o) { o["recipients"] = json::array{}; }},
      {"recipients no list", [](json::object& o) { o["recipients"] = json::object{}; }},
      {"a recipient twice", [](json::object& o) { auto r = o["recipients"].as_array()[0]; o["recipients"].as_array().push_back(r); }},
      {"33 recipients", [](json::object& o) { auto r = o["recipients"].as_array()[0]; o["recipients"].as_array().resize(33, r); }},
  };
  for (const auto& [name, change] : cases) EXPECT_EQ(fault_of(read_sealed(changed(change))).kind, Kind::malformed) << name;
}

TEST_F(ASealedPassword, IsRefusedForARecipientOutsideTheProfile) {
  const auto epk = [](json::object& r) -> json::object& { return r["header"].as_object()["epk"].as_object(); };
  const std::pair<const char*, std::function<void(json::object&)>> cases[] = {
      {"alg in the header", [](json::object& r) { r["header"].as_object()["alg"] = "dir"; }},
      {"a member more", [](json::object& r) { r["x"] = 1; }},
      {"no kid", [](json::object& r) { r["header"].as_object().erase("kid"); }},
      {"kid no thumbprint", [](json::object& r) { r["header"].as_object()["kid"] = "me"; }},
      {"no header", [](json::object& r) { r.erase("header"); }},
      {"header a string", [](json::object& r) { r["header"] = "x"; }},
      {"epk off the curve", [&](json::object& r) { epk(r)["y"] = epk(r)["x"]; }},
      {"epk zero", [&](json::object& r) { epk(r)["x"] = epk(r)["y"] = base64url(std::string(32, '\0')); }},
      {"epk of another curve", [&](json::object& r) { epk(r)["crv"] = "P-521"; }},
      {"epk with a private half", [&](json::object& r) { epk(r)["d"] = "AAAA"; }},
      {"epk x short", [&](json::object& r) { epk(r)["x"] = "AAAA"; }},
      {"a short wrapped key", [](json::object& r) { r["encrypted_key"] = base64url(std::string(24, 'k')); }},
      {"a long wrapped key", [](json::object& r) { r["encrypted_key"] = base64url(std::string(48, 'k')); }},
  };
  for (const auto& [name, change] : cases) EXPECT_EQ(fault_of(read_sealed(with_recipient(change))).kind, Kind::malformed) << name;
}

TEST_F(ASealedPassword, BoundToOneJobDoesNotOpenForAnother) {
  for (const auto& [from, to] : {std::pair("corp.example\",\"sub", "evil.example\",\"sub"), std::pair("1795176120", "1795176119"), std::pair("134396533468610800", "134396533468610801")}) {
    const auto fault = fault_of(open_sealed(with_protected(header(from, to)), ours));
    EXPECT_EQ(fault.kind, Kind::refused);
    EXPECT_EQ(fault.detail, "decrypt");
  }
}

TEST_F(ASealedPassword, HasItsOwnKeysEachTime) {
  const auto again = seal({ours.public_key()}, test_binding(), make_plaintext(secret("Correct-Horse-1"))).value();
  const auto member = [](const std::string& jwe, const char* name) { return json::serialize(protocol::parse_json(jwe)->as_object().at(name)); };
  for (const auto* name : {"iv", "tag", "ciphertext", "recipients"}) EXPECT_NE(member(text, name), member(again, name)) << name;
}

// RFC 7518 appendix C, whose key is one for A128GCM between Alice and Bob: the steps are ours, the profile is not, and no
// published vector has our algorithms. Whole objects are held against other implementations (tests/interop).
TEST(TheConcatKdf, DerivesTheKeyOfRfc7518) {
  auto z = from_base64url("nlbZHYFxNdNyg0KDv4QmnPsxbqPagGpI9tqneYz-kMQ").value();
  const std::string info("\0\0\0\7A128GCM\0\0\0\5Alice\0\0\0\3Bob\0\0\0\x80", 31);
  char digest[] = "SHA256";
  const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0), OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, z.data(), z.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, const_cast<char*>(info.data()), info.size()), OSSL_PARAM_construct_end()};
  const KdfCtx ctx(EVP_KDF_CTX_new(kdf_concat()));
  std::string key(16, '\0');
  ASSERT_EQ(EVP_KDF_derive(ctx.get(), bytes(key.data()), key.size(), params), 1);
  EXPECT_EQ(base64url(key), "VqqN6vgjbSBcIijNcacQGg");
}

// Released messages, for ever, and each side opens what the other sealed.
TEST(AGoldenSealedPassword, OfEitherSideOpens) {
  for (const auto* name : {"sealed", "sealed_by_cpp"}) {
    const auto golden = protocol::parse_json(read_file(std::string(WB_SOURCE_DIR) + "/protocol/golden/v1/" + name + ".json"));
    ASSERT_TRUE(golden.has_value()) << name;
    const auto member = [&](const char* m) { return std::string(golden->as_object().at(m).as_string()); };
    EXPECT_EQ(pw_in(open_sealed(member("sealed"), key_from_pem(member("private_key_pem")))), member("password")) << name;
    EXPECT_EQ(read_sealed(member("sealed"))->binding.dom, "corp.example");
  }
}

}  // namespace
}  // namespace wb::crypto
