// When keys change, in virtual time: AE of an agent, and what still opens; SK is in service_keys_test.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "agent/keys.hpp"
#include "crypto/jwe.hpp"
#include "tests/support/job_maker.hpp"

namespace wb::agent {
namespace {
constexpr std::int64_t hour = 3600, day = 24 * hour;
const UnixSeconds born = 1'800'000'000;

TEST(AnEncryptionKey, IsDueAfterNinetyDays) {
  const KeyBook book{{{"k1", "ae.pem", born, 0}}};
  EXPECT_FALSE(rotation_due(book, born + 90 * day - 1));
  EXPECT_TRUE(rotation_due(book, born + 90 * day));
}

TEST(AnEncryptionKey, IsKeptAfterItsRotationForAStatementsLifeAndTheLongestJob) {
  const auto turn = born + 90 * day;
  const auto after = rotated({{{"k1", "ae.pem", born, 0}}}, {"k2", "ae-k2.pem", 0, 0}, turn).value();
  ASSERT_EQ(after.ae.size(), 2U);
  EXPECT_EQ(after.ae[0], (KeyRecord{"k2", "ae-k2.pem", turn, 0}));
  EXPECT_EQ(after.ae[1].kid, "k1");
  // A statement made in the last second lives for 24 h, a password sealed in its last second for 120 s.
  EXPECT_EQ(pruned(after, turn + day + 120).ae.size(), 2U);
  EXPECT_EQ(pruned(after, after.ae[1].ends()).ae.size(), 1U);
  EXPECT_FALSE(rotation_due(after, turn + 89 * day));
}

TEST(AnEncryptionKey, IsNotRotatedAFourthTimeWhileThreeFormerOnesAreKept) {
  KeyBook book{{{"k0", "ae.pem", born, 0}}};
  for (int i = 1; i <= 3; ++i) book = rotated(book, {"k" + std::to_string(i), "f", 0, 0}, born + i * hour).value();
  const auto fourth = rotated(book, {"k4", "f", 0, 0}, born + 4 * hour);
  ASSERT_FALSE(fourth);
  EXPECT_EQ(fourth.error().kind, Fault::Kind::exhausted);
  EXPECT_TRUE(rotated(book, {"k4", "f", 0, 0}, born + 26 * hour)) << "the first is over by then";
}

TEST(AListOfKeys, ComesBackAsItWasWritten) {
  const KeyBook book{{{"k2", "ae-k2.pem", born + 5, 0}, {"k1", "ae.pem", born, born + 5}}};
  EXPECT_EQ(decode_keys(encode_keys(book)).value(), book);
  for (const char* bad : {"{}", R"({"v":1,"ae":[]})", R"({"v":1,"ae":[{"kid":"k","file":"../x","made":1,"replaced":0}]})", R"({"v":1,"ae":[{"kid":"k","file":"x","made":1,"replaced":2}]})"})
    EXPECT_FALSE(decode_keys(bad)) << bad;
}

class AnAgentsKeys : public testing::Test {
 protected:
  AnAgentsKeys() {
    char name[] = "/tmp/wb-keys-XXXXXX";
    folder = ::mkdtemp(name);
    first = load_or_make_keys(folder).value();
  }
  ~AnAgentsKeys() override { std::filesystem::remove_all(folder); }
  std::string sealed_to(const crypto::PrivateKey& key) {
    test::JobMaker maker;
    auto job = maker.reset("sub", {"dc", 1, "1", "m"});
    return test::JobMaker::seal(job, maker.binding_of(job), {key.public_key()});
  }
  std::filesystem::path folder;
  Keys first;
};

TEST_F(AnAgentsKeys, RotateByThemselvesAndOpenWhatWasSealedBefore) {
  const auto sealed = sealed_to(first.ae);
  const auto now = unix_now() + 90 * day;
  const auto tended = tend_keys(folder, now).value();
  EXPECT_TRUE(tended.rotated);
  const auto keys = load_keys(folder).value();
  EXPECT_EQ(keys.as.kid(), first.as.kid());
  EXPECT_NE(keys.ae.kid(), first.ae.kid());
  EXPECT_EQ(keys.kids(), (std::vector{keys.ae.kid(), first.ae.kid()}));
  EXPECT_TRUE(crypto::open_sealed(sealed, keys.opening(sealed)));
  const auto fresh = sealed_to(keys.ae);
  EXPECT_TRUE(crypto::open_sealed(fresh, keys.opening(fresh)));
  EXPECT_FALSE(tend_keys(folder, now + day).value().rotated);
  EXPECT_TRUE(std::filesystem::exists(folder / "ae.pem"));
  EXPECT_EQ(tend_keys(folder, now + ae_keep_s).value().book.ae.size(), 1U);
  EXPECT_FALSE(std::filesystem::exists(folder / "ae.pem")) << "what is over leaves no file";
  EXPECT_EQ(load_keys(folder).value().kids(), std::vector{keys.ae.kid()});
}

TEST_F(AnAgentsKeys, ThatAreSuspectedAreGivenUpAtOnce) {
  const auto sealed = sealed_to(first.ae);
  ASSERT_TRUE(rotate_ae(folder, Former::discard, unix_now()));
  const auto keys = load_keys(folder).value();
  EXPECT_TRUE(keys.former.empty());
  EXPECT_FALSE(crypto::open_sealed(sealed, keys.opening(sealed)));
  EXPECT_FALSE(std::filesystem::exists(folder / "ae.pem"));
}

TEST_F(AnAgentsKeys, OfARotationThatWasCutOffAreThoseOfBefore) {
  ASSERT_TRUE(crypto::PrivateKey::generate().value().save(folder / "ae-cutoff.pem"));  // the key is there, keys.json is not
  EXPECT_EQ(load_keys(folder).value().kids(), std::vector{first.ae.kid()});
  ASSERT_TRUE(rotate_ae(folder, Former::keep, unix_now()));
  EXPECT_FALSE(std::filesystem::exists(folder / "ae-cutoff.pem"));
  EXPECT_EQ(load_keys(folder).value().former.size(), 1U);
}

TEST_F(AnAgentsKeys, MayBeAProvidersWhichTheAgentDoesNotRotate) {
  const auto outside = crypto::PrivateKey::generate().value();
  ASSERT_TRUE(outside.save(folder / "elsewhere"));
  const auto uri = "file:" + (folder / "elsewhere").string();
  ASSERT_TRUE(rotate_ae(folder, Former::keep, unix_now(), uri));
  const auto keys = load_keys(folder).value();
  EXPECT_EQ(keys.ae.kid(), outside.kid());
  EXPECT_EQ(keys.ae.uri(), uri);
  std::ifstream in(folder / ("ae-" + outside.kid() + ".pem"));
  std::string line;
  std::getline(in, line);
  EXPECT_EQ(line, uri) << "the file holds the URI and no key";
  const auto sealed = sealed_to(outside);
  EXPECT_TRUE(crypto::open_sealed(sealed, keys.opening(sealed)));
  const auto later = tend_keys(folder, unix_now() + 91 * day).value();
  EXPECT_TRUE(later.due);
  EXPECT_FALSE(later.rotated);
  EXPECT_FALSE(rotate_ae(folder, Former::keep, unix_now(), uri)) << "the same again is no rotation";
}

TEST_F(AnAgentsKeys, AreRefusedWhenTheirFileIsNotTheNamedOne) {
  ASSERT_TRUE(rotate_ae(folder, Former::keep, unix_now()));
  std::filesystem::remove(folder / "ae.pem");
  ASSERT_TRUE(crypto::PrivateKey::generate().value().save(folder / "ae.pem"));
  EXPECT_EQ(load_keys(folder).error().where, "keys.load");
}

}  // namespace
}  // namespace wb::agent
