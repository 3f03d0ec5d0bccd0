#include "tests/support/crypto_world.hpp"

namespace wb::crypto {
namespace {
using Kind = Fault::Kind;
constexpr auto typ = protocol::typ_job;

class AnObject : public testing::Test {
 protected:
  PrivateKey key = new_key();
  std::string header(std::string_view alg = "ES256", std::string_view type = typ, std::string_view more = "") const {
    return R"({"alg":")" + std::string(alg) + R"(","typ":")" + std::string(type) + R"(","kid":")" + key.kid() + '"' + std::string(more) + "}";
  }
  Fault refusal(const std::string& text) const { return fault_of(verify(text, typ, key.public_key())); }
};

TEST_F(AnObject, WellSignedGivesItsPayload) {
  for (const auto& payload : {std::string("{}"), std::string("\0binary\xff", 8), std::string(), std::string(40'000, 'x')}) {
    const auto text = sign(key, typ, payload).value();
    EXPECT_EQ(verify(text, typ, key.public_key()).value(), payload);
  }
}

TEST_F(AnObject, CarryingItsKeyIsBelievedUnderItsPinOnly) {
  const auto text = sign(key, typ, "{}", CarryKey::yes).value();
  EXPECT_EQ(verify_pinned(text, typ, key.kid()).value(), "{}");
  EXPECT_EQ(verify_self_signed(text, typ)->key.kid(), key.kid());
  EXPECT_EQ(fault_of(verify_pinned(text, typ, new_key().kid())).kind, Kind::refused);
  EXPECT_EQ(fault_of(verify_pinned(text, typ, "")).kind, Kind::refused);
}

TEST_F(AnObject, CarryingAKeyWhereNoneBelongsIsRefusedAndTheReverse) {
  EXPECT_EQ(refusal(sign(key, typ, "{}", CarryKey::yes).value()).kind, Kind::malformed);
  EXPECT_EQ(fault_of(verify_pinned(sign(key, typ, "{}").value(), typ, key.kid())).kind, Kind::malformed);
  EXPECT_EQ(fault_of(verify_self_signed(sign(key, typ, "{}").value(), typ)).kind, Kind::malformed);
}

TEST_F(AnObject, OfAnotherKeyIsRefused) {
  EXPECT_EQ(refusal(sign(new_key(), typ, "{}").value()).kind, Kind::refused);
  const auto theirs = new_key();
  EXPECT_EQ(refusal(signed_with(theirs, header())).kind, Kind::refused) << "with our name on it";
  const auto carried = R"({"alg":"ES256","typ":")" + std::string(typ) + R"(","kid":")" + key.kid() + R"(","jwk":)";
  EXPECT_EQ(fault_of(verify_pinned(signed_with(theirs, carried + jwk_text(theirs.public_key().jwk()) + "}"), typ, key.kid())).kind, Kind::malformed) << "kid of ours, key of theirs";
  EXPECT_EQ(fault_of(verify_pinned(signed_with(theirs, carried + jwk_text(key.public_key().jwk()) + "}"), typ, key.kid())).kind, Kind::refused) << "key of ours, signature of theirs";
}

TEST_F(AnObject, IsRefusedWithAnyBitFlipped) {
  for (const auto carry : {CarryKey::no, CarryKey::yes}) {
    auto text = sign(key, typ, R"({"v":1,"jti":"01ARZ3NDEKTSV4RRFFQ69G5FAV"})", carry).value();
    const auto good = [&] { return carry == CarryKey::no ? verify(text, typ, key.public_key()).has_value() : verify_pinned(text, typ, key.kid()).has_value(); };
    ASSERT_TRUE(good());
    for (std::size_t i = 0; i < text.size(); ++i)
      for (int bit = 0; bit < 8; ++bit) {
        text[i] = static_cast<char>(text[i] ^ (1 << bit));
        EXPECT_FALSE(good()) << "byte " << i << " bit " << bit;
        text[i] = static_cast<char>(text[i] ^ (1 << bit));
      }
  }
}

TEST_F(AnObject, IsRefusedWhenCutOrLengthened) {
  const auto text = sign(key, typ, "{}").value();
  for (std::size_t i = 0; i < text.size(); ++i) EXPECT_EQ(refusal(text.substr(0, i)).kind, Kind::malformed) << i;
  for (const auto* more : {"A", "=", "==", ".", ".AAAA", " ", "\n"}) EXPECT_EQ(refusal(text + more).kind, Kind::malformed) << more;
  EXPECT_EQ(refusal("." + text).kind, Kind::malformed);
  EXPECT_EQ(refusal(sign(key, typ, std::string(60'000, 'x')).value()).kind, Kind::malformed) << "over the size limit";
}

TEST_F(AnObject, IsRefusedForItsHeader) {
  ASSERT_TRUE(verify(signed_with(key, header()), typ, key.public_key()).has_value()) << "the forger's tool makes good ones too";
  const std::pair<const char*, std::string> cases[] = {
      {"alg none", header("none")},
      {"alg HS256", header("HS256")},
      {"alg ES384", header("ES384")},
      {"alg in small letters", header("es256")},
      {"another typ", header("ES256", protocol::typ_result)},
      {"typ in capitals", header("ES256", "WB-JOB+JWS")},
      {"crit", header("ES256", typ, R"(,"crit":["exp"])")},
      {"zip", header("ES256", typ, R"(,"zip":"DEF")")},
      {"a member nobody knows", header("ES256", typ, R"(,"x":1)")},
      {"jku", header("ES256", typ, R"(,"jku":"https://x")")},
      {"alg twice", header("ES256", typ, R"(,"alg":"none")")},
      {"kid twice", header("ES256", typ, R"(,"kid":"x")")},
      {"jwk", header("ES256", typ, R"(,"jwk":)" + jwk_text(key.public_key().jwk()))},
      {"no kid", R"({"alg":"ES256","typ":"wb-job+jws"})"},
      {"kid of the wrong length", R"({"alg":"ES256","typ":"wb-job+jws","kid":"abc"})"},
      {"kid a number", R"({"alg":"ES256","typ":"wb-job+jws","kid":1})"},
      {"no typ", R"({"alg":"ES256","kid":")" + key.kid() + "\"}"},
      {"a list", "[]"},
      {"null", "null"},
      {"empty", ""},
      {"not UTF-8", header("ES256", typ, ",\"x\":\"\xff\"")},
      {"something behind", header() + "{}"},
      {"too deep", header("ES256", typ, R"(,"x":[[[[[[[[[[1]]]]]]]]]])")},
  };
  for (const auto& [name, text] : cases) EXPECT_EQ(refusal(signed_with(key, text)).kind, Kind::malformed) << name;
}

TEST_F(AnObject, IsRefusedForTheKeyItCarries) {
  const auto with = [&](const std::string& jwk) {
    return fault_of(verify_pinned(signed_with(key, header("ES256", typ, R"(,"jwk":)" + jwk)), typ, key.kid())).kind;
  };
  const auto& jwk = key.public_key().jwk();
  EXPECT_EQ(with(jwk_text({jwk.x, jwk.x})), Kind::malformed) << "off the curve";
  EXPECT_EQ(with(R"({"kty":"EC","crv":"P-256","x":")" + jwk.x + R"(","y":")" + jwk.y + R"(","d":"AAAA"})"), Kind::malformed) << "with a private half";
  EXPECT_EQ(with(R"({"kty":"EC","crv":"P-384","x":")" + jwk.x + R"(","y":")" + jwk.y + R"("})"), Kind::malformed) << "of another curve";
  EXPECT_EQ(with("null"), Kind::malformed);
}

TEST_F(AnObject, IsRefusedInAnotherSpellingOfTheSameBytes) {
  const auto text = sign(key, typ, "{}").value();
  const auto stray = [](char c) { return static_cast<char>(c == 'A' ? 'B' : c == 'Q' ? 'R'
                                          : c == 'g'                                 ? 'h'
                                          : c == 'w'                                 ? 'x'
                                                                                     : '?'); };
  auto respelt = text;
  respelt.back() = stray(respelt.back());  // 64 bytes leave four spare bits in the last character
  ASSERT_NE(respelt.back(), '?');
  EXPECT_EQ(refusal(respelt).kind, Kind::malformed);
}

TEST_F(AnObject, MadeByNodeVerifies) {
  // node: crypto.sign('sha256', input, {key, dsaEncoding: 'ieee-p1363'})
  const auto key_of_node = PublicKey::from_jwk({"sCrS1DGzVasLmaodmgVoY8TCB1joKjNKwOrUL-oRMyE", "mqcPLkMxUTKTL9PWPgBVa-17I2bC3E5C4GArPZ82roA"}).value();
  EXPECT_EQ(verify("eyJhbGciOiJFUzI1NiIsInR5cCI6IndiLWpvYitqd3MiLCJraWQiOiJDRlNCcEZ4V2xPNElNLWxMMnNFcGpjWjhDQlRXSWlZdjU4Mzh3MFVqOTZJIn0."
                   "eyJtYWRlIjoiYnkgbm9kZSJ9."
                   "mPqzsr2h4HYGmXYOvRggEo_RjcIf8qxsjok1XqKzGBrIjVqeBodVkuYbCpFewXXSmULRKLT9EqgkurEY30q87A",
                typ, key_of_node)
                .value(),
      R"({"made":"by node"})");
}

}  // namespace
}  // namespace wb::crypto
