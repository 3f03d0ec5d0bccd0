// What may be read again, and by whom.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "crypto/vault.hpp"

namespace wb::crypto {
namespace {

struct AVault : testing::Test {
  std::filesystem::path folder = [] {
    char name[] = "/tmp/wb-vault-XXXXXX";
    return std::filesystem::path(::mkdtemp(name));
  }();
  ~AVault() override { std::filesystem::remove_all(folder); }
  static Secret secret() { return Secret::copy_of("JBSWY3DPEHPK3PXP"); }
};

TEST_F(AVault, GivesBackWhatWasSealedForTheSameContextAlone) {
  const auto vault = Vault::open(folder).value();
  const auto text = vault.seal(secret(), "corp.example/1/app").value();
  EXPECT_EQ(text.find("JBSWY"), std::string::npos);
  EXPECT_TRUE(vault.open_sealed(text, "corp.example/1/app").value() == secret());
  EXPECT_FALSE(vault.open_sealed(text, "corp.example/2/app"));
  EXPECT_NE(vault.seal(secret(), "corp.example/1/app").value(), text) << "never twice the same";
}

TEST_F(AVault, KeepsItsKeyOverARestart) {
  const auto text = Vault::open(folder).value().seal(secret(), "a").value();
  EXPECT_TRUE(Vault::open(folder).value().open_sealed(text, "a").value() == secret());
  struct stat st {};
  ASSERT_EQ(::stat((folder / "vault-1.key").c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 0777U, 0600U);
}

TEST_F(AVault, ThatIsRotatedSealsAnewAndStillOpensTheOld) {
  auto vault = Vault::open(folder).value();
  const auto old = vault.seal(secret(), "a").value();
  ASSERT_TRUE(vault.rotate());
  EXPECT_TRUE(vault.open_sealed(old, "a").value() == secret());
  const auto renewed = vault.renewed(old, "a").value();
  ASSERT_TRUE(renewed);
  EXPECT_EQ(renewed->substr(0, 6), "wv1.2.");
  EXPECT_FALSE(vault.renewed(*renewed, "a").value()) << "once is enough";
  std::filesystem::remove(folder / "vault-1.key");
  const auto later = Vault::open(folder).value();
  EXPECT_TRUE(later.open_sealed(*renewed, "a").value() == secret());
  EXPECT_FALSE(later.open_sealed(old, "a"));
}

TEST_F(AVault, OpensNothingThatWasChangedAnywhere) {
  const auto vault = Vault::open(folder).value();
  const auto text = vault.seal(secret(), "a").value();
  for (std::size_t at = 0; at < text.size(); ++at) {
    auto other = text;
    other[at] = other[at] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(vault.open_sealed(other, "a")) << at;
    EXPECT_FALSE(vault.open_sealed(text.substr(0, at), "a")) << at;
  }
  for (const auto* text2 : {"", "wv1.", "wv1.1", "wv1.1.", "wv1.-1.AAAA", "wv1.99999999999.AAAA", "wv2.1.AAAA"}) EXPECT_FALSE(vault.open_sealed(text2, "a")) << text2;
}

TEST_F(AVault, OpensWhatAnotherProcessSealedUnderAKeyOfAMomentAgo) {
  auto vault = Vault::open(folder).value();
  EXPECT_FALSE(vault.refresh().value());
  auto other = Vault::open(folder).value();
  ASSERT_TRUE(other.rotate());
  const auto text = other.seal(secret(), "a").value();
  EXPECT_TRUE(vault.open_sealed(text, "a").value() == secret());
  EXPECT_EQ(vault.newest(), 1) << "and seals as before until it looks";
  EXPECT_TRUE(vault.refresh().value());
  EXPECT_EQ(vault.numbers(), (std::vector{1, 2}));
  EXPECT_TRUE(vault.seal(secret(), "a").value().starts_with("wv1.2."));
}

TEST_F(AVault, RefusesAKeyFileThatOthersCanReadOrThatHoldsNoKey) {
  ASSERT_TRUE(Vault::open(folder));
  ::chmod((folder / "vault-1.key").c_str(), 0640);
  EXPECT_EQ(Vault::open(folder).error().kind, Fault::Kind::refused);
  ::chmod((folder / "vault-1.key").c_str(), 0600);
  std::ofstream(folder / "vault-1.key") << "nonsense";
  EXPECT_EQ(Vault::open(folder).error().kind, Fault::Kind::malformed);
}

TEST_F(AVault, DerivesAKeyPerPurposeThatARotationDoesNotChange) {
  auto vault = Vault::open(folder).value();
  const auto codes = vault.derived("codes");
  EXPECT_FALSE(codes == vault.derived("captcha"));
  ASSERT_TRUE(vault.rotate());
  EXPECT_TRUE(codes == vault.derived("codes"));
}

}  // namespace
}  // namespace wb::crypto
