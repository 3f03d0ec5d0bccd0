#include <unistd.h>

#include "tests/support/crypto_world.hpp"

namespace wb::crypto {
namespace {
namespace fs = std::filesystem;
using Kind = Fault::Kind;

// RFC 7515 appendix A.3.
const Jwk rfc_key{"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"};
constexpr std::string_view rfc_input =
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
constexpr std::string_view rfc_signature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

TEST(Es256, VerifiesTheExampleOfRfc7515AndNothingNearIt) {
  const auto key = PublicKey::from_jwk(rfc_key).value();
  auto signature = from_base64url(rfc_signature).value();
  EXPECT_TRUE(es256_holds(rfc_input, signature, key.get()));
  EXPECT_FALSE(es256_holds(std::string(rfc_input) + "A", signature, key.get()));
  EXPECT_FALSE(es256_holds(rfc_input, signature, new_key().get()));
  for (std::size_t i = 0; i < signature.size(); ++i) {
    signature[i] ^= 1;
    EXPECT_FALSE(es256_holds(rfc_input, signature, key.get())) << i;
    signature[i] ^= 1;
  }
  EXPECT_FALSE(es256_holds(rfc_input, std::string(64, '\0'), key.get())) << "r = s = 0 signs nothing";
  EXPECT_FALSE(es256_holds(rfc_input, "", key.get()));
}

TEST(AThumbprint, IsTheOneOtherProgramsCompute) {
  // By Node's crypto over {"crv","kty","x","y"}; portal/seal/seal.test.mjs has the same one.
  EXPECT_EQ(thumbprint(rfc_key), "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U");
  EXPECT_EQ(PublicKey::from_jwk(rfc_key)->kid(), thumbprint(rfc_key));
}

TEST(Sha256, IsTheOneOfFips180) {
  EXPECT_EQ(sha256_url("abc"), "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
  EXPECT_EQ(sha256("").size(), 32U);
}

TEST(APublicKey, IsRefusedWhenItIsNoPointOnTheCurve) {
  auto off = rfc_key;
  off.y = rfc_key.x;
  EXPECT_EQ(fault_of(PublicKey::from_jwk(off)).kind, Kind::malformed);
  const std::string zero = base64url(std::string(32, '\0')), most = base64url(std::string(32, '\xff'));
  for (const auto& [x, y] : {std::pair(zero, zero), std::pair(most, most), std::pair(std::string(), std::string()), std::pair(rfc_key.x + "A", rfc_key.y), std::pair(rfc_key.x, std::string(43, '.'))})
    EXPECT_EQ(fault_of(PublicKey::from_jwk({x, y})).kind, Kind::malformed) << x << ' ' << y;
  auto stray = rfc_key;
  stray.x.back() = 'V';  // the same bytes, another spelling
  EXPECT_EQ(fault_of(PublicKey::from_jwk(stray)).kind, Kind::malformed);
}

TEST(AGeneratedKey, IsNewEachTimeAndSurvivesItsJwk) {
  const auto a = new_key(), b = new_key();
  EXPECT_NE(a.kid(), b.kid());
  EXPECT_EQ(PublicKey::from_jwk(a.public_key().jwk())->kid(), a.kid());
}

TEST(AKeyFile, IsPrivateAndComesBack) {
  const Folder folder;
  const auto key = new_key();
  ASSERT_TRUE(key.save(folder / "as.pem").has_value());
  EXPECT_EQ(fs::status(folder / "as.pem").permissions(), fs::perms(0600));
  EXPECT_EQ(read_file(folder / "as.pem").rfind("-----BEGIN PRIVATE KEY-----", 0), 0U);
  const auto back = PrivateKey::load(folder / "as.pem");
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->kid(), key.kid());
  EXPECT_TRUE(es256_holds("x", es256_sign("x", back->get()).value(), key.public_key().get()));
}

TEST(AKeyFile, IsNeverOverwrittenAndLeavesNothingAside) {
  const Folder folder;
  const auto first = new_key();
  ASSERT_TRUE(first.save(folder / "as.pem").has_value());
  const auto again = new_key().save(folder / "as.pem");
  EXPECT_EQ(fault_of(again).kind, Kind::refused);
  EXPECT_EQ(PrivateKey::load(folder / "as.pem")->kid(), first.kid());
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()), 1);
}

TEST(AKeyFile, CantBeSavedWhereThereIsNoFolder) {
  const Folder folder;
  EXPECT_EQ(fault_of(new_key().save(folder / "none/as.pem")).kind, Kind::internal);
}

TEST(AKeyFileWithAUri, IsTheKeyThatAProviderKnowsByIt) {
  const Folder folder;
  const auto key = new_key();
  ASSERT_TRUE(key.save(folder / "held"));
  const auto uri = "file:" + (folder / "held").string();
  const auto found = PrivateKey::from_store(uri);
  ASSERT_TRUE(found) << found.error().detail;
  EXPECT_EQ(found->kid(), key.kid());
  ASSERT_TRUE(found->save(folder / "named"));
  EXPECT_EQ(read_file(folder / "named"), uri + "\n") << "the URI is written down, not the key";
  EXPECT_EQ(PrivateKey::load(folder / "named").value().kid(), key.kid());
  EXPECT_EQ(PrivateKey::load(folder / "named").value().uri(), uri);
  EXPECT_EQ(fault_of(found->save_sealed(folder / "out", Secret::copy_of("a passphrase"))).kind, Fault::Kind::refused);
}

TEST(AKeyFileWithAUri, TellsOfThePinNothingWhenNobodyKnowsTheKey) {
  for (const char* uri : {"pkcs11:object=wb;pin-value=4711", "handle:0x4711", "file:/nowhere/4711"}) {
    const auto none = PrivateKey::from_store(uri);
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().kind, Fault::Kind::unreachable);
    EXPECT_EQ(none.error().detail.find("4711"), std::string::npos);
  }
}

TEST(AnExportedKey, ComesBackWithItsPassphraseOnly) {
  const Folder folder;
  const auto key = new_key();
  ASSERT_TRUE(key.save_sealed(folder / "out", Secret::copy_of("right one here")));
  EXPECT_NE(read_file(folder / "out").find("BEGIN ENCRYPTED PRIVATE KEY"), std::string::npos);
  EXPECT_EQ(PrivateKey::load_sealed(folder / "out", Secret::copy_of("right one here")).value().kid(), key.kid());
  EXPECT_EQ(fault_of(PrivateKey::load_sealed(folder / "out", Secret::copy_of("wrong one here"))).kind, Fault::Kind::refused);
  EXPECT_EQ(fault_of(PrivateKey::load(folder / "out")).kind, Fault::Kind::malformed);
  EXPECT_EQ(fault_of(key.save_sealed(folder / "out", Secret::copy_of("right one here"))).kind, Fault::Kind::refused) << "never overwritten";
}

TEST(AKeyFileOthersMayRead, IsRefusedWithTheCommandThatMendsIt) {
  const Folder folder;
  ASSERT_TRUE(new_key().save(folder / "as.pem").has_value());
  for (const auto mode : {0640, 0604, 0660, 0666, 0620, 0601}) {
    fs::permissions(folder / "as.pem", fs::perms(mode));
    const auto fault = fault_of(PrivateKey::load(folder / "as.pem"));
    EXPECT_EQ(fault.kind, Kind::refused) << std::oct << mode;
    EXPECT_NE(fault.detail.find("chmod 600 "), std::string::npos);
  }
  fs::permissions(folder / "as.pem", fs::perms(0400));
  EXPECT_TRUE(PrivateKey::load(folder / "as.pem").has_value()) << "narrower is fine";
}

TEST(AKeyFileOfAnotherUser, IsNotTakenFromTheUserWhoseFolderItLiesIn) {
  if (::geteuid() != 0) GTEST_SKIP() << "root alone gives files away";
  const Folder folder;
  ASSERT_TRUE(new_key().save(folder / "as.pem").has_value());
  ASSERT_EQ(::chown((folder / "as.pem").c_str(), 65534, 65534), 0);
  const auto astray = fault_of(PrivateKey::load(folder / "as.pem"));
  EXPECT_EQ(astray.kind, Kind::refused);
  EXPECT_NE(astray.detail.find("chown 0 "), std::string::npos) << "the folder is ours: " << astray.detail;
  ASSERT_EQ(::chown(folder.path().c_str(), 65534, 65534), 0);
  const auto at_home = fault_of(PrivateKey::load(folder / "as.pem"));
  EXPECT_EQ(at_home.where, "key.mode");
  EXPECT_EQ(at_home.detail.find("chown"), std::string::npos) << at_home.detail;
  EXPECT_NE(at_home.detail.find("run as that user: runuser -u \"$(id -nu 65534)\" -- "), std::string::npos) << at_home.detail;
}

TEST(AKeyFile, ThatIsMissingOrNoKeyIsNamedAsSuch) {
  const Folder folder;
  EXPECT_EQ(fault_of(PrivateKey::load(folder / "none.pem")).kind, Kind::unreachable);
  EXPECT_EQ(fault_of(PrivateKey::load(folder.path())).kind, Kind::refused) << "a folder";
  const auto load_text = [&](std::string_view text) {
    { std::ofstream(folder / "x.pem") << text; }
    fs::permissions(folder / "x.pem", fs::perms(0600));
    return fault_of(PrivateKey::load(folder / "x.pem")).kind;
  };
  EXPECT_EQ(load_text(""), Kind::malformed);
  EXPECT_EQ(load_text("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), Kind::malformed);
  EXPECT_EQ(load_text(std::string(100'000, 'A')), Kind::malformed) << "larger than any key";
  // Ed25519: a private key, but of another kind (RFC 8410 section 10.3)
  EXPECT_EQ(load_text("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n"), Kind::malformed);
}

}  // namespace
}  // namespace wb::crypto
